//! Why a version is refused.

use crate::bundle::BundleError;
use crate::{Digest, NetworkId, UnixTime};

use super::{MAX_NETWORKS, MAX_VERSIONS, NotInForce, NotInScope};
use crate::question::MAX_LAYERS;

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
    /// The pinned charter is below another one.
    #[error(
        "the pinned charter is below `{parent}`: pin version 1 of the network above all others"
    )]
    NotTheRoot {
        /// The network that it names above it.
        parent: NetworkId,
    },
    /// No charter that is held lists its network.
    #[error(
        "the charter is of network `{network}`, which no charter above lists among its children: its board lists it with those who sign its first version"
    )]
    NotAChild {
        /// Its network.
        network: NetworkId,
    },
    /// Fewer than the parent asks for signed the first version of a child.
    #[error(
        "the network above asks for {expected} of those it lists to sign the first version of `{network}`, {got} signed"
    )]
    TooFewFirstSigners {
        /// The child.
        network: NetworkId,
        /// The parent's threshold for it.
        expected: usize,
        /// The listed ones who signed.
        got: usize,
    },
    /// It has another parent than the version before it.
    #[error(
        "version {version} of the charter is below another network than the version before it: a network does not move"
    )]
    OtherParent {
        /// The version.
        version: u64,
        /// The parent that it had.
        expected: Option<NetworkId>,
        /// The parent that it names.
        got: Option<NetworkId>,
    },
    /// It goes with an older version of its parent than its predecessor.
    #[error(
        "the charter goes with version {got} of `{parent}`, the version before it asked for {held}"
    )]
    OlderParent {
        /// The parent.
        parent: NetworkId,
        /// What the version before asked for.
        held: u64,
        /// What it asks for.
        got: u64,
    },
    /// It goes with a version of its parent that is not held.
    #[error(
        "the charter goes with version {expected} of `{parent}`, version {held} is held: get that one first"
    )]
    ParentBehind {
        /// The parent.
        parent: NetworkId,
        /// The version that it asks for.
        expected: u64,
        /// The version held.
        held: u64,
    },
    /// Too many networks above each other, or too many in all.
    #[error(
        "`{network}` is one network too many: at most {MAX_LAYERS} are above each other, and {MAX_NETWORKS} below one root"
    )]
    TooManyNetworks {
        /// The network.
        network: NetworkId,
    },
    /// More versions hold at once than are asked.
    #[error(
        "eight versions of the charter of `{network}` hold at once: publish the next one when the notice of one of them is over"
    )]
    TooManyAtOnce {
        /// The network.
        network: NetworkId,
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
    /// Good, but its network does not hold at this moment.
    #[error(transparent)]
    NotInScope(#[from] Box<NotInScope>),
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
            Self::NotTheRoot { .. } => "not_the_root",
            Self::NotAChild { .. } => "not_a_child",
            Self::TooFewFirstSigners { .. } => "too_few_first_signers",
            Self::OtherParent { .. } => "other_parent",
            Self::OlderParent { .. } => "older_parent",
            Self::ParentBehind { .. } => "parent_behind",
            Self::TooManyNetworks { .. } => "too_many_networks",
            Self::TooManyAtOnce { .. } => "too_many_at_once",
            Self::Backwards { .. } => "begins_too_early",
            Self::TooLong => "chain_too_long",
            Self::Moved { .. } => "chain_moved",
            Self::Empty => "no_version",
            Self::NotInForce(error) => error.code(),
            Self::NotInScope(error) => error.code(),
        }
    }
}

impl From<NotInScope> for ChainError {
    fn from(error: NotInScope) -> Self {
        Self::NotInScope(Box::new(error))
    }
}
