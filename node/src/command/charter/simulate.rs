//! `kring charter simulate`: what a draft would change for questions that were asked.
//!
//! The footprints that a log holds are decided once by the charter in force, at the moment of the question, and once by the
//! draft, at the moment when it begins; no SQL is read and nothing of data. Of what was refused the log has no footprint: only
//! what needs none is replayed. Entries are read one by one; what is kept is bounded by how many differ.

use std::sync::Arc;

use anyhow::Context as _;

use crate::app::{open_charter, own_rules};
use crate::cli::simulate::SimulateArgs;
use crate::clock::{Clock as _, SystemClock};
use crate::command::{Exit, print};
use crate::config::Config;

mod form;
mod question;
mod report;
mod sides;
mod source;
mod tally;
#[cfg(test)]
mod tests;

use sides::Sides;
use source::BadQuestions;
use tally::Tally;

/// Replays and prints.
pub(crate) fn run(args: &SimulateArgs) -> anyhow::Result<Exit> {
    let draft = super::folder::open(&args.draft)?.charter;
    let config = args.source.config.as_deref().map(Config::load).transpose()?;
    let old = match (&args.against, &config) {
        (Some(path), _) => Arc::new(super::folder::open(path)?.charter),
        (None, Some(config)) => open_charter(config, &SystemClock, &[])?,
        (None, None) => anyhow::bail!("name the charter to compare with: --against"),
    };
    if old.network() != draft.network() {
        print::note(format!(
            "kring: the draft is of network {}, the charter that it is compared with of {}",
            draft.network(),
            old.network()
        ));
        return Ok(Exit::Usage);
    }
    let sides = Sides::new(old, draft, SystemClock.now());
    let sides = match &config {
        Some(config) => with_own_rules(sides, config)?,
        None => sides,
    };
    let mut tally = Tally::new(&sides);
    match feed(args, config.as_ref(), &sides, &mut tally) {
        Ok(()) => {}
        Err(error) => match error.downcast::<BadQuestions>() {
            Ok(bad) => {
                print::note(format!("kring: {bad}"));
                return Ok(Exit::Usage);
            }
            Err(error) => return Err(error),
        },
    }
    report::print(&tally.finish(), &sides, (args.format, args.language))?;
    Ok(Exit::Done)
}

/// Hands over every question of the source.
fn feed(
    args: &SimulateArgs,
    config: Option<&Config>,
    sides: &Sides,
    tally: &mut Tally<'_>,
) -> anyhow::Result<()> {
    let since = source::since(args.since);
    if let Some(config) = config {
        return source::log(config, args.archive.as_deref(), since, tally);
    }
    if let Some(path) = &args.source.questions {
        return source::questions(path, sides, since, tally);
    }
    args.source.export.iter().try_for_each(|path| source::export(path, since, tally))
}

/// The hospital's own rules hold beside both charters. Where they do not go with the draft, its node would answer nothing.
fn with_own_rules(sides: Sides, config: &Config) -> anyhow::Result<Sides> {
    let old = own_rules(config, &sides.old).context("the hospital's own rules cannot be read")?;
    let new = match own_rules(config, &sides.draft) {
        Ok(new) => new,
        Err(error) => {
            print::note(format!(
                "warning: this hospital's own rules do not go with the draft; its node would answer nothing until they are \
                 mended. They are left out of what the draft says: {:#}",
                anyhow::Error::from(error)
            ));
            None
        }
    };
    Ok(sides.with_own(old, new))
}
