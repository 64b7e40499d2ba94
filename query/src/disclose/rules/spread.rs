//! R6: squares, products and other functions of columns that could be solved for the values of patients.
//!
//! Every argument whose squares are asked for in a cell is a parameter of its figures, under whichever conditions: one for a
//! spread, two for a figure of pairs, and so is every product or other function of columns (`sum(x * y)`). They are null if
//! fewer contributors than the limit remain beyond the parameters, and if the declared bounds leave a column in them so few
//! values that they count it out. Products of pairs are null with the squares of the cell. What is 0 or 1 is its own square:
//! its squares tell no more than its sum.

use std::collections::BTreeSet;

use policies::Limits;
use policies::footprint::{MeasureFootprint, MeasureKind, SumFootprint, SumKind, Units};

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
    let is_value = |of: &Contribution<'_>| of.measure.kind == MeasureKind::Value;
    let solves = |sum: &SumFootprint, of: &Contribution<'_>| match sum.kind {
        SumKind::SumSquares => is_value(of),
        SumKind::Sum | SumKind::SumProducts => is_value(of) && fewest(of.measure).is_some(),
        SumKind::Rows | SumKind::NonNull | SumKind::Distinct | SumKind::Bin => false,
    };
    let solving = sums.iter().filter_map(|sum| Some((sum, measure(sum)?)));
    let solving: Vec<&Contribution<'_>> =
        solving.filter(|(sum, of)| solves(sum, of)).map(|(_, of)| of).collect();
    let parameters: BTreeSet<Option<u32>> = solving.iter().map(|of| of.measure.argument).collect();
    let parameters = u64::try_from(parameters.len().max(1)).unwrap_or(u64::MAX);
    let few = |of: &Contribution<'_>| {
        limits.min_df > 0 && of.n < u64::from(limits.min_df).saturating_add(parameters)
    };
    let hidden =
        |of: &Contribution<'_>| few(of) || values(of.measure) < i128::from(limits.min_values);
    let of_sum = |sum: &SumFootprint| match (sum.kind, measure(sum)) {
        (SumKind::SumSquares | SumKind::SumProducts, None) => true,
        (SumKind::SumProducts, Some(of)) if is_value(of) => {
            let condition = of.measure.condition;
            let mut squared = solving.iter().filter(|of| of.measure.condition == condition);
            few(of) || squared.any(|of| hidden(of)) || solves(sum, of) && hidden(of)
        }
        (_, Some(of)) => solves(sum, of) && hidden(of),
        (
            SumKind::Rows | SumKind::NonNull | SumKind::Distinct | SumKind::Bin | SumKind::Sum,
            None,
        ) => false,
    };
    sums.iter().map(|sum| of_sum(sum).then_some(Rule::Spread)).collect()
}

/// The fewest values of a column of a computed argument that is no multiple of one.
fn fewest(measure: &MeasureFootprint) -> Option<i128> {
    measure.made.as_ref()?.fewest.map(Units::get)
}

/// How many values the bounds of a measure leave a row, or those of a column that it is computed of.
fn values(measure: &MeasureFootprint) -> i128 {
    let (least, most) = (measure.least.get(), measure.most.get());
    let own = most.saturating_sub(least).saturating_add(1);
    fewest(measure).map_or(own, |fewest| own.min(fewest))
}
