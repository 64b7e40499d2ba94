use std::time::Duration;

use ed25519_dalek::SigningKey;
use policies::dsse::PublicKey;
use tokio::sync::mpsc;

use super::*;
use crate::clock::SystemClock;
use crate::keys::{Key, KeyRole};
use crate::log::checkpoint::Signer;
use crate::log::gap::ROLLED_BACK;
use crate::log::{Event, Store};
use crate::net::{self, Inbound, NetConfig, NetLimits, Network};
use crate::proof::checkpoint::{Checkpoint, Origin, witness_key};
use crate::proof::merkle::{Frontier, leaf_hash};
use crate::tasks::Tasks;

fn zuid() -> HospitalCode {
    HospitalCode::new("ZUID").unwrap()
}

fn peer() -> Peer {
    let key = PublicKey::of(&SigningKey::from_bytes(&[9; 32])).unwrap();
    let witness = witness_key(&zuid(), &key).unwrap();
    Peer { hospital: zuid(), transports: vec![PeerKey(*key.as_bytes())], witness: vec![witness] }
}

/// A log of three entries with its key, and ZUID as its witness.
struct Case {
    folder: tempfile::TempDir,
    tasks: Tasks,
    log: Log,
    own: Own,
}

impl Case {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.key");
        let key = Key::create(&path, KeyRole::Log, "NOORD").unwrap();
        let noord = HospitalCode::new("NOORD").unwrap();
        let signer = Signer::new(&noord, key, None).unwrap();
        let store = Store::open_folder(&folder.path().join("log")).unwrap();
        let tasks = Tasks::new();
        let log = Log::start(store, signer, Arc::new(SystemClock), &tasks).unwrap();
        for _ in 0..3 {
            log.append(Event::Stopped {}).await.unwrap();
        }
        Self { folder, tasks, log, own: Own::new(vec![peer()], None) }
    }

    /// A note over entries that this log does not hold, signed with this key.
    fn forged(&self, key: &SigningKey, gaps: u32, size: u64) -> String {
        let own = Key::load(&self.folder.path().join("log.key"), KeyRole::Log).unwrap();
        let noord = HospitalCode::new("NOORD").unwrap();
        let origin = Origin::of(&noord, &own.public, gaps).unwrap();
        let mut tree = Frontier::new();
        (0..size).for_each(|index| tree.push(leaf_hash(&index.to_be_bytes())));
        let verifier = origin.key(&PublicKey::of(key).unwrap()).unwrap();
        let checkpoint = Checkpoint { origin, head: tree.head() };
        SignedCheckpoint::sign(checkpoint, &verifier, key).unwrap().note().to_string()
    }

    fn secret(&self) -> SigningKey {
        Key::load(&self.folder.path().join("log.key"), KeyRole::Log).unwrap().secret().clone()
    }

    async fn end(self) {
        drop(self.log);
        assert!(self.tasks.drain(Duration::from_secs(10)).await.is_empty());
    }
}

#[tokio::test]
async fn only_the_logs_own_signature_counts() {
    let case = Case::new().await;
    let liar = SigningKey::from_bytes(&[7; 32]);
    let more = case.forged(&liar, 0, 900);
    for lie in ["", "rubbish", "\u{0}", &more, &case.forged(&liar, 5, 900), more.trim_end()] {
        assert_eq!(case.own.weigh(&case.log, &peer(), Some(lie)).await, Weighed::Foreign, "{lie}");
        assert!(!case.own.shown(&case.log, &zuid(), lie).await);
    }
    assert_eq!(case.own.standing(), Standing::Unconfirmed);
    let ignored = Word::Ignored("not_signed_by_this_log".to_owned());
    assert_eq!(case.own.words()[&zuid()], ignored);
    case.end().await;
}

#[tokio::test]
async fn heads_of_this_log_are_taken_and_others_that_it_signed_contradict_for_good() {
    let case = Case::new().await;
    assert!(case.own.stands(&case.log, &peer(), None).await);
    let signed = case.own.sign(&case.log).await.unwrap().note().to_string();
    assert_eq!(case.own.signed().as_deref(), Some(signed.as_str()));
    assert!(case.own.stands(&case.log, &peer(), Some(&signed)).await);
    assert_eq!(case.own.words()[&zuid()], Word::Stands(3));
    assert!(case.own.stands(&case.log, &peer(), None).await, "it forgot, and may be told again");
    assert_eq!(case.own.words()[&zuid()], Word::Forgot { size: 0, before: 3 });
    assert!(case.own.shown(&case.log, &zuid(), &signed).await);
    assert_eq!(case.own.standing(), Standing::Unconfirmed, "a word is not a cosignature");
    // Of its size, of a smaller one, of a larger one, of a later origin.
    let others = [(0, 3), (0, 2), (0, 4), (1, 1)];
    for (gaps, size) in others {
        let own = Own::new(vec![peer()], None);
        let note = case.forged(&case.secret(), gaps, size);
        assert!(own.shown(&case.log, &zuid(), &note).await);
        let Standing::Contradicted { seen, held, note: shown, .. } = own.standing() else {
            panic!("{gaps}, {size}")
        };
        assert_eq!((seen.size, held, shown), (size, 3, note));
        assert_eq!(own.confirmed().await.unwrap_err().code(), "log_rolled_back");
        assert!(own.stands(&case.log, &peer(), Some(&signed)).await);
        assert_eq!(own.standing().code(), "log_rolled_back", "nothing makes it good again");
    }
    case.end().await;
}

#[tokio::test]
async fn a_contradiction_fits_into_the_log_whatever_its_witness_adds() {
    let case = Case::new().await;
    let note = case.forged(&case.secret(), 0, 4);
    let padding = format!("\u{2014} x {}\n", "A".repeat(1_600)).repeat(60);
    assert!(case.own.shown(&case.log, &zuid(), &format!("{note}{padding}")).await);
    let told = case.own.contradicted().await.unwrap();
    assert_eq!(told, note);
    let (origin, shows) = (case.log.signer().origin().to_string(), ROLLED_BACK.to_owned());
    let event = Event::ForkEvidence { origin, shows, cosigned: told, offered: String::new() };
    assert!(case.log.append(event).await.is_ok());
    case.end().await;
}

#[tokio::test]
async fn only_a_proof_that_cannot_be_is_denied() {
    let case = Case::new().await;
    assert!(matches!(case.own.continues(&case.log, 2, 3).await, Reply::Continues(_)));
    for (old, new) in [(3, 2), (0, 4), (2, 4), (4, 4), (0, u64::MAX)] {
        assert!(case.own.continues(&case.log, old, new).await.denies_proof(), "{old} {new}");
    }
    let (path, source) = (case.folder.path().to_owned(), std::io::Error::other("the disk"));
    let unread = answer(Err(ProveError::Read(OpenError::Io { path, doing: "reading", source })));
    assert_eq!(unread, refused("log_unreadable"));
    assert!(!unread.denies_proof());
    case.end().await;
}

/// The disk fails once while the entry of the gap is looked for.
#[tokio::test]
async fn a_failure_to_read_the_gap_is_not_remembered() {
    let case = Case::new().await;
    let cosigned = case.forged(&case.secret(), 0, 9);
    let Case { folder, tasks, log, own: _ } = case;
    let key = || Key::load(&folder.path().join("log.key"), KeyRole::Log).unwrap();
    let noord = HospitalCode::new("NOORD").unwrap();
    let signer = Signer::new(&noord, key(), None).unwrap();
    let (origin, shows) = (signer.origin().to_string(), ROLLED_BACK.to_owned());
    let event = Event::ForkEvidence { origin, shows, cosigned, offered: String::new() };
    log.append(event).await.unwrap();
    drop(log);
    assert!(tasks.drain(Duration::from_secs(10)).await.is_empty());
    let mut store = Store::open_folder(&folder.path().join("log")).unwrap();
    let beside = std::collections::BTreeSet::new();
    let now = policies::UnixTime(1_700_000_000);
    crate::log::gap::accept(&mut store, signer, now, &beside).unwrap();
    let signer = Signer::new(&noord, key(), store.reader().checkpoint().as_deref()).unwrap();
    let tasks = Tasks::new();
    let log = Log::start(store, signer, Arc::new(SystemClock), &tasks).unwrap();
    let own = Own::new(vec![peer()], None);
    let signed = own.sign(&log).await.unwrap();
    let segment = folder.path().join("log").join(format!("{:020}.seg", 0));
    let away = segment.with_extension("away");
    std::fs::rename(&segment, &away).unwrap();
    assert_eq!(own.offer_from(&log, &signed, 0).await, None);
    std::fs::rename(&away, &segment).unwrap();
    let offer = own.offer_from(&log, &signed, 0).await;
    assert!(matches!(offer, Some(Submission::Gap { index: 4, .. })), "{offer:?}");
    drop(log);
    assert!(tasks.drain(Duration::from_secs(10)).await.is_empty());
}

/// A member of the network at loopback, and what it is asked.
async fn member(seed: u8, tasks: &Tasks) -> (NetHandle, mpsc::Receiver<Inbound>) {
    let (keypair_seed, listen) = ([seed; 32].into(), vec!["/ip4/127.0.0.1/tcp/0".to_owned()]);
    let config = NetConfig { keypair_seed, listen, limits: NetLimits::default() };
    let (sender, inbound) = mpsc::channel(8);
    (Network::build(config).await.unwrap().spawn(tasks, sender), inbound)
}

#[tokio::test]
async fn a_head_that_nobody_cosigns_is_written_once() {
    let case = Case::new().await;
    let (net, _unasked) = member(8, &case.tasks).await;
    let (witness, mut asked) = member(9, &case.tasks).await;
    let at = |net: &NetHandle| net::Peer {
        keys: vec![net.own_key()],
        addresses: net.listen_addresses(),
    };
    assert!(witness.set_peers(vec![at(&net)]).await.is_empty());
    assert!(net.set_peers(vec![at(&witness)]).await.is_empty());
    let serving = async {
        while let Some(Inbound { request, reply, .. }) = asked.recv().await {
            let said = match Submission::parse(&request) {
                Ok(Submission::Latest { .. }) => Reply::Stands(None),
                Ok(_) | Err(_) => Reply::Refused { code: "because".to_owned() },
            };
            drop(reply.send(vec![said.encode()]).await);
        }
    };
    let refused = Word::Ignored("because".to_owned());
    let asking = async {
        let mut offers = 0;
        while offers < 3 {
            assert_eq!(case.own.confirm(&case.log, &net).await.unwrap(), Standing::Unconfirmed);
            offers += usize::from(case.own.words()[&zuid()] == refused);
        }
    };
    tokio::select! {
        () = serving => {}
        done = tokio::time::timeout(Duration::from_secs(60), asking) => done.unwrap(),
    }
    assert_eq!(case.log.reader().notes(0).unwrap().len(), 1);
    case.tasks.stop();
    drop((net, witness));
    case.end().await;
}

#[tokio::test]
async fn the_others_are_heard_after_the_first_word_and_the_silent_are_not_waited_for() {
    let after = |turns: Option<usize>, word: Option<u64>| async move {
        match turns {
            None => std::future::pending().await,
            Some(turns) => {
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
                word
            }
        }
    };
    let asking = [
        after(Some(0), Some(1)),
        after(None, Some(9)),
        after(Some(1), None),
        after(Some(5), Some(2)),
    ];
    assert_eq!(first_words(asking.into_iter()).await, [1, 2]);
    let useless = [after(Some(0), None), after(Some(3), None)];
    assert!(first_words(useless.into_iter()).await.is_empty());
}
