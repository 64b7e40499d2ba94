//! R3: nobody or everybody, where the values of a sensitive column decide who.
//!
//! A part that holds nobody, or all patients of the cell, tells what is sensitive of each of them; so does the later of two parts
//! that hold the same patients, where a sensitive value is what tells the two apart: nobody lies between them. They are null
//! wherever a part of a few patients would be (R2), so that a null does not say that it is not zero. Columns that no board
//! marked are not looked at, nor how values are spread: that all have the same number is not seen.

use policies::Limits;
use policies::footprint::{FragmentFootprint, MeasureFootprint};
use policies::protections::{Protections, Zeros};

use super::Rule;
use crate::receive::Contribution;

/// For each measure of a cell of `n` patients, whether it is null for this.
pub(super) fn alike(n: u64, measures: &[Contribution<'_>], limits: &Limits) -> Vec<Option<Rule>> {
    let off = limits.least_part() == 0;
    let of = |at: usize, measure: &Contribution<'_>| {
        if off || !measure.measure.kind.is_exact() {
            return None;
        }
        if measure.n == 0 || measure.n >= n {
            return (!measure.measure.sensitive.is_nothing()).then_some(Rule::Everyone);
        }
        let earlier = measures.iter().take(at).filter(|other| other.measure.kind.is_exact());
        earlier.map(|other| same(measure, other)).find(Option::is_some).flatten()
    };
    let own: Vec<Option<Rule>> =
        measures.iter().enumerate().map(|(at, of_it)| of(at, of_it)).collect();
    // A sum is hidden with the count of what it adds.
    let with = |measure: &Contribution<'_>| {
        let mut others = measures.iter().zip(&own);
        others.find_map(|(other, rule)| {
            rule.filter(|_rule| measure.measure.has_contributors_of(other.measure))
        })
    };
    measures.iter().map(with).collect()
}

/// Why a measure is null if it has the patients of one before it.
fn same(measure: &Contribution<'_>, other: &Contribution<'_>) -> Option<Rule> {
    if measure.n != other.n || !apart(measure.measure, other.measure) {
        return None;
    }
    if !measure.measure.kind.is_count_like() || !other.measure.kind.is_count_like() {
        return None;
    }
    let (Some(patients), Some(others)) = (measure.patients, other.patients) else {
        return Some(Rule::Fault);
    };
    (patients == others).then_some(Rule::Everyone)
}

/// Whether sensitive values tell two measures apart.
fn apart(one: &MeasureFootprint, other: &MeasureFootprint) -> bool {
    let (own, others) = (one.sensitive, other.sensitive);
    let conditions = one.condition != other.condition && (own.condition || others.condition);
    conditions || !one.has_contributors_of(other) && (own.argument || others.argument)
}

/// The protections of a fragment: an empty cell is not shown where sensitive values decide who is in it.
pub(in crate::disclose) fn of_cells(
    fragment: &FragmentFootprint,
    protections: &Protections,
    limits: &Limits,
) -> Protections {
    let mut own = *protections;
    if fragment.sensitive && limits.least_part() > 0 {
        own.zeros = Zeros::Hidden;
    }
    own
}
