//! Stored replies: a retry gets the same bytes, and nothing is run twice.
//!
//! A reply is on disk before the log names it. It is deleted when its question can no longer be retried. The files hold
//! released figures and are readable by their owner only.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use policies::Digest;

/// Most bytes of a stored reply.
const MAX_REPLY_BYTES: u64 = 64 * 1024 * 1024;

/// The folder of stored replies.
#[derive(Clone, Debug)]
pub struct Replies {
    folder: PathBuf,
}

impl Replies {
    /// Opens or makes the folder.
    ///
    /// # Errors
    /// The system's reason.
    pub fn open(folder: &Path) -> std::io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Stores the frames of the reply to `request`, durably.
    ///
    /// # Errors
    /// The system's reason.
    pub fn store(&self, request: &Digest, frames: &[Vec<u8>]) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        for frame in frames {
            let length = u32::try_from(frame.len()).map_err(std::io::Error::other)?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(frame);
        }
        let partial = self.folder.join(format!("{request}.partial"));
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
            Ok(metadata) if metadata.len() > MAX_REPLY_BYTES => {
                return Err(std::io::ErrorKind::InvalidData.into());
            }
            Ok(_) => std::fs::read(&path)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_reads_back_byte_for_byte_and_damage_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let replies = Replies::open(&folder.path().join("replies")).unwrap();
        let request = Digest::of(b"request");
        assert_eq!(replies.load(&request).unwrap(), None);
        let frames = vec![b"header".to_vec(), Vec::new(), vec![7; 70_000]];
        replies.store(&request, &frames).unwrap();
        assert_eq!(replies.load(&request).unwrap(), Some(frames));
        let path = replies.path(&request);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(replies.load(&request).is_err());
        replies.delete(&request).unwrap();
        replies.delete(&request).unwrap();
        assert_eq!(replies.load(&request).unwrap(), None);
    }
}
