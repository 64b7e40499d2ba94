//! Record keys: a secret number for each patient. The sum of those of a set names the set without telling who is in it.
//!
//! They are numbers of the field with 2^64 - 2^32 + 1 elements, so sums over disjoint sets add up. A patient's contribution to a
//! measure has a key too: the record key itself for the contribution 1, so that counts of the same patients have the same
//! key, and else a hash of record key and contribution. Nothing here is ever shown, logged or released: the node makes
//! noise of keys with a secret of its own.
//!
//! A contribution also has a *mark*, by which a memory sees whether the same patients contribute the same as before: the
//! record key times one less than twice the contribution, which for 1 is the record key itself too. Two lists of
//! contributions that differ, of whatever patients, have the same sum of marks for one choice of record keys in 2^64, and who asks
//! knows none of them. A mark is a multiplication; a hash takes fifty times as long, for every patient and measure of an
//! exact answer. No noise is made of marks (decision 39).
//!
//! **The hash** is one block of SHA-256 over a domain, the record key and the contribution, all of fixed length. Who asks chooses
//! measures, and so the contributions, knows no record key and sees no key. What would help is two measures whose keys are
//! equal although contributions differ, because equal keys have equal noise: with a hash that is linear in the contribution,
//! contributions could be chosen so that the differences cancel. SHA-256 of a secret and fixed-length text has no such
//! structure to find, and one block costs less than HMAC's four.

use std::fmt;

use policies::Digest;
use sha2::Digest as _;

/// The number of elements of the field, a prime.
const MODULUS: u64 = 0xffff_ffff_0000_0001;
/// The same, to take remainders of.
const WIDE: u128 = MODULUS as u128;
/// 2^64 less the modulus.
const WRAP: u64 = 0xffff_ffff;
/// What a contribution's hash begins with: with 24 bytes more it is one block.
const DOMAIN: &[u8; 20] = b"kring contribution/1";

/// A patient's secret number, or a sum of such.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RecordKey(u64);

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl RecordKey {
    /// The element of this number, if it is one.
    pub(crate) fn new(number: u64) -> Option<Self> {
        (number < MODULUS).then_some(Self(number))
    }

    /// Its number.
    pub(crate) fn get(self) -> u64 {
        self.0
    }

    /// The sum of both.
    #[must_use]
    pub(crate) fn plus(self, other: Self) -> Self {
        let (sum, beyond) = self.0.overflowing_add(other.0);
        if beyond {
            return Self(sum.wrapping_add(WRAP));
        }
        Self(if sum >= MODULUS { sum.wrapping_sub(MODULUS) } else { sum })
    }

    /// What is left of this after another.
    #[must_use]
    pub(crate) fn minus(self, other: Self) -> Self {
        match other.0 {
            0 => self,
            other => self.plus(Self(MODULUS.wrapping_sub(other))),
        }
    }

    /// The element that a whole number is.
    pub(crate) fn reduced(number: i128) -> Self {
        let size = Self::reduced_sum(number.unsigned_abs());
        if number < 0 { Self::default().minus(size) } else { size }
    }

    /// The element that a sum of elements is.
    pub(crate) fn reduced_sum(sum: u128) -> Self {
        let element = sum.checked_rem(WIDE).and_then(|rest| u64::try_from(rest).ok());
        Self(element.unwrap_or_default())
    }

    /// The mark of a contribution of the patient whose record key this is.
    pub(crate) fn mark(self, contribution: i128) -> Self {
        let times = Self::reduced(contribution);
        let odd = times.plus(times).minus(Self(1));
        Self::reduced_sum(u128::from(self.0).wrapping_mul(u128::from(odd.0)))
    }

    /// An element of 32 uniform bytes, each as likely as any other: words that are no element are passed over, all four of them
    /// once in 2^128.
    pub(crate) fn of_uniform(bytes: &[u8; 32]) -> Self {
        let (words, _none) = bytes.as_chunks::<8>();
        let mut elements = words.iter().filter_map(|word| Self::new(u64::from_be_bytes(*word)));
        elements.next().unwrap_or_default()
    }

    /// The key of a contribution of the patient whose record key this is.
    pub(crate) fn of_contribution(self, contribution: i128) -> Self {
        if contribution == 1 {
            return self;
        }
        let mut hasher = sha2::Sha256::new();
        hasher.update(DOMAIN);
        hasher.update(self.0.to_be_bytes());
        hasher.update(contribution.to_be_bytes());
        Self::of_uniform(&hasher.finalize().into())
    }
}

/// The record keys of a snapshot.
pub(crate) struct RecordKeys {
    /// Digest of the file that they are from.
    sealed: Digest,
    /// Numbers of patients, ascending.
    patients: Vec<u32>,
    keys: Vec<RecordKey>,
}

impl fmt::Debug for RecordKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordKeys").field("sealed", &self.sealed).finish_non_exhaustive()
    }
}

impl PartialEq for RecordKeys {
    fn eq(&self, other: &Self) -> bool {
        self.sealed == other.sealed
    }
}

impl Eq for RecordKeys {}

impl std::hash::Hash for RecordKeys {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.sealed.hash(state);
    }
}

impl RecordKeys {
    /// The keys of patients by ascending number; none if numbers do not ascend or a number is no key.
    pub(crate) fn new(sealed: Digest, rows: impl Iterator<Item = (u32, u64)>) -> Option<Self> {
        let (mut patients, mut keys) = (Vec::new(), Vec::new());
        for (patient, number) in rows {
            if patients.last().is_some_and(|last| *last >= patient) {
                return None;
            }
            patients.push(patient);
            keys.push(RecordKey::new(number)?);
        }
        Some(Self { sealed, patients, keys })
    }

    /// The key of a patient.
    pub(crate) fn of(&self, patient: u32) -> Option<RecordKey> {
        // Numbers are given one after the other, so where nobody left a patient is as far from the first as its number.
        let first = self.patients.first()?;
        let near = usize::try_from(patient.checked_sub(*first)?).ok()?;
        let place = match self.patients.get(near) {
            Some(there) if *there == patient => near,
            Some(_) | None => self.patients.binary_search(&patient).ok()?,
        };
        self.keys.get(place).copied()
    }

    /// Bytes held, roughly.
    pub(crate) fn size(&self) -> usize {
        self.patients.len().saturating_mul(size_of::<u32>().saturating_add(size_of::<RecordKey>()))
    }
}

#[cfg(test)]
mod tests;
