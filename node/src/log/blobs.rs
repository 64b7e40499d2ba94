//! Texts that are too large for an entry, stored by their digest: durable before the entry that names them.
//!
//! A blob's name is the SHA-256 of its bytes, so what is read is what was named, or an error. Blobs are never changed.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use policies::Digest;

use super::medium::{self, Medium};

/// The folder in the log's folder.
pub(super) const FOLDER: &str = "blobs";
/// Most bytes of a blob.
const MAX_BLOB_BYTES: u64 = 1 << 20;

/// The blobs of a log.
#[derive(Clone, Debug)]
pub struct Blobs {
    medium: Arc<dyn Medium>,
}

impl Blobs {
    /// Opens or makes the folder.
    ///
    /// # Errors
    /// The system's reason.
    pub fn open(medium: Arc<dyn Medium>) -> io::Result<Self> {
        medium.create_folder(FOLDER)?;
        medium.sync_folder("")?;
        for left in medium.list(FOLDER)?.into_iter().filter(|name| name.ends_with(medium::NEW)) {
            medium.remove(&format!("{FOLDER}/{left}"))?;
        }
        Ok(Self { medium })
    }

    /// Blobs to read: nothing is made.
    #[must_use]
    pub fn read_only(medium: Arc<dyn Medium>) -> Self {
        Self { medium }
    }

    /// Stores bytes durably and returns their name.
    ///
    /// # Errors
    /// The system's reason.
    pub fn put(&self, bytes: &[u8]) -> io::Result<Digest> {
        if bytes.len() as u64 > MAX_BLOB_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("a text of {} bytes, at most {MAX_BLOB_BYTES} are kept", bytes.len()),
            ));
        }
        let digest = Digest::of(bytes);
        // One that is there already may not be durable yet, or damaged: it is written again.
        medium::put(&*self.medium, FOLDER, &name(&digest), bytes)?;
        Ok(digest)
    }

    /// The names of all.
    ///
    /// # Errors
    /// The system's reason; no folder has no blobs.
    pub fn list(&self) -> io::Result<BTreeSet<Digest>> {
        let names = match self.medium.list(FOLDER) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
            names => names?,
        };
        Ok(names.into_iter().filter_map(|name| Digest::try_from(name).ok()).collect())
    }

    /// Removes blobs durably.
    ///
    /// # Errors
    /// The system's reason.
    pub fn remove(&self, blobs: &BTreeSet<Digest>) -> io::Result<()> {
        for digest in blobs {
            self.medium.remove(&name(digest))?;
        }
        if blobs.is_empty() { Ok(()) } else { self.medium.sync_folder(FOLDER) }
    }

    /// The bytes with this digest.
    ///
    /// # Errors
    /// The system's reason; `NotFound`, or `InvalidData` for a damaged file.
    pub fn get(&self, digest: &Digest) -> io::Result<Vec<u8>> {
        let file = self.medium.open(&name(digest))?;
        let bytes = medium::read_whole(&*file, MAX_BLOB_BYTES)?;
        if Digest::of(&bytes) != *digest {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{} is damaged: its bytes have another digest", name(digest)),
            ));
        }
        Ok(bytes)
    }
}

fn name(digest: &Digest) -> String {
    format!("{FOLDER}/{digest}")
}
