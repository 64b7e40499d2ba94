//! Revocations, held against the log: what a crash left stored and unlogged is logged at the next start, and what the log
//! names and the folder does not hold is missed: nothing is answered until somebody brings it back.

use std::collections::BTreeSet;

use policies::statement::Revoked;
use policies::{Digest, NetworkId};

use super::{Charters, Held};
use crate::log::Event;

/// What names a revocation in the log, where a key is its fingerprint.
pub(crate) fn id(network: &NetworkId, subject: &str, key: &Digest) -> Digest {
    Digest::of(format!("{network}\n{subject}\n{key}").as_bytes())
}

fn id_of(revoked: &Revoked) -> Digest {
    id(revoked.network(), &revoked.what().to_string(), &revoked.key().fingerprint())
}

/// What is logged of a revocation.
pub(super) fn event(revoked: &Revoked) -> Event {
    Event::Revoked {
        network: revoked.network().clone(),
        subject: revoked.what().to_string(),
        key: revoked.key().fingerprint(),
        reason: revoked.reason().to_owned(),
        by: revoked.by().iter().map(|signer| signer.name.clone()).collect(),
    }
}

impl Charters {
    /// The revocations that are held and that the log did not name when the node started.
    #[must_use]
    pub fn unlogged(&self, held: &Held) -> Vec<Event> {
        let unlogged = held.revocations().filter(|one| !self.logged.contains(&id_of(one)));
        unlogged.map(event).collect()
    }

    /// Whether a revocation is missed that the log named when the node started.
    pub(super) fn misses(&self, held: &Held) -> bool {
        let held: BTreeSet<Digest> = held.revocations().map(id_of).collect();
        let missed = self.logged.difference(&held).count();
        if missed > 0 {
            tracing::error!(
                missed,
                "the log names revocations that are not in the folder of charters: nothing is answered until another node \
                 sends them, or their files are back"
            );
        }
        missed > 0
    }
}
