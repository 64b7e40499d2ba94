//! Why a log cannot be opened or read.

use std::path::PathBuf;

/// Why the log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The system refuses.
    #[error("log {path}: {doing} failed")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Another daemon has it.
    #[error("log {path} is in use: another `kring run` works on this folder")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// What was acknowledged is damaged or gone.
    #[error(
        "log {path}, byte {offset}: {reason}; acknowledged entries are damaged, so nothing is answered: keep the folder as it is, \
         look for a failing disk, and bring back this file's own bytes (never an older copy of the folder)"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// An entry that this version cannot read.
    #[error(
        "log {path}, entry {index}: {reason}; use the version of kring that wrote it, or a later one"
    )]
    Entry {
        /// The folder.
        path: PathBuf,
        /// Its place.
        index: u64,
        /// What is wrong.
        reason: String,
    },
    /// An entry whose segment was archived.
    #[error(
        "entries {first} to {last} were moved to the archive `{folder}`: name the folder where they are with `--archive DIR`; those from {here} on are \
         on the node"
    )]
    Archived {
        /// The first entry of the segment.
        first: u64,
        /// The last.
        last: u64,
        /// Where they were moved to.
        folder: String,
        /// The first entry on the node.
        here: u64,
    },
    /// A file of an archive that is not the one that was made.
    #[error("archive {path}: {reason}; bring back this file's own bytes from another copy")]
    Archive {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A log of another format.
    #[error(
        "{path} is a log of JSON lines, which this version neither reads nor continues: move it away and keep it; the node then \
         starts a log of its own, and questions that are still open could be put to it a second time: wait until they have expired"
    )]
    OldFormat {
        /// The file.
        path: PathBuf,
    },
    /// The last checkpoint is not this node's.
    #[error(
        "the last checkpoint of the log is not signed by this node's log key: {reason}; use the key file that the log was begun with"
    )]
    OtherKey {
        /// What is wrong.
        reason: String,
    },
    /// The index over the log.
    #[error("the index {path} cannot be used: {reason}")]
    Index {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl OpenError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "log_io",
            Self::InUse { .. } => "log_in_use",
            Self::Damaged { .. } => "log_damaged",
            Self::Entry { .. } => "log_entry_unreadable",
            Self::Archived { .. } => "log_archived",
            Self::Archive { .. } => "log_archive_damaged",
            Self::OldFormat { .. } => "log_old_format",
            Self::OtherKey { .. } => "log_other_key",
            Self::Index { .. } => "log_index",
        }
    }
}
