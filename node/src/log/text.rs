//! A part of an event that may be too large for an entry: in it, or beside the log by digest.

use std::io;

use policies::Digest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::blobs::Blobs;

/// Parts of up to so many bytes of JSON stay in their entry. The largest event has two parts.
const INLINE_BYTES: usize = 24 << 10;

/// A value in its place, or where to find it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Part<T> {
    /// The value.
    Here(T),
    /// The value's JSON is stored beside the log.
    Blob {
        /// SHA-256 of the JSON.
        sha256: Digest,
        /// Bytes of the JSON.
        bytes: u64,
    },
}

impl<T: Serialize + DeserializeOwned> Part<T> {
    /// Whether the value is too large for an entry and still in it.
    #[must_use]
    pub fn is_large(&self) -> bool {
        match self {
            Self::Here(value) => {
                serde_json::to_vec(value).is_ok_and(|json| json.len() > INLINE_BYTES)
            }
            Self::Blob { .. } => false,
        }
    }

    /// Moves a large value beside the log, durably.
    ///
    /// # Errors
    /// The system's reason.
    pub fn store(&mut self, blobs: &Blobs) -> io::Result<()> {
        if !self.is_large() {
            return Ok(());
        }
        let Self::Here(value) = self else { return Ok(()) };
        let json = serde_json::to_vec(value)?;
        *self = Self::Blob { sha256: blobs.put(&json)?, bytes: json.len() as u64 };
        Ok(())
    }

    /// The value, wherever it is.
    ///
    /// # Errors
    /// The system's reason, or `InvalidData` for a damaged blob.
    pub fn load(self, blobs: &Blobs) -> io::Result<T> {
        match self {
            Self::Here(value) => Ok(value),
            Self::Blob { sha256, .. } => Ok(serde_json::from_slice(&blobs.get(&sha256)?)?),
        }
    }

    /// The value, where it is in the entry.
    #[must_use]
    pub fn here(&self) -> Option<&T> {
        match self {
            Self::Here(value) => Some(value),
            Self::Blob { .. } => None,
        }
    }
}
