//! The log as one file of JSON lines, each line synced before it counts.
//!
//! A last line without its end was never acknowledged and is cut off; any other damage refuses to open. This file does
//! not prove that nothing was removed.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::{Entry, Recorded, Storage};

/// Why the log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The system refuses.
    #[error("log {path}: {doing} failed")]
    Io {
        /// The file.
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
        /// The file.
        path: PathBuf,
    },
    /// A line in the middle is damaged.
    #[error(
        "log {path}, line {line}: {reason}; restore the file, nothing is answered without its history"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
}

/// An open log file, locked for this process.
#[derive(Debug)]
pub struct FileStorage {
    file: File,
}

impl FileStorage {
    /// Opens or makes the file and returns what it holds.
    ///
    /// # Errors
    /// `OpenError`.
    pub fn open(path: &Path) -> Result<(Self, Vec<Recorded>), OpenError> {
        let io = |doing| move |source| OpenError::Io { path: path.to_owned(), doing, source };
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(io("opening"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(OpenError::InUse { path: path.to_owned() });
            }
            Err(std::fs::TryLockError::Error(source)) => return Err(io("locking")(source)),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io("reading"))?;
        let whole =
            bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end.saturating_add(1));
        let entries = read(path, bytes.get(..whole).unwrap_or_default())?;
        if whole < bytes.len() {
            tracing::warn!(
                bytes = bytes.len().saturating_sub(whole),
                "cutting off an unacknowledged end of the log"
            );
            file.set_len(whole as u64).map_err(io("cutting off its end"))?;
            file.sync_all().map_err(io("syncing"))?;
        }
        file.seek(SeekFrom::End(0)).map_err(io("seeking"))?;
        if let Some(folder) = path.parent() {
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(io("syncing its folder"))?;
        }
        let recorded = entries.into_iter().map(|entry| Recorded { entry }).collect();
        Ok((Self { file }, recorded))
    }
}

/// Reads every entry of a log file without locking or changing it.
///
/// # Errors
/// `OpenError`.
pub fn read_only(path: &Path) -> Result<Vec<Entry>, OpenError> {
    let bytes = std::fs::read(path).map_err(|source| OpenError::Io {
        path: path.to_owned(),
        doing: "reading",
        source,
    })?;
    let whole =
        bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end.saturating_add(1));
    read(path, bytes.get(..whole).unwrap_or_default())
}

fn read(path: &Path, bytes: &[u8]) -> Result<Vec<Entry>, OpenError> {
    let mut entries = Vec::new();
    for (number, line) in
        bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).enumerate()
    {
        let damaged = |reason: String| OpenError::Damaged {
            path: path.to_owned(),
            line: number.saturating_add(1),
            reason,
        };
        let entry: Entry =
            serde_json::from_slice(line).map_err(|error| damaged(error.to_string()))?;
        if entry.index != number as u64 {
            return Err(damaged(format!("entry {} stands at place {number}", entry.index)));
        }
        entries.push(entry);
    }
    Ok(entries)
}

impl Storage for FileStorage {
    fn append(&mut self, entries: &[Entry]) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut bytes, entry)?;
            bytes.push(b'\n');
        }
        self.file.write_all(&bytes)?;
        self.file.sync_data()
    }
}
