//! Reads the records of an open segment and tells a torn end from damage.
//!
//! Pure: bytes in, findings out. Whether a damaged byte was acknowledged is decided by two witnesses: the groups that begin
//! behind it (here), and the mark (`super::mark`).

use super::record::{Header, Kind, Place, RECORD_HEADER, SEGMENT_HEADER};
use crate::proof::merkle::leaf_hash;

/// What a segment holds.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Its entries.
    pub(super) places: Vec<Place>,
    /// The last checkpoint in it.
    pub(super) checkpoint: Option<String>,
    /// Where the last whole record ends.
    pub(super) end: u64,
    /// What stands behind that, if it is not zeros alone.
    pub(super) damage: Option<Damage>,
}

/// Bytes that are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damage {
    /// Where.
    pub(super) at: u64,
    /// What is wrong.
    pub(super) reason: &'static str,
    /// Everything before this was synced, say the records behind the damage.
    pub(super) synced: u64,
}

/// Reads the records of a segment whose first entry has the index `first`.
pub(super) fn scan(bytes: &[u8], first: u64) -> Scan {
    let mut found = Scan { end: SEGMENT_HEADER as u64, ..Scan::default() };
    let mut at = SEGMENT_HEADER;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let next = first.saturating_add(found.places.len() as u64);
        let (header, body) = match record(rest, at as u64, next) {
            Ok(record) => record,
            Err(_nothing_more) if rest.iter().all(|byte| *byte == 0) => return found,
            Err(reason) => {
                let synced = synced_behind(rest, at);
                found.damage = Some(Damage { at: at as u64, reason, synced });
                return found;
            }
        };
        match header.kind {
            Kind::Entry => found
                .places
                .push(Place { offset: u32::try_from(at).unwrap_or(u32::MAX), hash: header.hash }),
            Kind::Checkpoint => {
                found.checkpoint = Some(String::from_utf8_lossy(body).into_owned());
            }
            // A table belongs to a sealed segment; without the end behind it the sealing was interrupted.
            Kind::Leaves => {
                let reason = "a table of leaves without an end";
                let behind = rest.get(RECORD_HEADER..).unwrap_or_default();
                let synced = synced_behind(behind, at.saturating_add(RECORD_HEADER));
                found.damage = Some(Damage { at: at as u64, reason, synced });
                return found;
            }
        }
        at = at.saturating_add(RECORD_HEADER).saturating_add(body.len());
        found.end = at as u64;
    }
}

/// The record at the start of `rest`, which begins at `at`; `next` is the index that an entry must have.
pub(super) fn record(rest: &[u8], at: u64, next: u64) -> Result<(Header, &[u8]), &'static str> {
    let header = Header::decode(rest).ok_or("no record, or a damaged header of one")?;
    let length = usize::try_from(header.length).unwrap_or(usize::MAX);
    let body = rest
        .get(RECORD_HEADER..RECORD_HEADER.saturating_add(length))
        .ok_or("a record that is cut off")?;
    if leaf_hash(body) != header.hash {
        return Err("a record whose bytes do not have its hash");
    }
    if header.index != next {
        return Err("a record that belongs to another place of the log");
    }
    if header.group > at {
        return Err("a record whose group begins behind it");
    }
    Ok((header, body))
}

/// The latest group that begins behind the start of `rest`: everything before it was synced.
fn synced_behind(rest: &[u8], at: usize) -> u64 {
    let starts = rest.iter().enumerate().filter(|(_, byte)| **byte == 0xF5);
    let headers = starts.filter_map(|(skip, _)| {
        let header = Header::decode(rest.get(skip..)?)?;
        (header.group <= at.saturating_add(skip) as u64).then_some(header.group)
    });
    headers.max().unwrap_or(0)
}
