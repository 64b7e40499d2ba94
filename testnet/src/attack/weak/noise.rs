//! What a weak mechanism makes of a cell: who is hidden, and what is added to counts.

use policies::Digest;
use policies::footprint::{FragmentFootprint, SumFootprint};

use super::cells::{Raw, Released};
use crate::attack::world::World;
use crate::differential::dice::Dice;

/// The threshold of every mechanism.
const LEAST: u64 = 10;
/// No noise is larger.
const MOST: i64 = 9;
/// Elements of the field of record keys.
const MODULUS: u64 = 0xffff_ffff_0000_0001;

/// A way to release cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mechanism {
    /// Cells of 10 patients or more, exact.
    Threshold,
    /// Cells of 10 rows or more, exact.
    Rows,
    /// With noise of variance 2 that is drawn anew each time.
    Fresh,
    /// With noise of variance 2 that follows from the true figure.
    Value,
    /// With noise of variance 2 that follows from the set of patients alone.
    Set,
    /// With noise of variance 2 whose draw is the sum of the patients' keys, modulo 1.
    Sum,
    /// With noise of the set (variance 1) and of the form (variance 2), without memory.
    Keyed,
}

impl Mechanism {
    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Threshold => "threshold only",
            Self::Rows => "threshold on rows",
            Self::Fresh => "fresh noise",
            Self::Value => "noise keyed by value",
            Self::Set => "set-keyed noise alone",
            Self::Sum => "noise of summed keys",
            Self::Keyed => "keyed noise, no memory",
        }
    }

    /// The released cells.
    pub(super) fn release(
        self,
        raw: &Raw,
        fragment: &FragmentFootprint,
        dice: &mut Dice,
        world: &World,
    ) -> anyhow::Result<Released> {
        let forms = self.forms(fragment, world)?;
        let cell = |at: usize| -> Option<Vec<i128>> {
            let patients = raw.n.get(at).copied()?;
            let shown = match self {
                Self::Rows => rows(raw, fragment, at).unwrap_or(patients) >= LEAST,
                Self::Threshold
                | Self::Fresh
                | Self::Value
                | Self::Set
                | Self::Sum
                | Self::Keyed => patients >= LEAST,
            };
            let sums = fragment.sums.iter().zip(&raw.sums).enumerate();
            let noisy = sums.map(|(place, (sum, (_, values)))| {
                let value = values.get(at).copied()?;
                let form = forms.get(at).and_then(|cell| cell.get(place));
                let noise = match counts(fragment, sum) {
                    true => self.noise((raw, at), sum, (value, form), dice)?,
                    false => 0,
                };
                Some((value + i128::from(noise)).max(0))
            });
            shown.then(|| noisy.collect::<Option<Vec<i128>>>()).flatten()
        };
        Ok((0..raw.n.len()).map(cell).collect())
    }

    fn noise(
        self,
        (raw, at): (&Raw, usize),
        sum: &SumFootprint,
        (value, form): (i128, Option<&String>),
        dice: &mut Dice,
    ) -> Option<i64> {
        let key = raw.keys.get(at).copied()?;
        let measure = usize::try_from(sum.measure).ok()?;
        let of = raw.measure_keys.get(measure)?.get(at).copied()?;
        Some(match self {
            Self::Threshold | Self::Rows => 0,
            Self::Fresh => bell(fraction(dice), 2.0),
            Self::Value => bell(uniform(&format!("value {value}")), 2.0),
            Self::Set => bell(uniform(&format!("set {key} {of}")), 2.0),
            Self::Sum => bell(share(of), 2.0),
            Self::Keyed => {
                let form = form.map_or("", String::as_str);
                bell(uniform(&format!("set {key} {of}")), 1.0)
                    + bell(uniform(&format!("form {key} {of} {form}")), 2.0)
            }
        })
    }

    /// The canonical text of every figure of every cell, where the noise is drawn by it.
    fn forms(
        self,
        fragment: &FragmentFootprint,
        world: &World,
    ) -> anyhow::Result<Vec<Vec<String>>> {
        if self != Self::Keyed {
            return Ok(Vec::new());
        }
        super::super::forms::of(fragment, world)
    }
}

/// Whether a sum counts something.
fn counts(fragment: &FragmentFootprint, sum: &SumFootprint) -> bool {
    let measure = usize::try_from(sum.measure).ok().and_then(|at| fragment.measures.get(at));
    sum.kind.is_count() || measure.is_some_and(|measure| measure.kind.is_count_like())
}

/// The rows of a cell, if they are counted.
fn rows(raw: &Raw, fragment: &FragmentFootprint, at: usize) -> Option<u64> {
    let place = fragment.sums.iter().position(|sum| sum.kind.is_count())?;
    u64::try_from(raw.sums.get(place)?.1.get(at).copied()?).ok()
}

/// A number from 0 to 1 that follows from a text.
fn uniform(text: &str) -> f64 {
    let digest = Digest::of(format!("testnet attack {text}").as_bytes());
    let mut number = 0_u32;
    for byte in digest.as_bytes().iter().take(4) {
        number = (number << 8) | u32::from(*byte);
    }
    f64::from(number) / f64::from(u32::MAX)
}

fn fraction(dice: &mut Dice) -> f64 {
    let steps = 1 << 24;
    crate::attack::figures::float(dice.roll(steps)) / crate::attack::figures::float(steps)
}

/// A key as a share of all keys.
fn share(key: u64) -> f64 {
    let high = |number: u64| f64::from(u32::try_from(number >> 32).unwrap_or(u32::MAX));
    high(key) / high(MODULUS)
}

/// The discrete Gaussian of this variance, cut at [`MOST`], by its inverse.
pub(crate) fn bell(uniform: f64, variance: f64) -> i64 {
    let weight = |e: i64| {
        let e = f64::from(i32::try_from(e).unwrap_or(i32::MAX));
        (-e * e / (2.0 * variance)).exp()
    };
    let all: f64 = (-MOST..=MOST).map(weight).sum();
    let mut left = uniform * all;
    for e in -MOST..MOST {
        left -= weight(e);
        if left < 0.0 {
            return e;
        }
    }
    MOST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bell_has_its_variance() {
        let draws: Vec<f64> = (0..20_000)
            .map(|at| f64::from(i32::try_from(bell(f64::from(at) / 20_000.0, 2.0)).unwrap()))
            .collect();
        let variance = draws.iter().map(|e| e * e).sum::<f64>() / 20_000.0;
        assert!((variance - 2.0).abs() < 0.02, "{variance}");
    }
}
