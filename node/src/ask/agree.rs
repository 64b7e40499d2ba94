//! A hospital that follows another version of a charter: both get what they lack, and the question is checked anew.

use std::time::Duration;

use policies::charter::Charter;
use policies::wire::LayerRef;
use policies::{Digest, HospitalCode, SignedDelegation};

use super::Accepted;
use crate::node::Node;

/// How long a hospital that follows another version of the charter is waited for.
const AGREE_WITHIN: Duration = Duration::from_secs(5);

impl Accepted {
    /// What its requests name of charters: the layers, and who is in the networks below.
    fn named(&self) -> (Vec<LayerRef>, Option<Digest>) {
        (self.book.charter.path(), self.networks)
    }

    /// What they would name by this charter.
    fn named_by(&self, charter: &Charter) -> (Vec<LayerRef>, Option<Digest>) {
        (charter.path(), charter.networks_digest(self.question.issued_at))
    }
}

impl Node {
    /// Compares charters with a hospital, and checks the question anew where this node follows another version then. One that
    /// is about other data then, or counts hospitals in other networks, would not merge with the answers of the others.
    pub(super) async fn agree(
        &self,
        accepted: &Accepted,
        hospital: &HospitalCode,
        deadline: Duration,
    ) -> Option<Accepted> {
        let member = accepted.book.charter.member(hospital)?;
        // In the background: a hospital that answers slowly must not hold the question up.
        // Where there is no room, the minute's round compares them.
        if let Some(key) = self.net.reach(&accepted.book.transports(member), deadline).await {
            let _ = self.nudges.try_send(key);
        }
        let mut rules = self.rules.subscribe();
        let (network, named) = (accepted.book.charter.network(), accepted.named());
        let moved = rules.wait_for(|book| {
            let book = book.scope(network);
            book.is_some_and(|book| named != accepted.named_by(&book.charter))
        });
        drop(tokio::time::timeout(AGREE_WITHIN.min(deadline), moved).await.ok()?.ok()?);
        let (mut newer, verified) = {
            let delegation = accepted.delegation.as_ref().map(SignedDelegation::text);
            self.rehearse((&accepted.envelope.encode(), delegation.as_deref())).ok()?
        };
        self.prepare(&mut newer, verified).await.ok()?;
        let same = newer.dataset_text == accepted.dataset_text
            && newer.sql == accepted.sql
            && newer.networks == accepted.networks;
        same.then_some(newer)
    }
}
