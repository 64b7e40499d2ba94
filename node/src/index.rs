//! What is looked up in the log, by digest: questions, requests and charters. Derived from the log, which is the truth.
//!
//! The file can be lost, old, damaged or of another log: [`Index::open`] catches up with the log or builds it anew. It is
//! brought up to date now and then, not with every entry; whoever asks it keeps what came since (`crate::consumed`).

use std::path::{Path, PathBuf};

use policies::wire::LayerRef;
use policies::{DatasetId, Digest, UnixTime};
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};

use crate::log::remembered::{Head, Heads};
use crate::log::stub::About;
use crate::log::used::Use;
use crate::log::{Event, OpenError, Reader};

mod approvals;
mod batch;
mod charters;

use batch::Batch;

/// Where a question's life stands: the request that consumed it, its end, and the last entry about it.
type UseRow = (&'static [u8; 32], i64, u64);

const QUESTIONS: TableDefinition<'_, &[u8; 32], UseRow> = TableDefinition::new("questions/1");
const REQUESTS: TableDefinition<'_, &[u8; 32], &[u8; 32]> = TableDefinition::new("requests/1");
const CHARTERS: TableDefinition<'_, &[u8; 32], u64> = TableDefinition::new("charters/2");
/// By lineage: how many charges, and the last one's digest.
const LINEAGES: TableDefinition<'_, &[u8; 32], (u64, &[u8; 32])> =
    TableDefinition::new("lineages/1");
/// Snapshots of which protected answers were given that no memory holds.
const FORGOTTEN: TableDefinition<'_, &[u8; 32], ()> = TableDefinition::new("forgotten/1");
/// Lineages over which answers were given that no log and no memory holds.
const LOST: TableDefinition<'_, &[u8; 32], ()> = TableDefinition::new("lost/1");
/// Revocations that the log names.
const REVOKED: TableDefinition<'_, &[u8; 32], ()> = TableDefinition::new("revoked/1");
const PLACES: TableDefinition<'_, &str, (u64, &[u8; 32])> = TableDefinition::new("places/1");
/// Row of `PLACES`: the entries that are in the index, and the leaf of the last one.
const DONE: &str = "done";
/// Row of `PLACES`: something came from stubs that were not held against the entries which name them yet.
const UNVOUCHED: &str = "unvouched";
/// Row of `PLACES`: entries were archived by a version without a memory.
const UNHEARD: &str = "unheard";
/// What rows of `PLACES` begin with: the last accepted charter of a network.
const CHARTER: &str = "charter/";

/// Row of `PLACES`: the last configuration.
const CONFIGURED: &str = "configured";
/// Row of `PLACES`: the last keys.
const KEYS: &str = "keys";

/// Row of `PLACES`: the last pause, or its end.
const PAUSE: &str = "pause";

/// Most memory for pages of the file.
const CACHE_BYTES: usize = 32 << 20;

/// The index over a log.
#[derive(Debug)]
pub struct Index {
    database: Database,
    path: PathBuf,
}

impl Index {
    /// Opens the index and brings it up to date, or builds it anew from the log.
    ///
    /// # Errors
    /// `OpenError`: a log that cannot be read, or an index that cannot be written.
    pub fn open(path: &Path, log: &Reader) -> Result<Self, OpenError> {
        match Self::existing(path, log) {
            Ok(Some(index)) => return Ok(index),
            Ok(None) => {}
            Err(Failure::Log(error)) => return Err(error),
            Err(Failure::Index(error)) => {
                tracing::warn!(%error, path = %path.display(), "the index cannot be used");
            }
        }
        Self::rebuild(path, log)
    }

    /// Builds the index anew from the log.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn rebuild(path: &Path, log: &Reader) -> Result<Self, OpenError> {
        let failed = |reason: String| OpenError::Index { path: path.to_owned(), reason };
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(error.to_string()));
            }
            Ok(()) | Err(_) => {}
        }
        let database = builder().create(path).map_err(|error| failed(error.to_string()))?;
        let index = Self { database, path: path.to_owned() };
        index.add(&Batch::after(0))?;
        index.catch_up(log)?;
        Ok(index)
    }

    /// Brings the index up to date; the number of entries that it holds then.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn catch_up(&self, log: &Reader) -> Result<u64, OpenError> {
        let known = self.known().map_err(|error| self.failed(&error))?;
        let stubs: Vec<_> =
            log.archived().into_iter().filter(|about| about.end() > known).collect();
        for about in &stubs {
            let (stub, _) = log.stub(about.first)?;
            let kept = log.kept(about)?;
            let mut batch = Batch::after(known);
            batch.take_stub(&stub, kept);
            self.add(&batch.at(log)?)?;
        }
        let done = self.rest(log)?;
        if self.unvouched().map_err(|error| self.failed(&error))? {
            for about in log.archived() {
                self.vouched(log, &about)?;
            }
            self.trust()?;
        }
        Ok(done)
    }

    /// Takes the entries that are on the node.
    fn rest(&self, log: &Reader) -> Result<u64, OpenError> {
        let mut batch = Batch::after(self.known().map_err(|error| self.failed(&error))?);
        for bytes in log.bytes_from(batch.done) {
            let bytes = bytes?;
            if Batch::needs(&bytes) {
                batch.take(&log.parse(batch.done, &bytes)?);
            } else {
                batch.pass();
            }
            if batch.is_full() {
                let done = batch.done;
                self.add(&std::mem::replace(&mut batch, Batch::after(done)).at(log)?)?;
            }
        }
        let done = batch.done;
        if batch.taken {
            self.add(&batch.at(log)?)?;
        }
        Ok(done)
    }

    /// Holds a stub against the entry that says what was archived: what is kept for an index stands under no other hash.
    fn vouched(&self, log: &Reader, about: &About) -> Result<(), OpenError> {
        let place = self.last(&archived_row(about.first))?;
        let event = place.map(|place| log.entry(place)).transpose()?.map(|entry| entry.event);
        match event {
            Some(Event::Archived(archived)) => log.agrees(about, &archived),
            Some(_) | None => Err(log.unvouched(about)),
        }
    }

    /// What became of a question, as far as the index knows.
    ///
    /// # Errors
    /// `OpenError::Index`.
    pub fn question(&self, question: &Digest) -> Result<Option<Use>, OpenError> {
        let find = || -> Result<_, redb::Error> {
            let table = self.database.begin_read()?.open_table(QUESTIONS)?;
            Ok(table.get(question.as_bytes())?.map(|row| {
                let (request, expires_at, last) = row.value();
                let request = Digest::from_bytes(*request);
                Use { question: *question, request, expires_at: UnixTime(expires_at), last }
            }))
        };
        find().map_err(|error| self.failed(&error))
    }

    /// The question that a request consumed.
    ///
    /// # Errors
    /// `OpenError::Index`.
    pub fn request(&self, request: &Digest) -> Result<Option<Digest>, OpenError> {
        let find = || -> Result<_, redb::Error> {
            let table = self.database.begin_read()?.open_table(REQUESTS)?;
            Ok(table.get(request.as_bytes())?.map(|row| Digest::from_bytes(*row.value())))
        };
        find().map_err(|error| self.failed(&error))
    }

    /// Place of the last entry about the configuration.
    ///
    /// # Errors
    /// `OpenError::Index`.
    pub fn last_configured(&self) -> Result<Option<u64>, OpenError> {
        self.last(CONFIGURED)
    }

    /// Place of the last entry about the node's keys.
    ///
    /// # Errors
    /// `OpenError::Index`.
    pub fn last_keys(&self) -> Result<Option<u64>, OpenError> {
        self.last(KEYS)
    }

    /// Place of the last pause, or of its end.
    ///
    /// # Errors
    /// `OpenError::Index`.
    pub fn last_pause(&self) -> Result<Option<u64>, OpenError> {
        self.last(PAUSE)
    }

    /// Place of the last entry about a snapshot of the dataset.
    ///
    /// # Errors
    /// `OpenError::Index`.
    pub fn last_snapshot(&self, dataset: &DatasetId) -> Result<Option<u64>, OpenError> {
        self.last(&snapshot_row(dataset))
    }

    /// What the log says of the memory of every lineage.
    ///
    /// # Errors
    /// `OpenError::Index`.
    pub fn heads(&self) -> Result<Heads, OpenError> {
        let find = || -> Result<_, redb::Error> {
            let mut heads = Heads::default();
            let transaction = self.database.begin_read()?;
            for row in transaction.open_table(LINEAGES)?.iter()? {
                let (lineage, head) = row?;
                let (charges, last) = head.value();
                let head = Head { charges, last: Digest::from_bytes(*last) };
                heads.lineages.insert(Digest::from_bytes(*lineage.value()), head);
            }
            for row in transaction.open_table(FORGOTTEN)?.iter()? {
                heads.forgotten.insert(Digest::from_bytes(*row?.0.value()));
            }
            for row in transaction.open_table(LOST)?.iter()? {
                heads.lost.insert(Digest::from_bytes(*row?.0.value()));
            }
            heads.unheard = self.place(UNHEARD)?.is_some();
            Ok(heads)
        };
        find().map_err(|error| self.failed(&error))
    }

    /// The index as it is, if it is of this log.
    fn existing(path: &Path, log: &Reader) -> Result<Option<Self>, Failure> {
        if !path.exists() {
            return Ok(None);
        }
        let database = builder().open(path).map_err(redb::Error::from)?;
        let index = Self { database, path: path.to_owned() };
        let Some((done, leaf)) = index.done()? else { return Ok(None) };
        let transaction = index.database.begin_read().map_err(redb::Error::from)?;
        let missing =
            |missing: redb::TableError| matches!(missing, redb::TableError::TableDoesNotExist(_));
        let old = transaction.open_table(REVOKED).err().is_some_and(missing)
            || transaction.open_table(CHARTERS).err().is_some_and(missing);
        drop(transaction);
        if old {
            tracing::info!("the index is of an older version");
            return Ok(None);
        }
        let last = done.checked_sub(1).filter(|last| *last < log.size());
        if index.unvouched()? {
            tracing::warn!("the index was not held against what the log says was archived");
            return Ok(None);
        }
        let same = match last {
            Some(last) => *log.leaf_hash(last).map_err(Failure::Log)?.as_bytes() == leaf,
            None => done == 0,
        };
        if !same {
            tracing::warn!(done, "the index is of another log, or ahead of this one");
            return Ok(None);
        }
        index.catch_up(log).map_err(Failure::Log)?;
        Ok(Some(index))
    }

    fn last(&self, row: &str) -> Result<Option<u64>, OpenError> {
        let place = self.place(row).map_err(|error| self.failed(&error))?;
        Ok(place.map(|(place, _)| place))
    }

    fn done(&self) -> Result<Option<(u64, [u8; 32])>, redb::Error> {
        self.place(DONE)
    }

    fn place(&self, row: &str) -> Result<Option<(u64, [u8; 32])>, redb::Error> {
        let transaction = self.database.begin_read()?;
        let table = match transaction.open_table(PLACES) {
            Ok(table) => table,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(table.get(row)?.map(|row| {
            let (place, leaf) = row.value();
            (place, *leaf)
        }))
    }

    /// Adds a batch durably.
    fn add(&self, batch: &Batch) -> Result<(), OpenError> {
        let add = || -> Result<(), redb::Error> {
            let transaction = self.database.begin_write()?;
            batch.write(&transaction)?;
            transaction.commit()?;
            Ok(())
        };
        add().map_err(|error| self.failed(&error))
    }

    /// Whether it holds what no entry of the log was seen to vouch for. Such an index is of no use after a start.
    fn unvouched(&self) -> Result<bool, redb::Error> {
        Ok(self.place(UNVOUCHED)?.is_some())
    }

    /// Says durably that every stub was held against its entry.
    fn trust(&self) -> Result<(), OpenError> {
        let trust = || -> Result<(), redb::Error> {
            let transaction = self.database.begin_write()?;
            transaction.open_table(PLACES)?.remove(UNVOUCHED)?;
            transaction.commit()?;
            Ok(())
        };
        trust().map_err(|error| self.failed(&error))
    }

    /// Entries that are in the index.
    fn known(&self) -> Result<u64, redb::Error> {
        Ok(self.done()?.map_or(0, |(done, _)| done))
    }

    /// The error of an index that contradicts the log.
    pub(crate) fn wrong(&self, reason: &str) -> OpenError {
        let reason = format!("{reason}; run `kring check --rebuild`");
        OpenError::Index { path: self.path.clone(), reason }
    }

    fn failed(&self, error: &redb::Error) -> OpenError {
        OpenError::Index { path: self.path.clone(), reason: error.to_string() }
    }
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    builder
}

fn snapshot_row(dataset: &DatasetId) -> String {
    format!("snapshot/{dataset}")
}

fn archived_row(first: u64) -> String {
    format!("archived/{first}")
}

fn charter_key(layer: &LayerRef) -> Digest {
    Digest::of(&serde_json::to_vec(layer).unwrap_or_default())
}

/// Why an index that exists is of no use.
enum Failure {
    /// The index.
    Index(redb::Error),
    /// The log.
    Log(OpenError),
}

impl From<redb::Error> for Failure {
    fn from(error: redb::Error) -> Self {
        Self::Index(error)
    }
}

#[cfg(test)]
mod tests;
