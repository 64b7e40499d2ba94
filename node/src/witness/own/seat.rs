//! What is known of one witness.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use policies::HospitalCode;

use super::{Own, Peer};

/// The last word of a witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// It has not been heard since the start.
    Silent,
    /// It stands at so many entries, and they are those of this log.
    Stands(u64),
    /// It stands at fewer entries than it had cosigned before: it lost its records.
    Forgot {
        /// Where it stands.
        size: u64,
        /// What it had cosigned.
        before: u64,
    },
    /// It cosigned so many entries.
    Cosigned(u64),
    /// What it said does not count; why.
    Ignored(String),
    /// It showed another history that this log signed.
    Contradicts,
}

impl std::fmt::Display for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Silent => f.write_str("not heard since the start"),
            Self::Stands(0) => f.write_str("has cosigned nothing yet"),
            Self::Stands(size) => write!(f, "stands at {size} entries"),
            Self::Forgot { size, before } => {
                write!(f, "stands at {size} entries although it had cosigned {before}")
            }
            Self::Cosigned(size) => write!(f, "cosigned {size} entries"),
            Self::Ignored(code) => write!(f, "does not count: {code}"),
            Self::Contradicts => f.write_str("shows another history of this log"),
        }
    }
}

/// A witness as this log remembers it.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    /// Where it stands.
    pub(super) size: u64,
    pub(super) word: Word,
    /// The last note that it showed in a question, found to be of this log.
    pub(super) shown: Option<String>,
}

impl Seat {
    /// A witness whose cosignature over so many entries is on disk.
    pub(super) fn at(size: u64) -> Self {
        Self { size, word: Word::Silent, shown: None }
    }

    pub(super) fn cosigned(&mut self, size: u64) {
        (self.size, self.word) = (size, Word::Cosigned(size));
    }

    pub(super) fn stands(&mut self, size: u64) {
        let before = self.size;
        let forgot = size < before;
        self.word = if forgot { Word::Forgot { size, before } } else { Word::Stands(size) };
        self.size = size;
    }
}

impl Own {
    pub(super) fn seats(&self) -> MutexGuard<'_, BTreeMap<HospitalCode, Seat>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn seat(&self, peer: &Peer, change: impl FnOnce(&mut Seat)) {
        if let Some(seat) = self.seats().get_mut(&peer.hospital) {
            change(seat);
        }
    }

    pub(super) fn remembered(&self, peer: &Peer) -> u64 {
        self.seats().get(&peer.hospital).map_or(0, |seat| seat.size)
    }

    /// Nothing that a witness said counts; said once.
    pub(super) fn ignore<T>(&self, peer: &Peer, code: &str) -> Option<T> {
        let word = Word::Ignored(code.to_owned());
        self.seat(peer, |seat| {
            if seat.word != word {
                tracing::warn!(witness = %peer.hospital, code, "what a witness says does not count");
            }
            seat.word = word;
        });
        None
    }
}
