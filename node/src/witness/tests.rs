use std::convert::Infallible;

use ed25519_dalek::SigningKey;

use super::records::record_name;
use super::*;
use policies::wire::MAX_SKEW_S;

use crate::keys::KeyRole;
use crate::log::{Entry, Event};
use crate::proof::merkle::{self, Frontier, Head, Leaves, TreeHash, leaf_hash};
use crate::proof::witness::Conflict;

mod evidence;

const NOW: UnixTime = UnixTime(1_700_000_000);

/// The log of NOORD, and a witness at ZUID.
struct Pair {
    folder: tempfile::TempDir,
    secret: SigningKey,
    leaves: Vec<TreeHash>,
}

impl Pair {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Key::create(&folder.path().join("witness.key"), KeyRole::Witness, "ZUID").unwrap();
        let leaves = (0_u64..50).map(|index| leaf_hash(&index.to_be_bytes())).collect();
        Self { folder, secret: SigningKey::from_bytes(&[5; 32]), leaves }
    }

    fn records(&self) -> PathBuf {
        self.folder.path().join("witness")
    }

    fn try_desk(&self) -> Result<Desk, DeskError> {
        let key = Key::load(&self.folder.path().join("witness.key"), KeyRole::Witness).unwrap();
        let logs = [(noord(), PublicKey::of(&self.secret).unwrap())].into();
        Desk::open(&self.records(), &zuid(), key, logs)
    }

    fn desk(&self) -> Desk {
        self.try_desk().unwrap()
    }

    fn origin(&self) -> Origin {
        self.after(0)
    }

    fn after(&self, gaps: u32) -> Origin {
        Origin::of(&noord(), &PublicKey::of(&self.secret).unwrap(), gaps).unwrap()
    }

    fn note(&self, size: usize) -> String {
        self.note_after(0, size)
    }

    fn note_after(&self, gaps: u32, size: usize) -> String {
        let mut frontier = Frontier::new();
        self.leaves[..size].iter().for_each(|leaf| frontier.push(*leaf));
        let origin = self.after(gaps);
        let key = origin.key(&PublicKey::of(&self.secret).unwrap()).unwrap();
        let checkpoint = Checkpoint { origin, head: frontier.head() };
        SignedCheckpoint::sign(checkpoint, &key, &self.secret).unwrap().note().to_string()
    }

    fn offer(&self, old: u64, size: usize) -> Vec<u8> {
        let read = |index: u64| Ok::<_, Infallible>(self.leaves[usize::try_from(index).unwrap()]);
        let proof = merkle::consistency(&mut Leaves::new(read), old, size as u64).unwrap();
        Submission::Offer { old, path: proof.path, note: self.note(size) }.encode()
    }
}

fn noord() -> HospitalCode {
    HospitalCode::new("NOORD").unwrap()
}

fn zuid() -> HospitalCode {
    HospitalCode::new("ZUID").unwrap()
}

#[track_caller]
fn check(desk: &Desk, message: &[u8], expected: &Reply) {
    assert_eq!(desk.handle(&noord(), message, NOW).reply, *expected);
}

fn refusal(code: &str) -> Reply {
    Reply::Refused { code: code.to_owned() }
}

#[test]
fn a_member_gets_cosignatures_over_its_growing_log_across_restarts() {
    let pair = Pair::new();
    let latest = Submission::Latest { origin: pair.origin() }.encode();
    check(&pair.desk(), &latest, &Reply::Stands(None));
    for (old, size) in [(0, 10), (10, 10), (10, 37)] {
        let desk = pair.desk();
        let handled = desk.handle(&noord(), &pair.offer(old, size), NOW);
        let Reply::Cosigned(line) = handled.reply else { panic!("{handled:?}") };
        let log = pair.origin().key(&PublicKey::of(&pair.secret).unwrap()).unwrap();
        let mut signed = SignedCheckpoint::open(&pair.note(size), &log).unwrap();
        assert_eq!(signed.add(line, &desk.verifier), Ok(NOW));
        check(&pair.desk(), &latest, &Reply::Stands(Some(pair.note(size))));
    }
    // The log may ask from anywhere: it is told where the witness stands.
    check(&pair.desk(), &pair.offer(10, 50), &Reply::Stands(Some(pair.note(37))));
}

#[test]
fn two_histories_leave_evidence_on_disk_and_no_cosignature() {
    let mut pair = Pair::new();
    let desk = pair.desk();
    drop(desk.handle(&noord(), &pair.offer(0, 20), NOW));
    let first = pair.note(20);
    pair.leaves[3] = leaf_hash(b"another history");
    let handled = desk.handle(&noord(), &pair.offer(20, 20), NOW);
    assert_eq!(handled.reply, Reply::Stands(Some(first.clone())));
    assert_eq!(handled.evidence.unwrap().kind, Conflict::Fork);
    assert_eq!(desk.handle(&noord(), &pair.offer(20, 20), NOW).evidence, None, "known already");
    check(&desk, &pair.offer(20, 30), &refusal("proof_root"));
    let kept: Vec<_> = std::fs::read_dir(pair.records())
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "unlogged"))
        .collect();
    let [kept] = &kept[..] else { panic!("{kept:?}") };
    let text = std::fs::read_to_string(kept).unwrap();
    assert!(text.contains(&first) && text.contains(&pair.note(20)), "{text}");
    // A log that was rolled back shows less than it had cosigned.
    pair.leaves[3] = leaf_hash(&3_u64.to_be_bytes());
    let handled = desk.handle(&noord(), &pair.offer(0, 19), NOW);
    assert_eq!(handled.reply, Reply::Stands(Some(first)));
    assert_eq!(handled.evidence.unwrap().kind, Conflict::Smaller);
}

#[test]
fn a_member_speaks_for_its_own_log_alone() {
    let pair = Pair::new();
    let desk = pair.desk();
    let handled = desk.handle(&zuid(), &pair.offer(0, 5), NOW);
    assert_eq!(handled.reply, refusal("witness_checkpoint"));
    let latest = Submission::Latest { origin: pair.origin() }.encode();
    assert_eq!(desk.handle(&zuid(), &latest, NOW).reply, refusal("witness_other_log"));
    let mut stolen = Pair::new();
    stolen.secret = SigningKey::from_bytes(&[6; 32]);
    check(&desk, &stolen.offer(0, 5), &refusal("witness_checkpoint"));
    check(&desk, b"nonsense", &refusal("witness_message"));
    check(&desk, &[0xff; 200], &refusal("witness_message"));
}

#[test]
fn damaged_records_stop_the_start() {
    let pair = Pair::new();
    drop(pair.desk().handle(&noord(), &pair.offer(0, 20), NOW));
    let record = pair.records().join(record_name(&pair.origin()));
    let whole = std::fs::read(&record).unwrap();
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 4;
        std::fs::write(&record, &bytes).unwrap();
        assert_eq!(pair.try_desk().unwrap_err().code(), "witness_record_damaged", "byte {place}");
    }
    std::fs::write(&record, &whole).unwrap();
    let moved = pair.records().join("0.note");
    std::fs::rename(&record, &moved).unwrap();
    assert_eq!(pair.try_desk().unwrap_err().code(), "witness_record_damaged");
    std::fs::rename(&moved, &record).unwrap();
    check(
        &pair.desk(),
        &Submission::Latest { origin: pair.origin() }.encode(),
        &Reply::Stands(Some(pair.note(20))),
    );
}

#[test]
fn what_cannot_be_recorded_is_not_cosigned() {
    let pair = Pair::new();
    let desk = pair.desk();
    // A folder where the temporary file should go.
    let record = pair.records().join(record_name(&pair.origin()));
    std::fs::create_dir(record.with_added_extension("tmp")).unwrap();
    check(&desk, &pair.offer(0, 20), &refusal("witness_records"));
    // The failure of the own disk is nothing against the log.
    assert!(!desk.handle(&noord(), &pair.offer(0, 20), NOW).reply.denies_proof());
    let wrong = Submission::Offer { old: 0, path: vec![leaf_hash(b"x")], note: pair.note(20) };
    assert!(desk.handle(&noord(), &wrong.encode(), NOW).reply.denies_proof());
    check(&desk, &Submission::Latest { origin: pair.origin() }.encode(), &Reply::Stands(None));
}

/// The log is continued after a gap with the entry at this place; its first checkpoint there, with that entry.
fn gap(pair: &mut Pair, place: usize, gaps: u32) -> Submission {
    let mut tree = Frontier::new();
    pair.leaves[..place].iter().for_each(|leaf| tree.push(*leaf));
    let Head { size, root } = tree.head();
    let event = Event::GapAccepted {
        origin: pair.after(gaps).to_string(),
        before: pair.after(gaps - 1).to_string(),
        size,
        root: policies::Digest::from_bytes(*root.as_bytes()),
        seen: 30,
        evidence: 2,
    };
    let entry = String::from_utf8(Entry::new(size, NOW, event).encode().unwrap()).unwrap();
    pair.leaves[place] = leaf_hash(entry.as_bytes());
    let read = |index: u64| Ok::<_, Infallible>(pair.leaves[usize::try_from(index).unwrap()]);
    let path = merkle::inclusion(&mut Leaves::new(read), size, size + 4).unwrap().path;
    Submission::Gap { index: size, path, entry, note: pair.note_after(gaps, place + 4) }
}

#[test]
fn another_origin_is_taken_with_its_entry_alone_and_ends_the_one_before() {
    let mut pair = Pair::new();
    drop(pair.desk().handle(&noord(), &pair.offer(0, 30), NOW));
    let older = (pair.offer(30, 35), pair.note(30));
    let message = gap(&mut pair, 20, 1);
    let Submission::Gap { index, path, entry, note } = message.clone() else { panic!() };
    let desk = pair.desk();
    let whole = Submission::Offer { old: 0, path: vec![], note: note.clone() };
    check(&desk, &whole.encode(), &refusal("witness_gap"));
    let changed =
        |index, path, entry| Submission::Gap { index, path, entry, note: note.clone() }.encode();
    let stopped = String::from_utf8(Entry::new(20, NOW, Event::Stopped {}).encode().unwrap());
    check(&desk, &changed(index, path.clone(), stopped.unwrap()), &refusal("witness_gap"));
    check(&desk, &changed(index + 1, path.clone(), entry.clone()), &refusal("witness_gap"));
    check(&desk, &changed(index, vec![], entry.clone()), &refusal("witness_gap"));
    let other = entry.replace("/1\",\"before", "/2\",\"before");
    check(&desk, &changed(index, path, other), &refusal("witness_gap"));

    let handled = desk.handle(&noord(), &message.encode(), NOW);
    assert!(matches!(handled.reply, Reply::Cosigned(_)), "{handled:?}");
    let evidence = handled.evidence.unwrap();
    assert_eq!((evidence.kind, evidence.cosigned.note().to_string()), (Conflict::Gap, older.1));
    // The older origin is told of the later one, also after a restart.
    let stands = Reply::Stands(Some(note));
    for desk in [desk, pair.desk()] {
        check(&desk, &Submission::Latest { origin: pair.origin() }.encode(), &stands);
        check(&desk, &older.0, &stands);
    }
    let kinds: Vec<_> = std::fs::read_dir(pair.records())
        .unwrap()
        .filter_map(|file| std::fs::read_to_string(file.unwrap().path()).ok())
        .filter_map(|text| text.split_once("\n\nkring").map(|(kind, _)| kind.to_owned()))
        .filter(|kind| !kind.contains('\n'))
        .collect();
    assert!(
        kinds.contains(&"gap_accepted".to_owned()) && kinds.contains(&"older_origin".to_owned()),
        "{kinds:?}"
    );
}

#[test]
fn what_is_overheard_is_compared_and_never_cosigned() {
    let mut pair = Pair::new();
    let desk = pair.desk();
    let newer = |heard: Overheard| matches!(heard, Overheard::Newer(_));
    assert!(newer(desk.overhear(&noord(), &pair.note(20), Some(NOW))));
    assert_eq!(desk.cosigned(&noord()), None);
    drop(desk.handle(&noord(), &pair.offer(0, 20), NOW));
    assert_eq!(desk.cosigned(&noord()).as_deref(), Some(pair.note(20).as_str()));
    assert_eq!(desk.overhear(&noord(), &pair.note(20), Some(NOW)), Overheard::Known);
    assert!(newer(desk.overhear(&noord(), &pair.note(21), Some(NOW))));
    for bad in [String::new(), "x\n".to_owned(), pair.note(20).replace('2', "3")] {
        assert_eq!(desk.overhear(&noord(), &bad, Some(NOW)), Overheard::Bad);
    }
    assert_eq!(desk.overhear(&zuid(), &pair.note(20), Some(NOW)), Overheard::Bad);
    // Behind, but perhaps on its way; long after, it is the log's own word that it holds less.
    let behind = Overheard::Behind(pair.note(20));
    assert_eq!(desk.overhear(&noord(), &pair.note(19), Some(NOW.plus(MAX_SKEW_S))), behind);
    assert_eq!(desk.overhear(&noord(), &pair.note(19), None), behind);
    let late = desk.overhear(&noord(), &pair.note(19), Some(NOW.plus(MAX_SKEW_S + 1)));
    assert!(matches!(late, Overheard::Evidence(evidence) if evidence.kind == Conflict::Smaller));
    // A witness that was restarted does not know when it cosigned.
    let again = pair.desk().overhear(&noord(), &pair.note(18), Some(NOW.plus(100_000)));
    assert_eq!(again, behind);
    pair.leaves[3] = leaf_hash(b"another history");
    let fork = desk.overhear(&noord(), &pair.note(20), None);
    assert!(matches!(fork, Overheard::Evidence(evidence) if evidence.kind == Conflict::Fork));
    assert_eq!(desk.overhear(&noord(), &pair.note(20), None), behind, "known already");
}

#[test]
fn witnesses_compare_what_they_cosigned() {
    let mut pair = Pair::new();
    let desk = pair.desk();
    drop(desk.handle(&noord(), &pair.offer(0, 20), NOW));
    let heard =
        |desk: &Desk, note: String| desk.handle(&zuid(), &Submission::Heard { note }.encode(), NOW);
    let stands = Reply::Stands(Some(pair.note(20)));
    let same = heard(&desk, pair.note(20));
    assert_eq!((same.reply, same.evidence, same.heard), (stands.clone(), None, None));
    assert!(heard(&desk, pair.note(21)).heard.is_some());
    assert_eq!(heard(&desk, "x".to_owned()).reply, refusal("witness_checkpoint"));
    pair.leaves[3] = leaf_hash(b"another history");
    let fork = heard(&desk, pair.note(20));
    assert_eq!((fork.reply, fork.evidence.unwrap().kind), (stands, Conflict::Fork));
    // A larger head of the other history: the log cannot prove it.
    let key = pair.origin().key(&PublicKey::of(&pair.secret).unwrap()).unwrap();
    let other = SignedCheckpoint::open(&pair.note(25), &key).unwrap();
    assert_eq!(desk.smaller_than(&noord(), &other), Some(20));
    check(&desk, &pair.offer(20, 25), &refusal("proof_root"));
    assert_eq!(desk.not_proved(&noord(), &other).unwrap().kind, Conflict::NotProved);
    assert_eq!(desk.not_proved(&noord(), &other), None, "known already");
}
