//! What the log holds, as it was read: segments, the tree over their leaves, the last checkpoint.
//!
//! Loading reads the stubs of archived segments, the tables of sealed ones and the whole of the last one, and computes the
//! tree from every leaf; the bytes of entries in sealed segments are checked where they are read, and all of them by
//! `kring check`.

use std::sync::Arc;

use super::OpenError;
use super::checkpoint::stated;
use super::mark::{self, Acknowledged};
use super::medium::{self, Medium, MediumFile};
use super::record::{
    PLACE_BYTES, Place, RECORD_HEADER, SEAL_END, SEGMENT_HEADER, decode_end, decode_places,
    decode_segment,
};
use super::scan::{Damage, Scan, record, scan};
use super::stub::{self, About, STUB, Stub};
use crate::proof::merkle::{Head, Inner, TreeHash, empty_root};

/// End of a segment's name; before it stands the index of its first entry.
pub(super) const SEGMENT: &str = ".seg";
/// Most bytes of a segment file: its size, a group and its table fit.
pub(super) const MAX_SEGMENT_FILE: u64 = 256 << 20;

/// The log as far as it is durable.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// In order; the last one is written to.
    pub(super) segments: Vec<Segment>,
    /// The tree over all entries.
    pub(super) tree: Inner,
    /// The note of the last checkpoint.
    pub(super) checkpoint: Option<Arc<str>>,
    /// What the checkpoint says, as found when the log was opened.
    signed: Option<Head>,
    /// The root of the tree when it had the size of that checkpoint.
    reached: Option<TreeHash>,
}

/// One segment.
#[derive(Debug)]
pub(super) struct Segment {
    /// Index of its first entry.
    pub(super) first: u64,
    /// Its entries.
    pub(super) count: u64,
    pub(super) leaves: Leaves,
}

impl Segment {
    /// Where the table of a sealed segment begins.
    pub(super) fn table(&self) -> Option<u64> {
        match self.leaves {
            Leaves::Open(_) | Leaves::Archived(_) => None,
            Leaves::Sealed(table) => Some(table),
        }
    }
}

/// Where a segment's leaves are.
#[derive(Debug)]
pub(super) enum Leaves {
    /// In memory: the segment is open.
    Open(Vec<Place>),
    /// In the segment's table, which begins here.
    Sealed(u64),
    /// In the stub that is kept of an archived segment.
    Archived(Arc<Gone>),
}

/// A segment whose entries are in an archive.
#[derive(Debug)]
pub(super) struct Gone {
    /// What its stub says.
    pub(super) about: About,
    /// Where the stub's leaves begin.
    pub(super) leaves: u64,
}

/// The end of a log, as it was found.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// First index of the last segment.
    pub(super) first: u64,
    /// The bytes of the last segment.
    pub(super) bytes: Vec<u8>,
    /// Where its last record ends; `None` in a sealed segment.
    pub(super) end: Option<u64>,
    /// What is behind that was not acknowledged.
    pub(super) torn: Option<Damage>,
    /// Up to where it is known to be durable.
    pub(super) synced: u64,
    /// The turn of the mark's last slot.
    pub(super) turn: u64,
}

/// The name of a segment.
pub(super) fn name(first: u64) -> String {
    format!("{first:020}{SEGMENT}")
}

/// Reads a log; `None` where there is none yet. Nothing is changed.
///
/// # Errors
/// `OpenError::Io`, or `OpenError::Damaged` for damage of what was acknowledged.
pub(super) fn load(medium: &dyn Medium) -> Result<Option<(Contents, Tail)>, OpenError> {
    // The mark is read first: what a running daemon appends meanwhile is behind it.
    let mark = mark::read(medium).map_err(|source| {
        if source.kind() == std::io::ErrorKind::InvalidData {
            return damaged(medium, mark::NAME, 0, "no slot of it holds");
        }
        io(medium, mark::NAME, "reading")(source)
    })?;
    let names = medium.list("").map_err(io(medium, "", "listing"))?;
    let firsts: Vec<u64> = names.iter().filter_map(|name| numbered(name, SEGMENT)).collect();
    let Some((turn, acknowledged)) = mark else {
        if firsts.is_empty() {
            return Ok(None);
        }
        return Err(damaged(medium, mark::NAME, 0, "the file is missing"));
    };
    let Some((last, sealed)) = firsts.split_last() else {
        if acknowledged == (Acknowledged { segment: 0, offset: 0 }) {
            return Ok(None);
        }
        return Err(damaged(medium, &name(acknowledged.segment), 0, "the file is missing"));
    };
    if acknowledged.segment > *last {
        return Err(damaged(medium, &name(acknowledged.segment), 0, "the file is missing"));
    }
    let bytes = last_bytes(medium, *last)?;
    let found = scan(&bytes, *last);
    let mut contents = Contents::default();
    contents.expect(medium, found.checkpoint.as_deref(), *last)?;
    contents.add_archived(medium, &names, &firsts)?;
    for first in sealed {
        let (file, size) = begin(medium, &contents, *first)?;
        if !contents.add_sealed(medium, (&*file, size), *first)? {
            let reason = "the segment has no whole end, though others follow it";
            return Err(damaged(medium, &name(*first), size, reason));
        }
    }
    let marked = if acknowledged.segment == *last { acknowledged.offset } else { 0 };
    let mut tail = contents.add_last(medium, (*last, found), marked)?;
    tail.bytes = bytes;
    tail.turn = turn;
    contents.check_checkpoint(medium, *last)?;
    Ok(Some((contents, tail)))
}

fn last_bytes(medium: &dyn Medium, first: u64) -> Result<Vec<u8>, OpenError> {
    let name = name(first);
    let file = medium.open(&name).map_err(io(medium, &name, "opening"))?;
    medium::read_whole(&*file, MAX_SEGMENT_FILE).map_err(io(medium, &name, "reading"))
}

/// Opens a segment and checks that it continues the tree.
fn begin(
    medium: &dyn Medium,
    contents: &Contents,
    first: u64,
) -> Result<(Arc<dyn MediumFile>, u64), OpenError> {
    let name = name(first);
    let file = medium.open(&name).map_err(io(medium, &name, "opening"))?;
    let size = file.size().map_err(io(medium, &name, "reading its size"))?;
    let mut header = vec![0; SEGMENT_HEADER];
    let read = medium::read_full(&*file, 0, &mut header).map_err(io(medium, &name, "reading"))?;
    header.truncate(read);
    let before = decode_segment(&header)
        .ok_or_else(|| damaged(medium, &name, 0, "the header of the segment"))?;
    if before.size() != first {
        return Err(damaged(medium, &name, 0, "the header belongs to another segment"));
    }
    if before != *contents.tree.frontier() {
        let missing = contents.tree.frontier().size();
        let reason = format!("the entries before it are others, or missing from {missing} on");
        return Err(damaged(medium, &name, 0, &reason));
    }
    Ok((file, size))
}

impl Contents {
    /// Takes the leaves of archived segments from their stubs. Where the segment itself is there, its stub means nothing.
    fn add_archived(
        &mut self,
        medium: &dyn Medium,
        names: &[String],
        firsts: &[u64],
    ) -> Result<(), OpenError> {
        let stubs = names.iter().filter_map(|name| numbered(name, STUB));
        for first in stubs.filter(|first| firsts.binary_search(first).is_err()) {
            let name = stub::name(first);
            let bytes = stub_bytes(medium, first)?;
            let read = Stub::decode(&bytes).and_then(|(stub, at)| {
                if stub.about.first == first {
                    Ok((stub, at))
                } else {
                    Err("it is of another segment")
                }
            });
            let (stub, leaves) = read.map_err(|reason| damaged(medium, &name, 0, reason))?;
            if self.size() != first {
                let reason = format!("the entries before it are missing from {} on", self.size());
                return Err(damaged(medium, &name, 0, &reason));
            }
            self.push(stub.leaves.iter().copied());
            let gone = Gone { about: stub.about, leaves };
            let count = gone.about.count;
            self.segments.push(Segment { first, count, leaves: Leaves::Archived(Arc::new(gone)) });
        }
        Ok(())
    }

    /// Takes a sealed segment's leaves; `false` where its end does not hold.
    fn add_sealed(
        &mut self,
        medium: &dyn Medium,
        (file, size): (&dyn MediumFile, u64),
        first: u64,
    ) -> Result<bool, OpenError> {
        let name = name(first);
        let sealed = seal_of(file, size, first).map_err(io(medium, &name, "reading"))?;
        let Some((table, places)) = sealed else { return Ok(false) };
        self.push(places.iter().map(|place| place.hash));
        let leaves = Leaves::Sealed(table.saturating_add(RECORD_HEADER as u64));
        self.segments.push(Segment { first, count: places.len() as u64, leaves });
        Ok(true)
    }

    fn add_last(
        &mut self,
        medium: &dyn Medium,
        (first, found): (u64, Scan),
        marked: u64,
    ) -> Result<Tail, OpenError> {
        let (file, size) = begin(medium, self, first)?;
        let mut tail = Tail { first, ..Tail::default() };
        if found.damage.is_some() && self.add_sealed(medium, (&*file, size), first)? {
            return Ok(tail);
        }
        tail.synced = found.damage.map_or(0, |damage| damage.synced).max(marked);
        if found.end < tail.synced {
            let reason = found.damage.map_or("the records end here", |damage| damage.reason);
            let reason = format!("{reason}, though what is behind it was acknowledged");
            return Err(damaged(medium, &name(first), found.end, &reason));
        }
        self.push(found.places.iter().map(|place| place.hash));
        let count = found.places.len() as u64;
        self.segments.push(Segment { first, count, leaves: Leaves::Open(found.places) });
        (tail.end, tail.torn) = (Some(found.end), found.damage);
        Ok(tail)
    }

    /// Appends leaves to the tree.
    pub(super) fn push(&mut self, leaves: impl Iterator<Item = TreeHash>) {
        for leaf in leaves {
            self.tree.push(leaf);
            if self.signed.is_some_and(|signed| signed.size == self.size()) {
                self.reached = Some(self.tree.frontier().root());
            }
        }
    }

    /// Entries in all.
    pub(super) fn size(&self) -> u64 {
        self.tree.frontier().size()
    }

    /// The segment that holds an entry.
    pub(super) fn segment_of(&self, index: u64) -> Option<&Segment> {
        let after = self.segments.partition_point(|segment| segment.first <= index);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        (index.saturating_sub(segment.first) < segment.count).then_some(segment)
    }

    /// Takes the last checkpoint, whose root the tree must reach.
    fn expect(
        &mut self,
        medium: &dyn Medium,
        note: Option<&str>,
        last: u64,
    ) -> Result<(), OpenError> {
        let Some(note) = note else { return Ok(()) };
        let signed = stated(note).map_err(|error| {
            let reason = format!("it holds a checkpoint that cannot be read: {error}");
            damaged(medium, &name(last), 0, &reason)
        })?;
        let signed = signed.head;
        self.checkpoint = Some(Arc::from(note));
        self.signed = Some(signed);
        self.reached = (signed.size == 0).then(empty_root);
        Ok(())
    }

    /// Compares the tree with the root that the last checkpoint signed.
    fn check_checkpoint(&self, medium: &dyn Medium, last: u64) -> Result<(), OpenError> {
        let Some(Head { size, root }) = self.signed else { return Ok(()) };
        if self.reached == Some(root) {
            return Ok(());
        }
        let found = self.size();
        let reason = match self.reached {
            None => format!("a checkpoint over {size} entries was signed, {found} are here"),
            Some(_) => {
                format!("the first {size} entries are not those that a checkpoint was signed over")
            }
        };
        Err(damaged(medium, &name(last), 0, &reason))
    }
}

/// Where a sealed segment's table is, and what it says; `None` where the segment has no end that holds.
fn seal_of(
    file: &dyn MediumFile,
    size: u64,
    first: u64,
) -> std::io::Result<Option<(u64, Vec<Place>)>> {
    let Some(at) = size.checked_sub(SEAL_END as u64) else { return Ok(None) };
    let mut end = [0; SEAL_END];
    medium::read_full(file, at, &mut end)?;
    let Some((table, count)) = decode_end(&end) else { return Ok(None) };
    let length = at.checked_sub(table).filter(|length| *length <= MAX_SEGMENT_FILE);
    let Some(length) = length.and_then(|length| usize::try_from(length).ok()) else {
        return Ok(None);
    };
    let mut bytes = vec![0; length];
    medium::read_full(file, table, &mut bytes)?;
    let found = record(&bytes, table, first.saturating_add(count)).ok();
    let places = found.and_then(|(_, body)| decode_places(body));
    Ok(places.filter(|places| places.len() as u64 == count).map(|places| (table, places)))
}

/// The offset of an entry's row in a segment's table.
pub(super) fn row(table: u64, place: u64) -> u64 {
    table.saturating_add(place.saturating_mul(PLACE_BYTES as u64))
}

/// The bytes of a stub's file.
pub(super) fn stub_bytes(medium: &dyn Medium, first: u64) -> Result<Vec<u8>, OpenError> {
    let name = stub::name(first);
    let file = medium.open(&name).map_err(io(medium, &name, "opening"))?;
    medium::read_whole(&*file, MAX_SEGMENT_FILE).map_err(io(medium, &name, "reading"))
}

fn numbered(name: &str, end: &str) -> Option<u64> {
    let digits = name.strip_suffix(end)?;
    (digits.len() == 20).then(|| digits.parse().ok())?
}

pub(super) fn io<'a>(
    medium: &'a dyn Medium,
    name: &'a str,
    doing: &'static str,
) -> impl Fn(std::io::Error) -> OpenError + 'a {
    move |source| OpenError::Io { path: medium.place(name), doing, source }
}

pub(super) fn damaged(medium: &dyn Medium, name: &str, offset: u64, reason: &str) -> OpenError {
    OpenError::Damaged { path: medium.place(name), offset, reason: reason.to_owned() }
}
