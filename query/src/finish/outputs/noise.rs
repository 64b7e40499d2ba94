//! The variance of a figure that is made of sums with noise.
//!
//! Means and shares: by the delta method, to the first order, with the noise of both sums independent, which it is: they are
//! other figures of a form. Of a quantile there is an interval besides ([`quantile`]), and of a histogram the largest variance of its
//! counts. Of anything else no variance is told.

use super::bins;
use super::figures::Z;
use crate::cut::{Bins, Linear, Output, ShareFigure};
use crate::finish::bounds::Bound;
use crate::finish::merge::{Group, Noise};

/// What is known of a figure for its noise; `None` where it has none.
pub(in crate::finish) fn bound(output: &Output, group: &Group) -> Option<Bound> {
    super::places(output).find(|place| group.noise(*place) != Noise::None)?;
    if let Output::Quantile(bins, part) = output {
        return Some(quantile(bins, *part, group));
    }
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
        | Output::Quantile(..) => None,
        Output::Histogram(bins) => {
            let all = bins.counts.iter().map(|place| of(group, *place));
            all.collect::<Option<Vec<_>>>().map(|all| all.into_iter().fold(0.0, f64::max))
        }
    }
}

/// A quantile of counts with noise: where the pooled one lies in 19 of 20 cases, bins and noise together.
///
/// With `q` of the values up to an edge the quantile is there. Of each edge it is known how many more than that lie up to it, with a
/// variance: the counts up to it go in with `1 - q`, those beyond with `q`. The interval ends at the first edge up to which there are
/// more for certain, and begins at the last up to which there are fewer.
fn quantile(bins: &Bins, part: f64, group: &Group) -> Bound {
    let counts = bins.counts.iter().map(|place| group.sums.get(*place).copied());
    let variances = bins.counts.iter().map(|place| of(group, *place));
    let both = counts.collect::<Option<Vec<_>>>().zip(variances.collect::<Option<Vec<f64>>>());
    let found = both.and_then(|(counts, variances)| {
        let known = bins::quantile(bins, &counts, part)?;
        let around = around(bins, part, (&counts, &variances))?;
        Some((known, around))
    });
    let Some((known, (low, high, variance))) = found else {
        return Bound::Noisy { variance: None, count: false };
    };
    Bound::Likely {
        low: low.min(known.value),
        high: high.max(known.value),
        variance: Some(variance * known.step.powi(2)).filter(|variance| variance.is_finite()),
    }
}

/// The ends of a quantile's interval, and the variance of its rank.
fn around(
    bins: &Bins,
    part: f64,
    (counts, variances): (&[i128], &[f64]),
) -> Option<(f64, f64, f64)> {
    let up_to: Vec<f64> = bins::running(counts).collect();
    let (all, noise) = (*up_to.last()?, variances.iter().sum::<f64>());
    let inner = 1..counts.len();
    let (mut low, mut high) = (bins::edge(bins, 0)?, bins::edge(bins, counts.len())?);
    let mut known = 0.0;
    let mut least = noise * part.powi(2);
    let mut ended = false;
    for at in inner {
        let before = at.checked_sub(1)?;
        known += variances.get(before)?;
        let variance = (1.0 - part).powi(2) * known + part.powi(2) * (noise - known);
        let (more, far) = (part.mul_add(-all, *up_to.get(before)?), Z * variance.sqrt());
        if more <= -far {
            low = bins::edge(bins, at)?;
        } else if more >= far && !ended {
            high = bins::edge(bins, at)?;
            ended = true;
        }
        if more <= 0.0 {
            least = variance;
        }
    }
    Some((low.min(high), high.max(low), least))
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
