//! Exact figures: told again only if nobody can be told apart by it.
//!
//! A cell is compared with every set that was told, whatever the question was. If it or one of its count-like measures differs
//! from one of those in some patients but in fewer than the gap, the cell's own old figure stands with its date, or, where this
//! cell was never told, it is null. The same patients with other contributions in another snapshot (a correction, another child
//! row) are an unknown few: the old figure stands too.
//!
//! Where the memory has no room for all that the answer could add, everything new in it is null ([`super::bounds`]). What stops
//! cell by cell is only the bound of bytes of one answer, in the order of the text: so large an answer stops there over any memory.

use roaring::RoaringBitmap;

use super::charge::{Charge, Event};
use super::state::{Memory, ToldKey};
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
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Measure {
    /// The measure's condition and argument.
    pub(crate) name: Name,
    /// Who contributes, where the measure is count-like.
    pub(crate) set: Option<RoaringBitmap>,
    /// `key_m`: the sum of the marks of the contributions.
    pub(crate) key: u64,
}

/// An exact cell that would be told.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
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
    /// A tag of the snapshot: within one, contributions do not change.
    pub(crate) snapshot: u64,
}

/// Figures that were told.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Standing {
    /// As they left.
    pub(crate) figures: Vec<u8>,
    /// On this day.
    pub(crate) day: Day,
}

/// What happens to a cell.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) enum Ruling {
    /// It is told as it is.
    Released,
    /// What was told of this cell before is told again, with its date.
    Stands(Standing),
    /// It is null: too close to what was told of another cell.
    Null,
    /// It is null: the memory of this lineage is full, for whoever asks.
    Full,
}

impl Memory {
    /// Rules on one cell and enters it in the charge if it is released and says anything that was not said before. Cells of one
    /// answer are compared with each other too: the earlier one is told.
    pub(crate) fn exact(&self, charge: &mut Charge, cell: ExactCell, gaps: Gaps) -> Ruling {
        // Cells of the same answer are in a state of their own, with this charge's cells only.
        let same_answer = charge.drafted();
        if self.knows(&cell) {
            return Ruling::Released;
        }
        let told = self.told(&cell.name).or_else(|| same_answer.told(&cell.name));
        let close = [self, same_answer].iter().any(|state| state.is_close(&cell, gaps));
        if close {
            return told.map_or(Ruling::Null, |told| Ruling::Stands(told.clone()));
        }
        let event = Event::Exact(cell);
        if !charge.has_room || !charge.holds(&event) {
            return told.map_or(Ruling::Full, |told| Ruling::Stands(told.clone()));
        }
        charge.draft(event);
        Ruling::Released
    }

    /// Whether this very cell was told last with these figures, of the same patients with the same contributions: nothing is
    /// charged then, and the day on which it was told first stays.
    fn knows(&self, cell: &ExactCell) -> bool {
        let ExactCell { name, set, measures, figures, day: _, snapshot: _ } = cell;
        if self.told(name).is_none_or(|told| told.figures != *figures) {
            return false;
        }
        let Some(place) = self.exact_sets().find(&sets::name_of(set)) else { return false };
        let told = |measure: &Measure| {
            let part = measure.set.as_ref().map(sets::name_of);
            let part = part.map(|part| self.exact_sets().find(&part));
            let same = |told: &ToldKey| (told.part, told.key) == (part.flatten(), measure.key);
            part != Some(None) && self.told_keys(place, &measure.name).iter().any(same)
        };
        self.is_kind(place, false) && measures.iter().all(told)
    }

    /// Whether telling a cell would tell patients apart.
    fn is_close(&self, cell: &ExactCell, gaps: Gaps) -> bool {
        let (gap, part) = (u64::from(gaps.cell), u64::from(gaps.part));
        // A set that is near has that distance only from where it was told as a cell, or as a part.
        let differs = |set: &RoaringBitmap, from_cells: u64| {
            let near = self.exact_sets().near(set, from_cells.max(part));
            near.iter().filter(|(_, distance)| *distance > 0).any(|(place, distance)| {
                let of_cell = *distance < from_cells && self.is_kind(*place, false);
                of_cell || *distance < part && self.is_kind(*place, true)
            })
        };
        let mut parts = cell.measures.iter().filter_map(|measure| measure.set.as_ref());
        differs(&cell.set, gap) || parts.any(|set| differs(set, part)) || self.is_corrected(cell)
    }

    /// Whether a measure was told of the same patients from another snapshot, with other contributions. In one snapshot other
    /// contributions are another measure of the same name, and contributions that were told before say nothing.
    fn is_corrected(&self, cell: &ExactCell) -> bool {
        let place = self.exact_sets().find(&sets::name_of(&cell.set));
        let Some(place) = place else { return false };
        cell.measures.iter().any(|measure| {
            // A part that was not told is compared as a set.
            let of = match &measure.set {
                None => None,
                Some(set) => match self.exact_sets().find(&sets::name_of(set)) {
                    None => return false,
                    told => told,
                },
            };
            let same = |told: &&ToldKey| told.part == of;
            let told = || self.told_keys(place, &measure.name).iter().filter(same);
            let elsewhere = told().any(|told| told.snapshot != cell.snapshot);
            elsewhere && !told().any(|told| told.key == measure.key)
        })
    }
}
