//! What a node decides by at a moment, made of everything that it holds: a rulebook for each network under the root.

use std::collections::BTreeMap;
use std::sync::Arc;

use policies::chain::{NotInScope, Scope};
use policies::wire::LayerRef;
use policies::{Digest, UnixTime};

use super::own::Own;
use super::turns::Turn;
use super::{Charters, Held};
use crate::rulebook::{Fault, Rulebook};

impl Charters {
    /// What the node decides by at a moment, in every network that holds, if it started with the keys `running`.
    ///
    /// # Errors
    /// `NotInScope` where the root's charter does not hold.
    pub fn rulebook(
        &self,
        held: Arc<Held>,
        now: UnixTime,
        running: Option<&Turn>,
    ) -> Result<Rulebook, NotInScope> {
        let tree = &held.tree;
        let whole = tree.whole(&self.hospital, now)?;
        let root = tree.scope(tree.network(), &self.hospital, now)?;
        let turn = self.turn(&held, running, now);
        let mut own = self.own_rules((tree, &whole), now);
        own.other_keys = turn.is_none();
        let turn = turn.unwrap_or_else(|| self.turn_without_charter(running));
        let moment = Moment { held: &held, own: &own, turn: &turn, now };
        let mut scopes = BTreeMap::new();
        for line in tree.below(tree.network()) {
            let network = line.network();
            match tree.scope(network, &self.hospital, now) {
                Ok(scope) => {
                    let book = self.book(scope, moment);
                    scopes.insert(network.clone(), Arc::new(book));
                }
                Err(error) => {
                    tracing::warn!(%network, %error, "nothing is answered in this network");
                }
            }
        }
        let state = tree.state(&self.hospital, now);
        Ok(Rulebook { scopes, state, ..self.book(root, moment) })
    }

    /// What the node decides by in one network.
    fn book(&self, scope: Scope, Moment { held, own, turn, now }: Moment<'_>) -> Rulebook {
        let Scope { charter, besides, above, below, silenced } = scope;
        let revoked = held.revoked_in(charter.network());
        let fault = match charter.member(&self.hospital) {
            None => Some(Fault::NotAMember),
            Some(member) if revoked.member(&member.code, &member.keys, now) => Some(Fault::Revoked),
            Some(_) if silenced.is_some() => {
                tracing::error!(network = %charter.network(), why = ?silenced, "a network below does not hold: nothing is answered in this one");
                Some(Fault::Below)
            }
            Some(_) if own.other_keys => Some(Fault::OtherKeys),
            Some(_) if self.misses(held) => Some(Fault::RevocationMissing),
            Some(_) if own.stops(&held.tree, charter.network()) => Some(Fault::OwnRules),
            Some(_) => None,
        };
        let layer = charter.layer().unwrap_or_else(|| LayerRef {
            network: charter.network().clone(),
            version: charter.version(),
            digest: Digest::of(b""),
        });
        Rulebook {
            charter,
            layer,
            besides,
            above,
            below,
            own: own.rules.clone(),
            fault,
            revoked: Arc::new(revoked),
            held: Arc::clone(held),
            turn: turn.clone(),
            at: now,
            scopes: BTreeMap::new(),
            state: Vec::new(),
        }
    }
}

/// What a rulebook is made of besides a network's charters.
#[derive(Clone, Copy)]
struct Moment<'m> {
    held: &'m Arc<Held>,
    own: &'m Own,
    turn: &'m Turn,
    now: UnixTime,
}
