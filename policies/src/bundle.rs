//! The sealed charter: all its files in one payload that signers sign.
//!
//! Equal charters are equal bytes: files are sorted by path, and a payload that re-encodes differently is refused. Which
//! bundles a node believes is [`crate::chain`]'s work.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::charter::{self, Charter, MAX_FILES, Signer};
use crate::dsse::{Envelope, EnvelopeError, PayloadType, PublicKey};
use crate::problem::Problem;

pub use crate::chain::alone::{Trust, open};

/// Most bytes of a bundle.
pub const MAX_BUNDLE_BYTES: usize = 16 * 1024 * 1024;
/// Most signatures on a bundle: each costs a verification.
pub const MAX_SIGNATURES: usize = 64;
/// Version of the payload's form.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    format: u32,
    files: Vec<FileEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEntry {
    path: String,
    text: String,
}

/// A bundle as somebody reads it before trusting it: its charter has no layer and verifies no question.
#[derive(Debug)]
pub struct Inspected {
    /// The charter.
    pub charter: Charter,
    /// Its files, by path.
    pub files: BTreeMap<String, String>,
    /// The envelope, to be signed further.
    pub envelope: Envelope,
    /// Listed signers who have signed.
    pub signed_by: Vec<Signer>,
}

/// Why a bundle is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Not an envelope of a charter.
    #[error("the bundle is not a sealed charter")]
    Envelope(#[from] EnvelopeError),
    /// More signatures than are verified.
    #[error("the bundle has {got} signatures, at most {MAX_SIGNATURES} are verified")]
    TooManySignatures {
        /// Signatures found.
        got: usize,
    },
    /// The payload has another form.
    #[error("the bundle's payload is not a charter in its one encoding: {reason}")]
    Payload {
        /// What was expected.
        reason: &'static str,
    },
    /// The files have problems.
    #[error("the bundle's files have {} problems, the first: {}", .0.len(), first(.0))]
    Problems(Vec<Problem>),
}

impl BundleError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Envelope(error) => error.code(),
            Self::TooManySignatures { .. } => "too_many_signatures",
            Self::Payload { .. } => "malformed_bundle",
            Self::Problems(_) => "charter_problems",
        }
    }
}

fn first(problems: &[Problem]) -> String {
    problems.first().map(ToString::to_string).unwrap_or_default()
}

/// Checks the files and puts them into an unsigned envelope; signers add their signatures.
///
/// # Errors
/// Every problem of every file.
pub fn seal(files: &BTreeMap<String, String>) -> Result<Envelope, Vec<Problem>> {
    charter::parse(files)?;
    let entry =
        |(path, text): (&String, &String)| FileEntry { path: path.clone(), text: text.clone() };
    let payload = encode(&Payload { format: FORMAT, files: files.iter().map(entry).collect() });
    let envelope = Envelope::unsigned(PayloadType::Charter, payload);
    let size = envelope.encode().len();
    if size > MAX_BUNDLE_BYTES {
        let message =
            format!("the sealed charter has {size} bytes, at most {MAX_BUNDLE_BYTES} are read");
        return Err(vec![Problem { file: "charter.toml".to_owned(), line: None, message }]);
    }
    Ok(envelope)
}

/// Reads a bundle without trusting it: to show it, or to sign it.
///
/// # Errors
/// `BundleError` for another form or files with problems.
pub fn inspect(bytes: &[u8]) -> Result<Inspected, BundleError> {
    let envelope = decode(bytes)?;
    let files = files(envelope.unverified_payload())?;
    let charter = charter::parse(&files).map_err(BundleError::Problems)?;
    let signed_by = signed_by(&envelope, charter.signers());
    Ok(Inspected { charter, files, envelope, signed_by })
}

/// Reads the envelope of a bundle.
pub(crate) fn decode(bytes: &[u8]) -> Result<Envelope, BundleError> {
    let envelope = Envelope::decode(bytes, MAX_BUNDLE_BYTES)?;
    envelope.expect_type(PayloadType::Charter)?;
    let got = envelope.key_hints().len();
    if got > MAX_SIGNATURES {
        return Err(BundleError::TooManySignatures { got });
    }
    Ok(envelope)
}

/// Reads the payload: its files, by path.
pub(crate) fn files(payload: &[u8]) -> Result<BTreeMap<String, String>, BundleError> {
    let refused = |reason| BundleError::Payload { reason };
    let parsed: Payload =
        serde_json::from_slice(payload).map_err(|_error| refused("its JSON fields"))?;
    if parsed.format != FORMAT {
        return Err(refused("format 1"));
    }
    if parsed.files.len() > MAX_FILES {
        return Err(refused("at most 512 files"));
    }
    if encode(&parsed) != payload {
        return Err(refused("no other spacing, order or escapes"));
    }
    let ascending = parsed.files.is_sorted_by(|one, next| one.path < next.path);
    if !ascending {
        return Err(refused("each path once, in order"));
    }
    Ok(parsed.files.into_iter().map(|file| (file.path, file.text)).collect())
}

fn encode(payload: &Payload) -> Vec<u8> {
    serde_json::to_vec(payload).unwrap_or_default()
}

/// Which of these signers signed, revoked or not.
pub(crate) fn signed_by(envelope: &Envelope, signers: &[Signer]) -> Vec<Signer> {
    let signed = |signer: &&Signer| is_signed_by(envelope, &signer.key);
    signers.iter().filter(signed).cloned().collect()
}

/// Whether this key signed; a key that is not named costs nothing, as each verification hashes the whole payload.
pub(crate) fn is_signed_by(envelope: &Envelope, key: &PublicKey) -> bool {
    let id = key.to_string();
    envelope.key_hints().any(|hint| hint == id)
        && envelope.verify(PayloadType::Charter, key).is_ok()
}
