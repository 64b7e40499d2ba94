//! Which of its own keys a node works with, as the charters say.
//!
//! The envelope key changes while the node runs: it signs what it says itself. Transport and witness keys are those that it
//! started with: other nodes know its connections and cosignatures by them, and another one takes a restart.

use policies::UnixTime;
use policies::chain::{InForce, Line, NotInForce};
use policies::charter::{MemberKeys, RoleKeys};
use policies::dsse::PublicKey;

use super::{Charters, Held};
use crate::keys::ring::{Listed, Pair, turn};
use crate::log::Event;
use crate::log::event::KeyPrints;
use crate::node::Node;

/// For so long all versions that hold have listed a key before a node signs with it: until other nodes have them too.
const SETTLED_S: i64 = 60 * 60;

/// The public halves of the keys that a node has.
#[derive(Clone, Debug)]
pub struct NodeKeys {
    /// Authenticate connections.
    pub transport: Pair,
    /// Sign requests, answers and refusals.
    pub envelope: Pair,
    /// Signs the log's checkpoints.
    pub log: PublicKey,
    /// Cosign other logs' checkpoints.
    pub witness: Pair,
}

/// The keys that a node works with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Authenticates connections.
    pub transport: PublicKey,
    /// Signs requests, answers and refusals.
    pub envelope: PublicKey,
    /// Cosigns other logs' checkpoints.
    pub witness: PublicKey,
    /// The jobs whose next key is due and takes a restart.
    pub restart: Vec<&'static str>,
}

impl Turn {
    /// The fingerprints of the keys, as the log has them.
    #[must_use]
    pub(crate) fn prints(&self, log: &PublicKey) -> KeyPrints {
        KeyPrints {
            transport: self.transport.fingerprint(),
            envelope: self.envelope.fingerprint(),
            log: log.fingerprint(),
            witness: self.witness.fingerprint(),
        }
    }
}

impl NodeKeys {
    /// The present keys.
    fn present(&self) -> Turn {
        Turn {
            transport: self.transport.present,
            envelope: self.envelope.present,
            witness: self.witness.present,
            restart: Vec::new(),
        }
    }
}

/// The keys of one job.
type Job = fn(&MemberKeys) -> &RoleKeys;

impl Charters {
    /// What this node works with, if it started with the keys `running`; none where the charter does not list them.
    pub(crate) fn turn(&self, held: &Held, running: Option<&Turn>, now: UnixTime) -> Option<Turn> {
        // Who a node is, the root's charter says.
        let root = held.tree.root()?;
        let in_force = &root.in_force(now).ok()?;
        let due = self.due((held, root), in_force, now)?;
        let Some(running) = running else { return Some(due) };
        let listed =
            |job: Job, key| self.listed((held, root, in_force), (job, key), now) > Listed::No;
        let stays = listed(|keys| &keys.transport, &running.transport)
            && listed(|keys| &keys.witness, &running.witness);
        let moves = [
            ("transport", due.transport != running.transport),
            ("witness", due.witness != running.witness),
        ];
        let restart = moves.into_iter().filter(|(_, moves)| *moves).map(|(job, _)| job).collect();
        stays.then(|| Turn { envelope: due.envelope, restart, ..running.clone() })
    }

    /// What refusals are signed with where the charter lists no keys of this node.
    pub(crate) fn turn_without_charter(&self, running: Option<&Turn>) -> Turn {
        tracing::error!(
            "the charter does not list the keys that this node works with: nothing is answered until it does; where the next \
             key is there, start the node again"
        );
        running.cloned().unwrap_or_else(|| self.keys.present())
    }

    /// What a node would work with that starts now.
    fn due(&self, (held, root): (&Held, &Line), in_force: &InForce, now: UnixTime) -> Option<Turn> {
        let NodeKeys { transport, envelope, log, witness } = &self.keys;
        let due = |pair: &Pair, job: Job| {
            turn(pair, |key| self.listed((held, root, in_force), (job, key), now))
        };
        let member = in_force.newest.member(&self.hospital)?;
        if member.keys.log != *log {
            return None;
        }
        Some(Turn {
            transport: due(transport, |keys| &keys.transport)?,
            envelope: due(envelope, |keys| &keys.envelope)?,
            witness: due(witness, |keys| &keys.witness)?,
            restart: Vec::new(),
        })
    }

    fn listed(
        &self,
        (held, root, in_force): (&Held, &Line, &InForce),
        (job, key): (Job, &PublicKey),
        now: UnixTime,
    ) -> Listed {
        let lists = |in_force: &InForce| {
            let mut charters = in_force.all().map(|charter| {
                let member = charter.member(&self.hospital);
                member.is_some_and(|member| job(&member.keys).holds(key, now))
            });
            (charters.next() == Some(true), charters.all(|lists| lists))
        };
        if held.revoked_in(root.network()).node_key(&self.hospital, key) {
            return Listed::No;
        }
        match lists(in_force) {
            (false, _) => Listed::No,
            (true, false) => Listed::Newest,
            (true, true) => match root.in_force(now.plus(-SETTLED_S)) {
                Ok(earlier) if lists(&earlier) == (true, true) => Listed::Settled,
                Err(NotInForce::NotYet { .. }) => Listed::Settled,
                Ok(_) | Err(NotInForce::Expired { .. } | NotInForce::NotLoaded { .. }) => {
                    Listed::All
                }
            },
        }
    }
}

impl Node {
    /// Says in the log and to the operator that another key is at work, or due.
    pub(super) async fn say_turn(&self, before: &Turn, next: &Turn) {
        for job in next.restart.iter().filter(|job| !before.restart.contains(job)) {
            tracing::warn!(
                job,
                "the next key of this node is due: start the node again to work with it"
            );
        }
        let log = &self.charters.keys.log;
        let (keys, before) = (next.prints(log), before.prints(log));
        if keys == before {
            return;
        }
        tracing::info!(envelope = %keys.envelope.short(), "this node signs with its next key");
        if let Err(error) = self.log.append(Event::KeysChanged { keys, before: Some(before) }).await
        {
            tracing::error!(%error, "the change of keys is not logged");
        }
    }
}
