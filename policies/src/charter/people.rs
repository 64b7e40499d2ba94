//! `people.toml`: who may be permitted anything at all.

use std::collections::{BTreeMap, BTreeSet};

use crate::dsse::PublicKey;
use crate::problem::Problems;
use crate::reader::{Fields, document};
use crate::{GroupId, HospitalCode, PersonId, Role, UnixTime};

use super::members::Member;

/// Most people of one network.
const MAX_PEOPLE: usize = 10_000;

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The id in questions and logs.
    pub id: PersonId,
    /// The name that people know.
    pub name: String,
    /// The hospital that the person asks from.
    pub hospital: HospitalCode,
    /// The key that signs the person's questions.
    pub key: PublicKey,
    /// Tumour groups that the person belongs to.
    pub groups: BTreeSet<GroupId>,
    /// Roles that rules may speak about.
    pub roles: BTreeSet<Role>,
    /// First moment, where there is one.
    pub valid_from: Option<UnixTime>,
    /// Last moment, where there is one.
    pub valid_until: Option<UnixTime>,
}

impl Person {
    /// Whether the person may act at this moment.
    #[must_use]
    pub fn valid_at(&self, now: UnixTime) -> bool {
        validity(self.valid_from, self.valid_until, now)
    }
}

/// Whether `now` lies in the span; an open end is open.
pub(super) fn validity(from: Option<UnixTime>, until: Option<UnixTime>, now: UnixTime) -> bool {
    from.is_none_or(|from| from <= now) && until.is_none_or(|until| now <= until)
}

/// The hospitals by their codes, and those of them whose keys are known.
type Members<'m> = (BTreeSet<&'m HospitalCode>, &'m BTreeMap<HospitalCode, Member>);

/// Reads the file; hospitals and keys are compared with the members, where members.toml has no problem itself.
pub(super) fn read(
    text: &str,
    members: Option<Members<'_>>,
    problems: &mut Problems<'_>,
) -> BTreeMap<PersonId, Person> {
    document(text, problems, |fields, problems| Some(people(fields, members, problems)))
        .unwrap_or_default()
}

fn people(
    mut fields: Fields<'_>,
    members: Option<Members<'_>>,
    problems: &mut Problems<'_>,
) -> BTreeMap<PersonId, Person> {
    let found = fields.tables("people", problems);
    fields.finish(problems);
    if found.len() > MAX_PEOPLE {
        problems.add(format!("the network has {} people, at most {MAX_PEOPLE}", found.len()));
        return BTreeMap::new();
    }
    let mut keys: BTreeMap<[u8; 32], String> =
        members.as_ref().map(|(_, members)| node_keys(members)).unwrap_or_default();
    let codes = members.map(|(codes, _)| codes);
    let mut people = BTreeMap::new();
    for mut fields in found {
        let offset = fields.offset();
        let person = person(&mut fields, codes.as_ref(), &mut keys, problems);
        fields.finish(problems);
        let Some(person) = person else { continue };
        let id = person.id.clone();
        if people.insert(id.clone(), person).is_some() {
            problems.at(offset, format!("person `{id}` is declared twice"));
        }
    }
    people
}

fn node_keys(members: &BTreeMap<HospitalCode, Member>) -> BTreeMap<[u8; 32], String> {
    let mut keys = BTreeMap::new();
    for member in members.values() {
        for key in member.keys.all() {
            keys.insert(*key.as_bytes(), format!("the node of {}", member.code));
        }
    }
    keys
}

fn person(
    fields: &mut Fields<'_>,
    members: Option<&BTreeSet<&HospitalCode>>,
    keys: &mut BTreeMap<[u8; 32], String>,
    problems: &mut Problems<'_>,
) -> Option<Person> {
    let id = fields.name::<PersonId>("id", problems);
    let name = fields.label("name", problems);
    let hospital = fields.name::<HospitalCode>("hospital", problems);
    let key = fields.key("key", problems);
    let groups = fields.names::<GroupId>("groups", problems);
    let roles = fields.names::<Role>("roles", problems);
    let (valid_from, valid_until) = fields.validity(problems);
    if let (Some(code), Some(members)) = (&hospital, members)
        && !members.contains(&code.value)
    {
        problems.at(code.offset, format!("hospital `{}` is not in members.toml", code.value));
    }
    if let Some(key) = &key {
        let owner = id.as_ref().map_or("another person", |id| id.value.as_str()).to_owned();
        if let Some(other) = keys.insert(*key.value.as_bytes(), owner) {
            problems.at(key.offset, format!("this key is already the key of {other}"));
        }
    }
    Some(Person {
        id: id?.value,
        name: name?,
        hospital: hospital?.value,
        key: key?.value,
        groups: groups.into_iter().collect(),
        roles: roles.into_iter().collect(),
        valid_from,
        valid_until,
    })
}
