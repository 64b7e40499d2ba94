//! Tables in memory and as CSV files.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::Context as _;

use crate::generate::schema::SCHEMA;

/// One value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Nobody filled it in.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number of `units` of 10^-`scale`.
    Decimal {
        /// The number without its point.
        units: i64,
        /// Digits behind the point, at least 1.
        scale: u8,
    },
    /// A text.
    Text(String),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for Value {
    /// The empty text is no value, as in a CSV file.
    fn from(value: &str) -> Self {
        if value.is_empty() { Self::Null } else { Self::Text(value.to_owned()) }
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl fmt::Display for Value {
    /// As in a CSV file; none of the generated texts needs quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Integer(value) => value.fmt(f),
            Self::Decimal { units, scale } => {
                let sign = if *units < 0 { "-" } else { "" };
                let unit = 10_u64.saturating_pow(u32::from(*scale));
                let (whole, part) = (units.unsigned_abs() / unit, units.unsigned_abs() % unit);
                write!(f, "{sign}{whole}.{part:0>width$}", width = usize::from(*scale))
            }
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// One table: rows in the order of its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name in the dataset.
    pub name: &'static str,
    /// Its columns, its key first.
    pub columns: &'static [&'static str],
    /// Its rows.
    pub rows: Vec<Vec<Value>>,
}

impl Table {
    /// The table as CSV with a header, comma-separated, the empty text for no value.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut text = self.columns.join(",");
        text.push('\n');
        for row in &self.rows {
            let fields: Vec<String> = row.iter().map(ToString::to_string).collect();
            text.push_str(&fields.join(","));
            text.push('\n');
        }
        text
    }

    /// The values of one column; none where there is no such column.
    pub fn column(&self, name: &str) -> impl Iterator<Item = &Value> {
        let place = self.columns.iter().position(|known| *known == name);
        self.rows.iter().filter_map(move |row| row.get(place?))
    }
}

/// One hospital's tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Every table of [`SCHEMA`], in its order.
    pub tables: Vec<Table>,
    /// Who a row of `diagnosis` is, for tests that follow a patient from one hospital to another: its key, and the number of the
    /// clinical diagnosis. No file holds it.
    pub clinical: BTreeMap<String, (usize, u64, usize)>,
}

impl Default for Tables {
    fn default() -> Self {
        let table = |(name, columns): &(&'static str, &'static [&'static str])| Table {
            name,
            columns,
            rows: Vec::new(),
        };
        Self { tables: SCHEMA.iter().map(table).collect(), clinical: BTreeMap::new() }
    }
}

impl Tables {
    /// The table of this name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// Writes `NAME.csv` for every table.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        for table in &self.tables {
            let path = folder.join(format!("{}.csv", table.name));
            std::fs::write(&path, table.csv())
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}
