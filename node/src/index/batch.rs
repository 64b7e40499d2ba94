//! What goes into the index at a time, sorted: a tree that is written in order stays small.

use std::collections::{BTreeMap, BTreeSet};

use policies::Digest;
use policies::wire::LayerRef;
use redb::{ReadableTable as _, WriteTransaction};

use super::approvals::{decided_row, held_row};
use super::{
    CHARTER, CHARTERS, CONFIGURED, DONE, FORGOTTEN, KEYS, LINEAGES, LOST, PAUSE, PLACES, QUESTIONS,
    REQUESTS, REVOKED, UNHEARD, UNVOUCHED, archived_row, charter_key, snapshot_row,
};
use crate::charters::logged;
use crate::log::remembered::Heads;
use crate::log::stub::Stub;
use crate::log::used::Use;
use crate::log::{Entry, Event, OpenError, Reader};

/// Questions that go into the index at a time: a batch may write to every page of the file, so few are cheaper, and one has
/// about 160 bytes for each question.
const QUESTIONS_AT_ONCE: usize = 200_000;
/// What stands before an entry's kind.
const KIND: &[u8] = br#""event":{"kind":""#;
/// So many bytes of an entry can stand before that: version, index and time.
const KIND_WITHIN: usize = 80;
/// Kinds that are most of a log and say nothing that is looked up.
const PASSED: [&[u8]; 3] = [b"asked/2\"", b"received\"", b"not_asked\""];

/// Entries on their way into the index.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Entries in the index with this batch.
    pub(super) done: u64,
    /// Whether there is any entry in it.
    pub(super) taken: bool,
    /// Whether some of it came from a stub, which an entry of the log has to vouch for.
    stub: bool,
    /// The leaf of the last one.
    leaf: [u8; 32],
    questions: BTreeMap<Digest, Use>,
    charters: BTreeMap<[u8; 32], u64>,
    revoked: BTreeSet<Digest>,
    /// Places by row: the last entry of a kind.
    places: BTreeMap<String, u64>,
    memory: Heads,
}

impl Batch {
    /// An empty batch that follows so many entries.
    pub(super) fn after(done: u64) -> Self {
        Self { done, ..Self::default() }
    }

    /// Whether the entry with these bytes has to be read at all. Only the form that this program writes is known here.
    pub(super) fn needs(bytes: &[u8]) -> bool {
        let at = bytes.windows(KIND.len()).take(KIND_WITHIN).position(|window| window == KIND);
        let kind = at.and_then(|at| bytes.get(at.saturating_add(KIND.len())..));
        !kind.is_some_and(|kind| PASSED.iter().any(|passed| kind.starts_with(passed)))
    }

    /// Passes over the next entry.
    pub(super) fn pass(&mut self) {
        (self.done, self.taken) = (self.done.saturating_add(1), true);
    }

    /// Whether it is time to write.
    pub(super) fn is_full(&self) -> bool {
        self.questions.len() >= QUESTIONS_AT_ONCE
    }

    /// Takes the next entry.
    pub(super) fn take(&mut self, entry: &Entry) {
        (self.done, self.taken) = (entry.index.saturating_add(1), true);
        let last = entry.index;
        Use::of(entry).into_iter().for_each(|used| self.question(used));
        self.memory.take(&entry.event);
        match &entry.event {
            Event::CharterAccepted { layer, .. } => self.charter(layer, last),
            Event::Revoked { network, subject, key, .. } => {
                self.revoked.insert(logged::id(network, subject, key));
            }
            Event::Configured { .. } => self.place(CONFIGURED.to_owned(), last),
            Event::KeysChanged { .. } => self.place(KEYS.to_owned(), last),
            Event::Held { approval, .. } => self.place(held_row(approval), last),
            Event::ApprovalDecided { approval, .. } => self.place(decided_row(approval), last),
            Event::Paused { .. } | Event::Resumed {} => self.place(PAUSE.to_owned(), last),
            Event::SnapshotUsed { dataset, .. } => self.place(snapshot_row(dataset), last),
            Event::Archived(archived) => self.place(archived_row(archived.first), last),
            Event::Intent { .. }
            | Event::Outcome { .. }
            | Event::Refused { .. }
            | Event::CharterRejected { .. }
            | Event::Clock { .. }
            | Event::Started { .. }
            | Event::Stopped {}
            | Event::Rejected { .. }
            | Event::Asked { .. }
            | Event::AskedV1 { .. }
            | Event::Received { .. }
            | Event::Fault { .. }
            | Event::NotAsked { .. }
            | Event::ForkEvidence { .. }
            | Event::GapAccepted { .. }
            | Event::MemoryLost { .. }
            | Event::WorkerLost { .. } => {}
        }
    }

    /// Takes an archived segment, by what is kept of it.
    pub(super) fn take_stub(&mut self, stub: &Stub, kept: impl IntoIterator<Item = Entry>) {
        kept.into_iter().for_each(|entry| self.take(&entry));
        stub.uses.iter().for_each(|used| self.question(*used));
        self.memory.join_stub(stub.about.memory.as_ref());
        (self.done, self.taken) = (stub.about.end(), true);
        self.stub = true;
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
        for (digest, used) in &self.questions {
            let (question, new) =
                (digest.as_bytes(), (*used.request.as_bytes(), used.expires_at.0));
            let known = questions.get(question)?.map(|known| {
                let (request, expires_at, _) = known.value();
                (*request, expires_at)
            });
            if known.is_none() {
                requests.insert(new.0, question);
            }
            let (request, expires_at) = known.unwrap_or(new);
            questions.insert(question, (&request, expires_at, used.last))?;
        }
        let mut table = transaction.open_table(REQUESTS)?;
        for (request, question) in &requests {
            table.insert(request, *question)?;
        }
        let mut charters = transaction.open_table(CHARTERS)?;
        for (charter, place) in &self.charters {
            charters.insert(charter, place)?;
        }
        let mut revoked = transaction.open_table(REVOKED)?;
        for id in &self.revoked {
            revoked.insert(id.as_bytes(), ())?;
        }
        let mut lineages = transaction.open_table(LINEAGES)?;
        for (lineage, head) in &self.memory.lineages {
            let known = lineages.get(lineage.as_bytes())?.map(|known| known.value().0);
            if known.is_none_or(|known| known < head.charges) {
                lineages.insert(lineage.as_bytes(), (head.charges, head.last.as_bytes()))?;
            }
        }
        let mut forgotten = transaction.open_table(FORGOTTEN)?;
        for snapshot in &self.memory.forgotten {
            forgotten.insert(snapshot.as_bytes(), ())?;
        }
        let mut lost = transaction.open_table(LOST)?;
        for lineage in &self.memory.lost {
            lost.insert(lineage.as_bytes(), ())?;
        }
        let mut places = transaction.open_table(PLACES)?;
        if self.memory.unheard {
            places.insert(UNHEARD, (self.done, &self.leaf))?;
        }
        for (row, place) in &self.places {
            places.insert(row.as_str(), (*place, &self.leaf))?;
        }
        if self.stub {
            places.insert(UNVOUCHED, (self.done, &self.leaf))?;
        }
        places.insert(DONE, (self.done, &self.leaf))?;
        Ok(())
    }

    fn place(&mut self, row: String, place: u64) {
        self.places.insert(row, place);
    }

    fn question(&mut self, used: Use) {
        self.questions.entry(used.question).or_insert(used).last = used.last;
    }

    fn charter(&mut self, layer: &LayerRef, place: u64) {
        self.charters.insert(*charter_key(layer).as_bytes(), place);
        self.place(format!("{CHARTER}{}", layer.network), place);
    }
}
