//! One entry: the exact line of JSON that is a leaf of the tree.

use policies::UnixTime;
use serde::{Deserialize, Serialize};

use super::Event;

/// Most bytes of an entry; longer texts are stored beside the log, by digest.
pub const MAX_ENTRY_BYTES: usize = 64 << 10;

/// The version of an entry's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u64", try_from = "u64")]
pub struct EntryVersion(());

impl EntryVersion {
    /// The version that this program writes.
    pub const CURRENT: Self = Self(());
    const NUMBER: u64 = 1;
}

impl From<EntryVersion> for u64 {
    fn from(EntryVersion(()): EntryVersion) -> Self {
        EntryVersion::NUMBER
    }
}

impl TryFrom<u64> for EntryVersion {
    type Error = String;

    fn try_from(number: u64) -> Result<Self, String> {
        if number == Self::NUMBER {
            return Ok(Self(()));
        }
        Err(format!("entries of version {number} are not known here, version {} is", Self::NUMBER))
    }
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The version of this format.
    pub version: EntryVersion,
    /// Its place, from 0.
    pub index: u64,
    /// When it was written.
    pub at: UnixTime,
    /// What happened.
    pub event: Event,
}

impl Entry {
    /// An entry of the current version.
    #[must_use]
    pub fn new(index: u64, at: UnixTime, event: Event) -> Self {
        Self { version: EntryVersion::CURRENT, index, at, event }
    }

    /// Its bytes: a line of JSON without an end.
    ///
    /// # Errors
    /// None for events that this program makes.
    pub fn encode(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }
}
