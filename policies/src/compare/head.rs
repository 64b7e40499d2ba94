//! charter.toml: version, validity and signers.

use std::collections::BTreeMap;

use crate::charter::{Charter, Signer};

use super::{Found, Subject, What};

pub(super) fn compare(old: &Charter, new: &Charter, found: &mut Found) {
    let charter = Subject::Charter;
    found.value(&charter, What::Network, old.network(), new.network());
    found.value(&charter, What::Version, old.version(), new.version());
    found.named(&charter, What::Title, old.title(), new.title());
    found.value(&charter, What::ValidFrom, old.valid_from(), new.valid_from());
    found.value(&charter, What::ValidUntil, old.valid_until(), new.valid_until());
    found.value(&charter, What::Threshold, old.threshold(), new.threshold());
    signers(old.signers(), new.signers(), found);
}

/// Signers are known by their names; under a name is one key.
fn signers(old: &[Signer], new: &[Signer], found: &mut Found) {
    let by_name = |all: &[Signer]| -> BTreeMap<String, Signer> {
        all.iter().map(|signer| (signer.name.clone(), signer.clone())).collect()
    };
    let (from, to) = (by_name(old), by_name(new));
    let (from, to) = (&from.iter().map(pair).collect(), &to.iter().map(pair).collect());
    let short = |signer: &Signer| signer.key.fingerprint().to_string();
    for (subject, from, to) in found.things((from, to), |name| Subject::Signer(name.clone()), short)
    {
        found.value(&subject, What::Key(String::new()), short(from), short(to));
    }
}

fn pair<'s>((name, signer): (&String, &'s Signer)) -> (String, &'s Signer) {
    (name.clone(), signer)
}
