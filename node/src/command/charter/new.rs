//! `kring charter new`: a commented folder to begin with, or the next version of a sealed charter as a folder.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use anyhow::Context as _;
use policies::bundle::Inspected;
use policies::{Digest, UnixTime};
use toml::de::DeTable;

use super::folder::{self, FOLDERS};
use crate::cli::charter::{NamedKey, NewCharter};
use crate::clock::{Clock as _, SystemClock};
use crate::command::{Exit, print};

const HEAD: &str = include_str!("new/charter.toml");
const MEMBERS: &str = include_str!("new/members.toml");
const PEOPLE: &str = include_str!("new/people.toml");
const RULES: &str = include_str!("new/network.cedar");
const CASES: &str = include_str!("new/board.toml.example");
/// How long a new charter holds.
const VALID_S: i64 = 365 * DAY_S;
/// Seconds of a day.
const DAY_S: i64 = 24 * 60 * 60;

/// Makes the folder, which must not be there or be empty.
pub(crate) fn run(args: &NewCharter) -> anyhow::Result<Exit> {
    let NewCharter { dir, network, signers, threshold, from } = args;
    let occupied = std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
    if occupied {
        print::note(format!("kring: {} is not empty; name a new folder", dir.display()));
        return Ok(Exit::Usage);
    }
    let files = match (from, network) {
        (Some(bundle), _) => next(bundle)?,
        (None, Some(network)) => {
            let needed = threshold.unwrap_or(signers.len() / 2 + 1);
            if needed == 0 || needed > signers.len() {
                let all = signers.len();
                print::note(format!(
                    "kring: --threshold is 1 to the number of signers, which is {all}"
                ));
                return Ok(Exit::Usage);
            }
            first(network.as_str(), (signers, needed), SystemClock.now())
        }
        (None, None) => anyhow::bail!("name the network with --network, or a charter with --from"),
    };
    write(dir, &files)?;
    match from {
        Some(_) => print::note(format!(
            "{} is the next version: change what is to change, then `kring charter check {0}`, `diff`, `matrix` and `test`.",
            dir.display()
        )),
        None => print::note(format!(
            "Fill in members.toml and people.toml, add datasets/*.toml and rules, then `kring charter check {}`.",
            dir.display()
        )),
    }
    Ok(Exit::Done)
}

/// The files of a first version.
fn first(
    network: &str,
    (signers, threshold): (&[NamedKey], usize),
    now: UnixTime,
) -> BTreeMap<String, String> {
    let from = UnixTime(now.0.div_euclid(DAY_S).saturating_mul(DAY_S));
    let mut head = HEAD
        .replace("NETWORK", network)
        .replace("VALID_FROM", &from.to_string())
        .replace("VALID_UNTIL", &from.plus(VALID_S).to_string())
        .replace("THRESHOLD", &threshold.to_string());
    for NamedKey { name, key } in signers {
        let name = toml::Value::String(name.clone());
        head.push_str(&format!("\n[[signers]]\nname = {name}\nkey = \"{key}\"\n"));
    }
    let texts = [
        ("charter.toml", head),
        ("members.toml", MEMBERS.to_owned()),
        ("people.toml", PEOPLE.to_owned()),
        ("rules/network.cedar", RULES.replace("NETWORK", network)),
        ("tests/board.toml", CASES.to_owned()),
    ];
    texts.into_iter().map(|(path, text)| (path.to_owned(), text)).collect()
}

/// The files of the version after a sealed one.
fn next(bundle: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let Inspected { charter, mut files, envelope, .. } = folder::inspect(bundle)?;
    let head = files.get_mut("charter.toml").context("a charter has a head")?;
    let version = charter.version().checked_add(1).context("there is no next version")?;
    *head = after(head, version, envelope.digest()).context("charter.toml has a version")?;
    Ok(files)
}

/// The head with another version and the digest of the one before; nothing else of it changes.
fn after(head: &str, version: u64, previous: Digest) -> Option<String> {
    let table = DeTable::parse(head).ok()?;
    let span = |key: &str| table.get_ref().get(key).map(|value| value.span());
    let number = (span("version")?, version.to_string());
    let digest = match span("previous") {
        Some(span) => (span, format!("\"{previous}\"")),
        // Behind the version, on a line of its own.
        None => (number.0.end..number.0.end, format!("\nprevious = \"{previous}\"")),
    };
    let mut edits = vec![number, digest];
    // From the end, so that places before stay what they are.
    edits.sort_by_key(|(span, _)| std::cmp::Reverse((span.start, span.end)));
    edits.into_iter().try_fold(head.to_owned(), |text, (span, put)| replaced(&text, span, &put))
}

fn replaced(text: &str, span: Range<usize>, put: &str) -> Option<String> {
    Some(format!("{}{put}{}", text.get(..span.start)?, text.get(span.end..)?))
}

/// Writes each file; paths are those of a charter.
fn write(dir: &Path, files: &BTreeMap<String, String>) -> anyhow::Result<()> {
    let failed = |path: &Path| format!("cannot make folder {}", path.display());
    std::fs::create_dir_all(dir).with_context(|| failed(dir))?;
    for folder in FOLDERS {
        let path = dir.join(folder);
        std::fs::create_dir_all(&path).with_context(|| failed(&path))?;
    }
    for (path, text) in files {
        folder::write_new(&dir.join(path), text.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
