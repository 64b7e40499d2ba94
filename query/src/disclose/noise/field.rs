//! The field of keys: integers modulo 2^64 - 2^32 + 1.
//!
//! Keys of patients add up to the key of a set in any order and over any partition; only addition is needed.

/// The modulus.
const MODULUS: u64 = 0xffff_ffff_0000_0001;
/// What a carry out of 64 bits is worth: 2^64 modulo the modulus.
#[cfg(test)]
const CARRY: u64 = 0xffff_ffff;

/// A number from 0 to the modulus - 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Field64(u64);

impl Field64 {
    /// Nobody's key.
    #[cfg(test)]
    pub(crate) const ZERO: Self = Self(0);

    /// A number that is already reduced.
    pub(crate) fn new(value: u64) -> Option<Self> {
        (value < MODULUS).then_some(Self(value))
    }

    /// A uniform element of a uniform digest: the first of its four 64-bit numbers that is below the modulus. A number is not
    /// with probability 2^-32; if none is (2^-128), the last is reduced.
    #[cfg(test)]
    pub(crate) fn of_digest(digest: &[u8; 32]) -> Self {
        let mut last = 0;
        for word in digest.as_chunks::<8>().0 {
            last = u64::from_le_bytes(*word);
            if let Some(found) = Self::new(last) {
                return found;
            }
        }
        Self(last.wrapping_sub(MODULUS))
    }

    /// The number.
    #[cfg(test)]
    pub(crate) fn get(self) -> u64 {
        self.0
    }

    /// Eight bytes, least first.
    pub(crate) fn to_bytes(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }

    /// The sum.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn plus(self, other: Self) -> Self {
        let (sum, carried) = self.0.overflowing_add(other.0);
        if carried {
            // Both are below the modulus, so sum + CARRY is too.
            return Self(sum.wrapping_add(CARRY));
        }
        Self(sum.checked_sub(MODULUS).unwrap_or(sum))
    }
}

#[cfg(test)]
impl std::iter::Sum for Field64 {
    fn sum<I: Iterator<Item = Self>>(keys: I) -> Self {
        keys.fold(Self::ZERO, Self::plus)
    }
}
