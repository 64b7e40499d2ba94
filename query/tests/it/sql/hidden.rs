//! Hidden stays hidden: no text turns a figure that is not shown into a number.

use std::collections::BTreeMap;

use query::pipe::{CellStatus, Finished};
use serde_json::{Value, json};

use super::network::{Network, Protect, Rows, Tables, Worker, hospital};

pub(super) const DATASET: &str = r#"id = "small"
version = 1
status = "synthetic"
title = { en = "Small" }
patient = "patient"

[code_lists.grade]
codes = [{ code = 1 }, { code = 2 }, { code = 3 }, { code = 4 }]

[[tables]]
name = "patient"
key = "patient_key"
columns = [
  { name = "patient_key", type = "integer", class = "key" },
  { name = "grade", type = "integer", class = "category", codes = "grade" },
  { name = "age", type = "integer", class = "measure", min = 0, max = 120 },
]
"#;

/// So many patients of each grade, aged 50, 51, ...
fn site(grades: &[(u32, u32)]) -> Tables {
    let mut rows = Vec::new();
    for (grade, patients) in grades {
        for patient in 0..*patients {
            let key = (grade * 1000 + patient).to_string();
            rows.push(vec![key, grade.to_string(), (50 + patient).to_string()]);
        }
    }
    let columns = ["patient_key", "grade", "age"].map(str::to_owned).to_vec();
    BTreeMap::from([("patient".to_owned(), Rows { columns, rows })])
}

/// Grade 1 is large at both, grade 2 small at BRAVO, grade 3 small at both, grade 4 nowhere.
pub(super) fn sites() -> BTreeMap<String, Tables> {
    BTreeMap::from([
        ("ALFA".to_owned(), site(&[(1, 20), (2, 15), (3, 9)])),
        ("BRAVO".to_owned(), site(&[(1, 10), (2, 4), (3, 1)])),
    ])
}

#[track_caller]
pub(super) fn ask(protect: Protect, sql: &str) -> Finished {
    let network = Network::new(DATASET, &sites(), protect);
    network.ask(&mut Worker::start(), sql).unwrap_or_else(|failure| panic!("{sql}: {failure:?}"))
}

pub(super) fn statuses(finished: &Finished) -> Vec<(usize, usize, CellStatus)> {
    finished.cells.iter().map(|cell| (cell.row, cell.column, cell.status)).collect()
}

#[test]
fn a_small_cell_is_null_and_its_total_incomplete() {
    let answer = ask(
        Protect::DEFAULT,
        "SELECT grade, hospital, count(*) AS n, avg(age) FROM patient GROUP BY grade, hospital ORDER BY grade, hospital",
    );
    let n = |row: usize| answer.rows[row][2].clone();
    assert_eq!(answer.rows.len(), 8);
    assert_eq!([n(0), n(1), n(2)], [json!("20"), json!("10"), json!("15")]);
    for row in 3..8 {
        assert_eq!(answer.rows[row][2..], [Value::Null, Value::Null], "{row}");
    }
    assert_eq!(answer.cells.len(), 10);
    assert!(answer.cells.iter().all(|cell| cell.status == CellStatus::Hidden));

    let total = ask(
        Protect::DEFAULT,
        "SELECT grade, count(*) AS n FROM patient GROUP BY grade ORDER BY grade",
    );
    let expected = json!([["1", "30"], ["2", null], ["3", null], ["4", null]]);
    assert_eq!(json!(total.rows), expected);
    let expected =
        [(1, 1, CellStatus::Incomplete), (2, 1, CellStatus::Hidden), (3, 1, CellStatus::Hidden)];
    assert_eq!(statuses(&total), expected);
}

#[test]
fn a_cell_of_exactly_the_threshold_is_shown() {
    let network = Network::new(DATASET, &sites(), Protect::DEFAULT);
    let mut worker = Worker::start();
    let sql = "SELECT grade, count(*) FROM patient WHERE hospital = 'BRAVO' GROUP BY grade";
    let answer = network.ask(&mut worker, sql).unwrap();
    assert_eq!(answer.rows[0], [json!("1"), json!("10")]);
    assert_eq!(answer.rows[1], [json!("2"), Value::Null]);
}

#[test]
fn no_expression_makes_a_number_of_a_hidden_value() {
    for (column, sql_type) in [
        ("coalesce(count(*), 0)", "integer"),
        ("coalesce(avg(age), 0)", "float"),
        ("count(*) IS NULL", "boolean"),
        ("CASE WHEN count(*) > 5 THEN 1 ELSE 0 END", "integer"),
        ("CASE WHEN count(*) IS NULL THEN 1 ELSE 0 END", "integer"),
        ("CASE WHEN grade = 3 THEN 0 ELSE count(*) END", "integer"),
        ("count(*) + 1", "integer"),
        ("count(*) - count(*)", "integer"),
        ("0 * count(*)", "integer"),
        ("greatest(count(*), 0)", "integer"),
        ("nullif(count(*), 3)", "integer"),
        ("count(*) = count(*)", "boolean"),
        ("count(*) IS DISTINCT FROM 3", "boolean"),
        ("count(*) > 5 OR 1 = 1", "boolean"),
        ("count(*) IN (1, 2, 3, 4, 5, 6, 7, 8, 9)", "boolean"),
        ("abs(sum(age))", "integer"),
    ] {
        let sql = format!("SELECT grade, {column} AS x FROM patient GROUP BY grade ORDER BY grade");
        let answer = ask(Protect::DEFAULT, &sql);
        assert_eq!(answer.columns[1].kind, sql_type, "{column}");
        assert_ne!(answer.rows[0][1], Value::Null, "{column}");
        for row in 1..4 {
            assert_eq!(answer.rows[row][1], Value::Null, "{column}");
        }
        assert_eq!(answer.cells.len(), 3, "{column}");
    }
}

#[test]
fn a_having_over_a_hidden_value_keeps_the_row_out_as_undecided() {
    for (having, rows, undecided) in [
        ("count(*) > 5", 1, 3),
        ("count(*) IS NULL", 0, 3),
        ("coalesce(count(*), 0) = 0", 0, 3),
        ("count(*) > 5 OR grade < 10", 1, 3),
        ("NOT (count(*) > 5)", 0, 3),
        // A condition on shown values decides without the hidden one.
        ("count(*) > 5 AND grade < 3", 1, 1),
        ("count(*) > 5 AND grade = 1", 1, 0),
        ("grade = 3", 1, 0),
    ] {
        let sql = format!("SELECT grade, count(*) FROM patient GROUP BY grade HAVING {having}");
        let answer = ask(Protect::DEFAULT, &sql);
        assert_eq!((answer.rows.len(), answer.undecided), (rows, undecided), "{having}");
    }
}

#[test]
fn order_and_limit_over_hidden_values_tell_nothing() {
    let sql = "SELECT grade, count(*) AS n FROM patient GROUP BY grade ORDER BY n DESC";
    let answer = ask(Protect::DEFAULT, sql);
    assert_eq!(json!(answer.rows), json!([["1", "30"], ["2", null], ["3", null], ["4", null]]));
    let answer = ask(Protect::DEFAULT, &sql.replace("DESC", "ASC NULLS FIRST"));
    assert_eq!(
        answer.rows[0],
        [json!("1"), json!("30")],
        "hidden rows are last, whatever NULLS says"
    );
    let answer = ask(Protect::DEFAULT, &format!("{sql} LIMIT 2"));
    assert_eq!((json!(answer.rows), answer.undecided), (json!([["1", "30"]]), 3));
    let answer = ask(Protect::DEFAULT, &format!("{sql} OFFSET 1"));
    assert_eq!((answer.rows.len(), answer.undecided), (0, 3));
    let answer = ask(Protect::DEFAULT, &format!("{sql} LIMIT 4"));
    assert_eq!((answer.rows.len(), answer.undecided), (4, 0), "nothing has to be known");
    let nested = format!("SELECT grade FROM ({sql} LIMIT 1) x");
    let answer = ask(Protect::DEFAULT, &nested);
    assert_eq!((json!(answer.rows), answer.undecided), (json!([["1"]]), 3));
}

#[test]
fn zeros_are_shown_only_by_rule_and_a_group_of_nobody_gives_no_row() {
    let shown = Protect { min_patients: 10, zeros_shown: true };
    let sql = "SELECT grade, count(*) FROM patient GROUP BY grade ORDER BY grade";
    let answer = ask(shown, sql);
    assert_eq!(json!(answer.rows), json!([["1", "30"], ["2", null], ["3", null]]));
    let answer = ask(shown, "SELECT count(*), sum(age), avg(age) FROM patient WHERE grade = 4");
    assert_eq!(json!(answer.rows), json!([["0", null, null]]));
    assert!(answer.cells.is_empty(), "the nulls are the data's");
    let answer = ask(Protect::DEFAULT, "SELECT count(*), sum(age) FROM patient WHERE grade = 4");
    assert_eq!(json!(answer.rows), json!([[null, null]]));
    assert_eq!(answer.cells.len(), 2);
}

#[test]
fn what_the_text_empties_is_empty_and_no_threshold_applies() {
    let sql =
        "SELECT grade, count(*) FROM patient WHERE hospital = 'ALFA' GROUP BY grade ORDER BY grade";
    let answer = ask(Protect::DEFAULT, sql);
    assert_eq!(json!(answer.rows), json!([["1", "20"], ["2", "15"], ["3", null], ["4", null]]));
    assert!(
        answer
            .cells
            .iter()
            .all(|cell| cell.status == CellStatus::Incomplete || cell.status == CellStatus::Hidden)
    );
    for condition in [
        "hospital IN ('X', 'Y')",
        "hospital = 'X' AND age > 3",
        "1 = 2",
        "hospital <> hospital",
        "NULL",
    ] {
        let sql = format!("SELECT grade, count(*) FROM patient WHERE {condition} GROUP BY grade");
        let answer = ask(Protect::DEFAULT, &sql);
        assert_eq!((answer.rows.len(), answer.cells.len()), (0, 0), "{condition}");
    }
    let answer = ask(Protect::DEFAULT, "SELECT count(*) FROM patient WHERE age > 200");
    assert_eq!(json!(answer.rows), json!([[null]]), "the data decide this one");
}

#[test]
fn cells_that_the_text_rules_out_give_no_row_and_hide_nothing() {
    for (sql, expected) in [
        (
            "SELECT grade, count(*) FROM patient WHERE grade IN (1, 2) GROUP BY grade",
            json!([["1", "30"], ["2", null]]),
        ),
        (
            "SELECT grade, count(*) FROM patient p WHERE p.grade = 1 AND age > 0 GROUP BY grade",
            json!([["1", "30"]]),
        ),
        (
            "SELECT CASE WHEN hospital = 'ALFA' THEN 'large' ELSE 'small' END AS size, count(*) FROM patient WHERE grade = 1 GROUP BY 1",
            json!([["large", "20"], ["small", "10"]]),
        ),
        (
            "SELECT hospital = 'ALFA' AS own, count(*) FROM patient WHERE grade < 2 GROUP BY 1",
            json!([[false, "10"], [true, "20"]]),
        ),
        // The name inside the derived table means another column than outside.
        (
            "SELECT x.grade, count(*) FROM (SELECT 5 - x.grade AS grade FROM patient x WHERE x.grade = 1) x WHERE x.grade > 3 GROUP BY x.grade",
            json!([["4", "30"]]),
        ),
    ] {
        assert_eq!(json!(ask(Protect::DEFAULT, sql).rows), expected, "{sql}");
    }
    let data = ask(
        Protect::DEFAULT,
        "SELECT grade, count(*) FROM patient WHERE age >= 0 AND age < 200 GROUP BY grade",
    );
    assert_eq!(data.rows.len(), 4, "only the data know that grade 4 is empty");
}

#[test]
fn one_hospital_alone_hides_and_nobody_at_all_gives_what_sql_gives() {
    let network = Network::new(DATASET, &sites(), Protect::DEFAULT);
    let mut worker = Worker::start();
    let sql = "SELECT count(*) FROM patient WHERE grade = 3";
    let one = network.ask_some(&mut worker, sql, &[hospital("BRAVO")]).unwrap();
    assert_eq!(statuses(&one), [(0, 0, CellStatus::Hidden)]);
    let none = network.ask_some(&mut worker, sql, &[]).unwrap();
    assert_eq!(json!(none.rows), json!([["0"]]));
}

#[test]
fn patients_are_counted_not_rows() {
    let sql = "SELECT count(*) FROM patient a JOIN patient b ON a.patient_key = b.patient_key JOIN patient c ON c.patient_key = b.patient_key WHERE a.grade = 3 AND a.hospital = 'ALFA'";
    let answer = ask(Protect { min_patients: 9, zeros_shown: false }, sql);
    assert_eq!(json!(answer.rows), json!([["9"]]));
    let answer = ask(Protect::DEFAULT, sql);
    assert_eq!(json!(answer.rows), json!([[null]]));
}

#[test]
fn the_receipt_tells_cells_and_nulls_and_the_frames_no_number_of_patients() {
    let network = Network::new(DATASET, &sites(), Protect::DEFAULT);
    let mut worker = Worker::start();
    let sql = "SELECT grade, avg(age) FROM patient GROUP BY grade";
    let planned = network.plan(&mut worker, sql).unwrap();
    let safe = network.answer(&mut worker, sql, &planned, &hospital("BRAVO"));
    let receipt = safe.receipt();
    assert_eq!((receipt.cells, receipt.nulls), (vec![4], vec![3]));
    assert_eq!(receipt.rules, ["noord/all"]);
    assert_eq!(safe.frames()[0], br#"{"version":1,"fragments":1}"#);
    assert_eq!(safe.frames().len(), 2);
    let text = String::from_utf8_lossy(&safe.frames()[1]).into_owned();
    assert!(text.contains("state") && text.contains("p0"), "{text}");
}
