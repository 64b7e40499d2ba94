//! A member that says anything about charters.

use std::sync::atomic::{AtomicUsize, Ordering};

use node::charters::message::{self, Holding, Message, Wanted};
use node::log::Event;
use node::net::Lane;
use policies::Digest;
use policies::wire::LayerRef;

use super::{BY_GRADE, history, rejected, wait};
use crate::support::{Net, RawPeer};

#[test]
fn a_member_that_lies_about_charters_changes_nothing_and_is_counted() {
    let mut net = Net::start(3);
    assert_eq!(net.take("ZUID").stop().unwrap(), 0);
    let liar = RawPeer::start(&net, "ZUID");
    let first = history(&net.network, "NOORD").versions[0].layer.clone();
    let holding = |version: u64, digest: &str| {
        let tip = LayerRef { version, digest: Digest::of(digest.as_bytes()), ..first.clone() };
        Holding { tip, revocations: 4000, revoked: Digest::of(b"x"), fresh: None }
    };
    let say = |holds: Holding, wants: Wanted| Message { holds: vec![holds], wants }.encode();
    // It says that it is far ahead, or that it holds a fork, and answers every question about it with rubbish.
    let rubbish = [
        message::reply(&[holding(9, "ahead")], Some(b"{}".to_vec())),
        message::reply(&[holding(8, "large")], Some(vec![b'x'; 1 << 20])),
        message::reply(&[holding(1, "fork")], Some(b"[]".to_vec())),
        message::reply(&[holding(7, "nothing")], None),
        message::reply(&[Holding { tip: first.clone(), ..holding(1, "") }], Some(b"{}".to_vec())),
        vec![b"nonsense".to_vec()],
    ];
    let (asked, turn) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let answer = |_message: &[u8]| {
        asked.fetch_add(1, Ordering::Relaxed);
        rubbish[turn.load(Ordering::Relaxed)].clone()
    };
    liar.serve_while(Lane::Charters, answer, || {
        for kind in 0..rubbish.len() {
            turn.store(kind, Ordering::Relaxed);
            let before = asked.load(Ordering::Relaxed);
            wait("the node hears of it and asks", || {
                // At a bad moment the node is still asking about the one before.
                let said = say(holding(99, "more"), Wanted::Nothing);
                drop(liar.compare(&net, "NOORD", &said));
                asked.load(Ordering::Relaxed) > before
            });
        }
    });
    // What is no message is counted; a page beyond the end and a version that is not there are nothing.
    assert_eq!(liar.compare(&net, "NOORD", b"rubbish"), Err("no_answer"));
    for wants in [
        Wanted::Statements(first.network.clone(), u64::MAX),
        Wanted::Bundle(first.network.clone(), 77),
        Wanted::Bundle(first.network.clone(), 0),
        Wanted::Bundle("elsewhere".parse().unwrap(), 1),
    ] {
        let frames = liar.compare(&net, "NOORD", &say(holding(1, "x"), wants)).unwrap();
        assert_eq!(message::read(frames).unwrap().0[0].tip, first);
    }
    assert_eq!(history(&net.network, "NOORD").versions.len(), 1);
    assert!(rejected(&net, "NOORD").is_empty(), "a peer's rubbish is not logged singly");
    let counted = |expected: &str| {
        net.log("NOORD").into_iter().any(|entry| {
            matches!(&entry.event, Event::Rejected { peer, code, .. } if peer == "ZUID" && code == expected)
        })
    };
    assert!(counted("charter_message"));
    let answer = net.ask("a.jansen", BY_GRADE, &["--to", "NOORD,OOST"]);
    assert_eq!(answer.status.code(), Some(0));
}
