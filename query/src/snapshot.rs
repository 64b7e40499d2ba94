//! Sealed snapshots: immutable Parquet files under a manifest whose digest is the snapshot's id.
//!
//! `<out>/<dataset>-v<version>/<id>/` holds `manifest.json` and one file a table; `<out>/<dataset>-v<version>/current`
//! names the snapshot that questions are answered from. A snapshot is renamed into its place when every file of it is on
//! disk and is never written again. Folders beginning with a dot are unfinished.
//!
//! [`verify`] says whether a folder is what was sealed. It does not say that the rows fit the dataset: sealing did.

pub mod durable;
mod error;
pub(crate) mod seal;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use datafusion::arrow::array::RecordBatch;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use policies::dataset::Dataset;
use policies::{DatasetId, Digest, HospitalCode, Ident};
use serde::{Deserialize, Serialize};

pub use error::SnapshotError;

#[cfg(test)]
mod tests;

/// Version of the manifest and of the files' layout.
pub const FORMAT: u32 = 2;
/// The format without record keys.
const WITHOUT_RECORD_KEYS: u32 = 1;
/// Most bytes of a manifest: thousands of tables.
pub const MAX_MANIFEST_BYTES: u64 = 1 << 20;
/// The manifest's file name.
pub const MANIFEST: &str = "manifest.json";
/// The file that names the current snapshot.
pub const CURRENT: &str = "current";

/// What a snapshot holds. Its compact JSON is hashed to the snapshot's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// The dataset.
    pub dataset: DatasetId,
    /// Its version.
    pub version: u32,
    /// Digest of the dataset file that the rows were checked against.
    pub dataset_digest: Digest,
    /// The hospital whose rows they are.
    pub hospital: HospitalCode,
    /// What the record keys are made for: the snapshots of one dataset version at one node under one secret have one lineage.
    pub lineage: Digest,
    /// Its tables.
    pub tables: BTreeMap<Ident, SealedTable>,
    /// Rows of the patient table.
    pub patients: u64,
}

/// What is looked at in a manifest of any format.
#[derive(Deserialize)]
struct AnyManifest {
    format: u32,
    lineage: Option<Digest>,
}

/// One table of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedTable {
    /// `<table>.parquet`, in the snapshot's folder.
    pub file: String,
    /// Digest of the file.
    pub sha256: Digest,
    /// Its rows.
    pub rows: u64,
}

/// A snapshot that was found to be what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    id: Digest,
    folder: PathBuf,
    manifest: Manifest,
}

impl Snapshot {
    /// The digest of its manifest.
    #[must_use]
    pub fn id(&self) -> Digest {
        self.id
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What it holds.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The file of a table.
    #[must_use]
    pub fn file(&self, table: &Ident) -> Option<PathBuf> {
        self.manifest.tables.get(table).map(|sealed| self.folder.join(&sealed.file))
    }

    /// Checks that the rows were checked against exactly this dataset.
    ///
    /// # Errors
    /// [`SnapshotError::OtherDataset`].
    pub fn is_of(&self, dataset: &Dataset) -> Result<(), SnapshotError> {
        let Manifest { dataset: id, version, dataset_digest, tables, .. } = &self.manifest;
        if *id == dataset.id
            && *version == dataset.version
            && *dataset_digest == dataset.digest
            && tables.keys().eq(dataset.tables.keys())
        {
            return Ok(());
        }
        Err(SnapshotError::OtherDataset {
            expected: format!("{} v{} ({})", dataset.id, dataset.version, dataset.digest.short()),
            got: format!("{id} v{version} ({})", dataset_digest.short()),
        })
    }
}

/// Opens a snapshot and checks all of it.
///
/// # Errors
/// [`SnapshotError`].
pub fn open(folder: &Path) -> Result<Snapshot, SnapshotError> {
    verify(folder, true)
}

/// Opens a snapshot; reads and hashes its files only if `full`, else checks that they are there.
///
/// # Errors
/// [`SnapshotError`].
pub fn verify(folder: &Path, full: bool) -> Result<Snapshot, SnapshotError> {
    let path = folder.join(MANIFEST);
    let bytes = read_small(&path)?;
    let invalid = |problem: String| SnapshotError::Manifest { path: path.clone(), problem };
    let AnyManifest { format, lineage: _ } =
        serde_json::from_slice(&bytes).map_err(|error| invalid(error.to_string()))?;
    if format == WITHOUT_RECORD_KEYS {
        return Err(SnapshotError::NoRecordKeys { folder: folder.to_owned() });
    }
    if format != FORMAT {
        return Err(invalid(format!("format {format}, expected {FORMAT}")));
    }
    let manifest: Manifest =
        serde_json::from_slice(&bytes).map_err(|error| invalid(error.to_string()))?;
    for (table, sealed) in &manifest.tables {
        if sealed.file != file_name(table) {
            return Err(invalid(format!("table `{table}` is not in `{}`", file_name(table))));
        }
    }
    let id = Digest::of(&bytes);
    if folder.file_name().and_then(|name| name.to_str()) != Some(&id.to_string()) {
        return Err(SnapshotError::Renamed { folder: folder.to_owned(), got: id });
    }
    for sealed in manifest.tables.values() {
        check_file(&folder.join(&sealed.file), sealed, full)?;
    }
    Ok(Snapshot { id, folder: folder.to_owned(), manifest })
}

/// The lineage of a snapshot, also of a damaged one; none where none can be read.
#[must_use]
pub fn lineage(folder: &Path) -> Option<Digest> {
    lineage_of(folder).ok().flatten()
}

/// The lineage of a snapshot, also of one whose files are damaged; none of the format without record keys.
///
/// # Errors
/// [`SnapshotError`] where its manifest tells none.
pub fn lineage_of(folder: &Path) -> Result<Option<Digest>, SnapshotError> {
    let path = folder.join(MANIFEST);
    let bytes = read_small(&path)?;
    let invalid = |problem: String| SnapshotError::Manifest { path: path.clone(), problem };
    match serde_json::from_slice(&bytes).map_err(|error| invalid(error.to_string()))? {
        AnyManifest { format: WITHOUT_RECORD_KEYS, lineage: None } => Ok(None),
        AnyManifest { format: _, lineage: Some(lineage) } => Ok(Some(lineage)),
        AnyManifest { format: _, lineage: None } => Err(invalid("no lineage".to_owned())),
    }
}

/// The folders of all snapshots of a dataset version, current or not.
///
/// # Errors
/// [`SnapshotError`] when the folder cannot be listed.
pub fn sealed(
    out: &Path,
    dataset: &DatasetId,
    version: u32,
) -> Result<Vec<PathBuf>, SnapshotError> {
    let parent = parent(out, dataset, version);
    let entries = match std::fs::read_dir(&parent) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(SnapshotError::Io { path: parent, source }),
    };
    let mut folders = Vec::new();
    for entry in entries {
        let name = entry.map_err(SnapshotError::io(&parent))?.file_name();
        let id = name.to_str().and_then(|name| Digest::try_from(name.to_owned()).ok());
        folders.extend(id.map(|id| parent.join(id.to_string())));
    }
    folders.sort();
    Ok(folders)
}

/// Patients of a snapshot of a dataset; none where that cannot be read.
#[must_use]
pub fn patients(folder: &Path, dataset: &Dataset) -> Option<u64> {
    let snapshot = verify(folder, false).ok()?;
    snapshot.manifest.tables.get(&dataset.patient).map(|sealed| sealed.rows)
}

fn check_file(path: &Path, sealed: &SealedTable, full: bool) -> Result<(), SnapshotError> {
    let damaged = |problem: String| SnapshotError::Damaged { path: path.to_owned(), problem };
    let meta = std::fs::symlink_metadata(path).map_err(SnapshotError::io(path))?;
    if !meta.is_file() {
        return Err(damaged("it is not a file".to_owned()));
    }
    if full {
        let got = durable::digest(path).map_err(SnapshotError::io(path))?;
        if got != sealed.sha256 {
            return Err(damaged(format!("digest {got}, expected {}", sealed.sha256)));
        }
    }
    Ok(())
}

/// The folder of a dataset version's snapshots.
#[must_use]
pub fn parent(out: &Path, dataset: &DatasetId, version: u32) -> PathBuf {
    out.join(format!("{dataset}-v{version}"))
}

/// The folder of the current snapshot of a dataset version, if there is one.
///
/// # Errors
/// [`SnapshotError`] when the pointer does not name a folder beside it.
pub fn current(
    out: &Path,
    dataset: &DatasetId,
    version: u32,
) -> Result<Option<PathBuf>, SnapshotError> {
    let parent = parent(out, dataset, version);
    let path = parent.join(CURRENT);
    let bytes = match read_small(&path) {
        Ok(bytes) => bytes,
        Err(SnapshotError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let text = String::from_utf8(bytes).ok();
    let id = text.and_then(|text| text.strip_suffix('\n').map(str::to_owned));
    let id = id.and_then(|id| Digest::try_from(id).ok());
    let folder = id.map(|id| parent.join(id.to_string())).filter(|folder| folder.is_dir());
    folder.map(Some).ok_or(SnapshotError::Pointer { path })
}

/// The current snapshots of all the dataset's versions.
///
/// # Errors
/// [`SnapshotError`] when the folder cannot be listed or a pointer is damaged.
pub fn currents(out: &Path, dataset: &DatasetId) -> Result<Vec<PathBuf>, SnapshotError> {
    let entries = match std::fs::read_dir(out) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => {
            return Err(SnapshotError::Io { path: out.to_owned(), source });
        }
    };
    let prefix = format!("{dataset}-v");
    let mut versions = BTreeSet::new();
    for entry in entries {
        let name = entry.map_err(SnapshotError::io(out))?.file_name();
        let version = name.to_str().and_then(|name| name.strip_prefix(&prefix));
        versions.extend(version.and_then(|version| version.parse::<u32>().ok()));
    }
    let found = versions.into_iter().map(|version| current(out, dataset, version).transpose());
    found.flatten().collect()
}

/// The named columns of a sealed table, those that it has.
pub(crate) fn read_columns(
    folder: &Path,
    table: &Ident,
    columns: &[&str],
) -> Result<Vec<RecordBatch>, SnapshotError> {
    let path = folder.join(file_name(table));
    let damaged = |problem: String| SnapshotError::Damaged { path: path.clone(), problem };
    let file = std::fs::File::open(&path).map_err(SnapshotError::io(&path))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)
        .map_err(|error| damaged(error.to_string()))?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let reader = builder.with_projection(mask).build();
    let reader = reader.map_err(|error| damaged(error.to_string()))?;
    reader.map(|batch| batch.map_err(|error| damaged(error.to_string()))).collect()
}

pub(crate) fn file_name(table: &Ident) -> String {
    format!("{table}.parquet")
}

/// A manifest or pointer, never more than [`MAX_MANIFEST_BYTES`].
fn read_small(path: &Path) -> Result<Vec<u8>, SnapshotError> {
    let file = std::fs::File::open(path).map_err(SnapshotError::io(path))?;
    let mut bytes = Vec::new();
    let limit = MAX_MANIFEST_BYTES.saturating_add(1);
    file.take(limit).read_to_end(&mut bytes).map_err(SnapshotError::io(path))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= MAX_MANIFEST_BYTES) {
        return Ok(bytes);
    }
    let problem = format!("it is longer than {MAX_MANIFEST_BYTES} bytes");
    Err(SnapshotError::Manifest { path: path.to_owned(), problem })
}
