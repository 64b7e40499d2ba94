//! The node's log: what was asked, decided and released, durable before it takes effect.
//!
//! [`Log::append`] returns when the event is on disk; a handler that is dropped while it waits loses nothing. The truth
//! about consumed questions is derived from the log at start. [`Storage`] is the seam to the medium: [`mod@file`] appends
//! lines to one file; a provable store takes the same calls. Entries name people, questions, rules and counts of cells,
//! never values of cells.

use std::sync::Arc;

use policies::UnixTime;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;
use crate::tasks::Tasks;

pub mod event;
pub mod file;

pub use event::Event;

/// Events that wait for the disk; handlers wait beyond that.
const QUEUE: usize = 1024;
/// Most events that one sync makes durable.
const GROUP: usize = 256;

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its place, from 0.
    pub index: u64,
    /// When it was written.
    pub at: UnixTime,
    /// What happened.
    pub event: Event,
}

/// An entry that is durable: only the log makes one, so whoever holds it may act on it.
///
/// ```compile_fail
/// let recorded = node::log::Recorded { entry: todo!() };
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    entry: Entry,
}

impl Recorded {
    /// The entry.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        &self.entry
    }
}

/// Where entries go. A call that returns `Ok` has made all of its entries durable, in order.
pub trait Storage: Send + std::fmt::Debug {
    /// Appends entries durably.
    ///
    /// # Errors
    /// The system's reason; whether any of the entries is on disk is then unknown.
    fn append(&mut self, entries: &[Entry]) -> std::io::Result<()>;
}

/// Why an event is not in the log. Without the log there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The disk failed before; nothing is written any more.
    #[error(
        "the log cannot be written: {reason}; the node answers nothing until it is repaired and restarted"
    )]
    Failed {
        /// The system's reason.
        reason: String,
    },
    /// The daemon is ending.
    #[error("the log is closed")]
    Closed,
}

/// A handle to the one writer.
#[derive(Clone, Debug)]
pub struct Log {
    queue: mpsc::Sender<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    event: Event,
    done: oneshot::Sender<Result<Recorded, LogError>>,
}

impl Log {
    /// Starts the writer; `next` is the index of the next entry.
    pub fn start(
        storage: Box<dyn Storage>,
        next: u64,
        clock: Arc<dyn Clock>,
        tasks: &Tasks,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let writer = Writer { storage, next, clock, failed: None };
        tasks.spawn_blocking("log", move || writer.run(waiting));
        Self { queue }
    }

    /// Appends an event and returns its entry once it is durable.
    ///
    /// # Errors
    /// `LogError`: nothing may be released then.
    pub async fn append(&self, event: Event) -> Result<Recorded, LogError> {
        let (done, written) = oneshot::channel();
        self.queue.send(Waiting { event, done }).await.map_err(|_closed| LogError::Closed)?;
        written.await.map_err(|_closed| LogError::Closed)?
    }
}

struct Writer {
    storage: Box<dyn Storage>,
    next: u64,
    clock: Arc<dyn Clock>,
    failed: Option<String>,
}

impl Writer {
    /// Runs until every handle is gone.
    fn run(mut self, mut queue: mpsc::Receiver<Waiting>) {
        while let Some(first) = queue.blocking_recv() {
            let mut group = vec![first];
            while group.len() < GROUP {
                match queue.try_recv() {
                    Ok(waiting) => group.push(waiting),
                    Err(_empty_or_closed) => break,
                }
            }
            self.write(group);
        }
    }

    fn write(&mut self, group: Vec<Waiting>) {
        let at = self.clock.now();
        let (events, waiting): (Vec<_>, Vec<_>) =
            group.into_iter().map(|Waiting { event, done }| (event, done)).unzip();
        let first = self.next;
        let entries: Vec<_> =
            (first..).zip(events).map(|(index, event)| Entry { index, at, event }).collect();
        if self.failed.is_none() {
            match self.storage.append(&entries) {
                Ok(()) => self.next = first.saturating_add(entries.len() as u64),
                // A failed sync may have marked pages clean: nothing is tried again on this file.
                Err(error) => {
                    tracing::error!(%error, "the log cannot be written, nothing is answered any more");
                    self.failed = Some(error.to_string());
                }
            }
        }
        for (entry, done) in entries.into_iter().zip(waiting) {
            let outcome = match &self.failed {
                None => Ok(Recorded { entry }),
                Some(reason) => Err(LogError::Failed { reason: reason.clone() }),
            };
            // A handler that went away does not need to know.
            drop(done.send(outcome));
        }
    }
}

#[cfg(test)]
mod tests;
