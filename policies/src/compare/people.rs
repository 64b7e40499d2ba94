//! people.toml: who comes, who goes, and whose key, hospital, groups or roles are others.

use std::collections::BTreeMap;

use crate::PersonId;
use crate::charter::{Charter, Person};

use super::{Found, Subject, What, listed};

pub(super) fn compare(old: &Charter, new: &Charter, found: &mut Found) {
    let (from, to) = (&by_id(old), &by_id(new));
    for (subject, from, to) in found.things((from, to), |id| Subject::Person(id.clone()), short) {
        let Person { id: _, name, hospital, key, groups, roles, valid_from, valid_until } = from;
        found.value(&subject, What::Name, name, &to.name);
        found.value(&subject, What::Hospital, hospital, &to.hospital);
        let what = What::Key(String::new());
        found.value(&subject, what, key.fingerprint(), to.key.fingerprint());
        found.set(&subject, &What::Group, groups, &to.groups);
        found.set(&subject, &What::Role, roles, &to.roles);
        found.maybe(&subject, What::ValidFrom, *valid_from, to.valid_from);
        found.maybe(&subject, What::ValidUntil, *valid_until, to.valid_until);
    }
}

fn by_id(charter: &Charter) -> BTreeMap<PersonId, &Person> {
    charter.people().map(|person| (person.id.clone(), person)).collect()
}

fn short(person: &Person) -> String {
    let Person { name, hospital, groups, roles, .. } = person;
    format!("{name}, {hospital}; {}; {}", listed(groups), listed(roles))
}
