//! What is counted: figures that hospitals hide by rule, cells of tables that an analyst sees, distance to the truth.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use datafusion::arrow::array::AsArray as _;
use datafusion::arrow::datatypes::UInt8Type;
use datafusion::arrow::ipc::reader::StreamReader;
use query::SafeAnswer;
use query::pipe::{CellStatus, Finished};
use serde_json::Value;

/// The state of a cell with patients in a frame.
const PRESENT: u8 = 1;

/// Counts of one treatment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Figures of cells with patients that hospitals show.
    pub shown: u64,
    /// Null figures of cells with patients, by rule.
    pub hidden: BTreeMap<String, u64>,
    /// Cells of tables, by what the indicator is counted by.
    pub tables: BTreeMap<String, Cells>,
    /// Shown numbers that were compared with the true ones.
    pub compared: u64,
    /// The sum of the squares of the differences.
    pub squares: f64,
}

/// Cells of tables that have patients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    /// Cells with a value.
    pub shown: u64,
    /// Cells that hospitals hide.
    pub hidden: u64,
    /// Cells to which a hospital hides its part.
    pub incomplete: u64,
    /// Cells of rows that are not in the table at all.
    pub absent: u64,
}

impl Cells {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> u64 {
        let Self { shown, hidden, incomplete, absent } = *self;
        shown.saturating_add(hidden).saturating_add(incomplete).saturating_add(absent)
    }

    fn add(&mut self, other: &Self) {
        self.shown = self.shown.saturating_add(other.shown);
        self.hidden = self.hidden.saturating_add(other.hidden);
        self.incomplete = self.incomplete.saturating_add(other.incomplete);
        self.absent = self.absent.saturating_add(other.absent);
    }
}

/// One table beside the one without protections.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// What the indicator is counted by.
    pub by: &'a str,
    /// How many columns, from the first, are group keys.
    pub keys: usize,
    /// Without protections: its rows are the groups with patients.
    pub truth: &'a Finished,
    /// What an analyst gets.
    pub table: &'a Finished,
}

impl Tally {
    /// Adds the counts of another.
    pub fn add(&mut self, other: &Self) {
        self.shown = self.shown.saturating_add(other.shown);
        for (rule, figures) in &other.hidden {
            let count = self.hidden.entry(rule.clone()).or_default();
            *count = count.saturating_add(*figures);
        }
        for (by, cells) in &other.tables {
            self.tables.entry(by.clone()).or_default().add(cells);
        }
        self.compared = self.compared.saturating_add(other.compared);
        self.squares += other.squares;
    }

    /// Figures of cells with patients.
    #[must_use]
    pub fn figures(&self) -> u64 {
        self.hidden.values().fold(self.shown, |all, figures| all.saturating_add(*figures))
    }

    /// The standard deviation of shown figures around the true ones.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub fn deviation(&self) -> f64 {
        if self.compared == 0 { 0.0 } else { (self.squares / self.compared as f64).sqrt() }
    }

    /// Counts what one hospital hides; `sums` says how many figures a cell of each fragment has. Cells of nobody are not counted.
    ///
    /// # Errors
    /// A frame that is not what it must be.
    pub fn hospital(&mut self, answer: &SafeAnswer, sums: &[usize]) -> anyhow::Result<()> {
        let nulls = answer.receipt().figures;
        for ((frame, nulls), sums) in answer.frames().iter().skip(1).zip(nulls).zip(sums) {
            let cells = present(frame)?;
            let of = u64::try_from(*sums).unwrap_or(u64::MAX);
            let shown = cells.saturating_mul(of).saturating_sub(nulls);
            self.shown = self.shown.saturating_add(shown);
        }
        for (rule, figures) in answer.rules() {
            if rule != "empty" {
                let count = self.hidden.entry(rule).or_default();
                *count = count.saturating_add(figures);
            }
        }
        Ok(())
    }

    /// Counts what of a table is seen, and how far it is from the truth.
    ///
    /// # Errors
    /// Tables of different shapes.
    pub fn table(&mut self, seen: &Seen<'_>) -> anyhow::Result<()> {
        let Seen { by, keys, truth, table } = *seen;
        ensure!(truth.columns == table.columns, "two shapes of one table");
        ensure!(truth.cells.is_empty(), "the table without protections hides something");
        ensure!(keys < truth.columns.len(), "a table without figures");
        let named = |row: &[Value]| {
            let keys: Vec<String> = row.iter().take(keys).map(ToString::to_string).collect();
            keys.join("\u{1f}")
        };
        let mut rows = BTreeMap::new();
        for (at, row) in table.rows.iter().enumerate() {
            rows.insert(named(row), (at, row));
        }
        let status: BTreeMap<(usize, usize), CellStatus> =
            table.cells.iter().map(|cell| ((cell.row, cell.column), cell.status)).collect();
        let mut cells = Cells::default();
        for truth in &truth.rows {
            let found = rows.get(&named(truth));
            for (column, value) in truth.iter().enumerate().skip(keys) {
                let Some((at, row)) = found else {
                    cells.absent = cells.absent.saturating_add(1);
                    continue;
                };
                let count = match status.get(&(*at, column)).unwrap_or(&CellStatus::Shown) {
                    CellStatus::Shown => {
                        self.compare(value, row.get(column));
                        &mut cells.shown
                    }
                    CellStatus::Hidden => &mut cells.hidden,
                    CellStatus::Incomplete => &mut cells.incomplete,
                };
                *count = count.saturating_add(1);
            }
        }
        self.tables.entry(by.to_owned()).or_default().add(&cells);
        Ok(())
    }

    fn compare(&mut self, truth: &Value, shown: Option<&Value>) {
        if let (Some(truth), Some(shown)) = (number(truth), shown.and_then(number)) {
            self.compared = self.compared.saturating_add(1);
            self.squares += (truth - shown).powi(2);
        }
    }
}

/// Cells of a frame that are shown and have patients.
fn present(frame: &[u8]) -> anyhow::Result<u64> {
    let mut cells = 0_u64;
    for batch in StreamReader::try_new(frame, None)? {
        let batch = batch?;
        let states = batch.column_by_name("state").context("a frame has states")?;
        let states = states.as_primitive_opt::<UInt8Type>().context("states are numbers")?;
        let present = states.iter().filter(|state| *state == Some(PRESENT)).count();
        cells = cells.saturating_add(u64::try_from(present).unwrap_or(u64::MAX));
    }
    Ok(cells)
}

/// A number of a table: as one, or as a text.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests;
