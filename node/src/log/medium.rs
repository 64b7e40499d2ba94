//! The seam to the disk: what the log asks of it, so that every fault of a disk can be played in tests.
//!
//! Names are relative to the log's folder. A write is durable after `sync` of its file, a name after `sync_folder` of its
//! folder, and nothing earlier: the simulated disk of the tests loses, tears and reorders whatever was not synced.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

pub mod disk;

pub use disk::Disk;

/// An open file.
pub trait MediumFile: Send + Sync + std::fmt::Debug {
    /// Reads what is there at `offset`, at most as much as fits; 0 at the end.
    ///
    /// # Errors
    /// The system's reason.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Writes all bytes at `offset`; the file grows if need be.
    ///
    /// # Errors
    /// The system's reason; part of the bytes may be written.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// The file's size.
    ///
    /// # Errors
    /// The system's reason.
    fn size(&self) -> io::Result<u64>;

    /// Cuts the file off, or extends it with zeros that may take no space yet.
    ///
    /// # Errors
    /// The system's reason.
    fn set_size(&self, size: u64) -> io::Result<()>;

    /// Makes contents and size durable. After an error, nobody knows what is durable, and trying again may claim success.
    ///
    /// # Errors
    /// The system's reason.
    fn sync(&self) -> io::Result<()>;
}

/// A folder on a disk, with folders of one level in it.
pub trait Medium: Send + Sync + std::fmt::Debug {
    /// Makes a folder; fine if it exists.
    ///
    /// # Errors
    /// The system's reason.
    fn create_folder(&self, folder: &str) -> io::Result<()>;

    /// The names of the files in a folder (`""` for the log's own), sorted.
    ///
    /// # Errors
    /// The system's reason.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;

    /// Opens a file that exists.
    ///
    /// # Errors
    /// The system's reason.
    fn open(&self, name: &str) -> io::Result<Arc<dyn MediumFile>>;

    /// Makes a file, empty, in the place of one that may be there.
    ///
    /// # Errors
    /// The system's reason.
    fn create(&self, name: &str) -> io::Result<Arc<dyn MediumFile>>;

    /// Gives a file another name, in the place of one that may be there, at once.
    ///
    /// # Errors
    /// The system's reason.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// The system's reason.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// The system's reason.
    fn sync_folder(&self, folder: &str) -> io::Result<()>;

    /// Where a name is, for messages.
    fn place(&self, name: &str) -> PathBuf;
}

/// Reads the whole of a file, at most `limit` bytes.
///
/// # Errors
/// The system's reason, or `InvalidData` for a larger file.
pub fn read_whole(file: &dyn MediumFile, limit: u64) -> io::Result<Vec<u8>> {
    let size = file.size()?;
    if size > limit {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{size} bytes, at most {limit} are read"),
        ));
    }
    let mut bytes = vec![0; usize::try_from(size).map_err(io::Error::other)?];
    let read = read_full(file, 0, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Fills `into` from `offset` on, as far as the file goes; the number of bytes read.
///
/// # Errors
/// The system's reason.
pub fn read_full(file: &dyn MediumFile, offset: u64, into: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = into.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(offset.saturating_add(done as u64), rest)? {
            0 => break,
            read => done = done.saturating_add(read),
        }
    }
    Ok(done)
}

/// Puts a file in its place as a whole: durable when this returns, and after a crash it is the old one or this one.
///
/// # Errors
/// The system's reason.
pub fn put(medium: &dyn Medium, folder: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let made = format!("{name}{NEW}");
    let file = medium.create(&made)?;
    file.write_at(0, bytes)?;
    file.sync()?;
    medium.rename(&made, name)?;
    medium.sync_folder(folder)
}

/// End of the name of a file that is not in its place yet; such files mean nothing after a crash.
pub const NEW: &str = ".new";

/// Whether the disk has no room, which may pass, rather than a fault.
#[must_use]
pub fn no_room(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
