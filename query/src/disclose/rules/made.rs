//! Computed arguments: a sum is null where it would tell one that is.
//!
//! `sum(x * 0.3)` of floats is released as it is asked for, and tells the sum of `x` but for what is rounded; the sum of a rounded
//! number tells how many were rounded. The footprint names the measures that follow from such a sum.

use super::Rule;
use crate::receive::Contribution;

/// Why the figures of each measure are null: for itself, or for one that follows from them.
pub(super) fn told(measures: &[Contribution<'_>], own: &[Option<Rule>]) -> Vec<Option<Rule>> {
    // Without its measure nothing is known of what follows.
    let of = |place: &u32| {
        let place = usize::try_from(*place).ok();
        place.and_then(|place| own.get(place)).copied().unwrap_or(Some(Rule::Fault))
    };
    let all = measures.iter().zip(own).map(|(measure, own)| {
        let made = measure.measure.made.as_ref();
        own.or_else(|| made.and_then(|made| made.also.iter().find_map(of)))
    });
    all.collect()
}
