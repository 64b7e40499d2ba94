//! Worlds that differ from the truth near a null alone: what most nulls need, for a fraction of the work.
//!
//! All other nulls are taken to be known, which only an attacker who knows more could say: whatever is unknown to that one is
//! unknown.

use std::collections::{BTreeSet, VecDeque};

use super::attack::MANY;
use super::program::{Component, Push};
use super::search::Search;

/// Nulls that are left unknown around others, all of which are pushed.
const BLOCK: usize = 64;
/// Nulls that are left unknown around one that is pushed alone.
const AROUND: usize = 128;

impl Search<'_> {
    /// Pushes these nulls with those near them, many at once and then each that is left; false past the limit.
    pub(super) fn push_near(&mut self, component: &Component, unmet: &[usize], limit: u64) -> bool {
        let mut left: BTreeSet<usize> = unmet.iter().copied().collect();
        while let Some(cell) = left.pop_first() {
            if self.work.is_over(limit) {
                return false;
            }
            let near = self.near(component, cell, BLOCK);
            let inside = near.cells.iter().filter(|other| **other == cell || left.contains(other));
            let inside: Vec<usize> = inside.copied().filter(|cell| !self.is_met(*cell)).collect();
            left.retain(|other| inside.binary_search(other).is_err());
            for push in [Push::Up, Push::Down] {
                if !self.push_many(&near, &inside, push, limit) {
                    return false;
                }
            }
        }
        for cell in unmet.iter().copied() {
            for push in [Push::Up, Push::Down] {
                let goal = self.goal(cell, push).filter(|_| !self.is_met(cell));
                let Some((_, goal)) = goal else { continue };
                if !self.push_one(component, push, (cell, goal), limit) {
                    return false;
                }
            }
        }
        true
    }

    /// Pushes these nulls with those near them, then those left with all of the component; false past the limit.
    pub(super) fn push_again(
        &mut self,
        component: &Component,
        unmet: &[usize],
        limit: u64,
    ) -> bool {
        self.push_near(component, unmet, limit)
            && [Push::Up, Push::Down].into_iter().all(|push| {
                let left = self.unmet(unmet.iter().copied());
                left.len() < MANY || self.push_many(component, &left, push, limit)
            })
    }

    /// Pushes every null that does not reach its goal once, as many in one program as have no relation in common; false past the
    /// limit.
    fn push_many(
        &mut self,
        component: &Component,
        unmet: &[usize],
        push: Push,
        limit: u64,
    ) -> bool {
        let mut left: BTreeSet<usize> = unmet.iter().copied().collect();
        while !left.is_empty() {
            let mut rows = BTreeSet::new();
            let mut goals = vec![];
            left.retain(|cell| {
                let Some(goal) = self.goal(*cell, push) else { return false };
                let own = self.table.touching.get(*cell).into_iter().flatten();
                let own = own.map(|(row, _)| *row);
                self.work.seek(own.clone().count());
                let apart = own.clone().all(|row| !rows.contains(&row));
                if apart {
                    rows.extend(own);
                    goals.push(goal);
                }
                !apart
            });
            if !goals.is_empty() && self.program(component, push, &goals, limit).is_none() {
                return false;
            }
        }
        true
    }

    /// Pushes a null towards a goal with those around it; false past the limit.
    pub(super) fn push_one(
        &mut self,
        component: &Component,
        push: Push,
        (cell, goal): (usize, u64),
        limit: u64,
    ) -> bool {
        let near = self.near(component, cell, AROUND);
        let goal = (cell, goal.min(component.cap));
        self.program(&near, push, &[goal], limit).is_some()
    }

    /// So many nulls of a component, by how many relations they are away from one of them.
    fn near(&self, component: &Component, cell: usize, many: usize) -> Component {
        let mut cells = BTreeSet::from([cell]);
        let mut rows = BTreeSet::new();
        let mut next = VecDeque::from([cell]);
        while let Some(at) = next.pop_front() {
            for (row, _) in self.table.touching.get(at).into_iter().flatten() {
                self.work.seek(1);
                // What was gone through before has nothing else.
                let terms = self.table.rows.get(*row).filter(|_row| rows.insert(*row));
                for (other, _) in terms.filter(|_row| cells.len() < many).into_iter().flatten() {
                    self.work.pass(1);
                    if cells.len() < many && self.is_null(*other) && cells.insert(*other) {
                        next.push_back(*other);
                    }
                }
            }
        }
        Component {
            cells: cells.into_iter().collect(),
            rows: rows.into_iter().collect(),
            cap: component.cap,
            whole: component.whole,
        }
    }
}
