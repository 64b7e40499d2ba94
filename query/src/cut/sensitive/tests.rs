use std::collections::BTreeMap;

use policies::footprint::FragmentFootprint;

use crate::cut;

const DATASET: &str = r#"id = "small"
version = 1
status = "synthetic"
title = { en = "Small" }
patient = "patient"

[code_lists.grade]
codes = [{ code = 1 }, { code = 2 }]

[[tables]]
name = "patient"
key = "patient_key"
columns = [
  { name = "patient_key", type = "text", class = "key" },
  { name = "died", type = "integer", class = "flag", sensitive = true },
  { name = "trial", type = "integer", class = "flag" },
  { name = "grade", type = "integer", class = "category", codes = "grade" },
  { name = "relapse_day", type = "integer", class = "measure", min = 0, max = 900, nullable = true, sensitive = true },
  { name = "stay", type = "integer", class = "measure", min = 0, max = 90 },
]

[[tables]]
name = "event"
key = "event_key"
foreign_keys = [{ column = "patient_key", table = "patient" }]
columns = [
  { name = "event_key", type = "text", class = "key" },
  { name = "patient_key", type = "text", class = "key" },
  { name = "kind", type = "integer", class = "category", codes = "grade", sensitive = true },
  { name = "day", type = "integer", class = "measure", min = 0, max = 90 },
]
"#;

/// Of each measure of a text `c` for its condition and `a` for its argument, and `!` where cells are marked.
#[track_caller]
fn check(sql: &str, expected: &str) {
    let dataset = policies::dataset::file::parse("small", DATASET).unwrap();
    let split = cut::split(&dataset, &BTreeMap::new(), sql).unwrap();
    let FragmentFootprint { measures, sensitive, .. } = &split.footprint.fragments[0];
    let word = |is: bool, word: &'static str| if is { word } else { "" };
    let of = measures.iter().map(|measure| {
        let is = measure.sensitive;
        format!("{}{}", word(is.condition, "c"), word(is.argument, "a"))
    });
    let got = format!("{}{}", of.collect::<Vec<_>>().join("|"), word(*sensitive, "!"));
    assert_eq!(got, expected, "{sql}");
}

#[test]
fn conditions_and_arguments_of_marked_columns_are_marked() {
    check("SELECT count(*), sum(died), sum(trial) FROM patient", "||a||");
    check("SELECT count(*) FILTER (WHERE died = 1), avg(stay) FROM patient", "c||");
    check("SELECT avg(stay) FILTER (WHERE died = 1 AND stay > 3) FROM patient", "c|c");
    // A column without gaps says nothing by having values, one with gaps does.
    check("SELECT avg(stay), count(died) FROM patient", "||");
    check("SELECT avg(relapse_day) FROM patient", "a|a");
    check("SELECT sum(CASE WHEN died = 1 AND stay > 3 THEN 1 ELSE 0 END) FROM patient", "|c");
    check("SELECT share(died = 1) FILTER (WHERE trial = 1) FROM patient", "|c");
}

#[test]
fn where_and_group_by_mark_cells() {
    check("SELECT count(*) FROM patient WHERE died = 1", "!");
    check("SELECT died, count(*) FROM patient GROUP BY died", "!");
    check("SELECT grade, count(*) FROM patient GROUP BY grade", "");
    check(
        "SELECT hospital, count(*) FILTER (WHERE hospital = 'A') FROM patient GROUP BY hospital",
        "",
    );
}

#[test]
fn marks_follow_what_is_made_of_marked_columns() {
    let exists = "EXISTS (SELECT 1 FROM event e WHERE e.patient_key = p.patient_key";
    check(&format!("SELECT count(*) FILTER (WHERE {exists} AND e.kind = 1)) FROM patient p"), "c");
    check(&format!("SELECT count(*) FILTER (WHERE {exists} AND e.day > 1)) FROM patient p"), "");
    check(
        &format!("SELECT count(*) FILTER (WHERE NOT {exists} AND p.died = 1)) FROM patient p"),
        "c",
    );
    check(&format!("SELECT count(*) FROM patient p WHERE {exists} AND e.kind = 1)"), "!");
    check(
        "SELECT count(x.day) FROM patient p LEFT JOIN (SELECT patient_key, day FROM event WHERE kind = 1) x ON x.patient_key = p.patient_key",
        "a",
    );
    check(
        "SELECT count(*) FILTER (WHERE x.n > 1) FROM (SELECT patient_key, count(*) FILTER (WHERE kind = 1) AS n FROM event GROUP BY patient_key) x",
        "c",
    );
    check(
        "SELECT count(*) FILTER (WHERE x.n > 1) FROM (SELECT patient_key, count(*) AS n FROM event WHERE kind = 1 GROUP BY patient_key) x",
        "c!",
    );
    check(
        "SELECT count(*) FILTER (WHERE x.b = 1) FROM (SELECT patient_key, 1 AS b FROM patient WHERE died = 1 UNION ALL SELECT patient_key, 0 AS b FROM patient WHERE died = 0) x",
        "c!",
    );
    check(
        "SELECT count(*) FILTER (WHERE x.a > 5) FROM (SELECT stay + died AS a FROM patient) x",
        "c",
    );
}
