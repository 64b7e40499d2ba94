//! Why an import fails as a whole. A bad row is not an error but a problem in the report.

use std::path::PathBuf;

use crate::import::ImportReport;
use crate::snapshot::SnapshotError;

/// Why nothing was sealed.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The plan does not fit the dataset.
    #[error("the import's configuration does not fit the dataset: {}", problems.join("; "))]
    Plan {
        /// Every problem, each saying what to do.
        problems: Vec<String>,
    },
    /// A source cannot be read at all.
    #[error("source `{name}` ({}) cannot be read: {problem}", path.display())]
    Source {
        /// The source.
        name: String,
        /// Its file.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A mapping does not give the table's columns.
    #[error("table `{table}` cannot be made: {}", problems.join("; "))]
    Mapping {
        /// The dataset's table.
        table: String,
        /// Every problem, each saying what to do.
        problems: Vec<String>,
    },
    /// The mapping's SQL does not run.
    #[error("the SQL of table `{table}` does not run: {problem}")]
    Sql {
        /// The dataset's table.
        table: String,
        /// What the engine says. It may name values: for the hospital's own eyes.
        problem: String,
    },
    /// Strict, and rows were rejected.
    #[error("{} rows were rejected and the import is strict: correct them or import without strict", report.rejected)]
    RowsRejected {
        /// Which rows and why; it names no snapshot.
        report: Box<ImportReport>,
    },
    /// No patient was accepted, and rows were rejected: a mapping is wrong. Sources without any patient are no error.
    #[error("no patient was accepted and {} rows were rejected: correct the rows or their mapping; nothing is sealed", report.rejected)]
    NoPatients {
        /// Which rows and why; it names no snapshot.
        report: Box<ImportReport>,
    },
    /// Another import holds the numbers or the snapshots.
    #[error("another import is running (it holds {}): wait until it ends", lock.display())]
    Running {
        /// The lock file.
        lock: PathBuf,
    },
    /// The numbering file is not what was written.
    #[error(
        "the patient numbers in {} are damaged at line {line} ({problem}): restore the file from a backup; \
         it is never made anew because numbers must not change hands", path.display()
    )]
    NumberingDamaged {
        /// The numbering file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// There is a snapshot but no numbering file.
    #[error(
        "the patient numbers in {} are missing although there are sealed snapshots of this dataset: restore the file \
         from a backup; to begin anew, move the snapshots' folder away first", path.display()
    )]
    NumberingMissing {
        /// The numbering file.
        path: PathBuf,
    },
    /// The numbering file belongs to another dataset or hospital.
    #[error("the patient numbers in {} are of `{got}`, expected `{expected}`: name the right file", path.display())]
    NumberingOfAnother {
        /// The numbering file.
        path: PathBuf,
        /// Dataset and hospital of the plan.
        expected: String,
        /// Dataset and hospital in the file.
        got: String,
    },
    /// The numbering file is older than a current snapshot.
    #[error(
        "the patient numbers in {} do not agree with a current snapshot: an old copy was put back; restore the \
         latest one", path.display()
    )]
    NumberingStale {
        /// The numbering file.
        path: PathBuf,
    },
    /// A snapshot was made with another record key, or over other patient numbers.
    #[error(
        "the snapshot {} was made with another record key or over other patient numbers: restore both from a backup; \
         to begin a new lineage, in which nothing that was answered before is remembered, move the snapshots' folder and the \
         patient numbers away first", snapshot.display()
    )]
    OtherLineage {
        /// The snapshot.
        snapshot: PathBuf,
    },
    /// There are more patients than numbers.
    #[error("all patient numbers are given out")]
    NumberingFull,
    /// A file cannot be read or written.
    #[error("cannot read or write {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The snapshot cannot be sealed.
    #[error("the snapshot cannot be sealed or read back")]
    Snapshot(#[from] SnapshotError),
}

impl ImportError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Plan { .. } => "import_plan_invalid",
            Self::Source { .. } => "import_source_unreadable",
            Self::Mapping { .. } => "import_mapping_invalid",
            Self::Sql { .. } => "import_sql_failed",
            Self::RowsRejected { .. } => "import_rows_rejected",
            Self::NoPatients { .. } => "import_no_patients",
            Self::Running { .. } => "import_running",
            Self::NumberingDamaged { .. } => "numbering_damaged",
            Self::NumberingMissing { .. } => "numbering_missing",
            Self::NumberingOfAnother { .. } => "numbering_of_another",
            Self::NumberingStale { .. } => "numbering_stale",
            Self::OtherLineage { .. } => "other_lineage",
            Self::NumberingFull => "numbering_full",
            Self::Io { .. } => "import_io",
            Self::Snapshot(error) => error.code(),
        }
    }

    /// The report of a failed import that got as far as the rows.
    #[must_use]
    pub fn report(&self) -> Option<&ImportReport> {
        match self {
            Self::RowsRejected { report } | Self::NoPatients { report } => Some(report),
            Self::Plan { .. }
            | Self::Source { .. }
            | Self::Mapping { .. }
            | Self::Sql { .. }
            | Self::Running { .. }
            | Self::NumberingDamaged { .. }
            | Self::NumberingMissing { .. }
            | Self::NumberingOfAnother { .. }
            | Self::NumberingStale { .. }
            | Self::OtherLineage { .. }
            | Self::NumberingFull
            | Self::Io { .. }
            | Self::Snapshot(_) => None,
        }
    }
}
