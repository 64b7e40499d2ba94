//! The language in `.slt` files: what is accepted with its answers, what is refused with its code and a way out.
//!
//! Each file is put to a network of five hospitals of `tests/slt/data`, the last of them without a diagnosis, through every stage of an
//! answer. Protections are off, but for `hidden.slt`. PostgreSQL judges the same answers in the tests of `testnet`.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "test code"
)]

use std::collections::{BTreeMap, BTreeSet};

use query::pipe::{CellStatus, Finished};

use crate::sql::network::{Network, Protect, Rows, Tables, Worker};

pub(crate) mod file;
mod reference;

use file::{Case, Expect, Judge};

/// The dataset of every file.
const DATASET: &str = include_str!("../slt/data/oncology.toml");
/// Codes of the text, as the crate gives them.
const ERRORS: &str = include_str!("../../src/error.rs");

/// The files and how they are protected.
const FILES: [(&str, Protect); 14] = [
    ("sources", Protect::OFF),
    ("conditions", Protect::OFF),
    ("steps", Protect::OFF),
    ("keys", Protect::OFF),
    ("aggregates", Protect::OFF),
    ("quantiles", Protect::OFF),
    ("hospital", Protect::OFF),
    ("network", Protect::OFF),
    ("sets", Protect::OFF),
    ("above", Protect::OFF),
    ("nulls", Protect::OFF),
    ("hidden", Protect::DEFAULT),
    ("refused", Protect::OFF),
    ("limits", Protect::OFF),
];

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt")
}

/// The tables of every hospital.
pub(crate) fn hospitals() -> BTreeMap<String, Tables> {
    let mut hospitals = BTreeMap::new();
    for code in ["ALFA", "BRAVO", "CHARLIE", "DELTA", "ECHO"] {
        let table = |name: &str| {
            let text = std::fs::read_to_string(folder().join(format!("data/{code}/{name}.csv")));
            let text = text.unwrap();
            let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
            let mut lines = text.lines();
            let columns = cells(lines.next().unwrap());
            (name.to_owned(), Rows { columns, rows: lines.map(cells).collect() })
        };
        let tables = ["patient", "diagnosis", "treatment"].map(table);
        hospitals.insert(code.to_owned(), BTreeMap::from(tables));
    }
    hospitals
}

/// The cases of a file.
pub(crate) fn read(name: &str) -> Vec<Case> {
    file::parse(&std::fs::read_to_string(folder().join(format!("{name}.slt"))).unwrap())
}

/// A letter for each column.
fn types(finished: &Finished) -> String {
    let letter = |kind: &str| match kind {
        "text" => 'T',
        "integer" => 'I',
        "float" => 'R',
        "boolean" => 'B',
        decimal if decimal.starts_with("decimal(") => 'D',
        other => panic!("{other}"),
    };
    finished.columns.iter().map(|column| letter(&column.kind)).collect()
}

/// Rows as the files have them.
fn rows(finished: &Finished) -> Vec<String> {
    let value = |row: usize, column: usize| {
        let hidden = finished.cells.iter().find(|cell| (cell.row, cell.column) == (row, column));
        if let Some(cell) = hidden {
            return match cell.status {
                CellStatus::Hidden => "hidden".to_owned(),
                CellStatus::Incomplete => "incomplete".to_owned(),
                CellStatus::Shown => panic!("a cell that is shown is listed"),
            };
        }
        let text = match &finished.rows[row][column] {
            serde_json::Value::Null => "NULL".to_owned(),
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let mut intervals = finished.intervals.iter();
        match intervals.find(|own| (own.row, own.column) == (row, column)) {
            Some(own) => match own.low.zip(own.high) {
                Some((low, high)) => format!("{text}[{low}..{high}]"),
                None => format!("{text}[?]"),
            },
            None => text,
        }
    };
    let columns = finished.columns.len();
    let mut rows: Vec<String> = (0..finished.rows.len())
        .map(|row| (0..columns).map(|column| value(row, column)).collect::<Vec<_>>().join(" "))
        .collect();
    if finished.undecided > 0 {
        rows.push(format!("undecided {}", finished.undecided));
    }
    rows
}

/// What is wrong with the answer to a case.
fn wrong(network: &Network, worker: &mut Worker, case: &Case) -> Option<String> {
    let answer = network.ask(worker, &case.sql);
    match (&case.expect, answer) {
        (Expect::Rows { types: wanted, rowsort, rows: expected }, Ok(finished)) => {
            let (types, mut rows) = (types(&finished), rows(&finished));
            if types == *wanted && file::same(expected, &rows, *rowsort, false) {
                return None;
            }
            if *rowsort {
                rows.sort();
            }
            Some(format!("query {types}\n{}\n----\n{}", case.sql, rows.join("\n")))
        }
        (Expect::Rows { .. }, Err(failure)) => {
            Some(format!("{}\nrefused: {}: {}", case.sql, failure.code, failure.message))
        }
        (Expect::Refused { code, words }, Err(failure)) => {
            let right = failure.code == *code && failure.message.contains(words);
            (!right).then(|| format!("{}\n{}: {}", case.sql, failure.code, failure.message))
        }
        (Expect::Refused { .. }, Ok(finished)) => {
            Some(format!("{}\nanswered: {}", case.sql, rows(&finished).join("\n")))
        }
    }
}

/// Puts cases to a network, all to one worker: what is refused does not disturb what follows.
#[track_caller]
fn check(name: &str, cases: &[Case], protect: Protect) {
    let network = Network::new(DATASET, &hospitals(), protect);
    let mut worker = Worker::start();
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            Some(format!("{name}:{}: {}", case.line, wrong(&network, &mut worker, case)?))
        })
        .collect();
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n\n"));
}

#[track_caller]
fn check_file(name: &str) {
    let (name, protect) = FILES.iter().find(|(known, _)| *known == name).unwrap();
    check(name, &read(name), *protect);
}

macro_rules! files {
    ($($name:ident),*) => {
        $(#[test]
        fn $name() {
            check_file(stringify!($name));
        })*

        #[test]
        fn every_file_is_a_test() {
            let mut tests = vec![$(stringify!($name)),*];
            tests.sort_unstable();
            let mut known = FILES.map(|(name, _)| name);
            known.sort_unstable();
            assert_eq!(tests, known);
            let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
            let slt = files.filter(|path| path.extension().is_some_and(|end| end == "slt"));
            assert_eq!(slt.count(), FILES.len());
        }
    };
}

files!(
    sources, conditions, steps, keys, aggregates, quantiles, hospital, network, sets, above, nulls,
    hidden, refused, limits
);

/// The codes of `PlanError`, read from its source: the enum is not public.
fn codes() -> BTreeSet<String> {
    let arms = ERRORS.lines().filter(|line| line.trim_start().starts_with("Self::"));
    let codes = arms.filter_map(|line| line.split_once("=> \"")?.1.strip_suffix("\","));
    codes.map(str::to_owned).collect()
}

#[test]
fn every_code_of_the_text_has_a_case() {
    let cases: Vec<Case> = FILES.iter().flat_map(|(name, _)| read(name)).collect();
    let of = |case: &Case| match &case.expect {
        Expect::Refused { code, .. } => Some(code.clone()),
        Expect::Rows { .. } => None,
    };
    let shown: BTreeSet<String> = cases.iter().filter_map(of).collect();
    let codes = codes();
    assert!(codes.len() >= 23, "{codes:?}");
    let missing: Vec<&String> = codes.difference(&shown).collect();
    assert!(missing.is_empty(), "no case refuses with {missing:?}");
    assert!(cases.len() >= 500, "{} cases", cases.len());
    let by_hand = cases.iter().filter(|case| case.judge == Judge::Hand).count();
    assert!(by_hand <= 20, "PostgreSQL can be asked: write `# postgres: ...`");
}
