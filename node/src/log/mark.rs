//! The mark: how far the log was acknowledged, in two slots that are written in turn.
//!
//! It is written after each sync and before the acknowledgement, and synced itself now and then only: it survives the end
//! of the process exactly, and a power cut in some older state. It never claims more than is durable, so a segment that
//! ends before its mark has lost acknowledged entries.

use std::io;
use std::sync::Arc;

use super::medium::{self, Medium, MediumFile};
use super::record::{Fields, seal, sealed};

/// The file's name.
pub(super) const NAME: &str = "mark";
/// The slots are a sector apart, so that a torn write reaches one of them.
const SLOT: usize = 512;
const MAGIC: [u8; 8] = *b"KRINGMRK";
/// Bytes of a slot that mean something.
const USED: usize = 40;

/// A place in the log up to which everything is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Acknowledged {
    /// First index of the segment.
    pub(super) segment: u64,
    /// Offset in it.
    pub(super) offset: u64,
}

/// The open mark.
#[derive(Debug)]
pub(super) struct Mark {
    file: Arc<dyn MediumFile>,
    turn: u64,
}

/// Reads the mark; `None` where there is no file.
///
/// # Errors
/// The system's reason, or `InvalidData` when no slot holds.
pub(super) fn read(medium: &dyn Medium) -> io::Result<Option<(u64, Acknowledged)>> {
    let file = match medium.open(NAME) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let bytes = medium::read_whole(&*file, 2 * SLOT as u64)?;
    let latest = bytes.chunks(SLOT).filter_map(decode).max_by_key(|(turn, _)| *turn);
    latest.map(Some).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

impl Mark {
    /// Makes the mark of an empty log, durably.
    ///
    /// # Errors
    /// The system's reason.
    pub(super) fn create(medium: &dyn Medium) -> io::Result<Self> {
        let nothing = Acknowledged { segment: 0, offset: 0 };
        let mut bytes = encode(0, nothing);
        bytes.resize(SLOT, 0);
        bytes.extend(encode(1, nothing));
        medium::put(medium, "", NAME, &bytes)?;
        Self::open(medium, 1)
    }

    /// Opens the mark whose latest slot was written in `turn`.
    ///
    /// # Errors
    /// The system's reason.
    pub(super) fn open(medium: &dyn Medium, turn: u64) -> io::Result<Self> {
        Ok(Self { file: medium.open(NAME)?, turn })
    }

    /// Notes what is durable.
    ///
    /// # Errors
    /// The system's reason.
    pub(super) fn note(&mut self, acknowledged: Acknowledged) -> io::Result<()> {
        self.turn = self.turn.saturating_add(1);
        let slot = self.turn % 2 * SLOT as u64;
        self.file.write_at(slot, &encode(self.turn, acknowledged))
    }

    /// Makes the mark durable.
    ///
    /// # Errors
    /// The system's reason.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }
}

fn encode(turn: u64, acknowledged: Acknowledged) -> Vec<u8> {
    let Acknowledged { segment, offset } = acknowledged;
    let mut bytes = MAGIC.to_vec();
    for number in [turn, segment, offset] {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    seal(&mut bytes);
    bytes
}

fn decode(slot: &[u8]) -> Option<(u64, Acknowledged)> {
    let mut fields = Fields(sealed(slot.get(..USED)?)?);
    if fields.take()? != MAGIC {
        return None;
    }
    let [turn, segment, offset] = [(); 3].map(|()| fields.take().map(u64::from_be_bytes));
    Some((turn?, Acknowledged { segment: segment?, offset: offset? }))
}
