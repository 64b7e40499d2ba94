//! Figures of a cell that would tell one that is null: the whole less its complement.
//!
//! Where figures `a` and `b` under two conditions add up to the same figure `w` without one, any two of them tell the third: if one is
//! null, both parts are. Whether they add up is seen in figures and patients: who asks knows it from the text. R2 hides
//! complements of small parts by itself; this is for what the other rules hide, and for a whole that lacks a few patients.

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
        if self.value.checked_add(other.value) != Some(whole.value) {
            return false;
        }
        match (self.of.patients, other.of.patients) {
            (Some(own), Some(others)) => own.union_len(others) == whole.of.n,
            (None, _) | (_, None) => self.of.n.saturating_add(other.of.n) >= whole.of.n,
        }
    }

    fn is_whole(&self) -> bool {
        self.of.measure.condition.is_none()
    }
}

/// Hides the parts of hidden figures, their complements, and theirs.
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
            shown && !b.is_whole() && completes((*at, b), &figures, hidden)
        });
        let Some((at, _)) = found else { return };
        if let Some(hidden) = hidden.get_mut(at) {
            *hidden = Some(Rule::GivenAway);
        }
    }
}

/// Whether a figure and another add up to one without a condition, and one of these two is hidden.
fn completes(
    (at, b): (usize, &Figure<'_>),
    figures: &[Figure<'_>],
    hidden: &[Option<Rule>],
) -> bool {
    let is_gone = |at: usize| hidden.get(at).is_some_and(Option::is_some);
    let like = || figures.iter().enumerate().filter(|(_, other)| other.is_like(b));
    let wholes = like().filter(|(_, whole)| whole.is_whole());
    wholes.into_iter().any(|(of, whole)| {
        let mut parts = like().filter(|(part, a)| *part != at && !a.is_whole());
        parts.any(|(part, a)| (is_gone(part) || is_gone(of)) && b.completes(a, whole))
    })
}
