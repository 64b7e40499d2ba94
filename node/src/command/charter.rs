//! `kring charter`: check, seal, sign, verify and show the board's rules. Needs no node and no network.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use policies::bundle::{self, Inspected};
use policies::charter::Charter;
use policies::charter::rules::Effect;
use policies::problem::Problem;
use policies::{Digest, charter};

use crate::clock::{Clock as _, SystemClock};
use crate::command::{Exit, print};
use crate::keys::{Key, KeyRole};

pub(super) mod simulate;
#[cfg(test)]
mod tests;
mod variants;

/// The folders of a charter's folder.
const FOLDERS: [&str; 3] = ["datasets", "indicators", "rules"];
/// Most bytes of one file of a charter's folder.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Reports every problem of the folder, also of indicators whose text a node would refuse.
pub(crate) fn check(dir: &Path) -> anyhow::Result<Exit> {
    match charter::parse(&read_folder(dir)?) {
        Ok(charter) => {
            let refused = variants::refused(&charter, &std::env::current_exe()?)?;
            if !refused.is_empty() {
                return Ok(report(dir, &refused));
            }
            print::line(summary(&charter));
            Ok(Exit::Done)
        }
        Err(problems) => Ok(report(dir, &problems)),
    }
}

/// Makes the bundle. No indicator's SQL is read: [`check`] does that, with a worker.
pub(crate) fn seal(dir: &Path, out: &Path) -> anyhow::Result<Exit> {
    let files = read_folder(dir)?;
    let envelope = match bundle::seal(&files) {
        Ok(envelope) => envelope,
        Err(problems) => return Ok(report(dir, &problems)),
    };
    write_new(out, &envelope.encode())?;
    print::note(format!(
        "Sealed in {}; every signer now runs `kring charter sign`.",
        out.display()
    ));
    unread(&files).into_iter().for_each(print::note);
    print::line(envelope.digest());
    Ok(Exit::Done)
}

/// What sealing leaves to `check`: a node would have to start a worker for it.
fn unread(files: &BTreeMap<String, String>) -> Option<String> {
    let texts = files.keys().filter(|path| path.starts_with("indicators/")).count();
    (texts > 0).then(|| {
        format!(
            "Not read: the SQL of {texts} indicator(s); `kring charter check` tells what a node would refuse of it."
        )
    })
}

/// Adds a signature.
pub(crate) fn sign(path: &Path, key: &Path) -> anyhow::Result<Exit> {
    let Inspected { charter, mut envelope, .. } = inspect(path)?;
    let key = Key::load(key, KeyRole::Person)?;
    if !charter.signers().iter().any(|signer| signer.key == key.public) {
        print::note(format!("kring: key {} is not among the signers of this charter", key.public));
        return Ok(Exit::Usage);
    }
    envelope.add_signature(key.secret());
    replace(path, &envelope.encode())?;
    print::line(format!(
        "signed by {}; the charter needs {} signature(s)",
        key.id,
        charter.threshold()
    ));
    Ok(Exit::Done)
}

/// Checks the bundle as a node would.
pub(crate) fn verify(path: &Path, root: Digest) -> anyhow::Result<Exit> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let trust = bundle::Trust { root, now: SystemClock.now(), held: None };
    match bundle::open(&bytes, &trust) {
        Ok(charter) => {
            print::line(summary(&charter));
            Ok(Exit::Done)
        }
        Err(error) => {
            print::note(format!(
                "kring: refused ({}): {:#}",
                error.code(),
                anyhow::Error::from(error)
            ));
            Ok(Exit::Refused)
        }
    }
}

/// Prints what the bundle says, whether or not it is signed.
pub(crate) fn show(path: &Path) -> anyhow::Result<Exit> {
    let Inspected { charter, signed_by, .. } = inspect(path)?;
    print::line(summary(&charter));
    for signer in charter.signers() {
        let signed = signed_by.iter().any(|by| by.key == signer.key);
        let state = if signed { "signed" } else { "not signed" };
        print::line(format!("  signer {} {} ({state})", signer.name, signer.key.fingerprint()));
    }
    for member in charter.members() {
        print::line(format!("  hospital {} {}", member.code, member.name));
    }
    for (id, name) in charter.networks() {
        let members = charter.members().filter(|member| member.networks.contains_key(id));
        let members: Vec<_> = members.map(|member| member.code.as_str()).collect();
        print::line(format!("  network {id} {name}: {}", members.join(", ")));
    }
    for person in charter.people() {
        let groups: Vec<_> = person.groups.iter().map(ToString::to_string).collect();
        print::line(format!(
            "  person {} {} of {}; groups: {}",
            person.id,
            person.name,
            person.hospital,
            groups.join(", ")
        ));
    }
    for dataset in charter.datasets() {
        print::line(format!(
            "  dataset {} version {} ({})",
            dataset.id,
            dataset.version,
            dataset.status.as_str()
        ));
    }
    for indicator in charter.indicators() {
        let title = indicator.title.values().next_back().map_or("", String::as_str);
        print::line(format!(
            "  indicator {} version {} of {}: {title}",
            indicator.id, indicator.version, indicator.dataset
        ));
    }
    for rule in charter.rules().iter() {
        let effect = match rule.effect {
            Effect::Permit => "permits",
            Effect::Forbid => "forbids",
        };
        let explained = rule.explain.get("en").map_or_else(String::new, |text| format!(": {text}"));
        print::line(format!(
            "  rule {} {effect} ({}, line {}){explained}",
            rule.id, rule.file, rule.line
        ));
    }
    Ok(Exit::Done)
}

fn summary(charter: &Charter) -> String {
    format!(
        "charter of {} version {}, valid {} to {}, {} hospital(s), {} person(s), {} dataset(s), {} indicator(s)",
        charter.network(),
        charter.version(),
        charter.valid_from(),
        charter.valid_until(),
        charter.members().count(),
        charter.people().count(),
        charter.datasets().count(),
        charter.indicators().count(),
    )
}

fn report(dir: &Path, problems: &[Problem]) -> Exit {
    print::note(format!("kring: {} problem(s) in {}:", problems.len(), dir.display()));
    problems.iter().for_each(|problem| print::note(format!("  {problem}")));
    Exit::Usage
}

/// Every file of the folder and its sub-folders; links, large files and other than UTF-8 are refused.
fn read_folder(dir: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for sub in std::iter::once("").chain(FOLDERS) {
        let folder = dir.join(sub);
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if !sub.is_empty() && error.kind() == std::io::ErrorKind::NotFound => {
                continue;
            }
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("cannot read folder {}", folder.display()));
            }
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            let metadata = entry.metadata()?;
            if metadata.is_dir() && sub.is_empty() && FOLDERS.contains(&&*name) {
                continue;
            }
            if !metadata.is_file() || metadata.len() > MAX_FILE_BYTES {
                anyhow::bail!(
                    "{} is no plain file of at most {MAX_FILE_BYTES} bytes; remove it",
                    path.display()
                );
            }
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("{} is not readable as UTF-8 text", path.display()))?;
            let name = if sub.is_empty() { name } else { format!("{sub}/{name}") };
            files.insert(name, text);
        }
    }
    Ok(files)
}

fn inspect(path: &Path) -> anyhow::Result<Inspected> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    bundle::inspect(&bytes).with_context(|| format!("{} is no bundle of a charter", path.display()))
}

fn write_new(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let failed = || format!("cannot write {}", path.display());
    let mut file = std::fs::File::create_new(path).with_context(failed)?;
    std::io::Write::write_all(&mut file, bytes).with_context(failed)?;
    file.sync_all().with_context(failed)
}

/// Replaces a file by one with other bytes; an interruption leaves the old one.
fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let temporary = path.with_file_name(name);
    drop(std::fs::remove_file(&temporary));
    write_new(&temporary, bytes)?;
    std::fs::rename(&temporary, path).with_context(|| format!("cannot replace {}", path.display()))
}
