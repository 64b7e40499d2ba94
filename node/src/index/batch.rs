//! What goes into the index at a time, sorted: a tree that is written in order stays small.

use std::collections::BTreeMap;

use policies::wire::LayerRef;
use redb::{ReadableTable as _, WriteTransaction};

use super::{
    CHARTER, CHARTERS, CONFIGURED, DONE, KEYS, PLACES, QUESTIONS, REQUESTS, charter_key,
    snapshot_row,
};
use crate::log::{Entry, Event, OpenError, Reader};

/// Entries on their way into the index.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Entries in the index with this batch.
    pub(super) done: u64,
    /// Whether there is any entry in it.
    pub(super) taken: bool,
    /// The leaf of the last one.
    leaf: [u8; 32],
    questions: BTreeMap<[u8; 32], Row>,
    charters: BTreeMap<[u8; 32], u64>,
    last_charter: Option<u64>,
    /// Places by row: the last entry of a kind.
    places: BTreeMap<String, u64>,
}

/// What the batch says of a question.
#[derive(Clone, Copy, Debug)]
struct Row {
    request: [u8; 32],
    expires_at: i64,
    last: u64,
}

impl Batch {
    /// An empty batch that follows so many entries.
    pub(super) fn after(done: u64) -> Self {
        Self { done, ..Self::default() }
    }

    /// Takes the next entry.
    pub(super) fn take(&mut self, entry: &Entry) {
        (self.done, self.taken) = (entry.index.saturating_add(1), true);
        let last = entry.index;
        match &entry.event {
            Event::Intent { question, request, .. } | Event::Refused { question, request, .. } => {
                let expires_at = question.expires_at.0;
                let row = Row { request: *request.as_bytes(), expires_at, last };
                self.question(*question.digest.as_bytes(), row);
            }
            Event::Outcome { question, request, .. } => {
                let row = Row { request: *request.as_bytes(), expires_at: i64::MAX, last };
                self.question(*question.as_bytes(), row);
            }
            Event::CharterAccepted { layer } => self.charter(layer, last),
            Event::Configured { .. } => self.place(CONFIGURED.to_owned(), last),
            Event::KeysChanged { .. } => self.place(KEYS.to_owned(), last),
            Event::SnapshotUsed { dataset, .. } => self.place(snapshot_row(dataset), last),
            Event::CharterRejected { .. }
            | Event::Clock { .. }
            | Event::Started { .. }
            | Event::Stopped {}
            | Event::Rejected { .. }
            | Event::Asked { .. }
            | Event::Received { .. }
            | Event::Fault { .. }
            | Event::NotAsked { .. }
            | Event::ForkEvidence { .. }
            | Event::GapAccepted { .. }
            | Event::WorkerLost { .. } => {}
        }
    }

    /// The batch with the leaf of its last entry, by which the log is known again.
    pub(super) fn at(mut self, log: &Reader) -> Result<Self, OpenError> {
        if let Some(last) = self.done.checked_sub(1) {
            self.leaf = *log.leaf_hash(last)?.as_bytes();
        }
        Ok(self)
    }

    /// Writes the batch. What a question's first entry said stays.
    pub(super) fn write(&self, transaction: &WriteTransaction) -> Result<(), redb::Error> {
        let mut questions = transaction.open_table(QUESTIONS)?;
        let mut requests = BTreeMap::new();
        for (question, row) in &self.questions {
            let known = questions.get(question)?.map(|known| {
                let (request, expires_at, _) = known.value();
                (*request, expires_at)
            });
            if known.is_none() {
                requests.insert(row.request, question);
            }
            let (request, expires_at) = known.unwrap_or((row.request, row.expires_at));
            questions.insert(question, (&request, expires_at, row.last))?;
        }
        let mut table = transaction.open_table(REQUESTS)?;
        for (request, question) in &requests {
            table.insert(request, *question)?;
        }
        let mut charters = transaction.open_table(CHARTERS)?;
        for (charter, place) in &self.charters {
            charters.insert(charter, place)?;
        }
        let mut places = transaction.open_table(PLACES)?;
        if let Some(place) = self.last_charter {
            places.insert(CHARTER, (place, &self.leaf))?;
        }
        for (row, place) in &self.places {
            places.insert(row.as_str(), (*place, &self.leaf))?;
        }
        places.insert(DONE, (self.done, &self.leaf))?;
        Ok(())
    }

    fn place(&mut self, row: String, place: u64) {
        self.places.insert(row, place);
    }

    fn question(&mut self, question: [u8; 32], row: Row) {
        self.questions.entry(question).or_insert(row).last = row.last;
    }

    fn charter(&mut self, layer: &LayerRef, place: u64) {
        self.charters.insert(*charter_key(layer).as_bytes(), place);
        self.last_charter = Some(place);
    }
}
