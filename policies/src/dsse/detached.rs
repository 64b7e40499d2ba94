//! A signature by itself: made where the key is, carried as a file, put into the envelope where it is collected.
//!
//! The file names the digest of what was signed, and the network and version for people; only the digest and the signature
//! are believed, and both are verified before anything is added. It is no envelope: without the signed bytes it proves
//! nothing.

use base64::Engine as _;
use ed25519_dalek::Signature;
use serde::{Deserialize, Serialize};

use super::{BASE64, Envelope, PublicKey, pae};
use crate::{Digest, NetworkId};

/// Most bytes of the file of a signature.
pub const MAX_DETACHED_BYTES: usize = 2048;
/// Version of the file's form.
const FORMAT: &str = "kring-signature-v1";

/// A signature over a charter, apart from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detached {
    /// The network whose charter was signed.
    pub network: NetworkId,
    /// Its version.
    pub version: u64,
    /// The digest of the signed bytes.
    pub digest: Digest,
    /// The key that signed.
    pub key: PublicKey,
    signature: [u8; 64],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DetachedFile {
    format: String,
    network: NetworkId,
    version: u64,
    digest: Digest,
    key: String,
    signature: String,
}

/// Why a signature is not put into an envelope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DetachedError {
    /// Not the file of a signature.
    #[error("not the file of a signature, as `kring charter sign --out` writes it: {reason}")]
    Malformed {
        /// What was expected.
        reason: &'static str,
    },
    /// Over other bytes.
    #[error(
        "the signature is over {got}, not over {expected}: another version, or another draft, was signed"
    )]
    OtherBytes {
        /// The digest of the envelope.
        expected: Digest,
        /// The digest that was signed.
        got: Digest,
    },
    /// It does not verify.
    #[error("the signature by key {key} does not verify: it was damaged or made up")]
    BadSignature {
        /// The key in hexadecimal digits.
        key: String,
    },
}

impl DetachedError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed_signature",
            Self::OtherBytes { .. } => "signature_of_other_bytes",
            Self::BadSignature { .. } => "bad_signature",
        }
    }
}

impl Detached {
    /// Reads the file of a signature. It is not verified yet.
    ///
    /// # Errors
    /// `DetachedError::Malformed`.
    pub fn decode(bytes: &[u8]) -> Result<Self, DetachedError> {
        let malformed = |reason| DetachedError::Malformed { reason };
        if bytes.len() > MAX_DETACHED_BYTES {
            return Err(malformed("at most 2048 bytes"));
        }
        let file: DetachedFile =
            serde_json::from_slice(bytes).map_err(|_error| malformed("its JSON fields"))?;
        let DetachedFile { format, network, version, digest, key, signature } = file;
        if format != FORMAT {
            return Err(malformed("format kring-signature-v1"));
        }
        let key = PublicKey::from_hex(&key).map_err(|_error| malformed("an Ed25519 key"))?;
        let signature = BASE64.decode(signature).ok().and_then(|bytes| bytes.try_into().ok());
        let signature = signature.ok_or_else(|| malformed("a 64-byte signature in base64"))?;
        Ok(Self { network, version, digest, key, signature })
    }

    /// The file: one line of JSON.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let file = DetachedFile {
            format: FORMAT.to_owned(),
            network: self.network.clone(),
            version: self.version,
            digest: self.digest,
            key: self.key.to_string(),
            signature: BASE64.encode(self.signature),
        };
        let mut bytes = serde_json::to_vec(&file).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

impl Envelope {
    /// The signature of `key` by itself, if it is there; network and version are for people.
    #[must_use]
    pub fn detach(&self, key: &PublicKey, network: &NetworkId, version: u64) -> Option<Detached> {
        let id = key.to_string();
        let (_, signature) = self.signatures.iter().find(|(known, _)| *known == id)?;
        let (network, signature) = (network.clone(), *signature);
        Some(Detached { network, version, digest: self.digest(), key: *key, signature })
    }

    /// Puts a signature in, if it verifies; whether it was not there before.
    ///
    /// # Errors
    /// `DetachedError`; the envelope is as it was.
    pub fn attach(&mut self, detached: &Detached) -> Result<bool, DetachedError> {
        let (expected, got) = (self.digest(), detached.digest);
        if expected != got {
            return Err(DetachedError::OtherBytes { expected, got });
        }
        let key = detached.key;
        let message = pae(&self.payload_type, &self.payload);
        let signature = Signature::from_bytes(&detached.signature);
        if key.0.verify_strict(&message, &signature).is_err() {
            return Err(DetachedError::BadSignature { key: key.to_string() });
        }
        let entry = (key.to_string(), detached.signature);
        if self.signatures.contains(&entry) {
            return Ok(false);
        }
        self.signatures.retain(|(id, _)| *id != entry.0);
        self.signatures.push(entry);
        self.signatures.sort();
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
