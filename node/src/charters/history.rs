//! What the node follows, for people: every version, who signed it, and what is revoked.

use policies::chain::{SignedBy, Version};
use policies::statement::{Fresh, Revoked};

use super::Held;
use crate::api::{History, HistoryRevoked, HistorySigner, HistoryVersion};
use crate::node::Node;

impl Node {
    /// What this node follows, for people.
    #[must_use]
    pub fn history(&self) -> History {
        let book = self.rulebook();
        let Held { line, revoked, fresh } = &*book.held;
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
        let fresh = fresh.as_ref().filter(|fresh| fresh.holds(revoked, now));
        History {
            versions: line.history().map(version).collect(),
            in_force: book.layers(),
            fresh_until: fresh.map(Fresh::valid_until),
            revoked: revoked.iter().map(revocation).collect(),
        }
    }
}
