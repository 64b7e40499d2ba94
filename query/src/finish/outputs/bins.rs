//! Quantiles and histograms of counts in bins.
//!
//! Noise can make a count negative, so the counts up to each edge are made ascending first: the nearest ascending ones, in the sense of
//! least squares (pool adjacent violators). Exact counts stay as they are by it. [`super::noise`] says how far noise can move a quantile.

use crate::cut::Bins;

/// The values up to the end of each bin: ascending and never negative, whatever hospitals sent.
fn cumulative(counts: &[i128]) -> Vec<f64> {
    // Stretches of edges with one mean, each with how many they are.
    let mut blocks: Vec<(f64, usize)> = Vec::with_capacity(counts.len());
    for up_to in running(counts) {
        let mut block = (up_to, 1_usize);
        while let Some((mean, many)) = blocks.last().copied().filter(|(mean, _)| *mean > block.0) {
            blocks.pop();
            block = (pooled((mean, many), block), many.saturating_add(block.1));
        }
        blocks.push(block);
    }
    let of = |(mean, many): (f64, usize)| std::iter::repeat_n(mean.max(0.0), many);
    blocks.into_iter().flat_map(of).collect()
}

/// The sums of the counts up to each.
#[expect(clippy::cast_precision_loss, reason = "counts of rows are far under 2^53")]
pub(super) fn running(counts: &[i128]) -> impl Iterator<Item = f64> {
    counts.iter().scan(0_i128, |sum, count| {
        *sum = sum.saturating_add(*count);
        Some(*sum as f64)
    })
}

#[expect(clippy::cast_precision_loss, reason = "there are at most as many as a vector has bins")]
fn pooled((one, of_one): (f64, usize), (other, of_other): (f64, usize)) -> f64 {
    let (of_one, of_other) = (of_one as f64, of_other as f64);
    one.mul_add(of_one, other * of_other) / (of_one + of_other)
}

/// A quantile, and between which values the pooled one lies if the counts are exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quantile {
    /// Interpolated in its bin.
    pub(super) value: f64,
    /// Not below this edge, or this place between two.
    pub(super) low: f64,
    /// Not above this one.
    pub(super) high: f64,
    /// How far apart two values of its bin are, if they are evenly spread.
    pub(super) step: f64,
}

impl Quantile {
    /// What lies between two values as SQL's `percentile_cont` has it, and so do the edges around them.
    fn between(self, other: Self, along: f64) -> Self {
        let mix = |low: f64, high: f64| (high - low).mul_add(along, low);
        let (low, high) = (mix(self.low, other.low), mix(self.high, other.high));
        let value = mix(self.value, other.value).clamp(low, high.max(low));
        Self { value, low, high, step: self.step.max(other.step) }
    }
}

/// A quantile by linear interpolation in its bin, between the two values that it stands between as SQL's `percentile_cont`
/// has it; `None` of no values.
pub(super) fn quantile(bins: &Bins, counts: &[i128], part: f64) -> Option<Quantile> {
    let counts = cumulative(counts);
    let values = counts.last().copied().filter(|values| *values > 0.0)?;
    let place = part * (values - 1.0).max(0.0);
    let first = place.floor();
    let low = ranked(bins, &counts, first)?;
    if place <= first {
        return Some(low);
    }
    let high = ranked(bins, &counts, first + 1.0)?;
    Some(low.between(high, place - first))
}

/// The value of a rank from 0, its bin's values evenly spread, and the bin's edges. Beyond the last value it is the last one's.
fn ranked(bins: &Bins, counts: &[f64], rank: f64) -> Option<Quantile> {
    let all = counts.last()?;
    let bin = counts.iter().position(|count| *count > rank);
    let bin = bin.or_else(|| counts.iter().position(|count| count >= all))?;
    let before = bin.checked_sub(1).and_then(|bin| counts.get(bin)).copied().unwrap_or(0.0);
    let count = counts.get(bin)? - before;
    let (start, end) = (edge(bins, bin)?, edge(bins, bin.checked_add(1)?)?);
    let along = ((rank - before + 0.5) / count).clamp(0.0, 1.0);
    let value = (end - start).mul_add(along, start);
    Some(Quantile { value, low: start, high: end, step: (end - start) / count })
}

/// An edge in the column's own unit.
#[expect(clippy::cast_precision_loss, reason = "bounds of columns are far under 2^53")]
pub(super) fn edge(bins: &Bins, at: usize) -> Option<f64> {
    let unit = 10_f64.powi(i32::from(bins.scale));
    bins.edges.get(at).map(|edge| *edge as f64 / unit)
}

/// `first..last: count` for each bin, none below 0; `None` of no values.
pub(super) fn histogram(bins: &Bins, counts: &[i128]) -> Option<String> {
    let all = counts.iter().copied().fold(0_i128, i128::saturating_add);
    if all <= 0 {
        return None;
    }
    let names = bins.named();
    let edges = names.iter().zip(names.iter().skip(1));
    let parts =
        edges.zip(counts).map(|((start, end), count)| format!("{start}..{end}: {}", count.max(&0)));
    Some(parts.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests;
