use query::pipe::{FinishedCell, FinishedColumn};
use serde_json::json;

use super::*;

fn table(rows: Vec<Vec<Value>>, cells: &[(usize, usize, CellStatus)]) -> Finished {
    let column = |name: &str| FinishedColumn { name: name.to_owned(), kind: "integer".to_owned() };
    let cells = cells.iter().map(|(row, column, status)| FinishedCell {
        row: *row,
        column: *column,
        status: *status,
    });
    Finished {
        columns: ["year", "n", "died"].map(column).to_vec(),
        rows,
        cells: cells.collect(),
        undecided: 0,
        intervals: Vec::new(),
        noisy: Vec::new(),
        notes: Vec::new(),
    }
}

#[test]
fn cells_of_groups_with_patients_are_counted_and_compared() {
    let row = |year, n: Value, died: Value| vec![json!(year), n, died];
    let truth = table(
        vec![
            row(2022, json!("30"), json!("4")),
            row(2023, json!("12"), json!("0")),
            row(2024, json!("7"), json!("1")),
        ],
        &[],
    );
    // In another order, with a year of nobody, without 2024.
    let shown = table(
        vec![
            row(2021, Value::Null, Value::Null),
            row(2023, json!("10"), Value::Null),
            row(2022, Value::Null, json!("4")),
        ],
        &[
            (0, 1, CellStatus::Hidden),
            (0, 2, CellStatus::Hidden),
            (1, 2, CellStatus::Hidden),
            (2, 1, CellStatus::Incomplete),
        ],
    );
    let mut tally = Tally::default();
    tally.table(&Seen { by: "total", keys: 1, truth: &truth, table: &shown }).unwrap();
    let cells = Cells { shown: 2, hidden: 1, incomplete: 1, absent: 2 };
    assert_eq!(tally.tables["total"], cells);
    assert_eq!((tally.compared, tally.squares), (2, 4.0));
    let twice = tally.clone();
    tally.add(&twice);
    assert_eq!((tally.tables["total"].all(), tally.compared), (12, 4));
    assert!((tally.deviation() - 2_f64.sqrt()).abs() < 1e-9);
    // Another shape.
    let mut other = shown.clone();
    other.columns.pop();
    assert!(tally.table(&Seen { by: "total", keys: 1, truth: &truth, table: &other }).is_err());
}
