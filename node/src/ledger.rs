//! The memory of what was answered, as the node keeps it: one for each lineage of snapshots, over all persons.
//!
//! What an answer adds is a *charge*: durable as a file ([`charges`]) before the memory has it, in the memory before the answer is
//! recorded, and recorded before the answer leaves. One answer of a lineage is held against the memory at a time, so none is
//! held against a state that lacks what another adds. A process that ends between charge and record has charged without
//! answering: the next start takes every charge that is there, also one that no entry names.
//!
//! The entries of the log name the last charge of a lineage, and each charge names the one before it. Where one of them is missing,
//! damaged or another, the memory is *broken*: nothing is answered over the lineage until the file is back. It is never begun
//! anew in silence. What is remembered, and what it hides, is decided in [`query::disclose()`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use policies::{DatasetId, Digest};
use query::{Charge, Disclosed, Memory, Moment, NoiseKey, RawAnswer, SafeAnswer};
use tokio::sync::OwnedMutexGuard;

use crate::api::MemoryState;
use crate::log::medium;
use crate::log::remembered::{Heads, Remembered};
use crate::node::Node;
use crate::refused::Refused;
use crate::tasks::Tasks;

mod asked;
pub mod charges;
mod error;
mod explored;
pub mod lineage;

pub use charges::{Chain, Charges};
pub use error::LedgerError;
pub use explored::Unexplored;
pub(crate) use explored::{Explored, Exploring};
pub use lineage::Lineage;

/// The memories of all lineages.
#[derive(Debug)]
pub struct Ledger {
    charges: Charges,
    heads: Heads,
    /// The folder of patient numbers.
    patients: PathBuf,
    tasks: Tasks,
    /// The secret of noise; without it nothing is told with noise.
    noise: Option<Arc<NoiseKey>>,
    books: Mutex<BTreeMap<Digest, Arc<tokio::sync::Mutex<Book>>>>,
}

/// The memory of one lineage.
#[derive(Debug)]
enum Book {
    /// Nobody has asked for it yet.
    Unread,
    /// It is as the log says.
    Whole(Box<Chain>),
    /// It is not.
    Broken(Arc<LedgerError>),
}

impl Book {
    /// The memory, as the log says it is.
    fn whole(&mut self) -> Result<&mut Chain, Refused> {
        match self {
            Self::Whole(chain) => Ok(chain),
            Self::Broken(error) => Err(Refused::Ledger(Arc::clone(error))),
            Self::Unread => Err(LedgerError::Unread.into()),
        }
    }
}

/// The right to answer over one lineage: its memory is whole.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    lineage: Digest,
    book: Arc<tokio::sync::Mutex<Book>>,
}

/// An answer that may leave once it is recorded.
pub(crate) struct Charged {
    pub(crate) safe: SafeAnswer,
    pub(crate) memory: Option<Remembered>,
}

/// Reads the memory of a lineage and holds it against the log and the patient numbers.
///
/// # Errors
/// `LedgerError`.
pub fn read(charges: &Charges, heads: &Heads, lineage: &Lineage) -> Result<Chain, LedgerError> {
    lineage.remembered(heads)?;
    let chain = charges.read(&lineage.id, heads.lineages.get(&lineage.id))?;
    lineage.numbered(&chain.memory)?;
    Ok(chain)
}

/// The same, to go on behind the charges.
fn read_on(charges: &Charges, heads: &Heads, lineage: &Lineage) -> Result<Chain, LedgerError> {
    lineage.remembered(heads)?;
    let chain = charges.read_on(&lineage.id, heads.lineages.get(&lineage.id))?;
    lineage.numbered(&chain.memory)?;
    Ok(chain)
}

impl Ledger {
    /// The memories that these charges make; `heads` is what the log says of them, and `patients` the folder of patient numbers.
    #[must_use]
    pub fn new(charges: Charges, heads: Heads, patients: PathBuf, tasks: Tasks) -> Self {
        Self { charges, heads, patients, tasks, noise: None, books: Mutex::default() }
    }

    /// The same with the node's secret of noise, where there is one.
    #[must_use]
    pub fn with_noise(self, noise: Option<Arc<NoiseKey>>) -> Self {
        Self { noise, ..self }
    }

    /// The lineage of a snapshot; none where it cannot be read.
    pub(crate) fn lineage(&self, dataset: &DatasetId, snapshot: &Path) -> Option<Lineage> {
        Lineage::of(dataset, snapshot, &self.patients)
    }

    /// Opens the memory of a lineage.
    ///
    /// # Errors
    /// `Refused::Ledger` where it is not whole.
    pub(crate) async fn open(&self, lineage: Lineage) -> Result<Entry, Refused> {
        let (id, book) = (lineage.id, self.book(lineage.id));
        let mut turn = Arc::clone(&book).lock_owned().await;
        if matches!(*turn, Book::Unread) {
            let (charges, heads) = (self.charges.clone(), self.heads.clone());
            let read = self.tasks.spawn_blocking("ledger", move || {
                *turn = opened(&charges, &heads, &lineage)?;
                Ok::<_, LedgerError>(turn)
            });
            turn = read.await.map_err(|error| Refused::Store(std::io::Error::other(error)))??;
        }
        match &*turn {
            Book::Broken(error) => Err(Refused::Ledger(Arc::clone(error))),
            Book::Unread | Book::Whole(_) => Ok(Entry { lineage: id, book }),
        }
    }

    fn book(&self, lineage: Digest) -> Arc<tokio::sync::Mutex<Book>> {
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let unread = || Arc::new(tokio::sync::Mutex::new(Book::Unread));
        Arc::clone(books.entry(lineage).or_insert_with(unread))
    }

    /// How it is with the memory of a lineage; none where nobody asked for it yet, or an answer is held against it right now.
    pub(crate) fn state(&self, lineage: &Lineage) -> Option<MemoryState> {
        let book = self.book(lineage.id);
        let book = book.try_lock().ok()?;
        match &*book {
            Book::Unread => None,
            Book::Whole(chain) => {
                Some(MemoryState { filled: Some(chain.memory.filled()), problem: None })
            }
            Book::Broken(error) => {
                Some(MemoryState { filled: None, problem: Some(error.code().to_owned()) })
            }
        }
    }

    /// Holds a raw answer against the memory, and makes durable what it adds. Bins have noise by `exploring`.
    ///
    /// # Errors
    /// `Refused`: nothing may be released then.
    pub(crate) async fn disclose(
        &self,
        entry: Option<Entry>,
        (raw, moment): (RawAnswer, Moment),
        exploring: Option<Exploring>,
    ) -> Result<Charged, Refused> {
        let Some(Entry { lineage, book }) = entry else {
            let mut nothing = Memory::new([0; 32]);
            let safe = query::disclose(raw, &nothing, moment, None)?.charged(&mut nothing);
            return Ok(Charged { safe: safe.map_err(LedgerError::from)?, memory: None });
        };
        let (charges, turn) = (self.charges.clone(), book.lock_owned().await);
        let done = self.tasks.spawn_blocking("ledger", move || {
            charge(&charges, (turn, lineage), (raw, moment), exploring)
        });
        done.await.map_err(|error| Refused::Store(std::io::Error::other(error)))?
    }
}

/// Reads the memories of the snapshots that are answered from: whoever starts a node sees in its messages what is wrong with them.
/// A question that comes earlier waits for its own.
pub(crate) async fn read_all(node: Arc<Node>) {
    let book = node.rulebook();
    for dataset in book.datasets() {
        let Ok(snapshot) = node.snapshot(dataset) else { continue };
        let lineage = node.ledger.lineage(&dataset.id, &snapshot.folder);
        let Some(lineage) = lineage else { continue };
        if let Err(error) = node.ledger.open(lineage).await {
            tracing::error!(dataset = %dataset.id, %error, "the memory of what was told is not whole");
        }
    }
}

/// Percentages from which on a memory is said to fill up.
const FILLING: [u8; 2] = [50, 80];

/// Whether somebody should know that a memory fills up: it passed one of the steps.
fn passed(before: u8, after: u8) -> bool {
    FILLING.iter().any(|step| before < *step && *step <= after)
}

fn warn_if_filling(before: u8, after: u8, lineage: &Digest) {
    if passed(before, after) {
        tracing::warn!(
            filled = after,
            lineage = %lineage.short(),
            "the memory of what was told fills up: from 80 % on nothing new is told over these snapshots but indicators, at 100 % nothing, until \
             a new lineage begins"
        );
    }
}

/// The memory; what the system cannot read right now is tried again.
fn opened(charges: &Charges, heads: &Heads, lineage: &Lineage) -> Result<Book, LedgerError> {
    let broken = |error: &LedgerError| {
        tracing::error!(%error, code = error.code(), lineage = %lineage.id.short(), "nothing is answered over these snapshots");
    };
    match read_on(charges, heads, lineage) {
        Ok(chain) => {
            warn_if_filling(0, chain.memory.filled(), &lineage.id);
            Ok(Book::Whole(Box::new(chain)))
        }
        Err(error @ LedgerError::Io { .. }) => {
            broken(&error);
            Err(error)
        }
        Err(error) => {
            broken(&error);
            Ok(Book::Broken(Arc::new(error)))
        }
    }
}

/// One answer of a lineage, alone.
fn charge(
    charges: &Charges,
    (mut turn, lineage): (OwnedMutexGuard<Book>, Digest),
    (raw, moment): (RawAnswer, Moment),
    exploring: Option<Exploring>,
) -> Result<Charged, Refused> {
    let explorer = exploring.as_ref().map(Exploring::explorer).transpose()?;
    let disclosed = query::disclose(raw, &turn.whole()?.memory, moment, explorer)?;
    keep(charges, &mut turn, lineage, disclosed)
}

/// Makes durable what an answer adds, then has it in the memory.
fn keep(
    charges: &Charges,
    turn: &mut Book,
    lineage: Digest,
    disclosed: Disclosed,
) -> Result<Charged, Refused> {
    if !disclosed.charge().is_empty() {
        put(charges, turn, lineage, disclosed.charge())?;
    }
    let chain = turn.whole()?;
    let before = chain.memory.filled();
    let safe = disclosed.charged(&mut chain.memory).map_err(LedgerError::from)?;
    warn_if_filling(before, chain.memory.filled(), &lineage);
    let (charges, last) = (chain.memory.charges(), chain.last);
    let memory = Remembered { lineage, charges, last, stands: safe.stands() };
    Ok(Charged { safe, memory: Some(memory) })
}

/// Makes a charge durable; the memory does not have it yet. On a full disk it may be tried again; after any other error nobody
/// knows what is on the disk, so the memory is broken until the node starts again.
fn put(
    charges: &Charges,
    turn: &mut Book,
    lineage: Digest,
    charge: &Charge,
) -> Result<(), Refused> {
    let chain = turn.whole()?;
    let bytes = charge.encode().map_err(LedgerError::from)?;
    match charges.put(&lineage, chain, bytes) {
        Ok(last) => {
            chain.last = Some(last);
            Ok(())
        }
        // Nothing names it yet, so it may be tried again when there is room.
        Err(error) if medium::no_room(&error) => Err(Refused::Store(error)),
        Err(source) => {
            let error = Arc::new(LedgerError::Unwritten { source });
            *turn = Book::Broken(Arc::clone(&error));
            Err(Refused::Ledger(error))
        }
    }
}

#[cfg(test)]
mod tests;
