//! Why a snapshot cannot be opened or sealed.

use std::path::{Path, PathBuf};

use policies::Digest;

/// Why a folder is not a snapshot, or one cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// A file cannot be read or written.
    #[error("cannot read or write {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The manifest is not one.
    #[error("{} is not a snapshot's manifest ({problem}): import again", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// It was sealed by an older version.
    #[error(
        "the snapshot {} has no record keys, an older version sealed it: run `kring import` again", folder.display()
    )]
    NoRecordKeys {
        /// The folder.
        folder: PathBuf,
    },
    /// The manifest is not the one that the folder is named after.
    #[error("{} is damaged: its manifest has the digest {got}; move it away and import again", folder.display())]
    Renamed {
        /// The folder.
        folder: PathBuf,
        /// The digest of its manifest.
        got: Digest,
    },
    /// A table's file is not what was sealed.
    #[error("{} is damaged ({problem}): move the snapshot away and import again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The snapshot was sealed against another dataset.
    #[error("the snapshot is of {got}, expected {expected}: import again")]
    OtherDataset {
        /// What is needed.
        expected: String,
        /// What the snapshot is of.
        got: String,
    },
    /// The pointer to the current snapshot is damaged.
    #[error("{} does not name a snapshot beside it: remove it and import again", path.display())]
    Pointer {
        /// The pointer file.
        path: PathBuf,
    },
    /// A table cannot be written.
    #[error("cannot write {}: {problem}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the writer says.
        problem: String,
    },
}

impl SnapshotError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "snapshot_io",
            Self::Manifest { .. } => "snapshot_manifest_invalid",
            Self::NoRecordKeys { .. } => "snapshot_without_record_keys",
            Self::Renamed { .. } => "snapshot_renamed",
            Self::Damaged { .. } => "snapshot_damaged",
            Self::OtherDataset { .. } => "snapshot_of_another_dataset",
            Self::Pointer { .. } => "snapshot_pointer_damaged",
            Self::Write { .. } => "snapshot_write",
        }
    }

    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Io { path, source }
    }
}
