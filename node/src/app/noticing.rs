//! What a start says of itself in the log: configuration, keys, the clock, and a charter that is refused.
//!
//! What was before comes from the log, found over its index; nothing else is kept for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use policies::Digest;
use policies::charter::Charter;

use super::{DRAIN, StartError};
use crate::clock::Clock;
use crate::config::Config;
use crate::index::Index;
use crate::keys::{Key, KeyRole};
use crate::log::checkpoint::Signer;
use crate::log::event::KeyPrints;
use crate::log::{Event, Log, OpenError, Reader, Store};
use crate::node::Node;
use crate::notices::{Notices, behind};
use crate::tasks::Tasks;

/// The memory of a run, and what its start logs.
pub(super) fn at_start(
    config: &Config,
    (charter, own): (&Charter, Option<Digest>),
    (log, index): (&Reader, &Index),
    clock: &dyn Clock,
) -> Result<(Notices, Vec<Event>), StartError> {
    let mut events = Vec::new();
    if let Some(last) = log.size().checked_sub(1) {
        events.extend(behind(log.entry(last)?.at, clock.now()));
    }
    let path = &config.path;
    let text =
        std::fs::read(path).map_err(|source| StartError::Folder { path: path.clone(), source })?;
    let before = event_at(log, index.last_configured()?)?;
    events.push(configured(Digest::of(&text), own, before));
    events.extend(keys_changed(prints(config)?, event_at(log, index.last_keys()?)?));
    let mut snapshots = BTreeMap::new();
    for dataset in charter.datasets() {
        let last = event_at(log, index.last_snapshot(&dataset.id)?)?;
        if let Some(Event::SnapshotUsed { snapshot, .. }) = last {
            snapshots.insert(dataset.id.clone(), snapshot);
        }
    }
    Ok((Notices::new(snapshots), events))
}

/// Logs that the charter was refused, unless that is the last entry already: a supervisor starts a node again and again.
pub(super) async fn log_rejection(
    store: Store,
    config: &Config,
    clock: Arc<dyn Clock>,
    error: &StartError,
) {
    let Some(event) = rejection(config, error) else { return };
    let log = store.reader();
    let last = log.size().checked_sub(1).and_then(|last| log.entry(last).ok());
    if last.is_some_and(|last| last.event == event) {
        return;
    }
    let logged = async {
        let key = Key::load(&config.keys.log, KeyRole::Log)?;
        let signer = Signer::new(&config.hospital, key, log.checkpoint().as_deref())?;
        let tasks = Tasks::new();
        let log = Log::start(store, signer, clock, &tasks)?;
        log.append(event).await?;
        drop(log);
        tasks.drain(DRAIN).await;
        anyhow::Ok(())
    };
    if let Err(error) = logged.await {
        tracing::error!(%error, "the refused charter is not logged");
    }
}

fn rejection(config: &Config, error: &StartError) -> Option<Event> {
    let code = error.charter_code()?.to_owned();
    let bundle = Digest::of(&std::fs::read(&config.charter).ok()?);
    Some(Event::CharterRejected { bundle, code })
}

fn event_at(log: &Reader, place: Option<u64>) -> Result<Option<Event>, OpenError> {
    place.map(|place| Ok(log.entry(place)?.event)).transpose()
}

fn configured(config: Digest, own: Option<Digest>, last: Option<Event>) -> Event {
    let before = match last {
        Some(Event::Configured { config: before, .. }) if before != config => Some(before),
        Some(_) | None => None,
    };
    Event::Configured { config, before, own }
}

fn keys_changed(keys: KeyPrints, last: Option<Event>) -> Option<Event> {
    let before = match last {
        Some(Event::KeysChanged { keys, .. }) => Some(keys),
        Some(_) | None => None,
    };
    (before != Some(keys)).then_some(Event::KeysChanged { keys, before })
}

fn prints(config: &Config) -> Result<KeyPrints, StartError> {
    let print = |path, role| -> Result<Digest, StartError> {
        Ok(Digest::of(Key::load(path, role)?.public.as_bytes()))
    };
    let keys = &config.keys;
    Ok(KeyPrints {
        transport: print(&keys.transport, KeyRole::Transport)?,
        envelope: print(&keys.envelope, KeyRole::Envelope)?,
        log: print(&keys.log, KeyRole::Log)?,
        witness: print(&keys.witness, KeyRole::Witness)?,
    })
}

impl Node {
    /// Logs what the node notices about itself: a jump of the clock, and snapshots that are answered from and were not
    /// before. What cannot be logged is noticed again.
    pub(super) async fn log_notices(&self) {
        let book = self.rulebook();
        let used = book.charter.datasets().filter_map(|dataset| {
            let snapshot = self.snapshot(dataset).ok()?.id;
            self.notices.snapshot(&dataset.id, u64::from(dataset.version), snapshot)
        });
        let mut notices: Vec<_> = used.collect();
        notices.extend(self.notices.clock(self.clock.now(), Instant::now()));
        for notice in notices {
            let (event, known) = notice.into_parts();
            match self.log.append(event).await {
                Ok(_recorded) => self.notices.said(known),
                Err(error) => tracing::error!(%error, "an event is not logged; it is tried again"),
            }
        }
    }
}

#[cfg(test)]
mod tests;
