//! Reads the durable part of a log: leaves and nodes of the tree, and the exact bytes of entries.
//!
//! Every read checks what it read against the leaf hash. A reader of a running log sees entries as soon as they are
//! durable; one of a folder sees what was there when it was opened.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::contents::{Contents, Gone, Leaves, MAX_SEGMENT_FILE, damaged, io, load, name, row};
use super::medium::{self, Disk, Medium};
use super::record::{Header, Kind, PLACE_BYTES, Place, RECORD_HEADER, decode_places};
use super::scan::record;
use super::{Entry, OpenError};
use crate::proof::merkle::{Frontier, Head, TreeHash};

mod archive;
mod archived;
mod loaded;

pub(crate) use archive::name as file_name;

use archive::Archive;
use loaded::Loaded;

/// How often a log that looks damaged is read again.
const READ_AGAIN: usize = 3;

/// A reader of a log.
#[derive(Clone, Debug)]
pub struct Reader {
    pub(super) medium: Arc<dyn Medium>,
    pub(super) contents: Arc<RwLock<Contents>>,
    /// Where archived entries are read, if anywhere.
    archive: Option<Arc<Archive>>,
}

/// Where an entry is.
#[derive(Clone, Debug)]
struct Found {
    segment: u64,
    place: Place,
    /// Its segment, where that was archived; the place has a leaf alone then.
    gone: Option<Arc<Gone>>,
}

impl Reader {
    /// A reader of what a store makes durable.
    pub(super) fn new(medium: Arc<dyn Medium>, contents: Arc<RwLock<Contents>>) -> Self {
        Self { medium, contents, archive: None }
    }

    /// Reads the log in a folder without locking or changing anything; a folder without a log reads as an empty one.
    ///
    /// # Errors
    /// `OpenError`.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        Self::over(Arc::new(Disk::read_only(folder)))
    }

    /// The same over any medium.
    ///
    /// # Errors
    /// `OpenError`.
    pub fn over(medium: Arc<dyn Medium>) -> Result<Self, OpenError> {
        let mut loaded = load(&*medium);
        // What a daemon appends, or an archiving removes meanwhile, may be seen in part; damage is seen again.
        for _ in 0..READ_AGAIN {
            if !matches!(loaded, Err(OpenError::Damaged { .. } | OpenError::Io { .. })) {
                break;
            }
            loaded = load(&*medium);
        }
        let contents = loaded?.map(|(contents, _)| contents).unwrap_or_default();
        Ok(Self::new(medium, Arc::new(RwLock::new(contents))))
    }

    /// Entries.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.contents().size()
    }

    /// The head of the tree over all entries.
    #[must_use]
    pub fn head(&self) -> Head {
        self.contents().tree.frontier().head()
    }

    /// The compact range of the tree over all entries.
    #[must_use]
    pub fn frontier(&self) -> Frontier {
        self.contents().tree.frontier().clone()
    }

    /// The note of the last checkpoint that is durable.
    #[must_use]
    pub fn checkpoint(&self) -> Option<Arc<str>> {
        self.contents().checkpoint.clone()
    }

    /// The leaf of an entry.
    ///
    /// # Errors
    /// `OpenError`, also for an index behind the end.
    pub fn leaf_hash(&self, index: u64) -> Result<TreeHash, OpenError> {
        Ok(self.find(index)?.place.hash)
    }

    /// Runs `work` over the nodes of the tree: what proofs are made of. The log waits meanwhile.
    pub fn with_nodes<T>(&self, work: impl FnOnce(&mut NodesOf<'_>) -> T) -> T {
        let contents = self.contents();
        let mut nodes = NodesOf { reader: self, contents: &contents };
        work(&mut nodes)
    }

    /// The exact bytes of an entry.
    ///
    /// # Errors
    /// `OpenError`, also for an index behind the end.
    pub fn bytes(&self, index: u64) -> Result<Vec<u8>, OpenError> {
        let Found { segment, place, gone } = self.find(index)?;
        if let Some(gone) = gone {
            return self.archived_bytes(&gone.about, index, &place.hash);
        }
        let at = u64::from(place.offset);
        let mut bytes = self.read(segment, at, RECORD_HEADER)?;
        let length = Header::decode(&bytes).map_or(0, |header| header.length);
        let length = usize::try_from(length).unwrap_or(0).min(super::MAX_ENTRY_BYTES);
        let body_at = at.saturating_add(RECORD_HEADER as u64);
        bytes.append(&mut self.read(segment, body_at, length)?);
        let name = name(segment);
        let wrong = |reason: &str| damaged(&*self.medium, &name, at, reason);
        let (header, body) = record(&bytes, at, index).map_err(wrong)?;
        if header.kind != Kind::Entry || header.hash != place.hash {
            return Err(wrong("another record than the tree holds"));
        }
        Ok(body.to_vec())
    }

    /// An entry.
    ///
    /// # Errors
    /// `OpenError`, also for an index behind the end.
    pub fn entry(&self, index: u64) -> Result<Entry, OpenError> {
        self.parse(index, &self.bytes(index)?)
    }

    /// The bytes of the entries from `from` on, in order, up to the end as it is when this is called.
    pub fn bytes_from(
        &self,
        from: u64,
    ) -> impl Iterator<Item = Result<Vec<u8>, OpenError>> + use<> {
        let (reader, end, here) = (self.clone(), self.size(), self.here());
        let mut segment: Option<Loaded> = None;
        (from..end).map(move |index| {
            if index < here {
                return reader.bytes(index);
            }
            let loaded = match segment.take().filter(|loaded| loaded.holds(index)) {
                Some(loaded) => loaded,
                None => reader.load_segment(index)?,
            };
            let bytes = loaded.bytes(&reader, index);
            segment = Some(loaded);
            bytes
        })
    }

    /// Every entry, in order.
    ///
    /// # Errors
    /// `OpenError`.
    pub fn entries(&self) -> Result<Vec<Entry>, OpenError> {
        let parsed = |(index, bytes): (u64, Result<Vec<u8>, _>)| self.parse(index, &bytes?);
        (0..).zip(self.bytes_from(0)).map(parsed).collect()
    }

    /// Reads an entry's bytes.
    ///
    /// # Errors
    /// `OpenError::Entry`.
    pub fn parse(&self, index: u64, bytes: &[u8]) -> Result<Entry, OpenError> {
        let failed =
            |reason: String| OpenError::Entry { path: self.medium.place(""), index, reason };
        let entry: Entry =
            serde_json::from_slice(bytes).map_err(|error| failed(error.to_string()))?;
        if entry.index != index {
            return Err(failed(format!("it says that it is entry {}", entry.index)));
        }
        Ok(entry)
    }

    pub(super) fn contents(&self) -> RwLockReadGuard<'_, Contents> {
        self.contents.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, index: u64) -> Result<Found, OpenError> {
        self.find_in(&self.contents(), index)
    }

    fn find_in(&self, contents: &Contents, index: u64) -> Result<Found, OpenError> {
        let behind = || OpenError::Entry {
            path: self.medium.place(""),
            index,
            reason: format!("the log has {} entries", contents.size()),
        };
        let segment = contents.segment_of(index).ok_or_else(behind)?;
        let number = index.saturating_sub(segment.first);
        let mut gone = None;
        let place = match &segment.leaves {
            Leaves::Open(places) => {
                let number = usize::try_from(number).unwrap_or(usize::MAX);
                places.get(number).copied().ok_or_else(behind)?
            }
            Leaves::Sealed(table) => {
                let bytes = self.read(segment.first, row(*table, number), PLACE_BYTES)?;
                let places = decode_places(&bytes).unwrap_or_default();
                places.first().copied().ok_or_else(behind)?
            }
            Leaves::Archived(archived) => {
                gone = Some(Arc::clone(archived));
                Place { offset: 0, hash: self.kept_leaf(archived, number)? }
            }
        };
        Ok(Found { segment: segment.first, place, gone })
    }

    /// Up to `length` bytes of a segment's file.
    fn read(&self, segment: u64, at: u64, length: usize) -> Result<Vec<u8>, OpenError> {
        self.read_file(&name(segment), at, length)
    }

    fn read_file(&self, name: &str, at: u64, length: usize) -> Result<Vec<u8>, OpenError> {
        let file = self.medium.open(name).map_err(io(&*self.medium, name, "opening"))?;
        let mut bytes = vec![0; length];
        let read = medium::read_full(&*file, at, &mut bytes).map_err(io(
            &*self.medium,
            name,
            "reading",
        ))?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// The segment that holds an entry, as far as it goes.
    fn load_segment(&self, index: u64) -> Result<Loaded, OpenError> {
        let first = self.find(index)?.segment;
        Ok(Loaded { first, places: self.places(first)?, bytes: self.segment_bytes(first)? })
    }

    /// The bytes of a segment's file.
    pub(super) fn segment_bytes(&self, first: u64) -> Result<Vec<u8>, OpenError> {
        let name = name(first);
        let file = self.medium.open(&name).map_err(io(&*self.medium, &name, "opening"))?;
        medium::read_whole(&*file, MAX_SEGMENT_FILE).map_err(io(&*self.medium, &name, "reading"))
    }

    /// Where the entries of a segment are.
    pub(super) fn places(&self, first: u64) -> Result<Vec<Place>, OpenError> {
        let contents = self.contents();
        let Some(segment) = contents.segment_of(first) else { return Ok(Vec::new()) };
        match &segment.leaves {
            Leaves::Open(places) => Ok(places.clone()),
            Leaves::Archived(_) => Ok(Vec::new()),
            Leaves::Sealed(table) => {
                let (table, count) = (*table, segment.count);
                drop(contents);
                let length = usize::try_from(row(0, count)).unwrap_or(0);
                Ok(decode_places(&self.read(first, table, length)?).unwrap_or_default())
            }
        }
    }
}

/// The nodes of the tree, while the log waits.
pub struct NodesOf<'r> {
    reader: &'r Reader,
    contents: &'r Contents,
}

impl std::fmt::Debug for NodesOf<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodesOf").field("size", &self.contents.size()).finish()
    }
}

impl crate::proof::merkle::Nodes for NodesOf<'_> {
    type Error = OpenError;

    fn node(&mut self, level: u32, index: u64) -> Result<TreeHash, OpenError> {
        let Self { reader, contents } = self;
        let read = |leaf| Ok(reader.find_in(contents, leaf)?.place.hash);
        contents.tree.over(read).node(level, index)
    }
}
