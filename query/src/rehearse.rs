//! What all indicators of a charter together would disclose, counted over data that are made up.
//!
//! Before a board signs, its indicators are run over patients who do not exist: [`rows`] makes them from the data dictionary, the
//! import seals them like those of a hospital ([`snapshot`]), a worker runs each text, and a [`Hospital`] tells it as a node would, with
//! one memory over all of them. What comes out are numbers of figures, never an answer: the permits are for made-up data
//! ([`policies::rehearsal`]).
//!
//! Not here: running SQL, which workers do, and what the data of a real hospital would give. Columns are made independently of each
//! other, so groups are as large as chance makes them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use policies::dataset::Dataset;
use policies::{Digest, HospitalCode};

use crate::import::{Format, ImportError, ImportPlan, RecordSecret, Source, TableMapping, import};

mod count;
mod figures;
mod hospital;
mod made_up;
mod rank;
#[cfg(test)]
mod tests;

pub use count::{Shown, Sums};
pub use hospital::{Hospital, RehearseError};
pub use made_up::{MAX_PATIENTS, rows};

/// A sealed snapshot of patients who do not exist.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Its folder.
    pub folder: PathBuf,
    /// Its id.
    pub id: Digest,
    /// Its patients.
    pub patients: u64,
}

/// Makes up so many patients of a hospital and seals them in a new folder, by the code that imports real ones. `dataset` is without
/// the care that the hospital does not give; snapshots are under `snapshots`.
///
/// # Errors
/// `ImportError`: a folder that cannot be written, or a dictionary that no row fits.
pub async fn snapshot(
    dataset: &Dataset,
    (hospital, patients): (&HospitalCode, u32),
    (own, snapshots): (&Path, &Path),
) -> Result<Snapshot, ImportError> {
    let failed = |path: &Path, source| ImportError::Io { path: path.to_owned(), source };
    std::fs::create_dir_all(own).map_err(|error| failed(own, error))?;
    let (mut sources, mut tables) = (Vec::new(), Vec::new());
    for (table, text) in rows(dataset, (hospital, patients)) {
        let path = own.join(format!("{table}.csv"));
        std::fs::write(&path, text).map_err(|error| failed(&path, error))?;
        sources.push(Source { name: table.clone(), path, format: Format::csv() });
        let columns = BTreeMap::new();
        tables.push(TableMapping::Columns { table: table.clone(), source: table, columns });
    }
    let plan = ImportPlan {
        dataset,
        hospital: hospital.clone(),
        sources,
        tables,
        opt_out: None,
        numbering: own.join("numbers"),
        new_series: Digest::of(b"kring made-up numbers/1"),
        // Nobody's: keys of patients who do not exist need no secret.
        record_secret: RecordSecret::new(Digest::of(b"kring made-up records/1").as_bytes()),
        out: snapshots.to_owned(),
        strict: true,
    };
    let report = import(&plan).await?;
    match (&report.folder, report.snapshot) {
        (Some(folder), Some(id)) => {
            Ok(Snapshot { folder: folder.clone(), id, patients: report.patients })
        }
        (None, _) | (_, None) => Err(ImportError::NoPatients { report: Box::new(report) }),
    }
}
