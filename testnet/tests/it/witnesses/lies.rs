//! A witness that lies: it neither stops a node in silence nor makes it go on with an older copy of its log.

use super::*;

/// Rubbish, a claim of more that this log never signed, a cosignature of nobody, and a refusal.
fn lies(net: &Net) -> Vec<Vec<u8>> {
    let own = key(net, "ZUID", "log.key", KeyRole::Log);
    let more = forged(net, &own, "more", 9_000);
    let line = more.lines().last().unwrap().to_owned();
    vec![
        b"\xff rubbish".to_vec(),
        Reply::Stands(Some(more)).encode(),
        format!("cosigned\n{line}\n").into_bytes(),
        Reply::Refused { code: "because".to_owned() }.encode(),
        Reply::Continues(Vec::new()).encode(),
    ]
}

#[test]
fn a_lying_witness_is_no_witness_and_does_not_stop_the_node_once_another_is_there() {
    let mut net = Net::create(3);
    let liar = RawPeer::start(&net, "ZUID");
    let (lies, turn) = (lies(&net), AtomicUsize::new(0));
    let lie = |_: &[u8]| lies[turn.fetch_add(1, Ordering::Relaxed) % lies.len()].clone();
    liar.witness_while(lie, || {
        start_alone(&mut net, "NOORD");
        let refusal = net.refusal("a.jansen", COUNT);
        assert_eq!(refusal["code"], "no_witness", "{refusal}");
        // Not in silence: the node says who does not count.
        let state = log_state(&net, "NOORD");
        assert_eq!(state.standing, "no_witness");
        assert!(state.witnesses[&hospital("ZUID")].starts_with("does not count"), "{state:?}");
        assert!(turn.load(Ordering::Relaxed) > 0, "it was asked");
        start_alone(&mut net, "OOST");
        eventually("OOST confirms", || log_state(&net, "NOORD").standing == "confirmed");
        let answer = net.ask("a.jansen", COUNT, &["--to", "NOORD,OOST"]);
        assert_eq!(answer.status.code(), Some(0), "{}", String::from_utf8_lossy(&answer.stderr));
    });
}

/// The liar claims to know nothing and cosigns whatever it is shown, at once; the honest witness is heard all the same.
#[test]
fn an_accomplice_does_not_make_an_older_copy_answer() {
    let mut net = Net::start(3);
    net.answer("a.jansen", COUNT);
    assert_eq!(net.take("NOORD").stop().unwrap(), 0);
    let (node_dir, older) = (net.network.node_dir("NOORD"), net.network.dir.join("older"));
    copy(&node_dir, &older);
    start(&mut net, "NOORD");
    net.answer("a.jansen", COUNT);
    let (export, policy) = (net.network.dir.join("a.audit"), net.network.dir.join("policy"));
    trust(&net, &policy, 0);
    cosigned(&net, &export, &policy);
    for code in ["NOORD", "ZUID"] {
        assert_eq!(net.take(code).stop().unwrap(), 0);
    }
    std::fs::remove_dir_all(&node_dir).unwrap();
    copy(&older, &node_dir);
    let accomplice = RawPeer::start(&net, "ZUID");
    let witness = key(&net, "ZUID", "witness.key", KeyRole::Witness);
    let log = key(&net, "NOORD", "log.key", KeyRole::Log);
    accomplice.witness_while(
        |message| cosign_anything(message, &log, &witness),
        || {
            start_alone(&mut net, "NOORD");
            let refusal = net.refusal("a.jansen", COUNT);
            assert_eq!(refusal["code"], "log_rolled_back", "{refusal}");
        },
    );
    let released = |entry: &node::log::Entry| matches!(entry.event, Event::Outcome { .. });
    let started = net.log("NOORD").iter().rposition(|e| matches!(e.event, Event::Started { .. }));
    assert!(!net.log("NOORD").iter().skip(started.unwrap()).any(released));
    evidence(&net, "NOORD", "log_rolled_back");
}

fn cosign_anything(message: &[u8], log: &Key, own: &Key) -> Vec<u8> {
    let Ok(Submission::Offer { note, .. }) = Submission::parse(message) else {
        return Reply::Stands(None).encode();
    };
    let origin = Origin::of(&hospital("NOORD"), &log.public, 0).unwrap();
    let signed = SignedCheckpoint::open(&note, &origin.key(&log.public).unwrap()).unwrap();
    let proof = Consistency { old: 0, new: signed.head().size, path: Vec::new() };
    let mut state = Witness::new();
    let cosignable = state.consider(signed, &proof).unwrap();
    let persisted = cosignable.persist(|_, _| Ok::<_, std::convert::Infallible>(())).unwrap();
    let verifier = witness_key(&hospital("ZUID"), &own.public).unwrap();
    let line = cosign(&persisted, &verifier, own.secret(), UnixTime(1_800_000_000)).unwrap();
    Reply::Cosigned(line).encode()
}
