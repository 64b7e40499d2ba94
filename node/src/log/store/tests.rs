//! The store over a simulated disk: see `crash` for power cuts at every call, `faults` for a disk that fails.

use std::sync::{Arc, LazyLock};

use policies::{Digest, HospitalCode};

use super::*;
use crate::keys::{Key, KeyRole};
use crate::log::blobs::Blobs;
use crate::log::checkpoint::Signer;
use crate::proof::merkle::{Frontier, leaf_hash};

mod crash;
mod damage;
mod faults;
pub(crate) mod sim;

use sim::Sim;

/// Small, so that a short workload fills segments and lays out space.
const SIZES: Sizes = Sizes { segment: 8000, step: 1500, reserve: 1024 };

pub(crate) static SIGNER: LazyLock<Signer> = LazyLock::new(signer);

pub(crate) fn signer() -> Signer {
    let folder = tempfile::tempdir().unwrap();
    let key = Key::create(&folder.path().join("log.key"), KeyRole::Log, "ZUID").unwrap();
    Signer::new(&HospitalCode::new("ZUID").unwrap(), key, None).unwrap()
}

/// What a workload was told.
#[derive(Clone, Debug, Default)]
struct Trace {
    /// Entries handed over, in order.
    submitted: Vec<Vec<u8>>,
    /// Of these, the ones that were acknowledged.
    acknowledged: usize,
    /// Blobs that were acknowledged.
    blobs: Vec<(Digest, Vec<u8>)>,
    /// Checkpoints handed over.
    notes: Vec<String>,
    /// Of these, the ones that were acknowledged.
    noted: usize,
    /// Why it ended early.
    error: Option<String>,
}

/// Bytes like those of an entry, of many lengths.
fn entry(index: usize) -> Vec<u8> {
    let text = "x".repeat(index * 131 % 900);
    format!("{{\"index\":{index},\"text\":\"{text}\"}}").into_bytes()
}

/// Groups of one to three entries, with checkpoints and blobs between them; segments are closed on the way.
fn workload(medium: &Sim, groups: usize) -> Trace {
    let mut trace = Trace::default();
    if let Err(error) = run(medium, groups, &mut trace) {
        trace.error = Some(error);
    }
    trace
}

fn run(medium: &Sim, groups: usize, trace: &mut Trace) -> Result<(), String> {
    let medium: Arc<dyn Medium> = Arc::new(medium.clone());
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let mut store = Store::open(Arc::clone(&medium), SIZES).map_err(|error| text(&error))?;
    let blobs = Blobs::open(medium).map_err(|error| text(&error))?;
    for group in 0..groups {
        if group % 7 == 3 {
            let blob = vec![b'b'; 700 + group];
            let digest = blobs.put(&blob).map_err(|error| text(&error))?;
            trace.blobs.push((digest, blob));
        }
        let first = trace.submitted.len();
        let entries: Vec<_> = (first..=first + group % 3).map(entry).collect();
        let bytes = entries.iter().map(|entry| record_bytes(entry.len() as u64)).sum();
        match store.room(bytes).map_err(|error| text(&error))? {
            Room::Reserve(left) if left < bytes => continue,
            Room::Reserve(_) | Room::Enough => {}
        }
        trace.submitted.extend(entries.iter().cloned());
        store.append(&entries).map_err(|error| text(&error))?;
        trace.acknowledged = trace.submitted.len();
        if group % 9 == 5 {
            let note = SIGNER.sign(store.reader().head()).unwrap().note().to_string();
            match store.room(record_bytes(note.len() as u64)).map_err(|error| text(&error))? {
                Room::Reserve(_) => continue,
                Room::Enough => {}
            }
            trace.notes.push(note.clone());
            store.append_checkpoint(&note).map_err(|error| text(&error))?;
            trace.noted = trace.notes.len();
        }
    }
    Ok(())
}

/// Opens a log and holds it against what was acknowledged and handed over; the entries that are there.
#[track_caller]
fn recovered(disk: &Sim, trace: &Trace) -> usize {
    let medium: Arc<dyn Medium> = Arc::new(disk.clone());
    let mut store = Store::open(Arc::clone(&medium), SIZES).unwrap();
    let there: Vec<_> = store.reader().bytes_from(0).collect::<Result<_, _>>().unwrap();
    assert!(there.len() >= trace.acknowledged, "{} < {}", there.len(), trace.acknowledged);
    assert!(trace.submitted.starts_with(&there), "what was never handed over is there");
    let mut tree = Frontier::new();
    there.iter().for_each(|bytes| tree.push(leaf_hash(bytes)));
    assert_eq!(store.reader().head(), tree.head());
    let blobs = Blobs::open(medium).unwrap();
    for (digest, blob) in &trace.blobs {
        assert_eq!(blobs.get(digest).unwrap(), *blob);
    }
    let note = store.reader().checkpoint();
    let place = note.map(|note| trace.notes.iter().position(|known| **known == *note).unwrap() + 1);
    assert!(place.unwrap_or(0) >= trace.noted, "an acknowledged checkpoint is gone");
    // It goes on from there, and the next power cut takes nothing of it.
    let next = entry(there.len());
    assert_eq!(store.room(record_bytes(next.len() as u64)).unwrap(), Room::Enough);
    store.append(std::slice::from_ref(&next)).unwrap();
    let later = Store::open(Arc::new(disk.after_power_cut(sim::Unsynced::Lost)), SIZES).unwrap();
    assert_eq!(later.size(), there.len() as u64 + 1);
    assert_eq!(later.reader().bytes(there.len() as u64).unwrap(), next);
    there.len()
}

#[test]
fn a_log_reads_back_byte_for_byte_through_many_segments() {
    let disk = Sim::default();
    let trace = workload(&disk, 60);
    assert_eq!(trace.error, None);
    let medium: Arc<dyn Medium> = Arc::new(disk.clone());
    let segments = medium.list("").unwrap();
    assert!(segments.iter().filter(|name| name.ends_with(".seg")).count() > 4, "{segments:?}");
    let reader = Reader::over(medium).unwrap();
    assert_eq!(reader.size(), trace.submitted.len() as u64);
    for (index, entry) in (0..).zip(&trace.submitted) {
        assert_eq!(reader.bytes(index).unwrap(), *entry);
        assert_eq!(reader.leaf_hash(index).unwrap(), leaf_hash(entry));
    }
    assert!(reader.bytes(reader.size()).is_err());
    assert_eq!(reader.checkpoint().as_deref(), trace.notes.last().map(String::as_str));
    recovered(&disk, &trace);
}

#[test]
fn proofs_are_made_from_stored_leaves() {
    let disk = Sim::default();
    let trace = workload(&disk, 30);
    let reader = Reader::over(Arc::new(disk)).unwrap();
    let head = reader.head();
    for (index, entry) in (0..).zip(&trace.submitted) {
        let proof = reader
            .with_nodes(|nodes| crate::proof::merkle::inclusion(nodes, index, head.size))
            .unwrap();
        proof.verify(&leaf_hash(entry), &head).unwrap();
    }
}

#[test]
fn every_checkpoint_is_read_again_across_segments() {
    let disk = Sim::default();
    let mut trace = workload(&disk, 60);
    let reader = Reader::over(Arc::new(disk)).unwrap();
    assert!(reader.contents().segments.len() > 2);
    let notes = |from: u64| {
        let mut notes = reader.notes(from).unwrap();
        notes.dedup();
        notes
    };
    trace.notes.dedup();
    assert!(trace.notes.len() > 3);
    assert_eq!(notes(0), trace.notes);
    // From any entry on, none of a later checkpoint is left out, and early segments are not read.
    let size = |note: &String| note.lines().nth(1).unwrap().parse::<u64>().unwrap();
    for from in 0..=reader.size() {
        let later = |notes: &[String]| -> Vec<String> {
            notes.iter().filter(|note| size(note) > from).cloned().collect()
        };
        assert_eq!(later(&notes(from)), later(&trace.notes), "from {from}");
    }
    assert!(notes(reader.size()).len() < trace.notes.len());
}
