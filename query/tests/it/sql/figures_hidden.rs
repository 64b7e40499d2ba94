//! Single figures that are hidden in a cell that is shown: they stay hidden above the cut, and what stands beside them does not.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, Decimal128Array, RecordBatch, UInt8Array};
use arrow::datatypes::Decimal128Type;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use policies::protections::Parts;
use query::pipe::{CellStatus, Finished, Part, Reply, Work};
use serde_json::{Value, json};

use super::hidden::statuses;
use super::network::{Network, Protect, Rows, Tables, Worker, hospital};

use CellStatus::{Hidden, Incomplete};

const DATASET: &str = r#"id = "figures"
version = 1
status = "synthetic"
title = { en = "Figures" }
patient = "patient"

[code_lists.grade]
codes = [{ code = 1 }, { code = 2 }, { code = 3 }]

[[tables]]
name = "patient"
key = "patient_key"
columns = [
  { name = "patient_key", type = "integer", class = "key" },
  { name = "grade", type = "integer", class = "category", codes = "grade" },
  { name = "dead", type = "integer", class = "flag" },
  { name = "age", type = "integer", class = "measure", min = 0, max = 120, nullable = true, edges = [40, 60, 80] },
]
"#;

/// Forty patients of each grade, so many of them dead, the first dead one without an age.
fn site(dead: [u32; 3]) -> Tables {
    let mut rows = Vec::new();
    for (grade, dead) in (1..).zip(dead) {
        for at in 0..40 {
            let key = (grade * 100 + at).to_string();
            let age = if at == 0 && dead > 0 { String::new() } else { (41 + at).to_string() };
            rows.push(vec![key, grade.to_string(), u32::from(at < dead).to_string(), age]);
        }
    }
    let columns = ["patient_key", "grade", "dead", "age"].map(str::to_owned).to_vec();
    BTreeMap::from([("patient".to_owned(), Rows { columns, rows })])
}

/// Deaths of grade 1 are shown by ALFA alone, of grade 2 by nobody, of grade 3 by both.
fn sites() -> BTreeMap<String, Tables> {
    BTreeMap::from([
        ("ALFA".to_owned(), site([20, 3, 20])),
        ("BRAVO".to_owned(), site([2, 39, 10])),
    ])
}

fn ask(sql: &str) -> Finished {
    let network = Network::new(DATASET, &sites(), Protect::DEFAULT);
    network.ask(&mut Worker::start(), sql).unwrap_or_else(|failure| panic!("{sql}: {failure:?}"))
}

#[track_caller]
fn check(sql: &str, rows: Value, cells: &[(usize, usize, CellStatus)]) {
    let answer = ask(sql);
    assert_eq!((json!(answer.rows), answer.undecided), (rows, 0), "{sql}");
    assert_eq!(statuses(&answer), cells, "{sql}");
}

const GROUPS: &str = "SELECT grade, count(*) AS n, count(*) FILTER (WHERE dead = 1) AS d FROM patient GROUP BY grade";

#[test]
fn a_total_is_incomplete_where_some_hide_the_figure_and_hidden_where_all_do() {
    check(
        &format!("{GROUPS} ORDER BY grade"),
        json!([["1", "80", null], ["2", "80", null], ["3", "80", "30"]]),
        &[(0, 2, Incomplete), (1, 2, Hidden)],
    );
    check(
        "SELECT hospital, grade, count(*), sum(dead) FROM patient WHERE grade < 3 GROUP BY hospital, grade ORDER BY 1, 2",
        json!([
            ["ALFA", "1", "40", "20"],
            ["ALFA", "2", "40", null],
            ["BRAVO", "1", "40", null],
            ["BRAVO", "2", "40", null]
        ]),
        &[(1, 3, Hidden), (2, 3, Hidden), (3, 3, Hidden)],
    );
    check(
        "SELECT hospital, count(*), sum(dead) FROM patient WHERE grade = 1 GROUP BY ROLLUP (hospital) ORDER BY 1",
        json!([["ALFA", "40", "20"], ["BRAVO", "40", null], [null, "80", null]]),
        &[(1, 2, Hidden), (2, 2, Incomplete)],
    );
}

#[test]
fn every_aggregate_over_a_hidden_figure_is_hidden_with_it() {
    // One age is missing, so counts, sums and all that is made of them are hidden; the count of patients is not.
    for figure in [
        "count(age)",
        "sum(age)",
        "avg(age)",
        "stddev(age)",
        "avg(dead)",
        "share(dead = 1)",
        "wilson_low(dead = 1)",
        "count(*) FILTER (WHERE dead = 0)",
        "corr(age, dead)",
        "count(distinct patient_key) FILTER (WHERE dead = 1)",
    ] {
        let sql = format!("SELECT {figure} AS x, count(*) AS n FROM patient WHERE grade = 2");
        check(&sql, json!([[null, "80"]]), &[(0, 0, Hidden)]);
    }
}

#[test]
fn expressions_inherit_from_what_they_are_made_of_alone() {
    for (column, grade3, of_figure) in [
        ("coalesce(d, 0)", json!("30"), true),
        ("d IS NULL", json!(false), true),
        ("d + 0 * n", json!("30"), true),
        ("n - d", json!("50"), true),
        ("CASE WHEN d > 5 THEN 1 ELSE 0 END", json!("1"), true),
        ("CASE WHEN grade = 9 THEN d ELSE n END", json!("80"), true),
        ("n + 1", json!("81"), false),
        ("n > 5", json!(true), false),
        ("grade * 2", json!("6"), false),
        ("sum(n) OVER ()", json!("240"), false),
        ("rank() OVER (ORDER BY grade)", json!("3"), false),
        ("sum(d) OVER (PARTITION BY grade)", json!("30"), true),
    ] {
        let sql = format!("SELECT {column} AS x FROM ({GROUPS}) g ORDER BY grade");
        let answer = ask(&sql);
        assert_eq!(answer.rows[2][0], grade3, "{column}");
        let expected = if of_figure { vec![(0, 0, Incomplete), (1, 0, Hidden)] } else { vec![] };
        assert_eq!(statuses(&answer), expected, "{column}");
    }
    let all = ask(&format!("SELECT sum(d) OVER () AS x, max(n) OVER () AS y FROM ({GROUPS}) g"));
    let first: Vec<_> = statuses(&all).into_iter().map(|(row, column, _)| (row, column)).collect();
    assert_eq!(first, [(0, 0), (1, 0), (2, 0)]);
}

#[test]
fn aggregates_over_groups_know_that_there_are_three() {
    check(
        &format!("SELECT count(*), sum(n), sum(d), max(d), count(d) FROM ({GROUPS}) g"),
        json!([["3", "240", null, null, null]]),
        &[(0, 2, Incomplete), (0, 3, Incomplete), (0, 4, Incomplete)],
    );
}

#[test]
fn having_order_and_limit_leave_out_what_they_would_have_to_know() {
    let one = json!([["3", "80", "30"]]);
    for (sql, rows, undecided) in [
        (format!("{GROUPS} HAVING count(*) FILTER (WHERE dead = 1) > 5"), one.clone(), 2),
        (format!("{GROUPS} HAVING count(*) FILTER (WHERE dead = 1) IS NULL"), json!([]), 2),
        (format!("{GROUPS} HAVING count(*) > 90"), json!([]), 0),
        (format!("{GROUPS} HAVING sum(dead) > 5 AND count(*) > 90"), json!([]), 0),
        (format!("{GROUPS} HAVING sum(dead) > 5 AND grade > 1"), one.clone(), 1),
        (format!("{GROUPS} ORDER BY d DESC LIMIT 1"), one.clone(), 2),
        (format!("{GROUPS} ORDER BY d DESC OFFSET 1"), json!([]), 2),
        (format!("{GROUPS} ORDER BY n, grade DESC LIMIT 1"), one.clone(), 0),
    ] {
        let answer = ask(&sql);
        assert_eq!((json!(answer.rows), answer.undecided), (rows, undecided), "{sql}");
    }
    let answer = ask(&format!("{GROUPS} ORDER BY d NULLS FIRST, grade"));
    let grades: Vec<&Value> = answer.rows.iter().map(|row| &row[0]).collect();
    assert_eq!(grades, ["3", "1", "2"], "what is hidden is last, whatever NULLS says");
}

#[test]
fn joins_on_a_hidden_figure_are_undecided() {
    let sql = format!(
        "SELECT a.grade, b.grade AS other FROM ({GROUPS}) a JOIN ({GROUPS}) b ON a.d = b.d ORDER BY 1, 2"
    );
    let answer = ask(&sql);
    assert_eq!(json!(answer.rows), json!([["3", "3"]]));
    assert!(answer.undecided > 0);
    let by_n = ask(&sql.replace("a.d = b.d", "a.n = b.n"));
    assert_eq!((by_n.rows.len(), by_n.undecided), (9, 0));
}

#[test]
fn the_receipt_counts_null_figures_and_names_the_limits_and_no_frame_names_a_rule() {
    let network = Network::new(DATASET, &sites(), Protect::DEFAULT);
    let mut worker = Worker::start();
    let planned = network.plan(&mut worker, GROUPS).unwrap();
    let safe = network.answer(&mut worker, GROUPS, &planned, &hospital("BRAVO"));
    let receipt = safe.receipt();
    assert_eq!((receipt.cells, receipt.nulls, receipt.figures), (vec![3], vec![0], vec![2]));
    let told = |applied: policies::protections::Applied| {
        let (part, of) = (applied.min_part.unwrap().get(), applied.parts.unwrap());
        let sums = (applied.dominance.unwrap().get(), applied.p_percent.unwrap().get());
        (part, of, sums, applied.min_df.unwrap().get())
    };
    assert_eq!(told(receipt.protections), (5, Parts::Hide, (85, 10), 10));
    assert_eq!(safe.rules(), BTreeMap::from([("r2".to_owned(), 2)]));
    let off = Network::new(DATASET, &sites(), Protect::OFF);
    let safe = off.answer(&mut worker, GROUPS, &planned, &hospital("BRAVO"));
    assert_eq!(told(safe.receipt().protections), (0, Parts::Hide, (100, 0), 0));
    assert_eq!(safe.receipt().figures, [0]);
    assert!(safe.rules().is_empty());
}

/// A frame with its state and its sums replaced.
fn changed(frame: &[u8], state: Option<u8>, sums: &[Option<i128>]) -> Vec<u8> {
    let mut reader = StreamReader::try_new(frame, None).unwrap();
    let batch: RecordBatch = reader.next().unwrap().unwrap();
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    let rows = batch.num_rows();
    if let Some(state) = state {
        let mut states = vec![1; rows];
        states[0] = state;
        columns[0] = Arc::new(UInt8Array::from(states));
    }
    for (column, value) in columns.iter_mut().skip(1).zip(sums) {
        let own = column.as_primitive::<Decimal128Type>();
        let values = own.iter().enumerate().map(|(at, own)| if at == 0 { *value } else { own });
        let values: Decimal128Array = values.collect();
        *column = Arc::new(values.with_data_type(column.data_type().clone()));
    }
    let batch = RecordBatch::try_new(batch.schema(), columns).unwrap();
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn an_asker_accepts_null_figures_of_shown_cells_and_nothing_that_contradicts_itself() {
    let network = Network::new(DATASET, &sites(), Protect::DEFAULT);
    let mut worker = Worker::start();
    let planned = network.plan(&mut worker, GROUPS).unwrap();
    let code = hospital("ALFA");
    let frames = network.answer(&mut worker, GROUPS, &planned, &code).frames().to_vec();
    let (some, none) = (Some(40), None);
    for (state, sums, expected) in [
        (1, [some, some], None),
        (1, [some, none], None),
        (1, [none, some], None),
        (1, [none, none], Some("a shown cell has no value")),
        (2, [none, none], None),
        (2, [some, none], Some("a hidden cell has a value")),
        (2, [none, some], Some("a hidden cell has a value")),
        (0, [Some(0), Some(0)], None),
        (0, [Some(0), none], Some("an empty cell has no value")),
        (0, [Some(0), some], Some("an empty cell has a value")),
        (1, [some, Some(-1)], Some("a count is negative")),
        (3, [some, some], Some("a cell has an unknown state")),
    ] {
        let blobs = vec![frames[0].clone(), changed(&frames[1], Some(state), &sums)];
        let parts = vec![Part { hospital: code.clone(), frames: 2, shown: None }];
        let reply = worker.send(network.job(GROUPS, Work::Finish { parts }), blobs);
        match (reply.head, expected) {
            (Reply::Finished(_), None) => {}
            (Reply::Failed(failure), Some(problem)) => {
                assert_eq!(failure.code, "bad_answer");
                assert!(failure.message.contains(problem), "{}", failure.message);
            }
            (other, _) => panic!("{state} {sums:?}: {other:?}"),
        }
    }
}
