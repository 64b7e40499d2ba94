//! Files that are what was sealed: each is read through and hashed once, and again whenever it is another file.
//!
//! A worker serves many questions from the same files, and large ones are scanned, not kept. Hashing one for every question
//! would cost more than the question.

use std::collections::HashMap;
use std::fs::Metadata;
use std::path::Path;
use std::time::SystemTime;

use policies::Digest;

use super::RunError;
use crate::snapshot::durable;

/// Files remembered; a snapshot has a handful.
const MAX_FILES: usize = 1024;

/// What changes when a file is replaced or written to.
#[derive(Clone, PartialEq, Eq)]
struct Identity {
    bytes: u64,
    modified: Option<SystemTime>,
    /// Device, inode, and when the inode changed, which no program can set back.
    #[cfg(unix)]
    inode: (u64, u64, i64, i64),
}

impl Identity {
    fn of(meta: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt as _;
        Self {
            bytes: meta.len(),
            modified: meta.modified().ok(),
            #[cfg(unix)]
            inode: (meta.dev(), meta.ino(), meta.ctime(), meta.ctime_nsec()),
        }
    }
}

/// Files that were hashed, by what they must hold.
#[derive(Default)]
pub(super) struct Hashed {
    known: HashMap<Digest, Identity>,
}

impl Hashed {
    /// Checks that a file holds what was sealed, and then `also`, once.
    pub(super) fn check(
        &mut self,
        path: &Path,
        sealed: Digest,
        also: impl FnOnce() -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let identity = || {
            let meta = std::fs::metadata(path).map_err(|_io| RunError::BadSnapshot)?;
            Ok(Identity::of(&meta))
        };
        let before = identity()?;
        if self.known.get(&sealed) == Some(&before) {
            return Ok(());
        }
        let digest = durable::digest(path).map_err(|_io| RunError::BadSnapshot)?;
        if digest != sealed || identity()? != before {
            return Err(RunError::BadSnapshot);
        }
        also()?;
        if self.known.len() >= MAX_FILES {
            self.known.clear();
        }
        self.known.insert(sealed, before);
        Ok(())
    }
}
