//! A charter below others: what its network sees of all charters from the root to it, and who speaks in it.
//!
//! A network below another adds people, datasets, indicators and rules; what stands above holds below too. So the charters of
//! a path are read as one, whose rules are those of one of them at a time: each layer is asked by itself, about the same
//! people and data.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::wire::LayerRef;
use crate::{HospitalCode, NetworkId};

use super::head::keys::MIN_FRESHNESS;
use super::head::{Child, Parent};
use super::parts::Parts;
use super::{Charter, Joined, Layer, model};
use crate::dataset::DatasetStatus;

/// A network of the path, with its members.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) layer: Option<LayerRef>,
    pub(crate) network: NetworkId,
    pub(crate) members: Vec<HospitalCode>,
}

impl Charter {
    /// The network above, where it is not the root's charter.
    #[must_use]
    pub fn parent(&self) -> Option<&Parent> {
        self.head.parent.as_ref()
    }

    /// The networks directly below, with the boards that begin them.
    #[must_use]
    pub fn children(&self) -> &[Child] {
        &self.head.children
    }

    /// What it says of a network directly below.
    #[must_use]
    pub fn child(&self, network: &NetworkId) -> Option<&Child> {
        self.head.children.iter().find(|child| child.network == *network)
    }

    /// The members that may take part in a network below.
    pub(super) fn may_join(&self, network: &NetworkId) -> &BTreeSet<HospitalCode> {
        static NONE: BTreeSet<HospitalCode> = BTreeSet::new();
        self.child(network).map_or(&NONE, |child| &child.members)
    }

    /// The members of the network above that take part, in a charter with a parent.
    pub fn joined(&self) -> impl Iterator<Item = &Joined> {
        self.parts.joined.values()
    }

    /// What names each charter of the path, from the root's to this one; of one that is read by itself, only its own.
    #[must_use]
    pub fn path(&self) -> Vec<LayerRef> {
        self.path.iter().filter_map(|place| place.layer.clone()).collect()
    }

    /// Whether it lists fewer hospitals that vouch for it than a charter about people must: one with a parent shows that only
    /// among those above it.
    #[must_use]
    pub fn lacks_freshness(&self) -> bool {
        let of_people = self.datasets().any(|dataset| dataset.status == DatasetStatus::Real);
        self.head.parent.is_some()
            && of_people
            && self.parts.codes().len() >= MIN_FRESHNESS
            && self.head.freshness.len() < MIN_FRESHNESS
    }

    /// The network's name for people: its title, or its id.
    #[must_use]
    pub fn name(&self) -> String {
        let title = self.head.title.get("nl").or_else(|| self.head.title.get("en"));
        title.cloned().unwrap_or_else(|| self.head.network.to_string())
    }

    /// Whether a hospital takes part at this moment, by what this charter says.
    #[must_use]
    pub(crate) fn takes_at(&self, hospital: &HospitalCode, now: crate::UnixTime) -> bool {
        let joined = self.parts.joined.get(hospital).is_some_and(|joined| joined.valid_at(now));
        joined || self.member(hospital).is_some_and(|member| member.valid_at(now))
    }

    /// This charter by itself: the root's.
    #[must_use]
    pub(crate) fn within_nothing(&self) -> Self {
        self.spoken(self)
    }

    /// This charter as it holds below another one.
    #[must_use]
    pub fn within(&self, above: &Self) -> Self {
        let parts = self.parts.below(&above.parts, above.may_join(self.network()));
        let mut path = above.path.clone();
        path.push(place(self, &parts));
        self.read_as(parts, path).under(above)
    }

    /// The same with the layers above it, which have their say in what it decides.
    pub(super) fn under(self, above: &Self) -> Self {
        let voices = above.above.iter().map(|layer| &*layer.charter).chain([above]);
        let layer = |voice| Layer { charter: Arc::new(self.spoken(voice)), besides: Vec::new() };
        let above = voices.map(layer).collect();
        Self { above, ..self }
    }

    /// The layers above it, the root first; none of a charter that is read by itself.
    pub(crate) fn above(&self) -> &[Layer] {
        &self.above
    }

    /// The people and data of this charter, spoken about by the rules of another one of its layers.
    #[must_use]
    pub(crate) fn spoken(&self, voice: &Self) -> Self {
        let head = voice.head.clone();
        let rules = voice.rules.over(self.rules.entities());
        let cases = Arc::clone(&voice.cases);
        Self {
            head,
            rules,
            cases,
            sealed: voice.sealed,
            parts: self.parts.clone(),
            path: self.path.clone(),
            above: Vec::new(),
        }
    }

    /// The same with the networks below it: what `network` may be, and which hospitals are in each.
    #[must_use]
    pub fn with_networks<'b>(&self, below: impl Iterator<Item = &'b Self>) -> Self {
        let below = below.map(|charter| (charter.network(), charter.name(), &charter.parts));
        let parts = self.parts.with_networks(below);
        Self { parts, above: self.above.clone(), ..self.spoken(self) }
    }

    /// This charter with the people and data of other networks of the same root: everything that a hospital in all of them has
    /// to do with. Of two by one name, the first counts.
    #[must_use]
    pub(crate) fn with_all<'o>(&self, others: impl Iterator<Item = &'o Self>) -> Self {
        let (mut parts, mut path) = (self.parts.clone(), self.path.clone());
        for other in others {
            parts = parts.beside(&other.parts);
            let known: Vec<NetworkId> = path.iter().map(|place| place.network.clone()).collect();
            path.extend(other.path.iter().filter(|place| !known.contains(&place.network)).cloned());
        }
        self.read_as(parts, path)
    }

    fn read_as(&self, parts: Parts, path: Vec<Place>) -> Self {
        let entities = model::schema().and_then(|schema| model::entities(&path, &parts, schema));
        let rules = self.rules.over(entities.map(Arc::new).ok());
        Self {
            head: self.head.clone(),
            cases: Arc::clone(&self.cases),
            sealed: self.sealed,
            rules,
            parts,
            path,
            above: Vec::new(),
        }
    }
}

/// The place of a charter in a path, at its end.
pub(super) fn place(charter: &Charter, parts: &Parts) -> Place {
    Place {
        layer: charter.layer(),
        network: charter.head.network.clone(),
        members: parts.members.keys().cloned().collect(),
    }
}
