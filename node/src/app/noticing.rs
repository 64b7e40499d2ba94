//! What a start says of itself in the log: configuration, keys, the clock, and a charter that is refused.
//!
//! What was before comes from the log, found over its index; nothing else is kept for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use policies::Digest;
use policies::chain::Line;
use policies::dataset::Dataset;
use policies::wire::LayerRef;

use super::{DRAIN, StartError, keys, start};
use crate::charters::open::{Followed, Mode};
use crate::charters::{Charters, Held};
use crate::clock::Clock;
use crate::config::Config;
use crate::index::Index;
use crate::keys::{Key, KeyError, KeyRole};
use crate::log::checkpoint::Signer;
use crate::log::event::KeyPrints;
use crate::log::{Event, Log, OpenError, Reader, Store};
use crate::node::Node;
use crate::notices::{Notices, behind};
use crate::rulebook::Rulebook;
use crate::tasks::Tasks;

/// The memory of a run, and what its start logs.
pub(super) fn at_start(
    config: &Config,
    (datasets, own, keys): (&[&Dataset], Option<Digest>, KeyPrints),
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
    events.extend(keys_changed(keys, event_at(log, index.last_keys()?)?));
    let mut snapshots = BTreeMap::new();
    for dataset in datasets {
        let last = event_at(log, index.last_snapshot(&dataset.id)?)?;
        if let Some(Event::SnapshotUsed { snapshot, .. }) = last {
            snapshots.insert(dataset.id.clone(), snapshot);
        }
    }
    Ok((Notices::new(snapshots), events))
}

/// What the node follows, and what it decides by from its start on; the log names what it followed last, and revocations.
pub(super) fn charters(
    config: &Config,
    clock: &dyn Clock,
    (held, logged): (Vec<LayerRef>, BTreeSet<Digest>),
) -> Result<(Charters, Rulebook), StartError> {
    let now = clock.now();
    let Followed { tree, said, accepted: _ } = start::follow(config, now, (&held, Mode::Store))?;
    let freshness = match Key::load(&config.keys.freshness, KeyRole::Freshness) {
        Ok(key) => Some(key),
        Err(KeyError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    let own = start::own_text(config)?;
    let keys = keys::own(config)?;
    let charters =
        Charters::new(config.charters(), (config.hospital.clone(), keys), own, freshness, logged);
    let held = Arc::new(Held { tree, said });
    let refused = |error: policies::chain::NotInScope| StartError::Charter {
        path: config.charter.clone(),
        source: Box::new(error.into()),
    };
    let book = charters.rulebook(Arc::clone(&held), now, None).map_err(refused)?;
    keys::belongs(config, &book.charter, now)?;
    if book.own.is_none() {
        // A name that a network below took away stops that network alone; this says what stops all.
        start::own_rules(config, &held.tree.whole(&config.hospital, now).map_err(refused)?)?;
    }
    Ok((charters, book))
}

/// The versions that are followed and not yet in the log. Of the others the log says when they were accepted: one whose file
/// says that it was earlier would end a notice early. Later is what a folder that was made anew says, and only longer.
pub(super) fn accepted(
    held: &Held,
    (log, index): (&Reader, &Index),
) -> Result<Vec<Event>, StartError> {
    let mut events = Vec::new();
    for version in held.tree.lines().into_iter().flat_map(Line::history) {
        let (layer, named) = (version.layer().clone(), version.accepted_at());
        match event_at(log, index.charter(&layer)?)? {
            None => events.push(Event::CharterAccepted { layer, since: Some(named) }),
            Some(Event::CharterAccepted { since: Some(logged), .. }) if named < logged => {
                return Err(StartError::AcceptedEarlier { version: layer.version, named, logged });
            }
            Some(_) => {}
        }
    }
    Ok(events)
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
    // Of a folder, the bundles one after the other; of what cannot be read, nothing.
    let bundles = crate::charters::folder::bundles(&config.charter).unwrap_or_default();
    Some(Event::CharterRejected { bundle: Digest::of(&bundles.concat()), code })
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

impl Node {
    /// Logs what the node notices about itself: a jump of the clock, and snapshots that are answered from and were not
    /// before. What cannot be logged is noticed again.
    pub(super) async fn log_notices(&self) {
        let book = self.rulebook();
        let used = book.datasets().into_iter().filter_map(|dataset| {
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
