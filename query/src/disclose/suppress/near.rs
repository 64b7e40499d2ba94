//! Worlds that differ from the truth near a null alone: what most nulls need, for a fraction of the work.
//!
//! All other nulls are taken to be known, which only an attacker who knows more could say: whatever is unknown to that one is
//! unknown.

use std::collections::BTreeSet;

use super::program::{Component, Push};
use super::search::Search;

/// Nulls that are left unknown, nearest first: few, then more where these are not enough.
const NEAR: [usize; 2] = [32, 128];

impl Search<'_> {
    /// Pushes each of these nulls with those near it; false past the limit.
    pub(super) fn push_near(&mut self, component: &Component, unmet: &[usize], limit: u64) -> bool {
        for many in NEAR {
            for cell in unmet.iter().copied() {
                if self.is_met(cell) {
                    continue;
                }
                let near = self.near(component, cell, many);
                for push in [Push::Up, Push::Down] {
                    let goal = self.goal(cell, push).filter(|_| !self.is_met(cell));
                    let Some((_, goal)) = goal else { continue };
                    let goal = (cell, goal.min(component.cap));
                    if self.program(&near, push, &[goal], limit).is_none() {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// So many nulls of a component, by how many relations they are away from one of them.
    fn near(&self, component: &Component, cell: usize, many: usize) -> Component {
        let mut cells = BTreeSet::from([cell]);
        let mut rows = BTreeSet::new();
        let mut next = std::collections::VecDeque::from([cell]);
        while let Some(at) = next.pop_front() {
            for row in self.table.touching.get(at).into_iter().flatten() {
                rows.insert(*row);
                for (other, _) in self.table.rows.get(*row).into_iter().flatten() {
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
