//! What an import did: counts per source and table, and the rows that were rejected, with the reason.
//!
//! The report holds values of rejected rows: it is for the hospital that reads its own data and leaves the node nowhere.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use policies::{DatasetId, Digest, HospitalCode, Ident};
use serde::Serialize;

use crate::import::ImportPlan;
use crate::snapshot::seal::Sealed;

/// Most problems that a report lists; the counts cover all.
pub const MAX_PROBLEMS: usize = 1000;

/// What an import did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// The dataset.
    pub dataset: DatasetId,
    /// Its version.
    pub version: u32,
    /// The hospital.
    pub hospital: HospitalCode,
    /// The sealed snapshot; none where the import failed.
    pub snapshot: Option<Digest>,
    /// The snapshot's folder; none where the import failed.
    pub folder: Option<PathBuf>,
    /// Patients in the snapshot.
    pub patients: u64,
    /// Rows rejected, in sources and tables together.
    pub rejected: u64,
    /// Per source: what its file holds.
    pub sources: BTreeMap<Ident, SourceCounts>,
    /// Per table: what its mapping gave.
    pub tables: BTreeMap<Ident, TableCounts>,
    /// How many problems there are of each code; a row may have several.
    pub reasons: BTreeMap<&'static str, u64>,
    /// How many problems there are.
    pub problems_total: u64,
    /// The first [`MAX_PROBLEMS`] of them.
    pub problems: Vec<RowProblem>,
}

/// Rows of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SourceCounts {
    /// Rows in the file, its header apart.
    pub read: u64,
    /// Rows that could not be taken apart; no table sees them.
    pub rejected: u64,
}

/// Rows of one table. `read` is the sum of the other three row counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TableCounts {
    /// Rows that the mapping gave.
    pub read: u64,
    /// Rows in the snapshot.
    pub accepted: u64,
    /// Rows that do not fit the dataset.
    pub rejected: u64,
    /// Rows of patients who opted out.
    pub opted_out: u64,
    /// Values in accepted rows that had more digits than their column's scale and were rounded half to even.
    pub rounded: u64,
    /// By column: values in accepted rows that were beyond the bounds of their measure and are clamped to them.
    pub clamped: BTreeMap<Ident, u64>,
}

/// One thing that is wrong with one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowProblem {
    /// The source's name, or `sql` where the mapping reads several.
    pub source: String,
    /// Line in a CSV file (the header is line 1), row from 1 in a Parquet file; none where the SQL did not keep it.
    pub line: Option<u64>,
    /// The dataset's table; none where the row could not be taken apart.
    pub table: Option<Ident>,
    /// The dataset's column.
    pub column: Option<Ident>,
    /// A stable code.
    pub code: &'static str,
    /// What is wrong, for a person.
    pub reason: String,
}

impl fmt::Display for RowProblem {
    /// Where and what, e.g. ``patients, line 3, patient.age: `x` is not a whole number``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(table) = &self.table {
            write!(f, ", {table}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ".{column}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl ImportReport {
    /// Whether the snapshot holds no patient: a hospital may have none, or its export came out empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patients == 0
    }

    /// The report as one HTML page without scripts or outside references.
    #[must_use]
    pub fn to_html(&self) -> String {
        super::html::page(self)
    }

    pub(crate) fn sealed(self, sealed: Sealed) -> Self {
        Self { snapshot: Some(sealed.id), folder: Some(sealed.folder), ..self }
    }
}

/// Collects a report.
#[derive(Debug)]
pub(crate) struct Tally {
    report: ImportReport,
}

impl Tally {
    pub(crate) fn new(plan: &ImportPlan<'_>) -> Self {
        Self {
            report: ImportReport {
                dataset: plan.dataset.id.clone(),
                version: plan.dataset.version,
                hospital: plan.hospital.clone(),
                snapshot: None,
                folder: None,
                patients: 0,
                rejected: 0,
                sources: BTreeMap::new(),
                tables: BTreeMap::new(),
                reasons: BTreeMap::new(),
                problems_total: 0,
                problems: Vec::new(),
            },
        }
    }

    pub(crate) fn problem(&mut self, problem: RowProblem) {
        bump(self.report.reasons.entry(problem.code).or_default());
        bump(&mut self.report.problems_total);
        if self.report.problems.len() < MAX_PROBLEMS {
            self.report.problems.push(problem);
        }
    }

    pub(crate) fn source(&mut self, name: &Ident, counts: SourceCounts) {
        self.report.rejected = self.report.rejected.saturating_add(counts.rejected);
        self.report.sources.insert(name.clone(), counts);
    }

    pub(crate) fn table(&mut self, name: &Ident, counts: TableCounts, is_patient: bool) {
        self.report.rejected = self.report.rejected.saturating_add(counts.rejected);
        if is_patient {
            self.report.patients = counts.accepted;
        }
        self.report.tables.insert(name.clone(), counts);
    }

    pub(crate) fn finish(self) -> ImportReport {
        self.report
    }
}

/// One more.
pub(crate) fn bump(count: &mut u64) {
    *count = count.saturating_add(1);
}
