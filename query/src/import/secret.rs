//! The node's secret for record keys, and what is made of it.
//!
//! A *lineage* is the snapshots of one dataset version at one node under one secret, with one series of patient numbers. A patient has the same record key in all of
//! them, so the noise over a set of patients does not change with corrections and later rows; in another lineage it has an
//! unrelated one. Keys follow from secret, lineage and the patient's pseudonym alone. This crate has no secret of its own, and keeps none:
//! it is an argument of the import.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use policies::{DatasetId, Digest, HospitalCode};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::record::RecordKey;

/// What a lineage is made with.
const LINEAGE: &[u8] = b"kring lineage/1";
/// What a record key is made with.
const RECORD_KEY: &[u8] = b"rkey/1";

/// 32 secret bytes of the node, wiped when dropped. Not printed.
#[derive(Clone)]
pub struct RecordSecret(Zeroizing<[u8; 32]>);

impl fmt::Debug for RecordSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl RecordSecret {
    /// The secret of these bytes, which must be uniform and serve nothing else.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*bytes))
    }

    /// The lineage of a dataset version at a hospital under this secret, with patients numbered in this series. It tells
    /// nothing of the secret.
    pub(crate) fn lineage(
        &self,
        dataset: &DatasetId,
        version: u32,
        (hospital, series): (&HospitalCode, Option<Digest>),
    ) -> Digest {
        // Names hold no line ends, so no two lineages have one text.
        let series = series.map(|series| format!("{series}\n")).unwrap_or_default();
        let names = format!("\n{dataset}\n{version}\n{hospital}\n{series}");
        Digest::of(&self.uniform(&[LINEAGE, names.as_bytes()]))
    }

    /// The record key of a patient in a lineage.
    pub(crate) fn key(&self, lineage: &Digest, pseudonym: &str) -> RecordKey {
        RecordKey::of_uniform(&self.uniform(&[
            RECORD_KEY,
            lineage.as_bytes(),
            pseudonym.as_bytes(),
        ]))
    }

    /// HMAC-SHA256 of the parts, one after the other.
    fn uniform(&self, parts: &[&[u8]]) -> [u8; 32] {
        // A key that is shorter than a block is filled up with zeros.
        let mut block = Zeroizing::new([0; 64]);
        block.iter_mut().zip(self.0.iter()).for_each(|(into, byte)| *into = *byte);
        let block: &[u8; 64] = &block;
        let mut mac = Hmac::<Sha256>::new(block.into());
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests;
