//! `charter.toml`: which network, which version, how long it holds, who signs.

use std::collections::BTreeMap;

use crate::dsse::PublicKey;
use crate::problem::Problems;
use crate::reader::{Fields, document};
use crate::{NetworkId, UnixTime};

/// Most signers: a board, not a crowd.
const MAX_SIGNERS: usize = 64;

/// One who may sign the charter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The name that people know.
    pub name: String,
    /// The key.
    pub key: PublicKey,
}

/// What `charter.toml` says.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) network: NetworkId,
    pub(super) version: u64,
    pub(super) title: BTreeMap<String, String>,
    pub(super) valid_from: UnixTime,
    pub(super) valid_until: UnixTime,
    pub(super) signers: Vec<Signer>,
    pub(super) threshold: usize,
}

/// Reads the file.
pub(super) fn read(text: &str, problems: &mut Problems<'_>) -> Option<Head> {
    document(text, problems, head)
}

fn head(mut fields: Fields<'_>, problems: &mut Problems<'_>) -> Option<Head> {
    let network = fields.name::<NetworkId>("network", problems);
    let version = fields.integer("version", problems);
    let title = fields.titles("title", problems);
    let valid_from = fields.moment("valid_from", problems);
    let valid_until = fields.moment("valid_until", problems);
    let signers = signers(&mut fields, problems);
    let threshold = fields.integer("threshold", problems);
    fields.finish(problems);

    let version = version.and_then(|found| {
        let counted = u64::try_from(found.value).ok().filter(|version| *version >= 1);
        if counted.is_none() {
            problems.at(found.offset, "`version` counts from 1");
        }
        counted
    });
    if let (Some(from), Some(until)) = (&valid_from, &valid_until)
        && from.value >= until.value
    {
        problems.at(until.offset, "`valid_until` must be later than `valid_from`");
    }
    let threshold = threshold.and_then(|found| {
        let counted = usize::try_from(found.value)
            .ok()
            .filter(|threshold| (1..=signers.len()).contains(threshold));
        if counted.is_none() {
            let message =
                format!("`threshold` is 1 to the number of signers, which is {}", signers.len());
            problems.at(found.offset, message);
        }
        counted
    });
    Some(Head {
        network: network?.value,
        version: version?,
        title,
        valid_from: valid_from?.value,
        valid_until: valid_until?.value,
        signers,
        threshold: threshold?,
    })
}

fn signers(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Vec<Signer> {
    let found = fields.tables("signers", problems);
    if found.is_empty() {
        problems.add("the charter has no signer: write [[signers]] with name and key");
    }
    if found.len() > MAX_SIGNERS {
        problems.add(format!("the charter has {} signers, at most {MAX_SIGNERS}", found.len()));
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
