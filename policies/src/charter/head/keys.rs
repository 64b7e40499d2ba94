//! What `charter.toml` says, compared with the other files: each key has one job, and enough hospitals vouch.

use std::collections::BTreeMap;

use super::Head;
use crate::charter::parts::Parts;
use crate::dataset::DatasetStatus;
use crate::dsse::PublicKey;
use crate::problem::Problems;

/// Fewest freshness keys of a network whose data are of people: with two, one stolen key and one node that is down
/// would leave none.
pub(in crate::charter) const MIN_FRESHNESS: usize = 3;

/// The other files, as far as they could be read.
#[derive(Clone, Copy, Debug)]
pub(in crate::charter) struct Others<'o> {
    pub(in crate::charter) parts: &'o Parts,
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
    let Others { parts, whole } = others;
    let mut owners = owners(parts);
    let codes = parts.codes();
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
        if whole && !codes.contains(&fresh.hospital) {
            let message = format!("hospital `{}` is not in members.toml", fresh.hospital);
            problems.at(place(&fresh.key), message);
        }
    }
    let of_people =
        parts.datasets.values().find(|dataset| dataset.status != DatasetStatus::Synthetic);
    let got = head.freshness.len();
    if let Some(dataset) = of_people
        && whole
        && codes.len() >= MIN_FRESHNESS
        && got < MIN_FRESHNESS
    {
        problems.add(format!(
            "dataset `{}` is about people, and {got} freshness key(s) are listed: write [[freshness]] with hospital and key for at least {MIN_FRESHNESS} hospitals",
            dataset.id
        ));
    }
}

/// Whose key is whose in the other files.
fn owners(parts: &Parts) -> BTreeMap<[u8; 32], String> {
    let mut owners = BTreeMap::new();
    for member in parts.members.values() {
        for key in member.keys.all() {
            owners.insert(*key.as_bytes(), format!("the node of {}", member.code));
        }
    }
    for person in parts.people.values() {
        owners.insert(*person.key.as_bytes(), format!("person {}", person.id));
    }
    owners
}
