//! Writes entries of a log as an export: with the hashes around them, under a checkpoint that covers them.
//!
//! What is written is for [`crate::proof::export`] to check; whether anybody trusts the keys is not decided here.

use std::io::Write;
use std::ops::Range;

use crate::log::{OpenError, Reader};
use crate::proof::checkpoint::SignedCheckpoint;
use crate::proof::export::{self, FORMAT, Header, Marks, PART};
use crate::proof::merkle::{ProveError, after, frontier, leaf_hash};
use crate::proof::note::VerifierKey;
use crate::proof::parties::Parties;

/// A checkpoint, with the names and keys to check it.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The log, its key and the witnesses that cosigned the checkpoint.
    pub parties: Parties,
    /// The checkpoint.
    pub checkpoint: SignedCheckpoint,
}

/// A log's checkpoints, their sizes rising, with the names and keys to check them.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The log, its key and the witnesses that cosigned a checkpoint.
    pub parties: Parties,
    /// The checkpoints; the last covers more entries than any other.
    pub checkpoints: Vec<SignedCheckpoint>,
}

impl From<Signed> for Chain {
    fn from(Signed { parties, checkpoint }: Signed) -> Self {
        Self { parties, checkpoints: vec![checkpoint] }
    }
}

/// Why entries are not written.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] OpenError),
    /// The hashes around the entries cannot be read.
    #[error("the tree of the log cannot be read")]
    Tree(#[from] ProveError<OpenError>),
    /// No checkpoint covers the entries.
    #[error(
        "the latest checkpoint covers {covered} entries, those up to {end} were asked for; a running node signs one within ten seconds, try again then"
    )]
    NotCovered {
        /// Entries that it covers.
        covered: u64,
        /// Where the entries end.
        end: u64,
    },
    /// The file cannot be written.
    #[error("the export cannot be written")]
    Write(#[from] std::io::Error),
}

/// Writes the entries of a range; how many.
///
/// # Errors
/// `ExtractError`; what was written is of no use then.
pub fn extract(
    reader: &Reader,
    chain: &Chain,
    range: Range<u64>,
    to: &mut impl Write,
) -> Result<u64, ExtractError> {
    let Chain { parties, checkpoints } = chain;
    let covered = checkpoints.last().map_or(0, |latest| latest.head().size);
    let Range { start, end } = range;
    if end > covered || start > end {
        return Err(ExtractError::NotCovered { covered, end });
    }
    let key = |key: &VerifierKey| hex::encode(key.key_bytes());
    let before = reader.with_nodes(|nodes| frontier(nodes, start))?;
    let behind = match covered {
        size if size == end => None,
        size => Some(reader.with_nodes(|nodes| after(nodes, end, size))?),
    };
    let header = Header {
        format: if behind.is_none() { FORMAT } else { PART }.to_owned(),
        origin: parties.origin().to_string(),
        hospital: parties.hospital().to_string(),
        log_key: key(parties.log()),
        witnesses: parties.witnesses().iter().map(|(c, k)| (c.to_string(), key(k))).collect(),
        first: start,
        count: end.saturating_sub(start),
        before: export::before(&before),
        after: behind.as_deref().map(export::after),
    };
    to.write_all(export::header_line(&header).as_bytes())?;
    let mut marks = Marks::default();
    for (_, bytes) in (start..end).zip(reader.bytes_from(start)) {
        let bytes = bytes?;
        marks.push(&leaf_hash(&bytes));
        to.write_all(&bytes)?;
        to.write_all(b"\n")?;
    }
    to.write_all(marks.trailer_line(checkpoints).as_bytes())?;
    Ok(header.count)
}
