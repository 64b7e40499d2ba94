//! The bytes of a segment: a header, then records, and in a sealed segment a table of its leaves and an end.
//!
//! A record's header holds its kind, the length and hash of its body, its place in the log, and *where its group begins*: a
//! group is written only after everything before it was synced, so a group that begins behind a damaged byte proves that
//! the byte was acknowledged. Every header carries a checksum of its own; the body is held by its hash, which for an
//! entry is the leaf of the tree. The first byte of a record occurs in no text, so records can be found behind damage.

use sha2::Digest as _;

use crate::proof::merkle::{Frontier, TreeHash, leaf_hash};

/// Bytes of a segment's header, where its first record begins.
pub(super) const SEGMENT_HEADER: usize = 4096;
/// Bytes of a record's header.
pub(super) const RECORD_HEADER: usize = 64;
/// Bytes of a sealed segment's end.
pub(super) const SEAL_END: usize = 32;
/// Bytes of one leaf in the table of a sealed segment.
pub(super) const PLACE_BYTES: usize = 36;

const SEGMENT_MAGIC: [u8; 8] = *b"KRINGLOG";
const SEGMENT_VERSION: u16 = 1;
const RECORD_MAGIC: [u8; 2] = [0xF5, b'K'];
const SEAL_MAGIC: [u8; 8] = *b"KRINGEND";
/// Bytes of a checksum: the first of a SHA-256.
const CHECKSUM: usize = 8;

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An entry: a leaf of the tree.
    Entry,
    /// A signed checkpoint.
    Checkpoint,
    /// The table of a sealed segment's leaves.
    Leaves,
}

/// A record's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    /// Bytes of the body.
    pub(super) length: u32,
    /// An entry's index; the size of the tree for other kinds.
    pub(super) index: u64,
    /// Where the record's group begins in the segment.
    pub(super) group: u64,
    /// Leaf hash of the body.
    pub(super) hash: TreeHash,
}

/// Where an entry is in its segment, and its leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u32,
    pub(super) hash: TreeHash,
}

/// Appends a record to a group that begins at `group`; the header.
pub(super) fn push_record(
    into: &mut Vec<u8>,
    kind: Kind,
    index: u64,
    group: u64,
    body: &[u8],
) -> Header {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let header = Header { kind, length, index, group, hash: leaf_hash(body) };
    into.extend_from_slice(&header.encode());
    into.extend_from_slice(body);
    header
}

impl Header {
    fn encode(&self) -> [u8; RECORD_HEADER] {
        let Self { kind, length, index, group, hash } = self;
        let kind = match kind {
            Kind::Entry => 1,
            Kind::Checkpoint => 2,
            Kind::Leaves => 3,
        };
        let mut bytes = Vec::with_capacity(RECORD_HEADER);
        bytes.extend_from_slice(&RECORD_MAGIC);
        bytes.extend_from_slice(&[kind, 0]);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&index.to_be_bytes());
        bytes.extend_from_slice(&group.to_be_bytes());
        bytes.extend_from_slice(hash.as_bytes());
        seal(&mut bytes);
        bytes.try_into().unwrap_or([0; RECORD_HEADER])
    }

    /// Reads a header at the start of `bytes`.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(sealed(bytes.get(..RECORD_HEADER)?)?);
        if fields.take()? != RECORD_MAGIC {
            return None;
        }
        let kind = match fields.take()? {
            [1, 0] => Kind::Entry,
            [2, 0] => Kind::Checkpoint,
            [3, 0] => Kind::Leaves,
            _ => return None,
        };
        Some(Self {
            kind,
            length: u32::from_be_bytes(fields.take()?),
            index: u64::from_be_bytes(fields.take()?),
            group: u64::from_be_bytes(fields.take()?),
            hash: TreeHash::from_bytes(fields.take()?),
        })
    }
}

/// The header of a segment: the tree before its first entry.
pub(super) fn encode_segment(before: &Frontier) -> Vec<u8> {
    let frontier = before.to_bytes();
    let mut bytes = SEGMENT_MAGIC.to_vec();
    bytes.extend_from_slice(&SEGMENT_VERSION.to_be_bytes());
    bytes.extend_from_slice(&u16::try_from(frontier.len()).unwrap_or(0).to_be_bytes());
    bytes.extend_from_slice(&frontier);
    bytes.resize(SEGMENT_HEADER.saturating_sub(CHECKSUM), 0);
    seal(&mut bytes);
    bytes
}

/// The tree before the first entry of the segment.
pub(super) fn decode_segment(bytes: &[u8]) -> Option<Frontier> {
    let mut fields = Fields(sealed(bytes.get(..SEGMENT_HEADER)?)?);
    let known =
        fields.take()? == SEGMENT_MAGIC && u16::from_be_bytes(fields.take()?) == SEGMENT_VERSION;
    let length = usize::from(u16::from_be_bytes(fields.take()?));
    known.then(|| Frontier::from_bytes(fields.0.get(..length)?).ok())?
}

/// The table of a segment's leaves.
pub(super) fn encode_places(places: &[Place]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(places.len().saturating_mul(PLACE_BYTES));
    for Place { offset, hash } in places {
        bytes.extend_from_slice(&offset.to_be_bytes());
        bytes.extend_from_slice(hash.as_bytes());
    }
    bytes
}

/// Reads a table of leaves.
pub(super) fn decode_places(bytes: &[u8]) -> Option<Vec<Place>> {
    let (rows, []) = bytes.as_chunks::<PLACE_BYTES>() else { return None };
    let place = |row: &[u8; PLACE_BYTES]| {
        let mut fields = Fields(row);
        let offset = u32::from_be_bytes(fields.take()?);
        Some(Place { offset, hash: TreeHash::from_bytes(fields.take()?) })
    };
    rows.iter().map(place).collect()
}

/// The end of a sealed segment, which says where its table is.
pub(super) fn encode_end(table: u64, entries: u64) -> Vec<u8> {
    let mut bytes = SEAL_MAGIC.to_vec();
    bytes.extend_from_slice(&table.to_be_bytes());
    bytes.extend_from_slice(&entries.to_be_bytes());
    seal(&mut bytes);
    bytes
}

/// Where a sealed segment's table is, and how many entries it has; `None` for an open segment.
pub(super) fn decode_end(bytes: &[u8]) -> Option<(u64, u64)> {
    let mut fields = Fields(sealed(bytes)?);
    let known = fields.take()? == SEAL_MAGIC;
    let table = u64::from_be_bytes(fields.take()?);
    let entries = u64::from_be_bytes(fields.take()?);
    known.then_some((table, entries))
}

/// Appends a checksum.
pub(super) fn seal(bytes: &mut Vec<u8>) {
    let checksum = checksum(bytes);
    bytes.extend_from_slice(&checksum);
}

/// The bytes before a checksum that holds.
pub(super) fn sealed(bytes: &[u8]) -> Option<&[u8]> {
    let (body, stored) = bytes.split_last_chunk::<CHECKSUM>()?;
    (checksum(body) == *stored).then_some(body)
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let digest = sha2::Sha256::new().chain_update(b"kring log/1\0").chain_update(bytes).finalize();
    digest.first_chunk().copied().unwrap_or_default()
}

/// Fields of a fixed layout, in order.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl Fields<'_> {
    pub(super) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }
}
