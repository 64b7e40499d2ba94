use std::collections::{BTreeMap, BTreeSet};

use super::rank::rank;
use super::*;

const DATASET: &str = r#"
id = "made"
version = 1
status = "real"
title = { en = "Generated patients" }
patient = "patient"
[code_lists.grade]
codes = [{ code = "low, or none" }, { code = "high" }, { code = "un\"known" }]
[[tables]]
name = "patient"
key = "patient_key"
columns = [
  { name = "patient_key", type = "text", class = "key" },
  { name = "grade", type = "text", class = "category", codes = "grade" },
  { name = "age", type = "integer", class = "quasi", min = 18, max = 99, step = 1 },
  { name = "dead", type = "integer", class = "flag", nullable = true },
]
[[tables]]
name = "visit"
key = "visit_key"
foreign_keys = [{ column = "patient_key", table = "patient" }]
columns = [
  { name = "visit_key", type = "integer", class = "key" },
  { name = "patient_key", type = "text", class = "key" },
  { name = "weight", type = "decimal", scale = 2, class = "measure", min = "-1.5", max = "200" },
]
[[tables]]
name = "test"
key = "test_key"
foreign_keys = [{ column = "visit_key", table = "visit" }, { column = "again_key", table = "visit" }]
columns = [
  { name = "test_key", type = "integer", class = "key" },
  { name = "visit_key", type = "integer", class = "key" },
  { name = "again_key", type = "integer", class = "key", nullable = true },
  { name = "note", type = "text", class = "hidden" },
]
"#;

fn dataset() -> Dataset {
    policies::dataset::file::parse("made", DATASET).unwrap()
}

fn hospital(code: &str) -> HospitalCode {
    HospitalCode::new(code).unwrap()
}

#[test]
fn the_same_dictionary_and_hospital_give_the_same_rows() {
    let rows = |code: &str| super::rows(&dataset(), (&hospital(code), 50));
    assert_eq!(rows("ALFA"), rows("ALFA"));
    assert_ne!(rows("ALFA"), rows("BRAVO"));
    let names: Vec<String> = rows("ALFA").iter().map(|(table, _)| table.to_string()).collect();
    assert_eq!(names, ["patient", "visit", "test"]);
    let patients = &rows("ALFA")[0].1;
    assert_eq!(patients.lines().count(), 51);
    for value in ["\"low, or none\"", "high", "\"un\"\"known\""] {
        assert!(patients.contains(value), "{value} in {patients}");
    }
    assert!(!rows("ALFA")[2].1.contains("note"), "hidden columns are not read");
}

#[test]
fn more_patients_than_that_are_not_made() {
    let rows = super::rows(&dataset(), (&hospital("ALFA"), u32::MAX));
    assert_eq!(u32::try_from(rows[0].1.lines().count()).unwrap(), MAX_PATIENTS + 1);
}

#[tokio::test]
async fn every_made_up_row_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let (own, out) = (folder.path().join("own"), folder.path().join("snapshots"));
    // Strict: one row that is refused would fail it.
    let sealed = snapshot(&dataset(), (&hospital("ALFA"), 40), (&own, &out)).await.unwrap();
    assert_eq!(sealed.patients, 40);
    let found = crate::snapshot::patients(&sealed.folder, &dataset());
    assert_eq!(found, Some(40));
}

#[test]
fn groups_that_follow_from_others_are_no_equations() {
    let rank = |groups: &[&[u32]]| rank(groups.iter().copied());
    assert_eq!(rank(&[]), 0);
    assert_eq!(rank(&[&[1, 2, 3], &[1, 2], &[3]]), 2);
    assert_eq!(rank(&[&[1, 2], &[2, 3], &[1, 3]]), 3);
    assert_eq!(rank(&[&[1], &[2], &[3], &[1, 3]]), 3);
    // Modulo 2 these three would be two.
    let all: Vec<u32> = (0..40).collect();
    let halves: [&[u32]; 4] = [&all, &all[..20], &all[20..], &all[10..30]];
    assert_eq!(rank(&halves), 3);
}

#[test]
fn sums_of_hospitals_add_up() {
    let one = Sums { patients: 10, smallest: Some(7), equations: 3, ..Sums::default() };
    let shown =
        Shown { exact: 2, rules: BTreeMap::from([("r1".to_owned(), 4)]), ..Shown::default() };
    let other = Sums { patients: 5, shown, smallest: Some(5), equations: 2, ..Sums::default() };
    let mut both = Sums::default();
    [&one, &other, &Sums::default()].into_iter().for_each(|sums| both.add(sums));
    assert_eq!((both.patients, both.equations, both.smallest), (15, 5, Some(5)));
    assert_eq!((both.shown.exact, both.shown.rules["r1"]), (2, 4));
    assert_eq!(both.shown.rules.keys().collect::<BTreeSet<_>>().len(), 1);
}
