//! R6: squares and products that could be solved for the values of patients.
//!
//! Every argument whose squares are asked for under a condition is a parameter of the figures under that condition: one for a
//! spread, two for a figure of pairs. Squares and products are null if fewer contributors than the limit remain beyond them, and
//! if the declared bounds leave an argument so few values that sum and sum of squares count them out. Products are null with the
//! squares under their condition. What is 0 or 1 is its own square: its squares tell no more than its sum.

use policies::Limits;
use policies::footprint::{MeasureFootprint, MeasureKind, SumFootprint, SumKind};

use super::Rule;
use crate::receive::Contribution;

/// For each sum, whether it is a square or product that is not shown.
pub(super) fn solved(
    measures: &[Contribution<'_>],
    sums: &[SumFootprint],
    limits: &Limits,
) -> Vec<Option<Rule>> {
    let measure = |sum: &SumFootprint| {
        let place = usize::try_from(sum.measure).ok()?;
        measures.get(place)
    };
    let squared = |condition: Option<u32>| {
        let squares = sums.iter().filter(|sum| sum.kind == SumKind::SumSquares);
        squares.filter_map(measure).filter(move |of| of.measure.condition == condition)
    };
    let few = |of: &Contribution<'_>| {
        let parameters = squared(of.measure.condition).count().max(1);
        let needed =
            u64::from(limits.min_df).saturating_add(u64::try_from(parameters).unwrap_or(u64::MAX));
        limits.min_df > 0 && of.n < needed
    };
    let is_value = |of: &Contribution<'_>| of.measure.kind == MeasureKind::Value;
    let hidden = |of: &Contribution<'_>| {
        is_value(of) && (few(of) || values(of.measure) < i128::from(limits.min_values))
    };
    let of_sum = |sum: &SumFootprint| match sum.kind {
        SumKind::SumSquares => measure(sum).is_none_or(hidden),
        SumKind::SumProducts => measure(sum).is_none_or(|of| {
            is_value(of) && (few(of) || squared(of.measure.condition).any(hidden))
        }),
        SumKind::Rows | SumKind::NonNull | SumKind::Distinct | SumKind::Sum => false,
    };
    sums.iter().map(|sum| of_sum(sum).then_some(Rule::Spread)).collect()
}

/// How many values the bounds of a measure leave a row.
fn values(measure: &MeasureFootprint) -> i128 {
    measure.most.get().saturating_sub(measure.least.get()).saturating_add(1)
}
