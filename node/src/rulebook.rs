//! What the node decides by at a moment: the charter that has begun, older versions that hold beside it, the hospital's own
//! rules, read against it, and what was revoked.
//!
//! It never changes; a node that follows another version has another one. A question keeps the one that it began with, from
//! its verification to its signature.

use std::collections::BTreeMap;
use std::sync::Arc;

use policies::charter::{Charter, Layer, Member, RoleKeys};
use policies::dataset::Dataset;
use policies::dsse::PublicKey;
use policies::statement::Revocations;
use policies::wire::LayerRef;
use policies::{
    Beside, Books, DatasetId, Digest, HospitalCode, NetworkId, OwnRules, PersonId, UnixTime,
};
use query::pipe::NotGiven;

use crate::charters::Held;
use crate::charters::turns::Turn;
use crate::net::{Peer, PeerKey};
use crate::proof::checkpoint::witness_key;
use crate::refused::Refused;
use crate::witness::{DeskError, Logs, own};

/// What a node decides by.
#[derive(Clone, Debug)]
pub struct Rulebook {
    /// The newest version that has begun.
    pub(crate) charter: Arc<Charter>,
    /// What names its charter.
    pub(crate) layer: LayerRef,
    /// Older versions that still hold, the newest first.
    pub(crate) besides: Vec<Beside>,
    /// The layers above the network, the root first.
    pub(crate) above: Vec<Layer>,
    /// The layers below it that bind this hospital.
    pub(crate) below: Vec<Layer>,
    /// The hospital's own rules, where it has any.
    pub(crate) own: Option<Arc<OwnRules>>,
    /// Why nothing is answered, whatever the rules say.
    pub(crate) fault: Option<Fault>,
    /// What is revoked in the network, by its board and those above it.
    pub(crate) revoked: Arc<Revocations>,
    /// All that was accepted.
    pub(crate) held: Arc<Held>,
    /// In the root's: the same for every network below it that holds.
    pub(crate) scopes: BTreeMap<NetworkId, Arc<Self>>,
    /// In the root's: what decides, by names, to see that it moved.
    pub(crate) state: Vec<(NetworkId, Vec<LayerRef>, bool)>,
    /// The keys that this node works with.
    pub(crate) turn: Turn,
    /// When it was made: which keys of members count.
    pub(crate) at: UnixTime,
}

/// Why a node answers nothing under a charter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Its time is over.
    Expired,
    /// Nobody has vouched for it lately.
    Stale,
    /// The person's key, or the asking node's, was revoked while the question ran.
    Asker,
    /// No version holds: the newest is over, or the clock went back behind what is still known.
    NoVersion,
    /// It lists none of a key that this node works with.
    OtherKeys,
    /// A revocation that the log names is not kept here.
    RevocationMissing,
    /// The hospital is not in it.
    NotAMember,
    /// A key of its node is revoked.
    Revoked,
    /// A network below it that the hospital is in does not hold.
    Below,
    /// Its own rules do not go with it.
    OwnRules,
}

impl Rulebook {
    /// What the node decides by in a network, from the root's.
    pub(crate) fn scope(self: &Arc<Self>, network: &NetworkId) -> Option<Arc<Self>> {
        if self.charter.network() == network {
            return Some(Arc::clone(self));
        }
        self.scopes.get(network).map(Arc::clone)
    }

    /// The root's where no version of its charter holds any more: no network goes on by what held before, and what is revoked
    /// is, whatever holds.
    pub(crate) fn ended(&self, held: Arc<Held>) -> Self {
        let revoked = Arc::new(held.revoked_in(self.charter.network()));
        let (fault, scopes) = (Some(Fault::NoVersion), BTreeMap::new());
        Self { held, fault, revoked, scopes, ..self.clone() }
    }

    /// The root's and those of every network below it that holds.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.scopes.values().map(|book| &**book))
    }

    /// The datasets of every network, in order of their ids.
    pub(crate) fn datasets(&self) -> Vec<&Dataset> {
        let all = self.all().flat_map(|book| book.charter.datasets());
        let known: BTreeMap<&DatasetId, &Dataset> = all.map(|one| (&one.id, one)).collect();
        known.into_values().collect()
    }

    /// What is revoked in a network, from the root's.
    pub(crate) fn revoked_in(&self, network: &NetworkId) -> &Revocations {
        self.scopes.get(network).map_or(&self.revoked, |book| &book.revoked)
    }

    /// What a responder decides by.
    pub(crate) fn books(&self) -> Books<'_> {
        Books { own: self.own.as_deref(), below: &self.below, ..self.of_network() }
    }

    /// The same without the hospital's own rules and those of networks below that it is in: what an asking node knows of others.
    pub(crate) fn of_network(&self) -> Books<'_> {
        Books { besides: &self.besides, above: &self.above, ..Books::from(&*self.charter) }
    }

    /// The charters of every layer that has a say, with older versions of each.
    pub(crate) fn speaking(&self) -> impl Iterator<Item = &Arc<Charter>> {
        fn with<'b>(
            newest: &'b Arc<Charter>,
            older: &'b [Beside],
        ) -> impl Iterator<Item = &'b Arc<Charter>> {
            std::iter::once(newest).chain(older.iter().map(|beside| &beside.charter))
        }
        let others = self.above.iter().chain(&self.below);
        let others = others.flat_map(|layer| with(&layer.charter, &layer.besides));
        with(&self.charter, &self.besides).chain(others)
    }

    /// Whether anything may be answered at all: in force, fresh, and this hospital's to follow.
    pub(crate) fn holds(&self, now: UnixTime) -> Result<(), Refused> {
        let others = self.above.iter().chain(&self.below).map(|layer| &layer.charter);
        let expired = |charter: &Charter| now < charter.valid_from() || charter.valid_until() < now;
        if others.chain([&self.charter]).any(|charter| expired(charter)) {
            return Err(Refused::Charter(Fault::Expired));
        }
        if let Some(fault) = self.fault {
            return Err(Refused::Charter(fault));
        }
        // A version that asks for no word any more waits for its notice like everything that is looser.
        let asked = self.speaking().filter(|charter| !charter.freshness().is_empty());
        let vouched = |network: &NetworkId| self.held.fresh(network, now).is_some();
        if self.speaking().any(|charter| charter.lacks_freshness()) {
            return Err(Refused::Charter(Fault::Stale));
        }
        if asked.into_iter().all(|charter| vouched(charter.network())) {
            return Ok(());
        }
        Err(Refused::Charter(Fault::Stale))
    }

    /// Whether the key that the person has here is among these, or the asking node's: where its job has no other, or it was
    /// revoked since. By which of two keys the node asked does not matter then.
    pub(crate) fn is_revoked(
        &self,
        revoked: &Revocations,
        (person, node): (&PersonId, &HospitalCode),
    ) -> bool {
        let of_person = self.charter.person(person);
        let of_node = self.charter.member(node);
        of_person.is_some_and(|found| revoked.person(person, &found.key))
            || of_node.is_some_and(|found| {
                let before = &*self.revoked;
                revoked.member(node, &found.keys, self.at)
                    || revoked.node_key_since(node, &found.keys, before)
            })
    }

    /// Every version that has a say: the network's, newest first, then those of the layers above and below.
    pub(crate) fn layers(&self) -> Vec<LayerRef> {
        self.books().layers()
    }

    /// The other members whose nodes are not revoked.
    pub(crate) fn others(&self, hospital: &HospitalCode) -> impl Iterator<Item = &Member> {
        let revoked = &self.revoked;
        let others = self.charter.members().filter(move |member| member.code != *hospital);
        others.filter(|member| !revoked.member(&member.code, &member.keys, self.at))
    }

    /// The dataset and its exact text.
    pub(crate) fn dataset(&self, id: &DatasetId) -> Result<(&Dataset, &str), Refused> {
        let unknown = || Refused::UnknownDataset(id.clone());
        let dataset = self.charter.dataset(id).ok_or_else(unknown)?;
        let text = self.charter.dataset_text(id).ok_or_else(unknown)?;
        Ok((dataset, text))
    }

    /// What this hospital has no rows of.
    pub(crate) fn not_given(&self, hospital: &HospitalCode, id: &DatasetId) -> Vec<NotGiven> {
        self.charter.not_given(hospital, id).map(NotGiven::from).collect()
    }

    /// Digest of the hospital's own rules, where it has any.
    pub(crate) fn own_digest(&self) -> Option<Digest> {
        self.own.as_ref().map(|own| own.digest())
    }
}

impl Rulebook {
    /// The other members, as the network sees them; none whose node is revoked.
    pub(crate) fn peers(&self, hospital: &HospitalCode) -> Vec<Peer> {
        let others = self.others(hospital).map(|member| Peer {
            keys: self.transports(member),
            addresses: member.addresses.clone(),
        });
        others.collect()
    }

    /// The keys by which a member may be connected.
    pub(crate) fn transports(&self, member: &Member) -> Vec<PeerKey> {
        let keys = self.counting(member, &member.keys.transport);
        keys.map(|key| PeerKey(*key.as_bytes())).collect()
    }

    /// A member as a witness of this node's log.
    ///
    /// # Errors
    /// A key that is none.
    pub(crate) fn witness(&self, member: &Member) -> Result<own::Peer, DeskError> {
        let keys = self.counting(member, &member.keys.witness);
        let witness = keys.map(|key| witness_key(&member.code, key).map_err(DeskError::Key));
        Ok(own::Peer {
            hospital: member.code.clone(),
            transports: self.transports(member),
            witness: witness.collect::<Result<_, _>>()?,
        })
    }

    /// Those of a member's keys that count and are not revoked.
    fn counting<'k>(
        &'k self,
        member: &'k Member,
        keys: &'k RoleKeys,
    ) -> impl Iterator<Item = &'k PublicKey> {
        let revoked = &self.revoked;
        keys.accepted_at(self.at).filter(|key| !revoked.node_key(&member.code, key))
    }

    /// Whether other keys of members count at this moment than when it was made.
    pub(crate) fn keys_turn(&self, now: UnixTime) -> bool {
        self.charter.members().any(|member| member.keys.turn_between(self.at, now))
    }

    /// The other members' logs, and the members as witnesses of this node's.
    ///
    /// # Errors
    /// A key that is none.
    pub(crate) fn witnesses(
        &self,
        hospital: &HospitalCode,
    ) -> Result<(Logs, Vec<own::Peer>), DeskError> {
        let logs = self.others(hospital).map(|member| (member.code.clone(), member.keys.log));
        let peers = self.others(hospital).map(|member| self.witness(member));
        Ok((logs.collect(), peers.collect::<Result<_, DeskError>>()?))
    }
}
