//! What a running node notices about itself that is no question: jumps of the clock, and snapshots that are
//! taken into use.
//!
//! Each is said once and not with every look. Pure but for its memory: callers bring the time and what they see.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use policies::{DatasetId, Digest, UnixTime};

use crate::log::Event;
use crate::log::event::ClockSource;

/// Seconds that the clock may differ from the time that passed: NTP steers by less, and whoever sets it is to be seen.
pub(crate) const CLOCK_JUMP_S: i64 = 10;

/// What was noticed before.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    clock: Option<(UnixTime, Instant)>,
    snapshots: BTreeMap<DatasetId, Digest>,
}

impl Notices {
    /// Nothing but the snapshots that the log names last.
    pub(crate) fn new(snapshots: BTreeMap<DatasetId, Digest>) -> Self {
        Self { seen: Mutex::new(Seen { snapshots, ..Seen::default() }) }
    }

    /// Compares the time of day with the time that passed since the last look.
    pub(crate) fn clock(&self, now: UnixTime, passed: Instant) -> Option<Event> {
        let (then, since) = self.seen().clock.replace((now, passed))?;
        let elapsed = passed.saturating_duration_since(since).as_secs();
        let elapsed = i64::try_from(elapsed).unwrap_or(i64::MAX);
        let ahead_s = now.0.saturating_sub(then.0).saturating_sub(elapsed);
        let event = Event::Clock { against: ClockSource::Monotonic, ahead_s };
        (ahead_s.saturating_abs() > CLOCK_JUMP_S).then_some(event)
    }

    /// The dataset is answered from this snapshot; the event, where that is another than before.
    pub(crate) fn snapshot(
        &self,
        dataset: &DatasetId,
        version: u64,
        snapshot: Digest,
    ) -> Option<Event> {
        let before = self.seen().snapshots.insert(dataset.clone(), snapshot);
        let event = Event::SnapshotUsed { dataset: dataset.clone(), version, snapshot };
        (before != Some(snapshot)).then_some(event)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// At a start: the clock is behind the last entry.
pub(crate) fn behind(last: UnixTime, now: UnixTime) -> Option<Event> {
    let ahead_s = now.0.saturating_sub(last.0);
    let event = Event::Clock { against: ClockSource::LastEntry, ahead_s };
    (ahead_s < -CLOCK_JUMP_S).then_some(event)
}

#[cfg(test)]
mod tests;
