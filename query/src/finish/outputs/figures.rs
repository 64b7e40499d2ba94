//! Figures of pairs and shares, exact until the last step.

use arrow::datatypes::i256;

use super::super::FinishError;
use super::wide_float;
use crate::cut::{PairFigure, ShareFigure};

/// The 97.5 % quantile of the normal distribution.
pub(super) const Z: f64 = 1.959_963_984_540_054;

/// Sums over the rows where both values are, in units of their scales.
pub(super) struct PairSums {
    pub(super) values: i128,
    pub(super) x: i128,
    pub(super) y: i128,
    pub(super) xx: i128,
    pub(super) yy: i128,
    pub(super) xy: i128,
    /// Digits behind the point of x, y and the product.
    pub(super) scales: (i32, i32, i32),
}

fn multiplied(a: i256, b: i256) -> Result<i256, FinishError> {
    a.checked_mul(b).ok_or(FinishError::Overflow)
}

fn minus(a: i256, b: i256) -> Result<i256, FinishError> {
    a.checked_sub(b).ok_or(FinishError::Overflow)
}

/// A figure of pairs; `None` where SQL says NULL.
///
/// With `Sxx = n Σx² - (Σx)²` and so on, all integers: covariance is `Sxy / n²`, the slope `Sxy / Sxx`, the correlation
/// `Sxy / sqrt(Sxx Syy)`.
pub(super) fn pair(sums: &PairSums, figure: PairFigure) -> Result<Option<f64>, FinishError> {
    let (x_scale, y_scale, product_scale) = sums.scales;
    let shift = x_scale.saturating_add(y_scale).saturating_sub(product_scale);
    let shift = u32::try_from(shift).map_err(|_negative| FinishError::Failed)?;
    let unit = i256::from_i128(10_i128.checked_pow(shift).ok_or(FinishError::Failed)?);
    let wide = i256::from_i128;
    let (n, x, y) = (wide(sums.values), wide(sums.x), wide(sums.y));
    let xy = multiplied(wide(sums.xy), unit)?;
    if sums.values <= 0 {
        return Ok(None);
    }
    let sxx = minus(multiplied(n, wide(sums.xx))?, multiplied(x, x)?)?;
    let syy = minus(multiplied(n, wide(sums.yy))?, multiplied(y, y)?)?;
    let sxy = minus(multiplied(n, xy)?, multiplied(x, y)?)?;
    let flat = |spread: i256| spread == i256::ZERO;
    let count = wide_float(n)?;
    let tens = |digits: i32| 10_f64.powi(digits);
    let product_unit = tens(x_scale.saturating_add(y_scale).saturating_neg());
    Ok(match figure {
        PairFigure::Covariance { sample } => {
            let divisor = if sample { sums.values.saturating_sub(1) } else { sums.values };
            if divisor == 0 {
                return Ok(None);
            }
            let divisor = multiplied(n, wide(divisor))?;
            Some(wide_float(sxy)? / wide_float(divisor)? * product_unit)
        }
        PairFigure::Correlation if flat(sxx) || flat(syy) => None,
        PairFigure::Correlation => {
            Some(wide_float(sxy)? / wide_float(sxx)?.sqrt() / wide_float(syy)?.sqrt())
        }
        PairFigure::Slope | PairFigure::Intercept | PairFigure::Determination if flat(sxx) => None,
        PairFigure::Slope => {
            let slope = wide_float(sxy)? / wide_float(sxx)?;
            Some(slope * tens(x_scale.saturating_sub(y_scale)))
        }
        PairFigure::Intercept => {
            let above = minus(multiplied(y, wide(sums.xx))?, multiplied(x, xy)?)?;
            Some(wide_float(above)? / wide_float(sxx)? * tens(y_scale.saturating_neg()))
        }
        PairFigure::Determination if flat(syy) => Some(1.0),
        PairFigure::Determination => {
            let sxy = wide_float(sxy)?;
            Some(sxy / wide_float(sxx)? * (sxy / wide_float(syy)?))
        }
        PairFigure::SumXx => Some(wide_float(sxx)? / count * tens(x_scale.saturating_mul(-2))),
        PairFigure::SumYy => Some(wide_float(syy)? / count * tens(y_scale.saturating_mul(-2))),
        PairFigure::SumXy => Some(wide_float(sxy)? / count * product_unit),
    })
}

/// A share of `part` in `whole`, or an end of its interval (Wilson 1927).
#[expect(clippy::cast_precision_loss, reason = "counts of rows are far under 2^53")]
pub(super) fn share(part: i128, whole: i128, figure: ShareFigure) -> Option<f64> {
    if whole <= 0 {
        return None;
    }
    let n = whole as f64;
    // With noise a part can be less than nothing, or more than all.
    let p = part.clamp(0, whole) as f64 / n;
    let square = Z * Z;
    let middle = p + square / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + square / (4.0 * n * n)).sqrt();
    let scale = 1.0 + square / n;
    Some(match figure {
        ShareFigure::Share => p,
        ShareFigure::Low => ((middle - half) / scale).max(0.0),
        ShareFigure::High => ((middle + half) / scale).min(1.0),
    })
}
