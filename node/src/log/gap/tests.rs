use policies::HospitalCode;

use super::*;
use crate::keys::{Key, KeyRole};
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
        accept(&mut store, signer, NOW).map(|origin| origin.to_string())
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
