//! Random rows: nulls, skewed values, values at the bounds, hospitals of very different sizes, some empty.

use std::collections::BTreeMap;

use super::dice::Dice;
use super::schema::{Kind, Schema, Table, decimal};

/// Rows of one table: column names, then texts; the empty text is NULL.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Names.
    pub columns: Vec<String>,
    /// Values.
    pub rows: Vec<Vec<String>>,
}

/// Every table of one hospital.
pub type Tables = BTreeMap<String, Rows>;

/// Codes of hospitals, in order.
pub(super) const CODES: [&str; 9] =
    ["ALFA", "BRAVO", "CHARLIE", "DELTA", "ECHO", "FOXTROT", "GOLF", "HOTEL", "INDIA"];
/// Patients of a hospital.
const SIZES: [usize; 7] = [0, 1, 2, 5, 12, 30, 60];
/// One table in so many is without rows at a hospital that has patients.
const EMPTY_TABLE: usize = 12;

/// One to nine hospitals with their rows.
pub fn hospitals(dice: &mut Dice, schema: &Schema) -> BTreeMap<String, Tables> {
    let count = match dice.roll(8) {
        0..=1 => 1,
        2..=4 => 2,
        5 => 3,
        6 => 4,
        _ => dice.roll(5).saturating_add(5),
    };
    let mut hospitals = BTreeMap::new();
    for code in CODES.iter().take(count) {
        let size = *dice.pick(&SIZES).unwrap_or(&5);
        hospitals.insert((*code).to_owned(), hospital(dice, schema, size));
    }
    hospitals
}

/// The rows of one hospital with so many patients, numbered alike everywhere: the same key is at several hospitals.
pub fn hospital(dice: &mut Dice, schema: &Schema, size: usize) -> Tables {
    let mut tables = Tables::new();
    let mut keys: Vec<Vec<String>> = Vec::new();
    for table in &schema.tables {
        let parents: Option<&Vec<String>> =
            table.parent.as_ref().and_then(|(parent, _)| keys.get(*parent));
        let mut columns = vec![table.key.clone()];
        columns.extend(table.parent.iter().map(|(_, column)| column.clone()));
        columns.extend(table.columns.iter().map(|column| column.name.clone()));
        let mut rows = Rows { columns, rows: Vec::new() };
        let mut own = Vec::new();
        // How often a value is missing, by column: at this hospital never, sometimes or always.
        let nulls: Vec<usize> = table
            .columns
            .iter()
            .map(|_| dice.pick(&[1, 2, 3, 8, 1_000]).copied().unwrap_or(3))
            .collect();
        let above: Vec<Option<&String>> = match parents {
            None => vec![None; size],
            Some(_) if dice.one_in(EMPTY_TABLE) => Vec::new(),
            Some(parents) => parents
                .iter()
                .flat_map(|parent| std::iter::repeat_n(Some(parent), children(dice)))
                .collect(),
        };
        for (number, parent) in above.into_iter().enumerate() {
            let key = key(table, number);
            let mut row = vec![key.clone()];
            row.extend(parent.cloned());
            for (column, nulls) in table.columns.iter().zip(&nulls) {
                let missing = column.nullable && dice.one_in(*nulls);
                row.push(if missing { String::new() } else { value(dice, &column.kind) });
            }
            rows.rows.push(row);
            own.push(key);
        }
        keys.push(own);
        tables.insert(table.name.clone(), rows);
    }
    tables
}

/// How many rows a row has below it: mostly few, sometimes many.
fn children(dice: &mut Dice) -> usize {
    match dice.roll(12) {
        0..=3 => 0,
        4..=7 => 1,
        8..=10 => dice.roll(4),
        _ => dice.roll(9),
    }
}

fn key(table: &Table, number: usize) -> String {
    let start = table.name.get(..1).unwrap_or("k");
    if table.text_key { format!("{start}{number}") } else { number.to_string() }
}

fn value(dice: &mut Dice, kind: &Kind) -> String {
    match kind {
        Kind::Texts(codes) => skewed(dice, codes).cloned().unwrap_or_default(),
        Kind::Numbers(codes) => skewed(dice, codes).copied().unwrap_or_default().to_string(),
        Kind::Flag => dice.between(0, 1).to_string(),
        Kind::Integer(min, max) | Kind::Quasi(min, max, _) => number(dice, *min, *max).to_string(),
        Kind::Decimal(scale, min, max) => decimal(number(dice, *min, *max), *scale),
    }
}

fn skewed<'a, T>(dice: &mut Dice, codes: &'a [T]) -> Option<&'a T> {
    if dice.one_in(2) { codes.first() } else { dice.pick(codes) }
}

fn number(dice: &mut Dice, min: i64, max: i64) -> i64 {
    match dice.roll(12) {
        0 => min,
        1 => max,
        2 if min < 0 && max > 0 => 0,
        3..=5 => dice.between(min, min.saturating_add(max.saturating_sub(min) / 10)),
        _ => dice.between(min, max),
    }
}

impl Rows {
    /// As an RFC 4180 file; the empty field is NULL.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut csv = self.columns.join(",");
        csv.push('\n');
        for row in &self.rows {
            csv.push_str(&row.join(","));
            csv.push('\n');
        }
        csv
    }
}
