//! Exact figures: told again only if nobody can be told apart by it.
//!
//! A cell is compared with every set that was told, whatever the question was. If it or one of its count-like measures differs
//! from one of those in some patients but in fewer than the gap, the cell's own old figure stands with its date, or, where this
//! cell was never told, it is null. The same patients with other contributions (a correction, another child row) are
//! an unknown few: the old figure stands too.

use roaring::RoaringBitmap;

use super::charge::{Charge, Event};
use super::state::Memory;
use super::{Day, Name, sets};

/// Patients in which two told sets must differ, if they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gaps {
    /// Between sets of cells: k.
    pub(crate) cell: u32,
    /// Where one is the set of a measure: `k_part`.
    pub(crate) part: u32,
}

/// One measure of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Measure {
    /// The measure's condition and argument.
    pub(crate) name: Name,
    /// Who contributes, where the measure is count-like.
    pub(crate) set: Option<RoaringBitmap>,
    /// `key_m`: the sum of the keys of the contributions.
    pub(crate) key: u64,
}

/// An exact cell that would be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExactCell {
    /// The cell: an indicator's id, version, variant and group, or the canonical condition.
    pub(crate) name: Name,
    /// The patients.
    pub(crate) set: RoaringBitmap,
    /// Its measures, each name once.
    pub(crate) measures: Vec<Measure>,
    /// The figures as they would leave, in the caller's encoding.
    pub(crate) figures: Vec<u8>,
    /// Today.
    pub(crate) day: Day,
}

/// Figures that were told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// As they left.
    pub(crate) figures: Vec<u8>,
    /// On this day.
    pub(crate) day: Day,
}

/// What happens to a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// It is told as it is.
    Released,
    /// What was told of this cell before is told again, with its date.
    Stands(Standing),
    /// It is null: too close to what was told of another cell.
    Null,
    /// It is null: the memory of this lineage is full.
    Full,
}

impl Memory {
    /// Rules on one cell and enters it in the charge if it is released. Cells of one answer are compared with each other too: the
    /// earlier one is told.
    pub(crate) fn exact(&self, charge: &mut Charge, cell: ExactCell, gaps: Gaps) -> Ruling {
        // Cells of the same answer are in a state of their own, with this charge's cells only.
        let same_answer = charge.drafted();
        let told = self.told(&cell.name).or_else(|| same_answer.told(&cell.name));
        let close = [self, same_answer].iter().any(|state| state.is_close(&cell, gaps));
        if close {
            return told.map_or(Ruling::Null, |told| Ruling::Stands(told.clone()));
        }
        if self.is_full() || charge.is_full() {
            return told.map_or(Ruling::Full, |told| Ruling::Stands(told.clone()));
        }
        charge.draft(Event::Exact(cell));
        Ruling::Released
    }

    /// Whether telling a cell would tell patients apart.
    fn is_close(&self, cell: &ExactCell, gaps: Gaps) -> bool {
        let (gap, part) = (u64::from(gaps.cell), u64::from(gaps.part));
        let differs = |set: &RoaringBitmap, gap: u64, of_parts: bool| {
            let near = self.exact_sets().near(set, gap);
            near.iter().any(|(place, distance)| *distance > 0 && self.is_kind(*place, of_parts))
        };
        let sets = || cell.measures.iter().filter_map(|measure| measure.set.as_ref());
        differs(&cell.set, gap, false)
            || differs(&cell.set, part, true)
            || sets().any(|set| differs(set, part, false) || differs(set, part, true))
            || self.is_corrected(cell)
    }

    /// Whether a measure was told of the same patients with other contributions.
    fn is_corrected(&self, cell: &ExactCell) -> bool {
        let place = self.exact_sets().find(&sets::name_of(&cell.set));
        let Some(place) = place else { return false };
        cell.measures.iter().any(|measure| {
            let of = measure.set.as_ref().map(|set| self.exact_sets().find(&sets::name_of(set)));
            let told = self.told_keys(place, &measure.name);
            // A part that was not told is compared as a set.
            told.iter().any(|(set, key)| of.is_none_or(|of| of == *set) && *key != measure.key)
        })
    }
}
