//! Where the receiver got to, on disk.
//!
//! The file holds the number of the next entry and the leaf hash of the one before it, so that a cursor of another log, or of
//! one that lost its end, is recognised. Without a file, and after one that does not hold, forwarding begins with the first
//! entry that is not archived.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::log::{OpenError, Reader};
use crate::proof::merkle::TreeHash;

/// What the file says of itself.
const FORMAT: &str = "kring-syslog/1";
/// Most bytes of a file.
const MAX_BYTES: u64 = 4096;

/// A cursor as the file states it, not compared with a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    next: u64,
    leaf: Option<TreeHash>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    next: u64,
    leaf: Option<String>,
}

/// Why a cursor does not hold. Forwarding begins with the first entry that is not archived then: the receiver gets entries
/// twice, and misses none, for none is archived before it counts as received.
#[derive(Debug, thiserror::Error)]
pub enum CursorError {
    /// The file cannot be read.
    #[error("cannot read the cursor of syslog {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// It is not a cursor.
    #[error(
        "the cursor of syslog {path} is damaged: {reason}; forwarding begins with the first entry that is not archived"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The log is shorter.
    #[error(
        "the cursor of syslog {path} is at entry {next}, the log has {size}: it was of another log, or the log lost its end; \
         forwarding begins with the first entry that is not archived"
    )]
    BehindTheEnd {
        /// The file.
        path: PathBuf,
        /// Where it is.
        next: u64,
        /// Entries of the log.
        size: u64,
    },
    /// Another entry is at its place.
    #[error(
        "the cursor of syslog {path} was made over another log, entry {last} is another one here; \
         forwarding begins with the first entry that is not archived"
    )]
    OtherLog {
        /// The file.
        path: PathBuf,
        /// The last entry that was forwarded.
        last: u64,
    },
    /// The log cannot be read there.
    #[error(transparent)]
    Log(#[from] OpenError),
}

impl CursorError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "cursor_unreadable",
            Self::Damaged { .. } => "cursor_damaged",
            Self::BehindTheEnd { .. } => "cursor_behind_the_end",
            Self::OtherLog { .. } => "cursor_of_another_log",
            Self::Log(_) => "cursor_log",
        }
    }
}

impl Cursor {
    /// The beginning of a log.
    pub const START: Self = Self { next: 0, leaf: None };

    /// Reads the file; the start where there is none.
    ///
    /// # Errors
    /// `CursorError::Unreadable` or `Damaged`.
    pub fn load(path: &Path) -> Result<Self, CursorError> {
        let unreadable = |source| CursorError::Unreadable { path: path.to_owned(), source };
        let damaged = |reason: String| CursorError::Damaged { path: path.to_owned(), reason };
        match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::START),
            Err(error) => return Err(unreadable(error)),
            Ok(metadata) if metadata.len() > MAX_BYTES => {
                return Err(damaged(format!("it has {} bytes", metadata.len())));
            }
            Ok(_) => {}
        }
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let File { format, next, leaf } =
            serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if format != FORMAT {
            return Err(damaged(format!("its format is `{}`", format.escape_default())));
        }
        let leaf = match leaf {
            None => None,
            Some(text) => {
                let hash = TreeHash::from_hex(&text);
                Some(hash.ok_or_else(|| damaged("its leaf is not a hash".to_owned()))?)
            }
        };
        if leaf.is_some() != (next > 0) {
            return Err(damaged("number and leaf do not go together".to_owned()));
        }
        Ok(Self { next, leaf })
    }

    /// The cursor behind the first `next` entries of a log.
    ///
    /// # Errors
    /// `OpenError`.
    pub fn at(log: &Reader, next: u64) -> Result<Self, OpenError> {
        let leaf = next.checked_sub(1).map(|last| log.leaf_hash(last)).transpose()?;
        Ok(Self { next, leaf })
    }

    /// Compares it with the log that it is said to be of; the next entry to send. `path` is for messages.
    ///
    /// # Errors
    /// `CursorError`.
    pub fn check(self, path: &Path, log: &Reader) -> Result<u64, CursorError> {
        let (Self { next, leaf }, size, path) = (self, log.size(), path.to_owned());
        if next > size {
            return Err(CursorError::BehindTheEnd { path, next, size });
        }
        if Self::at(log, next)?.leaf != leaf {
            return Err(CursorError::OtherLog { path, last: next.saturating_sub(1) });
        }
        Ok(next)
    }

    /// Replaces the file, durably and as a whole.
    ///
    /// # Errors
    /// The system's reason.
    pub fn store(self, path: &Path) -> std::io::Result<()> {
        let Self { next, leaf } = self;
        let file =
            File { format: FORMAT.to_owned(), next, leaf: leaf.map(|leaf| leaf.to_string()) };
        query::snapshot::durable::replace(path, &serde_json::to_vec(&file)?)
    }
}

#[cfg(test)]
mod tests;
