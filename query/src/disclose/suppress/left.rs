//! What is left of nulls to who knows only what was told earlier: nothing that can be hidden is shown.

use std::collections::BTreeMap;

use super::attack::{Depth, FARTHEST, Verdict};
use super::bounds::Bounds;
use super::program::{Component, Known, Push};
use super::search::Search;
use super::table::{LinkedTable, Need};
use super::worlds::Proofs;

impl LinkedTable {
    /// The nulls, by the order given, of which less is left than they need, each with the need that is left: as much of it as
    /// there is. Adds to `work`; nothing past the limit.
    pub(crate) fn left(
        &self,
        limit: u64,
        work: &mut u64,
        proofs: &mut Proofs,
    ) -> Option<BTreeMap<usize, Need>> {
        let mut search = Search::new(self, limit);
        search.take(proofs);
        let left = search.left();
        search.worlds.give(proofs);
        *work = work.saturating_add(search.work.done());
        let given = |(cell, need)| Some((self.given.get(cell).copied()?, need));
        Some(left?.into_iter().filter_map(given).collect())
    }
}

impl Search<'_> {
    fn left(&mut self) -> Option<BTreeMap<usize, Need>> {
        let mut left = BTreeMap::new();
        let mut pending = self.all_nulls();
        let mut bounds = None;
        while let Some(seed) = pending.first().copied() {
            let component = self.component(seed);
            match self.attack(&component, Depth::All, self.limit) {
                Verdict::Safe => component.cells.iter().for_each(|cell| {
                    pending.remove(cell);
                }),
                Verdict::Unsafe(cells) => {
                    // Nothing is shown or hidden on the way: bounds and components stay.
                    let bounds: &Bounds = match &mut bounds {
                        Some((of, bounds)) if *of == component.cells => bounds,
                        other => {
                            &other
                                .insert((
                                    component.cells.clone(),
                                    self.bounds(&component, self.limit),
                                ))
                                .1
                        }
                    };
                    for cell in cells {
                        // What is not found out keeps its need, which nothing meets.
                        let rest = self.rest(&component, bounds, cell)?;
                        left.extend(rest.map(|need| (cell, need)));
                        self.give_up(cell);
                    }
                }
                Verdict::Limit => return None,
            }
        }
        Some(left)
    }

    /// The need that is left of a null. None past the limit; nothing in it where the solver does not find out.
    fn rest(
        &mut self,
        component: &Component,
        bounds: &Bounds,
        cell: usize,
    ) -> Option<Option<Need>> {
        let Some(found) = self.table.cells.get(cell) else { return Some(None) };
        let width = match found.need {
            Need::Range { low, high } => high.saturating_sub(low),
            Need::Wide(width) => width,
            Need::Nothing => return Some(Some(Need::Nothing)),
        };
        let within = |low: u64, high: u64| {
            let high = high.min(low.saturating_add(width)).max(low);
            if low == high { Need::Nothing } else { Need::Range { low, high } }
        };
        if let Some((low, high)) = bounds.of(component, cell) {
            let far = high.min(low.saturating_add(width));
            for (push, goal) in [(Push::Down, low), (Push::Up, far)] {
                let (lowest, highest) = self.worlds.reach(cell);
                let there = if push == Push::Down { lowest <= low } else { highest >= far };
                if !there && !self.push_one(component, push, (cell, goal), self.limit) {
                    return None;
                }
            }
            let (lowest, highest) = self.worlds.reach(cell);
            if lowest <= low && highest >= far {
                return Some(Some(within(low, far)));
            }
        }
        if component.cells.len() > FARTHEST {
            return Some(None);
        }
        let Some(low) = self.end(component, Push::Down, (cell, 0))? else { return Some(None) };
        let high = low.saturating_add(width).min(component.cap);
        let Some(high) = self.end(component, Push::Up, (cell, high))? else { return Some(None) };
        Some(Some(within(low, high)))
    }

    /// How far a null goes towards a goal. Only if a world proves what the solver says.
    fn end(
        &mut self,
        component: &Component,
        push: Push,
        goal: (usize, u64),
    ) -> Option<Option<u64>> {
        let (cell, _) = goal;
        let Some(solved) = self.program(component, push, &[goal], self.limit)? else {
            return Some(None);
        };
        let known = Known { table: self.table, null: &self.null, component };
        let Some(end) = known.whole(&solved, (cell, push)) else { return Some(None) };
        let proven = |(low, high): (u64, u64)| match push {
            Push::Down => low <= end,
            Push::Up => high >= end,
        };
        if !proven(self.worlds.reach(cell))
            && let Some(world) = known.at(&solved, cell, end)
        {
            self.worlds.add(world.into());
        }
        Some(proven(self.worlds.reach(cell)).then_some(end))
    }
}
