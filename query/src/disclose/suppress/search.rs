//! Hiding until the attacker finds nothing, then showing again what was not needed.

use std::collections::BTreeSet;

use super::Suppression;
use super::attack::{Depth, Verdict};
use super::program::{Component, MAX_WHOLE};
use super::table::{LinkedTable, Need, Standing};
use super::walk::Walker;
use super::work::Work;
use super::worlds::{Proofs, Worlds};

/// Further work while cells are tried again, about half a second: past it the rest stays null.
const MAX_SHOWING_WORK: u64 = 100_000_000;

/// The state of a search.
#[derive(Debug)]
pub(super) struct Search<'t> {
    pub(super) table: &'t LinkedTable,
    pub(super) null: Vec<bool>,
    pub(super) worlds: Worlds,
    pub(super) walker: Walker,
    pub(super) programs: u32,
    pub(super) work: Work,
    /// Work while cells are hidden. Past it all cells that relations join to an unsafe null are null.
    pub(super) limit: u64,
    exposed: BTreeSet<usize>,
    limited: bool,
}

impl<'t> Search<'t> {
    pub(super) fn new(table: &'t LinkedTable, limit: u64) -> Self {
        let null = table.cells.iter().map(|cell| cell.standing == Standing::Null).collect();
        let worlds = Worlds::new(table);
        let (walker, exposed) = (Walker::new(table), BTreeSet::new());
        let (programs, work, limited) = (0, Work::default(), false);
        let mut search =
            Self { table, null, worlds, walker, programs, work, limit, exposed, limited };
        for cell in search.nulls().collect::<Vec<_>>() {
            search.hide(cell);
        }
        search
    }

    /// Hides, then shows again.
    pub(super) fn run(mut self, proofs: &mut Proofs) -> Suppression {
        let mut pending: BTreeSet<usize> = self.nulls().collect();
        // Relations that may have got a lone null.
        let mut changed: BTreeSet<usize> = (0..self.table.rows.len()).collect();
        while let Some(seed) = pending.first().copied() {
            pending.extend(self.join_lone_nulls(&mut changed));
            let component = self.component(seed);
            match self.attack(&component, Depth::All, self.limit) {
                Verdict::Safe => component.cells.iter().for_each(|cell| {
                    pending.remove(cell);
                }),
                // All are chosen before any is hidden: two nulls of one relation choose the same.
                Verdict::Unsafe(cells) => match self.all_cheapest(&cells, &component) {
                    Some(chosen) => {
                        for (cell, further) in cells.into_iter().zip(chosen) {
                            match further {
                                Some(further) => {
                                    let hidden = self.hide(further);
                                    changed.extend(self.touched(&hidden));
                                    pending.extend(hidden);
                                }
                                None => {
                                    self.exposed.insert(cell);
                                }
                            }
                        }
                    }
                    None => self.hide_joined(&component, &mut pending),
                },
                Verdict::Limit => self.hide_joined(&component, &mut pending),
            }
        }
        self.show_again();
        self.worlds.give(proofs);
        let mut null = vec![false; self.null.len()];
        for (given, hidden) in self.table.given.iter().zip(&self.null) {
            if let Some(null) = null.get_mut(*given) {
                *null = *hidden;
            }
        }
        let exposed = self.exposed.iter().filter_map(|cell| self.table.given.get(*cell).copied());
        let mut exposed: Vec<usize> = exposed.collect();
        exposed.sort_unstable();
        let Self { programs, limited, work, .. } = self;
        Suppression { null, exposed, limited, programs, work: work.done() }
    }

    /// Begins with what was found of another table.
    pub(super) fn take(&mut self, proofs: &Proofs) {
        let looked = self.worlds.take(self.table, &self.null, proofs);
        self.work.seek(looked);
    }

    pub(super) fn all_nulls(&self) -> BTreeSet<usize> {
        self.nulls().collect()
    }

    /// Nothing is sought for a null from here on.
    pub(super) fn give_up(&mut self, cell: usize) {
        self.exposed.insert(cell);
    }

    fn nulls(&self) -> impl Iterator<Item = usize> {
        self.null.iter().enumerate().filter(|(_, null)| **null).map(|(cell, _)| cell)
    }

    pub(super) fn is_null(&self, cell: usize) -> bool {
        self.null.get(cell).copied().unwrap_or(false)
    }

    /// Whether a null needs nothing more, or cannot be helped.
    pub(super) fn is_met(&self, cell: usize) -> bool {
        let need = self.table.cells.get(cell).map_or(Need::Nothing, |cell| cell.need);
        self.exposed.contains(&cell) || self.worlds.meet(cell, need)
    }

    /// Whether a null is the only one of some relation: then it is known.
    pub(super) fn is_alone(&self, cell: usize) -> bool {
        self.table.rows_of(cell).any(|row| {
            let company = row.iter().position(|(other, _)| *other != cell && self.is_null(*other));
            self.work.pass(company.unwrap_or(row.len()));
            company.is_none()
        })
    }

    /// Makes a cell and what follows it null; those that were not.
    fn hide(&mut self, cell: usize) -> Vec<usize> {
        let followers = self.table.followers.get(cell).into_iter().flatten();
        let mut hidden = vec![];
        for cell in std::iter::once(&cell).chain(followers) {
            let released =
                self.table.cells.get(*cell).is_none_or(|cell| cell.standing == Standing::Released);
            if let Some(null) = self.null.get_mut(*cell).filter(|null| !**null && !released) {
                *null = true;
                hidden.push(*cell);
            }
        }
        hidden
    }

    /// What hiding a cell costs, where it can be hidden.
    fn cost(&self, cell: usize) -> Option<u64> {
        let found = self.table.cells.get(cell)?;
        let can = !self.is_null(cell) && found.standing == Standing::Shown;
        let followers = self.table.followers.get(cell).into_iter().flatten();
        let followers = followers.filter(|follower| !self.is_null(**follower));
        let costs = followers.filter_map(|cell| self.table.cells.get(*cell)).map(|cell| cell.cost);
        can.then(|| costs.fold(found.cost, u64::saturating_add))
    }

    /// The cheapest cell that can be hidden, the first by label of equals.
    fn cheapest_of<'a>(&self, cells: impl Iterator<Item = &'a (usize, i64)>) -> Option<usize> {
        let mut looked = 0_usize;
        let counted = cells.inspect(|_cell| looked = looked.saturating_add(1));
        let least = counted.filter_map(|(cell, _)| Some((self.cost(*cell)?, *cell))).min();
        self.work.seek(looked);
        least.map(|(_, cell)| cell)
    }

    /// The cheapest further cell of each unsafe null; nothing past the limit.
    fn all_cheapest(&self, cells: &[usize], component: &Component) -> Option<Vec<Option<usize>>> {
        let chosen = cells.iter().map(|cell| {
            let under = !self.work.is_over(self.limit);
            under.then(|| self.cheapest(*cell, component))
        });
        chosen.collect()
    }

    /// The cheapest cell of the relations of an unsafe null; of all its component's where these have none left.
    fn cheapest(&self, cell: usize, component: &Component) -> Option<usize> {
        let around = component.rows.iter().filter_map(|row| self.table.rows.get(*row)).flatten();
        self.cheapest_of(self.table.rows_of(cell).flatten()).or_else(|| self.cheapest_of(around))
    }

    /// Gives every null that is alone in one of the relations that changed the cheapest company, without any program; what was
    /// hidden. Past the limit nothing more is: an attack finds who is alone.
    fn join_lone_nulls(&mut self, changed: &mut BTreeSet<usize>) -> Vec<usize> {
        let table = self.table;
        let mut all_hidden = vec![];
        let mut from = 0_usize;
        // In the order of the relations, and again from the first.
        while let Some(at) = changed.range(from..).next().or_else(|| changed.first()).copied() {
            if self.work.is_over(self.limit) {
                break;
            }
            changed.remove(&at);
            from = at.saturating_add(1);
            let Some(row) = table.rows.get(at) else { continue };
            self.work.pass(row.len());
            let mut nulls = row.iter().filter(|(cell, _)| self.is_null(*cell));
            let (Some((cell, _)), None) = (nulls.next(), nulls.next()) else { continue };
            let need = table.cells.get(*cell).map_or(Need::Nothing, |cell| cell.need);
            if need == Need::Nothing || self.exposed.contains(cell) {
                continue;
            }
            match self.cheapest_of(row.iter()) {
                Some(further) => {
                    let hidden = self.hide(further);
                    changed.extend(self.touched(&hidden));
                    all_hidden.extend(hidden);
                }
                None => {
                    self.exposed.insert(*cell);
                }
            }
        }
        all_hidden
    }

    /// The relations that touch any of these cells.
    fn touched(&self, cells: &[usize]) -> Vec<usize> {
        let touching = cells.iter().filter_map(|cell| self.table.touching.get(*cell)).flatten();
        let rows: Vec<usize> = touching.map(|(row, _)| *row).collect();
        self.work.seek(rows.len());
        rows
    }

    /// The nulls that relations join to `seed`.
    pub(super) fn component(&self, seed: usize) -> Component {
        let reached = self.reached([seed].into(), |cell| self.is_null(cell));
        let rows: BTreeSet<usize> = reached
            .iter()
            .filter_map(|cell| self.table.touching.get(*cell))
            .flatten()
            .map(|(row, _)| *row)
            .collect();
        let found = || reached.iter().filter_map(|cell| self.table.cells.get(*cell));
        let needs = found().map(|cell| match cell.need {
            Need::Range { low, high } => low.max(high),
            Need::Wide(width) => width,
            Need::Nothing => 0,
        });
        let widest = needs.max().unwrap_or(0);
        let cap = found().map(|cell| cell.value).fold(widest, u64::saturating_add);
        let cells: Vec<usize> = reached.into_iter().collect();
        let whole = cells.len() <= MAX_WHOLE;
        Component { rows: rows.into_iter().collect(), cells, cap, whole }
    }

    fn reached(&self, seeds: BTreeSet<usize>, passes: impl Fn(usize) -> bool) -> BTreeSet<usize> {
        let mut reached = seeds.clone();
        let mut next: Vec<usize> = seeds.into_iter().collect();
        let mut seen = vec![false; self.table.rows.len()];
        // Making so many flags is less than going through so many terms.
        self.work.pass(seen.len() / 16);
        while let Some(cell) = next.pop() {
            for (row, _) in self.table.touching.get(cell).into_iter().flatten() {
                self.work.pass(1);
                let Some(seen) = seen.get_mut(*row).filter(|seen| !**seen) else { continue };
                *seen = true;
                self.work.seek(self.table.rows.get(*row).map_or(0, Vec::len));
                for (other, _) in self.table.rows.get(*row).into_iter().flatten() {
                    if passes(*other) && reached.insert(*other) {
                        next.push(*other);
                    }
                }
            }
        }
        reached
    }

    /// At the limit: makes every cell that relations join to a component null, and leaves none of them to be looked at.
    fn hide_joined(&mut self, component: &Component, pending: &mut BTreeSet<usize>) {
        self.limited = true;
        let seeds = component.cells.iter().copied().collect();
        for cell in self.reached(seeds, |_| true) {
            pending.remove(&cell);
            self.hide(cell).iter().for_each(|cell| {
                pending.remove(cell);
            });
        }
    }

    /// Shows again what is not needed, dearest first.
    fn show_again(&mut self) {
        let hidden = self.nulls().filter_map(|cell| {
            let found = self.table.cells.get(cell)?;
            (found.standing == Standing::Shown).then_some((found.cost, cell))
        });
        let mut hidden: Vec<(u64, usize)> = hidden.collect();
        hidden.sort_unstable_by(|a, b| b.cmp(a));
        let limit = self.work.done().saturating_add(MAX_SHOWING_WORK);
        for (_, cell) in hidden {
            let leader = self.table.cells.get(cell).and_then(|cell| cell.follows);
            if self.limited || self.work.is_over(limit) {
                return;
            }
            if !leader.is_some_and(|leader| self.is_null(leader)) {
                self.try_to_show(cell, limit);
            }
        }
    }

    fn try_to_show(&mut self, cell: usize, limit: u64) {
        let (without, looked) = self.worlds.without(cell);
        self.work.pass(looked);
        let known = without.len();
        let with = std::mem::replace(&mut self.worlds, without);
        self.set(cell, false);
        if !self.holds_without(cell, limit) {
            self.set(cell, true);
            let found = std::mem::replace(&mut self.worlds, with);
            self.worlds.learn(&found, known);
        }
    }

    fn set(&mut self, cell: usize, to: bool) {
        if let Some(null) = self.null.get_mut(cell) {
            *null = to;
        }
    }

    /// Whether all nulls near a cell that is shown are safe.
    fn holds_without(&mut self, cell: usize, limit: u64) -> bool {
        let near = self.table.rows_of(cell).flatten().map(|(other, _)| *other);
        let mut near: BTreeSet<usize> = near.filter(|other| self.is_null(*other)).collect();
        self.work.seek(self.table.rows_of(cell).map(Vec::len).fold(0, usize::saturating_add));
        for other in &near {
            let alone = !self.is_met(*other) && self.is_alone(*other);
            if alone || self.work.is_over(limit) {
                return false;
            }
        }
        while let Some(seed) = near.pop_first() {
            let component = self.component(seed);
            component.cells.iter().for_each(|other| {
                near.remove(other);
            });
            if self.attack(&component, Depth::First, limit) != Verdict::Safe {
                return false;
            }
        }
        true
    }
}
