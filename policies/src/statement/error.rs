//! Why a statement is refused.

use crate::dsse::EnvelopeError;
use crate::wire::MAX_SKEW_S;
use crate::{Digest, HospitalCode, NetworkId, UnixTime};

use super::{MAX_FRESHNESS_S, MAX_REVOCATIONS};

/// Why a statement is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Not an envelope of such a statement, or not signed by the key that it names.
    #[error("not a signed statement of this kind")]
    Envelope(#[from] EnvelopeError),
    /// More or fewer signatures than it may have.
    #[error("the statement has {got} signature(s), expected {least} to {most}")]
    Signatures {
        /// Fewest.
        least: usize,
        /// Most.
        most: usize,
        /// Signatures found.
        got: usize,
    },
    /// The payload has another form.
    #[error("the payload is not a statement in its one encoding: {reason}")]
    Payload {
        /// What was expected.
        reason: &'static str,
    },
    /// About another network.
    #[error("the statement is about network `{got}`, expected `{expected}`")]
    OtherNetwork {
        /// The network of the chain.
        expected: NetworkId,
        /// The network found.
        got: NetworkId,
    },
    /// About a version that is not held.
    #[error(
        "the statement is about version {got}, the newest one held is {held}: get that version first"
    )]
    UnknownVersion {
        /// The newest version held.
        held: u64,
        /// The version found.
        got: u64,
    },
    /// About another charter of a version held.
    #[error(
        "the statement is about a version {version} with digest {got}, the one held has {expected}: tell the board"
    )]
    OtherDigest {
        /// The version.
        version: u64,
        /// The digest held.
        expected: Digest,
        /// The digest found.
        got: Digest,
    },
    /// The key that signed is not a freshness key of that hospital.
    #[error("{by} has not this freshness key in version {version}, nor in the newest one")]
    NotListed {
        /// The hospital that the statement names.
        by: HospitalCode,
        /// The version that it is about.
        version: u64,
    },
    /// A key that signed is revoked.
    #[error("key {key} is revoked")]
    RevokedKey {
        /// The key in hexadecimal digits.
        key: String,
    },
    /// It was signed later than it is.
    #[error(
        "the statement is of {issued_at}, it is {now}: at most {MAX_SKEW_S} s may lie between two clocks"
    )]
    FromTheFuture {
        /// When it was signed.
        issued_at: UnixTime,
        /// The moment of reading.
        now: UnixTime,
    },
    /// It holds for longer than a statement may, or for no time.
    #[error("the statement holds for {seconds} s, expected 1 to {MAX_FRESHNESS_S}")]
    Span {
        /// From its issue to its end.
        seconds: i64,
    },
    /// It is over.
    #[error("the statement held until {until}, it is {now}")]
    Stale {
        /// Its last moment.
        until: UnixTime,
        /// The moment of reading.
        now: UnixTime,
    },
    /// It vouches for a version after which this node has known a newer one for long.
    #[error("the statement vouches for version {version}, which a newer one followed at {at}")]
    Superseded {
        /// The version.
        version: u64,
        /// When the one after it began here.
        at: UnixTime,
    },
    /// Nothing that is revoked is known by this name and key.
    #[error("no charter held names {subject} with key {key}: get the newest charter first")]
    UnknownSubject {
        /// What would be revoked.
        subject: String,
        /// Its key in hexadecimal digits.
        key: String,
    },
    /// Fewer signers than it takes.
    #[error(
        "a revocation takes {expected} signers of one version in force, or the revoked key itself; {got} signed"
    )]
    TooFewSigners {
        /// Signers that it takes.
        expected: usize,
        /// Distinct signers, not revoked, who signed.
        got: usize,
    },
    /// The set is full.
    #[error(
        "{MAX_REVOCATIONS} keys are revoked already: the board begins a new chain, with a new root"
    )]
    Full,
}

impl StatementError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Envelope(error) => error.code(),
            Self::Signatures { .. } => "wrong_signatures",
            Self::Payload { .. } => "malformed_statement",
            Self::OtherNetwork { .. } => "other_network",
            Self::UnknownVersion { .. } => "unknown_version",
            Self::OtherDigest { .. } => "other_digest",
            Self::NotListed { .. } => "not_listed",
            Self::RevokedKey { .. } => "revoked_key",
            Self::FromTheFuture { .. } => "from_the_future",
            Self::Span { .. } => "wrong_span",
            Self::Stale { .. } => "stale",
            Self::Superseded { .. } => "superseded",
            Self::UnknownSubject { .. } => "unknown_subject",
            Self::TooFewSigners { .. } => "too_few_signers",
            Self::Full => "revocations_full",
        }
    }
}
