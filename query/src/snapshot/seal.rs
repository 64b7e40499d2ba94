//! Sealing: files, then manifest, then one rename, then the pointer; each on disk before the next.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use policies::dataset::{Dataset, Table};
use policies::{Digest, HospitalCode};

use super::{
    CURRENT, FORMAT, MANIFEST, Manifest, SealedTable, SnapshotError, durable, file_name, parent,
    verify,
};

/// The folder in which a snapshot is made. One name suffices: the caller holds the lock of the parent folder.
const SEALING: &str = ".sealing";

/// A snapshot that is on disk and current.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) id: Digest,
    pub(crate) folder: PathBuf,
}

/// Writes one table's rows to a file and says how many.
pub(crate) type WriteTable<'w> = dyn FnMut(&Table, &Path) -> Result<u64, SnapshotError> + 'w;

/// Whose snapshot it is, and where it goes.
pub(crate) struct Sealing<'a> {
    /// Folder of the snapshots.
    pub(crate) out: &'a Path,
    /// The hospital.
    pub(crate) hospital: &'a HospitalCode,
    /// The lineage of the record keys.
    pub(crate) lineage: Digest,
}

/// Seals a snapshot and makes it current. Sealing the same rows again gives the same snapshot.
pub(crate) fn seal(
    sealing: &Sealing<'_>,
    dataset: &Dataset,
    write_table: &mut WriteTable<'_>,
) -> Result<Sealed, SnapshotError> {
    let Sealing { out, hospital, lineage } = *sealing;
    let parent = parent(out, &dataset.id, dataset.version);
    let sealing = parent.join(SEALING);
    durable::create_folder(&parent).map_err(SnapshotError::io(&parent))?;
    remove(&sealing)?;
    durable::create_folder(&sealing).map_err(SnapshotError::io(&sealing))?;
    let mut tables = BTreeMap::new();
    for table in dataset.tables.values() {
        let file = file_name(&table.name);
        let path = sealing.join(&file);
        let rows = write_table(table, &path)?;
        durable::sync(&path).map_err(SnapshotError::io(&path))?;
        let sha256 = durable::digest(&path).map_err(SnapshotError::io(&path))?;
        tables.insert(table.name.clone(), SealedTable { file, sha256, rows });
    }
    let manifest = Manifest {
        format: FORMAT,
        dataset: dataset.id.clone(),
        version: dataset.version,
        dataset_digest: dataset.digest,
        hospital: hospital.clone(),
        lineage,
        patients: tables.get(&dataset.patient).map(|table| table.rows).unwrap_or_default(),
        tables,
    };
    let path = sealing.join(MANIFEST);
    let bytes = serde_json::to_vec(&manifest)
        .map_err(|error| SnapshotError::Write { path: path.clone(), problem: error.to_string() })?;
    durable::write(&path, &bytes).map_err(SnapshotError::io(&path))?;
    durable::sync(&sealing).map_err(SnapshotError::io(&sealing))?;
    let id = Digest::of(&bytes);
    let folder = parent.join(id.to_string());
    if folder.exists() {
        verify(&folder, true)?;
        remove(&sealing)?;
    } else {
        std::fs::rename(&sealing, &folder).map_err(SnapshotError::io(&folder))?;
        durable::sync(&parent).map_err(SnapshotError::io(&parent))?;
    }
    let pointer = parent.join(CURRENT);
    let text = format!("{id}\n");
    durable::replace(&pointer, text.as_bytes()).map_err(SnapshotError::io(&pointer))?;
    Ok(Sealed { id, folder })
}

fn remove(folder: &Path) -> Result<(), SnapshotError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(SnapshotError::Io { path: folder.to_owned(), source: error })
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
