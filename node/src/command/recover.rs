//! `kring recover --accept-gap`: goes on with a log that other hospitals had seen more of, where that is lost.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;

use crate::app::open_log;
use crate::clock::{Clock as _, SystemClock};
use crate::command::{Exit, print};
use crate::config::Config;
use crate::keys::{Key, KeyRole};
use crate::ledger::lineage;
use crate::log::checkpoint::Signer;
use crate::log::gap::{GapError, accept};

/// Continues the log under another origin.
pub(crate) fn run(path: &Path) -> anyhow::Result<Exit> {
    let config = Config::load(path)?;
    let mut store = open_log(&config)?;
    let key = Key::load(&config.keys.log, KeyRole::Log)?;
    let signer = Signer::new(&config.hospital, key, store.reader().checkpoint().as_deref())?;
    let before = signer.origin().clone();
    let mut lineages: BTreeSet<_> = lineage::of_snapshots(&config.snapshots)
        .context("which lineages the snapshots are of cannot be read; bring the file back, or move the snapshot's folder away")?
        .into_iter()
        .collect();
    lineages.extend(lineage::digests(&config.ledger_folder()).context("the folder of charges")?);
    match accept(&mut store, signer, SystemClock.now(), &lineages) {
        Ok(origin) => {
            print::line(format!(
                "log {before} is continued as {origin}: {} entries are kept, what it held beyond is given up; every export shows \
                 the gap, and the other hospitals keep evidence of it",
                store.size()
            ));
            print::line(
                "what was answered in the lost part is in no memory, so nothing more is answered over the snapshots that are here: begin a new \
                 lineage, with the board's word (OPERATING.md, The memory)",
            );
            Ok(Exit::Done)
        }
        Err(error @ (GapError::NoContradiction | GapError::TooMany)) => {
            print::error(&error.into());
            Ok(Exit::Usage)
        }
        Err(error @ (GapError::Open(_) | GapError::Write(_))) => Err(error.into()),
    }
}
