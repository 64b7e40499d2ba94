use std::collections::BTreeMap;

use policies::protections::{Opinions, Protections};
use policies::wire::Receipt;
use policies::{HospitalCode, Profile};

use super::*;
use crate::keys::{Key, KeyRole};
use crate::log::remembered::Remembered;
use crate::proof::checkpoint::SignedCheckpoint;

const NOW: UnixTime = UnixTime(1_700_000_000);

/// A log on disk, of which a witness may have seen more.
struct Restored {
    folder: tempfile::TempDir,
}

impl Restored {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Key::create(&folder.path().join("log.key"), KeyRole::Log, "NOORD").unwrap();
        Self { folder }
    }

    fn store(&self) -> Store {
        Store::open_folder(&self.folder.path().join("log")).unwrap()
    }

    fn signer(&self, store: &Store) -> Signer {
        let key = Key::load(&self.folder.path().join("log.key"), KeyRole::Log).unwrap();
        let hospital = HospitalCode::new("NOORD").unwrap();
        Signer::new(&hospital, key, store.reader().checkpoint().as_deref()).unwrap()
    }

    fn append(&self, event: Event) {
        let mut store = self.store();
        let entry = Entry::new(store.size(), NOW, event).encode().unwrap();
        store.append(&[entry]).unwrap();
    }

    /// A witness shows a head of this size under the origin after so many gaps.
    fn contradict(&self, gaps: u32, size: u64) {
        let signer = self.signer(&self.store()).after(gaps).unwrap();
        let head = Head { size, root: crate::proof::merkle::leaf_hash(b"another history") };
        self.append(Event::ForkEvidence {
            origin: signer.origin().to_string(),
            shows: ROLLED_BACK.to_owned(),
            cosigned: signer.sign(head).unwrap().note().to_string(),
            offered: String::new(),
        });
    }

    fn accept(&self) -> Result<String, GapError> {
        let mut store = self.store();
        let signer = self.signer(&store);
        accept(&mut store, signer, NOW, &BTreeSet::new()).map(|origin| origin.to_string())
    }

    fn latest(&self) -> SignedCheckpoint {
        let store = self.store();
        self.signer(&store).open(&store.reader().checkpoint().unwrap()).unwrap()
    }
}

#[test]
fn a_log_that_nobody_contradicted_has_no_gap() {
    let log = Restored::new();
    log.append(Event::Stopped {});
    assert!(matches!(log.accept(), Err(GapError::NoContradiction)));
    let before = log.store().size();
    assert_eq!(before, 1, "nothing was written");
}

#[test]
fn a_lost_history_is_given_up_once_and_names_the_head_that_is_kept() {
    let log = Restored::new();
    log.append(Event::Stopped {});
    log.contradict(0, 90);
    log.contradict(0, 70);
    let kept = log.store().reader().head();
    let origin = log.accept().unwrap();
    assert!(origin.ends_with("/1"), "{origin}");
    let reader = log.store().reader();
    let latest = log.latest();
    assert_eq!(latest.checkpoint().origin.as_str(), origin);
    assert_eq!(latest.head(), reader.head());
    let (index, bytes) = reader.gap_of(&latest.checkpoint().origin).unwrap().unwrap();
    let gap = crate::proof::gap::read(&bytes).unwrap().unwrap();
    assert_eq!((index, gap.head, gap.seen), (kept.size, kept, 90));
    assert!(matches!(log.accept(), Err(GapError::NoContradiction)));
    // A second loss, and one of a history that went on under a later origin.
    log.contradict(1, 120);
    assert!(log.accept().unwrap().ends_with("/2"));
    log.contradict(7, 120);
    assert!(log.accept().unwrap().ends_with("/8"));
    log.contradict(MAX_GAPS - 1, 120);
    assert!(log.accept().unwrap().ends_with("/16"));
    log.contradict(MAX_GAPS, 120);
    assert!(matches!(log.accept(), Err(GapError::TooMany)));
}

#[test]
fn what_a_crash_left_is_finished() {
    let log = Restored::new();
    log.append(Event::Stopped {});
    log.contradict(0, 90);
    let store = log.store();
    let head = store.reader().head();
    let before = log.signer(&store).origin().to_string();
    let origin = log.signer(&store).after(1).unwrap().origin().to_string();
    drop(store);
    let root = Digest::from_bytes(*head.root.as_bytes());
    let size = head.size;
    let unsigned = origin.clone();
    log.append(Event::GapAccepted { origin, before, size, root, seen: 90, evidence: 1 });
    log.append(Event::Stopped {});
    assert_eq!(log.accept().unwrap(), unsigned);
    assert_eq!(log.latest().head().size, 4);
    assert!(matches!(log.accept(), Err(GapError::NoContradiction)));
}

#[test]
fn the_lineages_before_a_gap_are_over_and_an_entry_before_it_names_them() {
    let log = Restored::new();
    let id = |name: &str| Digest::of(name.as_bytes());
    log.append(Event::MemoryLost { lineages: vec![id("over")] });
    log.append(charged(id("charged")));
    log.contradict(0, 90);
    let beside = BTreeSet::from([id("over"), id("on disk")]);
    let accept = || {
        let mut store = log.store();
        let signer = log.signer(&store);
        accept(&mut store, signer, NOW, &beside).map(drop)
    };
    accept().unwrap();
    let reader = log.store().reader();
    let events = || {
        let entry = |(index, bytes): (u64, Result<Vec<u8>, OpenError>)| {
            reader.parse(index, &bytes.unwrap()).unwrap().event
        };
        reader.bytes_here().map(entry).collect::<Vec<_>>()
    };
    let events = events();
    let Some(Event::MemoryLost { lineages }) = events.get(3) else { panic!("{events:?}") };
    let mut expected = vec![id("charged"), id("on disk")];
    expected.sort();
    assert_eq!(*lineages, expected);
    assert!(matches!(events.get(4), Some(Event::GapAccepted { size: 4, .. })), "{events:?}");
    let mut heads = Heads::default();
    events.iter().for_each(|event| heads.take(event));
    assert_eq!(heads.lost.len(), 3);
    // Nothing is said twice.
    log.contradict(1, 190);
    accept().unwrap();
    assert_eq!(log.store().size(), 7);
}

/// An answer over a lineage.
fn charged(lineage: Digest) -> Event {
    let profile = Profile::Members;
    let receipt = Receipt {
        profile,
        rules: vec![],
        own: None,
        protections: Protections::from(Opinions::default()).applied_under(profile),
        cells: vec![],
        nulls: vec![],
        figures: vec![],
        since: None,
        noise: None,
    };
    Event::Outcome {
        question: lineage,
        request: lineage,
        frames: lineage,
        snapshot: lineage,
        layers: vec![],
        receipt,
        status: "real".to_owned(),
        hidden_by: BTreeMap::new(),
        memory: Some(Remembered { lineage, charges: 1, last: Some(lineage), stands: 0 }),
        salt: None,
    }
}
