//! A small generator of numbers: SplitMix64 (Steele, Lea, Flood 2014). Not for secrets.

/// Numbers that follow from a seed and a path.
#[derive(Clone, Debug)]
pub(super) struct Rng(u64);

impl Rng {
    /// The generator of this path, e.g. hospital and patient: independent of every other path.
    #[must_use]
    pub(super) fn of(seed: u64, path: &[u64]) -> Self {
        path.iter().fold(Self(seed), |mut rng, part| Self(rng.next() ^ mix(*part)))
    }

    /// The next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number from `first` to `last`, both included; `first` where `last` is less.
    pub(super) fn range(&mut self, first: i64, last: i64) -> i64 {
        let Some(width) = last.checked_sub(first).filter(|width| *width > 0) else { return first };
        let span = u128::from(width.unsigned_abs()).saturating_add(1);
        let drawn = u128::from(self.next()).saturating_mul(span) >> 64;
        first.saturating_add(i64::try_from(drawn).unwrap_or(0))
    }

    /// True in this many of a thousand draws.
    pub(super) fn chance(&mut self, permille: i64) -> bool {
        self.range(0, 999) < permille
    }

    /// 1 in this many of a thousand draws, else 0.
    pub(super) fn flag(&mut self, permille: i64) -> i64 {
        i64::from(self.chance(permille))
    }

    /// A bell around `mean` that ends at `mean` plus or minus `reach`: the mean of four even draws.
    pub(super) fn bell(&mut self, mean: i64, reach: i64) -> i64 {
        let sum: i64 = (0..4).map(|_| self.range(-reach, reach)).sum();
        mean.saturating_add(sum / 4)
    }

    /// From `first` to `last`, small values far more often: the least of three even draws.
    pub(super) fn skewed(&mut self, first: i64, last: i64) -> i64 {
        (0..3).map(|_| self.range(first, last)).min().unwrap_or(first)
    }

    /// One of several values by weight.
    pub(super) fn pick<T: Copy + Default>(&mut self, weighted: &[(T, i64)]) -> T {
        let total: i64 = weighted.iter().map(|(_, weight)| weight).sum();
        let mut left = self.range(1, total);
        let chosen = weighted.iter().find(|(_, weight)| {
            left = left.saturating_sub(*weight);
            left <= 0
        });
        chosen.map(|(value, _)| *value).unwrap_or_default()
    }

    /// The value, or none in this many of a thousand draws.
    pub(super) fn known<T>(&mut self, value: T, permille_missing: i64) -> Option<T> {
        (!self.chance(permille_missing)).then_some(value)
    }
}

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}
