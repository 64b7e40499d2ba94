//! `kring recover --accept-gap`: goes on with a log that other hospitals had seen more of, where that is lost.

use std::path::Path;

use crate::app::open_log;
use crate::clock::{Clock as _, SystemClock};
use crate::command::{Exit, print};
use crate::config::Config;
use crate::keys::{Key, KeyRole};
use crate::log::checkpoint::Signer;
use crate::log::gap::{GapError, accept};

/// Continues the log under another origin.
pub(crate) fn run(path: &Path) -> anyhow::Result<Exit> {
    let config = Config::load(path)?;
    let mut store = open_log(&config)?;
    let key = Key::load(&config.keys.log, KeyRole::Log)?;
    let signer = Signer::new(&config.hospital, key, store.reader().checkpoint().as_deref())?;
    let before = signer.origin().clone();
    match accept(&mut store, signer, SystemClock.now()) {
        Ok(origin) => {
            print::line(format!(
                "log {before} is continued as {origin}: {} entries are kept, what it held beyond is given up; every export shows \
                 the gap, and the other hospitals keep evidence of it",
                store.size()
            ));
            Ok(Exit::Done)
        }
        Err(error @ (GapError::NoContradiction | GapError::TooMany)) => {
            print::error(&error.into());
            Ok(Exit::Usage)
        }
        Err(error @ (GapError::Open(_) | GapError::Write(_))) => Err(error.into()),
    }
}
