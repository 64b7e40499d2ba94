//! Archiving over a simulated disk that holds node and archive: see `crash` for power cuts at every call, `twin` for what is
//! derived from a log before and after, `damage` for files that were changed.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use policies::dsse::PublicKey;
use policies::wire::LayerRef;
use policies::{DatasetId, HospitalCode, NetworkId};

use super::*;
use crate::log::event::{KeyPrints, QuestionRecord};
use crate::log::gap::ROLLED_BACK;
use crate::log::medium::MediumFile;
use crate::log::store::Sizes;
use crate::log::store::tests::sim::{Sim, Unsynced};
use crate::log::text::Part;
use crate::proof::checkpoint::{Checkpoint, Origin, SignedCheckpoint};
use crate::proof::merkle::{Head, TreeHash};
use crate::proof::parties::Parties;

mod crash;
mod damage;
mod twin;

/// Small, so that a short log has many segments.
const SIZES: Sizes = Sizes { segment: 7000, step: 1500, reserve: 1024 };
/// The moment of the first entry; an hour passes between two.
const BEGAN: i64 = 1_700_000_000;
/// When archives are made.
const NOW: UnixTime = UnixTime(BEGAN + 400 * DAY_S);

/// The archive's folder on the same disk, so that one power cut takes both.
#[derive(Clone, Debug)]
struct Inside(Sim);

impl Inside {
    fn name(name: &str) -> String {
        if name.is_empty() { "archive".to_owned() } else { format!("archive/{name}") }
    }
}

impl Medium for Inside {
    fn create_folder(&self, folder: &str) -> io::Result<()> {
        self.0.create_folder(&Self::name(folder))
    }
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.0.list(&Self::name(folder))
    }
    fn open(&self, name: &str) -> io::Result<Arc<dyn MediumFile>> {
        self.0.open(&Self::name(name))
    }
    fn create(&self, name: &str) -> io::Result<Arc<dyn MediumFile>> {
        self.0.create(&Self::name(name))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(&Self::name(from), &Self::name(to))
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(&Self::name(name))
    }
    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        self.0.sync_folder(&Self::name(folder))
    }
    fn place(&self, name: &str) -> std::path::PathBuf {
        self.0.place(&Self::name(name))
    }
}

fn disk(sim: &Sim) -> Arc<dyn Medium> {
    Arc::new(sim.clone())
}

fn open(sim: &Sim) -> Store {
    Store::open(disk(sim), SIZES).unwrap()
}

/// A reader of the node's disk, with the archive beside it.
fn whole(sim: &Sim) -> Reader {
    Reader::over(disk(sim)).unwrap().with_archive(Arc::new(Inside(sim.clone())))
}

/// The latest checkpoint over all that a log holds.
fn signed(reader: &Reader) -> Signed {
    signed_head(reader.head(), 0)
}

/// A head of this log that a witness showed.
fn shown(number: u64) -> String {
    let root = TreeHash::from_bytes(*request(number).as_bytes());
    signed_head(Head { size: number + 1, root }, 0).checkpoint.note().to_string()
}

/// Signed under the origin after so many gaps.
fn signed_head(head: Head, gaps: u32) -> Signed {
    let key = SigningKey::from_bytes(&[7; 32]);
    let (hospital, public) = (HospitalCode::new("ZUID").unwrap(), PublicKey::of(&key).unwrap());
    let origin = Origin::of(&hospital, &public, gaps).unwrap();
    let verifier = origin.key(&public).unwrap();
    let text = public.to_string();
    let parties = Parties::new(origin.as_str(), "ZUID", &text, &[].into()).unwrap();
    let checkpoint = Checkpoint { origin, head };
    Signed { parties, checkpoint: SignedCheckpoint::sign(checkpoint, &verifier, &key).unwrap() }
}

/// Archives what is older than the moment of an entry.
fn archived(sim: &Sim, before: u64) -> Result<Vec<Archived>, ArchiveError> {
    archived_after(sim, before, 0)
}

/// The same under the origin after so many gaps.
fn archived_after(sim: &Sim, before: u64, gaps: u32) -> Result<Vec<Archived>, ArchiveError> {
    let mut store = Store::open(disk(sim), SIZES)?;
    let signed = signed_head(store.reader().head(), gaps);
    let to: Arc<dyn Medium> = Arc::new(Inside(sim.clone()));
    let folder = "/archive of ZUID".to_owned();
    archive(
        &mut store,
        &Terms { to, folder, signed: &signed, before: at(before), forwarded: u64::MAX, now: NOW },
    )
}

fn at(index: u64) -> UnixTime {
    UnixTime(BEGAN).plus(3600 * index.cast_signed())
}

fn record(number: u64, sql: Part<String>) -> QuestionRecord {
    let question = serde_json::json!({
        "digest": Digest::of(&number.to_be_bytes()), "network": "demo", "person": "a.jansen",
        "asking_node": "NOORD", "purpose": "research", "group": null, "dataset": "rotterdam",
        "sql": sql, "expires_at": BEGAN + number.cast_signed(),
    });
    serde_json::from_value(question).unwrap()
}

fn request(number: u64) -> Digest {
    Digest::of(format!("request {number}").as_bytes())
}

fn layer(version: u64) -> LayerRef {
    let network = NetworkId::new("demo").unwrap();
    LayerRef { network, version, digest: Digest::of(&version.to_be_bytes()) }
}

fn dataset(number: u64) -> DatasetId {
    DatasetId::new(&format!("set{number}")).unwrap()
}

/// The text that an entry names: every other one is named again and again, by old entries and by young ones.
fn text_of(index: u64) -> Vec<u8> {
    let number = if index.is_multiple_of(2) { 100 + index % 3 } else { index / 20 };
    format!("\"{}\"", "x".repeat(40 + usize::try_from(number).unwrap())).into_bytes()
}

/// Something to log: of every kind that something is derived from, and large texts beside the log.
fn event(number: u64, kind: u64) -> Event {
    let digest = Digest::of(&number.to_be_bytes());
    let here = || Part::Here("SELECT 1".repeat(9));
    let refused = |question: u64| Event::Refused {
        question: record(question, here()),
        request: request(number),
        code: "x".to_owned(),
        message: "y".repeat(60),
        message_nl: None,
        rule: None,
        layer: None,
    };
    match kind {
        0 => Event::CharterAccepted { layer: layer(number), since: None },
        1 => Event::Configured { config: digest, before: None, own: None },
        2 => Event::KeysChanged {
            keys: KeyPrints { transport: digest, envelope: digest, log: digest, witness: digest },
            before: None,
        },
        3 => Event::SnapshotUsed { dataset: dataset(number % 3), version: 1, snapshot: digest },
        4 => {
            let text = text_of(number);
            let sql = Part::Blob { sha256: Digest::of(&text), bytes: text.len() as u64 };
            Event::NotAsked { question: record(number, sql), code: "x".to_owned() }
        }
        5 => Event::WorkerLost { reason: "z".repeat(300) },
        // An earlier question once more: its first request stays.
        6 => refused(number / 2),
        7 => Event::ForkEvidence {
            origin: "kring/ZUID".to_owned(),
            shows: ROLLED_BACK.to_owned(),
            cosigned: shown(number),
            offered: String::new(),
        },
        8 => outcome(number, true),
        9 => outcome(number, false),
        _ => refused(number),
    }
}

/// An answer over one of three lineages, with its memory or by a version without one.
fn outcome(number: u64, remembered: bool) -> Event {
    let digest = Digest::of(&number.to_be_bytes());
    let mut event = serde_json::json!({
        "kind": "outcome", "question": digest, "request": request(number), "frames": digest, "snapshot": digest, "layers": [],
        "receipt": { "profile": "ask.members", "rules": [],
            "protections": { "min_patients": 10, "zeros": "shown", "signature": "direct" }, "cells": [1], "nulls": [0] },
        "status": "real",
    });
    if remembered {
        // Entries need not be in the order of their charges.
        let (lineage, charges) = (Digest::of(&[u8::try_from(number % 3).unwrap()]), number ^ 1);
        event["memory"] =
            serde_json::json!({ "lineage": lineage, "charges": charges, "last": digest });
    }
    serde_json::from_value(event).unwrap()
}

fn append_bytes(store: &mut Store, bytes: Vec<u8>) {
    assert_eq!(store.room(record_bytes(bytes.len() as u64)).unwrap(), Room::Enough);
    store.append(&[bytes]).unwrap();
}

/// Appends so many entries of all kinds, and a checkpoint.
fn fill(sim: &Sim, count: u64, seed: u64) {
    let mut store = open(sim);
    let blobs = Blobs::open(disk(sim)).unwrap();
    for _ in 0..count {
        let index = store.size();
        let kind = u64::from(request(index + 1000 * seed).as_bytes()[0] % 11);
        if kind == 4 {
            blobs.put(&text_of(index)).unwrap();
        }
        let entry = Entry::new(index, at(index), event(index, kind)).encode().unwrap();
        append_bytes(&mut store, entry);
    }
    let note = signed(&store.reader()).checkpoint.note().to_string();
    assert_eq!(store.room(record_bytes(note.len() as u64)).unwrap(), Room::Enough);
    store.append_checkpoint(&note).unwrap();
}

fn everything(reader: &Reader) -> Vec<Vec<u8>> {
    reader.bytes_from(0).collect::<Result<_, _>>().unwrap()
}

fn files(sim: &Sim, folder: &str, end: &str) -> Vec<String> {
    sim.list(folder).unwrap().into_iter().filter(|name| name.ends_with(end)).collect()
}

/// The texts that entries on the node name.
fn named(reader: &Reader) -> BTreeSet<Digest> {
    let mut named = BTreeSet::new();
    for index in reader.here()..reader.size() {
        reader.entry(index).unwrap().event.blobs(&mut named);
    }
    named
}

#[test]
fn old_segments_leave_the_node_and_every_entry_can_still_be_read_and_proved() {
    let sim = Sim::default();
    fill(&sim, 90, 0);
    let before = everything(&Reader::over(disk(&sim)).unwrap());
    let head = Reader::over(disk(&sim)).unwrap().head();
    let moved = archived(&sim, 60).unwrap();
    assert!(moved.len() > 2, "{moved:?}");
    let name = |archived: &Archived, end: &str| format!("{:020}{end}", archived.first);
    let stubs: Vec<_> = moved.iter().map(|archived| name(archived, ".stub")).collect();
    assert_eq!(files(&sim, "", ".stub"), stubs);
    let segments = files(&sim, "", ".seg");
    assert!(!moved.iter().any(|archived| segments.contains(&name(archived, ".seg"))));
    let here = moved.last().map(|one| one.first + one.count).unwrap();
    assert!((30..=60).contains(&here), "whole segments older than entry 60: {here}");

    let node = Reader::over(disk(&sim)).unwrap();
    assert_eq!((node.here(), node.size()), (here, 90 + moved.len() as u64));
    assert_eq!(node.check(|_| ()).unwrap(), node.size());
    let after = everything(&whole(&sim));
    assert_eq!(after.get(..90).unwrap(), before);
    for (index, bytes) in (0..90).zip(&before) {
        let proof = node.with_nodes(|n| crate::proof::merkle::inclusion(n, index, 90)).unwrap();
        proof.verify(&crate::proof::merkle::leaf_hash(bytes), &head).unwrap();
        match node.bytes(index) {
            Ok(same) => assert_eq!(same, *bytes),
            Err(OpenError::Archived { first, last, folder, here: from }) => {
                assert!(index < here && first <= index && index <= last && from == here);
                assert_eq!(folder, "/archive of ZUID");
            }
            Err(other) => panic!("{other}"),
        }
    }
    // Each file holds on its own, and says no more than what it is.
    for (archived, name) in moved.iter().zip(files(&sim, "archive", ".audit")) {
        let bytes = sim.bytes(&format!("archive/{name}"));
        let verdict = verify_bytes(&bytes).unwrap();
        assert_eq!((verdict.first, verdict.count), (archived.first, archived.count));
        assert_eq!(Digest::of(&bytes), archived.file);
    }
    assert!(archived_again_does_nothing(&sim));
}

fn archived_again_does_nothing(sim: &Sim) -> bool {
    let size = open(sim).size();
    archived(sim, 60).unwrap().is_empty() && open(sim).size() == size
}

#[test]
fn texts_move_with_the_last_entry_that_names_them() {
    let sim = Sim::default();
    fill(&sim, 200, 0);
    let blobs = Blobs::read_only(disk(&sim));
    let all = blobs.list().unwrap();
    assert!(all.len() > 5, "{}", all.len());
    archived(&sim, 120).unwrap();
    let moved = Blobs::read_only(Arc::new(Inside(sim.clone()))).list().unwrap();
    let stay = blobs.list().unwrap();
    assert_eq!(stay, named(&Reader::over(disk(&sim)).unwrap()));
    assert!(!moved.is_empty() && moved.len() < all.len());
    assert_eq!(moved.union(&stay).copied().collect::<BTreeSet<_>>(), all);
    assert!(moved.intersection(&stay).count() > 0, "no text is named on both sides");
}

#[test]
fn young_entries_and_those_under_no_checkpoint_stay() {
    let sim = Sim::default();
    fill(&sim, 60, 0);
    let signed_early = signed(&Reader::over(disk(&sim)).unwrap());
    fill(&sim, 60, 0);
    let mut store = open(&sim);
    let to: Arc<dyn Medium> = Arc::new(Inside(sim.clone()));
    let mut terms = Terms {
        to,
        folder: String::new(),
        signed: &signed_early,
        before: NOW.plus(-i64::from(LEAST_DAYS) * DAY_S + 1),
        forwarded: 1,
        now: NOW,
    };
    let young = archive(&mut store, &terms).unwrap_err();
    assert!(matches!(young, ArchiveError::TooYoung), "{young}");
    terms.before = terms.before.plus(-1);
    assert!(archive(&mut store, &terms).unwrap().is_empty(), "not forwarded yet");
    terms.forwarded = u64::MAX;
    let error = archive(&mut store, &terms).unwrap_err();
    let ArchiveError::Extract(ExtractError::NotCovered { covered: 60, end }) = error else {
        panic!("{error}");
    };
    assert!(end > 60 && store.reader().here() <= 60);
    assert_eq!(everything(&whole(&sim)).len() as u64, store.size());
}

#[test]
fn an_archive_belongs_to_one_log() {
    let (sim, other) = (Sim::default(), Sim::default());
    fill(&sim, 60, 0);
    fill(&other, 60, 1);
    archived(&other, 60).unwrap();
    let name = files(&other, "archive", ".audit").remove(0);
    let foreign = other.bytes(&format!("archive/{name}"));
    for there in [foreign, b"anything".to_vec(), Vec::new()] {
        let sim = sim.after_power_cut(Unsynced::Kept);
        medium::put(&Inside(sim.clone()), "", &name, &there).unwrap();
        let refused = archived(&sim, 60).unwrap_err();
        assert!(matches!(&refused, ArchiveError::Occupied { file } if *file == name), "{refused}");
        assert_eq!(sim.bytes(&format!("archive/{name}")), there);
        assert_eq!(open(&sim).reader().here(), 0);
    }
}

#[test]
fn an_older_copy_of_the_node_archives_the_same_entries_once_more_after_a_gap() {
    let sim = Sim::default();
    fill(&sim, 60, 0);
    let older = sim.after_power_cut(Unsynced::Kept);
    let moved = archived(&sim, 60).unwrap();
    for name in files(&sim, "archive", ".audit") {
        let file = sim.bytes(&format!("archive/{name}"));
        medium::put(&Inside(older.clone()), "", &name, &file).unwrap();
    }
    let mut store = open(&older);
    let Head { size, root } = store.reader().head();
    let head = store.reader().head();
    let event = Event::GapAccepted {
        origin: signed_head(head, 1).parties.origin().to_string(),
        before: signed_head(head, 0).parties.origin().to_string(),
        size,
        root: Digest::from_bytes(*root.as_bytes()),
        seen: size + 9,
        evidence: 0,
    };
    append_bytes(&mut store, Entry::new(size, at(size), event).encode().unwrap());
    drop(store);
    let again = archived_after(&older, 60, 1).unwrap();
    let places = |moved: &[Archived]| -> Vec<_> { moved.iter().map(|one| one.first).collect() };
    assert_eq!(places(&again), places(&moved));
    let bytes = everything(&whole(&older));
    assert_eq!(bytes[..60], everything(&whole(&sim))[..60]);
}
