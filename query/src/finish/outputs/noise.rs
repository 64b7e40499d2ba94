//! The variance of a figure that is made of sums with noise.
//!
//! Means and shares: by the delta method, to the first order, with the noise of both sums independent, which it is: they are
//! other figures of a form. Of anything else no variance is told.

use crate::cut::{Linear, Output, ShareFigure};
use crate::finish::bounds::Bound;
use crate::finish::merge::{Group, Noise};

/// What is known of a figure for its noise; `None` where it has none.
pub(in crate::finish) fn bound(output: &Output, group: &Group) -> Option<Bound> {
    super::places(output).find(|place| group.noise(*place) != Noise::None)?;
    let variance = variance(output, group).filter(|variance| variance.is_finite());
    Some(Bound::Noisy { variance, count: matches!(output, Output::Count(_)) })
}

fn variance(output: &Output, group: &Group) -> Option<f64> {
    match output {
        Output::Count(place) => of(group, *place),
        Output::Sum { sum, values: _, data_type: _ } => Some(of_all(group, sum)? * unit(sum)),
        Output::Average { sum, values, data_type: _ } => {
            let ratio = ratio(group, super::added(sum, &group.sums).ok()?, *values)?;
            let (above, below) = (of_all(group, sum)?, of(group, *values)?);
            Some((above + ratio.value.powi(2) * below) / ratio.below.powi(2) * unit(sum))
        }
        Output::Share { part, whole, figure: ShareFigure::Share } => {
            let ratio = ratio(group, *group.sums.get(*part)?, *whole)?;
            let (above, below) = (of(group, *part)?, of(group, *whole)?);
            Some((above + ratio.value.powi(2) * below) / ratio.below.powi(2))
        }
        Output::Share { .. }
        | Output::Spread { .. }
        | Output::Pair(..)
        | Output::Present(_)
        | Output::Quantile(..)
        | Output::Histogram(_) => None,
    }
}

/// Variance of a sum, in units of its last digit.
fn of(group: &Group, place: usize) -> Option<f64> {
    match group.noise(place) {
        Noise::None => Some(0.0),
        Noise::Of(variance) => variance,
    }
}

/// The same of multiples of sums, added up.
#[expect(clippy::cast_precision_loss, reason = "a variance is told to a few digits")]
fn of_all(group: &Group, linear: &Linear) -> Option<f64> {
    let term =
        |(place, factor): &(usize, i128)| Some((*factor as f64).powi(2) * of(group, *place)?);
    linear.terms.iter().map(term).sum()
}

/// The square of what the last digit of a sum is worth.
fn unit(linear: &Linear) -> f64 {
    10_f64.powi(-2 * i32::from(linear.scale))
}

struct Ratio {
    value: f64,
    below: f64,
}

#[expect(clippy::cast_precision_loss, reason = "a variance is told to a few digits")]
fn ratio(group: &Group, above: i128, below: usize) -> Option<Ratio> {
    let below = group.sums.get(below).map(|sum| *sum as f64).filter(|below| *below > 0.0)?;
    Some(Ratio { value: above as f64 / below, below })
}
