//! `kring charter sign` and `collect`: a board member sees what is signed and signs it, here or on a machine of their own.
//!
//! What is signed is the digest of the exact bytes; it is printed in digits and words before the key is even opened, so that
//! members can compare it by telephone. A member's machine needs the bundle and the key and no network.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use policies::bundle::Inspected;
use policies::charter::{Charter, Signer};
use policies::compare;
use policies::dsse::{Detached, Envelope, MAX_DETACHED_BYTES, PayloadType, PublicKey};
use policies::{Digest, Root};

use super::folder::Opened;
use super::{diff, folder};
use crate::cli::charter::SignCharter;
use crate::command::{Exit, print};
use crate::keys::Key;
use crate::keys::passphrase::Source;
use crate::language::Language;

/// Shows what is signed, then signs it.
pub(crate) fn sign(args: &SignCharter) -> anyhow::Result<Exit> {
    let SignCharter { bundle, key, out, against, passphrase } = args;
    let Inspected { charter, mut envelope, .. } = folder::inspect(bundle)?;
    let digest = envelope.digest();
    what_is_signed(&charter, digest).into_iter().for_each(print::line);
    let board = match board(&charter, against.as_deref())? {
        Ok(board) => board,
        Err(problem) => return Ok(usage(problem)),
    };
    let key = Key::load_person(key, Source(passphrase.passphrase_file.as_deref()))?;
    let Some(signer) = board.signer(&key.public) else {
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
            print::line(format!("signed by {}", key.id));
            board.counted(&envelope).into_iter().for_each(print::line);
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
    let board = match board(&charter, against)? {
        Ok(board) => board,
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
        let Some(signer) = board.signer(&detached.key) else {
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
    board.counted(&envelope).into_iter().for_each(print::line);
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

/// Those who may sign a version.
struct Board<'c> {
    charter: &'c Charter,
    /// The version before, where it is named and is it.
    before: Option<Charter>,
}

/// Who may sign. Prints what changes since the version before.
fn board<'c>(
    charter: &'c Charter,
    against: Option<&Path>,
) -> anyhow::Result<Result<Board<'c>, String>> {
    let Some(path) = against else { return Ok(Ok(Board { charter, before: None })) };
    let Opened { charter: old, envelope } = folder::open(path)?;
    if old.network() != charter.network() {
        return Ok(Err(format!("{} is of network {}", path.display(), old.network())));
    }
    print::line(format!("What changes since version {}:", old.version()));
    let changes = compare::between(&old, charter);
    for line in diff::lines(&changes, Language::En) {
        print::line(format!("  {line}"));
    }
    let Some(envelope) = envelope else { return Ok(Ok(Board { charter, before: None })) };
    if charter.previous() != Some(envelope.digest()) {
        let named =
            charter.previous().map_or_else(|| "none".to_owned(), |digest| digest.to_string());
        return Ok(Err(format!(
            "{} is not the version before: its digest is {}, the charter names {named}",
            path.display(),
            envelope.digest(),
        )));
    }
    Ok(Ok(Board { charter, before: Some(old) }))
}

impl Board<'_> {
    /// The signer with this key, of this version or of the one before.
    fn signer(&self, key: &PublicKey) -> Option<&Signer> {
        let before = self.before.iter().flat_map(Charter::signers);
        self.charter.signers().iter().chain(before).find(|signer| signer.key == *key)
    }

    /// How many have signed of those who must, version by version.
    fn counted(&self, envelope: &Envelope) -> Vec<String> {
        let one = |charter: &Charter| {
            let keys: Vec<PublicKey> = charter.signers().iter().map(|signer| signer.key).collect();
            let signed = envelope.signers(PayloadType::Charter, &keys).map_or(0, |keys| keys.len());
            let (needed, version) = (charter.threshold(), charter.version());
            format!(
                "{signed} of the {needed} signature(s) that the board of version {version} gives"
            )
        };
        self.before.iter().chain([self.charter]).map(one).collect()
    }
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
