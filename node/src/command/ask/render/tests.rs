use policies::Digest;
use query::pipe::{FinishedBand, FinishedCell, FinishedColumn};
use serde_json::json;

use super::*;

/// Two hospitals: their names, how many patients, how many died, and a median with its interval.
fn answered() -> AnswerBody {
    let columns = [("hospital", "text"), ("n", "integer"), ("died", "integer"), ("age", "float")];
    let columns =
        columns.map(|(name, kind)| FinishedColumn { name: name.to_owned(), kind: kind.to_owned() });
    let hidden = |row| FinishedCell { row, column: 2, status: CellStatus::Hidden };
    let interval = FinishedInterval { row: 0, column: 3, low: Some(60.0), high: Some(70.0) };
    AnswerBody {
        columns: columns.into(),
        rows: vec![
            vec![json!("OOST"), json!("412"), json!(null), json!(64.5)],
            vec![json!("ZUID, of wat"), json!("9"), json!(null), json!(null)],
        ],
        cells: vec![hidden(0), hidden(1)],
        undecided: 0,
        intervals: vec![interval],
        noisy: Vec::new(),
        bands: vec![FinishedBand { row: 0, column: 2, band: "above_95".to_owned() }],
        notes: Vec::new(),
        reveal: None,
        missing: None,
        together: None,
        coverage: BTreeMap::new(),
        protections: BTreeMap::new(),
        snapshots: BTreeMap::new(),
        layers: Vec::new(),
        question_digest: Digest::of(b"question"),
        status: "synthetic".to_owned(),
    }
}

#[test]
fn csv_has_the_bands_that_the_table_has() {
    let answer = answered();
    let mut out = Vec::new();
    rows(&answer, &mut out).unwrap();
    let lines = [
        "hospital,n,died,age,age_low,age_high",
        "OOST,412,above 95 %,64.5,60,70",
        "\"ZUID, of wat\",9,,,,",
    ];
    assert_eq!(String::from_utf8(out).unwrap().lines().collect::<Vec<_>>(), lines);
    let marks = Marks::of(&answer);
    let shown = |row: usize| marks.shown((row, 2), &answer.rows[row][2]);
    assert_eq!([shown(0), shown(1)], ["above 95 %", "hidden"]);
}
