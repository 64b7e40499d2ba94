//! The attacker: is every null of a component safe?

use std::rc::Rc;

use super::program::{Component, Known, Push, Solved};
use super::search::Search;
use super::table::Need;
use super::work::LEAST_WORK;

/// Nulls that are pushed together once more when each alone gave no world.
pub(super) const MANY: usize = 8;
/// Nulls of a component past which a cell is shown again by those near it first.
const FAR: usize = 120;
/// Nulls of a component past which no program is made of all of them: what those nearby leave unproven is unsafe.
pub(super) const FARTHEST: usize = 2_500;

/// How many times as much work a program from the start is as one that starts from another's solution.
const NEW: u64 = 8;

/// What the attacker finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Safe,
    /// Nulls of which too much is known, or not proven to be unknown.
    Unsafe(Vec<usize>),
    /// Not known within the limit of work.
    Limit,
}

/// How far an attack goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// Until one null is unsafe.
    First,
    /// Until all that are unsafe are found.
    All,
}

impl Search<'_> {
    /// Attacks a component, with at most so much work in all.
    pub(super) fn attack(&mut self, component: &Component, depth: Depth, limit: u64) -> Verdict {
        let mut unmet = self.unmet(component.cells.iter().copied());
        if unmet.is_empty() {
            return Verdict::Safe;
        }
        let mut alone = vec![];
        for cell in unmet.iter().copied() {
            if self.work.is_over(limit) {
                return Verdict::Limit;
            }
            alone.extend(Some(cell).filter(|cell| self.is_alone(*cell)));
        }
        if !alone.is_empty() {
            return Verdict::Unsafe(alone);
        }
        let bounds = self.bounds(component, limit);
        let need = |cell: usize| self.table.cells.get(cell).map_or(Need::Nothing, |of| of.need);
        let bound = unmet.iter().copied();
        let bound: Vec<usize> =
            bound.filter(|cell| bounds.exclude(component, (*cell, need(*cell)))).collect();
        if !bound.is_empty() {
            return Verdict::Unsafe(bound);
        }
        if !self.walk(component, &unmet, limit) {
            return Verdict::Limit;
        }
        unmet = self.unmet(unmet.into_iter());
        // One cell shown again leaves few nulls unproven: those nearby are enough for most.
        let near = depth == Depth::First && component.cells.len() > FAR;
        if near || component.cells.len() > FARTHEST {
            if !self.push_near(component, &unmet, limit) {
                return Verdict::Limit;
            }
            unmet = self.unmet(unmet.into_iter());
        }
        if component.cells.len() > FARTHEST {
            return if unmet.is_empty() { Verdict::Safe } else { Verdict::Unsafe(unmet) };
        }
        self.attack_each(component, unmet, depth, limit)
    }

    fn attack_each(
        &mut self,
        component: &Component,
        unmet: Vec<usize>,
        depth: Depth,
        limit: u64,
    ) -> Verdict {
        let mut start = None;
        let mut found = vec![];
        for cell in unmet {
            if self.is_met(cell) {
                continue;
            }
            if start.is_none() {
                let Some(solved) =
                    self.program(component, Push::Up, &[(cell, component.cap)], limit)
                else {
                    return Verdict::Limit;
                };
                start = solved;
            }
            let Some(start) = &start else {
                found.push(cell);
                break;
            };
            if !self.reaches(component, start, cell, limit) {
                return Verdict::Limit;
            }
            if !self.is_met(cell) {
                found.push(cell);
                if depth == Depth::First {
                    break;
                }
            }
        }
        if found.len() >= MANY && !self.push_again(component, &found, limit) {
            return Verdict::Limit;
        }
        found = self.unmet(found.into_iter());
        if found.is_empty() { Verdict::Safe } else { Verdict::Unsafe(found) }
    }

    /// Seeks worlds in which a null reaches each end of its need; false past the limit.
    fn reaches(&mut self, component: &Component, start: &Solved, cell: usize, limit: u64) -> bool {
        let wide =
            self.table.cells.get(cell).is_some_and(|cell| matches!(cell.need, Need::Wide(_)));
        for push in [Push::Up, Push::Down] {
            let Some((_, goal)) = self.goal(cell, push).filter(|_| !self.is_met(cell)) else {
                continue;
            };
            if !self.spend(component, 1, limit) {
                return false;
            }
            let known = Known { table: self.table, null: &self.null, component };
            match known.at(start, cell, goal.min(component.cap)) {
                Some(world) => self.worlds.add(Rc::new(world)),
                None if wide => {}
                None => return true,
            }
        }
        for (push, goal) in [(Push::Up, component.cap), (Push::Down, 0)] {
            let seek = wide && !self.is_met(cell);
            if seek && self.program(component, push, &[(cell, goal)], limit).is_none() {
                return false;
            }
        }
        true
    }

    pub(super) fn unmet(&self, cells: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut looked = 0_usize;
        let counted = cells.inspect(|_cell| looked = looked.saturating_add(1));
        let unmet = counted.filter(|cell| !self.is_met(*cell)).collect();
        self.work.pass(looked);
        unmet
    }

    /// Solves one program and keeps the world that it gives; none past the limit.
    pub(super) fn program(
        &mut self,
        component: &Component,
        push: Push,
        goals: &[(usize, u64)],
        limit: u64,
    ) -> Option<Option<Solved>> {
        if !self.spend(component, NEW, limit) {
            return None;
        }
        let known = Known { table: self.table, null: &self.null, component };
        let solved = known.push(push, goals);
        if let Some(world) = solved.as_ref().and_then(|solved| known.world(solved)) {
            self.worlds.add(Rc::new(world));
        }
        Some(solved)
    }

    /// Counts the work of one program, so many times as much as of one that starts from another; false if it would go over the
    /// limit.
    fn spend(&mut self, component: &Component, times: u64, limit: u64) -> bool {
        let size = |of: &[usize]| u64::try_from(of.len()).unwrap_or(u64::MAX);
        let work = size(&component.rows).saturating_mul(size(&component.cells));
        let work = work.saturating_mul(times).saturating_add(LEAST_WORK);
        if self.work.done().saturating_add(work) > limit {
            return false;
        }
        self.work.add(work);
        // Each term is sought among the nulls, and once more where a world is proven.
        self.work.seek(self.terms(component));
        self.programs = self.programs.saturating_add(1);
        true
    }

    /// Terms of a component's relations.
    fn terms(&self, component: &Component) -> usize {
        let rows = component.rows.iter().filter_map(|row| self.table.rows.get(*row));
        rows.map(Vec::len).fold(0, usize::saturating_add)
    }

    /// Where a null that does not reach far enough one way should go.
    pub(super) fn goal(&self, cell: usize, push: Push) -> Option<(usize, u64)> {
        let found = self.table.cells.get(cell)?;
        let (lowest, highest) = self.worlds.reach(cell);
        let goal = match (found.need, push) {
            (Need::Nothing, _) => return None,
            (Need::Range { high, .. }, Push::Up) => high,
            (Need::Range { low, .. }, Push::Down) => low,
            (Need::Wide(width), Push::Up) => found.value.saturating_add(width),
            (Need::Wide(width), Push::Down) => found.value.saturating_sub(width),
        };
        let short = match push {
            Push::Up => highest < goal,
            Push::Down => lowest > goal,
        };
        short.then_some((cell, goal))
    }
}
