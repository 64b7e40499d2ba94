//! Parts as bands: `@parts("band")`, where a hospital lies in the funnel around a rate that the board sets.
//!
//! Of the n patients of a cell x are in the part; the band says how far x lies in the tails of Binomial(n, rate)
//! ([`binomial`]): inside 95 %, between 95 and 99.8 %, or outside, below or above. The number itself is not told. Who knows n
//! knows which numbers a band holds, so limits that would divide the numbers under the least part, or what such a part leaves, are
//! left out, and where no limit of 95 % is left the part is null. All of that follows from n and the rate alone. What is told stands like
//! any figure: the memory keeps it, and a cell that differs by a few patients gets no other.
//!
//! Not here: which variants have bands ([`policies::band`]), totals, which do not have any.

use policies::band::Norm;
use policies::footprint::FragmentFootprint;

use super::rules::Verdict;
use super::{CellState, noisy};
use crate::receive::{Contribution, RawCell, RawFragment};

mod binomial;

/// Where a part lies, from far below to far above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Band {
    /// Below the limits of 99.8 %.
    FarBelow,
    /// Below those of 95 %.
    Below,
    /// Inside, or beyond a limit that is not told.
    Inside,
    /// Above those of 95 %.
    Above,
    /// Above those of 99.8 %.
    FarAbove,
}

impl Band {
    const ALL: [(Self, i128, &'static str); 5] = [
        (Self::FarBelow, -2, "below_99_8"),
        (Self::Below, -1, "below_95"),
        (Self::Inside, 0, "inside"),
        (Self::Above, 1, "above_95"),
        (Self::FarAbove, 2, "above_99_8"),
    ];

    /// The number on the wire.
    fn code(self) -> i128 {
        let own = Self::ALL.into_iter().find(|(band, ..)| *band == self);
        own.map_or(0, |(_, code, _)| code)
    }

    /// The band of a number.
    pub(crate) fn of(code: i128) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, own, _)| *own == code).map(|(band, ..)| band)
    }

    /// The word in answers.
    pub(crate) fn word(self) -> &'static str {
        let own = Self::ALL.into_iter().find(|(band, ..)| *band == self);
        own.map_or("inside", |(.., word)| word)
    }
}

/// Puts bands in the place of every part's figure in the cells that are shown.
pub(super) fn tell(
    norm: Option<Norm>,
    least: u64,
    (fragment, footprint): (&mut RawFragment, &FragmentFootprint),
    verdicts: &mut [Verdict],
) {
    let parts = noisy::parts(footprint);
    let of_cell = |cell: RawCell<'_>| -> Vec<Option<i128>> {
        let contributions: Vec<Contribution<'_>> = cell.contributions().collect();
        let sums = footprint.sums.iter().zip(&parts).map(|(sum, part)| {
            let of = contributions.get(usize::try_from(sum.measure).ok()?).filter(|_of| *part)?;
            band(norm?, least, (cell.n(), of.n)).map(Band::code)
        });
        sums.collect()
    };
    let told = fragment.cells().zip(&*verdicts).map(|(cell, verdict)| {
        if verdict.state == CellState::Present { of_cell(cell) } else { Vec::new() }
    });
    let told: Vec<Vec<Option<i128>>> = told.collect();
    noisy::put(&told, &parts, fragment, verdicts);
}

/// The band of x of n patients, where parts of under `least` are not known; none where too little is left to tell.
fn band(norm: Norm, least: u64, (n, x): (u64, u64)) -> Option<Band> {
    let [far_below, below, above, far_above] = binomial::limits(norm.fraction(), n)?;
    // The first number behind a limit: it must not divide the small parts, nor those that leave few.
    let divides = |limit: &u64| {
        let (first, last) = (1..least, n.saturating_sub(least).saturating_add(2)..=n);
        (1..=n).contains(limit) && !first.contains(limit) && !last.contains(limit)
    };
    let told = |limit: u64| Some(limit).filter(divides);
    let (below, above) = (told(below), told(above));
    if below.is_none() && above.is_none() {
        return None;
    }
    let far_below = told(far_below).filter(|_limit| below.is_some());
    let far_above = told(far_above).filter(|_limit| above.is_some());
    Some(if far_below.is_some_and(|limit| x < limit) {
        Band::FarBelow
    } else if below.is_some_and(|limit| x < limit) {
        Band::Below
    } else if far_above.is_some_and(|limit| x >= limit) {
        Band::FarAbove
    } else if above.is_some_and(|limit| x >= limit) {
        Band::Above
    } else {
        Band::Inside
    })
}

#[cfg(test)]
mod tests;
