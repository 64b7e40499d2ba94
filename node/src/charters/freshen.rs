//! This hospital's word that the newest charter is the newest, where the charter lists it for that: every node needs one that
//! holds, or answers nothing.
//!
//! It is signed anew long before it ends, and at once when there is a newer version, so that nodes which that is kept from
//! learn that they are behind.

use std::sync::Arc;
use std::time::Duration;

use policies::chain::Line;
use policies::charter::FreshnessKey;
use policies::dsse::PublicKey;
use policies::statement::{Fresh, Freshness};
use policies::{HospitalCode, UnixTime};

use crate::charters::Held;
use crate::keys::Key;
use crate::node::Node;

/// How often it is looked whether a new word is needed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A word is signed anew where the last one, whoever signed it, is older than this, in seconds.
const RENEW_AFTER_S: i64 = 12 * 60 * 60;

/// After a new version, the hospitals that are listed get their turns this many seconds apart: one word is enough. Who knows of
/// no word that holds does not wait.
const TURN_S: i64 = 2;

/// Signs a new word whenever one is needed.
pub(crate) async fn freshen(node: Arc<Node>) {
    let stopping = node.tasks().shutdown();
    loop {
        node.vouch().await;
        tokio::select! {
            () = stopping.wait() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

impl Held {
    /// Whether a hospital's word by this key would be worth nothing: the key, or the hospital's node, is revoked.
    pub(super) fn is_silent(
        &self,
        hospital: &HospitalCode,
        (line, key): (&Line, &PublicKey),
        now: UnixTime,
    ) -> bool {
        let revoked = self.revoked_in(line.network());
        let root = self.tree.root().and_then(Line::newest_charter);
        let member = root.and_then(|charter| charter.member(hospital));
        revoked.freshness(key)
            || member.is_none_or(|member| revoked.member(hospital, &member.keys, now))
    }
}

impl Node {
    /// Signs of each network that its newest charter is the newest, where this hospital may and nobody has lately.
    async fn vouch(&self) {
        let Some(key) = &self.charters.freshness else { return };
        let held = self.held();
        for line in held.tree.lines() {
            self.vouch_for(&held, line, key).await;
        }
    }

    /// The same of one network.
    async fn vouch_for(&self, held: &Held, line: &Line, key: &Key) {
        let (now, tip) = (self.clock.now(), line.tip());
        let vouched = held.fresh(line.network(), now);
        let lately = |fresh: &Fresh| now.since(fresh.issued_at()) < RENEW_AFTER_S;
        if vouched.is_some_and(|fresh| fresh.layer() == tip && lately(fresh)) {
            return;
        }
        let Some(newest) = line.version(tip.version) else { return };
        let own = |of: &FreshnessKey| of.hospital == self.hospital && of.key == key.public;
        let Some(place) = line.vouchers(now).position(own) else { return };
        let turn = i64::try_from(place).unwrap_or(i64::MAX).saturating_mul(TURN_S);
        let early = now.since(newest.accepted_at()) < turn;
        if (early && vouched.is_some()) || held.is_silent(&self.hospital, (line, &key.public), now)
        {
            return;
        }
        let word = Freshness::new(tip, self.hospital.clone(), now).sign(key.secret());
        if let Err(error) = self.take_statement(&word.encode(), None).await {
            tracing::error!(%error, "this hospital's word on the newest charter is not taken");
        }
    }
}
