//! `kring charter publish`, `revoke` and `show --history`: what a board member brings to a node, and what the node follows.
//!
//! One node is enough: it checks what it is brought like anything that comes from a peer, and tells the others.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use policies::dsse::Envelope;
use policies::statement::{MAX_STATEMENT_BYTES, Revocation, Subject};
use policies::{Root, bundle};

use super::folder;
use crate::api::{History, HistoryVersion, PublishBody};
use crate::cli::charter::{RevokeCharter, Revoked};
use crate::cli::{Format, ProfileArg};
use crate::client::{Client, ClientError};
use crate::clock::{Clock as _, SystemClock};
use crate::command::{Exit, print};
use crate::keys::Key;
use crate::keys::passphrase::Source;
use crate::profile::Profile;

/// Codes of a version that the node holds already: there is nothing to bring.
const HELD: [&str; 2] = ["already_held", "rollback"];

/// Brings bundles and statements to a node, in the order given; what it has already is passed over.
pub(crate) fn publish(files: &[std::path::PathBuf], profile: &ProfileArg) -> anyhow::Result<Exit> {
    let client = client(profile)?;
    for path in files {
        let bytes = folder::bounded(path, bundle::MAX_BUNDLE_BYTES.saturating_add(1))?;
        let envelope = String::from_utf8(bytes)
            .with_context(|| format!("{} is no bundle and no statement", path.display()))?;
        match client.publish(&PublishBody { envelope }) {
            Ok(published) => match (published.layer, published.news) {
                (Some(layer), _) => print::line(format!(
                    "accepted: version {} of {}, digest {}",
                    layer.version, layer.network, layer.digest
                )),
                (None, true) => print::line(format!("accepted: {}", path.display())),
                (None, false) => print::line(format!("known already: {}", path.display())),
            },
            Err(ClientError::Refused(refusal)) if HELD.contains(&refusal.code.as_str()) => {
                print::line(format!("known already: {}", path.display()));
            }
            Err(ClientError::Refused(refusal)) => {
                print::note(format!("kring: refused ({}): {}", refusal.code, refusal.message));
                return Ok(Exit::Refused);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Exit::Done)
}

/// Prints every version that a node accepted: who signed it, when, and until when it holds.
pub(crate) fn history(profile: &ProfileArg, format: Format) -> anyhow::Result<Exit> {
    let history = client(profile)?.history()?;
    if format == Format::Json {
        print::line(serde_json::to_string(&history)?);
        return Ok(Exit::Done);
    }
    lines(&history).into_iter().for_each(print::line);
    Ok(Exit::Done)
}

fn client(profile: &ProfileArg) -> anyhow::Result<Client> {
    Ok(Client::new(&Profile::load(profile.profile.as_deref())?)?)
}

fn lines(history: &History) -> Vec<String> {
    let mut lines = Vec::new();
    for version in &history.versions {
        let HistoryVersion { layer, valid_from, valid_until, accepted_at, holds_until, .. } =
            version;
        let of_network = history.in_force.iter().filter(|held| held.network == layer.network);
        let newest = of_network.map(|held| held.version).max();
        let state = match (history.in_force.contains(layer), newest, holds_until) {
            (true, Some(newest), _) if newest == layer.version => "in force".to_owned(),
            (true, _, Some(until)) => format!("holds beside it until {until}"),
            (true, _, None) => "holds beside it".to_owned(),
            (false, _, Some(_)) => "over".to_owned(),
            (false, _, None) => "does not hold".to_owned(),
        };
        lines.push(format!("version {} of {} ({state})", layer.version, layer.network));
        lines.push(format!("  digest {}", layer.digest));
        if layer.version == 1 {
            lines.push(format!("  pin    {}", Root::of(layer.digest).words()));
        }
        lines.push(format!("  valid {valid_from} to {valid_until}, accepted here {accepted_at}"));
        for by in &version.signed_by {
            lines.push(format!(
                "  signed by {} of the board of version {}, key {}",
                by.name,
                by.version,
                by.key.short()
            ));
        }
    }
    let networks: BTreeSet<_> = history.versions.iter().map(|known| &known.layer.network).collect();
    for network in networks {
        lines.push(match history.fresh_until.get(network) {
            Some(until) => format!("the newest version of {network} is vouched for until {until}"),
            None => format!("nobody vouches for the newest version of {network}"),
        });
    }
    for revoked in &history.revoked {
        let by =
            if revoked.by.is_empty() { "its own key".to_owned() } else { revoked.by.join(", ") };
        lines.push(format!(
            "revoked: {}, key {}, {} by {by}: {}",
            revoked.subject,
            revoked.key.short(),
            revoked.issued_at,
            revoked.reason
        ));
    }
    lines
}

/// Makes a revocation, or adds a signature to one.
pub(crate) fn revoke(args: &RevokeCharter) -> anyhow::Result<Exit> {
    let RevokeCharter { file, network, revoked, public, reason, key, passphrase } = args;
    let key = Key::load_person(key, Source(passphrase.passphrase_file.as_deref()))?;
    let mut envelope = match (network, public, reason) {
        (Some(network), Some(public), Some(reason)) => {
            let subject = (subject(revoked), public);
            Revocation::new(network.clone(), subject, SystemClock.now(), reason).envelope()
        }
        (_, _, _) => read(file)?.1,
    };
    let (revocation, _) = Revocation::inspect(&envelope.encode())?;
    envelope.add_signature(key.secret());
    folder::replace(file, &envelope.encode())?;
    print::line(format!(
        "signed by {}: {} is revoked, because: {}",
        key.id,
        revocation.what(),
        revocation.reason()
    ));
    print::note(format!(
        "It counts with the signatures of two members of the board, or of the key itself: the next one runs `kring charter revoke {0} --key FILE`, the last one `kring charter publish {0}`.",
        file.display()
    ));
    Ok(Exit::Done)
}

fn read(file: &Path) -> anyhow::Result<(Revocation, Envelope)> {
    let bytes = folder::bounded(file, MAX_STATEMENT_BYTES.saturating_add(1))?;
    Revocation::inspect(&bytes).with_context(|| {
        format!(
            "{} is no revocation; to make one, name --network, whose key it is, --public and --reason",
            file.display()
        )
    })
}

fn subject(revoked: &Revoked) -> Subject {
    match revoked {
        Revoked { person: Some(id), .. } => Subject::Person(id.clone()),
        Revoked { node: Some(code), .. } => Subject::Member(code.clone()),
        Revoked { freshness: true, .. } => Subject::Freshness,
        Revoked { .. } => Subject::Signer,
    }
}
