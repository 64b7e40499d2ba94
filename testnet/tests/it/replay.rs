//! A captured, replayed, changed, expired or misaddressed request is refused and logged; a retry is not run again.

use node::log::{Event, Store};
use policies::wire::MAX_SKEW_S;

use crate::support::{Net, RawPeer, Said, hospital, logged, question, refused, said};

const SQL: &str = "SELECT grade, count(*) FROM patient GROUP BY grade";

fn executions(net: &Net, code: &str) -> usize {
    net.log(code).iter().filter(|entry| matches!(entry.event, Event::Intent { .. })).count()
}

#[track_caller]
fn rejected(net: &Net, peer: &str, wanted: &str) {
    logged(
        net,
        "ZUID",
        |event| matches!(event, Event::Rejected { peer: by, code, .. } if by == peer && code == wanted),
    );
}

#[test]
fn a_question_is_run_once_whoever_sends_it_again() {
    let mut net = Net::start(3);
    net.take("NOORD").stop().unwrap();
    net.take("OOST").stop().unwrap();
    let noord = RawPeer::start(&net, "NOORD");
    let oost = RawPeer::start(&net, "OOST");
    let to_zuid = |peer: &RawPeer, bytes: &[u8]| peer.send(&net, "ZUID", bytes).unwrap();

    // The asking node's own check does not bind it: the responder's does.
    let not_allowed = question(&net, "b.devries", "SELECT count(*) FROM patient", |_| {});
    let request = oost.request(&net, &not_allowed, |request| request.audience = hospital("ZUID"));
    refused(&to_zuid(&oost, &request.encode()), "no_rule_permits");
    let rows = question(&net, "a.jansen", "SELECT age FROM patient", |_| {});
    let request = noord.request(&net, &rows, |request| request.audience = hospital("ZUID"));
    refused(&to_zuid(&noord, &request.encode()), "not_an_aggregate");
    assert_eq!(executions(&net, "ZUID"), 0);

    // The honest question, and its retry.
    let asked = question(&net, "a.jansen", SQL, |_| {});
    let request = noord.request(&net, &asked, |request| request.audience = hospital("ZUID"));
    let first = to_zuid(&noord, &request.encode());
    assert!(matches!(said(&first), Said::Answer(_)), "{:?}", said(&first));
    assert_eq!(to_zuid(&noord, &request.encode()), first, "a retry gets the stored reply");
    assert_eq!(executions(&net, "ZUID"), 1);

    // Captured and sent by another member.
    refused(&to_zuid(&oost, &request.encode()), "sender_is_not_peer");
    rejected(&net, "OOST", "sender_is_not_peer");
    // The same question in another envelope.
    let again = noord.request(&net, &asked, |request| {
        request.audience = hospital("ZUID");
        request.sent_at = request.sent_at.plus(1);
    });
    refused(&to_zuid(&noord, &again.encode()), "replayed");
    rejected(&net, "NOORD", "replayed");
    // In the name of the asking node, signed by another member.
    let forged = oost.request(&net, &asked, |request| {
        request.audience = hospital("ZUID");
        request.from = hospital("NOORD");
    });
    assert!(matches!(said(&to_zuid(&oost, &forged.encode())), Said::Refusal(_)));
    assert_eq!(executions(&net, "ZUID"), 1);
    misaddressed_and_stale(&net, &noord);
    changed_bytes(&net, &noord);

    // The replay record survives a crash.
    net.take("ZUID").kill().unwrap();
    let mut zuid = testnet::process::NodeProcess::start(&net.network, "ZUID").unwrap();
    testnet::process::wait_ready(&net.network, &mut zuid).unwrap();
    let later = noord.send(&net, "ZUID", &request.encode()).unwrap();
    assert_eq!(later, first, "byte for byte, after a crash too");
    refused(&noord.send(&net, "ZUID", &again.encode()).unwrap(), "replayed");
    assert_eq!(executions(&net, "ZUID"), 1);

    // A crash between the intent and the outcome: the question is consumed, and never run again.
    assert_eq!(zuid.stop().unwrap(), 0);
    let entries = net.log("ZUID");
    let intent = entries.iter().position(|e| matches!(e.event, Event::Intent { .. })).unwrap();
    let kept: Vec<_> = entries[..=intent].iter().map(|entry| entry.encode().unwrap()).collect();
    let log = net.network.node_dir("ZUID").join("state/log");
    std::fs::remove_dir_all(&log).unwrap();
    let mut store = Store::open_folder(&log).unwrap();
    store.append(&kept).unwrap();
    drop(store);
    let mut zuid = testnet::process::NodeProcess::start(&net.network, "ZUID").unwrap();
    testnet::process::wait_ready(&net.network, &mut zuid).unwrap();
    refused(&noord.send(&net, "ZUID", &request.encode()).unwrap(), "interrupted");
    assert_eq!(executions(&net, "ZUID"), 1);
}

fn misaddressed_and_stale(net: &Net, noord: &RawPeer) {
    let send =
        |request: &policies::dsse::Envelope| noord.send(net, "ZUID", &request.encode()).unwrap();
    let fresh = question(net, "a.jansen", SQL, |_| {});
    let elsewhere = noord.request(net, &fresh, |request| request.audience = hospital("OOST"));
    refused(&send(&elsewhere), "wrong_audience");
    let not_asked =
        question(net, "a.jansen", SQL, |question| question.hospitals = vec![hospital("OOST")]);
    refused(
        &send(&noord.request(net, &not_asked, |request| request.audience = hospital("ZUID"))),
        "hospital_not_asked",
    );
    let expired = question(net, "a.jansen", SQL, |question| {
        question.issued_at = question.issued_at.plus(-1000);
        question.expires_at = question.issued_at.plus(300);
    });
    refused(
        &send(&noord.request(net, &expired, |request| request.audience = hospital("ZUID"))),
        "question_expired",
    );
    let ahead = question(net, "a.jansen", SQL, |question| {
        question.issued_at = question.issued_at.plus(MAX_SKEW_S + 60);
        question.expires_at = question.issued_at.plus(300);
    });
    refused(
        &send(&noord.request(net, &ahead, |request| request.audience = hospital("ZUID"))),
        "question_from_the_future",
    );
    let other_network = question(net, "a.jansen", SQL, |question| {
        question.network = policies::NetworkId::new("elsewhere").unwrap();
    });
    let request = noord.request(net, &other_network, |request| request.audience = hospital("ZUID"));
    refused(&send(&request), "wrong_network");
    let other_cut = noord.request(net, &fresh, |request| {
        request.audience = hospital("ZUID");
        request.fragments = vec![policies::Digest::of(b"another cut")];
    });
    refused(&send(&other_cut), "plan_mismatch");
}

/// Every changed bit is refused, and none of them executes anything.
fn changed_bytes(net: &Net, noord: &RawPeer) {
    let before = executions(net, "ZUID");
    let asked = question(net, "a.jansen", SQL, |_| {});
    let good = noord.request(net, &asked, |request| request.audience = hospital("ZUID")).encode();
    for part in 0..24 {
        let mut bad = good.clone();
        let place = part * (good.len() - 1) / 23;
        bad[place] ^= 0x01;
        assert!(
            matches!(said(&noord.send(net, "ZUID", &bad).unwrap()), Said::Refusal(_)),
            "byte {place}"
        );
    }
    let truncated = &good[..good.len() - 1];
    assert!(matches!(said(&noord.send(net, "ZUID", truncated).unwrap()), Said::Refusal(_)));
    assert_eq!(noord.send(net, "ZUID", &vec![b'x'; 64 * 1024 + 1]).unwrap_err(), "request_size");
    assert_eq!(executions(net, "ZUID"), before);
}

#[test]
fn a_stranger_is_not_heard() {
    let net = Net::start(3);
    let folder = tempfile::tempdir().unwrap();
    let create = |name: &str, role| {
        node::keys::Key::create(&folder.path().join(name), role, "NOORD").unwrap()
    };
    let transport = create("transport.key", node::keys::KeyRole::Transport);
    let envelope = create("envelope.key", node::keys::KeyRole::Envelope);
    let stranger = RawPeer::with_keys(&net, "NOORD", transport.seed(), envelope);
    let asked = question(&net, "a.jansen", SQL, |_| {});
    let request = stranger.request(&net, &asked, |request| request.audience = hospital("ZUID"));
    // Cut off before or after the stranger's own side of the handshake is done: no byte comes back either way.
    let told = stranger.send(&net, "ZUID", &request.encode()).unwrap_err();
    assert!(["unreachable", "no_answer"].contains(&told), "{told}");
    let heard = |event: &Event| matches!(event, Event::Rejected { .. } | Event::Intent { .. });
    assert!(!net.log("ZUID").iter().any(|entry| heard(&entry.event)));
    assert_eq!(executions(&net, "ZUID"), 0);
}
