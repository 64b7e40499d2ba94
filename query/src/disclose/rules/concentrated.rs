//! R4 and R5: sums that one or two patients make up.
//!
//! Both look at absolute contributions: of the sum `all`, the largest `first` and the largest but one `second`. R4, dominance:
//! `first + second` is more than so many percent of `all`. R5, the p% rule: `all - first - second` is less than so many percent
//! of `first`, so who contributed `second` could tell `first` that closely. A count to which every patient adds one tells nothing
//! of what a patient adds: how many patients it may hold is R2. Of a sum of squares both are asked with the squares of the two largest:
//! a value that is a half of a sum can be all of its squares.

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

/// Why a sum of squares of a measure is null, if a few patients make it up.
pub(super) fn of_squares(measure: &Contribution<'_>, sum: i128, limits: &Limits) -> Option<Rule> {
    let Limits { dominance, p_percent, .. } = *limits;
    if dominance >= 100 && p_percent == 0 || measure.measure.kind.is_count_like() {
        return None;
    }
    let Some(Tops { first, second, .. }) = measure.tops else { return Some(Rule::Fault) };
    let percent = |of: i256, by: u32| of.checked_mul(i256::from_i128(i128::from(by)));
    let (first, second) = (square(first), square(second));
    let all = i256::from_i128(sum);
    let compared = first.zip(second).and_then(|(first, second)| {
        let two = first.checked_add(second)?;
        let rest = all.checked_sub(two)?;
        let dominated = percent(two, 100)? > percent(all, dominance)?;
        Some((dominated, percent(rest, 100)? < percent(first, p_percent)?))
    });
    match compared {
        Some((true, _)) if dominance < 100 => Some(Rule::Dominance),
        Some((_, true)) => Some(Rule::Rest),
        Some((true | false, false)) => None,
        // Larger than what can be compared.
        None => Some(Rule::Dominance),
    }
}

fn square(of: i128) -> Option<i256> {
    i256::from_i128(of).checked_mul(i256::from_i128(of))
}

/// So many times a number of 128 bits, which 256 hold.
fn times(number: i128, by: u32) -> i256 {
    i256::from_i128(number).wrapping_mul(i256::from_i128(i128::from(by)))
}
