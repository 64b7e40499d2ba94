//! What to import from where: the caller's arguments, not yet checked against the dataset.

use std::collections::BTreeMap;
use std::path::PathBuf;

use policies::dataset::Dataset;
use policies::{Digest, HospitalCode, Ident};

use crate::import::RecordSecret;

/// One import.
#[derive(Clone, Debug)]
pub struct ImportPlan<'a> {
    /// The dataset that rows are checked against.
    pub dataset: &'a Dataset,
    /// The hospital whose rows they are.
    pub hospital: HospitalCode,
    /// Files to read.
    pub sources: Vec<Source>,
    /// How each of the dataset's tables is made; every table exactly once.
    pub tables: Vec<TableMapping>,
    /// Column of the patient table's mapping (a source column, or a column of its SQL) that says that the patient
    /// opted out: 1, true, ja, yes, j, y against 0, false, nee, no, n or null.
    pub opt_out: Option<String>,
    /// File of the patients' numbers. It outlives snapshots and belongs in the backup.
    pub numbering: PathBuf,
    /// Names the numbers where the file is begun, of randomness; it is not used where there is one.
    pub new_series: Digest,
    /// What record keys are made with. Another secret begins another lineage, which is refused over snapshots of this one.
    pub record_secret: RecordSecret,
    /// Folder of the snapshots.
    pub out: PathBuf,
    /// Whether one rejected row fails the import.
    pub strict: bool,
}

/// One file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name in mappings and in the report; a table of this name in a mapping's SQL.
    pub name: Ident,
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub format: Format,
}

/// The format of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180 in UTF-8 with a header line; LF or CRLF, with or without a byte order mark.
    Csv {
        /// Between fields: one ASCII character, e.g. `,` or `;`.
        delimiter: char,
        /// The text that stands for no value, quoted or not; the empty text by default.
        null: String,
    },
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// Comma-separated, the empty text for no value.
    #[must_use]
    pub fn csv() -> Self {
        Self::Csv { delimiter: ',', null: String::new() }
    }
}

/// How one of the dataset's tables is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableMapping {
    /// From one source, column by column. Other columns of the source are ignored.
    Columns {
        /// The dataset's table.
        table: Ident,
        /// The source.
        source: Ident,
        /// Source column of each dataset column; a column that is not named has the same name in the source.
        columns: BTreeMap<Ident, String>,
    },
    /// From the hospital's own SQL over its sources, which are tables of their names. Columns of a CSV source are text.
    /// Every source has a column `_line`; where the SQL keeps it, problems name the line. Names with capitals need
    /// double quotes.
    Sql {
        /// The dataset's table.
        table: Ident,
        /// One SELECT that returns the table's columns by name.
        sql: String,
    },
}

impl TableMapping {
    /// The dataset's table.
    #[must_use]
    pub fn table(&self) -> &Ident {
        match self {
            Self::Columns { table, .. } | Self::Sql { table, .. } => table,
        }
    }
}
