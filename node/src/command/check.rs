//! `kring check`: every problem of configuration, keys, log, charter, data and clock at once. Changes nothing, but for the
//! index over the log with `--rebuild`.

use std::path::Path;

use std::collections::BTreeMap;

use policies::charter::Charter;
use policies::wire::LayerRef;

use crate::app::{exposed, open_charter, open_log, own_rules};
use crate::clock::{Clock as _, SystemClock};
use crate::command::{Exit, print};
use crate::config::Config;
use crate::index::Index;
use crate::keys::ring::Ring;
use crate::keys::{Key, KeyRole, noise, record};
use crate::log::gap::Histories;
use crate::log::remembered::Heads;
use crate::log::{Event, OpenError, Reader};
use crate::pool::Setup;
use crate::syslog::{Cursor, CursorError, Target};

mod ledger;

/// A clock before this moment, 2026-01-01, has not been set.
const EARLIEST: policies::UnixTime = policies::UnixTime(1_767_225_600);

/// Checks and prints.
pub(crate) fn run(path: &Path, rebuild: bool) -> anyhow::Result<Exit> {
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(error) => {
            print::error(&error.into());
            return Ok(Exit::Usage);
        }
    };
    let mut problems = Vec::new();
    let mut keep = |problem: Option<String>| problems.extend(problem);
    surroundings(&config, &mut keep);
    if rebuild && let Err(error) = rebuild_index(&config) {
        keep(Some(said(error)));
    }
    let mut heads = None;
    let held = match log(&config) {
        Ok((held, histories, said_of_memory)) => {
            heads = Some(said_of_memory);
            keep(histories.contradiction().map(|found| {
                format!(
                    "another hospital showed {} entries of log {} with another history (entry {} of the log here): put the \
                     latest copy of the folder back, or, where that is lost, run `kring recover --accept-gap`; nothing is \
                     answered until then",
                    found.seen.head.size, found.seen.origin, found.evidence
                )
            }));
            held
        }
        Err(error) => {
            keep(Some(said(error)));
            Vec::new()
        }
    };
    syslog(&config, &mut keep);
    match open_charter(&config, &SystemClock, &held) {
        Ok(charter) => {
            problems.extend(own_rules(&config, &charter).err().map(said));
            problems.extend(data(&config, &charter));
            // A log that cannot be read was said before.
            problems
                .extend(heads.iter().flat_map(|heads| ledger::problems(&config, &charter, heads)));
            problems.extend(record::check(&config, &charter).err().map(said));
            problems.extend(noise::load(&config).err().map(said));
        }
        Err(error) => keep(Some(said(error))),
    }
    match walls(&config) {
        Ok(notes) => notes.iter().for_each(|note| print::note(format!("note: {note}"))),
        Err(error) => problems.push(format!("no worker can be started: {error}")),
    }
    problems.dedup();
    if problems.is_empty() {
        print::line("no problems");
        return Ok(Exit::Done);
    }
    print::note(format!("kring: {} problem(s):", problems.len()));
    problems.iter().for_each(|problem| print::note(format!("  {problem}")));
    Ok(Exit::Usage)
}

/// Builds the index anew, from the log, with the log locked.
fn rebuild_index(config: &Config) -> Result<(), OpenError> {
    let store = open_log(config)?;
    Index::rebuild(&config.index(), &store.reader())?;
    print::note(format!("note: the index over {} entries is built anew", store.size()));
    Ok(())
}

/// Reads all of the log: the charter of each network that came into force last, what is known of other histories of it, and the memories it names.
fn log(config: &Config) -> Result<(Vec<LayerRef>, Histories, Heads), OpenError> {
    let (folder, mut held) = (config.log_folder(), BTreeMap::new());
    let (mut histories, mut heads) = (Histories::default(), Heads::default());
    let old = config.state.join("events.log");
    if old.exists() {
        return Err(OpenError::OldFormat { path: old });
    }
    if !folder.exists() {
        return Ok((Vec::new(), histories, heads));
    }
    let reader = Reader::open(&folder)?;
    reader.archived().iter().for_each(|about| heads.join_stub(about.memory.as_ref()));
    reader.check(|entry| {
        histories.take(entry);
        heads.take(&entry.event);
        if let Event::CharterAccepted { layer, .. } = &entry.event {
            held.insert(layer.network.clone(), layer.clone());
        }
    })?;
    Ok((held.into_values().collect(), histories, heads))
}

/// What this kernel does not offer the workers: no problem, but somebody should know.
fn walls(config: &Config) -> std::io::Result<Vec<String>> {
    Ok(Setup::probe(config, std::env::current_exe()?)?.sandbox.notes)
}

/// Environment, keys, files of the local interface, and the clock.
fn surroundings(config: &Config, keep: &mut impl FnMut(Option<String>)) {
    if std::env::var_os("SSLKEYLOGFILE").is_some() {
        keep(Some(
            "SSLKEYLOGFILE is set: session keys would be written to disk; unset it".to_owned(),
        ));
    }
    let keys = &config.keys;
    for (role, key) in [
        (KeyRole::Transport, &keys.transport),
        (KeyRole::Envelope, &keys.envelope),
        (KeyRole::Witness, &keys.witness),
    ] {
        keep(Ring::load(key, role).err().map(said));
    }
    keep(Key::load(&keys.log, KeyRole::Log).err().map(said));
    if keys.freshness.exists() {
        keep(Key::load(&keys.freshness, KeyRole::Freshness).err().map(said));
    }
    for (what, file) in [
        ("certificate", &config.http.certificate),
        ("key of the local interface", &config.http.key),
        ("token", &config.http.token),
    ] {
        keep(
            std::fs::File::open(file)
                .err()
                .map(|error| format!("{what} {}: {error}", file.display())),
        );
    }
    exposed(config).into_iter().for_each(|problem| keep(Some(problem)));
    let now = SystemClock.now();
    if now < EARLIEST {
        keep(Some(format!(
            "the clock says {now}: set it, a clock that is off by two minutes is refused by others"
        )));
    }
}

/// The receiver of the log: its authority's certificates, and how far it got.
fn syslog(config: &Config, keep: &mut impl FnMut(Option<String>)) {
    keep(Target::open(config).err().map(said));
    let path = config.syslog_cursor();
    if config.syslog.is_none() || !config.log_folder().exists() {
        return;
    }
    // The cursor is read first: a running node moves it, and never behind the end of its log.
    let checked = Cursor::load(&path).and_then(|cursor| {
        let log = Reader::open(&config.log_folder())?;
        Ok((cursor.check(&path, &log)?, log.size()))
    });
    match checked {
        Ok((next, size)) => {
            print::note(format!("note: {next} of {size} entries count as received by syslog"));
        }
        // A log that cannot be read was said before.
        Err(CursorError::Log(_)) => {}
        Err(error) => keep(Some(said(error))),
    }
}

/// Sources that cannot be read, datasets without a snapshot, and damaged snapshots.
fn data(config: &Config, charter: &Charter) -> Vec<String> {
    let mut problems = Vec::new();
    for sources in &config.datasets {
        if charter.dataset(&sources.id).is_none() {
            problems.push(format!(
                "dataset `{}` of the configuration is not in the charter",
                sources.id
            ));
        }
        for source in &sources.sources {
            if let Err(error) = std::fs::File::open(&source.path) {
                problems.push(format!(
                    "source `{}` {}: {error}",
                    source.name,
                    source.path.display()
                ));
            }
        }
    }
    for dataset in charter.datasets() {
        let checked = query::snapshot::current(&config.snapshots, &dataset.id, dataset.version)
            .and_then(|folder| {
                folder
                    .map(|folder| query::snapshot::verify(&folder, true)?.is_of(dataset))
                    .transpose()
            });
        match checked {
            Ok(Some(())) => {}
            Ok(None) => problems
                .push(format!("dataset `{}` has no snapshot: run `kring import`", dataset.id)),
            Err(error) => problems.push(said(error)),
        }
    }
    problems
}

fn said(error: impl Into<anyhow::Error>) -> String {
    format!("{:#}", error.into())
}
