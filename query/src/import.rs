//! From a hospital's files to a sealed snapshot: every row is checked against the dataset before it can be asked about.
//!
//! The order of an import: the plan is checked against the dataset ([`plan`]), the sources are read line by line, each
//! table's mapping is run, every row is checked from the patient table down along the foreign keys, patients get their
//! lasting numbers and their record keys ([`RecordSecret`]), and the accepted rows are sealed ([`crate::snapshot`]). A value
//! is accepted as it is or its row is rejected and reported; only a measure beyond its declared bounds is clamped to them,
//! and counted. All of a source is held in memory.
//!
//! Nothing here reads a clock, the environment or randomness: the same input and secret give the same snapshot id.
//!
//! Patient numbers outlive snapshots. They are written durably before the snapshot that uses them, so that an import
//! that is cut short can waste a number but never give it to somebody else.

mod check;
mod csv;
pub mod error;
mod html;
mod mapping;
mod numbering;
mod numbers;
mod order;
pub mod plan;
mod raw;
pub mod report;
mod secret;
mod source;
mod value;
mod write;

use std::path::Path;

use datafusion::prelude::{SessionConfig, SessionContext};

use policies::Digest;
use policies::dataset::Table;

pub use error::ImportError;
pub use numbers::{Numbers, numbers};
pub(crate) use order::parents_first;
pub use plan::{Format, ImportPlan, Source, TableMapping};
pub use report::{ImportReport, RowProblem, SourceCounts, TableCounts};
pub use secret::RecordSecret;

use crate::record::RecordKey;
use crate::snapshot;
use crate::snapshot::seal::{self, Sealing};
use check::{Checker, Key};
use numbering::Numbering;
use report::Tally;
use write::Hidden;

/// Name of the column that holds the patient's number in every sealed table.
pub const PATIENT_COLUMN: &str = "__patient";
/// Name of the column that holds the patient's record key in the sealed patient table.
pub const RECORD_KEY_COLUMN: &str = "__rkey";
/// Name of the column that holds a row's line in its source: the header of a CSV file is line 1; rows of a Parquet file
/// count from 1.
pub const LINE_COLUMN: &str = "_line";

/// Reads, checks and seals. On success the snapshot is durable and current.
///
/// # Errors
/// [`ImportError`]; nothing is sealed then, and the current snapshot stays what it was.
pub async fn import(plan: &ImportPlan<'_>) -> Result<ImportReport, ImportError> {
    let tables = order::check(plan)?;
    let parent = snapshot::parent(&plan.out, &plan.dataset.id, plan.dataset.version);
    let _numbers = lock(&plan.numbering.with_added_extension("lock"))?;
    let _snapshots = lock(&parent.join(".lock"))?;
    let snapshots = snapshot::currents(&plan.out, &plan.dataset.id)?;
    let mut numbering = Numbering::open(plan, &snapshots)?;
    let lineage = lineage(plan, numbering.series())?;
    let mut tally = Tally::new(plan);
    let checker = checked(plan, tables, &mut tally).await?;
    let report = tally.finish();
    if plan.strict && report.rejected > 0 {
        let report = Box::new(report);
        return Err(ImportError::RowsRejected { report });
    }
    // A hospital may have no patients. One whose every row was rejected has a wrong mapping.
    if checker.patient_keys().is_empty() && report.rejected > 0 {
        let report = Box::new(report);
        return Err(ImportError::NoPatients { report });
    }
    let numbers = numbering.number(checker.patient_keys())?;
    numbering.save()?;
    let key = |key: &Key| plan.record_secret.key(&lineage, &key.text());
    let keys: Vec<RecordKey> = checker.patient_keys().iter().map(key).collect();
    let hidden = Hidden { numbers: &numbers, keys: &keys };
    let patient = &plan.dataset.patient;
    let mut write = |table: &Table, path: &Path| {
        write::table((&checker, hidden), (table, table.name == *patient), path)
    };
    let sealing = Sealing { out: &plan.out, hospital: &plan.hospital, lineage };
    let sealed = seal::seal(&sealing, plan.dataset, &mut write)?;
    Ok(report.sealed(sealed))
}

/// The lineage of the snapshot to be, which must be that of every snapshot of the dataset version.
fn lineage(plan: &ImportPlan<'_>, series: Option<Digest>) -> Result<Digest, ImportError> {
    let ImportPlan { dataset, hospital, record_secret, out, .. } = plan;
    let own = record_secret.lineage(&dataset.id, dataset.version, (hospital, series));
    for snapshot in snapshot::sealed(out, &dataset.id, dataset.version)? {
        if snapshot::lineage_of(&snapshot)?.is_some_and(|lineage| lineage != own) {
            return Err(ImportError::OtherLineage { snapshot });
        }
    }
    Ok(own)
}

/// Reads the sources and judges every row. The sources' memory is free when it returns.
async fn checked<'p>(
    plan: &'p ImportPlan<'_>,
    tables: Vec<(&'p Table, &'p TableMapping)>,
    tally: &mut Tally,
) -> Result<Checker<'p>, ImportError> {
    // One partition: rows come in one order, so of two rows with one key the same is first every time.
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
    let sources = source::load(plan, tally)?;
    source::register(&context, &sources)?;
    let mut checker = Checker::new(plan.dataset);
    for (table, mapping) in tables {
        let input = mapping::input(plan, table, mapping, &sources, &context).await?;
        checker.table(table, &input, tally);
    }
    Ok(checker)
}

/// Holds the lock file until it is dropped, or says that another import is running.
fn lock(path: &Path) -> Result<std::fs::File, ImportError> {
    if let Some(folder) = path.parent() {
        snapshot::durable::create_folder(folder)
            .map_err(|source| ImportError::Io { path: folder.to_owned(), source })?;
    }
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|source| ImportError::Io { path: path.to_owned(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(ImportError::Running { lock: path.to_owned() })
        }
        Err(std::fs::TryLockError::Error(source)) => {
            Err(ImportError::Io { path: path.to_owned(), source })
        }
    }
}
