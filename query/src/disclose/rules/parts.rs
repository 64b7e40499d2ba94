//! R2: parts of a cell that hold a few patients, or all but a few.
//!
//! A part is the contributors of a measure where they are not all patients of the cell. It is small if it, or what it leaves,
//! holds someone and fewer than the limit. So is the later of two parts of which one holds a few patients more than the
//! other: their difference would be a part of that size. Where patients have several rows, a part also leaves rows of those who
//! are in it: it is small if these are a few patients' rows. Measures of one condition and argument have the same fate, whether they
//! count or add, and so have the rows of pairs and the sums of both values.

use policies::Limits;
use policies::footprint::MeasureKind;

use super::Rule;
use crate::receive::Contribution;

/// For each measure of a cell of `n` patients, whether its part is small.
pub(super) fn small(n: u64, measures: &[Contribution<'_>], limits: &Limits) -> Vec<Option<Rule>> {
    let least = limits.least_part();
    if least == 0 {
        return vec![None; measures.len()];
    }
    let own = (0..measures.len()).map(|at| own(n, measures, at, limits));
    let own: Vec<Option<Rule>> = own.collect();
    let same = |of: &Contribution<'_>| {
        let mut known = measures.iter().zip(&own);
        known.find_map(|(other, rule)| {
            let alike = of.measure.has_contributors_of(other.measure) || counts_them(other, of);
            rule.filter(|_rule| alike)
        })
    };
    measures.iter().map(same).collect()
}

/// Whether one measure counts the rows of a condition under which another adds, of as many patients: the rows of pairs, which all
/// have both values.
pub(in crate::disclose) fn counts_them(rows: &Contribution<'_>, sum: &Contribution<'_>) -> bool {
    let (rows_of, sum_of) = (rows.measure, sum.measure);
    rows_of.kind == MeasureKind::Rows
        && rows_of.argument.is_none()
        && rows_of.condition == sum_of.condition
        && rows.n == sum.n
}

/// Why the measure at a place is hidden for itself, or for one before it.
fn own(n: u64, measures: &[Contribution<'_>], at: usize, limits: &Limits) -> Option<Rule> {
    let least = limits.least_part();
    let few = |patients: u64| 0 < patients && patients < least;
    let measure = measures.get(at)?;
    if limits.complement && measure.rest.is_some_and(few) {
        return Some(Rule::SmallPart);
    }
    if measure.n >= n {
        return None;
    }
    if few(measure.n) || limits.complement && few(n.saturating_sub(measure.n)) {
        return Some(Rule::SmallPart);
    }
    // What one part has and another has not is some of what the other leaves.
    if !limits.complement || !measure.measure.kind.is_count_like() {
        return None;
    }
    let earlier = measures.iter().take(at);
    let parts = earlier.filter(|other| other.measure.kind.is_count_like() && other.n < n);
    parts.map(|other| difference(measure, other, &few)).find(Option::is_some).flatten()
}

/// Whether one of two parts holds a few patients that the other does not.
fn difference(
    a: &Contribution<'_>,
    b: &Contribution<'_>,
    few: &impl Fn(u64) -> bool,
) -> Option<Rule> {
    let (Some(patients), Some(others)) = (a.patients, b.patients) else {
        return Some(Rule::Fault);
    };
    let common = patients.intersection_len(others);
    let differs = few(a.n.saturating_sub(common)) || few(b.n.saturating_sub(common));
    differs.then_some(Rule::SmallPart)
}
