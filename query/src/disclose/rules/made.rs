//! Computed arguments: a sum is null where it would tell one that is.
//!
//! `sum(x * 0.3)` of floats is released as it is asked for, and tells the sum of `x` but for what is rounded; the sum of a rounded
//! number tells how many were rounded. The footprint names the measures that follow from such a sum,
//! and of a part beside its whole those of the rows that it leaves: `sum(x)` less `sum(x) FILTER (WHERE c)` may be one patient's.

use policies::Limits;

use super::{Rule, concentrated};
use crate::receive::Contribution;

/// Why the figures of each measure are null: for itself, or for one that follows from them.
pub(super) fn told(
    measures: &[Contribution<'_>],
    own: &[Option<Rule>],
    limits: &Limits,
) -> Vec<Option<Rule>> {
    // Without its measure nothing is known of what follows.
    let of = |place: &u32| {
        let place = usize::try_from(*place).ok();
        place.and_then(|place| own.get(place)).copied().unwrap_or(Some(Rule::Fault))
    };
    let left = |place: &u32| {
        let place = usize::try_from(*place).ok();
        match place.and_then(|place| measures.get(place)) {
            Some(rest) => concentrated::of(rest, limits),
            None => Some(Rule::Fault),
        }
    };
    let all = measures.iter().zip(own).map(|(measure, own)| {
        let made = measure.measure.made.as_ref();
        let also = || made.and_then(|made| made.also.iter().find_map(of));
        own.or_else(also).or_else(|| made.and_then(|made| made.rest.iter().find_map(left)))
    });
    all.collect()
}
