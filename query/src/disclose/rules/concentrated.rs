//! R4 and R5: sums that one or two patients make up.
//!
//! Both look at absolute contributions: of the sum `all`, the largest `first` and the largest but one `second`. R4, dominance:
//! `first + second` is more than so many percent of `all`. R5, the p% rule: `all - first - second` is less than so many percent
//! of `first`, so who contributed `second` could tell `first` that closely. A count to which every patient adds one tells nothing
//! of what a patient adds: how many patients it may hold is R2.

use arrow::datatypes::i256;
use policies::Limits;

use super::Rule;
use crate::receive::{Contribution, Tops};

/// Why the figures of a measure are null, if a few patients make them up.
pub(super) fn of(measure: &Contribution<'_>, limits: &Limits) -> Option<Rule> {
    let Limits { dominance, p_percent, .. } = *limits;
    if dominance >= 100 && p_percent == 0 {
        return None;
    }
    let Some(Tops { first, second, all }) = measure.tops else { return Some(Rule::Fault) };
    if measure.measure.kind.is_count_like() && first <= 1 {
        return None;
    }
    let two = first.saturating_add(second);
    if dominance < 100 && times(two, 100) > times(all, dominance) {
        return Some(Rule::Dominance);
    }
    (times(all.saturating_sub(two), 100) < times(first, p_percent)).then_some(Rule::Rest)
}

/// So many times a number of 128 bits, which 256 hold.
fn times(number: i128, by: u32) -> i256 {
    i256::from_i128(number).wrapping_mul(i256::from_i128(i128::from(by)))
}
