//! Whether the figures of a cell can stand beside each other.
//!
//! No data make a right worker give figures that do not hold here. What does not hold is a fault of the worker, and the whole
//! answer is hidden for it.

use policies::footprint::{MeasureFootprint, MeasureKind, SumFootprint, SumKind};

use super::cells::{Contribution, RawCell, RawFragment, Tops};
use crate::record::RecordKey;

/// No hospital has more patients or rows.
pub(super) const MAX_COUNT: i128 = 1_000_000_000_000;

/// Whether every cell holds.
pub(super) fn holds(cells: &RawFragment, sums: &[SumFootprint]) -> bool {
    cells.sums.len() == sums.len() && cells.cells().all(|cell| cell_holds(cell, sums))
}

fn cell_holds(cell: RawCell<'_>, sums: &[SumFootprint]) -> bool {
    let n = cell.n();
    let nobody = n > 0 || cell.key().unwrap_or_default() == RecordKey::default();
    let of_cell = i128::from(n) <= MAX_COUNT
        && nobody
        && cell.patients().is_none_or(|patients| patients.len() == n)
        && cell.sums().zip(sums).all(|(value, sum)| {
            let count = !sum.kind.is_count() || (0..=MAX_COUNT).contains(&value);
            let squares = sum.kind != SumKind::SumSquares || value >= 0;
            count && squares && (n > 0 || value == 0)
        });
    let contributions: Vec<Contribution<'_>> = cell.contributions().collect();
    of_cell
        && contributions.iter().all(|contribution| {
            contributors_hold(cell, contribution)
                && contribution.tops.is_none_or(|tops| tops_hold(contribution, tops))
                && key_holds(cell, contribution)
        })
        && same_contributors(&contributions)
        && (contributions.is_empty()
            || cell.sums().zip(sums).all(|(value, sum)| {
                let place = usize::try_from(sum.measure).ok();
                let of = place.and_then(|place| contributions.get(place));
                of.is_some_and(|of| sum_holds((value, sum.kind), of))
            }) && bounds_hold(cell, sums, &contributions))
}

/// Contributors are among the cell's patients.
fn contributors_hold(cell: RawCell<'_>, of: &Contribution<'_>) -> bool {
    let many = if of.measure.is_of_everyone() { of.n == cell.n() } else { of.n <= cell.n() };
    let known = match (of.patients, cell.patients()) {
        (Some(own), Some(all)) => {
            own.len() == of.n && (std::ptr::eq(own, all) || own.is_subset(all))
        }
        (Some(_), None) => false,
        (None, all) => all.is_none() || !of.measure.kind.is_count_like(),
    };
    // Who has no row that counts has one that does not.
    let rest = of.rest.is_none_or(|rest| {
        rest <= cell.n() && cell.n().saturating_sub(of.n) <= rest && (of.n > 0 || rest == cell.n())
    });
    many && known && rest
}

/// The largest contributions fit the number of contributors and each other.
fn tops_hold(of: &Contribution<'_>, Tops { first, second, all }: Tops) -> bool {
    let least = if of.measure.kind.is_count_like() { 1 } else { 0 };
    let others = all.saturating_sub(first).saturating_sub(second);
    let ordered = 0 <= second && second <= first && 0 <= others;
    ordered
        && match of.n {
            0 => all == 0,
            1 => second == 0 && others == 0 && first >= least,
            n => {
                let n = i128::from(n.saturating_sub(2));
                let others_fit = least.saturating_mul(n)..=second.saturating_mul(n);
                second >= least && others_fit.contains(&others)
            }
        }
}

/// Nobody has no key and no mark. Where every patient of the cell counts once, both of the measure are the cell's key.
fn key_holds(cell: RawCell<'_>, of: &Contribution<'_>) -> bool {
    let mut keys = of.key.into_iter().chain(of.mark);
    if of.n == 0 {
        return keys.all(|key| key == RecordKey::default());
    }
    let once = of.measure.kind.is_count_like()
        && of.n == cell.n()
        && of.tops.is_some_and(|tops| tops.all == i128::from(of.n));
    !once || keys.all(|key| Some(key) == cell.key())
}

/// Measures of one condition and argument have the same contributors.
fn same_contributors(contributions: &[Contribution<'_>]) -> bool {
    contributions.iter().enumerate().all(|(at, of)| {
        let mut same = contributions.iter().take(at);
        same.all(|other| {
            let sets = of.patients.zip(other.patients);
            !of.measure.has_contributors_of(other.measure)
                || of.n == other.n && sets.is_none_or(|(a, b)| std::ptr::eq(a, b) || a == b)
        })
    })
}

/// A sum fits what is known of its measure.
fn sum_holds((value, kind): (i128, SumKind), of: &Contribution<'_>) -> bool {
    if of.n == 0 {
        return value == 0;
    }
    match (of.measure.kind, kind) {
        (MeasureKind::Rows | MeasureKind::Keys | MeasureKind::Flag | MeasureKind::Bin, _) => {
            value >= i128::from(of.n) && of.tops.is_none_or(|tops| tops.all == value)
        }
        (MeasureKind::Value, SumKind::Sum | SumKind::SumProducts) => {
            of.tops.is_none_or(|tops| value.saturating_abs() <= tops.all)
        }
        (MeasureKind::Value, SumKind::SumSquares) => value >= 0,
        (
            MeasureKind::Value,
            SumKind::Rows | SumKind::NonNull | SumKind::Distinct | SumKind::Bin,
        ) => false,
    }
}

/// A sum of values lies within the bounds of as many rows as were counted.
fn bounds_hold(
    cell: RawCell<'_>,
    sums: &[SumFootprint],
    contributions: &[Contribution<'_>],
) -> bool {
    let measure = |sum: &SumFootprint| -> Option<&MeasureFootprint> {
        Some(contributions.get(usize::try_from(sum.measure).ok()?)?.measure)
    };
    let rows = |of: &MeasureFootprint| {
        let mut counts = cell.sums().zip(sums);
        counts.find(|(_, sum)| {
            sum.kind == SumKind::NonNull
                && measure(sum).is_some_and(|known| known.has_contributors_of(of))
        })
    };
    let added = |kind: SumKind| matches!(kind, SumKind::Sum | SumKind::SumProducts);
    cell.sums().zip(sums).filter(|(_, sum)| added(sum.kind)).all(|(value, sum)| {
        let Some(of) = measure(sum).filter(|of| of.kind == MeasureKind::Value) else { return true };
        let Some((rows, _)) = rows(of) else { return true };
        let bound = |row: i128| rows.saturating_mul(row);
        (bound(of.least.get())..=bound(of.most.get())).contains(&value)
    })
}
