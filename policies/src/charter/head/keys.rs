//! What `charter.toml` says, compared with the other files: each key has one job, and enough hospitals vouch.

use std::collections::BTreeMap;

use crate::dataset::{Dataset, DatasetStatus};
use crate::dsse::PublicKey;
use crate::problem::Problems;
use crate::{DatasetId, HospitalCode, PersonId};

use super::Head;
use crate::charter::members::Member;
use crate::charter::people::Person;

/// Fewest freshness keys of a network whose data are of people: with two, one stolen key and one node that is down
/// would leave none.
const MIN_FRESHNESS: usize = 3;

/// The other files, as far as they could be read.
#[derive(Clone, Copy, Debug)]
pub(in crate::charter) struct Others<'o> {
    pub(in crate::charter) members: &'o BTreeMap<HospitalCode, Member>,
    pub(in crate::charter) people: &'o BTreeMap<PersonId, Person>,
    pub(in crate::charter) datasets: &'o BTreeMap<DatasetId, Dataset>,
    /// Whether these are all members and datasets that the files declare.
    pub(in crate::charter) whole: bool,
}

/// Adds what does not fit; `text` is `charter.toml`.
pub(in crate::charter) fn check(
    head: &Head,
    text: &str,
    others: Others<'_>,
    problems: &mut Problems<'_>,
) {
    let lower = text.to_ascii_lowercase();
    let place = |key: &PublicKey| lower.rfind(&key.to_string()).unwrap_or_default();
    let mut owners = owners(others);
    for signer in &head.signers {
        let owner = format!("signer {}", signer.name);
        // A signer's key that is listed twice among the signers is told where they are read.
        if let Some(other) = owners.insert(*signer.key.as_bytes(), owner)
            && !other.starts_with("signer ")
        {
            let message = format!("this key is already the key of {other}: make another one");
            problems.at(place(&signer.key), message);
        }
    }
    for fresh in &head.freshness {
        let owner = format!("freshness of {}", fresh.hospital);
        if let Some(other) = owners.insert(*fresh.key.as_bytes(), owner) {
            let message = format!("this key is already the key of {other}: make another one");
            problems.at(place(&fresh.key), message);
        }
        if others.whole && !others.members.contains_key(&fresh.hospital) {
            let message = format!("hospital `{}` is not in members.toml", fresh.hospital);
            problems.at(place(&fresh.key), message);
        }
    }
    let of_people =
        others.datasets.values().find(|dataset| dataset.status != DatasetStatus::Synthetic);
    let got = head.freshness.len();
    if let Some(dataset) = of_people
        && others.whole
        && others.members.len() >= MIN_FRESHNESS
        && got < MIN_FRESHNESS
    {
        problems.add(format!(
            "dataset `{}` is about people, and {got} freshness key(s) are listed: write [[freshness]] with hospital and key for at least {MIN_FRESHNESS} hospitals",
            dataset.id
        ));
    }
}

/// Whose key is whose in the other files.
fn owners(others: Others<'_>) -> BTreeMap<[u8; 32], String> {
    let mut owners = BTreeMap::new();
    for member in others.members.values() {
        for key in member.keys.all() {
            owners.insert(*key.as_bytes(), format!("the node of {}", member.code));
        }
    }
    for person in others.people.values() {
        owners.insert(*person.key.as_bytes(), format!("person {}", person.id));
    }
    owners
}
