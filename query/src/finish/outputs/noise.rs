//! The variance of a figure that is made of sums with noise.
//!
//! Means and shares: by the delta method, to the first order, with the noise of both sums independent, which it is: they are
//! other figures of a form. Of anything else no variance is told.

use crate::cut::{Output, Primitive};
use crate::finish::bounds::Bound;
use crate::finish::merge::{Group, Noise};

/// What is known of a figure for its noise; `None` where it has none.
pub(in crate::finish) fn bound(
    output: &Output,
    primitives: &[Primitive],
    group: &Group,
) -> Option<Bound> {
    let places = || super::places(output);
    places().find(|place| group.noise(*place) != Noise::None)?;
    let variance = variance(output, primitives, group);
    let variance = variance.filter(|variance| variance.is_finite());
    Some(Bound::Noisy { variance, count: matches!(output, Output::Count(_)) })
}

fn variance(output: &Output, primitives: &[Primitive], group: &Group) -> Option<f64> {
    let of = |place: usize| match group.noise(place) {
        Noise::None => Some(0.0),
        Noise::Of(variance) => variance,
    };
    let unit = |place: usize| {
        let sum: &Primitive = primitives.get(place)?;
        Some(10_f64.powi(-2 * i32::from(sum.scale)))
    };
    match output {
        Output::Count(place) => of(*place),
        Output::Sum { sum, values: _, data_type: _ } => Some(of(*sum)? * unit(*sum)?),
        Output::Average { sum, values, data_type: _ } => {
            let ratio = ratio(group, *sum, *values)?;
            let (above, below) = (of(*sum)?, of(*values)?);
            Some((above + ratio.value.powi(2) * below) / ratio.below.powi(2) * unit(*sum)?)
        }
        Output::Share { part, whole, figure: crate::cut::ShareFigure::Share } => {
            let ratio = ratio(group, *part, *whole)?;
            Some((of(*part)? + ratio.value.powi(2) * of(*whole)?) / ratio.below.powi(2))
        }
        Output::Share { .. }
        | Output::Spread { .. }
        | Output::Pair(..)
        | Output::Present(_)
        | Output::Quantile(..)
        | Output::Histogram(_) => None,
    }
}

struct Ratio {
    value: f64,
    below: f64,
}

#[expect(clippy::cast_precision_loss, reason = "a variance is told to a few digits")]
fn ratio(group: &Group, above: usize, below: usize) -> Option<Ratio> {
    let at = |place: usize| group.sums.get(place).map(|sum| *sum as f64);
    let below = at(below).filter(|below| *below > 0.0)?;
    Some(Ratio { value: at(above)? / below, below })
}
