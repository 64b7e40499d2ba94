//! The data dictionary: what a table, key and column mean, as the board signed it.
//!
//! The engine trusts declarations, never naming conventions: which columns are keys, whose key a foreign key holds,
//! which values a column may have. What is not declared cannot be asked. Reading files is [`mod@file`]'s work.

use std::collections::{BTreeMap, BTreeSet};

use crate::{DatasetId, Digest, Ident};

pub mod file;

/// A checked dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Its id.
    pub id: DatasetId,
    /// Its version; a snapshot is sealed against one version.
    pub version: u32,
    /// Whether it holds people's data.
    pub status: DatasetStatus,
    /// What it is, per language (`nl`, `en`).
    pub title: BTreeMap<String, String>,
    /// The table with one row a patient.
    pub patient: Ident,
    /// The 0/1 column that is 1 at exactly one hospital for each of its rows, where patients are at several hospitals.
    pub attribution: Option<(Ident, Ident)>,
    /// Its tables by name.
    pub tables: BTreeMap<Ident, Table>,
    /// SHA-256 of the file's exact bytes.
    pub digest: Digest,
}

/// Whether a dataset's floors are in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatasetStatus {
    /// Data about people: no charter may go under the floors.
    Real,
    /// Generated data: protections may be switched off, and every answer says so.
    Synthetic,
}

impl DatasetStatus {
    /// Data are about people where either says so.
    pub(crate) fn stricter(self, other: Self) -> Self {
        match (self, other) {
            (Self::Synthetic, Self::Synthetic) => Self::Synthetic,
            (Self::Real, _) | (Self::Synthetic, Self::Real) => Self::Real,
        }
    }

    /// The word in files and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Synthetic => "synthetic",
        }
    }
}

/// One table. Every row belongs to one patient, by its key or along its foreign keys.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: Ident,
    /// The column whose values name its rows.
    pub key: Ident,
    /// Columns that hold another table's key. The first one leads to the patient.
    pub foreign_keys: Vec<ForeignKey>,
    /// Its columns, in the order of the file.
    pub columns: Vec<Column>,
}

impl Table {
    /// The column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.as_str() == name)
    }

    /// Whose key the column holds: its own table's, or a foreign key's target.
    #[must_use]
    pub fn key_of(&self, column: &str) -> Option<&Ident> {
        if self.key.as_str() == column {
            return Some(&self.name);
        }
        self.foreign_keys.iter().find(|key| key.column.as_str() == column).map(|key| &key.table)
    }
}

/// A column that holds another table's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// The column.
    pub column: Ident,
    /// The table whose key it holds.
    pub table: Ident,
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub kind: ColumnType,
    /// What may be done with it.
    pub class: Class,
    /// Whether a row may lack it.
    pub nullable: bool,
    /// Whether it tells something of a patient that everybody or nobody of a group has it: R3 then holds for its figures.
    pub sensitive: bool,
    /// Least and greatest value, in units of the type's scale; present for every measure and numeric quasi-identifier.
    pub bounds: Option<Bounds>,
    /// The values that a category may have, sorted; flags have 0 and 1.
    pub codes: Vec<Code>,
    /// Sets of its codes that stand for one condition in `ask.explore`.
    pub groups: Vec<CodeGroup>,
    /// Group widths that a quasi-identifier may be generalised to: multiples of this. `Some(1)`: every value.
    pub step: Option<i64>,
    /// Cumulative-count edges for quantiles, in units of the type's scale, ascending.
    pub edges: Vec<i64>,
    /// The unit, e.g. `day`.
    pub unit: Option<String>,
    /// What it is, per language.
    pub title: BTreeMap<String, String>,
}

/// The type of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// 64-bit integer.
    Integer,
    /// Decimal number with this many digits behind the point (1 to 9); 18 digits in all.
    Decimal {
        /// Digits behind the point.
        scale: u8,
    },
    /// Text.
    Text,
}

impl ColumnType {
    /// Digits behind the point.
    #[must_use]
    pub fn scale(self) -> u8 {
        match self {
            Self::Integer | Self::Text => 0,
            Self::Decimal { scale } => scale,
        }
    }
}

/// Inclusive bounds, in units of 10^-scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Least value.
    pub min: i64,
    /// Greatest value.
    pub max: i64,
}

/// One value of a code list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code {
    /// The value.
    pub value: CodeValue,
    /// What it means, per language.
    pub title: BTreeMap<String, String>,
}

/// A code's value, of its column's type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CodeValue {
    /// Of an integer column.
    Integer(i64),
    /// Of a text column.
    Text(String),
}

impl std::fmt::Display for CodeValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Codes that the board registered to be asked for together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeGroup {
    /// Its name.
    pub name: Ident,
    /// Its codes: at least two, not all of the list.
    pub codes: BTreeSet<CodeValue>,
    /// What it is, per language.
    pub title: BTreeMap<String, String>,
}

/// What may be done with a column (DISCLOSURE.md section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Joined on, counted distinct; never shown, filtered or grouped by.
    Key,
    /// From a code list: grouped by, filtered, shown.
    Category,
    /// 0 or 1: counted, filtered, grouped by.
    Flag,
    /// A bounded number: aggregated, compared, binned.
    Measure,
    /// Age, year, area: as a category in the generalisation that the dataset gives.
    Quasi,
    /// Nothing.
    Hidden,
}

impl Class {
    /// The word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Category => "category",
            Self::Flag => "flag",
            Self::Measure => "measure",
            Self::Quasi => "quasi",
            Self::Hidden => "hidden",
        }
    }

    /// Whether the class allows the use, whatever the rules say.
    #[must_use]
    pub fn allows(self, usage: Use) -> bool {
        match self {
            Self::Key => matches!(usage, Use::Join | Use::CountDistinct),
            Self::Category => matches!(usage, Use::Group | Use::Filter | Use::CountValues),
            Self::Flag => {
                matches!(usage, Use::Group | Use::Filter | Use::CountValues | Use::Aggregate)
            }
            Self::Measure => {
                matches!(usage, Use::Group | Use::Filter | Use::CountValues | Use::Aggregate)
            }
            Self::Quasi => matches!(usage, Use::Group | Use::Filter | Use::CountValues),
            Self::Hidden => false,
        }
    }
}

/// How a question uses a column, below the cut or in it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// Joins rows of one patient.
    Join,
    /// `count(distinct key)`.
    CountDistinct,
    /// Part of a group key.
    Group,
    /// Part of a condition: WHERE, FILTER, the WHEN of a CASE.
    Filter,
    /// `count(x)`: only whether there is a value.
    CountValues,
    /// Part of a sum.
    Aggregate,
}

impl Use {
    /// The word in rules and messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::CountDistinct => "count_distinct",
            Self::Group => "group",
            Self::Filter => "filter",
            Self::CountValues => "count_values",
            Self::Aggregate => "aggregate",
        }
    }
}

impl Dataset {
    /// The table of this name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|(key, _)| key.as_str() == name).map(|(_, table)| table)
    }

    /// A table and those that its rows belong to, up to the patient, along first foreign keys.
    pub fn chain<'d>(&'d self, table: &'d str) -> impl Iterator<Item = &'d Table> {
        let parent = |table: &&'d Table| {
            let parent = table.foreign_keys.first().filter(|_| table.name != self.patient)?;
            self.table(parent.table.as_str())
        };
        std::iter::successors(self.table(table), parent).take(self.tables.len())
    }

    /// The column of this name in this table.
    #[must_use]
    pub fn column(&self, table: &str, column: &str) -> Option<&Column> {
        self.table(table)?.column(column)
    }
}
