//! Tables that agree with everything shown: proofs that a null is not known.
//!
//! A world is kept as its differences from the truth, so that it stays a proof when more cells become null, and falls when one
//! of the cells in which it differs is shown again.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::program::nearest;
use super::table::{LinkedTable, Need};

/// Worlds kept, to be of use after a cell is shown again; past this no new one is.
const MAX_WORLDS: usize = 2_048;

/// Worlds handed on at most.
const MAX_PROOFS: usize = 8_192;

/// Denominators that are tried: vertices of tables of three and more dimensions are in small fractions.
const MAX_DENOMINATOR: i64 = 12;

/// The differences of one world from the truth, by cell, in fractions of one denominator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct World {
    differences: Vec<(usize, i64)>,
    denominator: i64,
}

impl World {
    /// Makes a world of values for some cells, rounded, if it is one: no value is negative, every cell that differs is null, and
    /// every relation holds, in whole numbers of a small denominator (of 1 if it must be `whole`).
    pub(super) fn prove(
        table: &LinkedTable,
        null: &[bool],
        values: &[(usize, f64)],
        whole: bool,
    ) -> Option<Self> {
        let largest = if whole { 1 } else { MAX_DENOMINATOR };
        (1..=largest).find_map(|denominator| Self::over(table, null, values, denominator))
    }

    fn over(
        table: &LinkedTable,
        null: &[bool],
        values: &[(usize, f64)],
        denominator: i64,
    ) -> Option<Self> {
        let mut differences = vec![];
        for (cell, value) in values {
            let value = nearest(value * f64::from(i32::try_from(denominator).ok()?))?;
            let truth = i64::try_from(table.cells.get(*cell)?.value).ok()?;
            let difference = value.checked_sub(truth.checked_mul(denominator)?)?;
            if value < 0 || (difference != 0 && !null.get(*cell).copied()?) {
                return None;
            }
            if difference != 0 {
                differences.push((*cell, difference));
            }
        }
        differences.sort_unstable();
        cancel_out(table, &differences).then_some(Self { differences, denominator })
    }

    /// Makes a world of whole differences from the truth, by cell, if it is one and not the truth itself.
    pub(super) fn of(
        table: &LinkedTable,
        null: &[bool],
        differences: Vec<(usize, i64)>,
    ) -> Option<Self> {
        let world = Self { differences, denominator: 1 };
        (!world.differences.is_empty() && world.fits(table, null)).then_some(world)
    }

    /// Whether it is one of this table as well, in whole numbers.
    fn fits(&self, table: &LinkedTable, null: &[bool]) -> bool {
        let could_be = |(cell, difference): &(usize, i64)| {
            let is_null = null.get(*cell) == Some(&true);
            let value = table.cells.get(*cell).and_then(|of| i64::try_from(of.value).ok());
            let some = value.and_then(|value| value.checked_add(*difference));
            is_null && some.is_some_and(|value| value >= 0)
        };
        self.denominator == 1
            && self.differences.iter().all(could_be)
            && cancel_out(table, &self.differences)
    }

    fn changes(&self, cell: usize) -> bool {
        self.differences.binary_search_by_key(&cell, |(cell, _)| *cell).is_ok()
    }
}

/// How many differences, and relations that these touch.
pub(super) fn size(table: &LinkedTable, differences: &[(usize, i64)]) -> usize {
    let touching = |(cell, _): &(usize, i64)| table.touching.get(*cell).map_or(0, Vec::len);
    differences.iter().map(touching).fold(differences.len(), usize::saturating_add)
}

/// Whether differences cancel out in every row that they touch.
fn cancel_out(table: &LinkedTable, differences: &[(usize, i64)]) -> bool {
    let mut sums: BTreeMap<usize, i128> = BTreeMap::new();
    for (cell, difference) in differences {
        for (row, sign) in table.touching.get(*cell).into_iter().flatten() {
            let sum = sums.entry(*row).or_default();
            let change = i128::from(*difference).checked_mul(i128::from(*sign));
            match change.and_then(|change| sum.checked_add(change)) {
                Some(changed) => *sum = changed,
                None => return false,
            }
        }
    }
    sums.values().all(|sum| *sum == 0)
}

/// Worlds that were found of a table, for others of the same cells: what they prove there is tried again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proofs(Vec<Rc<World>>);

/// Every world found, and for each cell the lowest and highest value in any.
#[derive(Clone, Debug)]
pub(super) struct Worlds {
    worlds: Vec<Rc<World>>,
    truth: Vec<u64>,
    reach: Vec<(u64, u64)>,
}

impl Worlds {
    /// The truth alone.
    pub(super) fn new(table: &LinkedTable) -> Self {
        let truth: Vec<u64> = table.cells.iter().map(|cell| cell.value).collect();
        let reach = truth.iter().map(|value| (*value, *value)).collect();
        Self { worlds: Vec::new(), truth, reach }
    }

    /// Adds a world.
    pub(super) fn add(&mut self, world: Rc<World>) {
        self.widen(&world);
        if self.worlds.len() < MAX_WORLDS {
            self.worlds.push(world);
        }
    }

    fn widen(&mut self, world: &World) {
        for (cell, difference) in &world.differences {
            if let (Some(truth), Some((low, high))) =
                (self.truth.get(*cell), self.reach.get_mut(*cell))
            {
                // Towards the truth: what a fraction proves, it proves of the whole numbers on this side.
                let value = truth.saturating_add_signed(difference / world.denominator);
                *low = (*low).min(value);
                *high = (*high).max(value);
            }
        }
    }

    /// The worlds in which `cell` has its true value, and how much was gone through to choose them.
    pub(super) fn without(&self, cell: usize) -> (Self, usize) {
        let reach = self.truth.iter().map(|value| (*value, *value)).collect();
        let mut left = Self { worlds: Vec::new(), truth: self.truth.clone(), reach };
        let mut looked = self.truth.len().saturating_add(self.worlds.len());
        for world in self.worlds.iter().filter(|world| !world.changes(cell)) {
            looked = looked.saturating_add(world.differences.len());
            left.add(Rc::clone(world));
        }
        (left, looked)
    }

    /// Adds what was found of another table, as far as it proves anything here; how much was gone through to find out.
    pub(super) fn take(&mut self, table: &LinkedTable, null: &[bool], proofs: &Proofs) -> usize {
        let mut looked = 0_usize;
        for world in &proofs.0 {
            looked = looked.saturating_add(size(table, &world.differences));
            if world.fits(table, null) {
                self.add(Rc::clone(world));
            }
        }
        looked
    }

    /// Hands on what was found.
    pub(super) fn give(&self, proofs: &mut Proofs) {
        let known: BTreeSet<*const World> = proofs.0.iter().map(Rc::as_ptr).collect();
        let new = self.worlds.iter().filter(|world| !known.contains(&Rc::as_ptr(world)));
        let room = MAX_PROOFS.saturating_sub(known.len());
        let new: Vec<Rc<World>> = new.take(room).cloned().collect();
        proofs.0.extend(new);
    }

    /// How many are kept.
    pub(super) fn len(&self) -> usize {
        self.worlds.len()
    }

    /// Adds those that `other` found after it had `known`.
    pub(super) fn learn(&mut self, other: &Self, known: usize) {
        for world in other.worlds.iter().skip(known) {
            self.add(Rc::clone(world));
        }
    }

    /// Lowest and highest value of a cell.
    pub(super) fn reach(&self, cell: usize) -> (u64, u64) {
        self.reach.get(cell).copied().unwrap_or_default()
    }

    /// Whether the need of a null is proven to be met.
    pub(super) fn meet(&self, cell: usize, need: Need) -> bool {
        let (lowest, highest) = self.reach(cell);
        match need {
            Need::Range { low, high } => lowest <= low && highest >= high,
            Need::Wide(width) => highest.saturating_sub(lowest) >= width,
            Need::Nothing => true,
        }
    }
}
