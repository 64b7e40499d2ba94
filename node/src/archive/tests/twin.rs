//! Two logs of the same entries, one of them archived at random points: whatever is derived from them is the same.

use policies::SeenQuestions as _;

use super::*;
use crate::clock::SystemClock;
use crate::consumed::Consumed;
use crate::index::Index;
use crate::log::Log;
use crate::log::gap::Histories;
use crate::log::store::tests::signer;
use crate::proof::merkle::{consistency, frontier, inclusion};
use crate::tasks::Tasks;

/// A small generator, so that a failed case can be run again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }
}

/// Appends to the one log what the other has more, and the same checkpoint to both.
fn follow(plain: &Sim, moved: &Sim) {
    let (mut store, other) = (open(plain), whole(moved));
    for index in store.size()..other.size() {
        append_bytes(&mut store, other.bytes(index).unwrap());
    }
    let note = signed(&store.reader()).checkpoint.note().to_string();
    for sim in [plain, moved] {
        let mut store = open(sim);
        assert_eq!(store.room(record_bytes(note.len() as u64)).unwrap(), Room::Enough);
        store.append_checkpoint(&note).unwrap();
    }
}

#[track_caller]
fn same_proofs(plain: &Reader, moved: &Reader, dice: &mut Dice) {
    assert_eq!(plain.head(), moved.head());
    assert_eq!(plain.frontier(), moved.frontier());
    assert_eq!(plain.checkpoint(), moved.checkpoint());
    let size = plain.size();
    for _ in 0..60 {
        let new = dice.below(size) + 1;
        let (old, index) = (dice.below(new + 1), dice.below(new));
        let proofs = |reader: &Reader| {
            reader.with_nodes(|nodes| {
                let older = frontier(nodes, old).unwrap().head();
                let grown = consistency(nodes, old, new).unwrap();
                (older, grown, inclusion(nodes, index, new).unwrap())
            })
        };
        assert_eq!(proofs(plain), proofs(moved), "{old} {index} {new}");
        assert_eq!(plain.leaf_hash(index).unwrap(), moved.leaf_hash(index).unwrap());
    }
}

#[track_caller]
fn same_index(plain: &Index, moved: &Index, size: u64) {
    for number in 0..size {
        let question = Digest::of(&number.to_be_bytes());
        assert_eq!(plain.question(&question).unwrap(), moved.question(&question).unwrap());
        let request = request(number);
        assert_eq!(plain.request(&request).unwrap(), moved.request(&request).unwrap());
        let layer = layer(number);
        assert_eq!(plain.charter(&layer).unwrap(), moved.charter(&layer).unwrap());
    }
    assert_eq!(last(plain), last(moved));
    let heads = plain.heads().unwrap();
    assert_eq!(heads, moved.heads().unwrap());
    assert!(size < 60 || !heads.lineages.is_empty() && !heads.forgotten.is_empty());
}

/// Places of the last entries that a start reads.
fn last(index: &Index) -> Vec<Option<u64>> {
    let places = [index.last_configured(), index.last_keys()];
    let snapshots = [0, 1, 2].map(|number| index.last_snapshot(&dataset(number)));
    let charters = index.last_charters().unwrap().into_iter().map(Some);
    charters.chain(places.into_iter().chain(snapshots).map(Result::unwrap)).collect()
}

/// What a start reads by place is there without the archive.
#[track_caller]
fn same_start(plain: &Reader, moved: &Reader, index: &Index) {
    for place in last(index).into_iter().flatten() {
        assert_eq!(plain.entry(place).unwrap(), moved.entry(place).unwrap());
    }
    for place in moved.here()..moved.size() {
        assert_eq!(plain.bytes(place).unwrap(), moved.bytes(place).unwrap());
    }
}

#[test]
fn whatever_is_derived_from_a_log_is_the_same_after_archiving() {
    for seed in 1..5_u64 {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let (plain, moved) = (Sim::default(), Sim::default());
        let mut segments = 0;
        for round in 0..5 {
            fill(&moved, 5 + dice.below(50), seed);
            if dice.below(3) > 0 {
                let size = Reader::over(disk(&moved)).unwrap().size();
                segments += archived(&moved, dice.below(size + 1)).unwrap().len();
            }
            if round % 2 == 1 {
                // An index that was brought up to date before some of it was archived.
                drop(Index::open(&path("kept"), &Reader::over(disk(&moved)).unwrap()).unwrap());
            }
            follow(&plain, &moved);
            let (one, other) =
                (Reader::over(disk(&plain)).unwrap(), Reader::over(disk(&moved)).unwrap());
            same_proofs(&one, &other, &mut dice);
            assert_eq!(everything(&one), everything(&whole(&moved)));
            let index = Index::rebuild(&path("plain"), &one).unwrap();
            same_index(&index, &Index::rebuild(&path("moved"), &other).unwrap(), one.size());
            same_index(&index, &Index::open(&path("kept"), &other).unwrap(), one.size());
            same_start(&one, &other, &index);
            let histories = |log| format!("{:?}", Histories::of(log).unwrap());
            assert_eq!(histories(&one), histories(&other));
        }
        assert!(segments > 0, "seed {seed}");
    }
}

#[test]
fn an_index_that_fell_far_behind_catches_up_over_what_was_archived() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, moved) = (Sim::default(), Sim::default());
    for sim in [&plain, &moved] {
        fill(sim, 17, 0);
    }
    let path = folder.path().join("behind");
    drop(Index::open(&path, &Reader::over(disk(&moved)).unwrap()).unwrap());
    fill(&moved, 100, 0);
    assert!(archived(&moved, 90).unwrap().len() > 3);
    follow(&plain, &moved);
    let (one, other) = (Reader::over(disk(&plain)).unwrap(), Reader::over(disk(&moved)).unwrap());
    let built = Index::rebuild(&folder.path().join("plain"), &one).unwrap();
    same_index(&built, &Index::open(&path, &other).unwrap(), one.size());
}

#[tokio::test]
async fn an_archived_question_stays_consumed_and_its_reply_is_not_looked_for() {
    let (folder, sim) = (tempfile::tempdir().unwrap(), Sim::default());
    fill(&sim, 60, 0);
    archived(&sim, 50).unwrap();
    let store = open(&sim);
    let reader = store.reader();
    let entries: Vec<Entry> = (0..reader.here()).map(|at| whole(&sim).entry(at).unwrap()).collect();
    let index = Index::open(&folder.path().join("index"), &reader).unwrap();
    let consumed = Consumed::new(index, Vec::new()).unwrap();
    let tasks = Tasks::new();
    // The signer of other tests: nothing is signed here.
    let log = Log::start(store, signer(), Arc::new(SystemClock), &tasks).unwrap();
    let mut looked = 0;
    for entry in &entries {
        let Event::Refused { question, .. } = &entry.event else { continue };
        let first = consumed.find(&question.digest).unwrap();
        let last = consumed.last(&log, &first).unwrap();
        assert!(last.is_none_or(|last| last.entry().index >= reader.here()), "{entry:?}");
        looked += 1;
    }
    assert!(looked > 5, "{looked}");
}
