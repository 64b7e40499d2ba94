//! `kring charter`: what a board does with its rules, from the first folder to the signed bundle. Needs no node and no network.

use std::collections::BTreeMap;
use std::path::Path;

use policies::bundle;
use policies::charter::Charter;
use policies::problem::Problem;
use policies::{Digest, charter};

use crate::charters;
use crate::cli::CharterCommand;
use crate::clock::{Clock as _, SystemClock};
use crate::command::{Exit, print};

mod cases;
mod diff;
mod folder;
mod matrix;
mod new;
mod publish;
mod show;
mod sign;
mod simulate;
#[cfg(test)]
mod tests;
mod texts;
mod variants;

pub(in crate::command) use folder::BadFolder;

/// Runs a command.
pub(crate) fn run(command: &CharterCommand) -> anyhow::Result<Exit> {
    match command {
        CharterCommand::New(args) => new::run(args),
        CharterCommand::Check { dir } => check(dir),
        CharterCommand::Test { dir } => cases::test(dir),
        CharterCommand::Seal { dir, out } => seal(dir, out),
        CharterCommand::Sign(args) => sign::sign(args),
        CharterCommand::Collect { bundle, signatures, against } => {
            sign::collect(bundle, signatures, against.as_deref())
        }
        CharterCommand::Verify { bundle, root } => verify(bundle, root.digest()),
        CharterCommand::Diff { old, new, format, language } => {
            diff::run((old, new), *format, *language)
        }
        CharterCommand::Matrix(args) => matrix::run(args),
        CharterCommand::Publish { files, profile } => publish::publish(files, profile),
        CharterCommand::Revoke(args) => publish::revoke(args),
        CharterCommand::Simulate(args) => simulate::run(args),
        CharterCommand::Show { bundle: Some(bundle), .. } => show::run(bundle),
        CharterCommand::Show { bundle: None, profile, format, .. } => {
            publish::history(profile, *format)
        }
    }
}

/// Reports every problem of the folder, also of indicators whose text a node would refuse.
fn check(dir: &Path) -> anyhow::Result<Exit> {
    match charter::parse(&folder::read(dir)?) {
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

/// Makes the bundle. No text is read: [`check`] and `test` do that, with a worker.
fn seal(dir: &Path, out: &Path) -> anyhow::Result<Exit> {
    let files = folder::read(dir)?;
    let sealed = bundle::seal(&files).and_then(|envelope| Ok((envelope, charter::parse(&files)?)));
    let (envelope, charter) = match sealed {
        Ok(sealed) => sealed,
        Err(problems) => return Ok(report(dir, &problems)),
    };
    let (failing, untried) = cases::failing(&charter);
    if !failing.is_empty() {
        return Ok(report(dir, &failing));
    }
    folder::write_new(out, &envelope.encode())?;
    print::note(format!(
        "Sealed in {}; every signer now runs `kring charter sign`.",
        out.display()
    ));
    unread(&files).into_iter().chain(unasked(untried)).for_each(print::note);
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

/// What sealing leaves to `test`.
fn unasked(cases: usize) -> Option<String> {
    (cases > 0).then(|| {
        format!("Not tried: {cases} case(s) with a text; `kring charter test` tries them.")
    })
}

/// Checks the bundle, or every bundle of a folder, as a node would.
fn verify(path: &Path, root: Digest) -> anyhow::Result<Exit> {
    let checked = charters::folder::bundles(path)
        .map_err(anyhow::Error::from)
        .and_then(|bundles| Ok(charters::open::tree_of(root, &bundles)?))
        .and_then(|tree| Ok(tree.all_in_force(SystemClock.now())?));
    match checked {
        Ok(charters) => {
            charters.iter().for_each(|charter| print::line(summary(charter)));
            Ok(Exit::Done)
        }
        Err(error) => {
            print::note(format!("kring: refused: {error:#}"));
            Ok(Exit::Refused)
        }
    }
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
