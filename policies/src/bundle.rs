//! The sealed charter: all its files in one signed payload, and the checks before a node believes it.
//!
//! The pinned key's signature is checked before the payload is parsed. Equal charters are equal bytes: files are
//! sorted by path, and a payload that re-encodes differently is refused. Storing what is held is not done here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::charter::{self, Charter, MAX_FILES, Signer};
use crate::dsse::{Envelope, EnvelopeError, PayloadType, PublicKey};
use crate::problem::Problem;
use crate::wire::LayerRef;
use crate::{Digest, NetworkId, UnixTime};

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

/// What a node trusts and holds.
#[derive(Clone, Debug)]
pub struct Trust {
    /// Fingerprint of the pinned key ([`PublicKey::fingerprint`]).
    pub root: Digest,
    /// The moment of opening.
    pub now: UnixTime,
    /// The charter that the node holds, if any: nothing older may replace it.
    pub held: Option<LayerRef>,
}

/// A bundle as somebody reads it before trusting it: its charter has no layer and verifies no question.
#[derive(Debug)]
pub struct Inspected {
    /// The charter.
    pub charter: Charter,
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
    /// The pinned key did not sign.
    #[error("the bundle is not signed by the pinned key with fingerprint {root}")]
    NotSignedByRoot {
        /// The pinned fingerprint.
        root: Digest,
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
    /// The pinned key signed, but the charter does not list it.
    #[error("the pinned key with fingerprint {root} is not among the charter's signers")]
    RootIsNoSigner {
        /// The pinned fingerprint.
        root: Digest,
    },
    /// Fewer listed signers than the threshold.
    #[error("the charter asks for {expected} signers, {got} of them signed")]
    TooFewSigners {
        /// The threshold.
        expected: usize,
        /// Distinct listed signers found.
        got: usize,
    },
    /// Before `valid_from`.
    #[error("the charter holds from {from}, it is {now}")]
    NotYetValid {
        /// First moment.
        from: UnixTime,
        /// The moment of opening.
        now: UnixTime,
    },
    /// After `valid_until`.
    #[error("the charter held until {until}, it is {now}")]
    Expired {
        /// Last moment.
        until: UnixTime,
        /// The moment of opening.
        now: UnixTime,
    },
    /// Of another network than the one held.
    #[error("the charter is of network `{got}`, this node belongs to `{expected}`")]
    OtherNetwork {
        /// The network held.
        expected: NetworkId,
        /// The network found.
        got: NetworkId,
    },
    /// Older than the one held.
    #[error("the charter is version {got}, this node holds version {held} already")]
    Rollback {
        /// The version held.
        held: u64,
        /// The version found.
        got: u64,
    },
    /// Another charter under the version held.
    #[error("there are two different charters of version {version}: tell the board")]
    Fork {
        /// The version.
        version: u64,
    },
}

impl BundleError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Envelope(error) => error.code(),
            Self::TooManySignatures { .. } => "too_many_signatures",
            Self::NotSignedByRoot { .. } => "not_signed_by_root",
            Self::Payload { .. } => "malformed_bundle",
            Self::Problems(_) => "charter_problems",
            Self::RootIsNoSigner { .. } => "root_is_no_signer",
            Self::TooFewSigners { .. } => "too_few_signers",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::Expired { .. } => "expired",
            Self::OtherNetwork { .. } => "other_network",
            Self::Rollback { .. } => "rollback",
            Self::Fork { .. } => "fork",
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

/// Opens a bundle that must hold now, for a node that pinned a key.
///
/// # Errors
/// `BundleError`, in the order of its variants.
pub fn open(bytes: &[u8], trust: &Trust) -> Result<Charter, BundleError> {
    let envelope = decode(bytes)?;
    let root = trust.root;
    let pinned = envelope
        .key_hints()
        .filter_map(|hint| PublicKey::from_hex(hint).ok())
        .find(|key| key.fingerprint() == root)
        .ok_or(BundleError::NotSignedByRoot { root })?;
    let payload = envelope
        .verify(PayloadType::Charter, &pinned)
        .map_err(|_unsigned| BundleError::NotSignedByRoot { root })?;
    let charter = charter::parse(&files(payload)?).map_err(BundleError::Problems)?;
    if !charter.signers().iter().any(|signer| signer.key == pinned) {
        return Err(BundleError::RootIsNoSigner { root });
    }
    let got = signed_by(&envelope, &charter)?.len();
    if got < charter.threshold() {
        return Err(BundleError::TooFewSigners { expected: charter.threshold(), got });
    }
    in_force(&charter, trust.now)?;
    let digest = envelope.digest();
    if let Some(held) = &trust.held {
        supersedes(&charter, digest, held)?;
    }
    Ok(charter.seal(digest))
}

/// Reads a bundle without trusting it: to show it, or to sign it.
///
/// # Errors
/// `BundleError` for another form or files with problems.
pub fn inspect(bytes: &[u8]) -> Result<Inspected, BundleError> {
    let envelope = decode(bytes)?;
    let files = files(envelope.unverified_payload())?;
    let charter = charter::parse(&files).map_err(BundleError::Problems)?;
    let signed_by = signed_by(&envelope, &charter)?;
    Ok(Inspected { charter, envelope, signed_by })
}

fn decode(bytes: &[u8]) -> Result<Envelope, BundleError> {
    let envelope = Envelope::decode(bytes, MAX_BUNDLE_BYTES)?;
    envelope.expect_type(PayloadType::Charter)?;
    let got = envelope.key_hints().len();
    if got > MAX_SIGNATURES {
        return Err(BundleError::TooManySignatures { got });
    }
    Ok(envelope)
}

fn files(payload: &[u8]) -> Result<BTreeMap<String, String>, BundleError> {
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

fn signed_by(envelope: &Envelope, charter: &Charter) -> Result<Vec<Signer>, BundleError> {
    let mut found = Vec::new();
    for signer in charter.signers() {
        if !envelope.signers(PayloadType::Charter, &[signer.key])?.is_empty() {
            found.push(signer.clone());
        }
    }
    Ok(found)
}

fn in_force(charter: &Charter, now: UnixTime) -> Result<(), BundleError> {
    let (from, until) = (charter.valid_from(), charter.valid_until());
    if now < from {
        return Err(BundleError::NotYetValid { from, now });
    }
    if now > until {
        return Err(BundleError::Expired { until, now });
    }
    Ok(())
}

fn supersedes(charter: &Charter, digest: Digest, held: &LayerRef) -> Result<(), BundleError> {
    if *charter.network() != held.network {
        let (expected, got) = (held.network.clone(), charter.network().clone());
        return Err(BundleError::OtherNetwork { expected, got });
    }
    let got = charter.version();
    if got < held.version {
        return Err(BundleError::Rollback { held: held.version, got });
    }
    if got == held.version && digest != held.digest {
        return Err(BundleError::Fork { version: got });
    }
    Ok(())
}
