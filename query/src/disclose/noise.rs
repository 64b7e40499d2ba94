//! Keyed noise: what is added to a figure is a function of the figure's patients, their contributions and the form of the
//! question, so that repeating a question gives the same figure.
//!
//! Call sequence of `query::disclose` for one shown cell under `ask.explore`, a `noisy` part or a vector of bins:
//!
//! 1. `noise.threshold_extra(key, form)` is added to the least number of patients; a smaller cell is null.
//! 2. For each count `noise.count(&figure, variance)` is added to it; for each sum
//!    `noise.sum(&figure, variance, unit, clamped)` is the figure that may leave.
//! 3. Means, shares and spreads are made of these figures only.
//!
//! A figure is its set of patients (`key`), its contributions (`key_m`), what it is (`id`) and the normalised condition
//! (`form`). The set is of those who contribute, whatever cell the question put them in: with the cell's patients instead, moving a
//! condition between WHERE and FILTER would draw again what is the same figure in the same form. Two layers of a truncated discrete Gaussian are added: the set layer, of variance 1, does not know the form: forms
//! of one set cannot be averaged below it. The form layer, of variance 2, makes two forms of one set differ. Where a rule
//! asks for variance 4, a third layer of variance 2 is added *to* these under a label of its own: who sees a figure under both
//! rules learns no more than from the better of the two.
//!
//! Integers only: tables of 64-bit weights, symmetric (the mean is 0 exactly), variances exact to far less than 1e-6.
//! A sum's noise has steps of a sixteenth of the unit, spread evenly within each step: with steps of the unit itself the
//! remainder of the sum by the unit would leave exactly.
//!
//! Not here: thresholds, clamping, who may ask. Keyed noise is not differential privacy.

mod field;
mod prf;
mod sums;
mod table;

pub(crate) use field::Field64;
pub use prf::NoiseKey;
pub(crate) use sums::Unit;

use prf::Layer;
use table::Table;

/// A threshold is raised by 0 to this many patients.
pub(crate) const MAX_THRESHOLD_EXTRA: u32 = 4;

/// Version of what is described here, for receipts.
pub(crate) const MECHANISM: u32 = 1;

/// Furthest that a count can be moved, at [`FormVariance::Four`]: 5 by the set layer, 7 by each layer of the form. Five standard
/// deviations each: a figure so far out that it betrays the end of the range comes less than once in a million.
#[cfg(test)]
pub(crate) const MAX_COUNT_NOISE: i64 = 19;

/// Variance of what depends on the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormVariance {
    /// 2: a count has 3 in total.
    Two,
    /// 4: a count has 5 in total.
    Four,
}

impl FormVariance {
    /// The layers drawn besides the set's.
    fn layers(self) -> &'static [Layer] {
        match self {
            Self::Two => &[Layer::Form],
            Self::Four => &[Layer::Form, Layer::FormMore],
        }
    }

    /// Variance of a count, and of a sum in units.
    pub(crate) fn total(self) -> u32 {
        match self {
            Self::Two => 3,
            Self::Four => 5,
        }
    }
}

/// What a figure is. A name is the column's as the dataset declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FigureId<'a> {
    /// Patients, child keys or flags.
    Count,
    /// The sum of a column.
    Sum(&'a str),
    /// The sum of squares of a column.
    Squares(&'a str),
}

/// What noise depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure<'a> {
    /// Names the patients who contribute.
    pub(crate) key: Field64,
    /// Names them with what each contributes; where this is known, it can stand for `key` too.
    pub(crate) key_m: Field64,
    /// What the figure is.
    pub(crate) id: FigureId<'a>,
    /// The normalised condition, cell included, as canonical text.
    pub(crate) form: &'a str,
}

/// Noise under one node's key.
pub(crate) struct Noise<'k> {
    key: &'k NoiseKey,
}

impl<'k> Noise<'k> {
    /// Noise under `key`.
    pub(crate) fn new(key: &'k NoiseKey) -> Self {
        Self { key }
    }

    /// What is added to a count. The sum may be below zero and leaves so; only display clips.
    pub(crate) fn count(&self, figure: &Figure<'_>, variance: FormVariance) -> i64 {
        let draws = self.draws(figure, variance);
        draws.map(|(layer, draw)| Self::table(layer, false).steps(draw.high)).sum()
    }

    /// A sum of clamped contributions, with noise in units of the column and rounded to its resolution.
    pub(crate) fn sum(
        &self,
        figure: &Figure<'_>,
        variance: FormVariance,
        unit: Unit,
        clamped: i128,
    ) -> i128 {
        let draws = self.draws(figure, variance);
        let fine = draws
            .map(|(layer, draw)| sums::fine(Self::table(layer, true).steps(draw.high), draw.low));
        unit.release(clamped, fine.sum())
    }

    /// By how many patients the threshold of a set under a normalised condition is raised: 0 to [`MAX_THRESHOLD_EXTRA`], alike.
    /// By the set alone, two forms of one set would be shown or null together, and a figure beside a null would tell them apart.
    pub(crate) fn threshold_extra(&self, key: Field64, form: &str) -> u32 {
        let draw = self.key.draw(Layer::Threshold, &[&key.to_bytes(), form.as_bytes()]);
        let sides = u128::from(MAX_THRESHOLD_EXTRA).saturating_add(1);
        let side = u128::from(draw.high).saturating_mul(sides) >> u64::BITS;
        u32::try_from(side).unwrap_or(MAX_THRESHOLD_EXTRA)
    }

    fn draws<'a>(
        &'a self,
        figure: &'a Figure<'a>,
        variance: FormVariance,
    ) -> impl Iterator<Item = (Layer, prf::Draw)> + 'a {
        let Figure { key, key_m, id, form } = figure;
        let (key, key_m) = (key.to_bytes(), key_m.to_bytes());
        let (tag, name): (&[u8], &str) = match id {
            FigureId::Count => (b"count", ""),
            FigureId::Sum(column) => (b"sum", column),
            FigureId::Squares(column) => (b"squares", column),
        };
        let layers = std::iter::once(&Layer::Set).chain(variance.layers());
        layers.map(move |layer| {
            let form = match layer {
                Layer::Set | Layer::Threshold => "",
                Layer::Form | Layer::FormMore => form,
            };
            let inputs: [&[u8]; 5] = [&key, &key_m, tag, name.as_bytes(), form.as_bytes()];
            (*layer, self.key.draw(*layer, &inputs))
        })
    }

    fn table(layer: Layer, of_sums: bool) -> Table<'static> {
        match (layer, of_sums) {
            (Layer::Set | Layer::Threshold, false) => table::SET_COUNT,
            (Layer::Set | Layer::Threshold, true) => table::SET_SUM,
            (Layer::Form | Layer::FormMore, false) => table::FORM_COUNT,
            (Layer::Form | Layer::FormMore, true) => table::FORM_SUM,
        }
    }
}

#[cfg(test)]
mod tests;
