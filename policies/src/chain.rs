//! A network's versions: each charter signed by the board of the one before, from version 1, which a hospital pins.
//!
//! A [`Line`] grows by one version at a time: [`Line::check`] checks everything and makes a [`Next`], which only it can;
//! the node stores its bytes, and [`Line::accept`] takes it. Nothing is kept of what was refused. [`Line::in_force`] says
//! which versions must all allow a question at a moment. Nothing here stores, reads a clock, or asks a peer.

use std::sync::Arc;

use crate::charter::{Charter, Child, FreshnessKey, Head, Parent, Signer};
use crate::dsse::PublicKey;
use crate::statement::Revocations;
use crate::wire::LayerRef;
use crate::{Digest, NetworkId, UnixTime};

mod check;
mod error;
mod force;
mod named;
mod read;
mod scope;
mod tree;

pub(crate) mod alone;

pub use check::Next;
pub use error::ChainError;
pub use force::{InForce, NotInForce};
pub use scope::{NotInScope, Scope};
pub use tree::{MAX_NETWORKS, Tree};

/// Most versions of one network: one a day for eleven years.
pub const MAX_VERSIONS: usize = 4096;

/// The versions of one network that a node has accepted, in order and without a gap.
#[derive(Clone, Debug)]
pub struct Line {
    first: Version,
    later: Vec<Version>,
}

/// One accepted version.
#[derive(Clone, Debug)]
pub struct Version {
    layer: LayerRef,
    head: Head,
    signed: Vec<SignedBy>,
    accepted_at: UnixTime,
    /// When it begins here: not before it is valid, accepted, and its predecessor began.
    starts: UnixTime,
    /// When it ends to hold beside its successors; none while it has none.
    until: Option<UnixTime>,
    charter: Option<Arc<Charter>>,
}

/// One whose signature on a version counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedBy {
    /// The version that lists this signer: the signed one, or the one before it.
    pub version: u64,
    /// Who.
    pub signer: Signer,
}

impl Line {
    /// Begins with version 1, which must be the pinned one; later versions are taken with [`Line::check`].
    ///
    /// # Errors
    /// `ChainError`: not a sealed charter, not the pinned one, or not signed by its own board.
    pub fn first(
        bytes: &[u8],
        root: Digest,
        accepted_at: UnixTime,
        revoked: &Revocations,
    ) -> Result<Self, ChainError> {
        let next = check::first(bytes, root, revoked)?;
        Ok(Self::of(next.into_version(accepted_at)))
    }

    /// Checks everything about a bundle that shall follow the newest version.
    ///
    /// # Errors
    /// `ChainError`, and the line is what it was.
    pub fn check(&self, bytes: &[u8], revoked: &Revocations) -> Result<Next, ChainError> {
        check::next(self, bytes, revoked)
    }

    /// Takes a checked version, once its bytes are stored.
    ///
    /// `accepted_at` is the moment of doing so, from which the version before holds for the notice; a node that takes in
    /// a whole chain at its first start passes [`Next::valid_from`], as nobody relied on anything older there.
    ///
    /// # Errors
    /// `ChainError::Moved` where another version was accepted since the check.
    pub fn accept(&mut self, next: Next, accepted_at: UnixTime) -> Result<(), ChainError> {
        let tip = self.tip().digest;
        if next.after() != Some(tip) {
            return Err(ChainError::Moved { version: next.layer().version });
        }
        self.push(next.into_version(accepted_at));
        Ok(())
    }

    /// The newest version, begun or not.
    #[must_use]
    pub fn tip(&self) -> &LayerRef {
        &self.newest().layer
    }

    /// The newest version's charter, begun or not.
    #[must_use]
    pub fn newest_charter(&self) -> Option<&Arc<Charter>> {
        self.newest().charter()
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> &NetworkId {
        &self.first.layer.network
    }

    /// The pin.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.first.layer.digest
    }

    /// The network above and the oldest version of it that the newest charter goes with; none of the root.
    #[must_use]
    pub fn parent(&self) -> Option<&Parent> {
        self.newest().parent()
    }

    /// Every version, from the first: who signed it, when it was accepted.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &Version> {
        std::iter::once(&self.first).chain(&self.later)
    }

    /// One version.
    #[must_use]
    pub fn version(&self, number: u64) -> Option<&Version> {
        match number.checked_sub(2) {
            None => (number == 1).then_some(&self.first),
            Some(place) => self.later.get(usize::try_from(place).ok()?),
        }
    }

    /// Lets go of the charters that can hold no more from `now` on; their heads and digests stay.
    pub fn forget(&mut self, now: UnixTime) {
        for version in std::iter::once(&mut self.first).chain(&mut self.later) {
            if version.is_over(now) {
                version.charter = None;
            }
        }
    }

    fn of(first: Version) -> Self {
        Self { first, later: Vec::new() }
    }

    fn newest(&self) -> &Version {
        self.later.last().unwrap_or(&self.first)
    }

    fn len(&self) -> usize {
        self.later.len().saturating_add(1)
    }
}

impl Version {
    /// What names it in requests and answers.
    #[must_use]
    pub fn layer(&self) -> &LayerRef {
        &self.layer
    }

    /// When it begins to hold, as it says.
    #[must_use]
    pub fn valid_from(&self) -> UnixTime {
        self.head.valid_from
    }

    /// When it ends, inclusive, as it says.
    #[must_use]
    pub fn valid_until(&self) -> UnixTime {
        self.head.valid_until
    }

    /// When this node accepted it.
    #[must_use]
    pub fn accepted_at(&self) -> UnixTime {
        self.accepted_at
    }

    /// When it begins at this node: valid, accepted, and not before its predecessor.
    #[must_use]
    pub fn starts(&self) -> UnixTime {
        self.starts
    }

    /// When it ends to hold beside its successors; none while it has no successor.
    #[must_use]
    pub fn holds_until(&self) -> Option<UnixTime> {
        self.until
    }

    /// Whose signatures count for it: signers of its own, and of the version before.
    #[must_use]
    pub fn signed_by(&self) -> &[SignedBy] {
        &self.signed
    }

    /// Who may sign the version after it.
    #[must_use]
    pub fn signers(&self) -> &[Signer] {
        &self.head.signers
    }

    /// The keys that vouch for it.
    #[must_use]
    pub fn freshness(&self) -> &[FreshnessKey] {
        &self.head.freshness
    }

    /// Its charter, where it can still hold.
    #[must_use]
    pub fn charter(&self) -> Option<&Arc<Charter>> {
        self.charter.as_ref()
    }

    /// The network above it, where it is not the root's.
    #[must_use]
    pub fn parent(&self) -> Option<&Parent> {
        self.head.parent.as_ref()
    }

    /// What it says of a network directly below, with its own number.
    pub(crate) fn lists(&self, network: &NetworkId) -> Option<(u64, &Child)> {
        let child = self.head.children.iter().find(|child| child.network == *network)?;
        Some((self.layer.version, child))
    }

    /// The networks directly below it that it lists.
    pub(crate) fn children(&self) -> &[Child] {
        &self.head.children
    }

    /// Whether it lists a network directly below it.
    #[must_use]
    pub fn lists_child(&self, network: &NetworkId) -> bool {
        self.lists(network).is_some()
    }

    pub(crate) fn lists_signer(&self, key: &PublicKey) -> bool {
        self.head.signers.iter().any(|signer| signer.key == *key)
    }

    fn is_over(&self, now: UnixTime) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}
