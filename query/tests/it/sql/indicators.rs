//! The 42 indicators of the field over the oncology dataset of `testnet`, with generated rows for every table.
//!
//! Those that bare DataFusion can run are compared with it. The others hold EXISTS outside a filter: they must be
//! answered, and `tests/slt/steps.slt` holds their forms with answers.

use std::collections::BTreeMap;

use policies::dataset::{Class, CodeValue, Column, ColumnType, Dataset, Table};

use super::hospitals::Dice;
use super::network::{Network, Protect, Rows, Tables, Worker};
use super::pooled::Pool;

const DATASET: &str = include_str!("../../../../testnet/charter/oncology.toml");
const INDICATORS: &str = include_str!("../../../../testnet/domain/indicators.sql");

fn value(column: &Column, dice: &mut Dice) -> String {
    if column.nullable && dice.roll(4) == 0 {
        return String::new();
    }
    if !column.codes.is_empty() {
        let at = usize::try_from(dice.roll(column.codes.len() as u64)).unwrap();
        return match &column.codes[at].value {
            CodeValue::Integer(code) => code.to_string(),
            CodeValue::Text(code) => code.clone(),
        };
    }
    let Some(bounds) = column.bounds else { return "0".to_owned() };
    // Most events are near each other, so that conditions on days are met.
    let span = u64::try_from(bounds.max - bounds.min).unwrap().min(400);
    let units = bounds.min + i64::try_from(dice.roll(span + 1)).unwrap();
    match column.kind {
        ColumnType::Decimal { scale } => {
            let factor = 10_i64.pow(u32::from(scale));
            format!("{}.{:0>2$}", units / factor, units % factor, usize::from(scale))
        }
        ColumnType::Integer | ColumnType::Text => units.to_string(),
    }
}

/// Rows of a table, so many a parent; later foreign keys follow a row of the same first parent, or are NULL.
fn rows(dataset: &Dataset, table: &Table, done: &Tables, dice: &mut Dice) -> Rows {
    let columns: Vec<String> = table.columns.iter().map(|c| c.name.as_str().to_owned()).collect();
    let parent = table.foreign_keys.first();
    let parents = parent.map(|key| done[key.table.as_str()].rows.len()).unwrap_or(60);
    let mut rows = Vec::new();
    for at in 0..parents {
        for child in 0..if parent.is_some() { dice.roll(4) } else { 1 } {
            let mut row = Vec::new();
            for column in &table.columns {
                let name = column.name.as_str();
                row.push(if name == table.key.as_str() {
                    format!("{}{at}-{child}", table.name)
                } else if let Some(key) =
                    table.foreign_keys.iter().find(|key| key.column == column.name)
                {
                    let target = &done[key.table.as_str()];
                    if Some(key) == parent {
                        target.rows[at][0].clone()
                    } else {
                        let first = parent.unwrap();
                        let own = &done[first.table.as_str()].rows[at][0];
                        let link = dataset.table(key.table.as_str()).unwrap();
                        let link =
                            link.columns.iter().position(|c| c.name == first.column).unwrap();
                        let same = target.rows.iter().find(|row| row[link] == *own);
                        same.map(|row| row[0].clone()).unwrap_or_default()
                    }
                } else {
                    assert_ne!(column.class, Class::Key);
                    value(column, dice)
                });
            }
            rows.push(row);
        }
    }
    Rows { columns, rows }
}

fn hospital(dataset: &Dataset, seed: u64) -> Tables {
    let mut dice = Dice(seed);
    let mut done: Tables = BTreeMap::new();
    while done.len() < dataset.tables.len() {
        for (name, table) in &dataset.tables {
            let ready = table.foreign_keys.iter().all(|key| done.contains_key(key.table.as_str()));
            if ready && !done.contains_key(name.as_str()) {
                let rows = rows(dataset, table, &done, &mut dice);
                done.insert(name.as_str().to_owned(), rows);
            }
        }
    }
    done
}

#[test]
fn the_forty_two_indicators_are_answered() {
    let dataset = policies::dataset::file::parse("oncology", DATASET).unwrap();
    let codes = ["NOORD", "OOST", "ZUID"];
    let hospitals: BTreeMap<String, Tables> =
        (1..).zip(codes).map(|(seed, code)| (code.to_owned(), hospital(&dataset, seed))).collect();
    let network = Network::new(DATASET, &hospitals, Protect::OFF);
    let pool = Pool::new(network.dataset(), &hospitals);
    let mut worker = Worker::start();
    let mut wrong = Vec::new();
    let (mut asked, mut compared, mut filled) = (0, 0, 0);
    for sql in INDICATORS.lines().filter(|line| !line.starts_with("--") && !line.is_empty()) {
        asked += 1;
        let sql = sql.trim_end_matches(';');
        let finished = match network.ask(&mut worker, sql) {
            Ok(finished) => finished,
            Err(failure) => {
                wrong.push(format!("{sql}\n  {failure:?}"));
                continue;
            }
        };
        filled += usize::from(!finished.rows.is_empty());
        if !finished.cells.is_empty() {
            wrong.push(format!("{sql}\n  {finished:?}"));
        }
        let Some((_, mut expected)) = pool.try_ask(sql) else { continue };
        compared += 1;
        let mut got = super::differential::values(&finished);
        expected.sort_by(|a, b| super::differential::order(a, b));
        got.sort_by(|a, b| super::differential::order(a, b));
        if !super::differential::same(&expected, &got) {
            wrong.push(format!("{sql}\n  expected {expected:?}\n  got      {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(asked, 42);
    assert!(filled >= 34, "{filled} have rows");
    assert!(compared >= 24, "{compared}");
}

#[test]
fn every_variant_that_the_charter_enumerates_is_cut() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../testnet/charter/indicators");
    let dataset = policies::dataset::file::parse("oncology", DATASET).unwrap();
    let hospitals = BTreeMap::from([("NOORD".to_owned(), hospital(&dataset, 1))]);
    let network = Network::new(DATASET, &hospitals, Protect::OFF);
    let mut worker = Worker::start();
    let (mut wrong, mut cut) = (Vec::new(), 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let indicator = policies::indicator::parse(&name, &text).unwrap();
        for (by, window) in indicator.variants() {
            let sql = indicator.expand(by, window).unwrap();
            cut += 1;
            if let Err(failure) = network.plan(&mut worker, &sql) {
                wrong.push(format!("{name} {by:?} {window:?}: {failure:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
    // Three ways to count, three windows.
    assert_eq!(cut, 42 * 9);
}
