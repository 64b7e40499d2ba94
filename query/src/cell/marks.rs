//! Sums of the marks of contributions, group by group.
//!
//! A mark is linear in the contribution, so it is not reduced patient by patient: as long as contributions have 64 bits, and all of
//! them together have too, record keys times contributions add up in 128 bits.

use crate::record::RecordKey;

/// The marks of one group, added up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    /// Record keys times contributions.
    times: i128,
    /// Record keys.
    keys: u128,
    /// Marks that were reduced one by one.
    reduced: RecordKey,
}

impl Marks {
    /// Adds the mark of a contribution; the absolute values of all that are added here fit 63 bits together.
    #[inline]
    pub(super) fn add(&mut self, key: RecordKey, contribution: i64) {
        let product = i128::from(key.get()).wrapping_mul(i128::from(contribution));
        self.times = self.times.wrapping_add(product);
        self.keys = self.keys.wrapping_add(u128::from(key.get()));
    }

    /// Adds the mark of any contribution.
    pub(super) fn add_wide(&mut self, key: RecordKey, contribution: i128) {
        self.reduced = self.reduced.plus(key.mark(contribution));
    }

    /// The sum.
    pub(super) fn sum(&self) -> RecordKey {
        let times = RecordKey::reduced(self.times);
        let keys = RecordKey::reduced_sum(self.keys);
        times.plus(times).minus(keys).plus(self.reduced)
    }
}
