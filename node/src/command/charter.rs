//! `kring charter`: what a board does with its rules, from the first folder to the signed bundle. Needs no node and no network.

use std::path::{Path, PathBuf};

use policies::Digest;
use policies::bundle;
use policies::charter::Charter;
use policies::problem::Problem;

use crate::charters;
use crate::cli::CharterCommand;
use crate::cli::rehearsal::{RehearsalArgs, Report};
use crate::clock::{Clock as _, SystemClock};
use crate::command::{Exit, print};

mod above;
mod cases;
mod diff;
pub(in crate::command) mod folder;
mod matrix;
mod new;
mod publish;
mod rehearse;
mod show;
mod sign;
mod simulate;
mod texts;
mod variants;

use variants::Variant;

pub(in crate::command) use folder::BadFolder;

/// Runs a command.
pub(crate) fn run(command: &CharterCommand) -> anyhow::Result<Exit> {
    match command {
        CharterCommand::New(args) => new::run(args),
        CharterCommand::Check { dir, above, report, over } => check((dir, above), (*report, over)),
        CharterCommand::Test { dir, above } => cases::test(dir, above),
        CharterCommand::Seal { dir, above, out, report, over } => {
            seal((dir, above), out, (*report, over))
        }
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

/// Reports every problem of the folder, also of indicators whose text a node would refuse, and what they would tell.
fn check(
    (dir, above): (&Path, &[PathBuf]),
    (report, over): (Report, &RehearsalArgs),
) -> anyhow::Result<Exit> {
    let charter = match above::parse(&folder::read(dir)?, above)? {
        Ok(charter) => charter,
        Err(problems) => return Ok(refuse(dir, &problems)),
    };
    let program = std::env::current_exe()?;
    let planned = variants::plan(&charter, &program)?;
    if !planned.problems.is_empty() {
        return Ok(refuse(dir, &planned.problems));
    }
    let told = rehearsed(&charter, &planned.variants, (report, over), &program)?;
    told.into_iter().for_each(print::line);
    if report != Report::Json {
        print::line(summary(&charter));
    }
    Ok(Exit::Done)
}

/// Makes the bundle. The digest alone is the output, so that a program can take it.
fn seal(
    (dir, above): (&Path, &[PathBuf]),
    out: &Path,
    (report, over): (Report, &RehearsalArgs),
) -> anyhow::Result<Exit> {
    let files = folder::read(dir)?;
    let read = above::parse(&files, above)?;
    let sealed = bundle::seal(&files).and_then(|envelope| Ok((envelope, read?)));
    let (envelope, charter) = match sealed {
        Ok(sealed) => sealed,
        Err(problems) => return Ok(refuse(dir, &problems)),
    };
    let (failing, untried) = cases::failing(&charter);
    if !failing.is_empty() {
        return Ok(refuse(dir, &failing));
    }
    let program = std::env::current_exe()?;
    let planned = variants::plan(&charter, &program)?;
    if !planned.problems.is_empty() {
        return Ok(refuse(dir, &planned.problems));
    }
    folder::write_new(out, &envelope.encode())?;
    print::note(format!(
        "Sealed in {}; every signer now runs `kring charter sign`.",
        out.display()
    ));
    match rehearsed(&charter, &planned.variants, (report, over), &program) {
        Ok(told) => told.into_iter().for_each(print::note),
        // It is for reading alone: a disk without room for made-up patients keeps nobody from sealing.
        Err(error) => print::note(format!("warning: no report of what is told: {error:#}")),
    }
    unasked(untried).into_iter().for_each(print::note);
    print::line(envelope.digest());
    Ok(Exit::Done)
}

/// What all indicators together would tell over generated data, as lines.
fn rehearsed(
    charter: &Charter,
    planned: &[Variant<'_>],
    (report, over): (Report, &RehearsalArgs),
    program: &Path,
) -> anyhow::Result<Vec<String>> {
    if report == Report::None || planned.is_empty() {
        return Ok(Vec::new());
    }
    let told = rehearse::run(charter, planned, over, program)?;
    Ok(match report {
        Report::None => Vec::new(),
        Report::Text => rehearse::text(&told, over.language),
        Report::Json => vec![serde_json::to_string(&told)?],
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

fn refuse(dir: &Path, problems: &[Problem]) -> Exit {
    print::note(format!("kring: {} problem(s) in {}:", problems.len(), dir.display()));
    problems.iter().for_each(|problem| print::note(format!("  {problem}")));
    Exit::Usage
}
