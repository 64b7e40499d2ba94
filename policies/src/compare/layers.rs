//! A network's place among others: the one above it, those directly below, and which members of the one above take part.

use std::collections::BTreeMap;

use crate::charter::{Charter, Child, Joined};
use crate::{HospitalCode, NetworkId};

use super::members::{memberships, statements};
use super::{Found, Subject, What};

pub(super) fn compare(old: &Charter, new: &Charter, found: &mut Found) {
    let parent = |charter: &Charter| {
        charter.parent().map(|parent| format!("{}, version {}", parent.network, parent.version))
    };
    found.maybe(&Subject::Charter, What::Parent, parent(old), parent(new));
    let (from, to) = (&children(old), &children(new));
    let named = |id: &NetworkId| Subject::Child(id.clone());
    for (subject, from, to) in found.things((from, to), named, first_signers) {
        found.value(&subject, What::Whole, first_signers(from), first_signers(to));
    }
    let (from, to) = (&joined(old), &joined(new));
    let named = |code: &HospitalCode| Subject::Member(code.clone());
    for (subject, from, to) in found.things((from, to), named, |_member| String::new()) {
        found.maybe(&subject, What::ValidFrom, from.valid_from, to.valid_from);
        found.maybe(&subject, What::ValidUntil, from.valid_until, to.valid_until);
        memberships(&subject, (&from.networks, &to.networks), found);
        let (from, to) = (statements(&from.not_given), statements(&to.not_given));
        found.named(&subject, What::NotGiven, &from, &to);
    }
}

fn children(charter: &Charter) -> BTreeMap<NetworkId, &Child> {
    charter.children().iter().map(|child| (child.network.clone(), child)).collect()
}

/// Who begins a network below, and how many of them.
fn first_signers(child: &Child) -> String {
    let signer = |signer: &crate::charter::Signer| {
        format!("{} ({})", signer.name, signer.key.fingerprint().short())
    };
    let signers: Vec<String> = child.signers.iter().map(signer).collect();
    let members: Vec<String> = child.members.iter().map(ToString::to_string).collect();
    let (least, of) = (child.threshold, signers.len());
    format!("{least}/{of}: {}; {}", signers.join(", "), members.join(", "))
}

fn joined(charter: &Charter) -> BTreeMap<HospitalCode, &Joined> {
    // Of one that is read with those above it, the hospitals themselves are compared.
    let alone = charter.members().next().is_none();
    charter.joined().filter(|_| alone).map(|member| (member.code.clone(), member)).collect()
}
