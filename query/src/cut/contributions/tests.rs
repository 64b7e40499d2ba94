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
  { name = "sex", type = "integer", class = "measure", min = 1, max = 2 },
  { name = "stay", type = "integer", class = "measure", min = 0, max = 90 },
]
"#;

/// As [`check`], of any sums.
#[track_caller]
fn check_measures(aggregates: &str, measures: &[&str]) {
    let (got, _of) = measured(aggregates);
    assert_eq!(got, measures, "{aggregates}");
}

/// The measures of a text: condition, argument, kind, scale, bounds; and which of them each sum is of.
#[track_caller]
fn check(aggregates: &str, measures: &[&str], of: &[u32]) {
    assert_eq!(
        measured(aggregates),
        (measures.iter().map(ToString::to_string).collect(), of.to_vec()),
        "{aggregates}"
    );
}

#[track_caller]
fn measured(aggregates: &str) -> (Vec<String>, Vec<u32>) {
    let dataset = policies::dataset::file::parse("small", DATASET).unwrap();
    let sql = format!("SELECT {aggregates} FROM patient");
    let split = cut::split(&dataset, &BTreeMap::new(), &sql).unwrap();
    let FragmentFootprint { measures: got, sums, .. } = &split.footprint.fragments[0];
    assert!(sums.iter().all(|sum| says_who(&got[sum.measure as usize], got)), "{aggregates}");
    let number = |number: Option<u32>| number.map_or("-".to_owned(), |number| number.to_string());
    let got = got.iter().map(|measure| {
        let MeasureFootprint { condition, argument, kind, scale, least, most, made, .. } = measure;
        let (condition, argument) = (number(*condition), number(*argument));
        let range = format!("{}..{}", least.get(), most.get());
        let made = made.as_ref().map_or(String::new(), |made| {
            let fewest = made.fewest.map_or("-".to_owned(), String::from);
            let rest =
                if made.rest.is_empty() { String::new() } else { format!(" rest {:?}", made.rest) };
            format!(" fewest {fewest} also {:?}{rest}", made.also)
        });
        format!("{condition} {argument} {kind:?} {scale} {range}{made}")
    });
    let told = (got.collect(), sums.iter().map(|sum| sum.measure).collect());
    Footprint::check(split.footprint, &dataset).expect(aggregates);
    told
}

/// Whether it is known of a measure who contributes to it: all patients of a cell, or whom a count has.
fn says_who(of: &MeasureFootprint, all: &[MeasureFootprint]) -> bool {
    let counts = |other: &MeasureFootprint| {
        other.kind.is_count_like() && other.has_contributors_of(of) && !other.is_of_everyone()
    };
    !of.is_part() || of.kind.is_count_like() || all.iter().any(counts)
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
            "0 0 Value 0 0..90 fewest - also [] rest [5]",
            "- 0 Rows 0 0..1",
            "- 0 Value 0 0..90",
            "1 0 Value 0 0..90",
        ],
        &[0, 1, 2, 3, 4],
    );
}

#[test]
fn a_sum_of_what_is_0_or_1_counts_the_ones() {
    check("sum(died)", &["- 0 Rows 0 0..1", "- 0 Flag 0 0..1"], &[0, 1]);
    check("stddev(died)", &["- 0 Rows 0 0..1", "- 0 Flag 0 0..1"], &[0, 1]);
    check(
        "sum(CASE WHEN bmi > 30 THEN 1 ELSE 0 END)",
        &["- - Rows 0 0..1", "0 - Rows 0 0..1"],
        &[0, 1],
    );
}

/// What is added is the same whatever is around it.
#[test]
fn factors_and_offsets_leave_the_sums_of_columns_and_counts() {
    let of_flag = ["- 0 Rows 0 0..1", "- 0 Flag 0 0..1"];
    for text in [
        "sum(died + 1)",
        "avg(died + 1)",
        "sum(2 - died)",
        "sum(died - 1)",
        "sum(died * 2)",
        "sum(1000 * died + 7)",
        "sum(died * 1.0)",
        "avg(died / 2.0)",
        "avg(CAST(died AS DOUBLE) * 3.5 - 0.25)",
        "sum(died * died)",
        "stddev(2 * died - 1)",
        "sum(-died)",
        "sum(died + died)",
    ] {
        check_measures(text, &of_flag);
    }
    let of_measure = ["- 0 Rows 0 0..1", "- 0 Value 0 0..90"];
    for text in [
        "sum(stay)",
        "sum(3 * stay - 2)",
        "avg(stay / 4.0)",
        "sum(CAST(stay AS DECIMAL(9, 2)) * 1.25)",
    ] {
        check_measures(text, &of_measure);
    }
    check("var(3 * stay - 2)", &of_measure, &[0, 1, 1]);
    check("sum(stay * stay)", &of_measure, &[0, 1]);
}

#[test]
fn case_is_filter() {
    let part = ["- - Rows 0 0..1", "0 - Rows 0 0..1"];
    for text in [
        "sum(CASE WHEN bmi > 30 THEN 2 ELSE 1 END)",
        "sum(CASE WHEN bmi > 30 THEN 1 ELSE 0 END)",
        "avg(CASE WHEN bmi > 30 THEN 0 ELSE 1 END)",
        "sum(CASE WHEN bmi > 30 THEN 5 ELSE 0 END + 3)",
        "count(*), count(*) FILTER (WHERE bmi > 30)",
    ] {
        check_measures(text, &part);
    }
    let added = ["0 0 Rows 0 0..1", "0 0 Value 0 0..90"];
    check_measures("sum(CASE WHEN bmi > 30 THEN stay END)", &added);
    check_measures("sum(CASE WHEN bmi > 30 THEN stay ELSE NULL END)", &added);
    check_measures("sum(stay) FILTER (WHERE bmi > 30)", &added);
    check_measures(
        "sum(CASE WHEN bmi > 30 THEN stay ELSE 0 END)",
        &["- - Rows 0 0..1", "0 0 Value 0 0..90 fewest - also [2]", "0 0 Rows 0 0..1"],
    );
    check_measures(
        "sum(stay * died)",
        &["- 0 Rows 0 0..1", "0 1 Value 0 0..90 fewest - also [2]", "0 1 Rows 0 0..1"],
    );
    // Values that are compared are conditions too.
    check_measures(
        "sum(greatest(stay, 60))",
        &[
            "- - Rows 0 0..1",
            "0 0 Value 0 0..90 fewest - also [3]",
            "0 - Rows 0 0..1",
            "0 0 Rows 0 0..1",
        ],
    );
    check_measures(
        "sum(abs(stay - 60))",
        &[
            "- - Rows 0 0..1",
            "- 0 Value 0 0..90",
            "0 0 Value 0 0..90 fewest - also [5] rest [4]",
            "0 - Rows 0 0..1",
            "1 0 Value 0 0..90",
            "0 0 Rows 0 0..1",
        ],
    );
}

/// Who lacks a value does not add to the sum of it: a count says who does, whatever is counted beside the sum.
#[test]
fn sums_that_some_rows_do_not_add_to_have_a_count_of_who_does() {
    check(
        "sum(bmi - stay)",
        &[
            "- 0 Rows 0 0..1",
            "- 1 Value 1 100..600 fewest - also [3]",
            "0 2 Value 0 0..90 fewest - also [4]",
            "- 1 Rows 0 0..1",
            "0 2 Rows 0 0..1",
        ],
        &[0, 1, 2],
    );
    for text in [
        "avg(bmi * bmi - stay)",
        "sum(bmi / 3.0)",
        "stddev(bmi + sex)",
        "corr(bmi, stay)",
        "avg(CASE WHEN died = 1 THEN bmi ELSE stay END)",
        "sum(nullif(stay, 3) - sex) FILTER (WHERE bmi > 30)",
        "sum(greatest(bmi, stay))",
        "avg(CAST(bmi AS DOUBLE))",
    ] {
        measured(text);
    }
}

#[test]
fn bounds_of_expressions_follow_from_declared_ones() {
    // 501 and 91 values: the fewest are those of the stay.
    check(
        "sum(bmi * stay)",
        &["- 0 Rows 0 0..1", "- 1 Value 1 0..54000 fewest 91 also [2]", "- 1 Rows 0 0..1"],
        &[0, 1],
    );
    check_measures(
        "sum(stay * stay * stay)",
        &["- 0 Rows 0 0..1", "- 1 Value 0 0..729000 fewest 91 also []"],
    );
}

#[test]
fn what_is_released_rounded_tells_what_it_is_made_of() {
    // A third has no end: the sum is released as it is, and hidden with that of the column.
    check_measures(
        "sum(stay / 3.0)",
        &[
            "- 0 Rows 0 0..1",
            "- 1 Value 9 -30000000031..30000000031 fewest - also [2]",
            "- 0 Value 0 0..90",
        ],
    );
    check_measures(
        "sum(died / 3.0)",
        &[
            "- 0 Rows 0 0..1",
            "- 1 Value 9 -333333335..333333335 fewest - also [2, 3]",
            "- 0 Flag 0 0..1",
            "- 1 Rows 0 0..1",
        ],
    );
}

#[test]
fn what_rounding_leaves_is_looked_at_value_by_value() {
    // 0, 1 and 2, and the rows that are no multiple of 45.
    check_measures(
        "sum(stay / 45)",
        &[
            "- 0 Rows 0 0..1",
            "- 0 Value 0 0..2 fewest - also [2, 3, 4, 5]",
            "0 - Rows 0 0..1",
            "1 - Rows 0 0..1",
            "2 - Rows 0 0..1",
            "3 - Rows 0 0..1",
        ],
    );
}

#[test]
fn a_column_of_two_values_is_counted_by_its_sum() {
    check_measures(
        "sum(sex)",
        &[
            "- 0 Rows 0 0..1",
            "- 0 Value 0 1..2 fewest - also [2, 3]",
            "0 - Rows 0 0..1",
            "1 - Rows 0 0..1",
        ],
    );
}
