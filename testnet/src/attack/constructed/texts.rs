//! The texts.

use super::Way;
use crate::attack::figures::float;
use crate::attack::world::Patient;

/// Patients.
pub(super) const PATIENTS: &str = "patient p";
/// Visits with their patients.
pub(super) const VISITS: &str = "visit v JOIN patient p ON p.patient_key = v.patient_key";

fn target(patients: &[&Patient]) -> Option<f64> {
    let found = patients.iter().find(|patient| patient.is_target())?;
    usize::try_from(found.y).ok().map(float)
}

fn column(patients: &[&Patient], of: fn(&Patient) -> i64) -> Vec<f64> {
    patients.iter().filter_map(|patient| usize::try_from(of(patient)).ok()).map(float).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / float(values.len().max(1))
}

/// The mean square, less the square of the mean: what R6 hides in groups of ten.
fn variance(patients: &[&Patient]) -> Option<f64> {
    let values = column(patients, |patient| patient.y);
    let squares: Vec<f64> = values.iter().map(|y| y * y).collect();
    Some(mean(&squares) - mean(&values) * mean(&values))
}

fn covariance(patients: &[&Patient]) -> Option<f64> {
    let (y, m) = (column(patients, |patient| patient.y), column(patients, |patient| patient.m[1]));
    let products: Vec<f64> = y.iter().zip(&m).map(|(y, m)| y * m).collect();
    Some(mean(&products) - mean(&y) * mean(&m))
}

/// The dose of the one visit of kind 3.
fn dose(patients: &[&Patient]) -> Option<f64> {
    let visits = patients.iter().flat_map(|patient| &patient.visits);
    let (_, dose) = visits.into_iter().find(|(kind, _)| *kind == 3)?;
    usize::try_from(*dose).ok().map(float)
}

fn first(figures: &[f64]) -> f64 {
    figures.first().copied().unwrap_or(f64::NAN)
}

fn at(figures: &[f64], place: usize) -> f64 {
    figures.get(place).copied().unwrap_or(f64::NAN)
}

fn difference(figures: &[f64]) -> f64 {
    at(figures, 0) - at(figures, 1)
}

const fn way(
    name: &'static str,
    figures: &'static [&'static str],
    solve: fn(&[f64]) -> f64,
    secret: fn(&[&Patient]) -> Option<f64>,
) -> Way {
    Way { name, figures, solve, secret }
}

/// A13: `y` of the target, and spreads of small groups.
pub(super) const VECTORS: &[Way] = &[
    way("one-hot", &["sum(p.y * (CASE WHEN p.mark = 9 THEN 1 ELSE 0 END))"], first, target),
    way("CASE", &["sum(CASE WHEN p.mark = 9 THEN p.y ELSE 0 END)"], first, target),
    way("CASE without ELSE", &["sum(CASE WHEN p.mark = 9 THEN p.y END)"], first, target),
    way("FILTER", &["sum(p.y) FILTER (WHERE p.mark = 9)"], first, target),
    way("all but one", &["sum(p.y)", "sum(p.y) FILTER (WHERE p.mark <> 9)"], difference, target),
    way(
        "all but one by CASE",
        &["sum(p.y)", "sum(CASE WHEN p.mark = 9 THEN 0 ELSE p.y END)"],
        difference,
        target,
    ),
    way(
        "all but one by a measure",
        &["sum(p.y)", "sum(p.y) FILTER (WHERE p.m1 < 90)"],
        difference,
        target,
    ),
    way(
        "twice",
        &["sum(CASE WHEN p.mark = 9 THEN 2 * p.y ELSE p.y END)", "sum(p.y)"],
        difference,
        target,
    ),
    way(
        "offset",
        &[
            "sum(CASE WHEN p.mark = 9 THEN p.y + 7 ELSE p.y END)",
            "sum(CASE WHEN p.mark = 9 THEN 7 ELSE p.y END)",
        ],
        difference,
        target,
    ),
    way("integer division", &["sum(p.y * (p.m1 / 90))"], first, target),
    way(
        "weight",
        &["sum(p.y + 1000 * p.y * (p.m1 / 90))", "sum(p.y)"],
        |f| difference(f) / 1000.0,
        target,
    ),
    way(
        "square of a sum",
        &["sum((p.y + 1000 * (p.m1 / 90)) * (p.y + 1000 * (p.m1 / 90)))", "sum(p.y * p.y)"],
        |f| (difference(f) - 1_000_000.0) / 2000.0,
        target,
    ),
    way(
        "covariance",
        &["covar_pop(p.y, p.m1 / 90)", "avg(p.y)", "count(*)"],
        |f| at(f, 0) * at(f, 2) + at(f, 1),
        target,
    ),
    way(
        "slope",
        &["regr_slope(p.y, p.m1 / 90)", "avg(p.y)", "count(*)"],
        |f| at(f, 0) * (at(f, 2) - 1.0) / at(f, 2) + at(f, 1),
        target,
    ),
    way(
        "greatest",
        &["sum(greatest(p.y, 100 * (p.m1 / 90)))", "sum(greatest(p.y, 0))"],
        |f| 100.0 - difference(f),
        target,
    ),
    way(
        "spread by squares",
        &["avg(p.y * p.y)", "avg(p.y)"],
        |f| at(f, 0) - at(f, 1) * at(f, 1),
        variance,
    ),
    way(
        "covariance by products",
        &["avg(p.y * p.m2)", "avg(p.y)", "avg(p.m2)"],
        |f| at(f, 0) - at(f, 1) * at(f, 2),
        covariance,
    ),
];

/// A27: the dose of one row of a patient who has others.
pub(super) const ROWS: &[Way] = &[
    way(
        "all but one row",
        &["sum(v.dose)", "sum(v.dose) FILTER (WHERE v.kind <> 3)"],
        difference,
        dose,
    ),
    way(
        "two parts",
        &["sum(v.dose) FILTER (WHERE v.kind IN (1, 3))", "sum(v.dose) FILTER (WHERE v.kind = 1)"],
        difference,
        dose,
    ),
    way(
        "a zero",
        &["sum(v.dose)", "sum(CASE WHEN v.kind = 3 THEN 0 ELSE v.dose END)"],
        difference,
        dose,
    ),
    way("only that row", &["sum(CASE WHEN v.kind = 3 THEN v.dose ELSE 0 END)"], first, dose),
    way(
        "twice",
        &["sum(CASE WHEN v.kind = 3 THEN 2 * v.dose ELSE v.dose END)", "sum(v.dose)"],
        difference,
        dose,
    ),
    way("a null", &["sum(v.dose)", "sum(CASE WHEN v.kind <> 3 THEN v.dose END)"], difference, dose),
    way(
        "offset",
        &[
            "sum(CASE WHEN v.kind = 3 THEN v.dose + 5 ELSE v.dose END)",
            "sum(CASE WHEN v.kind = 3 THEN 5 ELSE v.dose END)",
        ],
        difference,
        dose,
    ),
    way(
        "means",
        &[
            "avg(v.dose) * count(*)",
            "avg(v.dose) FILTER (WHERE v.kind <> 3) * (count(*) FILTER (WHERE v.kind <> 3))",
        ],
        difference,
        dose,
    ),
];

/// A26: shown or null, one or another, by the target's bit.
pub(super) const ORACLES: &[&str] = &[
    "count(*) FILTER (WHERE p.mark = 9 AND p.positive = 1)",
    "count(*) - count(*) FILTER (WHERE p.mark = 9 AND p.positive = 1)",
    "count(*) FILTER (WHERE NOT (p.mark = 9 AND p.positive = 1))",
    "sum(CASE WHEN p.mark = 9 AND p.positive = 1 THEN 1 ELSE 0 END)",
    "sum(CASE WHEN p.mark = 9 AND p.positive = 1 THEN 2 ELSE 1 END) - count(*)",
    "sum(CASE WHEN p.mark = 9 AND p.positive = 1 THEN 1 END)",
    "sum(CASE WHEN p.mark = 9 THEN p.positive ELSE 0 END)",
    "sum(CASE WHEN p.mark = 9 THEN p.positive + 1 ELSE 1 END) - count(*)",
    "avg(CASE WHEN p.mark = 9 THEN p.positive + 10 ELSE 10 END)",
    "sum(p.positive * (p.m1 / 90) + 1) - count(*)",
    "avg(CASE WHEN p.mark = 9 THEN p.positive END)",
    "sum(CASE WHEN p.mark = 9 AND p.positive = 1 THEN 10000 ELSE 1 END)",
    "sum(CASE WHEN p.mark = 9 AND p.positive = 1 THEN 100 * p.m1 ELSE p.m1 END)",
    "sum(p.m2 + 100000 * p.positive * (p.m1 / 90))",
    "stddev(CASE WHEN p.mark = 9 AND p.positive = 1 THEN 10000 ELSE p.m2 END)",
    "max(CASE WHEN p.mark = 9 THEN p.positive ELSE 0 END)",
    "count(CASE WHEN p.mark = 9 AND p.positive = 1 THEN NULL ELSE 1 END)",
    "count(nullif(p.positive * (p.m1 / 90), 1))",
];
