//! Who contributes to a measure of a cell.
//!
//! What counts has a set of its own. A sum of values has that of a count of the same rows, which is beside every sum that not all patients
//! of a cell add to (`cut::contributions`), whether it is shown or not. It is never a guess: where no set is known there is none,
//! and no figure is told of the measure.

use roaring::RoaringBitmap;

use super::rules::parts;
use crate::receive::{Contribution, RawCell};

/// The patients of a cell who contribute to one of its measures.
pub(crate) fn contributors<'c>(
    cell: RawCell<'c>,
    of: &Contribution<'c>,
    all: &[Contribution<'c>],
) -> Option<&'c RoaringBitmap> {
    if of.n == cell.n() {
        return cell.patients();
    }
    let counts = |other: &&Contribution<'c>| {
        other.measure.has_contributors_of(of.measure) || parts::counts_them(other, of)
    };
    let counted = || all.iter().filter(counts).find_map(|other| other.patients);
    of.patients.or_else(counted)
}

#[cfg(test)]
mod tests;
