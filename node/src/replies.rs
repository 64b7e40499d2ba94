//! Stored replies: a retry gets the same bytes, and nothing is run twice.
//!
//! A reply is on disk before the log names it. It is deleted when its question can no longer be retried. The files hold
//! released figures: they are encrypted under a key that is derived from the node's envelope key, so that a copy of the
//! state without the keys shows none. Which figures were released is proved by the log, not by these files.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use policies::Digest;

use crate::at_rest::{self, Sealer};
use crate::keys::Key;

/// What a file begins with.
const FORMAT: &[u8; 8] = b"KRINGRP1";
/// What the key is derived for.
const PURPOSE: &[u8] = b"kring stored replies/1";
/// End of the name of a file that is being written.
const PARTIAL: &str = ".partial";
/// Most bytes of the file of a reply: far more than a question's cells, and little enough to read into memory.
const MAX_REPLY_BYTES: usize = 64 * 1024 * 1024;
/// What a file has beside the frames: its format, nonce and tag.
const SEALED_BYTES: usize = FORMAT.len() + at_rest::ADDED_BYTES;

/// The folder of stored replies.
#[derive(Clone)]
pub struct Replies {
    folder: PathBuf,
    sealer: Sealer,
}

impl std::fmt::Debug for Replies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replies").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Replies {
    /// Opens or makes the folder; the first of the keys encrypts, any decrypts. What a crash left half written is removed: no log names it.
    ///
    /// # Errors
    /// The system's reason.
    pub fn open<'k>(
        folder: &Path,
        keys: impl IntoIterator<Item = &'k Key>,
    ) -> std::io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        remove_partial(folder)?;
        let sealer = Sealer::new(keys, FORMAT, PURPOSE)?;
        Ok(Self { folder: folder.to_owned(), sealer })
    }

    /// Stores the frames of the reply to `request`, durably.
    ///
    /// # Errors
    /// The system's reason, or `InvalidInput` for a reply that is too large.
    pub fn store(&self, request: &Digest, frames: &[Vec<u8>]) -> std::io::Result<()> {
        let sizes = frames.iter().map(|frame| frame.len().saturating_add(4));
        if sizes.fold(SEALED_BYTES, usize::saturating_add) > MAX_REPLY_BYTES {
            let large = format!("a reply has at most {MAX_REPLY_BYTES} bytes");
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, large));
        }
        let mut bytes = Vec::new();
        for frame in frames {
            let length = u32::try_from(frame.len()).map_err(std::io::Error::other)?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(frame);
        }
        let bytes = self.sealer.seal(request.as_bytes(), bytes)?;
        let partial = self.folder.join(format!("{request}{PARTIAL}"));
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&partial)?;
        file.write_all(&bytes)?;
        file.sync_data()?;
        std::fs::rename(&partial, self.path(request))?;
        File::open(&self.folder)?.sync_all()
    }

    /// The frames of the stored reply, `None` where there is none.
    ///
    /// # Errors
    /// The system's reason, or `InvalidData` for a damaged file.
    pub fn load(&self, request: &Digest) -> std::io::Result<Option<Vec<Vec<u8>>>> {
        let path = self.path(request);
        let bytes = match std::fs::metadata(&path) {
            Ok(metadata) if metadata.len() > MAX_REPLY_BYTES as u64 => {
                return Err(std::io::ErrorKind::InvalidData.into());
            }
            Ok(_) => std::fs::read(&path)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let bytes = self.sealer.open(request.as_bytes(), &bytes);
        let bytes = bytes.ok_or(std::io::ErrorKind::InvalidData)?;
        let mut frames = Vec::new();
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (length, after) =
                rest.split_first_chunk::<4>().ok_or(std::io::ErrorKind::InvalidData)?;
            let length =
                usize::try_from(u32::from_be_bytes(*length)).map_err(std::io::Error::other)?;
            let (frame, after) =
                after.split_at_checked(length).ok_or(std::io::ErrorKind::InvalidData)?;
            frames.push(frame.to_vec());
            rest = after;
        }
        Ok(Some(frames))
    }

    /// The requests whose replies are here.
    ///
    /// # Errors
    /// The system's reason.
    pub fn list(&self) -> std::io::Result<Vec<Digest>> {
        let mut requests = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let digest = name.to_str().and_then(|name| name.strip_suffix(".reply"));
            requests.extend(digest.and_then(|digest| Digest::try_from(digest.to_owned()).ok()));
        }
        Ok(requests)
    }

    /// Deletes the reply to `request`, if there is one.
    ///
    /// # Errors
    /// The system's reason.
    pub fn delete(&self, request: &Digest) -> std::io::Result<()> {
        match std::fs::remove_file(self.path(request)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn path(&self, request: &Digest) -> PathBuf {
        self.folder.join(format!("{request}.reply"))
    }
}

/// Removes the files that [`Replies::store`] had not finished. Other names, links and folders stay: they are not its own.
fn remove_partial(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let digest = name.to_str().and_then(|name| name.strip_suffix(PARTIAL));
        let ours = digest.is_some_and(|digest| Digest::try_from(digest.to_owned()).is_ok());
        // The type is that of the entry itself, so a link is none of ours.
        if ours && entry.file_type()?.is_file() {
            std::fs::remove_file(entry.path())?;
            tracing::info!(file = ?name, "removed a reply that was half written");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
