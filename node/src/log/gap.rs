//! Giving up a lost history: the entry that says so, and the first checkpoint of the origin that begins with it.
//!
//! A log that was restored from an older copy still holds what was asked and released until then, so it is continued, not begun
//! anew. It gets another origin, because under the one before its witnesses have cosigned what is lost.

use std::collections::BTreeSet;
use std::io;

use policies::{Digest, UnixTime};

use super::checkpoint::{Signer, stated};
use super::remembered::Heads;
use super::store::{Room, Store, record_bytes};
use super::{Entry, Event, OpenError, Reader};
use crate::proof::checkpoint::{Checkpoint, Origin};
use crate::proof::gap::MAX_GAPS;
use crate::proof::merkle::Head;

/// What is known of another history of the own log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// Place of the evidence in the log.
    pub evidence: u64,
    /// What a witness had cosigned; largest where several showed one.
    pub seen: Checkpoint,
}

/// Collects, entry by entry, what the log says of another history of itself and of histories that were given up.
#[derive(Clone, Debug, Default)]
pub struct Histories {
    contradiction: Option<Contradiction>,
    /// The last gap: its place and the origin that begins there.
    gap: Option<(u64, String)>,
}

impl Histories {
    /// Reads every entry of a log that is on the node.
    ///
    /// # Errors
    /// `OpenError`.
    pub fn of(log: &Reader) -> Result<Self, OpenError> {
        let mut found = Self::default();
        for (index, bytes) in log.bytes_here() {
            found.take(&log.parse(index, &bytes?)?);
        }
        Ok(found)
    }

    /// Takes the next entry.
    pub fn take(&mut self, entry: &Entry) {
        if let Event::GapAccepted { origin, .. } = &entry.event {
            self.gap = Some((entry.index, origin.clone()));
            self.contradiction = None;
        }
        let Event::ForkEvidence { shows, cosigned, .. } = &entry.event else { return };
        let Ok(seen) = stated(cosigned) else { return };
        let known = self
            .contradiction
            .as_ref()
            .map(|known| (known.seen.origin.gaps(), known.seen.head.size));
        if shows == ROLLED_BACK && known <= Some((seen.origin.gaps(), seen.head.size)) {
            self.contradiction = Some(Contradiction { evidence: entry.index, seen });
        }
    }

    /// Another history that a witness showed and that was not given up since.
    #[must_use]
    pub fn contradiction(&self) -> Option<&Contradiction> {
        self.contradiction.as_ref()
    }
}

/// What evidence against the own log shows.
pub const ROLLED_BACK: &str = "log_rolled_back";

/// Why a history is not given up.
#[derive(Debug, thiserror::Error)]
pub enum GapError {
    /// Nothing was lost, as far as the log knows.
    #[error(
        "no other hospital has shown this node another history of its log, so there is no gap to accept; start the node and let it \
         reach another hospital first"
    )]
    NoContradiction,
    /// The witnesses would not accept it.
    #[error(
        "this log has given up as many histories as other hospitals accept, which is {MAX_GAPS}; begin another log under another log \
         key, which the board has to publish first"
    )]
    TooMany,
    /// The log cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The log cannot be written.
    #[error("the log cannot be written")]
    Write(#[from] io::Error),
}

/// Most lineages that one entry names.
const LINEAGES: usize = 500;

/// Continues the log under another origin; both its first entry and a checkpoint are durable when this returns.
///
/// What was released in the lost history is in no memory that this log could hold against its charges. So every lineage that the log
/// names, and those in `beside`, are over: an entry before the gap says so.
///
/// # Errors
/// `GapError`; tried again after a crash, it goes on where it was.
pub fn accept(
    store: &mut Store,
    signer: Signer,
    now: UnixTime,
    beside: &BTreeSet<Digest>,
) -> Result<Origin, GapError> {
    let log = store.reader();
    let Histories { contradiction, gap } = Histories::of(&log)?;
    let unsigned = gap.filter(|(at, _)| signed_size(&log) <= *at).map(|(_, origin)| origin);
    let last = unsigned.clone().unwrap_or_else(|| signer.origin().to_string());
    let gaps = Origin::parse(&last).map_or(0, |origin| origin.gaps());
    let signer = match contradiction {
        Some(Contradiction { evidence, seen }) => {
            let next = gaps.max(seen.origin.gaps()).saturating_add(1);
            if next > MAX_GAPS {
                return Err(GapError::TooMany);
            }
            let signer = after(signer, next)?;
            end_lineages(store, now, beside)?;
            let Head { size, root } = store.reader().head();
            let event = Event::GapAccepted {
                origin: signer.origin().to_string(),
                before: last,
                size,
                root: Digest::from_bytes(*root.as_bytes()),
                seen: seen.head.size,
                evidence,
            };
            append(store, now, event)?;
            signer
        }
        None if unsigned.is_some() => after(signer, gaps)?,
        None => return Err(GapError::NoContradiction),
    };
    let signed = signer.sign(store.reader().head()).map_err(io::Error::other)?.note().to_string();
    room(store, signed.len())?;
    store.append_checkpoint(&signed)?;
    Ok(signer.origin().clone())
}

/// Says durably that these lineages and all that the log names are over, where it does not say so yet.
fn end_lineages(
    store: &mut Store,
    now: UnixTime,
    beside: &BTreeSet<Digest>,
) -> Result<(), GapError> {
    let log = store.reader();
    let mut heads = Heads::default();
    log.archived().iter().for_each(|about| heads.join_stub(about.memory.as_ref()));
    for (index, bytes) in log.bytes_here() {
        heads.take(&log.parse(index, &bytes?)?.event);
    }
    let known = heads.lineages.keys().chain(beside);
    let lost: BTreeSet<Digest> = known.filter(|id| !heads.lost.contains(id)).copied().collect();
    let lost: Vec<Digest> = lost.into_iter().collect();
    for lineages in lost.chunks(LINEAGES) {
        append(store, now, Event::MemoryLost { lineages: lineages.to_vec() })?;
    }
    Ok(())
}

fn append(store: &mut Store, now: UnixTime, event: Event) -> Result<(), GapError> {
    let entry = Entry::new(store.size(), now, event).encode().map_err(io::Error::other)?;
    room(store, entry.len())?;
    store.append(&[entry])?;
    Ok(())
}

fn after(signer: Signer, gaps: u32) -> Result<Signer, OpenError> {
    signer.after(gaps).map_err(|error| OpenError::OtherKey { reason: error.to_string() })
}

fn room(store: &mut Store, bytes: usize) -> io::Result<()> {
    let bytes = record_bytes(bytes as u64);
    match store.room(bytes)? {
        Room::Reserve(left) if left < bytes => Err(io::ErrorKind::StorageFull.into()),
        Room::Reserve(_) | Room::Enough => Ok(()),
    }
}

fn signed_size(log: &Reader) -> u64 {
    log.checkpoint().and_then(|note| stated(&note).ok()).map_or(0, |signed| signed.head.size)
}

impl Reader {
    /// Place and exact bytes of the entry that this origin begins with.
    ///
    /// # Errors
    /// `OpenError`.
    pub fn gap_of(&self, origin: &Origin) -> Result<Option<(u64, Vec<u8>)>, OpenError> {
        for (index, bytes) in self.bytes_here() {
            let bytes = bytes?;
            let gap = crate::proof::gap::read(&bytes).ok().flatten();
            if gap.is_some_and(|gap| gap.origin == origin.as_str()) {
                return Ok(Some((index, bytes)));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
