//! Cells of care that a hospital does not give: there without rows, and told as 0.

use super::*;

/// The cells that are ruled out where the hospital has no rows of these regions; the snapshot has some of the south.
#[track_caller]
fn check(not_given: &[&str], sql: &str, expected: &[bool]) {
    let temp = tempfile::tempdir().unwrap();
    let text =
        DATASET.replace("[{ code = \"north\" }", "[{ code = \"east\" }, { code = \"north\" }");
    let dataset = policies::dataset::file::parse("small", &text).unwrap();
    let snapshot = sealed(temp.path(), &dataset);
    let hospital = HospitalCode::new("ALFA").unwrap();
    let networks = Networks::new();
    let not_given = [NotGiven {
        table: "patient".to_owned(),
        column: "region".to_owned(),
        codes: not_given.iter().map(ToString::to_string).collect(),
    }];
    let place = Place {
        dataset: &dataset,
        snapshot: &snapshot,
        hospital: &hospital,
        networks: &networks,
        not_given: &not_given,
    };
    let split = cut::split(&dataset, &networks, sql).unwrap();
    let digests: Vec<Digest> = split.fragments.iter().map(|fragment| fragment.digest).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut tables = Tables::default();
    let run = execute(&split.fragments, &place, (&digests, Wanted::NONE, None), &mut tables);
    let cells = runtime.block_on(run).unwrap().remove(0).cells;
    let ruled_out: Vec<bool> = cells.column(1).as_boolean().values().iter().collect();
    assert_eq!(ruled_out, expected, "{sql}");
}

#[test]
fn a_key_of_care_that_is_not_given_is_zero() {
    let sql = "SELECT region, count(*) FROM patient GROUP BY region";
    check(&["east"], sql, &[true, false, false, false]);
    check(&[], sql, &[false; 4]);
    // Rows that contradict the charter are judged like others.
    check(&["east", "south"], sql, &[true, false, false, false]);
    check(
        &["east"],
        "SELECT r, count(*) FROM (SELECT region AS r FROM patient) x GROUP BY r",
        &[true, false, false, false],
    );
    check(
        &["east"],
        "SELECT CASE WHEN region = 'east' THEN 1 ELSE 0 END AS k, count(*) FROM patient GROUP BY k",
        &[false; 2],
    );
}

#[test]
fn a_condition_that_no_other_code_meets_leaves_zero() {
    let count = |condition: &str| format!("SELECT count(*) FROM patient WHERE {condition}");
    for (condition, zero) in [
        ("region = 'east'", true),
        ("bmi > 50 AND region IN ('east')", true),
        ("NOT region <> 'east'", true),
        ("region IN ('east', 'north') AND bmi > 59", false),
        ("region = 'east' OR bmi > 59", false),
        ("region IS NULL AND bmi > 59", false),
        ("region <> 'north' AND bmi > 59", false),
        ("region = 'south' AND bmi > 59", false),
        ("coalesce(region, 'east') = 'east' AND bmi > 59", false),
    ] {
        check(&["east"], &count(condition), &[zero]);
        check(&[], &count(condition), &[false]);
    }
    check(&["east", "south"], &count("region <> 'north' AND bmi > 59"), &[true]);
    check(&["east", "south"], &count("region <> 'north'"), &[false]);
}

#[test]
fn what_exists_says_is_not_looked_into() {
    check(
        &["east"],
        "SELECT count(*) FROM patient p WHERE EXISTS (SELECT 1 FROM patient q WHERE q.patient_key = p.patient_key AND q.region = 'east')",
        &[false],
    );
}
