//! members.toml: who joins and leaves, keys, addresses, sub-networks, care that is not given.

use std::collections::BTreeMap;

use crate::charter::{Charter, Member, Membership, NotGiven, RoleKey, RoleKeys};
use crate::{HospitalCode, NetworkId};

use super::{Found, Moved, Subject, What, listed, set_of};

pub(super) fn compare(old: &Charter, new: &Charter, found: &mut Found) {
    networks(old, new, found);
    let (from, to) = (&by_code(old), &by_code(new));
    let short = |member: &Member| member.name.clone();
    for (subject, from, to) in found.things((from, to), |code| Subject::Member(code.clone()), short)
    {
        member(&subject, (from, to), found);
    }
}

fn by_code(charter: &Charter) -> BTreeMap<HospitalCode, &Member> {
    charter.members().map(|member| (member.code.clone(), member)).collect()
}

/// The sub-networks that are declared; who is in them stands at each hospital.
fn networks(old: &Charter, new: &Charter, found: &mut Found) {
    let of = |charter: &Charter| -> BTreeMap<_, String> {
        charter.networks().map(|(id, name)| (id.clone(), name.to_owned())).collect()
    };
    let (from, to) = (of(old), of(new));
    for (id, name) in from.iter().filter(|(id, _)| !to.contains_key(id)) {
        let subject = Subject::Network(id.clone());
        found.add(&subject, What::Whole, Moved::Removed(name.clone()));
    }
    for (id, name) in &to {
        let subject = Subject::Network(id.clone());
        match from.get(id) {
            None => found.add(&subject, What::Whole, Moved::Added(name.clone())),
            Some(before) => found.value(&subject, What::Name, before, name),
        }
    }
}

fn member(subject: &Subject, (from, to): (&Member, &Member), found: &mut Found) {
    let Member { code: _, name, kind, keys, addresses, networks, .. } = from;
    let Member { not_given, valid_from, valid_until, .. } = from;
    found.value(subject, What::Name, name, &to.name);
    found.value(subject, What::Kind, kind.as_str(), to.kind.as_str());
    let log = What::Key("log".to_owned());
    found.value(subject, log, keys.log.fingerprint(), to.keys.log.fingerprint());
    for ((job, old), (_, new)) in keys.jobs().into_iter().zip(to.keys.jobs()) {
        role(subject, job, (old, new), found);
    }
    found.set(subject, &What::Address, &set_of(addresses), &set_of(&to.addresses));
    found.maybe(subject, What::ValidFrom, *valid_from, to.valid_from);
    found.maybe(subject, What::ValidUntil, *valid_until, to.valid_until);
    memberships(subject, (networks, &to.networks), found);
    found.named(subject, What::NotGiven, &statements(not_given), &statements(&to.not_given));
}

/// The keys of one job: one in place of the other, or those that come, go, and get another time.
fn role(subject: &Subject, job: &str, (from, to): (&RoleKeys, &RoleKeys), found: &mut Found) {
    let what = What::Key(job.to_owned());
    let alone = |keys: &RoleKeys| {
        let mut keys = keys.iter();
        keys.next().filter(|_| keys.next().is_none()).map(key)
    };
    if let (Some(from), Some(to)) = (alone(from), alone(to)) {
        return found.value(subject, what, from, to);
    }
    let find = |keys: &RoleKeys, wanted: &RoleKey| {
        keys.iter().find(|known| known.key == wanted.key).map(key)
    };
    for gone in from.iter().filter(|known| find(to, known).is_none()) {
        found.add(subject, what.clone(), Moved::Loses(key(gone)));
    }
    for new in to.iter() {
        match find(from, new) {
            None => found.add(subject, what.clone(), Moved::Gains(key(new))),
            Some(old) => found.value(subject, what.clone(), old, key(new)),
        }
    }
}

/// A key's fingerprint, with its time where it has one.
fn key(known: &RoleKey) -> String {
    let RoleKey { key, valid_from, valid_until } = known;
    let span = Membership { valid_from: *valid_from, valid_until: *valid_until };
    match (valid_from, valid_until) {
        (None, None) => key.fingerprint().to_string(),
        (Some(_), _) | (_, Some(_)) => format!("{} ({})", key.fingerprint(), self::span(&span)),
    }
}

/// The sub-networks that a hospital is in.
pub(super) type Networks = BTreeMap<NetworkId, Membership>;

pub(super) fn memberships(
    subject: &Subject,
    (from, to): (&Networks, &Networks),
    found: &mut Found,
) {
    for id in from.keys().filter(|id| !to.contains_key(id)) {
        let what = What::Membership(id.clone());
        found.add(subject, what, Moved::Removed(String::new()));
    }
    for (id, new) in to {
        let what = What::Membership(id.clone());
        match from.get(id) {
            None => found.add(subject, what, Moved::Added(String::new())),
            Some(old) => found.value(subject, what, span(old), span(new)),
        }
    }
}

/// From when until when; an open end is a dash.
fn span(membership: &Membership) -> String {
    let Membership { valid_from, valid_until } = membership;
    let text = |moment: &Option<crate::UnixTime>| {
        moment.map_or_else(|| "-".to_owned(), |moment| moment.to_string())
    };
    format!("{} .. {}", text(valid_from), text(valid_until))
}

/// The codes of care that is not given, by column.
pub(super) fn statements(all: &[NotGiven]) -> BTreeMap<String, String> {
    let said = |said: &NotGiven| {
        let NotGiven { dataset, table, column, codes } = said;
        (format!("{dataset} {table}.{column}"), listed(codes))
    };
    all.iter().map(said).collect()
}
