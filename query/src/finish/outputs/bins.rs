//! Quantiles and histograms of cumulative counts.

use crate::cut::Bins;

/// The values below each inner edge, then all: made ascending, whatever hospitals sent.
fn cumulative(below: &[i128], values: i128) -> Vec<i128> {
    let mut most = 0;
    let ascending = below.iter().map(|count| {
        most = (*count).clamp(most, values.max(most));
        most
    });
    let mut counts: Vec<i128> = ascending.collect();
    counts.push(values);
    counts
}

/// A quantile, and between which values the pooled one lies for certain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quantile {
    /// Interpolated in its bin.
    pub(super) value: f64,
    /// Not below this edge, or this place between two.
    pub(super) low: f64,
    /// Not above this one.
    pub(super) high: f64,
}

impl Quantile {
    /// What lies between two values as SQL's `percentile_cont` has it, and so do the edges around them.
    fn between(self, other: Self, along: f64) -> Self {
        let mix = |low: f64, high: f64| (high - low).mul_add(along, low);
        let (low, high) = (mix(self.low, other.low), mix(self.high, other.high));
        Self { value: mix(self.value, other.value).clamp(low, high.max(low)), low, high }
    }
}

/// A quantile by linear interpolation in its bin, between the two values that it stands between as SQL's `percentile_cont`
/// has it; `None` of no values.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "counts of rows are far under 2^53"
)]
pub(super) fn quantile(bins: &Bins, below: &[i128], values: i128, part: f64) -> Option<Quantile> {
    if values <= 0 {
        return None;
    }
    let counts = cumulative(below, values);
    let place = part * (values as f64 - 1.0);
    let first = place.floor();
    let low = ranked(bins, &counts, first as i128)?;
    if place <= first {
        return Some(low);
    }
    let high = ranked(bins, &counts, first as i128 + 1)?;
    Some(low.between(high, place - first))
}

/// The value of a rank from 0, its bin's values evenly spread, and the bin's edges.
#[expect(clippy::cast_precision_loss, reason = "counts of rows are far under 2^53")]
fn ranked(bins: &Bins, counts: &[i128], rank: i128) -> Option<Quantile> {
    let bin = counts.iter().position(|count| *count > rank)?;
    let before = bin.checked_sub(1).and_then(|bin| counts.get(bin)).copied().unwrap_or(0);
    let count = counts.get(bin)?.checked_sub(before)?;
    let edge = |at: usize| bins.edges.get(at).map(|edge| *edge as f64);
    let (start, end) = (edge(bin)?, edge(bin.checked_add(1)?)?);
    let along = (rank.checked_sub(before)? as f64 + 0.5) / count as f64;
    let unit = 10_f64.powi(i32::from(bins.scale));
    let value = (end - start).mul_add(along, start) / unit;
    Some(Quantile { value, low: start / unit, high: end / unit })
}

/// `first..last: count` for each bin; `None` of no values.
pub(super) fn histogram(bins: &Bins, below: &[i128], values: i128) -> Option<String> {
    if values <= 0 {
        return None;
    }
    let mut before = 0;
    let names = bins.named();
    let edges = names.iter().zip(names.iter().skip(1));
    let parts = edges.zip(cumulative(below, values)).map(|((start, end), count)| {
        let own = count.saturating_sub(before);
        before = count;
        format!("{start}..{end}: {own}")
    });
    Some(parts.collect::<Vec<_>>().join(", "))
}
