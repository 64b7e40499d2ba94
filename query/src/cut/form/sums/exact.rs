//! Exact decimal factors.

use datafusion::common::ScalarValue;

/// A number with digits behind the point, without zeros at its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::cut) struct Exact {
    units: i128,
    scale: u8,
}

impl Exact {
    pub(in crate::cut) const ZERO: Self = Self { units: 0, scale: 0 };
    pub(in crate::cut) const ONE: Self = Self { units: 1, scale: 0 };
    pub(in crate::cut) const MINUS_ONE: Self = Self { units: -1, scale: 0 };

    fn new(mut units: i128, mut scale: u8) -> Self {
        while scale > 0 && units % 10 == 0 {
            units /= 10;
            scale -= 1;
        }
        Self { units, scale }
    }

    /// A whole or decimal constant.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the engine's enum: what is not listed is not exact"
    )]
    pub(in crate::cut) fn of(value: &ScalarValue) -> Option<Self> {
        match value {
            ScalarValue::Int64(Some(value)) => Some(Self::new(i128::from(*value), 0)),
            ScalarValue::Int32(Some(value)) => Some(Self::new(i128::from(*value), 0)),
            ScalarValue::Int16(Some(value)) => Some(Self::new(i128::from(*value), 0)),
            ScalarValue::Decimal128(Some(units), _, scale) => {
                Some(Self::new(*units, u8::try_from(*scale).ok()?))
            }
            _ => None,
        }
    }

    /// Digits behind the point.
    pub(in crate::cut) fn scale(self) -> u8 {
        self.scale
    }

    pub(in crate::cut) fn times(self, other: Self) -> Option<Self> {
        let scale = self.scale.checked_add(other.scale)?;
        Some(Self::new(self.units.checked_mul(other.units)?, scale))
    }

    pub(in crate::cut) fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let (one, other) = (self.at(scale)?, other.at(scale)?);
        Some(Self::new(one.checked_add(other)?, scale))
    }

    /// One by it, if that has at most nine digits behind the point.
    pub(in crate::cut) fn inverse(self) -> Option<Self> {
        (self.units != 0).then_some(())?;
        (0..=9_u8).find_map(|digits| {
            let ten = 10_i128.checked_pow(u32::from(self.scale.checked_add(digits)?))?;
            (ten.checked_rem(self.units)? == 0)
                .then(|| ten.checked_div(self.units))?
                .map(|units| Self::new(units, digits))
        })
    }

    fn at(self, scale: u8) -> Option<i128> {
        let more = scale.checked_sub(self.scale)?;
        self.units.checked_mul(10_i128.checked_pow(u32::from(more))?)
    }

    /// How many units of `scale` it makes of a unit of `own`, if a whole number.
    pub(in crate::cut) fn units(self, scale: u8, own: u8) -> Option<i64> {
        if self.units == 0 {
            return Some(0);
        }
        i64::try_from(self.multiple(scale, own)?).ok()
    }

    /// As [`Self::units`], of any size.
    pub(in crate::cut) fn multiple(self, scale: u8, own: u8) -> Option<i128> {
        self.at(scale.checked_sub(own)?)
    }
}
