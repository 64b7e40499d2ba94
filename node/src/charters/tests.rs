//! What is kept on disk, what a start takes in, and what members say to each other. Running nodes are tested in `testnet`.

use std::collections::BTreeMap;
use std::path::Path;

use ed25519_dalek::SigningKey;
use policies::bundle;
use policies::chain::{ChainError, Line, Tree};
use policies::dsse::{Envelope, PublicKey};
use policies::statement::{Freshness, Revocation, Revocations, Subject};
use policies::{Digest, UnixTime};

use super::folder::{Folder, FolderError, Said, bundles};
use super::message::{self, Holding, Message, Statements, Wanted};
use super::open::{FollowError, Followed, Mode, follow, tree_of};
use super::*;

mod below;
mod own;

const NOW: UnixTime = UnixTime(1_800_000_000);

fn key(owner: &str) -> SigningKey {
    SigningKey::from_bytes(Digest::of(owner.as_bytes()).as_bytes())
}

fn public(owner: &str) -> String {
    PublicKey::of(&key(owner)).unwrap().to_string()
}

fn files(version: u64, previous: Option<Digest>, title: &str) -> BTreeMap<String, String> {
    let previous = previous.map_or_else(String::new, |digest| format!("previous = \"{digest}\"\n"));
    let head = format!(
        "network = \"noord\"\nversion = {version}\n{previous}title = {{ en = \"{title}\" }}\nvalid_from = 2026-01-01T00:00:00Z\n\
         valid_until = 2030-01-01T00:00:00Z\nthreshold = 1\nnotice_days = 14\n[[signers]]\nname = \"Board\"\nkey = \"{}\"\n\
         [[freshness]]\nhospital = \"NOORD\"\nkey = \"{}\"\n",
        public("board"),
        public("fresh")
    );
    let keys = ["transport", "envelope", "log", "witness"]
        .map(|role| format!("{role} = \"{}\"", public(role)));
    let members = format!(
        "[[members]]\ncode = \"NOORD\"\nname = \"Noord\"\nkind = \"umc\"\naddresses = []\nkeys = {{ {} }}\n",
        keys.join(", ")
    );
    let people = format!(
        "[[people]]\nid = \"a.jansen\"\nname = \"A. Jansen\"\nhospital = \"NOORD\"\nkey = \"{}\"\n",
        public("a.jansen")
    );
    let texts = [("charter.toml", head), ("members.toml", members), ("people.toml", people)];
    texts.into_iter().map(|(path, text)| (path.to_owned(), text)).collect()
}

fn seal(version: u64, previous: Option<Digest>, title: &str) -> Envelope {
    let mut envelope = bundle::seal(&files(version, previous, title)).unwrap();
    envelope.add_signature(&key("board"));
    envelope
}

/// Versions 1 to 3, and the pin.
fn chain() -> (Digest, Vec<Vec<u8>>) {
    let first = seal(1, None, "one");
    let second = seal(2, Some(first.digest()), "two");
    let third = seal(3, Some(second.digest()), "three");
    (first.digest(), [first, second, third].iter().map(Envelope::encode).collect())
}

struct Disk {
    folder: Folder,
    path: std::path::PathBuf,
    root: Digest,
    chain: Vec<Vec<u8>>,
    _temporary: tempfile::TempDir,
}

impl Disk {
    fn new() -> Self {
        let temporary = tempfile::Builder::new().prefix("kring-charters-").tempdir().unwrap();
        let (root, chain) = chain();
        let folder = Folder::new(temporary.path(), root);
        let path = temporary.path().join(root.to_string());
        Self { folder, path, root, chain, _temporary: temporary }
    }

    fn follow(&self, bundles: &[Vec<u8>], now: UnixTime) -> Result<Followed, FollowError> {
        follow(&self.folder, (self.root, bundles), (now, false), Mode::Store)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.path).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn versions(line: &Line) -> Vec<(u64, i64)> {
    line.history().map(|version| (version.layer().version, version.accepted_at().0)).collect()
}

#[track_caller]
fn code(refused: Result<Followed, FollowError>) -> &'static str {
    refused.map(|followed| versions(root(&followed.tree))).unwrap_err().code()
}

#[test]
fn what_was_accepted_is_there_after_a_start_with_the_moment_when_it_was() {
    let disk = Disk::new();
    assert!(!disk.folder.is_begun());
    let begun = 1_767_225_600;
    // At a first start nobody relied on anything older.
    let first = disk.follow(&disk.chain[..2], NOW).unwrap();
    assert_eq!(versions(root(&first.tree)), [(1, NOW.0), (2, begun)]);
    assert_eq!(first.accepted.len(), 2);
    let later = NOW.plus(500);
    let second = disk.follow(&disk.chain, later).unwrap();
    assert_eq!(versions(root(&second.tree)), [(1, NOW.0), (2, begun), (3, later.0)]);
    assert_eq!(second.accepted.len(), 1);
    // Nothing that is known is taken again, and no bundle is needed.
    for bundles in [&disk.chain[..], &disk.chain[..1], &[]] {
        let again = disk.follow(bundles, later.plus(500)).unwrap();
        assert_eq!(versions(root(&again.tree)), versions(root(&second.tree)));
        assert!(again.accepted.is_empty());
    }
    assert_eq!(disk.folder.root().bundle(2).unwrap().unwrap(), disk.chain[1]);
    assert_eq!(disk.folder.root().bundle(4).unwrap(), None);
}

#[test]
fn bundles_are_taken_in_any_order_and_none_may_be_missing() {
    let disk = Disk::new();
    let backwards: Vec<Vec<u8>> = disk.chain.iter().rev().cloned().collect();
    assert_eq!(root(&tree_of(disk.root, &backwards).unwrap()).tip().version, 3);
    let gap = [disk.chain[0].clone(), disk.chain[2].clone()];
    assert_eq!(code(disk.follow(&gap, NOW)), "skipped_version");
    // What came before the gap is kept.
    assert_eq!(root(&disk.folder.read(NOW).unwrap().tree.unwrap()).tip().version, 1);
    let empty = Disk::new();
    assert_eq!(code(empty.follow(&empty.chain[1..], NOW)), "other_root");
    assert_eq!(code(empty.follow(&[], NOW)), "no_version");
    assert!(!empty.folder.is_begun());
}

#[test]
fn a_command_that_looks_stores_nothing() {
    let disk = Disk::new();
    let seen = follow(&disk.folder, (disk.root, &disk.chain), (NOW, false), Mode::Look).unwrap();
    assert_eq!(root(&seen.tree).tip().version, 3);
    assert!(!disk.folder.is_begun());
}

#[test]
fn a_fork_and_rubbish_are_refused_and_what_was_kept_stays() {
    let disk = Disk::new();
    disk.follow(&disk.chain[..2], NOW).unwrap();
    let before = disk.names();
    let fork = seal(2, Some(disk.root), "another two").encode();
    assert_eq!(code(disk.follow(&[fork], NOW)), "fork");
    let unsigned = bundle::seal(&files(3, None, "x")).map(|envelope| envelope.encode());
    assert!(unsigned.is_err(), "version 3 names no previous one");
    let mut cut = disk.chain[2].clone();
    cut.truncate(cut.len() / 2);
    disk.follow(&[cut], NOW).unwrap_err();
    disk.follow(&[b"{}".to_vec()], NOW).unwrap_err();
    assert_eq!(disk.names(), before);
    assert_eq!(root(&disk.folder.read(NOW).unwrap().tree.unwrap()).tip().version, 2);
}

#[test]
fn a_write_that_was_interrupted_leaves_what_was_in_force() {
    let disk = Disk::new();
    disk.follow(&disk.chain[..1], NOW).unwrap();
    // A crash leaves at most half of a temporary file.
    let half = &disk.chain[1][..disk.chain[1].len() / 2];
    std::fs::write(disk.path.join("0000000002-1800000000.kring.tmp"), half).unwrap();
    assert_eq!(root(&disk.folder.read(NOW).unwrap().tree.unwrap()).tip().version, 1);
    disk.follow(&disk.chain[..2], NOW).unwrap();
    assert_eq!(root(&disk.folder.read(NOW).unwrap().tree.unwrap()).tip().version, 2);
    // One that was stored and never logged is taken again, under its later moment.
    let layer = root(&disk.folder.read(NOW).unwrap().tree.unwrap()).tip().clone();
    disk.folder.root().store((&layer, &disk.chain[1]), NOW.plus(9)).unwrap();
    assert_eq!(disk.names().iter().filter(|name| name.starts_with("0000000002")).count(), 1);
}

#[test]
fn files_that_are_not_what_was_accepted_are_told_and_not_followed() {
    let disk = Disk::new();
    disk.follow(&disk.chain, NOW).unwrap();
    let names = disk.names();
    let (first, second) = (disk.path.join(&names[0]), disk.path.join(&names[1]));
    let read = || disk.folder.read(NOW).map(drop).unwrap_err();
    // A version is gone, changed, or another's.
    let kept = std::fs::read(&second).unwrap();
    std::fs::remove_file(&second).unwrap();
    assert_eq!(read().code(), "skipped_version");
    let mut changed = kept.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    std::fs::write(&second, &changed).unwrap();
    assert!(matches!(read(), FolderError::Chain { .. }));
    assert!(read().to_string().contains("put the board's bundles"), "{}", read());
    std::fs::write(&second, &kept).unwrap();
    let stranger = disk.path.join("notes.kring");
    std::fs::write(&stranger, b"hello").unwrap();
    assert!(matches!(read(), FolderError::Name { .. }));
    std::fs::remove_file(&stranger).unwrap();
    disk.folder.read(NOW).unwrap();
    std::fs::write(&first, vec![b' '; bundle::MAX_BUNDLE_BYTES + 2]).unwrap();
    assert!(matches!(read(), FolderError::Chain { .. }));
    assert!(bundles(Path::new("/nowhere/charter.kring")).unwrap_err().is_not_found());
}

fn held(disk: &Disk) -> Held {
    let Followed { tree, said, .. } = disk.follow(&disk.chain, NOW).unwrap();
    Held { tree, said }
}

fn root(tree: &Tree) -> &Line {
    tree.root().unwrap()
}

/// What a node says that it holds of its one network.
fn holds(held: &Held) -> Holding {
    Holding::of(held, NOW).remove(0)
}

/// What was said of the one network.
fn said(held: &Held) -> Said {
    held.said.get(held.tree.network()).cloned().unwrap_or_default()
}

fn with(held: &Held, said: Said) -> Held {
    let mut held = held.clone();
    held.said.insert(held.tree.network().clone(), said);
    held
}

fn revocation(number: u8) -> Vec<u8> {
    let owner = PublicKey::of(&key("board")).unwrap();
    let revocation = Revocation::new(
        "noord".parse().unwrap(),
        (Subject::Signer, &owner),
        NOW.plus(i64::from(number)),
        "lost",
    );
    let mut envelope = revocation.envelope();
    envelope.add_signature(&key("board"));
    envelope.encode()
}

#[test]
fn statements_are_kept_and_read_again() {
    let disk = Disk::new();
    let held = held(&disk);
    let fresh =
        Freshness::new(root(&held.tree).tip(), "NOORD".parse().unwrap(), NOW).sign(&key("fresh"));
    let fresh =
        Freshness::verify(&fresh.encode(), root(&held.tree), &said(&held).revoked, NOW).unwrap();
    disk.folder.root().freshen(&fresh).unwrap();
    let revoked =
        Revocation::verify(&revocation(0), root(&held.tree), &said(&held).revoked, NOW).unwrap();
    disk.folder.root().revoke(&revoked).unwrap();
    let network = held.tree.network();
    let kept = disk.folder.read(NOW).unwrap().said[network].clone();
    assert_eq!(kept.fresh.as_ref(), Some(&fresh));
    assert!(kept.revoked.contains(&revoked.id()));
    // A word that has ended is none; a revocation that was changed is told.
    let over = NOW.plus(policies::statement::MAX_FRESHNESS_S + 1);
    assert_eq!(disk.folder.read(over).unwrap().said[network].fresh, None);
    let path = disk.path.join("revoked").join(format!("{}.kring", revoked.id()));
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.truncate(20);
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(disk.folder.read(NOW).map(drop), Err(FolderError::Statement { .. })));
}

#[test]
fn who_holds_more_is_known_from_what_is_said() {
    let disk = Disk::new();
    let newest = held(&disk);
    let own = holds(&newest);
    let older = Held { tree: tree_of(disk.root, &disk.chain[..2]).unwrap(), ..newest.clone() };
    let older = holds(&older);
    assert!(own.is_ahead_of(&older) && !older.is_ahead_of(&own) && !own.is_ahead_of(&own));
    let mut fork = own.clone();
    fork.tip.digest = Digest::of(b"another");
    assert!(fork.contradicts(&own) && !older.contradicts(&own) && !own.contradicts(&own));
    let mut elsewhere = fork.clone();
    elsewhere.tip.network = "zuid".parse().unwrap();
    assert!(!elsewhere.contradicts(&own) && !elsewhere.is_ahead_of(&older));

    let word =
        Freshness::new(root(&newest.tree).tip(), "NOORD".parse().unwrap(), NOW).sign(&key("fresh"));
    let word =
        Freshness::verify(&word.encode(), root(&newest.tree), &said(&newest).revoked, NOW).unwrap();
    let fresher = holds(&with(&newest, Said { fresh: Some(word), ..said(&newest) }));
    assert!(fresher.says_more_than(&own) && !own.says_more_than(&fresher));
    // Its word is about a version that the older one does not know yet.
    assert!(!fresher.says_more_than(&older));
    let mut more = said(&newest);
    let revoked =
        Revocation::verify(&revocation(0), root(&newest.tree), &said(&newest).revoked, NOW)
            .unwrap();
    more.revoked.insert(revoked).unwrap();
    assert!(holds(&with(&newest, more.clone())).says_more_than(&own));
    let of = |from| {
        let held = with(&newest, more.clone());
        Statements::of(&held, (held.tree.network(), from), NOW)
    };
    assert_eq!(of(0).revocations.len(), 1);
    assert_eq!(of(1), Statements::default());
    assert_eq!(of(u64::MAX), Statements::default());
}

#[test]
fn who_lost_its_folder_does_not_skip_a_notice() {
    let disk = Disk::new();
    let again = follow(&disk.folder, (disk.root, &disk.chain), (NOW, true), Mode::Look).unwrap();
    assert_eq!(versions(root(&again.tree)), [(1, NOW.0), (2, NOW.0), (3, NOW.0)]);
}

#[test]
fn a_word_is_news_about_a_newer_version_or_a_good_while_later() {
    let word = |version, issued_at: i64| Vouched {
        version,
        valid_until: UnixTime(issued_at + 1000),
        issued_at: UnixTime(issued_at),
    };
    assert!(word(2, 0).is_news(&word(1, 5000)) && !word(1, 5000).is_news(&word(2, 0)));
    assert!(!word(2, 599).is_news(&word(2, 0)) && word(2, 600).is_news(&word(2, 0)));
}

#[test]
fn what_is_no_message_is_refused() {
    let disk = Disk::new();
    let holds = Holding::of(&held(&disk), NOW);
    let message =
        Message { holds: holds.clone(), wants: Wanted::Bundle("noord".parse().unwrap(), 2) };
    let text = String::from_utf8(message.encode()).unwrap();
    assert_eq!(Message::decode(text.as_bytes()), Some(message));
    for bad in [
        "",
        "{}",
        "null",
        &text.replace("bundle", "bundel"),
        &text.replace("\"wants\"", "\"more\":1,\"wants\""),
        &text.replace(",2]", ",-2]"),
        &text.replace("noord", "Noord"),
        &format!("{text} x"),
    ] {
        assert_eq!(Message::decode(bad.as_bytes()), None, "{bad}");
    }
    let reply = message::reply(&holds, Some(b"bundle".to_vec()));
    assert_eq!(message::read(reply.clone()).unwrap(), (holds.clone(), Some(b"bundle".to_vec())));
    let mut three = reply.clone();
    three.push(Vec::new());
    message::read(three).unwrap_err();
    message::read(Vec::new()).unwrap_err();
    message::read(vec![vec![b' '; 500_000]]).unwrap_err();
    let many = Holding { revocations: u64::MAX, ..holds[0].clone() };
    message::read(message::reply(&[many], None)).unwrap_err();
    message::read(message::reply(&vec![holds[0].clone(); 129], None)).unwrap_err();
}

#[test]
fn what_is_refused_has_a_code() {
    let error = TakeError::Chain(ChainError::Empty);
    assert_eq!((error.code(), TakeError::Stopping.code()), (ChainError::Empty.code(), "stopping"));
}
