//! PostgreSQL judges the answers of the language's `.slt` files: each that it can be asked, in the same words or in those
//! that the file gives. What it cannot be asked, the file says why it is right.

use std::collections::BTreeMap;
use std::path::PathBuf;

use policies::dataset::ColumnType;
use testnet::differential::compare::Value;
use testnet::differential::pooled::{PooledTable, pool};
use testnet::differential::rows::{Rows, Tables};

use crate::differential::cluster;

#[path = "../../../query/tests/it/slt/file.rs"]
#[expect(dead_code, reason = "types and codes are compared where the network is asked")]
mod file;

use file::{Expect, Judge};

/// The names of types and functions that both engines have, as PostgreSQL spells them.
const WORDS: [(&str, &str); 6] = [
    (" DOUBLE)", " double precision)"),
    ("var(", "variance("),
    ("mean(", "avg("),
    ("covar(", "covar_samp("),
    ("var_sample(", "var_samp("),
    ("var_population(", "var_pop("),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../query/tests/slt")
}

fn hospitals() -> BTreeMap<String, Tables> {
    let mut hospitals = BTreeMap::new();
    for entry in std::fs::read_dir(folder().join("data")).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let mut tables = Tables::new();
        for name in ["patient", "diagnosis", "treatment"] {
            let text = std::fs::read_to_string(folder.join(format!("{name}.csv"))).unwrap();
            let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
            let mut lines = text.lines();
            let columns = cells(lines.next().unwrap());
            tables.insert(name.to_owned(), Rows { columns, rows: lines.map(cells).collect() });
        }
        let code = folder.file_name().unwrap().to_str().unwrap().to_owned();
        hospitals.insert(code, tables);
    }
    assert_eq!(hospitals.len(), 5);
    hospitals
}

/// A row for each sub-network of a hospital, as the charter of `query`'s tests has them.
fn memberships() -> PooledTable {
    let rows =
        [["embraze", "ALFA"], ["embraze", "BRAVO"], ["concord", "BRAVO"], ["concord", "CHARLIE"]];
    let column = |name: &str| (name.to_owned(), ColumnType::Text);
    PooledTable {
        name: "membership".to_owned(),
        columns: vec![column("network"), column("hospital")],
        rows: rows.map(|row| row.map(|value| Some(value.to_owned())).to_vec()).to_vec(),
    }
}

/// A text in PostgreSQL's words.
fn spelled(sql: &str) -> String {
    let mut sql = sql.to_owned();
    for (ours, theirs) in WORDS {
        let mut out = String::new();
        let mut rest = sql.as_str();
        while let Some((before, after)) = rest.split_once(ours) {
            let inside = !ours.starts_with(' ')
                && before.ends_with(|sign: char| sign.is_alphanumeric() || sign == '_');
            out.push_str(before);
            out.push_str(if inside { ours } else { theirs });
            rest = after;
        }
        out.push_str(rest);
        sql = out;
    }
    sql
}

#[test]
fn postgresql_gives_the_answers_that_the_files_hold() {
    let Some(cluster) = cluster() else { return };
    let text = std::fs::read_to_string(folder().join("data/oncology.toml")).unwrap();
    let dataset = policies::dataset::file::parse("oncology.toml", &text).unwrap();
    let mut session = cluster.session().unwrap();
    let mut tables = pool(&dataset, &hospitals()).unwrap();
    tables.push(memberships());
    session.load(&tables).unwrap();
    let (mut judged, mut by_hand, mut wrong) = (0, 0, Vec::new());
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    for path in files.filter(|path| path.extension().is_some_and(|end| end == "slt")) {
        for case in file::parse(&std::fs::read_to_string(&path).unwrap()) {
            let Expect::Rows { rows: expected, rowsort, .. } = &case.expect else { continue };
            let sql = match &case.judge {
                Judge::Same => spelled(&case.sql),
                Judge::Sql(sql) => sql.clone(),
                Judge::Hand => {
                    by_hand += 1;
                    continue;
                }
            };
            judged += 1;
            let value = |value: &Value| match value {
                Value::Null => "NULL".to_owned(),
                Value::Exact(text) => text.clone(),
                Value::Float(float) => float.to_string(),
                Value::Within(low, high) => format!("{low} to {high}"),
            };
            let got = session.ask(&sql).map(|answer| {
                let rows = answer.rows.iter();
                let row = |row: &Vec<Value>| row.iter().map(value).collect::<Vec<_>>().join(" ");
                rows.map(row).collect::<Vec<_>>()
            });
            if !got.as_ref().is_ok_and(|got| file::same(expected, got, *rowsort, true)) {
                let name = path.file_name().unwrap().to_str().unwrap();
                let got = got.map_err(|error| error.to_string());
                wrong.push(format!(
                    "{name}:{}: {sql}\n  expected {expected:?}\n  got {got:?}",
                    case.line
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(judged > 250 && by_hand < 30, "{judged} judged, {by_hand} by hand");
}
