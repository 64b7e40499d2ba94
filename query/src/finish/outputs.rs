//! Aggregates from merged sums, in the types that the engine's own aggregates would give.
//!
//! Everything is exact until the last step: variance is `(n Σx² - (Σx)²) / (n (n-1))` in 256-bit integers, so nothing is
//! lost to cancellation. NULL where SQL says NULL: no values, or one value for a sample's spread.

use arrow::datatypes::{DataType, i256};
use datafusion::common::ScalarValue;

use super::FinishError;
use super::bounds::Bound;
use super::merge::Group;
use crate::cut::{Linear, Output, Pair, ShareFigure};
use crate::disclose::Band;

mod bins;
mod figures;
pub(super) mod noise;

use figures::PairSums;

/// The value of an aggregate over one group.
pub(super) fn value(output: &Output, sums: &[i128]) -> Result<ScalarValue, FinishError> {
    let at = |place: &usize| sums.get(*place).copied().ok_or(FinishError::Failed);
    let all = |linear: &Linear| added(linear, sums);
    let scale = |linear: &Linear| i32::from(linear.scale);
    match output {
        Output::Count(place) => {
            let count = i64::try_from(at(place)?).map_err(|_large| FinishError::Overflow)?;
            Ok(ScalarValue::Int64(Some(count)))
        }
        // Counts with noise can be 0 or less of some values.
        Output::Sum { sum, values, data_type } => match at(values)? {
            ..=0 => null(data_type),
            _ => total(all(sum)?, scale(sum), data_type),
        },
        Output::Average { sum, values, data_type } => match at(values)? {
            ..=0 => null(data_type),
            count => average(all(sum)?, count, scale(sum), data_type),
        },
        Output::Pair(pair, figure) => {
            let sums = PairSums {
                values: at(&pair.values)?,
                x: all(&pair.x)?,
                y: all(&pair.y)?,
                xx: all(&pair.xx)?,
                yy: all(&pair.yy)?,
                xy: all(&pair.xy)?,
                scales: (scale(&pair.x), scale(&pair.y), scale(&pair.xy)),
            };
            Ok(ScalarValue::Float64(figures::pair(&sums, *figure)?))
        }
        Output::Share { part, whole, figure } => {
            Ok(ScalarValue::Float64(figures::share(at(part)?, at(whole)?, *figure)))
        }
        Output::Quantile(bins, part) => {
            let counts = bins.counts.iter().map(at).collect::<Result<Vec<_>, _>>()?;
            let quantile = bins::quantile(bins, &counts, *part);
            Ok(ScalarValue::Float64(quantile.map(|quantile| quantile.value)))
        }
        Output::Histogram(bins) => {
            let counts = bins.counts.iter().map(at).collect::<Result<Vec<_>, _>>()?;
            Ok(ScalarValue::Utf8(bins::histogram(bins, &counts)))
        }
        Output::Present(places) => {
            let counts = places.iter().map(at).collect::<Result<Vec<_>, _>>()?;
            let present = counts.iter().filter(|count| **count > 0).count();
            Ok(ScalarValue::Int64(i64::try_from(present).ok()))
        }
        Output::Spread { sum, squares, values, sample, root } => {
            let spread = variance(all(sum)?, all(squares)?, at(values)?, *sample)?;
            let unit = 10_f64.powi(scale(sum).saturating_mul(-2));
            let spread = spread.map(|spread| spread * unit);
            Ok(ScalarValue::Float64(
                spread.map(|spread| if *root { spread.sqrt() } else { spread }),
            ))
        }
    }
}

/// The sums that an aggregate is made of.
pub(super) fn places(output: &Output) -> impl Iterator<Item = usize> {
    fn of<const N: usize>(sums: [&Linear; N], values: usize) -> Vec<usize> {
        let terms = sums.into_iter().flat_map(|sum| &sum.terms);
        terms.map(|(place, _)| *place).chain([values]).collect()
    }
    match output {
        Output::Count(place) => vec![*place],
        Output::Sum { sum, values, data_type: _ }
        | Output::Average { sum, values, data_type: _ } => of([sum], *values),
        Output::Spread { sum, squares, values, sample: _, root: _ } => of([sum, squares], *values),
        Output::Pair(Pair { values, x, y, xx, yy, xy }, _figure) => of([x, y, xx, yy, xy], *values),
        Output::Share { part, whole, figure: _ } => vec![*part, *whole],
        Output::Present(places) => places.clone(),
        Output::Quantile(bins, _) | Output::Histogram(bins) => bins.counts.clone(),
    }
    .into_iter()
}

/// The band of an aggregate that is one part, or the share of one in the whole.
pub(super) fn band(output: &Output, group: &Group) -> Option<Band> {
    let one = |linear: &Linear| match linear.terms.as_slice() {
        [(place, 1)] => group.band(*place),
        _several => None,
    };
    match output {
        Output::Count(place) => group.band(*place),
        Output::Sum { sum, .. } | Output::Average { sum, .. } => one(sum),
        Output::Share { part, whole: _, figure: ShareFigure::Share } => group.band(*part),
        Output::Share { .. }
        | Output::Spread { .. }
        | Output::Pair(..)
        | Output::Present(_)
        | Output::Quantile(..)
        | Output::Histogram(_) => None,
    }
}

/// What is known of the value of an aggregate of exact figures: all but quantiles are exact.
pub(super) fn bound(output: &Output, sums: &[i128]) -> Result<Bound, FinishError> {
    let Output::Quantile(bins, part) = output else { return Ok(Bound::Exact) };
    let at = |place: &usize| sums.get(*place).copied().ok_or(FinishError::Failed);
    let counts = bins.counts.iter().map(at).collect::<Result<Vec<_>, _>>()?;
    let quantile = bins::quantile(bins, &counts, *part);
    Ok(quantile.map_or(Bound::Exact, |known| Bound::Within { low: known.low, high: known.high }))
}

/// Multiples of sums, added up.
fn added(linear: &Linear, sums: &[i128]) -> Result<i128, FinishError> {
    linear.terms.iter().try_fold(0_i128, |all, (place, factor)| {
        let sum = sums.get(*place).ok_or(FinishError::Failed)?;
        let multiple = sum.checked_mul(*factor).ok_or(FinishError::Overflow)?;
        all.checked_add(multiple).ok_or(FinishError::Overflow)
    })
}

/// NULL of a type.
pub(super) fn null(data_type: &DataType) -> Result<ScalarValue, FinishError> {
    ScalarValue::try_from(data_type).map_err(|_engine| FinishError::Failed)
}

#[expect(clippy::cast_precision_loss, reason = "a float is asked for; rounded to nearest")]
fn float(value: i128, scale: i32) -> f64 {
    value as f64 / 10_f64.powi(scale)
}

fn decimal(value: i128, precision: u8, scale: i8) -> Result<ScalarValue, FinishError> {
    let limit = 10_i128.checked_pow(u32::from(precision)).ok_or(FinishError::Failed)?;
    if value.unsigned_abs() >= limit.unsigned_abs() {
        return Err(FinishError::Overflow);
    }
    Ok(ScalarValue::Decimal128(Some(value), precision, scale))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is refused"
)]
fn total(sum: i128, scale: i32, data_type: &DataType) -> Result<ScalarValue, FinishError> {
    match data_type {
        DataType::Int64 => {
            let sum = i64::try_from(sum).map_err(|_large| FinishError::Overflow)?;
            Ok(ScalarValue::Int64(Some(sum)))
        }
        DataType::Decimal128(precision, digits) if i32::from(*digits) == scale => {
            decimal(sum, *precision, *digits)
        }
        DataType::Float64 => Ok(ScalarValue::Float64(Some(float(sum, scale)))),
        _ => Err(FinishError::Failed),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is refused"
)]
fn average(
    sum: i128,
    count: i128,
    scale: i32,
    data_type: &DataType,
) -> Result<ScalarValue, FinishError> {
    match data_type {
        #[expect(clippy::cast_precision_loss, reason = "a count of rows is far under 2^53")]
        DataType::Float64 => Ok(ScalarValue::Float64(Some(float(sum, scale) / count as f64))),
        DataType::Decimal128(precision, digits) => {
            let shift = i32::from(*digits).checked_sub(scale).ok_or(FinishError::Failed)?;
            let shift = u32::try_from(shift).map_err(|_negative| FinishError::Failed)?;
            let factor = 10_i128.checked_pow(shift).ok_or(FinishError::Overflow)?;
            let scaled = sum.checked_mul(factor).ok_or(FinishError::Overflow)?;
            let mean = scaled.checked_div(count).ok_or(FinishError::Failed)?;
            decimal(mean, *precision, *digits)
        }
        _ => Err(FinishError::Failed),
    }
}

/// Variance in squared units of the sum's scale; `None` of too few values.
fn variance(
    sum: i128,
    squares: i128,
    count: i128,
    sample: bool,
) -> Result<Option<f64>, FinishError> {
    let divisor = if sample { count.saturating_sub(1) } else { count };
    if count <= 0 || divisor <= 0 {
        return Ok(None);
    }
    let wide = i256::from_i128;
    let left = wide(count).checked_mul(wide(squares)).ok_or(FinishError::Overflow)?;
    let right = wide(sum).checked_mul(wide(sum)).ok_or(FinishError::Overflow)?;
    let above = left.checked_sub(right).ok_or(FinishError::Overflow)?;
    let below = wide(count).checked_mul(wide(divisor)).ok_or(FinishError::Overflow)?;
    if above.is_negative() {
        return Err(FinishError::Failed);
    }
    Ok(Some(wide_float(above)? / wide_float(below)?))
}

/// The nearest float: by its digits, which rounds correctly.
fn wide_float(value: i256) -> Result<f64, FinishError> {
    value.to_string().parse().map_err(|_float| FinishError::Failed)
}

#[cfg(test)]
mod tests;
