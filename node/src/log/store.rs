//! The segments on disk: one writer that appends groups of records, each group durable before anyone hears of it.
//!
//! Space is laid out ahead with zeros, and a stretch of it is never used by ordinary entries: the reserve, from which
//! refusals are logged when the disk is full. After a fault of the disk nothing is tried again. What a crash leaves
//! behind is repaired in `repair`.

use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use query::snapshot::durable::create_folder;

use super::OpenError;
use super::contents::{Contents, Leaves, Segment, name};
use super::lock::Lock;
use super::mark::{Acknowledged, Mark};
use super::medium::Disk;
use super::medium::{self, Medium, MediumFile, NEW};
use super::reader::Reader;
use super::record::{
    Kind, PLACE_BYTES, Place, RECORD_HEADER, SEAL_END, SEGMENT_HEADER, encode_end, encode_places,
    encode_segment, push_record,
};

mod archiving;
mod repair;

pub use archiving::Closed;

/// How the space of the log is laid out, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// A segment is closed when it would grow beyond this.
    pub segment: u64,
    /// Laid out ahead at a time.
    pub step: u64,
    /// Kept for refusals when the disk is full.
    pub reserve: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        // A segment is read whole at start; a reserve holds about a thousand refusals.
        Self { segment: 16 << 20, step: 512 << 10, reserve: 1 << 20 }
    }
}

/// What the disk has for another group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Enough.
    Enough,
    /// The disk is full; the reserve has this many bytes.
    Reserve(u64),
}

/// The open log. There is one of them for a folder.
#[derive(Debug)]
pub struct Store {
    medium: Arc<dyn Medium>,
    sizes: Sizes,
    contents: Arc<RwLock<Contents>>,
    mark: Mark,
    file: Arc<dyn MediumFile>,
    /// First index of the open segment.
    first: u64,
    /// Where the next record begins.
    position: u64,
    /// Up to where zeros are laid out, durably.
    laid_out: u64,
    /// Held for the life of the store.
    lock: Option<Lock>,
}

impl Store {
    /// Opens or begins the log in a folder, for this process alone.
    ///
    /// # Errors
    /// `OpenError`.
    pub fn open_folder(folder: &Path) -> Result<Self, OpenError> {
        create_folder(folder).map_err(|source| OpenError::Io {
            path: folder.to_owned(),
            doing: "making the folder",
            source,
        })?;
        let lock = Lock::take(folder)?;
        let mut store = Self::open(Arc::new(Disk::new(folder)), Sizes::default())?;
        store.lock = Some(lock);
        Ok(store)
    }

    /// A reader of what is durable.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.medium), Arc::clone(&self.contents))
    }

    /// The medium, for the blobs beside the segments.
    #[must_use]
    pub fn medium(&self) -> &Arc<dyn Medium> {
        &self.medium
    }

    /// Entries.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.reader().size()
    }

    /// Makes room for a group of records that have this many bytes in all.
    ///
    /// # Errors
    /// A fault of the disk: nothing may be written any more. A full disk is none.
    pub fn room(&mut self, bytes: u64) -> io::Result<Room> {
        let begun = self.position > SEGMENT_HEADER as u64;
        let mut enough = true;
        if begun && self.position.saturating_add(bytes) > self.sizes.segment {
            enough = match self.begin_next() {
                Ok(next) => self.follow(&next).map(|()| true)?,
                Err(error) if medium::no_room(&error) => false,
                Err(error) => return Err(error),
            };
        }
        if enough && self.lay_out(bytes)? {
            return Ok(Room::Enough);
        }
        Ok(Room::Reserve(self.laid_out.saturating_sub(self.position)))
    }

    /// Appends entries; they are durable when this returns.
    ///
    /// # Errors
    /// A fault of the disk, or no room where [`Self::room`] was not asked: nothing may be written any more.
    pub fn append(&mut self, entries: &[Vec<u8>]) -> io::Result<()> {
        let (group, mut bytes, mut places) = (self.position, Vec::new(), Vec::new());
        for (index, body) in (self.size()..).zip(entries) {
            let at = group.saturating_add(bytes.len() as u64);
            let header = push_record(&mut bytes, Kind::Entry, index, group, body);
            let offset = u32::try_from(at).map_err(io::Error::other)?;
            places.push(Place { offset, hash: header.hash });
        }
        self.write(&bytes)?;
        let mut contents = self.contents.write().unwrap_or_else(PoisonError::into_inner);
        contents.push(places.iter().map(|place| place.hash));
        if let Some(Segment { count, leaves: Leaves::Open(open), .. }) =
            contents.segments.last_mut()
        {
            *count = count.saturating_add(places.len() as u64);
            open.append(&mut places);
        }
        Ok(())
    }

    /// Keeps the note of a checkpoint; it and everything before it are durable when this returns.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn append_checkpoint(&mut self, note: &str) -> io::Result<()> {
        let (mut bytes, size) = (Vec::new(), self.size());
        push_record(&mut bytes, Kind::Checkpoint, size, self.position, note.as_bytes());
        self.write(&bytes)?;
        self.mark.sync()?;
        let mut contents = self.contents.write().unwrap_or_else(PoisonError::into_inner);
        contents.checkpoint = Some(Arc::from(note));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let end = self.position.saturating_add(bytes.len() as u64);
        if end > self.laid_out {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write_at(self.position, bytes)?;
        self.file.sync()?;
        self.position = end;
        self.mark.note(Acknowledged { segment: self.first, offset: end })
    }

    /// Lays out zeros so that the reserve is whole behind `bytes` more; `false` on a full disk.
    fn lay_out(&mut self, bytes: u64) -> io::Result<bool> {
        let count = self.size().saturating_sub(self.first).saturating_add(super::GROUP as u64);
        let table = count.saturating_mul(PLACE_BYTES as u64);
        let table = table.saturating_add((RECORD_HEADER + SEAL_END) as u64);
        let needed = self.position.saturating_add(bytes).saturating_add(table);
        let needed = needed.saturating_add(self.sizes.reserve);
        if needed <= self.laid_out {
            return Ok(true);
        }
        self.zeros_to(needed.saturating_add(self.sizes.step))
    }

    /// Lays out zeros up to `end`; `false` on a full disk, whose part of them does no harm.
    fn zeros_to(&mut self, end: u64) -> io::Result<bool> {
        match zeros(&*self.file, self.laid_out, end) {
            Ok(()) => {}
            Err(error) if medium::no_room(&error) => return Ok(false),
            Err(error) => return Err(error),
        }
        self.file.sync()?;
        self.laid_out = self.laid_out.max(end);
        Ok(true)
    }

    /// Makes the end of the open segment, and lays out the next one; a full disk shows here, before anything is touched.
    fn begin_next(&mut self) -> io::Result<Next> {
        let (frontier, places, note) = {
            let contents = self.contents.read().unwrap_or_else(PoisonError::into_inner);
            let places = match contents.segments.last() {
                Some(Segment { leaves: Leaves::Open(places), .. }) => places.clone(),
                Some(Segment { leaves: Leaves::Sealed(_) | Leaves::Archived(_), .. }) | None => {
                    Vec::new()
                }
            };
            (contents.tree.frontier().clone(), places, contents.checkpoint.clone())
        };
        let (mut end, leaves) = (Vec::new(), encode_places(&places));
        push_record(&mut end, Kind::Leaves, frontier.size(), self.position, &leaves);
        end.extend(encode_end(self.position, places.len() as u64));
        if !self.zeros_to(self.position.saturating_add(end.len() as u64))? {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let begun = begin_segment(&*self.medium, self.sizes, &frontier, note.as_deref())?;
        Ok(Next { first: frontier.size(), end, begun })
    }

    /// Closes the open segment and goes on in the next one.
    fn follow(&mut self, next: &Next) -> io::Result<()> {
        let Next { first, end, begun } = next;
        let (first, table) = (*first, self.position);
        self.file.write_at(table, end)?;
        self.file.set_size(table.saturating_add(end.len() as u64))?;
        self.file.sync()?;
        begun.put_in_place(&*self.medium)?;
        self.file = self.medium.open(&name(first))?;
        (self.first, self.position, self.laid_out) = (first, begun.position, begun.laid_out);
        self.mark.note(Acknowledged { segment: first, offset: begun.position })?;
        self.mark.sync()?;
        let mut contents = self.contents.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(closed) = contents.segments.last_mut() {
            closed.leaves = Leaves::Sealed(table.saturating_add(RECORD_HEADER as u64));
        }
        contents.segments.push(Segment { first, count: 0, leaves: Leaves::Open(Vec::new()) });
        Ok(())
    }
}

/// What closes the open segment, and the one that follows it.
struct Next {
    first: u64,
    end: Vec<u8>,
    begun: Begun,
}

/// A segment that is laid out and not in its place yet.
#[derive(Debug)]
struct Begun {
    name: String,
    position: u64,
    laid_out: u64,
}

/// Lays out a segment with the last checkpoint as its first record.
fn begin_segment(
    medium: &dyn Medium,
    sizes: Sizes,
    before: &crate::proof::merkle::Frontier,
    note: Option<&str>,
) -> io::Result<Begun> {
    let mut bytes = encode_segment(before);
    if let Some(note) = note {
        let group = SEGMENT_HEADER as u64;
        push_record(&mut bytes, Kind::Checkpoint, before.size(), group, note.as_bytes());
    }
    let position = bytes.len() as u64;
    let name = name(before.size());
    let made = format!("{name}{NEW}");
    let file = medium.create(&made)?;
    let table = (RECORD_HEADER + SEAL_END) as u64;
    let laid_out = position.saturating_add(sizes.reserve).saturating_add(sizes.step);
    let laid_out = laid_out.saturating_add(table);
    let written = file
        .write_at(0, &bytes)
        .and_then(|()| zeros(&*file, position, laid_out))
        .and_then(|()| file.sync());
    if let Err(error) = written {
        // A full disk gets back what was taken; the name means nothing to a later start either.
        drop(medium.remove(&made));
        return Err(error);
    }
    Ok(Begun { name, position, laid_out })
}

impl Begun {
    fn put_in_place(&self, medium: &dyn Medium) -> io::Result<()> {
        medium.rename(&format!("{}{NEW}", self.name), &self.name)?;
        medium.sync_folder("")
    }
}

/// Bytes of a record whose body has `body` bytes.
#[must_use]
pub fn record_bytes(body: u64) -> u64 {
    body.saturating_add(RECORD_HEADER as u64)
}

/// Zeros written at a time.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

fn zeros(file: &dyn MediumFile, from: u64, to: u64) -> io::Result<()> {
    let mut at = from;
    while at < to {
        let length = usize::try_from(to.saturating_sub(at)).unwrap_or(ZEROS.len());
        let piece = ZEROS.get(..length.min(ZEROS.len())).unwrap_or_default();
        file.write_at(at, piece)?;
        at = at.saturating_add(piece.len() as u64);
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
