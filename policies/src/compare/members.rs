//! members.toml: who joins and leaves, keys, addresses, sub-networks, care that is not given.

use std::collections::BTreeMap;

use crate::HospitalCode;
use crate::charter::{Charter, Member, Membership, NotGiven};

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
    found.value(subject, What::Name, &from.name, &to.name);
    found.value(subject, What::Kind, from.kind.as_str(), to.kind.as_str());
    let (old, new) = (&from.keys, &to.keys);
    for (job, old, new) in [
        ("transport", old.transport, new.transport),
        ("envelope", old.envelope, new.envelope),
        ("log", old.log, new.log),
        ("witness", old.witness, new.witness),
    ] {
        let job = What::Key(job.to_owned());
        found.value(subject, job, old.fingerprint(), new.fingerprint());
    }
    found.set(subject, &What::Address, &set_of(&from.addresses), &set_of(&to.addresses));
    found.maybe(subject, What::ValidFrom, from.valid_from, to.valid_from);
    found.maybe(subject, What::ValidUntil, from.valid_until, to.valid_until);
    memberships((subject, from, to), found);
    not_given((subject, from, to), found);
}

fn memberships((subject, from, to): (&Subject, &Member, &Member), found: &mut Found) {
    for id in from.networks.keys().filter(|id| !to.networks.contains_key(id)) {
        let what = What::Membership(id.clone());
        found.add(subject, what, Moved::Removed(String::new()));
    }
    for (id, new) in &to.networks {
        let what = What::Membership(id.clone());
        match from.networks.get(id) {
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

fn not_given((subject, from, to): (&Subject, &Member, &Member), found: &mut Found) {
    let of = |member: &Member| -> BTreeMap<String, String> {
        let said = |said: &NotGiven| {
            let column = format!("{} {}.{}", said.dataset, said.table, said.column);
            (column, listed(&said.codes))
        };
        member.not_given.iter().map(said).collect()
    };
    found.named(subject, What::NotGiven, &of(from), &of(to));
}
