//! A lineage and what lies beside its memory: whether answers were given over it that nobody remembers, and whether its patients have
//! the numbers by which the memory knows them.

use std::path::{Path, PathBuf};

use policies::{DatasetId, Digest};
use query::Memory;
use query::snapshot::SnapshotError;

use super::LedgerError;
use crate::log::remembered::Heads;

/// A lineage, and where what belongs to it is.
#[derive(Clone, Debug)]
pub struct Lineage {
    /// Which one.
    pub id: Digest,
    /// The folder of the dataset version's snapshots.
    beside: PathBuf,
    /// The file of patient numbers.
    numbers: PathBuf,
}

/// The file of a dataset's patient numbers.
#[must_use]
pub fn numbers_file(patients: &Path, dataset: &DatasetId) -> PathBuf {
    patients.join(format!("{dataset}.numbers"))
}

impl Lineage {
    /// The lineage of a snapshot of a dataset; none where it cannot be read.
    #[must_use]
    pub fn of(dataset: &DatasetId, snapshot: &Path, patients: &Path) -> Option<Self> {
        Some(Self {
            id: query::snapshot::lineage(snapshot)?,
            beside: snapshot.parent()?.to_owned(),
            numbers: numbers_file(patients, dataset),
        })
    }

    /// Whether the log names no answer over the lineage that the memory cannot hold.
    pub(super) fn remembered(&self, heads: &Heads) -> Result<(), LedgerError> {
        if heads.lost.contains(&self.id) {
            return Err(LedgerError::Lost);
        }
        let may_be_old = self.may_be_old(heads);
        let mut forgotten = heads.forgotten.iter();
        let forgotten = forgotten.find(|snapshot| match self.lineage_of(snapshot) {
            Some(lineage) => lineage == Some(self.id),
            None => may_be_old,
        });
        match forgotten {
            Some(snapshot) => {
                Err(LedgerError::Forgotten { what: format!("snapshot {}", snapshot.short()) })
            }
            None if heads.unheard && may_be_old => {
                Err(LedgerError::Forgotten { what: "in archived entries".to_owned() })
            }
            None => Ok(()),
        }
    }

    /// The lineage of a snapshot of any dataset here; none where its folder is gone or cannot be read.
    fn lineage_of(&self, snapshot: &Digest) -> Option<Option<Digest>> {
        let folder =
            |beside: &Path| query::snapshot::lineage_of(&beside.join(snapshot.to_string())).ok();
        let others = || self.beside.parent()?.read_dir().ok();
        let others = || others().into_iter().flatten().flatten();
        folder(&self.beside).or_else(|| others().find_map(|other| folder(&other.path())))
    }

    /// Whether answers may have been given over it by a version without a memory: it has no charge, and patient numbers of before series.
    fn may_be_old(&self, heads: &Heads) -> bool {
        let series = query::import::numbers(&self.numbers).and_then(|numbers| numbers.series);
        !heads.lineages.contains_key(&self.id) && series.is_none()
    }

    /// Whether every patient that the memory knows of has a number still. A file that cannot be read is the import's to report.
    pub(super) fn numbered(&self, memory: &Memory) -> Result<(), LedgerError> {
        let numbers = query::import::numbers(&self.numbers);
        match (numbers, memory.greatest_patient()) {
            (Some(numbers), Some(greatest)) if u64::from(greatest) >= numbers.count => {
                Err(LedgerError::Numbers { path: self.numbers.clone(), greatest })
            }
            (Some(_), Some(_)) | (None, _) | (_, None) => Ok(()),
        }
    }
}

/// Every lineage of the snapshots in a folder, of all datasets and versions.
///
/// # Errors
/// A folder that cannot be listed, or a snapshot that tells no lineage though it should.
pub fn of_snapshots(out: &Path) -> Result<Vec<Digest>, SnapshotError> {
    let io = |path: &Path, source| SnapshotError::Io { path: path.to_owned(), source };
    let entries = match std::fs::read_dir(out) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(io(out, source)),
    };
    let mut lineages = Vec::new();
    for entry in entries {
        let folder = entry.map_err(|source| io(out, source))?.path();
        if !folder.is_dir() {
            continue;
        }
        for snapshot in digests(&folder).map_err(|source| io(&folder, source))? {
            let snapshot = folder.join(snapshot.to_string());
            lineages.extend(query::snapshot::lineage_of(&snapshot)?);
        }
    }
    Ok(lineages)
}

/// What in a folder is named by a digest.
///
/// # Errors
/// The system's reason; a folder that is not there has nothing.
pub fn digests(folder: &Path) -> std::io::Result<Vec<Digest>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        found.extend(name.to_str().and_then(|name| Digest::try_from(name.to_owned()).ok()));
    }
    Ok(found)
}
