//! The node's log: what was asked, decided and released, durable before it takes effect, and provable.
//!
//! [`Log::append`] returns when the event is on disk; a handler that is dropped while it waits loses nothing. Entries are the
//! leaves of a Merkle tree ([`crate::proof`]) whose heads are signed: [`Log::checkpoint`]. The truth about consumed
//! questions is derived from the log. Entries name people, questions, rules and counts of cells, never values of cells.
//!
//! Reading order: [`event`] and [`entry`], [`store`] (segments on disk, over [`medium`]), [`reader`]; [`stub`] is what is kept of
//! segments that were archived ([`crate::archive`]). The log does not talk
//! to witnesses and does not decide what is logged.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;
use crate::proof::checkpoint::SignedCheckpoint;
use crate::tasks::Tasks;

pub mod event;

pub mod entry;
pub mod text;

pub mod blobs;
pub mod checkpoint;
pub mod gap;
pub mod medium;
pub mod reader;
pub mod remembered;
pub mod store;
pub mod stub;
pub mod used;

mod check;
mod contents;
mod lock;
mod mark;
mod notes;
mod open_error;
mod record;
mod scan;
mod writer;

pub use entry::{Entry, MAX_ENTRY_BYTES};
pub use event::Event;
pub use open_error::OpenError;
pub use reader::Reader;
pub use store::Store;

use blobs::Blobs;
use checkpoint::Signer;
use writer::{Command, Waiting, Writer};

/// Events that wait for the disk; handlers wait beyond that.
const QUEUE: usize = 1024;
/// Most events that one sync makes durable.
const GROUP: usize = 256;

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
    /// The disk is full: what is left is for refusals.
    #[error("the disk of the log is full; the node answers nothing until there is room")]
    Full,
    /// The event is too large for an entry.
    #[error(
        "the entry would have {bytes} bytes, at most {MAX_ENTRY_BYTES} are logged; ask for less at once"
    )]
    TooLarge {
        /// Its bytes.
        bytes: u64,
    },
    /// The daemon is ending.
    #[error("the log is closed")]
    Closed,
}

impl LogError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Failed { .. } | Self::Closed => "no_log",
            Self::Full => "log_full",
            Self::TooLarge { .. } => "entry_too_large",
        }
    }
}

/// A handle to the one writer.
#[derive(Clone, Debug)]
pub struct Log {
    queue: mpsc::Sender<Command>,
    reader: Reader,
    blobs: Blobs,
    signer: Arc<Signer>,
    tasks: Tasks,
}

impl Log {
    /// Starts the writer over an open store.
    ///
    /// # Errors
    /// The system's reason why the folder of large texts cannot be made.
    pub fn start(
        store: Store,
        signer: Signer,
        clock: Arc<dyn Clock>,
        tasks: &Tasks,
    ) -> std::io::Result<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let (reader, blobs) = (store.reader(), Blobs::open(Arc::clone(store.medium()))?);
        let signer = Arc::new(signer);
        let shared = Arc::clone(&signer);
        let writer = Writer { store, blobs: blobs.clone(), signer: shared, clock, failed: None };
        tasks.spawn_blocking("log", move || writer.run(waiting));
        Ok(Self { queue, reader, blobs, signer, tasks: tasks.clone() })
    }

    /// Appends an event and returns its entry once it is durable.
    ///
    /// # Errors
    /// `LogError`: nothing may be released then.
    pub async fn append(&self, event: Event) -> Result<Recorded, LogError> {
        let (done, written) = oneshot::channel();
        self.ask(Command::Append(Box::new(Waiting { event, done })), written).await
    }

    /// A signed checkpoint over everything that was appended before; durable when this returns.
    ///
    /// # Errors
    /// `LogError`.
    pub async fn checkpoint(&self) -> Result<SignedCheckpoint, LogError> {
        let (done, made) = oneshot::channel();
        self.ask(Command::Checkpoint(done), made).await
    }

    /// Keeps the note of a checkpoint that got further signatures, as the latest one; durable when this returns.
    ///
    /// # Errors
    /// `LogError`.
    pub async fn keep_checkpoint(
        &self,
        signed: SignedCheckpoint,
    ) -> Result<SignedCheckpoint, LogError> {
        let (done, kept) = oneshot::channel();
        self.ask(Command::Keep(Box::new(signed), done), kept).await
    }

    /// The last checkpoint that is durable, with every signature that was kept.
    #[must_use]
    pub fn latest_checkpoint(&self) -> Option<SignedCheckpoint> {
        self.reader.checkpoint().and_then(|note| self.signer.open(&note).ok())
    }

    /// The log's origin and key.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Reads what is durable.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Reads what is durable where reading may take long: many entries, or a tree that the writer has in hand. Nothing comes back if
    /// `work` panicked, which ends the daemon.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader) -> T + Send + 'static,
    ) -> Option<T> {
        let reader = self.reader.clone();
        self.tasks.spawn_blocking("read", move || work(&reader)).await.ok()
    }

    /// Texts that are too large for an entry.
    #[must_use]
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// The entry at a place.
    ///
    /// # Errors
    /// `OpenError`.
    pub fn recorded(&self, index: u64) -> Result<Recorded, OpenError> {
        Ok(Recorded { entry: self.reader.entry(index)? })
    }

    async fn ask<T>(
        &self,
        command: Command,
        done: oneshot::Receiver<Result<T, LogError>>,
    ) -> Result<T, LogError> {
        self.queue.send(command).await.map_err(|_closed| LogError::Closed)?;
        done.await.map_err(|_closed| LogError::Closed)?
    }
}

#[cfg(test)]
mod tests;
