//! Texts that an attack review found, and their relatives: whether and how a text is answered never depends on a patient,
//! and what it says is what SQL says.

use std::collections::BTreeMap;

use query::pipe::{Reply, Wanted, Work};
use serde_json::{Value, json};

use super::network::{Network, Protect, Rows, Tables, Worker, hospital};

const DATASET: &str = r#"id = "attacked"
version = 1
status = "synthetic"
title = { en = "Attacked" }
patient = "patient"

[code_lists.grade]
codes = [{ code = 2 }, { code = 3 }]

[code_lists.size]
codes = [{ code = "<=20" }, { code = ">50" }]

[[tables]]
name = "patient"
key = "patient_key"
columns = [
  { name = "patient_key", type = "integer", class = "key" },
  { name = "grade", type = "integer", class = "category", codes = "grade" },
  { name = "size", type = "text", class = "category", codes = "size" },
  { name = "age", type = "integer", class = "measure", min = 18, max = 100 },
  { name = "year", type = "integer", class = "quasi", min = 1980, max = 1990, step = 1 },
  { name = "hormon", type = "integer", class = "flag" },
  { name = "pgr", type = "decimal", scale = 2, class = "measure", min = "0.00", max = "2400.00" },
]
"#;

/// The condition that one patient meets, wherever it is.
const ONE: &str = "(age IN (39, 40) AND year = 1985 AND grade = 2)";
const NASTY: &str = include_str!("nasty.sql");

/// Twenty patients of grade 2 and thirty of grade 3, and those of `more`: age, hormon, pgr.
fn site(more: &[(&str, &str, &str)]) -> Tables {
    let columns = ["patient_key", "grade", "size", "age", "year", "hormon", "pgr"];
    let mut rows: Vec<Vec<String>> = (0..50)
        .map(|at| {
            let (grade, size) = if at < 20 { ("2", "<=20") } else { ("3", ">50") };
            let (age, year) = (50 + at % 30, 1980 + at % 4);
            let row = [&at.to_string(), grade, size, &age.to_string(), &year.to_string()];
            let mut row: Vec<String> = row.map(str::to_owned).to_vec();
            row.extend([(at % 2).to_string(), format!("{}.5", at * 40)]);
            row
        })
        .collect();
    for (at, (age, hormon, pgr)) in more.iter().enumerate() {
        let row = [&(100 + at).to_string(), "2", ">50", age, "1985", hormon, pgr];
        rows.push(row.map(str::to_owned).to_vec());
    }
    let columns = columns.map(str::to_owned).to_vec();
    BTreeMap::from([("patient".to_owned(), Rows { columns, rows })])
}

/// Hospitals that differ in one patient.
fn neighbours() -> BTreeMap<String, Tables> {
    BTreeMap::from([
        ("WITHOUT".to_owned(), site(&[])),
        ("WITH0".to_owned(), site(&[("40", "0", "0")])),
        ("WITH1".to_owned(), site(&[("40", "1", "2400")])),
        ("WITH39".to_owned(), site(&[("39", "0", "999.99")])),
    ])
}

/// How a node answers a text: the code of a refusal, or that it has cells.
fn outcome(network: &Network, worker: &mut Worker, sql: &str, code: &str) -> String {
    let planned = match network.plan(worker, sql) {
        Ok(planned) => planned,
        Err(failure) => return failure.code,
    };
    let code = hospital(code);
    let snapshot = network.snapshots[&code].clone();
    let fragments = planned.footprint.fragments.iter().map(|fragment| fragment.digest).collect();
    let work = Work::Execute {
        snapshot,
        hospital: code,
        fragments,
        wanted: Wanted::NONE,
        not_given: Vec::new(),
    };
    match worker.send(network.job(sql, work), Vec::new()).head {
        Reply::Executed { .. } => "executed".to_owned(),
        Reply::Failed(failure) => format!("at the hospital: {}", failure.code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_patient_never_decides_whether_a_text_is_answered() {
    let sites = neighbours();
    let network = Network::new(DATASET, &sites, Protect::OFF);
    let mut worker = Worker::start();
    let mut wrong = Vec::new();
    for sql in NASTY.lines().filter(|line| !line.is_empty() && !line.starts_with("--")) {
        let sql = sql.replace("ONE", ONE);
        let outcomes: Vec<String> =
            sites.keys().map(|code| outcome(&network, &mut worker, &sql, code)).collect();
        let same = outcomes.iter().all(|outcome| *outcome == outcomes[0]);
        if !same || outcomes[0].starts_with("at the hospital") {
            wrong.push(format!("{sql}\n  {outcomes:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

/// Asks one hospital of fifty patients, thresholds off.
#[track_caller]
fn rows(sql: &str) -> Value {
    let sites = BTreeMap::from([("ALFA".to_owned(), site(&[]))]);
    let network = Network::new(DATASET, &sites, Protect::OFF);
    match network.ask(&mut Worker::start(), sql) {
        Ok(finished) => json!(finished.rows),
        Err(failure) => panic!("{sql}: {failure:?}"),
    }
}

#[track_caller]
fn refused(sql: &str, code: &str, words: &str) {
    let network = Network::new(DATASET, &BTreeMap::new(), Protect::OFF);
    let failure = network.plan(&mut Worker::start(), sql).expect_err(sql);
    assert_eq!(failure.code, code, "{sql}: {failure}");
    assert!(failure.message.contains(words), "{sql}: {failure}");
}

#[test]
fn a_float_that_may_be_no_number_is_not_added_and_not_counted() {
    let half = "CAST(CASE WHEN hormon = 1 THEN 'NaN' ELSE '2' END AS DOUBLE) % 5.0";
    assert_eq!(
        rows(&format!("SELECT count({half}), count(*) FROM patient")),
        json!([["25", "50"]])
    );
    for nan in [half, "(CAST(hormon AS DOUBLE) * (1e308 * 10)) % 5.0", "0.0 * (1e308 * 10) * age"] {
        for sum in ["sum", "avg", "stddev"] {
            refused(&format!("SELECT {sum}({nan}) FROM patient"), "unbounded_expression", "range");
        }
        refused(&format!("SELECT corr(age, {nan}) FROM patient"), "unbounded_expression", "range");
    }
}

#[test]
fn a_division_by_either_zero_is_null() {
    for divisor in
        ["CAST(hormon AS DOUBLE)", "-CAST(hormon AS DOUBLE)", "(CAST(hormon AS DOUBLE) * -1.0)"]
    {
        let sql = format!("SELECT count(1 / ({divisor})), count(age % ({divisor})) FROM patient");
        assert_eq!(rows(&sql), json!([["25", "25"]]), "{divisor}");
    }
    refused("SELECT sum(CAST(age AS DOUBLE) / -0.0) FROM patient", "not_supported", "constant 0");
}

#[test]
fn constants_that_are_no_finite_numbers_are_refused() {
    for text in ["NaN", "inf", "-inf", "Infinity"] {
        let sql = format!(
            "SELECT count(*) FROM patient WHERE CAST(age AS DOUBLE) < CAST('{text}' AS DOUBLE)"
        );
        refused(&sql, "not_supported", "finite");
    }
}

#[test]
fn rounding_that_a_type_cannot_hold_is_refused_and_other_rounding_is_right() {
    let tight = "SELECT count(*) FROM patient WHERE ceil(CAST(CAST(age AS DOUBLE) / 4.0 AS DECIMAL(2,1))) > 1";
    refused(tight, "unbounded_expression", "range");
    refused("SELECT sum(round(CAST(age AS DOUBLE), 400)) FROM patient", "not_supported", "0 to 9");
    refused(
        "SELECT sum(round(CAST(age AS DOUBLE), hormon)) FROM patient",
        "not_supported",
        "0 to 9",
    );
    let sql =
        "SELECT sum(ceil(pgr)), sum(floor(pgr)), sum(round(pgr, 1)) FROM patient WHERE hormon = 0";
    assert_eq!(rows(sql), json!([["24025.00", "24000.00", "24012.50"]]));
}

#[test]
fn floats_are_no_group_keys() {
    for key in [
        "CAST(hormon AS DOUBLE)",
        "-CAST(hormon AS DOUBLE)",
        "CASE WHEN age > 50 THEN 0.5 ELSE 1.5 END",
    ] {
        refused(
            &format!("SELECT {key} AS k, count(*) FROM patient GROUP BY 1"),
            "no_domain",
            "cast it to",
        );
    }
}

#[test]
fn a_group_key_written_twice_is_one_key() {
    let once = json!([["2", "20"], ["3", "30"]]);
    for sql in [
        "SELECT grade, count(*) FROM patient GROUP BY grade, grade",
        "SELECT grade, count(*) FROM patient GROUP BY grade, patient.grade",
        "SELECT grade, count(*) FROM patient GROUP BY 1, grade",
    ] {
        assert_eq!(rows(sql), once, "{sql}");
    }
    let sql = "SELECT grade a, grade b, count(*) FROM patient GROUP BY 1, 2";
    assert_eq!(rows(sql), json!([["2", "2", "20"], ["3", "3", "30"]]));
    let sql = "SELECT hospital h, hospital h2, grade, count(*) FROM patient GROUP BY 1, 2, 3";
    assert_eq!(rows(sql), json!([["ALFA", "ALFA", "2", "20"], ["ALFA", "ALFA", "3", "30"]]));
    let sql = "SELECT grade, hormon, grade, count(*) FROM patient GROUP BY grade, hormon, grade ORDER BY 1, 2";
    let expected = json!([
        ["2", "0", "2", "10"],
        ["2", "1", "2", "10"],
        ["3", "0", "3", "15"],
        ["3", "1", "3", "15"],
    ]);
    assert_eq!(rows(sql), expected);
    let sql = "SELECT count(*), sum(n), sum(a) FROM (SELECT patient_key, count(*) AS n, sum(age) AS a \
               FROM patient GROUP BY patient_key, patient_key, patient.patient_key) x";
    assert_eq!(rows(sql), json!([["50", "50", "3125"]]));
}

#[test]
fn a_cast_that_does_not_hold_every_value_is_refused() {
    for sql in [
        "SELECT count(*) FROM patient WHERE CAST(age AS DECIMAL(3,2)) > 1",
        "SELECT count(CAST(age AS DECIMAL(3,2))) FROM patient",
        "SELECT count(*) FROM patient WHERE CAST(pgr * 1000 AS SMALLINT) > 1",
        "SELECT count(*) FROM (SELECT CAST(age AS DECIMAL(2,1)) AS a FROM patient) x WHERE a > 1",
    ] {
        refused(sql, "unbounded_expression", "holds every value");
    }
    let sql = "SELECT count(*) FROM patient WHERE CAST(age AS DECIMAL(5,2)) > 60 AND CAST(age AS SMALLINT) < 70";
    assert_eq!(rows(sql), json!([["18"]]));
}

#[test]
fn what_every_hospital_would_fail_at_is_refused_at_planning() {
    let like = "SELECT count(*) FROM patient WHERE size LIKE '!>50' ESCAPE '!'";
    refused(like, "not_supported", "ESCAPE");
    let like = "SELECT count(*) FROM patient WHERE size LIKE '>%' AND size ILIKE '>5_'";
    assert_eq!(rows(like), json!([["30"]]));
    refused("SELECT sum(CAST(age AS DECIMAL(3,-1))) FROM patient", "not_supported", "cast to");
}

#[test]
fn a_clause_that_would_do_nothing_is_refused() {
    for (clause, words) in [
        ("FROM patient TABLESAMPLE SYSTEM (1)", "TABLESAMPLE"),
        ("FROM patient TABLESAMPLE BERNOULLI (10) REPEATABLE (3)", "TABLESAMPLE"),
        ("FROM (SELECT * FROM patient) p TABLESAMPLE SYSTEM (1)", "TABLESAMPLE"),
        ("FROM patient CONNECT BY age = 1", "CONNECT BY"),
        ("FROM patient START WITH age = 1 CONNECT BY age = 1", "CONNECT BY"),
        ("FROM patient WITH (nolock)", "WITH"),
        ("FROM patient FOR UPDATE", "FOR UPDATE"),
        ("FROM patient FOR SHARE OF patient", "FOR UPDATE"),
        ("FROM patient a GLOBAL JOIN patient b ON a.patient_key = b.patient_key", "GLOBAL"),
        ("FROM patient FETCH FIRST 1 ROW ONLY", "LIMIT"),
        ("FROM patient CLUSTER BY age", "CLUSTER BY"),
        ("FROM patient SORT BY age", "SORT BY"),
        ("FROM patient GROUP BY grade WITH ROLLUP", "ROLLUP"),
        ("FROM patient WITH ORDINALITY", "ORDINALITY"),
        ("FROM (SELECT * FROM patient FOR UPDATE) p", "FOR UPDATE"),
        (
            "FROM patient WHERE age IN (SELECT age FROM patient TABLESAMPLE SYSTEM (1))",
            "TABLESAMPLE",
        ),
        ("FROM patient WHERE abs(DISTINCT age) > 1", "DISTINCT"),
        ("FROM patient WHERE abs(age) FILTER (WHERE grade = 2) > 1", "FILTER"),
        ("FROM patient QUALIFY count(*) > 1", "HAVING"),
        ("FROM generate_series(1, 10)", "table"),
        ("FROM patient, LATERAL (SELECT 1) x", "LATERAL"),
        ("INTO x FROM patient", "INTO"),
    ] {
        let sql = format!("SELECT count(*) {clause}");
        let network = Network::new(DATASET, &BTreeMap::new(), Protect::OFF);
        let failure = network.plan(&mut Worker::start(), &sql).expect_err(&sql);
        // What the parser does not read at all is refused by it.
        let refused = failure.code == "not_supported" && failure.message.contains(words);
        assert!(refused || failure.code == "bad_sql", "{sql}: {failure:?}");
    }
    refused("SELECT count(*) FROM patient TABLESAMPLE SYSTEM (1)", "not_supported", "TABLESAMPLE");
    refused("SELECT count(*) FROM patient CONNECT BY age = 1", "not_supported", "CONNECT BY");
    refused("SELECT count(*) FROM patient WITH (nolock)", "not_supported", "WITH");
    refused("SELECT count(*) FROM patient FOR UPDATE", "not_supported", "FOR UPDATE");
}

#[test]
fn an_untyped_null_is_null() {
    let sql = "SELECT NULL g, count(*), NULL AS h FROM patient GROUP BY grade ORDER BY 2";
    assert_eq!(rows(sql), json!([[null, "20", null], [null, "30", null]]));
    assert_eq!(rows("SELECT NULL g, count(*) FROM patient GROUP BY 1"), json!([[null, "50"]]));
}

#[test]
fn a_domain_error_above_the_cut_is_null_in_its_row_only() {
    assert_eq!(rows("SELECT sqrt(-1.0 * count(*)), count(*) FROM patient"), json!([[null, "50"]]));
    let sql = "SELECT grade, sqrt(25.0 - count(*)), ln(20.0 - count(*)), 1.0 / (count(*) - 20), power(-1.0 * count(*), 0.5) \
               FROM patient GROUP BY grade ORDER BY grade";
    let expected = json!([["2", 5_f64.sqrt(), null, null, null], ["3", null, null, 0.1, null],]);
    assert_eq!(rows(sql), expected);
    let sql = "SELECT grade FROM patient GROUP BY grade HAVING sqrt(25.0 - count(*)) > 0 ORDER BY sqrt(25.0 - count(*))";
    assert_eq!(rows(sql), json!([["2"]]));
}

#[test]
fn a_sum_of_a_rounded_decimal_is_shown() {
    let sql = "SELECT sum(round(CAST(age AS DECIMAL(5,2)), 1)), sum(age) FROM patient";
    assert_eq!(rows(sql), json!([["3125.00", "3125"]]));
    let sql = "SELECT sum(x.r), sum(x.r + 0.01), avg(x.r) FROM (SELECT round(CAST(age AS DECIMAL(5,2)), 1) AS r FROM patient) x";
    assert_eq!(rows(sql), json!([["3125.00", 3125.5, "62.500000"]]));
    let sql = "SELECT sum(CASE WHEN grade = 2 THEN round(pgr, 1) ELSE pgr END), avg(round(pgr, 1)) FROM patient";
    assert_eq!(rows(sql), json!([["49025.00", "980.500000"]]));
}

#[test]
fn columns_and_conditions_that_say_little_are_answered() {
    for (sql, expected) in [
        ("SELECT count(*), count(*) FROM patient", json!([["50", "50"]])),
        (
            "SELECT grade, grade, count(*) FROM patient GROUP BY grade HAVING count(*) > 20",
            json!([["3", "3", "30"]]),
        ),
        ("SELECT count(*) FROM patient HAVING true", json!([["50"]])),
        ("SELECT count(*) FROM patient HAVING false", json!([])),
        (
            "SELECT sum(1), sum(2.5), avg(1), stddev(1) FROM patient",
            json!([["50", 125.0, 1.0, 0.0]]),
        ),
        ("SELECT sum(CAST(NULL AS BIGINT)), count(NULL) FROM patient", json!([[null, "0"]])),
        (
            "SELECT sum(CAST(CAST(age AS DECIMAL(20,12)) AS DOUBLE)), avg(CAST(age AS DECIMAL(10,2))) FROM patient",
            json!([[3125.0, "62.500000"]]),
        ),
    ] {
        assert_eq!(rows(sql), expected, "{sql}");
    }
}

#[test]
fn a_text_that_does_not_fit_together_is_told_what_to_write() {
    for (sql, words) in [
        ("SELECT sum(NULL) FROM patient", "CAST(NULL AS DOUBLE)"),
        ("SELECT sum(size) FROM patient", "write numbers"),
        ("SELECT abs() FROM patient", "so many"),
        (
            "SELECT grade, patient.grade, count(*) FROM patient GROUP BY grade",
            "give one of them a name",
        ),
        ("SELECT x.n FROM (SELECT count(*), count(*) AS n FROM patient) x GROUP BY 1", ""),
        ("SELECT grade, count(*) FROM patient GROUP BY size", "add it to GROUP BY"),
        ("SELECT count(*) FROM patient WHERE size + 1 > 5", "cast one of them"),
        ("SELECT count(*) FROM patient QUALIFY count(*) > 1", "HAVING"),
    ] {
        let network = Network::new(DATASET, &BTreeMap::new(), Protect::OFF);
        if let Err(failure) = network.plan(&mut Worker::start(), sql) {
            assert_ne!(failure.code, "cannot_plan", "{sql}");
            assert!(failure.message.contains(words), "{sql}: {failure}");
        } else {
            assert_eq!(words, "", "{sql} is answered");
        }
    }
}

#[test]
fn an_explanation_is_written_in_sql() {
    let network = Network::new(DATASET, &BTreeMap::new(), Protect::OFF);
    let sql = "SELECT size, count(*), sum(CAST(age AS DOUBLE) / 2) FROM patient \
               WHERE size = '>50' AND pgr > 2.5 GROUP BY size HAVING count(*) > 20 ORDER BY count(*)";
    let explained = network.plan(&mut Worker::start(), sql).unwrap().explained;
    let text = [explained.per_patient, explained.over_patients, explained.over_hospitals]
        .concat()
        .join("\n");
    for words in [
        "keep rows where patient.size = '>50' AND ",
        "sum(CAST(patient.age AS DOUBLE) / 2)",
        "keep groups where count(*) > 20",
        "order by count(*)",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    for engine in ["Int64", "Utf8", "Float64"] {
        assert!(!text.contains(engine), "{engine}\n{text}");
    }
}
