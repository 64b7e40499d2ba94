//! Rows of patients who do not exist, from the data dictionary alone: tables, keys, types, bounds, code lists.
//!
//! The same dictionary and hospital give the same rows. Every column is drawn for itself: codes by rank, so that some are common and
//! some rare, numbers more often around the middle of their bounds, one value in ten lacking where one may lack. A row has at
//! most three rows of each table under it. What is known of real patients, that one value follows from another, is not in a dictionary
//! and so not here.

use std::collections::BTreeMap;

use policies::dataset::{Bounds, Class, Column, ColumnType, Dataset, Table};
use policies::{Digest, HospitalCode, Ident};

use crate::import::parents_first;

/// Most patients of a hospital: more take long and say nothing else.
pub const MAX_PATIENTS: u32 = 2_000;
/// Most rows of one table: a chain of tables cannot grow without end.
const MAX_ROWS: usize = 20_000;
/// What chance begins with.
const DOMAIN: &str = "kring made-up patients/1";
/// Of so many values one lacks, where one may.
const LACKS: u64 = 10;

/// A row that was made: its key, and of each table on its way to the patient the key there.
struct Made {
    key: String,
    /// The patient, by number.
    patient: usize,
}

/// Made rows of each table.
type Rows<'d> = BTreeMap<&'d Ident, Vec<Made>>;

/// Each table as a CSV text with a header, an empty text for no value.
#[must_use]
pub fn rows(dataset: &Dataset, (hospital, patients): (&HospitalCode, u32)) -> Vec<(Ident, String)> {
    let mut made = Rows::new();
    let mut texts = Vec::new();
    for table in parents_first(dataset, &mut Vec::new()) {
        let seed = format!("{DOMAIN}\n{}\n{hospital}\n{}", dataset.digest, table.name);
        let mut maker = Maker { dataset, table, chance: Chance::new(&seed), made: &made };
        let (rows, text) = maker.table(patients.min(MAX_PATIENTS));
        made.insert(&table.name, rows);
        texts.push((table.name.clone(), text));
    }
    texts
}

/// Makes one table.
struct Maker<'m, 'd> {
    dataset: &'d Dataset,
    table: &'d Table,
    chance: Chance,
    made: &'m Rows<'d>,
}

impl<'d> Maker<'_, 'd> {
    fn table(&mut self, patients: u32) -> (Vec<Made>, String) {
        let columns: Vec<&'d Column> = self.columns();
        let header: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let mut text = format!("{}\n", header.join(","));
        let mut rows = Vec::new();
        for (patient, parent) in self.parents(patients) {
            let key = self.key(rows.len(), parent.as_deref());
            let own = (key.as_str(), patient, parent.as_deref());
            let values: Option<Vec<String>> =
                columns.iter().map(|column| self.value(column, own)).collect();
            // A row that cannot be whole is not made.
            let Some(values) = values else { continue };
            let quoted = values.iter().map(|value| quoted(value));
            text.push_str(&quoted.collect::<Vec<_>>().join(","));
            text.push('\n');
            rows.push(Made { key, patient });
        }
        (rows, text)
    }

    /// What an import reads: hidden columns only where they are keys.
    fn columns(&self) -> Vec<&'d Column> {
        let table = self.table;
        let read = |column: &&Column| {
            column.class != Class::Hidden || table.key_of(column.name.as_str()).is_some()
        };
        table.columns.iter().filter(read).collect()
    }

    /// For each row to be made its patient, and the key of the row that it belongs to.
    fn parents(&mut self, patients: u32) -> Vec<(usize, Option<String>)> {
        let Some(first) = self.table.foreign_keys.first() else {
            let all = usize::try_from(patients).unwrap_or(usize::MAX);
            return (0..all).map(|patient| (patient, None)).collect();
        };
        let once = first.column == self.table.key;
        let mut found = Vec::new();
        for parent in self.made.get(&first.table).into_iter().flatten() {
            let many = match self.chance.below(20) {
                0..3 => 0,
                3..14 => 1,
                14..18 => 2,
                _more => 3,
            };
            let many = if once { many.min(1) } else { many };
            found.extend((0..many).map(|_| (parent.patient, Some(parent.key.clone()))));
        }
        found.truncate(MAX_ROWS);
        found
    }

    fn key(&self, row: usize, parent: Option<&str>) -> String {
        let Table { name, key, foreign_keys, .. } = self.table;
        let own = foreign_keys.first().is_some_and(|first| first.column == *key);
        if let Some(parent) = parent.filter(|_parent| own) {
            return parent.to_owned();
        }
        let number = row.saturating_add(1);
        match self.table.column(key.as_str()).map(|column| column.kind) {
            Some(ColumnType::Text) => format!("{name}-{number}"),
            Some(ColumnType::Integer | ColumnType::Decimal { .. }) | None => number.to_string(),
        }
    }

    /// A column's value; none where it must have one and there is none.
    fn value(
        &mut self,
        column: &Column,
        (key, patient, parent): (&str, usize, Option<&str>),
    ) -> Option<String> {
        if column.name == self.table.key {
            return Some(key.to_owned());
        }
        let of = self.table.foreign_keys.iter().position(|known| known.column == column.name);
        if of == Some(0) {
            return parent.map(str::to_owned);
        }
        let lacks = column.nullable && self.chance.below(LACKS) == 0;
        let value = match of.and_then(|of| self.table.foreign_keys.get(of)) {
            Some(other) => {
                let rows = self.made.get(&other.table).into_iter().flatten();
                let own: Vec<&str> =
                    rows.filter(|row| row.patient == patient).map(|row| row.key.as_str()).collect();
                self.chance.one_of(&own).map(|key| (*key).to_owned())
            }
            None => self.plain(column),
        };
        match value.filter(|_value| !lacks) {
            Some(value) => Some(value),
            None => column.nullable.then(String::new),
        }
    }

    /// A value of a code list, of bounds, or of any kind.
    fn plain(&mut self, column: &Column) -> Option<String> {
        let place = format!("{DOMAIN}\n{}\n{}", self.table.name, column.name);
        let attributed = self.dataset.attribution.as_ref();
        if attributed.is_some_and(|(table, own)| *table == self.table.name && *own == column.name) {
            return Some(u8::from(self.chance.below(5) > 0).to_string());
        }
        if column.class == Class::Flag {
            let percent = 5_u64.saturating_add(Chance::new(&place).below(50));
            return Some(u8::from(self.chance.below(100) < percent).to_string());
        }
        if let Some(bounds) = column.bounds {
            return Some(decimal(self.chance.within(bounds), column.kind.scale()));
        }
        if column.class == Class::Category || !column.codes.is_empty() {
            let code = self.chance.ranked(column.codes.len(), &place)?;
            return Some(column.codes.get(code)?.value.to_string());
        }
        Some(match column.kind {
            ColumnType::Text => "made up".to_owned(),
            ColumnType::Integer | ColumnType::Decimal { .. } => "0".to_owned(),
        })
    }
}

/// A field as a file has it.
fn quoted(value: &str) -> String {
    if value.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value.to_owned()
    }
}

/// Units of 10^-scale as text.
fn decimal(units: i64, scale: u8) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let digits = units.unsigned_abs().to_string();
    let scale = usize::from(scale);
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = scale.saturating_add(1));
    let (whole, part) = padded.split_at(padded.len().saturating_sub(scale));
    format!("{sign}{whole}.{part}")
}

/// Numbers that look like chance and follow from a text (SplitMix64).
struct Chance(u64);

impl Chance {
    fn new(seed: &str) -> Self {
        let digest = Digest::of(seed.as_bytes());
        let (words, _none) = digest.as_bytes().as_chunks::<8>();
        Self(words.first().map_or(0, |word| u64::from_le_bytes(*word)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number under another; 0 under 0.
    fn below(&mut self, many: u64) -> u64 {
        self.next().checked_rem(many).unwrap_or(0)
    }

    fn one_of<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        let at = self.below(u64::try_from(all.len()).ok()?);
        all.get(usize::try_from(at).ok()?)
    }

    /// Between two bounds, around the middle more often: the mean of two draws.
    fn within(&mut self, Bounds { min, max }: Bounds) -> i64 {
        let width = i128::from(max).saturating_sub(i128::from(min)).max(0);
        let many = u64::try_from(width).unwrap_or(u64::MAX).saturating_add(1);
        let two = u128::from(self.below(many)).saturating_add(u128::from(self.below(many)));
        let middle = i128::try_from(two / 2).unwrap_or(0);
        i64::try_from(i128::from(min).saturating_add(middle)).unwrap_or(max)
    }

    /// One of so many, the r-th of them as often as 1/r; which is first follows from the place.
    fn ranked(&mut self, many: usize, place: &str) -> Option<usize> {
        const SCALE: u64 = 1 << 20;
        let many = u64::try_from(many).ok().filter(|many| *many > 0)?;
        let weight = |rank: u64| SCALE.checked_div(rank.saturating_add(1)).unwrap_or(0).max(1);
        let all = (0..many).map(weight).fold(0, u64::saturating_add);
        let mut left = self.below(all);
        let mut rank = 0;
        while left >= weight(rank) {
            left = left.saturating_sub(weight(rank));
            rank = rank.saturating_add(1);
        }
        let first = Chance::new(place).below(many);
        usize::try_from(rank.saturating_add(first).checked_rem(many)?).ok()
    }
}
