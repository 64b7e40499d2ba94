//! The charters of a root's network and of all networks below it: one [`Line`] for each.
//!
//! The root's first version is pinned. A network below begins with a version that its parent's newest charter lists by its
//! first signers, and from then on its own board signs. Every node holds all lines under its root, whichever networks its
//! hospital is in: who is asked below a country must know that country's rules too.

use std::collections::BTreeMap;

use crate::bundle;
use crate::charter::{Child, Parent};
use crate::question::MAX_LAYERS;
use crate::statement::Revocations;
use crate::{HospitalCode, NetworkId, UnixTime};

use super::check::{self, Read};
use super::{ChainError, Line, Next};

/// Most networks below one root, itself included: what a node holds of all of them fits one request to another node.
pub const MAX_NETWORKS: usize = 128;

/// Most networks of one child of the root, itself included.
const MAX_BELOW_CHILD: usize = 16;
/// Most versions of a network below the root that hold at once: each is asked about every question.
const MAX_AT_ONCE: usize = 8;

/// The accepted versions of all networks below one root.
#[derive(Clone, Debug)]
pub struct Tree {
    root: NetworkId,
    lines: BTreeMap<NetworkId, Line>,
}

/// Whose signatures are worth nothing for a network's charter.
type RevokedIn<'r> = &'r dyn Fn(&NetworkId) -> Revocations;

impl From<Line> for Tree {
    /// A root without networks below it.
    fn from(root: Line) -> Self {
        let network = root.network().clone();
        Self { root: network.clone(), lines: BTreeMap::from([(network, root)]) }
    }
}

impl Tree {
    /// The root's line.
    #[must_use]
    pub fn root(&self) -> Option<&Line> {
        self.lines.get(&self.root)
    }

    /// The root's network.
    #[must_use]
    pub fn network(&self) -> &NetworkId {
        &self.root
    }

    /// One network's line.
    #[must_use]
    pub fn line(&self, network: &NetworkId) -> Option<&Line> {
        self.lines.get(network)
    }

    /// Every line; the root's first, each after the one above it.
    #[must_use]
    pub fn lines(&self) -> Vec<&Line> {
        let mut found: Vec<&Line> = self.lines.values().collect();
        found.sort_by_key(|line| (self.path(line.network()).len(), line.network().clone()));
        found
    }

    /// The networks from the root to this one; empty for one that is not held.
    #[must_use]
    pub fn path(&self, network: &NetworkId) -> Vec<&Line> {
        let mut found = Vec::new();
        let mut next = self.lines.get(network);
        while let Some(line) = next {
            // A line's parent was held before it: this ends at the root. The bound is for who doubts that.
            if found.len() > MAX_LAYERS {
                return Vec::new();
            }
            found.push(line);
            next = line.parent().and_then(|parent| self.lines.get(&parent.network));
        }
        found.reverse();
        found
    }

    /// The lines strictly below a network, each after the one above it.
    #[must_use]
    pub fn below(&self, network: &NetworkId) -> Vec<&Line> {
        let mut lines = self.lines();
        lines.retain(|line| {
            let mut path = self.path(line.network()).into_iter();
            line.network() != network && path.any(|above| above.network() == network)
        });
        lines
    }

    /// Whether a network's first version could be taken: the newest version of one that is held lists it.
    #[must_use]
    pub fn awaits(&self, network: &NetworkId) -> bool {
        !self.lines.contains_key(network)
            && self.lines.values().any(|line| line.newest().lists_child(network))
    }

    /// Whether a network is listed for this hospital of which no charter is held: others may hold one that binds it.
    #[must_use]
    pub fn awaits_for(&self, hospital: &HospitalCode) -> bool {
        let missing = |child: &Child| {
            child.members.contains(hospital) && !self.lines.contains_key(&child.network)
        };
        self.lines.values().any(|line| line.newest().children().iter().any(missing))
    }

    /// Checks everything about a bundle that shall follow the newest version of its network, or begin a network.
    ///
    /// # Errors
    /// `ChainError`, and the tree is what it was.
    pub fn check(&self, bytes: &[u8], revoked: RevokedIn<'_>) -> Result<Next, ChainError> {
        let read = Read::of(bundle::decode(bytes)?)?;
        let network = read.head.network.clone();
        let next = match self.lines.get(&network) {
            Some(line) => {
                let next = check::next_read(line, (read, bytes), &revoked(&network))?;
                if network != self.root && line.holding(next.valid_from()).len() >= MAX_AT_ONCE {
                    return Err(ChainError::TooManyAtOnce { network });
                }
                next
            }
            None => self.begin(read, bytes, revoked)?,
        };
        self.goes_with_parent(next.parent())?;
        Ok(next)
    }

    /// The first version of a network that none is held of.
    fn begin(&self, read: Read, bytes: &[u8], revoked: RevokedIn<'_>) -> Result<Next, ChainError> {
        let (network, root) = (read.head.network.clone(), self.root.clone());
        let Some(Parent { network: above, .. }) = &read.head.parent else {
            return Err(ChainError::OtherNetwork { expected: root, got: network });
        };
        let Some(parent) = self.lines.get(above) else {
            return Err(ChainError::NotAChild { network });
        };
        if self.path(above).len() >= MAX_LAYERS || self.lines.len() >= MAX_NETWORKS {
            return Err(ChainError::TooManyNetworks { network });
        }
        if parent.newest().lists(&network).is_none() || self.is_nearer(&network, above) {
            return Err(ChainError::NotAChild { network });
        }
        if self.is_full(above) {
            return Err(ChainError::TooManyNetworks { network });
        }
        // The signers may have been listed anew since it began: a node that comes late takes the same first version.
        let versions = parent.history().rev();
        let listing: Vec<_> = versions.filter_map(|version| version.lists(&network)).collect();
        let revoked = revoked(above);
        check::first_below(read, (bytes, &listing), &revoked)
    }

    /// Whether a network nearer the root lists this one too: nobody below takes a name from it.
    fn is_nearer(&self, network: &NetworkId, above: &NetworkId) -> bool {
        let depth = self.path(above).len();
        let lists = |line: &&Line| line.newest().lists_child(network);
        self.lines.values().filter(lists).any(|line| self.path(line.network()).len() < depth)
    }

    /// Whether the networks below one child of the root are as many as that may have: no region takes the place of others.
    fn is_full(&self, above: &NetworkId) -> bool {
        let region = |network: &NetworkId| {
            let path = self.path(network);
            path.get(1).map(|line| line.network().clone())
        };
        let Some(of) = region(above) else { return false };
        let same = |line: &&Line| region(line.network()).as_ref() == Some(&of);
        self.lines.values().filter(same).count() >= MAX_BELOW_CHILD
    }

    fn goes_with_parent(&self, parent: Option<&Parent>) -> Result<(), ChainError> {
        let Some(Parent { network, version }) = parent else { return Ok(()) };
        let held = self.lines.get(network).map_or(0, |line| line.tip().version);
        if *version > held {
            let (parent, expected) = (network.clone(), *version);
            return Err(ChainError::ParentBehind { parent, expected, held });
        }
        Ok(())
    }

    /// Takes a checked version, once its bytes are stored: see [`Line::accept`].
    ///
    /// # Errors
    /// `ChainError::Moved` where another version was accepted since the check.
    pub fn accept(&mut self, next: Next, accepted_at: UnixTime) -> Result<(), ChainError> {
        let network = next.layer().network.clone();
        if let Some(line) = self.lines.get_mut(&network) {
            return line.accept(next, accepted_at);
        }
        if next.after().is_some() {
            return Err(ChainError::Moved { version: next.layer().version });
        }
        self.lines.insert(network, Line::of(next.into_version(accepted_at)));
        Ok(())
    }

    /// Reads the versions of a network below, that a node accepted and stored: see [`Line::read`].
    ///
    /// # Errors
    /// `ChainError` of the first version that is not good.
    pub fn read_below<B: AsRef<[u8]>>(
        &mut self,
        stored: Vec<(B, UnixTime)>,
        now: UnixTime,
    ) -> Result<(), ChainError> {
        let first = stored.first().ok_or(ChainError::Empty)?;
        let Read { head, .. } = Read::of(bundle::decode(first.0.as_ref())?)?;
        let network = head.network;
        let parent = head.parent.and_then(|parent| self.lines.get(&parent.network));
        let none = || ChainError::NotAChild { network: network.clone() };
        let line = Line::read_below(stored, parent.ok_or_else(none)?, now)?;
        self.lines.insert(network, line);
        Ok(())
    }

    /// Lets go of the charters that can hold no more from `now` on.
    pub fn forget(&mut self, now: UnixTime) {
        self.lines.values_mut().for_each(|line| line.forget(now));
    }
}
