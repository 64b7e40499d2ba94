//! charter.toml: version, validity, notice, signers and freshness keys.

use std::collections::BTreeMap;

use crate::HospitalCode;
use crate::charter::{Charter, FreshnessKey, Signer};

use super::{Found, Subject, What};

/// Seconds of a day.
const DAY_S: i64 = 24 * 60 * 60;

pub(super) fn compare(old: &Charter, new: &Charter, found: &mut Found) {
    let charter = Subject::Charter;
    found.value(&charter, What::Network, old.network(), new.network());
    found.value(&charter, What::Version, old.version(), new.version());
    found.named(&charter, What::Title, old.title(), new.title());
    found.value(&charter, What::ValidFrom, old.valid_from(), new.valid_from());
    found.value(&charter, What::ValidUntil, old.valid_until(), new.valid_until());
    found.maybe(&charter, What::Previous, old.previous(), new.previous());
    found.value(&charter, What::Notice, old.notice_s() / DAY_S, new.notice_s() / DAY_S);
    found.value(&charter, What::Threshold, old.threshold(), new.threshold());
    signers(old.signers(), new.signers(), found);
    freshness(old.freshness(), new.freshness(), found);
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

/// A hospital has one of these keys at most.
fn freshness(old: &[FreshnessKey], new: &[FreshnessKey], found: &mut Found) {
    let of = |all: &'_ [FreshnessKey]| -> BTreeMap<HospitalCode, String> {
        let one = |key: &FreshnessKey| (key.hospital.clone(), key.key.fingerprint().to_string());
        all.iter().map(one).collect()
    };
    let (from, to) = (of(old), of(new));
    let (from, to) = (&from.iter().map(borrowed).collect(), &to.iter().map(borrowed).collect());
    let named = |code: &HospitalCode| Subject::Freshness(code.clone());
    for (subject, from, to) in found.things((from, to), named, String::clone) {
        found.value(&subject, What::Key(String::new()), from, to);
    }
}

fn borrowed<'s>((code, key): (&HospitalCode, &'s String)) -> (HospitalCode, &'s String) {
    (code.clone(), key)
}
