//! `kring charter sign` and `collect`: a board member sees what is signed and signs it, here or on a machine of their own.
//!
//! What is signed is the digest of the exact bytes; it is printed in digits and words before the key is even opened, so that
//! members can compare it by telephone. A member's machine needs the bundle and the key and no network.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use policies::bundle::Inspected;
use policies::charter::{Charter, Signer};
use policies::compare;
use policies::dsse::{Detached, MAX_DETACHED_BYTES, PublicKey};
use policies::{Digest, Root};

use super::{diff, folder};
use crate::cli::charter::{Language, SignCharter};
use crate::command::{Exit, print};
use crate::keys::Key;
use crate::keys::passphrase::Source;

/// Shows what is signed, then signs it.
pub(crate) fn sign(args: &SignCharter) -> anyhow::Result<Exit> {
    let SignCharter { bundle, key, out, against, passphrase } = args;
    let Inspected { charter, mut envelope, .. } = folder::inspect(bundle)?;
    let digest = envelope.digest();
    what_is_signed(&charter, digest).into_iter().for_each(print::line);
    let signers = match signers(&charter, against.as_deref())? {
        Ok(signers) => signers,
        Err(problem) => return Ok(usage(problem)),
    };
    let key = Key::load_person(key, Source(passphrase.passphrase_file.as_deref()))?;
    let Some(signer) = signers.iter().find(|signer| signer.key == key.public) else {
        let told = match against {
            Some(_) => "this charter or of the version before",
            None => {
                "this charter (name the version before with --against to sign as one of its signers)"
            }
        };
        return Ok(usage(format!("key {} is not among the signers of {told}", key.public)));
    };
    envelope.add_signature(key.secret());
    match out {
        Some(out) => {
            let detached = envelope
                .detach(&key.public, charter.network(), charter.version())
                .context("the signature was just made")?;
            write_once(out, &detached.encode())?;
            print::line(format!(
                "signed by {} ({}) in {}; send this file to whoever collects",
                key.id,
                signer.name,
                out.display()
            ));
        }
        None => {
            folder::replace(bundle, &envelope.encode())?;
            let needed = charter.threshold();
            print::line(format!("signed by {}; the charter needs {needed} signature(s)", key.id));
        }
    }
    Ok(Exit::Done)
}

/// Puts signatures into the bundle; all of them, or none where one is refused.
pub(crate) fn collect(
    bundle: &Path,
    signatures: &[PathBuf],
    against: Option<&Path>,
) -> anyhow::Result<Exit> {
    let Inspected { charter, mut envelope, .. } = folder::inspect(bundle)?;
    let signers = match signers(&charter, against)? {
        Ok(signers) => signers,
        Err(problem) => return Ok(usage(problem)),
    };
    let mut told = Vec::new();
    for path in signatures {
        let bytes = folder::bounded(path, MAX_DETACHED_BYTES.saturating_add(1))?;
        let refused = |code: &str, why: &dyn std::fmt::Display| {
            print::note(format!("kring: {} is refused ({code}): {why}", path.display()));
            Ok(Exit::Refused)
        };
        let detached = match Detached::decode(&bytes) {
            Ok(detached) => detached,
            Err(error) => return refused(error.code(), &error),
        };
        let Some(signer) = signers.iter().find(|signer| signer.key == detached.key) else {
            let key = detached.key;
            let why = format!("key {key} is not among the signers");
            return refused("not_a_signer", &why);
        };
        match envelope.attach(&detached) {
            Ok(true) => told.push(format!("  {} signed", signer.name)),
            Ok(false) => told.push(format!("  {} had signed already", signer.name)),
            Err(error) => return refused(error.code(), &error),
        }
    }
    folder::replace(bundle, &envelope.encode())?;
    told.into_iter().for_each(print::line);
    let keys: Vec<PublicKey> = charter.signers().iter().map(|signer| signer.key).collect();
    let signed = envelope.signers(policies::dsse::PayloadType::Charter, &keys)?.len();
    print::line(format!("{signed} of {} signature(s) that the charter needs", charter.threshold()));
    Ok(Exit::Done)
}

/// What a member reads before signing.
fn what_is_signed(charter: &Charter, digest: Digest) -> Vec<String> {
    let title = charter.title().values().next_back().map_or("", String::as_str);
    let mut lines = vec![
        format!("charter of {} version {}: {title}", charter.network(), charter.version()),
        format!("digest  {digest}"),
        format!("words   {}", Root::of(digest).words()),
        format!("valid   {} to {}", charter.valid_from(), charter.valid_until()),
    ];
    if let Some(previous) = charter.previous() {
        lines.push(format!("after   {previous}"));
    }
    let names: Vec<&str> = charter.signers().iter().map(|signer| signer.name.as_str()).collect();
    lines.push(format!("signers {} of {}", charter.threshold(), names.join(", ")));
    lines
}

/// Who may sign: the charter's signers, and those of the version before, where that is named and is it. Prints what changes.
fn signers(
    charter: &Charter,
    against: Option<&Path>,
) -> anyhow::Result<Result<Vec<Signer>, String>> {
    let mut signers = charter.signers().to_vec();
    let Some(path) = against else { return Ok(Ok(signers)) };
    let old = folder::open(path)?;
    if old.charter.network() != charter.network() {
        return Ok(Err(format!("{} is of network {}", path.display(), old.charter.network())));
    }
    print::line(format!("What changes since version {}:", old.charter.version()));
    let changes = compare::between(&old.charter, charter);
    for line in diff::lines(&changes, Language::En) {
        print::line(format!("  {line}"));
    }
    let Some(envelope) = old.envelope else { return Ok(Ok(signers)) };
    if charter.previous() != Some(envelope.digest()) {
        return Ok(Err(format!(
            "{} is not the version before: its digest is {}, the charter names {}",
            path.display(),
            envelope.digest(),
            charter.previous().map_or_else(|| "none".to_owned(), |digest| digest.to_string())
        )));
    }
    signers.extend(old.charter.signers().iter().cloned());
    Ok(Ok(signers))
}

/// Writes a file, or leaves one that is the same already.
fn write_once(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if folder::bounded(path, bytes.len().saturating_add(1)).is_ok_and(|held| held == bytes) {
        return Ok(());
    }
    folder::write_new(path, bytes)
}

fn usage(problem: impl std::fmt::Display) -> Exit {
    print::note(format!("kring: {problem}"));
    Exit::Usage
}
