//! Worlds that are walked to, a step at a time: what most nulls need, without any program.
//!
//! A null is moved by one and every relation that this breaks is mended by moving another of its nulls, until none is broken: a
//! *move*. It is made as often as no figure becomes negative; then the next is sought from there. Which null mends is chosen by
//! how many relations it mends more than it breaks. Where no move is found nothing is known: programs decide.

use super::program::{Component, Push};
use super::search::Search;
use super::table::{LinkedTable, Term};
use super::worlds::{self, World};

/// Steps of one move at most.
const MAX_STEPS: usize = 48;
/// Moves on the way to one goal.
const MAX_MOVES: usize = 24;
/// Ways to seek a move.
const WAYS: usize = 4;
/// Cells of a relation that are looked through for nulls to mend it.
const MAX_PASSED: usize = 512;
/// Nulls of a relation that are looked at to mend it.
const MAX_LOOKED: usize = 48;
/// Nulls looked at on the way to one goal: about as long as a program that starts from another takes.
const MAX_LOOKS: u64 = 4_000;
/// Work of looking at one null that could mend a relation.
const LOOK: u64 = 20;

/// A way from the truth.
#[derive(Debug)]
pub(super) struct Walker {
    /// How far each cell is from the truth, before the move that is sought.
    from: Vec<i64>,
    /// The move.
    by: Vec<i64>,
    /// What each relation is off by.
    off: Vec<i64>,
    /// Cells that differ from the truth, or may.
    left: Vec<usize>,
    /// Cells of the move.
    moved: Vec<usize>,
    /// Relations that were broken, the last one last.
    broken: Vec<usize>,
    /// Nulls looked at.
    looked: u64,
    /// Terms gone through for that.
    passed: usize,
}

/// What a walk goes through.
#[derive(Clone, Copy)]
struct Ground<'a> {
    table: &'a LinkedTable,
    null: &'a [bool],
}

impl Ground<'_> {
    fn row(&self, row: usize) -> &[Term] {
        self.table.rows.get(row).map_or(&[], Vec::as_slice)
    }

    /// The relations that a cell is in, with its sign in each.
    fn touching(&self, cell: usize) -> &[Term] {
        self.table.touching.get(cell).map_or(&[], Vec::as_slice)
    }

    fn value(&self, cell: usize) -> i64 {
        self.table.cells.get(cell).and_then(|of| i64::try_from(of.value).ok()).unwrap_or(0)
    }
}

impl Walker {
    pub(super) fn new(table: &LinkedTable) -> Self {
        Self {
            from: vec![0; table.cells.len()],
            by: vec![0; table.cells.len()],
            off: vec![0; table.rows.len()],
            left: Vec::new(),
            moved: Vec::new(),
            broken: Vec::new(),
            looked: 0,
            passed: 0,
        }
    }

    /// Walks one null as far towards `far` from its true value as moves are found; what differs there from the truth.
    fn walk(&mut self, ground: Ground<'_>, cell: usize, far: i64) -> Vec<(usize, i64)> {
        let sign = far.signum();
        for _ in 0..MAX_MOVES {
            let more = far.saturating_sub(at(&self.from, cell)).saturating_mul(sign);
            if more <= 0 || !(0..WAYS).any(|way| self.seek(ground, (cell, sign), way)) {
                break;
            }
            self.go(ground, more);
        }
        self.left.sort_unstable();
        self.left.dedup();
        let mut differences = vec![];
        for cell in self.left.drain(..) {
            let Some(difference) = self.from.get_mut(cell) else { continue };
            if *difference != 0 {
                differences.push((cell, *difference));
            }
            *difference = 0;
        }
        differences
    }

    /// Seeks a move that moves a null by one; otherwise none is begun.
    fn seek(&mut self, ground: Ground<'_>, (cell, sign): (usize, i64), way: usize) -> bool {
        self.step(ground, cell, sign);
        for _ in 0..MAX_STEPS {
            if self.looked > MAX_LOOKS {
                break;
            }
            let Some(row) = self.next_broken(way) else { return true };
            let Some((mender, sign)) = self.mender(ground, row, (cell, way)) else { break };
            self.step(ground, mender, sign);
        }
        self.forget();
        false
    }

    /// A relation that is broken; which of them, by the way.
    fn next_broken(&mut self, way: usize) -> Option<usize> {
        let off = &self.off;
        self.passed = self.passed.saturating_add(self.broken.len());
        self.broken.retain(|row| at(off, *row) != 0);
        if way.is_multiple_of(2) { self.broken.last() } else { self.broken.first() }.copied()
    }

    /// The null that mends a relation and breaks least, and its sign.
    fn mender(
        &mut self,
        ground: Ground<'_>,
        row: usize,
        (cell, way): (usize, usize),
    ) -> Option<(usize, i64)> {
        self.looked = self.looked.saturating_add(4);
        let off = at(&self.off, row).signum();
        let mut best: Option<((i64, i64, usize), i64)> = None;
        // Of a long relation those after the null, or after the one that was moved last.
        let row = ground.row(row);
        let from = if way < 2 { cell } else { self.moved.last().copied().unwrap_or(cell) };
        let from = row.partition_point(|(other, _)| *other <= from);
        let (before, after) = row.split_at_checked(from).unwrap_or((row, &[]));
        let mut passed = 0_usize;
        let nulls = after
            .iter()
            .chain(before)
            .take(MAX_PASSED)
            .inspect(|_term| passed = passed.saturating_add(1))
            .filter(|(other, _)| *other != cell && ground.null.get(*other) == Some(&true));
        for (other, of_row) in nulls.take(MAX_LOOKED) {
            self.looked = self.looked.saturating_add(1);
            let sign = off.saturating_mul(*of_row).saturating_neg();
            let by = at(&self.by, *other);
            let now = ground.value(*other).saturating_add(at(&self.from, *other));
            if by.signum() == -sign || (sign < 0 && now.saturating_add(by) < 1) {
                continue;
            }
            let mut mends = 0_i64;
            let touching = ground.touching(*other);
            self.passed = self.passed.saturating_add(touching.len());
            for (touched, of_other) in touching {
                let change = of_other.saturating_mul(sign);
                let off = at(&self.off, *touched).signum();
                mends = mends.saturating_add(if off == -change { 1 } else { -1 });
            }
            let room = if sign > 0 { i64::MAX } else { now };
            let room = if way < 2 { room } else { -i64::from(sign > 0) };
            let rank = (mends, room, *other);
            if best.is_none_or(|(known, _)| known < rank) {
                best = Some((rank, sign));
            }
        }
        self.passed = self.passed.saturating_add(passed);
        best.map(|((_, _, other), sign)| (other, sign))
    }

    /// Moves a null by one.
    fn step(&mut self, ground: Ground<'_>, cell: usize, sign: i64) {
        if let Some(by) = self.by.get_mut(cell) {
            if *by == 0 {
                self.moved.push(cell);
            }
            *by = by.saturating_add(sign);
        }
        let touching = ground.touching(cell);
        self.passed = self.passed.saturating_add(touching.len());
        for (row, of_cell) in touching {
            let change = of_cell.saturating_mul(sign);
            let Some(off) = self.off.get_mut(*row) else { continue };
            if *off == 0 {
                self.broken.push(*row);
            }
            *off = off.saturating_add(change);
        }
    }

    /// Makes the move so often, or as often as it can be.
    fn go(&mut self, ground: Ground<'_>, often: i64) {
        let times = self.moved.iter().filter_map(|cell| {
            let by = at(&self.by, *cell);
            let now = ground.value(*cell).saturating_add(at(&self.from, *cell));
            (by < 0).then(|| now.checked_div(by.saturating_neg())).flatten()
        });
        let often = times.fold(often, i64::min);
        for cell in &self.moved {
            if let (Some(from), Some(by)) = (self.from.get_mut(*cell), self.by.get_mut(*cell)) {
                *from = from.saturating_add(by.saturating_mul(often));
                *by = 0;
            }
        }
        self.left.append(&mut self.moved);
    }

    /// Ends a move that was not found.
    fn forget(&mut self) {
        for cell in self.moved.drain(..) {
            self.by.get_mut(cell).into_iter().for_each(|by| *by = 0);
        }
        for row in self.broken.drain(..) {
            self.off.get_mut(row).into_iter().for_each(|off| *off = 0);
        }
    }
}

fn at(of: &[i64], place: usize) -> i64 {
    of.get(place).copied().unwrap_or(0)
}

impl Search<'_> {
    /// Walks every one of these nulls towards what it needs; false past the limit.
    pub(super) fn walk(&mut self, component: &Component, unmet: &[usize], limit: u64) -> bool {
        for cell in unmet.iter().copied() {
            for push in [Push::Up, Push::Down] {
                let goal = self.goal(cell, push).filter(|_| !self.is_met(cell));
                let Some((_, goal)) = goal else { continue };
                if self.work.is_over(limit) {
                    return false;
                }
                let goal = goal.min(component.cap);
                let truth = self.table.cells.get(cell).map_or(0, |of| of.value);
                let far = i64::try_from(goal).unwrap_or(i64::MAX).saturating_sub_unsigned(truth);
                let ground = Ground { table: self.table, null: &self.null };
                let differences = self.walker.walk(ground, cell, far);
                self.work.add(std::mem::take(&mut self.walker.looked).saturating_mul(LOOK));
                self.work.pass(std::mem::take(&mut self.walker.passed));
                self.work.seek(worlds::size(self.table, &differences));
                if let Some(world) = World::of(self.table, &self.null, differences) {
                    self.worlds.add(world.into());
                }
            }
        }
        true
    }
}
