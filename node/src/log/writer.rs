//! The one writer: takes what waits, makes it durable with one sync, then answers.
//!
//! There is no pause to gather a group: while one is synced, the next one gathers.

use std::io;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::blobs::Blobs;
use super::checkpoint::Signer;
use super::store::{Room, Store, record_bytes};
use super::{Entry, Event, GROUP, LogError, MAX_ENTRY_BYTES, Recorded, medium};
use crate::clock::Clock;
use crate::proof::checkpoint::SignedCheckpoint;

/// What the writer is asked for.
#[derive(Debug)]
pub(super) enum Command {
    /// An event to append.
    Append(Box<Waiting>),
    /// A checkpoint over everything before it.
    Checkpoint(oneshot::Sender<Result<SignedCheckpoint, LogError>>),
    /// The note of a checkpoint that got further signatures.
    Keep(Box<SignedCheckpoint>, oneshot::Sender<Result<SignedCheckpoint, LogError>>),
}

/// An event and who waits for it.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) event: Event,
    pub(super) done: oneshot::Sender<Result<Recorded, LogError>>,
}

/// The writer's task.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) store: Store,
    pub(super) blobs: Blobs,
    pub(super) signer: Arc<Signer>,
    pub(super) clock: Arc<dyn Clock>,
    /// Why nothing is written any more.
    pub(super) failed: Option<String>,
}

impl Writer {
    /// Runs until every handle is gone.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Command>) {
        while let Some(first) = queue.blocking_recv() {
            let (mut group, mut next) = (Vec::new(), Some(first));
            while let Some(command) = next.take() {
                match command {
                    Command::Append(waiting) => group.push(*waiting),
                    Command::Checkpoint(done) => {
                        self.write(std::mem::take(&mut group));
                        drop(done.send(self.checkpoint()));
                    }
                    Command::Keep(note, done) => {
                        self.write(std::mem::take(&mut group));
                        drop(done.send(self.keep(*note)));
                    }
                }
                if group.len() < GROUP {
                    next = queue.try_recv().ok();
                }
            }
            self.write(group);
        }
    }

    /// Writes a group and answers everyone who waits for it.
    fn write(&mut self, group: Vec<Waiting>) {
        let at = self.clock.now();
        let prepared: Vec<_> =
            group.into_iter().filter_map(|waiting| self.prepare(waiting)).collect();
        let (waiting, entries): (Vec<_>, Vec<_>) = (self.store.size()..)
            .zip(self.that_fit(prepared))
            .map(|(index, Waiting { event, done })| (done, Entry::new(index, at, event)))
            .unzip();
        if entries.is_empty() {
            return;
        }
        let written = self.guard(|writer| {
            let bytes = entries.iter().map(Entry::encode).collect::<Result<Vec<_>, _>>()?;
            writer.store.append(&bytes)
        });
        for (entry, done) in entries.into_iter().zip(waiting) {
            // A handler that went away does not need to know.
            drop(done.send(written.clone().map(|()| Recorded { entry })));
        }
    }

    /// Stores the large parts of an event; answers at once where it can never be an entry.
    fn prepare(&mut self, waiting: Waiting) -> Option<Waiting> {
        let Waiting { mut event, done } = waiting;
        let stored = self.guard(|writer| match event.store_parts(&writer.blobs) {
            Err(error) if medium::no_room(&error) => Ok(Err(LogError::Full)),
            Err(error) => Err(error),
            Ok(()) => Ok(Ok(())),
        });
        let fits = stored.and_then(std::convert::identity).and_then(|()| match size_of(&event) {
            bytes if bytes > MAX_ENTRY_BYTES as u64 => Err(LogError::TooLarge { bytes }),
            _ => Ok(()),
        });
        match fits {
            Ok(()) => Some(Waiting { event, done }),
            Err(error) => {
                drop(done.send(Err(error)));
                None
            }
        }
    }

    /// Those that the disk has room for; the others are answered. The reserve is for what must not go unlogged.
    fn that_fit(&mut self, group: Vec<Waiting>) -> Vec<Waiting> {
        let bytes = |waiting: &Waiting| record_bytes(size_of(&waiting.event));
        let all = group.iter().map(bytes).fold(0, u64::saturating_add);
        let mut left = match self.guard(|writer| writer.store.room(all)) {
            Ok(Room::Enough) => return group,
            Ok(Room::Reserve(left)) => left,
            Err(_answered_below) => 0,
        };
        let error = match &self.failed {
            Some(reason) => LogError::Failed { reason: reason.clone() },
            None => LogError::Full,
        };
        let mut fit = Vec::new();
        for waiting in group {
            match left.checked_sub(bytes(&waiting)) {
                Some(rest) if waiting.event.may_use_reserve() => {
                    left = rest;
                    fit.push(waiting);
                }
                Some(_) | None => drop(waiting.done.send(Err(error.clone()))),
            }
        }
        fit
    }

    /// Signs the head, unless that is done already. It is durable when this returns.
    fn checkpoint(&mut self) -> Result<SignedCheckpoint, LogError> {
        let (head, latest) = (self.store.reader().head(), self.store.reader().checkpoint());
        let latest = latest.and_then(|note| self.signer.open(&note).ok());
        if let Some(latest) = latest.filter(|signed| signed.head() == head) {
            return Ok(latest);
        }
        let signed = self.guard(|writer| writer.signer.sign(head).map_err(io::Error::other))?;
        self.keep(signed)
    }

    fn keep(&mut self, signed: SignedCheckpoint) -> Result<SignedCheckpoint, LogError> {
        let note = signed.note().to_string();
        let bytes = note.len() as u64;
        if bytes > MAX_ENTRY_BYTES as u64 {
            return Err(LogError::TooLarge { bytes });
        }
        match self.guard(|writer| writer.store.room(record_bytes(bytes)))? {
            Room::Reserve(left) if left < record_bytes(bytes) => return Err(LogError::Full),
            Room::Reserve(_) | Room::Enough => {}
        }
        self.guard(|writer| writer.store.append_checkpoint(&note))?;
        Ok(signed)
    }

    /// Does what may fail; after a fault of the disk nothing is tried again.
    fn guard<T>(&mut self, work: impl FnOnce(&mut Self) -> io::Result<T>) -> Result<T, LogError> {
        if let Some(reason) = &self.failed {
            return Err(LogError::Failed { reason: reason.clone() });
        }
        work(self).map_err(|error| {
            tracing::error!(%error, "the log cannot be written, nothing is answered any more");
            let reason = error.to_string();
            self.failed = Some(reason.clone());
            LogError::Failed { reason }
        })
    }
}

/// The most bytes that the event's entry can have.
fn size_of(event: &Event) -> u64 {
    let longest = Entry::new(u64::MAX, policies::UnixTime(i64::MIN), event.clone());
    longest.encode().map_or(u64::MAX, |bytes| bytes.len() as u64)
}
