//! `kring key fingerprint`: a node's keys as words that two people can read to each other.
//!
//! One reads what the node's own files hold, the other what the charter lists, by the same words as the pin of a network. The
//! first 24 are of all keys together: who compares these needs no others.

use std::path::Path;

use anyhow::Context as _;
use policies::charter::RoleKeys;
use policies::dsse::PublicKey;
use policies::{Digest, HospitalCode, Root, UnixTime};

use crate::cli::FingerprintArgs;
use crate::clock::{Clock as _, SystemClock};
use crate::command::charter::folder;
use crate::command::{Exit, print};
use crate::config::Config;
use crate::keys::ring::Ring;
use crate::keys::{Key, KeyRole};

/// What the words of all keys are of, before the hospital's code and the keys.
const DOMAIN: &str = "kring/keys/1";
/// Words of a line: as many as are kept in mind while they are read.
const A_LINE: usize = 6;

/// A node's jobs with their keys, those that count or will count, in order.
type Keys = [(&'static str, Vec<PublicKey>); 4];

/// Prints the words.
pub(crate) fn run(args: &FingerprintArgs) -> anyhow::Result<Exit> {
    let (hospital, keys) = match (&args.config, &args.charter, &args.hospital) {
        (Some(config), _, _) => own(config)?,
        (None, Some(charter), Some(hospital)) => {
            (hospital.clone(), listed(charter, hospital, SystemClock.now())?)
        }
        (None, _, _) => anyhow::bail!("name --config, or --charter and --hospital"),
    };
    lines(&hospital, &keys).into_iter().for_each(print::line);
    Ok(Exit::Done)
}

/// What the node's key files hold: present and next keys.
fn own(config: &Path) -> anyhow::Result<(HospitalCode, Keys)> {
    let config = Config::load(config)?;
    let ring = |path: &Path, role| -> anyhow::Result<Vec<PublicKey>> {
        let ring = Ring::load(path, role)?;
        Ok(std::iter::once(ring.present()).chain(ring.next()).map(|key| key.public).collect())
    };
    let keys = &config.keys;
    let log = Key::load(&keys.log, KeyRole::Log)?.public;
    let all = [
        ("transport", ring(&keys.transport, KeyRole::Transport)?),
        ("envelope", ring(&keys.envelope, KeyRole::Envelope)?),
        ("log", vec![log]),
        ("witness", ring(&keys.witness, KeyRole::Witness)?),
    ];
    Ok((config.hospital, all))
}

/// What a charter lists for a hospital, but for keys that have ended.
fn listed(path: &Path, hospital: &HospitalCode, now: UnixTime) -> anyhow::Result<Keys> {
    let charter = folder::open(path)?.charter;
    let member = charter.member(hospital).with_context(|| {
        let known: Vec<&str> = charter.members().map(|member| member.code.as_str()).collect();
        format!(
            "{} has no keys of `{hospital}` (it lists {}); keys stand in the charter of the root",
            path.display(),
            if known.is_empty() { "nobody's".to_owned() } else { known.join(", ") }
        )
    })?;
    let counts = |keys: &RoleKeys| {
        let open = keys.iter().filter(|known| known.valid_until.is_none_or(|until| now <= until));
        open.map(|known| known.key).collect()
    };
    let keys = &member.keys;
    Ok([
        ("transport", counts(&keys.transport)),
        ("envelope", counts(&keys.envelope)),
        ("log", vec![keys.log]),
        ("witness", counts(&keys.witness)),
    ])
}

/// Everything that is printed.
fn lines(hospital: &HospitalCode, keys: &Keys) -> Vec<String> {
    let mut lines = vec![format!("{hospital}, all keys together:")];
    lines.extend(words(together(hospital, keys)));
    for (job, keys) in keys {
        for key in keys {
            lines.push(format!("{job} {key}:"));
            lines.extend(words(key.fingerprint()));
        }
    }
    lines
}

/// Of all keys together: hospital, jobs and keys in order, a line each.
fn together(hospital: &HospitalCode, keys: &Keys) -> Digest {
    let mut text = format!("{DOMAIN}\n{hospital}\n");
    for (job, keys) in keys {
        for key in keys {
            text.push_str(&format!("{job} {key}\n"));
        }
    }
    Digest::of(text.as_bytes())
}

/// The words of a digest, with the place of the first one of each line.
fn words(digest: Digest) -> Vec<String> {
    let words = Root::of(digest).words();
    let words: Vec<&str> = words.split(' ').collect();
    let first = (1..).step_by(A_LINE);
    first
        .zip(words.chunks(A_LINE))
        .map(|(at, line)| format!("  {at:>2}  {}", line.join(" ")))
        .collect()
}

#[cfg(test)]
mod tests;
