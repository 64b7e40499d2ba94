//! What the node follows, for people: every version, who signed it, and what is revoked.

use policies::chain::{Line, SignedBy, Version};
use policies::statement::Revoked;

use super::Held;
use crate::api::{History, HistoryRevoked, HistorySigner, HistoryVersion};
use crate::node::Node;
use crate::rulebook::Rulebook;

impl Node {
    /// What this node follows, for people.
    #[must_use]
    pub fn history(&self) -> History {
        let book = self.rulebook();
        let Held { tree, said } = &*book.held;
        let signer = |by: &SignedBy| HistorySigner {
            version: by.version,
            name: by.signer.name.clone(),
            key: by.signer.key.fingerprint(),
        };
        let version = |version: &Version| HistoryVersion {
            layer: version.layer().clone(),
            valid_from: version.valid_from(),
            valid_until: version.valid_until(),
            accepted_at: version.accepted_at(),
            holds_until: version.holds_until(),
            signed_by: version.signed_by().iter().map(signer).collect(),
        };
        let revocation = |revoked: &Revoked| HistoryRevoked {
            subject: revoked.what().to_string(),
            key: revoked.key().fingerprint(),
            issued_at: revoked.issued_at(),
            reason: revoked.reason().to_owned(),
            by: revoked.by().iter().map(|signer| signer.name.clone()).collect(),
        };
        let now = self.clock.now();
        let fresh = said.keys().filter_map(|network| {
            let fresh = book.held.fresh(network, now)?;
            Some((network.clone(), fresh.valid_until()))
        });
        let mut in_force = Vec::new();
        for layer in book.all().flat_map(Rulebook::layers) {
            if !in_force.contains(&layer) {
                in_force.push(layer);
            }
        }
        History {
            versions: tree.lines().into_iter().flat_map(Line::history).map(version).collect(),
            in_force,
            fresh_until: fresh.collect(),
            revoked: said.values().flat_map(|said| said.revoked.iter()).map(revocation).collect(),
        }
    }
}
