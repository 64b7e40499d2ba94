//! What a running node notices about itself that is no question: jumps of the clock, and snapshots that are
//! taken into use.
//!
//! Each is said once and not with every look, and counts as said only when its entry is durable: until then the next look
//! notices it again. Pure but for its memory: callers bring the time and what they see.

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

/// Something to be logged.
#[must_use = "it is noticed again until it was said"]
#[derive(Debug)]
pub(crate) struct Notice {
    event: Event,
    known: Known,
}

/// What is remembered of a notice once it was said.
#[must_use = "it is noticed again until it was said"]
#[derive(Debug)]
pub(crate) struct Known(Memory);

#[derive(Debug)]
enum Memory {
    Clock(UnixTime, Instant),
    Snapshot(DatasetId, Digest),
}

impl Notice {
    /// The entry, and what to remember when it is durable.
    pub(crate) fn into_parts(self) -> (Event, Known) {
        (self.event, self.known)
    }
}

impl Notices {
    /// Nothing but the snapshots that the log names last.
    pub(crate) fn new(snapshots: BTreeMap<DatasetId, Digest>) -> Self {
        Self { seen: Mutex::new(Seen { snapshots, ..Seen::default() }) }
    }

    /// Compares the time of day with the time that passed since the last look, or since the one before a jump that was
    /// not said yet.
    pub(crate) fn clock(&self, now: UnixTime, passed: Instant) -> Option<Notice> {
        let mut seen = self.seen();
        let ahead_s = seen.clock.map_or(0, |(then, since)| {
            let elapsed = passed.saturating_duration_since(since).as_secs();
            let elapsed = i64::try_from(elapsed).unwrap_or(i64::MAX);
            now.0.saturating_sub(then.0).saturating_sub(elapsed)
        });
        if ahead_s.saturating_abs() <= CLOCK_JUMP_S {
            seen.clock = Some((now, passed));
            return None;
        }
        let event = Event::Clock { against: ClockSource::Monotonic, ahead_s };
        Some(Notice { event, known: Known(Memory::Clock(now, passed)) })
    }

    /// The dataset is answered from this snapshot; a notice, where that is another than before.
    pub(crate) fn snapshot(
        &self,
        dataset: &DatasetId,
        version: u64,
        snapshot: Digest,
    ) -> Option<Notice> {
        if self.seen().snapshots.get(dataset) == Some(&snapshot) {
            return None;
        }
        let event = Event::SnapshotUsed { dataset: dataset.clone(), version, snapshot };
        Some(Notice { event, known: Known(Memory::Snapshot(dataset.clone(), snapshot)) })
    }

    /// Its entry is durable.
    pub(crate) fn said(&self, known: Known) {
        let mut seen = self.seen();
        match known.0 {
            Memory::Clock(now, passed) => seen.clock = Some((now, passed)),
            Memory::Snapshot(dataset, snapshot) => drop(seen.snapshots.insert(dataset, snapshot)),
        }
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
