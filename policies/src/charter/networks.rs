//! Sub-networks: which of them there are, and from when until when a hospital is in which.
//!
//! Both stand in `members.toml`. A hospital may be in several, or in none; one inside another is simply listed too. They
//! give the column `network` its values, and grant nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::problem::Problems;
use crate::reader::Fields;
use crate::{Digest, HospitalCode, NetworkId, UnixTime};

use super::Charter;
use super::people::validity;

/// Most sub-networks of one network: every figure may be asked for each of them.
const MAX_NETWORKS: usize = 64;

/// A hospital's place in a sub-network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// First moment in it, where there is one.
    pub valid_from: Option<UnixTime>,
    /// Last moment in it, where there is one.
    pub valid_until: Option<UnixTime>,
}

impl Membership {
    /// Whether it holds at this moment.
    #[must_use]
    pub fn valid_at(&self, now: UnixTime) -> bool {
        validity(self.valid_from, self.valid_until, now)
    }
}

impl Charter {
    /// Every sub-network with the name that people know, by id.
    pub fn networks(&self) -> impl Iterator<Item = (&NetworkId, &str)> {
        self.parts.networks.iter().map(|(id, name)| (id, name.as_str()))
    }

    /// Every sub-network with the hospitals that are in it at this moment; some may be empty.
    #[must_use]
    pub fn networks_at(&self, now: UnixTime) -> BTreeMap<NetworkId, BTreeSet<HospitalCode>> {
        let mut networks: BTreeMap<NetworkId, BTreeSet<HospitalCode>> =
            self.parts.networks.keys().map(|id| (id.clone(), BTreeSet::new())).collect();
        for member in self.parts.members.values().filter(|member| member.valid_at(now)) {
            let own = member.networks.iter().filter(|(_, membership)| membership.valid_at(now));
            for (id, _) in own {
                networks.entry(id.clone()).or_default().insert(member.code.clone());
            }
        }
        networks
    }

    /// What names these memberships: nodes with the same digest count every hospital in the same networks. None where there is
    /// no sub-network.
    #[must_use]
    pub fn networks_digest(&self, now: UnixTime) -> Option<Digest> {
        let networks = self.networks_at(now);
        if networks.is_empty() {
            return None;
        }
        let named = ("kring networks v1", networks);
        Some(Digest::of(&serde_json::to_vec(&named).unwrap_or_default()))
    }
}

/// Reads `[[networks]]`; `own` is the charter's network, where charter.toml says it.
pub(super) fn declared(
    fields: &mut Fields<'_>,
    own: Option<&NetworkId>,
    problems: &mut Problems<'_>,
) -> BTreeMap<NetworkId, String> {
    let found = fields.tables("networks", problems);
    if found.len() > MAX_NETWORKS {
        problems.add(format!("there are {} sub-networks, at most {MAX_NETWORKS}", found.len()));
        return BTreeMap::new();
    }
    let mut networks = BTreeMap::new();
    for mut fields in found {
        let id = fields.name::<NetworkId>("id", problems);
        let name = fields.label("name", problems);
        fields.finish(problems);
        let Some(id) = id else { continue };
        if own == Some(&id.value) {
            let message = format!(
                "`{}` is the network of this charter, every member is in it: list those below it",
                id.value
            );
            problems.at(id.offset, message);
        } else if networks.insert(id.value.clone(), name.unwrap_or_default()).is_some() {
            problems.at(id.offset, format!("sub-network `{}` is declared twice", id.value));
        }
    }
    networks
}

/// Reads a member's `networks`.
pub(super) fn memberships(
    fields: &mut Fields<'_>,
    declared: &BTreeMap<NetworkId, String>,
    problems: &mut Problems<'_>,
) -> BTreeMap<NetworkId, Membership> {
    let mut memberships = BTreeMap::new();
    for mut fields in fields.tables("networks", problems) {
        let id = fields.name::<NetworkId>("id", problems);
        let (valid_from, valid_until) = fields.validity(problems);
        fields.finish(problems);
        let Some(id) = id else { continue };
        if !declared.contains_key(&id.value) {
            let known: Vec<&str> = declared.keys().map(NetworkId::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            let message = format!(
                "there is no sub-network `{}`: write [[networks]] with this id; there are {known}",
                id.value
            );
            problems.at(id.offset, message);
        }
        let membership = Membership { valid_from, valid_until };
        if memberships.insert(id.value.clone(), membership).is_some() {
            problems.at(id.offset, format!("`{}` is in `networks` twice", id.value));
        }
    }
    memberships
}
