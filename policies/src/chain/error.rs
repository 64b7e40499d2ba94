//! Why a version is refused.

use crate::bundle::BundleError;
use crate::{Digest, NetworkId, UnixTime};

use super::{MAX_VERSIONS, NotInForce};

/// Why a bundle is not the next version of a network's charter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// Not a sealed charter without problems.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// Not the pinned version 1.
    #[error(
        "the charter's digest is {got}, this node has pinned {root}: type in the root that the board published, or get version 1 of the right network"
    )]
    OtherRoot {
        /// The pin.
        root: Digest,
        /// The digest found.
        got: Digest,
    },
    /// The pin names a later version.
    #[error("the pinned charter is version {got}: pin the digest of version 1")]
    NotFirst {
        /// The version found.
        got: u64,
    },
    /// The newest version itself.
    #[error("version {version} is the one held already")]
    Held {
        /// The version.
        version: u64,
    },
    /// An older version of this chain.
    #[error("the charter is version {got}, this node holds version {held} already")]
    Rollback {
        /// The newest version held.
        held: u64,
        /// The version found.
        got: u64,
    },
    /// Another charter of a version held, signed by the board.
    #[error("the board signed two different charters of version {version}: tell the board")]
    Fork {
        /// The version.
        version: u64,
    },
    /// A version between is missing.
    #[error("the charter is version {got}, the next one is version {expected}: get that one first")]
    Skipped {
        /// The version that follows.
        expected: u64,
        /// The version found.
        got: u64,
    },
    /// Of another network.
    #[error("the charter is of network `{got}`, this chain is of `{expected}`")]
    OtherNetwork {
        /// The chain's network.
        expected: NetworkId,
        /// The network found.
        got: NetworkId,
    },
    /// It follows another charter than the one held.
    #[error(
        "version {version} follows a charter with digest {got}, the one held has {expected}: tell the board"
    )]
    OtherPrevious {
        /// The version found.
        version: u64,
        /// The digest of the newest version.
        expected: Digest,
        /// The digest that it names.
        got: Digest,
    },
    /// Fewer signers of the version before than its threshold.
    #[error(
        "version {version} asks for {expected} of its signers to sign what follows it, {got} signed"
    )]
    TooFewOldSigners {
        /// The version before.
        version: u64,
        /// Its threshold.
        expected: usize,
        /// Its distinct signers, not revoked, who signed.
        got: usize,
    },
    /// Fewer of its own signers than its threshold.
    #[error("version {version} asks for {expected} of its own signers, {got} signed")]
    TooFewSigners {
        /// The version.
        version: u64,
        /// Its threshold.
        expected: usize,
        /// Its distinct signers, not revoked, who signed.
        got: usize,
    },
    /// It begins before its predecessor.
    #[error("version {version} begins at {got}, before the version before it, at {from}")]
    Backwards {
        /// The version.
        version: u64,
        /// When the version before begins.
        from: UnixTime,
        /// When it begins.
        got: UnixTime,
    },
    /// More versions than are kept.
    #[error("the chain has {MAX_VERSIONS} versions: the board begins a new one, with a new root")]
    TooLong,
    /// Another version was accepted between check and accept.
    #[error("another version came first: check version {version} again")]
    Moved {
        /// The version that was checked.
        version: u64,
    },
    /// A store without any version.
    #[error("no version is stored: begin with version 1")]
    Empty,
    /// Good, but nothing holds at this moment.
    #[error(transparent)]
    NotInForce(#[from] NotInForce),
}

impl ChainError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Bundle(error) => error.code(),
            Self::OtherRoot { .. } => "other_root",
            Self::NotFirst { .. } => "not_first",
            Self::Held { .. } => "already_held",
            Self::Rollback { .. } => "rollback",
            Self::Fork { .. } => "fork",
            Self::Skipped { .. } => "skipped_version",
            Self::OtherNetwork { .. } => "other_network",
            Self::OtherPrevious { .. } => "other_previous",
            Self::TooFewOldSigners { .. } => "too_few_old_signers",
            Self::TooFewSigners { .. } => "too_few_signers",
            Self::Backwards { .. } => "begins_too_early",
            Self::TooLong => "chain_too_long",
            Self::Moved { .. } => "chain_moved",
            Self::Empty => "no_version",
            Self::NotInForce(error) => error.code(),
        }
    }
}
