//! `members.toml` of a charter with a parent: which of the parent's members take part, by their codes.
//!
//! Who a hospital is, its keys and where its node listens, the root's charter says once for all networks below it: a key is
//! renewed in one place.

use std::collections::BTreeMap;

use crate::dataset::Dataset;
use crate::problem::Problems;
use crate::reader::Fields;
use crate::{DatasetId, HospitalCode, NetworkId, UnixTime};

use super::members::MAX_MEMBERS;
use super::networks::{self, Membership};
use super::not_given::{self, NotGiven};
use super::people::validity;

/// A member of the network above that takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// Its code.
    pub code: HospitalCode,
    /// The sub-networks of this charter's own that it is in.
    pub networks: BTreeMap<NetworkId, Membership>,
    /// Care that it does not give, in datasets of this charter.
    pub not_given: Vec<NotGiven>,
    /// From when it takes part, where that is said.
    pub valid_from: Option<UnixTime>,
    /// Until when, inclusive, where that is said.
    pub valid_until: Option<UnixTime>,
}

impl Joined {
    /// Whether it takes part at this moment.
    #[must_use]
    pub fn valid_at(&self, now: UnixTime) -> bool {
        validity(self.valid_from, self.valid_until, now)
    }
}

/// Reads `[[members]]`.
pub(super) fn read(
    mut fields: Fields<'_>,
    (networks, datasets): (&BTreeMap<NetworkId, String>, Option<&BTreeMap<DatasetId, Dataset>>),
    problems: &mut Problems<'_>,
) -> BTreeMap<HospitalCode, Joined> {
    let found = fields.tables("members", problems);
    fields.finish(problems);
    if found.is_empty() {
        problems.add("the network has no member: write [[members]] with the code of each");
    }
    if found.len() > MAX_MEMBERS {
        problems.add(format!("the network has {} members, at most {MAX_MEMBERS}", found.len()));
        return BTreeMap::new();
    }
    let mut members = BTreeMap::new();
    for mut fields in found {
        let offset = fields.offset();
        let code = fields.name::<HospitalCode>("code", problems);
        let networks = networks::memberships(&mut fields, networks, problems);
        let not_given = not_given::read(&mut fields, datasets, problems);
        let (valid_from, valid_until) = fields.validity(problems);
        fields.finish(problems);
        let Some(code) = code else { continue };
        let code = code.value;
        let joined = Joined { code: code.clone(), networks, not_given, valid_from, valid_until };
        if members.insert(code.clone(), joined).is_some() {
            problems.at(offset, format!("member `{code}` is declared twice"));
        }
    }
    members
}
