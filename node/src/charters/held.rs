//! What a node has accepted of charters, and what of it holds.

use std::collections::BTreeMap;

use policies::chain::{Line, Tree};
use policies::statement::{Fresh, Revocations, Revoked};
use policies::{NetworkId, UnixTime};

use super::folder::Said;

/// The charters, revocations and the last word on freshness that a node has accepted.
#[derive(Clone, Debug)]
pub struct Held {
    /// The versions of every network under the root.
    pub tree: Tree,
    /// What was said of each between two versions.
    pub said: BTreeMap<NetworkId, Said>,
}

impl Held {
    /// What was said of a network.
    #[must_use]
    pub fn said(&self, network: &NetworkId) -> Option<&Said> {
        self.said.get(network)
    }

    /// Every revocation, of every network.
    pub fn revocations(&self) -> impl Iterator<Item = &Revoked> {
        self.said.values().flat_map(|said| said.revoked.iter())
    }

    /// The last word on a network's freshness, where it holds.
    #[must_use]
    pub fn fresh(&self, network: &NetworkId, now: UnixTime) -> Option<&Fresh> {
        self.said(network)?.fresh.as_ref().filter(|fresh| self.counts(fresh, now))
    }

    /// Whether a word on freshness holds: neither its key is revoked, by the board of its network or one above it, nor the node
    /// of the hospital that said it. What a node's keys are stands in the root's charter.
    #[must_use]
    pub fn counts(&self, fresh: &Fresh, now: UnixTime) -> bool {
        let root = self.tree.root().and_then(Line::newest_charter);
        let Some(member) = root.and_then(|charter| charter.member(fresh.by())) else {
            return false;
        };
        let path = self.tree.path(&fresh.layer().network).into_iter();
        let said = path.filter_map(|line| self.said(line.network()));
        let mut boards = said.map(|said| &said.revoked).chain([Revocations::none()]);
        boards.all(|revoked| {
            fresh.holds(revoked, now) && !revoked.member(&member.code, &member.keys, now)
        })
    }

    /// What is revoked in a network: by its own board, and by those above it.
    #[must_use]
    pub fn revoked_in(&self, network: &NetworkId) -> Revocations {
        revoked_in(&self.tree, &self.said, network)
    }
}

/// What is revoked in a network: by its own board, and by those above it.
pub(crate) fn revoked_in(
    tree: &Tree,
    said: &BTreeMap<NetworkId, Said>,
    network: &NetworkId,
) -> Revocations {
    let mut all = Revocations::default();
    for line in tree.path(network) {
        if let Some(said) = said.get(line.network()) {
            all.union(&said.revoked);
        }
    }
    all
}
