//! `charter.toml`: which network, which version, how long it holds, who signs, who vouches that it is the newest.
//!
//! It can be read alone, without the other files: what a chain of versions is checked with. What it says of the other
//! files (hospitals that vouch, keys that are used elsewhere) is compared with them in `head/keys.rs`.

use std::collections::BTreeMap;

use crate::dsse::PublicKey;
use crate::problem::Problems;
use crate::reader::{At, Fields, document};
use crate::{Digest, HospitalCode, NetworkId, UnixTime};

pub(super) mod keys;
mod layers;

pub use layers::{Child, Parent};

/// Most signers: a board, not a crowd.
const MAX_SIGNERS: usize = 64;
/// Most freshness keys: each statement is compared with all of them.
const MAX_FRESHNESS: usize = 64;
/// Longest notice, in days: what a board widens is wanted within a quarter.
const MAX_NOTICE_DAYS: i64 = 90;
/// Seconds of a day.
const DAY_S: i64 = 24 * 60 * 60;

/// One who may sign the charter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The name that people know.
    pub name: String,
    /// The key.
    pub key: PublicKey,
}

/// A key whose statements say that a version is the newest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshnessKey {
    /// The hospital that keeps it.
    pub hospital: HospitalCode,
    /// The key.
    pub key: PublicKey,
}

/// What `charter.toml` says.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) network: NetworkId,
    pub(crate) version: u64,
    pub(crate) previous: Option<Digest>,
    pub(crate) title: BTreeMap<String, String>,
    pub(crate) valid_from: UnixTime,
    pub(crate) valid_until: UnixTime,
    /// How long the version before holds beside this one, in seconds.
    pub(crate) notice_s: i64,
    pub(crate) signers: Vec<Signer>,
    pub(crate) threshold: usize,
    pub(crate) freshness: Vec<FreshnessKey>,
    /// The network above, of which every member is; none where this is the root.
    pub(crate) parent: Option<Parent>,
    /// The networks directly below.
    pub(crate) children: Vec<Child>,
}

/// Reads the file.
pub(crate) fn read(text: &str, problems: &mut Problems<'_>) -> Option<Head> {
    document(text, problems, head)
}

fn head(mut fields: Fields<'_>, problems: &mut Problems<'_>) -> Option<Head> {
    let network = fields.name::<NetworkId>("network", problems);
    let version = fields.integer("version", problems);
    let previous = fields.maybe_text("previous", problems);
    let title = fields.titles("title", problems);
    let valid_from = fields.moment("valid_from", problems);
    let valid_until = fields.moment("valid_until", problems);
    let notice_days = fields.integer("notice_days", problems);
    let signers = signers(&mut fields, problems);
    let threshold = fields.integer("threshold", problems);
    let freshness = freshness(&mut fields, problems);
    let parent = layers::parent(&mut fields, network.as_ref(), problems);
    let children = layers::children(&mut fields, network.as_ref(), problems);
    fields.finish(problems);

    let version = version.and_then(|found| counted(&found, problems));
    let previous = version.as_ref().and_then(|version| before(version, previous, problems));
    if let (Some(from), Some(until)) = (&valid_from, &valid_until)
        && from.value >= until.value
    {
        problems.at(until.offset, "`valid_until` must be later than `valid_from`");
    }
    let notice_s = notice_days.and_then(|found| notice(&found, problems));
    let threshold = threshold.and_then(|found| enough(&found, signers.len(), problems));
    Some(Head {
        network: network?.value,
        version: version?.value,
        previous: previous?,
        title,
        valid_from: valid_from?.value,
        valid_until: valid_until?.value,
        notice_s: notice_s?,
        signers,
        threshold: threshold?,
        freshness,
        parent: parent.ok()?,
        children,
    })
}

fn counted(found: &At<i64>, problems: &mut Problems<'_>) -> Option<At<u64>> {
    let counted = u64::try_from(found.value).ok().filter(|version| *version >= 1);
    if counted.is_none() {
        problems.at(found.offset, "`version` counts from 1");
    }
    Some(At { offset: found.offset, value: counted? })
}

/// The digest of the version before, which every version but the first names.
fn before(
    version: &At<u64>,
    found: Option<At<&str>>,
    problems: &mut Problems<'_>,
) -> Option<Option<Digest>> {
    match (version.value, found) {
        (1, None) => Some(None),
        (1, Some(found)) => {
            problems.at(found.offset, "version 1 has no version before it: remove `previous`");
            None
        }
        (number, None) => {
            let before = number.saturating_sub(1);
            let message = format!(
                "`previous` is missing: write the digest of version {before}, which `kring charter show` prints"
            );
            problems.at(version.offset, message);
            None
        }
        (_, Some(found)) => problems.take(found.offset, found.value.parse()).map(Some),
    }
}

fn notice(found: &At<i64>, problems: &mut Problems<'_>) -> Option<i64> {
    if (0..=MAX_NOTICE_DAYS).contains(&found.value) {
        return Some(found.value.saturating_mul(DAY_S));
    }
    let message = format!("`notice_days` is 0 to {MAX_NOTICE_DAYS}");
    problems.at(found.offset, message);
    None
}

fn enough(found: &At<i64>, signers: usize, problems: &mut Problems<'_>) -> Option<usize> {
    let counted =
        usize::try_from(found.value).ok().filter(|threshold| (1..=signers).contains(threshold));
    if counted.is_none() {
        let message = format!("`threshold` is 1 to the number of signers, which is {signers}");
        problems.at(found.offset, message);
    }
    counted
}

fn signers(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Vec<Signer> {
    let found = fields.tables("signers", problems);
    if found.is_empty() {
        let at = fields.offset();
        problems.at(at, "the charter has no signer: write [[signers]] with name and key");
    }
    if found.len() > MAX_SIGNERS {
        let message = format!("the charter has {} signers, at most {MAX_SIGNERS}", found.len());
        problems.at(fields.offset(), message);
        return Vec::new();
    }
    let mut signers: Vec<Signer> = Vec::new();
    for mut fields in found {
        let offset = fields.offset();
        let name = fields.label("name", problems);
        let key = fields.key("key", problems);
        fields.finish(problems);
        let (Some(name), Some(key)) = (name, key) else {
            continue;
        };
        let signer = Signer { name, key: key.value };
        if signers.iter().any(|known| known.key == signer.key || known.name == signer.name) {
            problems.at(offset, "this signer's name or key is used twice");
        }
        signers.push(signer);
    }
    signers
}

fn freshness(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Vec<FreshnessKey> {
    let found = fields.tables("freshness", problems);
    if found.len() > MAX_FRESHNESS {
        let message =
            format!("the charter has {} freshness keys, at most {MAX_FRESHNESS}", found.len());
        problems.add(message);
        return Vec::new();
    }
    let mut keys: Vec<FreshnessKey> = Vec::new();
    for mut fields in found {
        let offset = fields.offset();
        let hospital = fields.name::<HospitalCode>("hospital", problems);
        let key = fields.key("key", problems);
        fields.finish(problems);
        let (Some(hospital), Some(key)) = (hospital, key) else {
            continue;
        };
        let key = FreshnessKey { hospital: hospital.value, key: key.value };
        if keys.iter().any(|known| known.hospital == key.hospital) {
            let message =
                format!("{} has a freshness key already: each is another hospital's", key.hospital);
            problems.at(offset, message);
        }
        keys.push(key);
    }
    keys
}
