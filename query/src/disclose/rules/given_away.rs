//! Figures of a cell that would tell one that is null: the whole less its complement.
//!
//! Where a figure `a` under a condition is null, and `b` under another condition adds up with it to the same figure `w` without
//! one, `w - b` would be `a`, so `b` is null too. Whether they add up is seen in figures and patients: who asks knows it from the
//! text. R2 hides complements of small parts by itself; this is for what the other rules hide.

use policies::footprint::SumFootprint;

use super::Rule;
use crate::receive::{Contribution, RawCell};

/// One sum with its value and what it is of.
struct Figure<'a> {
    sum: &'a SumFootprint,
    of: Contribution<'a>,
    value: i128,
}

impl Figure<'_> {
    /// Whether both are the same figure but for the condition.
    fn is_like(&self, other: &Self) -> bool {
        self.sum.kind == other.sum.kind
            && self.of.measure.kind == other.of.measure.kind
            && self.of.measure.argument == other.of.measure.argument
    }

    /// Whether this and another can be a whole: in figures and in patients.
    fn completes(&self, other: &Self, whole: &Self) -> bool {
        let patients = match (self.of.patients, other.of.patients) {
            (Some(own), Some(others)) => own.union_len(others) == whole.of.n,
            (None, _) | (_, None) => self.of.n.saturating_add(other.of.n) >= whole.of.n,
        };
        patients && self.value.checked_add(other.value) == Some(whole.value)
    }

    fn is_whole(&self) -> bool {
        self.of.measure.condition.is_none()
    }
}

/// Hides the complements of hidden figures, and theirs.
pub(super) fn add(
    cell: RawCell<'_>,
    measures: &[Contribution<'_>],
    sums: &[SumFootprint],
    hidden: &mut [Option<Rule>],
) {
    let figures = cell.sums().zip(sums).map(|(value, sum)| {
        let of = measures.get(usize::try_from(sum.measure).ok()?)?;
        Some(Figure { sum, of: *of, value })
    });
    let Some(figures) = figures.collect::<Option<Vec<_>>>() else { return };
    loop {
        let found = figures.iter().enumerate().find(|(at, b)| {
            let shown = hidden.get(*at).is_some_and(Option::is_none);
            shown && !b.is_whole() && completes(b, &figures, hidden)
        });
        let Some((at, _)) = found else { return };
        if let Some(hidden) = hidden.get_mut(at) {
            *hidden = Some(Rule::GivenAway);
        }
    }
}

/// Whether a figure and a hidden one add up to one without a condition.
fn completes(b: &Figure<'_>, figures: &[Figure<'_>], hidden: &[Option<Rule>]) -> bool {
    let gone = figures.iter().zip(hidden).filter(|(_, rule)| rule.is_some());
    let mut parts = gone.map(|(a, _)| a).filter(|a| !a.is_whole() && a.is_like(b));
    parts.any(|a| {
        let mut wholes = figures.iter().filter(|w| w.is_whole() && w.is_like(b));
        wholes.any(|whole| b.completes(a, whole))
    })
}
