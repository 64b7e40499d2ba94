use std::collections::BTreeMap;

use policies::footprint::{Footprint, FragmentFootprint};

use super::*;
use crate::cut;

const DATASET: &str = r#"id = "small"
version = 1
status = "synthetic"
title = { en = "Small" }
patient = "patient"

[[tables]]
name = "patient"
key = "patient_key"
columns = [
  { name = "patient_key", type = "text", class = "key" },
  { name = "died", type = "integer", class = "flag", nullable = true },
  { name = "bmi", type = "decimal", scale = 1, class = "measure", min = "10.0", max = "60.0", nullable = true },
  { name = "stay", type = "integer", class = "measure", min = 0, max = 90 },
]
"#;

/// The measures of a text: condition, argument, kind, scale, bounds; and which of them each sum is of.
#[track_caller]
fn check(aggregates: &str, measures: &[&str], of: &[u32]) {
    let dataset = policies::dataset::file::parse("small", DATASET).unwrap();
    let sql = format!("SELECT {aggregates} FROM patient");
    let split = cut::split(&dataset, &BTreeMap::new(), &sql).unwrap();
    let FragmentFootprint { measures: got, sums, .. } = &split.footprint.fragments[0];
    let number = |number: Option<u32>| number.map_or("-".to_owned(), |number| number.to_string());
    let got = got.iter().map(|measure| {
        let MeasureFootprint { condition, argument, kind, scale, least, most, .. } = measure;
        let (condition, argument) = (number(*condition), number(*argument));
        format!("{condition} {argument} {kind:?} {scale} {}..{}", least.get(), most.get())
    });
    assert_eq!(got.collect::<Vec<_>>(), measures, "{aggregates}");
    assert_eq!(sums.iter().map(|sum| sum.measure).collect::<Vec<_>>(), of, "{aggregates}");
    Footprint::check(split.footprint, &dataset).expect(aggregates);
}

#[test]
fn sums_share_the_pair_of_condition_and_argument() {
    check("count(*)", &["- - Rows 0 0..1"], &[0]);
    check(
        "avg(bmi), stddev(bmi), count(*)",
        &["- 0 Rows 0 0..1", "- 0 Value 1 100..600", "- - Rows 0 0..1"],
        &[0, 1, 1, 2],
    );
    check(
        "count(*) FILTER (WHERE stay > 5), sum(stay) FILTER (WHERE stay > 5), sum(stay)",
        &[
            "0 - Rows 0 0..1",
            "0 0 Rows 0 0..1",
            "0 0 Value 0 0..90",
            "- 0 Rows 0 0..1",
            "- 0 Value 0 0..90",
        ],
        &[0, 1, 2, 3, 4],
    );
}

#[test]
fn a_sum_of_what_is_0_or_1_counts_the_ones() {
    check("sum(died)", &["- 0 Rows 0 0..1", "- 0 Flag 0 0..1"], &[0, 1]);
    check("stddev(died)", &["- 0 Rows 0 0..1", "- 0 Flag 0 0..1"], &[0, 1, 1]);
    check(
        "sum(CASE WHEN bmi > 30 THEN 1 ELSE 0 END)",
        &["- 0 Rows 0 0..1", "- 0 Flag 0 0..1"],
        &[0, 1],
    );
    check(
        "sum(CASE WHEN bmi > 30 THEN 2 ELSE 0 END)",
        &["- 0 Rows 0 0..1", "- 0 Value 0 0..2"],
        &[0, 1],
    );
    check("sum(died - 1)", &["- 0 Rows 0 0..1", "- 0 Value 0 -1..0"], &[0, 1]);
}

#[test]
fn bounds_of_expressions_follow_from_declared_ones() {
    check("sum(bmi * stay)", &["- 0 Rows 0 0..1", "- 0 Value 1 0..54000"], &[0, 1]);
    // A float: nine digits, and a thousand-millionth more on both sides.
    check(
        "sum(CAST(stay AS DOUBLE) / 2.0)",
        &["- 0 Rows 0 0..1", "- 0 Value 9 -45000000046..45000000046"],
        &[0, 1],
    );
}
