//! Moving old entries from the node to an archive: whole closed segments, the oldest first, and no proof is lost.
//!
//! For each segment, in this order: the entries are written to the archive as an export with the hashes that lead to a signed
//! checkpoint, and their large texts beside them; what was written there is read back and verified as a third party
//! would; a stub is written; an entry of the log says what was moved, by digest; then the segment is removed. Whatever
//! the step at which the power goes, the entries are on the node or in the archive, and the step can be done again. The texts
//! that only archived entries name are removed from the node last.
//!
//! It needs the log for itself, so the daemon must not run. It does not delete archives: that is the hospital's to do.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use policies::{Digest, UnixTime};

use crate::extract::{Chain, ExtractError, Signed, extract};
use crate::log::blobs::Blobs;
use crate::log::event::Archived;
use crate::log::medium::{self, Medium};
use crate::log::reader::file_name;
use crate::log::store::{Closed, Room, record_bytes};
use crate::log::stub::Stub;
use crate::log::{Entry, Event, OpenError, Reader, Store};
use crate::proof::export::verify::verify_bytes;
use crate::proof::fault::Fault;

/// The least age of an entry that is archived, in days: no question lives a day, so nothing that is open or can be retried is moved,
/// and what people look up most is at hand.
pub const LEAST_DAYS: u32 = 35;
/// Seconds of a day.
pub const DAY_S: i64 = 86_400;
/// Most bytes of a file in an archive: a segment as text.
const MAX_FILE: u64 = 512 << 20;

/// Where to, what, and under which checkpoint.
#[derive(Debug)]
pub struct Terms<'a> {
    /// The archive.
    pub to: Arc<dyn Medium>,
    /// Its name, as the log is to say it.
    pub folder: String,
    /// The checkpoint that the moved entries stay provable under.
    pub signed: &'a Signed,
    /// Segments whose every entry is older than this are moved.
    pub before: UnixTime,
    /// Segments that end behind this entry stay: whoever the log is forwarded to does not have them yet.
    pub forwarded: u64,
    /// The time.
    pub now: UnixTime,
}

impl Terms<'_> {
    /// Refuses to take entries that are too young.
    fn old_enough(&self) -> Result<(), ArchiveError> {
        let least = i64::from(LEAST_DAYS).saturating_mul(DAY_S);
        if self.now.since(self.before) >= least { Ok(()) } else { Err(ArchiveError::TooYoung) }
    }
}

/// Why nothing more was archived. What was moved before stays so.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Younger entries were asked for than may be moved.
    #[error("entries stay on the node for at least {LEAST_DAYS} days, ask for older ones")]
    TooYoung,
    /// The log.
    #[error(transparent)]
    Log(#[from] OpenError),
    /// No export of the entries can be made.
    #[error(transparent)]
    Extract(#[from] ExtractError),
    /// The archive's disk.
    #[error("the archive cannot be written or read: {what}")]
    Disk {
        /// The file.
        what: String,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The archive's file of this name is another one.
    #[error(
        "the archive has a `{file}` of another log or other entries: use an empty folder for each node"
    )]
    Occupied {
        /// The file.
        file: String,
    },
    /// What was written does not verify, so nothing was removed.
    #[error("`{file}` in the archive does not verify, nothing was removed from the node")]
    Unproved {
        /// The file.
        file: String,
        /// What is wrong with it.
        #[source]
        fault: Box<Fault>,
    },
    /// What was written reads back as something else, so nothing was removed.
    #[error(
        "`{file}` in the archive reads back as something else, nothing was removed from the node"
    )]
    Changed {
        /// The file.
        file: String,
    },
    /// No room for the entry that says so.
    #[error("the disk of the log is full; archive when there is room for an entry")]
    Full,
    /// The entry cannot be written.
    #[error("the log cannot be written")]
    Append(#[source] io::Error),
}

impl ArchiveError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooYoung => "archive_too_young",
            Self::Log(error) => error.code(),
            Self::Extract(_) => "archive_extract",
            Self::Disk { .. } => "archive_disk",
            Self::Occupied { .. } => "archive_occupied",
            Self::Unproved { .. } | Self::Changed { .. } => "archive_unproved",
            Self::Full => "log_full",
            Self::Append(_) => "no_log",
        }
    }
}

/// Moves every segment that is old enough; what the log says of each.
///
/// # Errors
/// `ArchiveError`; what was moved before it stays moved, and doing it again goes on from there.
pub fn archive(store: &mut Store, terms: &Terms<'_>) -> Result<Vec<Archived>, ArchiveError> {
    terms.old_enough()?;
    let mut moved = Vec::new();
    while let Some(closed) = store.oldest() {
        match step(store, terms, closed)? {
            Some(archived) => moved.push(archived),
            None => break,
        }
    }
    sweep(store)?;
    Ok(moved)
}

/// Moves one segment; `None` for one that is too young.
fn step(
    store: &mut Store,
    terms: &Terms<'_>,
    closed: Closed,
) -> Result<Option<Archived>, ArchiveError> {
    let Closed { first, count } = closed;
    let (reader, end) = (store.reader(), first.saturating_add(count));
    if end > terms.forwarded {
        return Ok(None);
    }
    let entries = entries(&reader, closed)?;
    if entries.iter().any(|(entry, _)| entry.at >= terms.before) {
        return Ok(None);
    }
    let mut export = Vec::new();
    let chain = Chain::from(terms.signed.clone());
    extract(&reader, &chain, first..end, &mut export)?;
    let file = put_file(terms, first, &export)?;
    let empty = || OpenError::Entry {
        path: store.medium().place(""),
        index: first,
        reason: "the segment has no entries".to_owned(),
    };
    let stub = Stub::of(&entries, file, &terms.folder).ok_or_else(empty)?;
    let held = Blobs::read_only(Arc::clone(store.medium()));
    copy_blobs(&held, &terms.to, &stub.about.blobs)?;
    let digest = store.put_stub(&stub)?;
    let about = stub.about;
    let archived = Archived {
        first,
        count,
        earliest: about.earliest,
        latest: about.latest,
        file,
        stub: digest,
        folder: about.folder,
    };
    append(store, terms.now, Event::Archived(archived.clone()))?;
    store.remove_oldest(digest)?;
    Ok(Some(archived))
}

/// Every entry of a segment, with its exact bytes, each held against the tree.
fn entries(reader: &Reader, closed: Closed) -> Result<Vec<(Entry, Vec<u8>)>, OpenError> {
    let end = closed.first.saturating_add(closed.count);
    let entry = |(index, bytes): (u64, Result<Vec<u8>, OpenError>)| {
        let bytes = bytes?;
        Ok((reader.parse(index, &bytes)?, bytes))
    };
    (closed.first..end).zip(reader.bytes_from(closed.first)).map(entry).collect()
}

/// Writes a segment's file, reads it back and verifies it; its digest.
fn put_file(terms: &Terms<'_>, first: u64, export: &[u8]) -> Result<Digest, ArchiveError> {
    let (to, name) = (&*terms.to, file_name(first));
    let disk = |source| ArchiveError::Disk { what: name.clone(), source };
    if let Some(there) = read(to, &name).map_err(disk)? {
        let ours = verify_bytes(&there).is_ok_and(|verdict| {
            let parties = &terms.signed.parties;
            let ours = verdict.hospital == *parties.hospital()
                && verdict.log_key == parties.public().to_string();
            // The origin may be one before a gap: an older copy of the node archives the same entries once more.
            ours && same_entries(&there, export)
        });
        if !ours {
            return Err(ArchiveError::Occupied { file: name });
        }
    }
    medium::put(to, "", &name, export).map_err(disk)?;
    let back = read(to, &name).map_err(disk)?.unwrap_or_default();
    if back != export {
        return Err(ArchiveError::Changed { file: name });
    }
    match verify_bytes(&back) {
        Ok(_verdict) => Ok(Digest::of(&back)),
        Err(fault) => Err(ArchiveError::Unproved { file: name, fault: Box::new(fault) }),
    }
}

/// Whether two exports hold the same entries: only what is around them may differ.
fn same_entries(one: &[u8], other: &[u8]) -> bool {
    fn inner(export: &[u8]) -> Option<&[u8]> {
        let body = export.strip_suffix(b"\n")?;
        let from = body.iter().position(|byte| *byte == b'\n')?;
        let to = body.iter().rposition(|byte| *byte == b'\n')?;
        body.get(from..to)
    }
    inner(one).is_some() && inner(one) == inner(other)
}

/// Copies texts to the archive and reads them back.
fn copy_blobs(
    held: &Blobs,
    to: &Arc<dyn Medium>,
    blobs: &BTreeSet<Digest>,
) -> Result<(), ArchiveError> {
    if blobs.is_empty() {
        return Ok(());
    }
    let disk = |source| ArchiveError::Disk { what: "a text".to_owned(), source };
    let archive = Blobs::open(Arc::clone(to)).map_err(disk)?;
    for digest in blobs {
        let what = || format!("text {digest}");
        let disk = |source| ArchiveError::Disk { what: what(), source };
        let text = held.get(digest).map_err(disk)?;
        archive.put(&text).map_err(disk)?;
        if archive.get(digest).map_err(disk)? != text {
            return Err(ArchiveError::Changed { file: what() });
        }
    }
    Ok(())
}

/// Removes the texts from the node that only archived entries name, also those that a crash left behind.
fn sweep(store: &Store) -> Result<(), ArchiveError> {
    let reader = store.reader();
    let moved: BTreeSet<Digest> =
        reader.archived().into_iter().flat_map(|about| about.blobs).collect();
    let blobs = Blobs::read_only(Arc::clone(store.medium()));
    let disk = |source| ArchiveError::Disk { what: "the texts beside the log".to_owned(), source };
    let mut gone = if moved.is_empty() { BTreeSet::new() } else { blobs.list().map_err(disk)? };
    gone.retain(|digest| moved.contains(digest));
    if gone.is_empty() {
        return Ok(());
    }
    let mut named = BTreeSet::new();
    for about in reader.archived() {
        reader.kept(&about)?.iter().for_each(|entry| entry.event.blobs(&mut named));
    }
    for (index, bytes) in (reader.here()..).zip(reader.bytes_from(reader.here())) {
        reader.parse(index, &bytes?)?.event.blobs(&mut named);
    }
    gone.retain(|digest| !named.contains(digest));
    blobs.remove(&gone).map_err(disk)
}

/// Appends an entry; it is durable when this returns.
fn append(store: &mut Store, at: UnixTime, event: Event) -> Result<(), ArchiveError> {
    let failed = ArchiveError::Append;
    let bytes =
        Entry::new(store.size(), at, event).encode().map_err(|error| failed(error.into()))?;
    let needed = record_bytes(bytes.len() as u64);
    match store.room(needed).map_err(failed)? {
        Room::Reserve(left) if left < needed => Err(ArchiveError::Full),
        // On a full disk too: this is what makes room.
        Room::Reserve(_) | Room::Enough => store.append(&[bytes]).map_err(failed),
    }
}

fn read(medium: &dyn Medium, name: &str) -> io::Result<Option<Vec<u8>>> {
    match medium.open(name) {
        Ok(file) => medium::read_whole(&*file, MAX_FILE).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
