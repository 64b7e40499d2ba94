//! The thread that forwards: reads, sends, looks, waits.
//!
//! It reads the log where it is durable and holds nothing that others wait for. A failure never skips an entry: the thread
//! goes back to what counts as received, pauses, and tries again, longer each time.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::link::{GiveUp, Link, LinkError, Look};
use super::message::message;
use super::progress::Progress;
use super::{Cursor, Target};
use crate::api::SyslogState;
use crate::log::{OpenError, Reader};
use crate::nen7513::{Mapper, Source};
use crate::tasks::Shutdown;

/// Entries sent at a time.
const BATCH: u64 = 64;
/// So many entries before the first are read too: an answer names its question by digest alone.
const LOOK_BACK: u64 = 1000;
/// Pause between two looks at the log and at the connection.
const POLL: Duration = Duration::from_millis(250);
/// The cursor is written at most so often; what it lags behind is sent twice after a crash.
const STORE_EVERY: Duration = Duration::from_secs(1);
/// Doublings of the pause after which it is at its longest for certain.
const DOUBLINGS: u32 = 16;

/// How long things take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// An entry counts as received when its connection is whole so long after it was sent.
    pub(super) settle: Duration,
    /// The same where the receiver ends the connection in order, up to the last look before it.
    pub(super) settle_at_end: Duration,
    /// Pause after the first failure; it doubles.
    pub(super) first_pause: Duration,
    /// Longest pause.
    pub(super) longest_pause: Duration,
    /// What is left when the daemon stops may take so long, and the receiver's goodbye as long again.
    pub(super) goodbye: Duration,
}

impl Pace {
    pub(super) const DEFAULT: Self = Self {
        settle: Duration::from_secs(15),
        settle_at_end: Duration::from_secs(1),
        first_pause: Duration::from_secs(1),
        longest_pause: Duration::from_secs(60),
        goodbye: Duration::from_secs(3),
    };
}

/// Forwards one log to one receiver.
#[derive(Debug)]
pub struct Forwarder {
    target: Target,
    log: Reader,
    mapper: Mapper,
    progress: Progress,
    link: Option<Link>,
    /// Failures since something counted as received.
    failures: u32,
    /// When the connection was last found whole.
    looked: Instant,
    /// What the cursor on disk says, and since when.
    stored: (u64, Instant),
    watch: Watch,
}

/// Shows how far forwarding is.
#[derive(Clone, Debug)]
pub struct Watch {
    to: String,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    connected: bool,
    sent: u64,
    received: u64,
    error: Option<String>,
}

/// Why forwarding does not go on for a while.
#[derive(Debug, thiserror::Error)]
enum ForwardError {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("the receiver ended the connection before it can have read everything")]
    Ended,
    #[error("the log cannot be read")]
    Log(#[from] OpenError),
}

impl Watch {
    /// How far it is, given the entries of the log.
    #[must_use]
    pub fn state(&self, entries: u64) -> SyslogState {
        let Seen { connected, sent, received, error } = self.seen().clone();
        SyslogState { to: self.to.clone(), connected, sent, received, entries, last_error: error }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Forwarder {
    /// A forwarder that goes on at its cursor. One that does not hold is reported, and forwarding begins with the first
    /// entry that is not archived.
    #[must_use]
    pub fn new(target: Target, log: Reader, source: Source) -> Self {
        let watch = Watch { to: target.to.to_string(), seen: Arc::default() };
        let next = match next_of(&target.cursor, &log) {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(%error, code = error.code(), "the cursor of syslog does not hold");
                watch.seen().error = Some(said(&error));
                0
            }
        };
        let here = log.here();
        if next < here {
            tracing::warn!(next, here, "syslog begins with the first entry that is not archived");
        }
        let next = next.max(here);
        let mut mapper = Mapper::new(source);
        for index in next.saturating_sub(LOOK_BACK)..next {
            // One that cannot be read is found when the log is checked; here it only names a question.
            if let Ok(entry) = log.entry(index) {
                mapper.record(&entry);
            }
        }
        let now = Instant::now();
        let progress = Progress::new(next);
        let stored = (next, now);
        Self { target, log, mapper, progress, link: None, failures: 0, looked: now, stored, watch }
    }

    /// Shows how far it is.
    #[must_use]
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Forwards until the end is asked for, then for a short while what was logged until then.
    pub fn run(mut self, stop: &Shutdown) {
        self.show();
        while !stop.requested() {
            let turn = self.turn(&|| stop.requested());
            self.store_now_and_then();
            match turn {
                Ok(true) => {}
                Ok(false) => std::thread::sleep(POLL),
                Err(error) => {
                    self.failed(&error);
                    self.pause(stop);
                }
            }
            self.show();
        }
        self.finish();
    }

    /// Sends the next entries; whether there were any.
    fn turn(&mut self, give_up: GiveUp<'_>) -> Result<bool, ForwardError> {
        self.look()?;
        let next = self.progress.next();
        let end = self.log.size().min(next.saturating_add(BATCH));
        let mut messages = Vec::new();
        for index in next..end {
            let entry = match self.log.entry(index) {
                Ok(entry) => entry,
                Err(error) if messages.is_empty() => return Err(error.into()),
                // What comes before it is sent first.
                Err(_said_next_time) => break,
            };
            messages.push(message(&self.mapper.record(&entry), self.target.style));
        }
        if messages.is_empty() {
            return Ok(false);
        }
        let link = match &mut self.link {
            Some(link) => link,
            none @ None => {
                none.insert(Link::open(&self.target.to, self.target.tls.as_ref(), give_up)?)
            }
        };
        link.send(&messages, give_up)?;
        self.progress.sent(messages.len() as u64, Instant::now());
        Ok(true)
    }

    /// Looks at the connection now and then. Only after a look that finds it whole does anything count as received.
    fn look(&mut self) -> Result<(), ForwardError> {
        let Some(link) = &mut self.link else { return Ok(()) };
        if self.looked.elapsed() < POLL.min(self.target.pace.settle) {
            return Ok(());
        }
        let pace = self.target.pace;
        let look = link.look()?;
        let age = match look {
            Look::Whole => {
                self.looked = Instant::now();
                pace.settle
            }
            // What was sent since the last look may have come after the end.
            Look::Ended => pace.settle_at_end,
        };
        if self.progress.settle(age, self.looked) {
            self.failures = 0;
            self.watch.seen().error = None;
        }
        if look == Look::Ended {
            self.link = None;
            if self.progress.broke() {
                return Err(ForwardError::Ended);
            }
        }
        Ok(())
    }

    fn failed(&mut self, error: &ForwardError) {
        match error {
            ForwardError::Link(_) | ForwardError::Ended => {
                self.link = None;
                self.progress.broke();
            }
            // The connection is as good as before.
            ForwardError::Log(_) => {}
        }
        self.failures = self.failures.saturating_add(1);
        let error = said(error);
        tracing::warn!(to = self.watch.to, error, next = self.progress.next(), "syslog waits");
        self.watch.seen().error = Some(error);
    }

    fn pause(&self, stop: &Shutdown) {
        let Pace { first_pause, longest_pause, .. } = self.target.pace;
        let random = getrandom::u32().unwrap_or(0);
        let pause = pause(first_pause, longest_pause, self.failures, random);
        let since = Instant::now();
        while !stop.requested() && since.elapsed() < pause {
            std::thread::sleep(POLL.min(pause));
        }
    }

    /// The last entries of a run, where the receiver takes them, and the receiver's word that it has read to the end.
    fn finish(mut self) {
        let (since, patience) = (Instant::now(), self.target.pace.goodbye);
        let late = || since.elapsed() >= patience;
        while !late() && (self.link.is_some() || self.failures == 0) {
            match self.turn(&late) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    self.failed(&error);
                    break;
                }
            }
        }
        if let Some(link) = self.link.take()
            && link.close(patience)
        {
            self.progress.settle_all();
        }
        self.store();
        self.show();
    }

    fn store_now_and_then(&mut self) {
        let (next, at) = self.stored;
        if self.progress.received() != next && at.elapsed() >= STORE_EVERY {
            self.store();
        }
    }

    fn store(&mut self) {
        let next = self.progress.received();
        if next == self.stored.0 {
            return;
        }
        let cursor = Cursor::at(&self.log, next).map_err(|error| said(&error));
        let stored = cursor.and_then(|cursor| {
            cursor.store(&self.target.cursor).map_err(|error| error.to_string())
        });
        self.stored.1 = Instant::now();
        match stored {
            Ok(()) => self.stored.0 = next,
            Err(error) => {
                tracing::error!(
                    error,
                    "the cursor of syslog is not written; a restart sends entries again"
                );
                self.watch.seen().error = Some(format!("the cursor is not written: {error}"));
            }
        }
    }

    fn show(&self) {
        let mut seen = self.watch.seen();
        seen.connected = self.link.is_some();
        (seen.sent, seen.received) = (self.progress.next(), self.progress.received());
    }
}

fn next_of(path: &Path, log: &Reader) -> Result<u64, super::CursorError> {
    Cursor::load(path)?.check(path, log)
}

/// Doubles with every failure; the upper half is random, so that nodes that lost a receiver together do not return together.
fn pause(first: Duration, longest: Duration, failures: u32, random: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(DOUBLINGS);
    let whole = first.saturating_mul(1 << doublings).min(longest);
    let half = whole / 2;
    half.saturating_add(half.mul_f64(f64::from(random) / f64::from(u32::MAX)))
}

/// An error with its reasons, on one line.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(reason) = source {
        text = format!("{text}: {reason}");
        source = reason.source();
    }
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests;
