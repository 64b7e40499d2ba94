//! Vectors of bins: what quantiles and histograms are made of (DISCLOSURE.md section 3, R7).
//!
//! The bins of a vector share no row. A vector is told whole or not at all: whether it is depends on how many patients it has and on
//! how far out the quantile lies that is asked of it. Nothing here knows the column or its edges.

use serde::{Deserialize, Serialize};

use super::{FootprintError, FragmentFootprint, SumKind};

/// Most bins of a vector. A column with more declared edges is asked in fewer, by its declaration alone.
pub const MAX_BINS: usize = 12;
/// The parts of all values that a quantile can leave on its smaller side, as one in so many. A quantile counts as the next one further
/// out: if any part could be asked for, the number of patients could be found by trying parts. 1 leaves nothing aside.
pub const TAILS: [u32; 8] = [1, 2, 3, 4, 5, 10, 20, 100];

/// One vector of a fragment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorFootprint {
    /// The place of its first bin among the sums; the others follow it.
    pub first: u32,
    /// How many bins it has.
    pub bins: u32,
    /// It is told of patients of whom one in so many reaches the threshold; without it, of no number of patients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<u32>,
}

impl VectorFootprint {
    /// The places of its sums.
    #[must_use]
    pub fn sums(&self) -> std::ops::Range<usize> {
        let place = |place: u32| usize::try_from(place).unwrap_or(usize::MAX);
        place(self.first)..place(self.first).saturating_add(place(self.bins))
    }

    /// The fewest patients that it is told of, where a part of `k` patients is told; none where it is told of none.
    #[must_use]
    pub fn least(&self, k: u32) -> Option<u64> {
        self.tail.map(|tail| u64::from(tail).saturating_mul(u64::from(k)))
    }
}

/// Checks that every bin is in one vector, and nothing else is.
pub(super) fn check(fragment: &FragmentFootprint, index: usize) -> Result<(), FootprintError> {
    let mut named = vec![0_usize; fragment.sums.len()];
    let holds = fragment.vectors.iter().all(|vector| {
        let places = vector.sums();
        let size = (1..=MAX_BINS).contains(&places.len());
        let tail = vector.tail.is_none_or(|tail| TAILS.contains(&tail));
        let mut known = named.get_mut(places).into_iter().flatten();
        size && tail && known.by_ref().map(|count| *count = count.saturating_add(1)).count() > 0
    });
    let once = fragment.sums.iter().zip(&named).all(|(sum, named)| {
        let bins = usize::from(sum.kind == SumKind::Bin);
        *named == bins
    });
    if holds && once { Ok(()) } else { Err(FootprintError::Vectors { fragment: index }) }
}

#[cfg(test)]
mod tests;
