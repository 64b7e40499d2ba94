//! The folder of an archive: entries that are no longer on the node, read from the files that they were moved to.
//!
//! A file is read whole and held against the digest that the node kept of it; each entry is held against its leaf by whoever
//! asked for it. The last file stays in memory, for entries are read in order.

use std::io::ErrorKind;
use std::sync::{Arc, Mutex, PoisonError};

use policies::Digest;

use super::super::OpenError;
use super::super::contents::{MAX_SEGMENT_FILE, io};
use super::super::medium::{self, Medium};
use super::super::stub::About;

/// End of the name of an archived segment; before it stands the index of its first entry.
const FILE: &str = ".audit";

/// A folder of archived segments.
#[derive(Debug)]
pub(super) struct Archive {
    medium: Arc<dyn Medium>,
    last: Mutex<Option<Arc<Lines>>>,
}

/// A file in memory.
#[derive(Debug)]
struct Lines {
    first: u64,
    bytes: Vec<u8>,
    /// Where each line ends.
    ends: Vec<usize>,
}

/// The name of an archived segment's file.
pub(crate) fn name(first: u64) -> String {
    format!("{first:020}{FILE}")
}

impl Archive {
    pub(super) fn new(medium: Arc<dyn Medium>) -> Self {
        Self { medium, last: Mutex::default() }
    }

    /// The bytes of an entry, not yet held against its leaf.
    pub(super) fn bytes(&self, about: &About, index: u64) -> Result<Vec<u8>, OpenError> {
        let lines = self.lines(about)?;
        let number = usize::try_from(index.saturating_sub(about.first)).unwrap_or(usize::MAX);
        let from = lines.ends.get(number);
        let to = lines.ends.get(number.saturating_add(1));
        let line = from.zip(to).and_then(|(from, to)| lines.bytes.get(from.checked_add(1)?..*to));
        line.map(<[u8]>::to_vec).ok_or_else(|| self.other(about, "it has fewer entries"))
    }

    /// The error of a file that is not the one that was made.
    pub(super) fn other(&self, about: &About, reason: &str) -> OpenError {
        let path = self.medium.place(&name(about.first));
        OpenError::Archive { path, reason: reason.to_owned() }
    }

    fn lines(&self, about: &About) -> Result<Arc<Lines>, OpenError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lines) = last.as_ref().filter(|lines| lines.first == about.first) {
            return Ok(Arc::clone(lines));
        }
        let name = name(about.first);
        let file = match self.medium.open(&name) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(self.other(about, "the file is not in this folder"));
            }
            opened => opened.map_err(io(&*self.medium, &name, "opening"))?,
        };
        let bytes = medium::read_whole(&*file, 2 * MAX_SEGMENT_FILE).map_err(io(
            &*self.medium,
            &name,
            "reading",
        ))?;
        if Digest::of(&bytes) != about.file {
            return Err(self.other(about, "its bytes are not those that were archived"));
        }
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let ends = ends.map(|(at, _)| at).collect();
        let lines = Arc::new(Lines { first: about.first, bytes, ends });
        *last = Some(Arc::clone(&lines));
        Ok(lines)
    }
}
