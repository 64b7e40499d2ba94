//! `kring audit archive`: old entries leave the node, and stay provable.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{NaiveDate, NaiveTime};
use policies::UnixTime;
use query::snapshot::durable::create_folder;

use super::source::Source;
use crate::app::open_log;
use crate::archive::{DAY_S, Terms, archive as move_old};
use crate::cli::audit::LimitArgs;
use crate::clock::{Clock as _, SystemClock};
use crate::command::{Exit, print};
use crate::config::Config;
use crate::log::event::Archived;
use crate::log::medium::Disk;
use crate::syslog::Cursor;

/// Moves old entries, with the log locked.
pub(crate) fn archive(config: &Path, to: &Path, limit: &LimitArgs) -> anyhow::Result<Exit> {
    let config = Config::load(config)?;
    let now = SystemClock.now();
    let before = limit_of(limit, now);
    let mut store = open_log(&config)?;
    let folder = folder(&config, to)?;
    let source = Source { config, reader: store.reader() };
    let signed = source.signed()?;
    let cosigned: Vec<_> = signed.parties.witnesses().keys().map(ToString::to_string).collect();
    anyhow::ensure!(
        !cosigned.is_empty() || source.is_alone()?,
        "no other hospital has cosigned the latest checkpoint, which the archive is to be proved by: start the node, and stop it again \
         some minutes after it reached one"
    );
    let name = folder.to_str().with_context(|| format!("{} is no text", folder.display()))?;
    let terms = Terms {
        to: Arc::new(Disk::new(&folder)),
        folder: name.to_owned(),
        signed: &signed,
        before,
        forwarded: forwarded(&source)?,
        now,
    };
    let moved = move_old(&mut store, &terms)?;
    for Archived { first, count, earliest, latest, file, .. } in &moved {
        let last = first.saturating_add(*count).saturating_sub(1);
        print::line(format!("entries {first} to {last}, {earliest} to {latest}, file {file}"));
    }
    match moved.len() {
        0 if terms.forwarded < source.reader.size() => print::line(format!(
            "nothing to archive: no closed segment is older than {before} and forwarded as syslog (up to entry {})",
            terms.forwarded
        )),
        0 => print::line(format!("nothing to archive: no closed segment is older than {before}")),
        segments => {
            let by = if cosigned.is_empty() { "nobody".to_owned() } else { cosigned.join(", ") };
            let to = folder.display();
            print::line(format!(
                "{segments} segments moved to {to}, under a checkpoint cosigned by {by}"
            ));
        }
    }
    Ok(Exit::Done)
}

/// The moment before which entries are old.
fn limit_of(limit: &LimitArgs, now: UnixTime) -> UnixTime {
    let LimitArgs { before, keep_days } = limit;
    let of_day = |day: &NaiveDate| UnixTime(day.and_time(NaiveTime::MIN).and_utc().timestamp());
    let kept = || {
        now.plus(DAY_S.saturating_mul(i64::from(keep_days.unwrap_or(u32::MAX))).saturating_neg())
    };
    before.as_ref().map_or_else(kept, of_day)
}

/// Entries that whoever the log is forwarded to has; all, where it is not forwarded.
fn forwarded(source: &Source) -> anyhow::Result<u64> {
    if source.config.syslog.is_none() {
        return Ok(u64::MAX);
    }
    let path = source.config.syslog_cursor();
    let next = Cursor::load(&path).and_then(|cursor| cursor.check(&path, &source.reader));
    next.context("what was forwarded as syslog is not known, so nothing is archived: start the node, and archive once it has forwarded the log")
}

/// The archive's folder, made if it is not there, with its whole path.
fn folder(config: &Config, to: &Path) -> anyhow::Result<std::path::PathBuf> {
    create_folder(to).with_context(|| format!("cannot make {}", to.display()))?;
    let folder = to.canonicalize().with_context(|| format!("cannot open {}", to.display()))?;
    let log = config.log_folder().canonicalize()?;
    anyhow::ensure!(
        !folder.starts_with(&log),
        "{} is in the folder of the log, which is the node's alone: name another",
        folder.display()
    );
    Ok(folder)
}
