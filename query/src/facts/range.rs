//! Interval arithmetic: which values a number can have, from declared bounds alone.
//!
//! Exact for integers and decimals, a magnitude for floats. Nothing here looks at data, so a text is refused or
//! accepted for everyone alike.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;

/// The values that an expression can have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Range {
    /// From `lo` to `hi`, in units of 10^-scale.
    Exact { lo: i128, hi: i128, scale: i8 },
    /// A float no further from 0 than `most`, and if not 0 then at least `least` from it.
    Float { most: f64, least: f64 },
    /// No number.
    Other,
}

/// A float's range; what is not known for certain has no bound.
fn float(most: f64, least: f64) -> Range {
    let most = if most.is_nan() { f64::INFINITY } else { most };
    let least = if least.is_finite() { least } else { 0.0 };
    Range::Float { most, least }
}

/// The greatest power of ten that fits.
fn pow10(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

#[expect(clippy::cast_precision_loss, reason = "a magnitude, rounded up by the caller")]
fn magnitude(lo: i128, hi: i128, scale: i8) -> f64 {
    let most = lo.unsigned_abs().max(hi.unsigned_abs()) as f64;
    most * 10_f64.powi(-i32::from(scale))
}

impl Range {
    /// One integer or decimal interval.
    pub(crate) fn exact(lo: i128, hi: i128, scale: i8) -> Self {
        Self::Exact { lo, hi, scale }
    }

    /// Every value of a type.
    pub(crate) fn full(data_type: &DataType) -> Self {
        match Self::limits(data_type) {
            Some((lo, hi, scale)) => Self::Exact { lo, hi, scale },
            None if data_type.is_floating() => Self::Float { most: f64::INFINITY, least: 0.0 },
            None => Self::Other,
        }
    }

    /// Least and greatest value and scale of an exact type.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the engine's enum: what is not listed is refused"
    )]
    fn limits(data_type: &DataType) -> Option<(i128, i128, i8)> {
        let integer = |lo: i64, hi: i64| Some((i128::from(lo), i128::from(hi), 0));
        if let DataType::Decimal128(precision, scale) = data_type {
            let hi = pow10(u32::from(*precision))?.checked_sub(1)?;
            return Some((hi.checked_neg()?, hi, *scale));
        }
        match data_type {
            DataType::Int8 => integer(i8::MIN.into(), i8::MAX.into()),
            DataType::Int16 => integer(i16::MIN.into(), i16::MAX.into()),
            DataType::Int32 => integer(i32::MIN.into(), i32::MAX.into()),
            DataType::Int64 => integer(i64::MIN, i64::MAX),
            DataType::UInt8 => Some((0, u8::MAX.into(), 0)),
            DataType::UInt16 => Some((0, u16::MAX.into(), 0)),
            DataType::UInt32 => Some((0, u32::MAX.into(), 0)),
            DataType::UInt64 => Some((0, u64::MAX.into(), 0)),
            _ => None,
        }
    }

    /// The one value of a literal.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the engine's enum: what is not listed is refused"
    )]
    pub(crate) fn literal(value: &ScalarValue) -> Self {
        let exact = |value: i128, scale| Self::exact(value, value, scale);
        match value {
            ScalarValue::Int8(Some(v)) => exact(i128::from(*v), 0),
            ScalarValue::Int16(Some(v)) => exact(i128::from(*v), 0),
            ScalarValue::Int32(Some(v)) => exact(i128::from(*v), 0),
            ScalarValue::Int64(Some(v)) => exact(i128::from(*v), 0),
            ScalarValue::Decimal128(Some(v), _, scale) => exact(*v, *scale),
            ScalarValue::Float64(Some(v)) => float(v.abs(), v.abs()),
            ScalarValue::Float32(Some(v)) => {
                let v = f64::from(v.abs());
                float(v, v)
            }
            other if other.is_null() => Self::none(&other.data_type()),
            other => Self::full(&other.data_type()),
        }
    }

    /// The range of NULL: no value, so the neutral element of [`Self::or`].
    fn none(data_type: &DataType) -> Self {
        match Self::limits(data_type) {
            Some((_, _, scale)) => Self::exact(0, 0, scale),
            None if data_type.is_floating() => Self::Float { most: 0.0, least: 0.0 },
            None => Self::Other,
        }
    }

    /// Whether every value fits the type.
    pub(crate) fn fits(self, data_type: &DataType) -> bool {
        match (self, Self::limits(data_type)) {
            (Self::Exact { lo, hi, scale }, Some((least, most, wanted))) => {
                scale == wanted && lo >= least && hi <= most
            }
            (Self::Float { .. }, None) => data_type.is_floating(),
            (Self::Other, None) => true,
            (Self::Exact { .. } | Self::Float { .. } | Self::Other, _) => false,
        }
    }

    /// Whether every value is a whole number between these.
    pub(crate) fn is_within(self, least: i128, most: i128) -> bool {
        matches!(self, Self::Exact { lo, hi, scale: 0 } if lo >= least && hi <= most)
    }

    /// The greatest distance from 0, as a float.
    pub(crate) fn most(self) -> f64 {
        match self {
            Self::Exact { lo, hi, scale } => magnitude(lo, hi, scale),
            Self::Float { most, .. } => most,
            Self::Other => f64::INFINITY,
        }
    }

    /// The greatest distance from 0 in units of the scale.
    pub(crate) fn units(self) -> Option<u128> {
        match self {
            Self::Exact { lo, hi, .. } => Some(lo.unsigned_abs().max(hi.unsigned_abs())),
            Self::Float { .. } | Self::Other => None,
        }
    }

    /// Values of either.
    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Exact { lo, hi, scale }, Self::Exact { lo: lo2, hi: hi2, scale: scale2 })
                if scale == scale2 =>
            {
                Self::exact(lo.min(lo2), hi.max(hi2), scale)
            }
            (Self::Float { most, least }, Self::Float { most: most2, least: least2 }) => {
                Self::Float { most: most.max(most2), least: least.min(least2) }
            }
            (Self::Exact { .. } | Self::Float { .. } | Self::Other, _) => Self::Other,
        }
    }

    /// The values with their sign turned.
    pub(crate) fn negated(self) -> Option<Self> {
        match self {
            Self::Exact { lo, hi, scale } => {
                Some(Self::exact(hi.checked_neg()?, lo.checked_neg()?, scale))
            }
            Self::Float { .. } | Self::Other => Some(self),
        }
    }

    /// The distances from 0.
    pub(crate) fn absolute(self) -> Option<Self> {
        match self {
            Self::Exact { lo, hi, scale } => {
                let most = i128::try_from(lo.unsigned_abs().max(hi.unsigned_abs())).ok()?;
                let least = if lo <= 0 && hi >= 0 { 0 } else { lo.abs().min(hi.abs()) };
                Some(Self::exact(least, most, scale))
            }
            Self::Float { .. } | Self::Other => Some(self),
        }
    }

    /// The range after rounding, up or down, to whole units of a scale that is no finer.
    pub(crate) fn rounded(self, scale: i8) -> Option<Self> {
        let Self::Exact { lo, hi, scale: own } = self else { return Some(self) };
        Some(Self::exact(rescale(lo, own, scale)?, rescale(hi, own, scale)?, scale))
    }

    /// Whether every value is one of an exact type, where digits behind the point may be lost.
    pub(crate) fn fits_rounded(self, to: &DataType) -> bool {
        let (Self::Exact { .. }, Some((_, _, scale))) = (self, Self::limits(to)) else {
            return true;
        };
        self.rounded(scale).is_some_and(|range| range.fits(to))
    }

    /// The range after a cast. A cast that does not fit gives NULL, so the type's limits hold in any case.
    pub(crate) fn cast(self, to: &DataType) -> Self {
        let full = Self::full(to);
        match (self, full) {
            (Self::Exact { lo, hi, scale }, Self::Exact { lo: least, hi: most, scale: wanted }) => {
                match (rescale(lo, scale, wanted), rescale(hi, scale, wanted)) {
                    (Some(lo), Some(hi)) => {
                        Self::exact(lo.clamp(least, most), hi.clamp(least, most), wanted)
                    }
                    _ => full,
                }
            }
            (Self::Exact { lo, hi, scale }, Self::Float { .. }) => Self::Float {
                most: magnitude(lo, hi, scale),
                least: 10_f64.powi(-i32::from(scale)),
            },
            (Self::Float { .. }, Self::Float { .. }) => self,
            _ => full,
        }
    }

    /// The range of a decimal quotient at a scale. The engine widens the dividend to that scale first.
    pub(crate) fn quotient(self, divisor: Self, scale: i8) -> Option<Self> {
        let (Self::Exact { scale: own, .. }, Self::Exact { scale: other, .. }) = (self, divisor)
        else {
            return None;
        };
        let digits = i32::from(scale) - i32::from(own) + i32::from(other);
        let wider = pow10(u32::try_from(digits).ok()?)?;
        let most = i128::try_from(self.units()?).ok()?.checked_mul(wider)?;
        Some(Self::exact(most.checked_neg()?, most, scale))
    }

    /// The range of `self op other`; `None` where it cannot be bounded.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the engine's enum: what is not listed is refused"
    )]
    pub(crate) fn arithmetic(self, operator: Operator, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Exact { scale: left, .. }, Self::Exact { scale: right, .. }) => {
                exact_arithmetic(self, operator, other, (left, right))
            }
            (Self::Float { most: m1, least: l1 }, Self::Float { most: m2, least: l2 }) => {
                match operator {
                    Operator::Plus | Operator::Minus => Some(float(m1 + m2, 0.0)),
                    Operator::Multiply => Some(float(m1 * m2, l1 * l2)),
                    // What may be infinite may be no number afterwards.
                    Operator::Divide | Operator::Modulo if !m1.is_finite() || !m2.is_finite() => {
                        Some(float(f64::INFINITY, 0.0))
                    }
                    Operator::Divide if l2 > 0.0 => {
                        Some(float(m1 / l2, if m2 > 0.0 { l1 / m2 } else { 0.0 }))
                    }
                    Operator::Divide => Some(float(f64::INFINITY, 0.0)),
                    Operator::Modulo => Some(float(m1.min(m2), 0.0)),
                    _ => None,
                }
            }
            (Self::Exact { .. } | Self::Float { .. } | Self::Other, _) => None,
        }
    }
}

/// Rounds away from 0 where digits are lost, so bounds only widen.
fn rescale(value: i128, from: i8, to: i8) -> Option<i128> {
    let shift = i32::from(to).checked_sub(i32::from(from))?;
    let factor = pow10(shift.unsigned_abs())?;
    if shift >= 0 {
        return value.checked_mul(factor);
    }
    let exact = value.checked_rem(factor)? == 0;
    value.checked_div(factor)?.checked_add(if exact { 0 } else { value.signum() })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is refused"
)]
fn exact_arithmetic(
    left: Range,
    operator: Operator,
    right: Range,
    scales: (i8, i8),
) -> Option<Range> {
    let Range::Exact { lo, hi, .. } = left else { return None };
    let Range::Exact { lo: lo2, hi: hi2, .. } = right else { return None };
    let scale = scales.0.max(scales.1);
    let align = |value, from| rescale(value, from, scale);
    match operator {
        Operator::Plus => Some(Range::exact(
            align(lo, scales.0)?.checked_add(align(lo2, scales.1)?)?,
            align(hi, scales.0)?.checked_add(align(hi2, scales.1)?)?,
            scale,
        )),
        Operator::Minus => Some(Range::exact(
            align(lo, scales.0)?.checked_sub(align(hi2, scales.1)?)?,
            align(hi, scales.0)?.checked_sub(align(lo2, scales.1)?)?,
            scale,
        )),
        Operator::Multiply => {
            let corners = [
                lo.checked_mul(lo2)?,
                lo.checked_mul(hi2)?,
                hi.checked_mul(lo2)?,
                hi.checked_mul(hi2)?,
            ];
            let (lo, hi) = (corners.iter().min()?, corners.iter().max()?);
            Some(Range::exact(*lo, *hi, scales.0.checked_add(scales.1)?))
        }
        Operator::Divide if scales == (0, 0) && lo2 == hi2 && lo2 > 0 => {
            Some(Range::exact(lo.checked_div(lo2)?, hi.checked_div(lo2)?, 0))
        }
        Operator::Divide if scales == (0, 0) => {
            let most = lo.checked_abs()?.max(hi.checked_abs()?);
            Some(Range::exact(most.checked_neg()?, most, 0))
        }
        Operator::Modulo if scales == (0, 0) => {
            let most = lo2.checked_abs()?.max(hi2.checked_abs()?);
            let most = most.min(lo.checked_abs()?.max(hi.checked_abs()?));
            Some(Range::exact(if lo < 0 { most.checked_neg()? } else { 0 }, most, 0))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
