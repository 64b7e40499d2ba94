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

use policies::Digest;
use query::{Charge, Disclosed, Memory, Moment, NoiseKey, RawAnswer, SafeAnswer};
use tokio::sync::OwnedMutexGuard;

use crate::log::medium;
use crate::log::remembered::{Heads, Remembered};
use crate::node::Node;
use crate::refused::Refused;
use crate::tasks::Tasks;

mod asked;
pub mod charges;
mod error;
mod explored;

pub use charges::{Chain, Charges};
pub use error::LedgerError;
pub use explored::Unexplored;
pub(crate) use explored::{Explored, Exploring};

/// The memories of all lineages.
#[derive(Debug)]
pub struct Ledger {
    charges: Charges,
    heads: Heads,
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

/// Snapshots of this lineage of which answers were given that nobody remembers.
fn forgotten(heads: &Heads, lineage: &Digest, beside: &Path) -> Option<Digest> {
    let of = |snapshot: &&Digest| {
        query::snapshot::lineage(&beside.join(snapshot.to_string())) == Some(*lineage)
    };
    heads.forgotten.iter().find(of).copied()
}

/// Reads the memory of a lineage and holds it against the log; `beside` is the folder of the dataset version's snapshots.
///
/// # Errors
/// `LedgerError`.
pub fn read(
    charges: &Charges,
    heads: &Heads,
    (lineage, beside): (&Digest, &Path),
) -> Result<Chain, LedgerError> {
    if let Some(snapshot) = forgotten(heads, lineage, beside) {
        return Err(LedgerError::Forgotten { snapshot });
    }
    charges.read(lineage, heads.lineages.get(lineage))
}

impl Ledger {
    /// The memories that these charges make; `heads` is what the log says of them.
    #[must_use]
    pub fn new(charges: Charges, heads: Heads, tasks: Tasks) -> Self {
        Self { charges, heads, tasks, noise: None, books: Mutex::default() }
    }

    /// The same with the node's secret of noise, where there is one.
    #[must_use]
    pub fn with_noise(self, noise: Option<Arc<NoiseKey>>) -> Self {
        Self { noise, ..self }
    }

    /// Opens the memory of a snapshot's lineage.
    ///
    /// # Errors
    /// `Refused::Ledger` where it is not whole.
    pub(crate) async fn open(&self, lineage: Digest, snapshot: &Path) -> Result<Entry, Refused> {
        let book = {
            let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
            let unread = || Arc::new(tokio::sync::Mutex::new(Book::Unread));
            Arc::clone(books.entry(lineage).or_insert_with(unread))
        };
        let mut turn = Arc::clone(&book).lock_owned().await;
        if matches!(*turn, Book::Unread) {
            let (charges, heads) = (self.charges.clone(), self.heads.clone());
            let beside = snapshot.parent().map(Path::to_path_buf).unwrap_or_default();
            let read = self.tasks.spawn_blocking("ledger", move || {
                *turn = opened(&charges, &heads, (&lineage, &beside));
                turn
            });
            turn = read.await.map_err(|error| Refused::Store(std::io::Error::other(error)))?;
        }
        match &*turn {
            Book::Broken(error) => Err(Refused::Ledger(Arc::clone(error))),
            Book::Unread | Book::Whole(_) => Ok(Entry { lineage, book }),
        }
    }

    /// Holds a raw answer against the memory, and makes durable what it adds.
    ///
    /// # Errors
    /// `Refused`: nothing may be released then.
    pub(crate) async fn disclose(
        &self,
        entry: Option<Entry>,
        raw: RawAnswer,
        moment: Moment,
    ) -> Result<Charged, Refused> {
        let Some(Entry { lineage, book }) = entry else {
            let mut nothing = Memory::new([0; 32]);
            let safe = query::disclose(raw, &nothing, moment)?.charged(&mut nothing);
            return Ok(Charged { safe: safe.map_err(LedgerError::from)?, memory: None });
        };
        let (charges, turn) = (self.charges.clone(), book.lock_owned().await);
        let done = self
            .tasks
            .spawn_blocking("ledger", move || charge(&charges, turn, lineage, (raw, moment)));
        done.await.map_err(|error| Refused::Store(std::io::Error::other(error)))?
    }
}

/// Reads the memories of the snapshots that are answered from: whoever starts a node sees in its messages what is wrong with them.
/// A question that comes earlier waits for its own.
pub(crate) async fn read_all(node: Arc<Node>) {
    for dataset in node.charter().datasets() {
        let Ok(snapshot) = node.snapshot(dataset) else { continue };
        let Some(lineage) = query::snapshot::lineage(&snapshot.folder) else { continue };
        if let Err(error) = node.ledger.open(lineage, &snapshot.folder).await {
            tracing::error!(dataset = %dataset.id, %error, "the memory of what was told is not whole");
        }
    }
}

fn opened(charges: &Charges, heads: &Heads, of: (&Digest, &PathBuf)) -> Book {
    match read(charges, heads, (of.0, of.1)) {
        Ok(chain) => Book::Whole(Box::new(chain)),
        Err(error) => {
            tracing::error!(%error, code = error.code(), lineage = %of.0.short(), "nothing is answered over these snapshots");
            Book::Broken(Arc::new(error))
        }
    }
}

/// One answer of a lineage, alone.
fn charge(
    charges: &Charges,
    mut turn: OwnedMutexGuard<Book>,
    lineage: Digest,
    (raw, moment): (RawAnswer, Moment),
) -> Result<Charged, Refused> {
    let disclosed = query::disclose(raw, &turn.whole()?.memory, moment)?;
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
    let safe = disclosed.charged(&mut chain.memory).map_err(LedgerError::from)?;
    let (charges, last) = (chain.memory.charges(), chain.last);
    let memory = Remembered { lineage, charges, last, stands: safe.stands() };
    Ok(Charged { safe, memory: Some(memory) })
}

/// Makes a charge durable; the memory does not have it yet.
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
