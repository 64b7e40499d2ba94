//! Members that lie: in requests, in answers, and by saying nothing.

use std::time::Duration;

use futures::AsyncWriteExt as _;
use node::net::{AskError, Lane, NetLimits, Peer, RejectCode};

use super::raw::{PROTOCOL, Raw, frame};
use super::support::{Node, PATIENCE, TCP, key, on, peer_id};

#[tokio::test]
async fn malformed_requests_are_counted_and_never_answered() {
    let limits = NetLimits { request_read: Duration::from_millis(200), ..NetLimits::default() };
    let (node, mut requests) = Node::start(1, &on(&[TCP]), limits).await;
    node.handle.set_peers(vec![Peer { keys: vec![key(2)], addresses: vec![] }]).await;
    let address = node.handle.listen_addresses()[0].clone();
    let mut raw = Raw::start(2, Some(&address)).await;
    node.until_connected(key(2), true).await;
    let one_too_many = u32::to_be_bytes((64 << 10) + 1);
    let trailing = [frame(b"question"), vec![0]].concat();
    let cases: [(&[u8], bool, RejectCode); 8] = [
        (b"", true, RejectCode::EmptyRequest),
        (&[0, 0, 0, 0], true, RejectCode::EmptyRequest),
        (&[0, 0], true, RejectCode::TruncatedRequest),
        (&[0, 0, 0, 5, 1, 2], true, RejectCode::TruncatedRequest),
        (&one_too_many, true, RejectCode::OversizeRequest),
        (&[0xff; 64], true, RejectCode::OversizeRequest),
        (&trailing, true, RejectCode::TrailingBytes),
        (&[0, 0, 0, 5, 1, 2], false, RejectCode::StalledRequest),
    ];
    for (bytes, close, code) in cases {
        assert!(raw.send(peer_id(1), bytes, close).await.is_empty());
        assert_eq!(node.rejected().await, (Some(key(2)), code), "{bytes:?}");
    }
    assert!(requests.try_recv().is_err(), "nothing reached the daemon");
    let good = frame(b"question");
    let (answer, ()) = tokio::join!(raw.send(peer_id(1), &good, true), async {
        let inbound = requests.recv().await.expect("the node still works");
        inbound.reply.send(vec![b"yes".to_vec()]).await.expect("written");
    });
    assert_eq!(answer, frame(b"yes"));
    raw.stop().await;
    node.stop().await;
}

#[tokio::test]
async fn one_peer_cannot_take_every_slot() {
    let limits = NetLimits { inbound_streams_per_peer: 2, ..NetLimits::default() };
    let (node, mut requests) = Node::start(1, &on(&[TCP]), limits).await;
    node.handle.set_peers(vec![Peer { keys: vec![key(2)], addresses: vec![] }]).await;
    let mut raw = Raw::start(2, Some(&node.handle.listen_addresses()[0])).await;
    node.until_connected(key(2), true).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = raw.control.open_stream(peer_id(1), PROTOCOL).await.expect("a stream");
        stream.write_all(&frame(b"question")).await.expect("written");
        stream.close().await.expect("closed");
        held.push((stream, requests.recv().await.expect("a request")));
    }
    assert!(raw.send(peer_id(1), &frame(b"question"), true).await.is_empty());
    assert_eq!(node.rejected().await, (Some(key(2)), RejectCode::Busy));
    drop(held);
    raw.stop().await;
    node.stop().await;
}

/// A hostile responder writes `bytes` to each stream and ends it (or keeps it open); the asker must end with an error by itself.
async fn against(
    bytes: Vec<u8>,
    end: bool,
    limits: NetLimits,
    deadline: Duration,
) -> (AskError, usize) {
    let mut raw = Raw::start(2, None).await;
    let (node, _requests) = Node::start(1, &on(&[]), limits).await;
    let peer = Peer { keys: vec![key(2)], addresses: vec![raw.address.clone()] };
    assert!(node.handle.set_peers(vec![peer]).await.is_empty());
    let mut streams = Vec::new();
    let handle = node.handle.clone();
    let mut asking = Box::pin(handle.ask(key(2), b"question".to_vec(), deadline));
    let error = loop {
        tokio::select! {
            answer = &mut asking => break answer.expect_err("no answer"),
            mut stream = raw.accept() => {
                // The asker may hang up first: then writing fails, which is fine here.
                let _ = stream.write_all(&bytes).await;
                let _ = stream.flush().await;
                if end {
                    let _ = stream.close().await;
                }
                streams.push(stream);
            }
        }
    };
    drop(asking);
    raw.stop().await;
    node.stop().await;
    (error, streams.len())
}

#[tokio::test]
async fn hostile_answers_end_in_an_error() {
    let peer = key(2);
    let limits = || NetLimits {
        frame_bytes: 1000,
        answer_bytes: 2500,
        frames: 4,
        stall: Duration::from_millis(200),
        ..NetLimits::default()
    };
    let expect = async |bytes: Vec<u8>, end: bool, wanted: AskError| {
        let (error, streams) = against(bytes, end, limits(), PATIENCE).await;
        assert_eq!((error, streams), (wanted, 1));
    };
    expect(vec![0xff; 8], false, AskError::OversizeFrame { peer, got: 0xffff_ffff, limit: 1000 })
        .await;
    expect(frame(&[1; 1001]), true, AskError::OversizeFrame { peer, got: 1001, limit: 1000 }).await;
    expect(frame(&[1; 1000]).repeat(3), true, AskError::OversizeAnswer { peer, limit: 2500 }).await;
    expect(frame(&[]).repeat(5), true, AskError::TooManyFrames { peer, limit: 4 }).await;
    expect(frame(&[1; 9])[..7].to_vec(), false, AskError::Stalled { peer }).await;
    expect(frame(b"one"), false, AskError::Stalled { peer }).await;
    let (error, streams) = against(frame(&[1; 9])[..7].to_vec(), true, limits(), PATIENCE).await;
    assert!(matches!(error, AskError::Broken { .. }), "{error}");
    assert_eq!(streams, 1, "a broken answer is not asked for again");
}

#[tokio::test]
async fn a_silent_responder_costs_the_deadline_and_no_more() {
    let deadline = Duration::from_millis(400);
    let limits = NetLimits { stall: Duration::from_millis(50), ..NetLimits::default() };
    let (error, streams) = against(Vec::new(), false, limits, deadline).await;
    assert_eq!(error, AskError::Deadline { peer: key(2), deadline });
    assert_eq!(streams, 1, "computing is not stalling");
}

#[tokio::test]
async fn dropped_streams_are_tried_again_three_times() {
    let (error, streams) = against(Vec::new(), true, NetLimits::default(), PATIENCE).await;
    assert!(matches!(error, AskError::NoAnswer { .. }), "{error}");
    assert_eq!(streams, 4);
}

#[tokio::test]
async fn answers_of_all_peers_share_one_budget() {
    let limits = NetLimits { answers_bytes: 4 << 10, ..NetLimits::default() };
    let (error, _) = against(frame(&[1; 5000]), true, limits, PATIENCE).await;
    assert_eq!(error, AskError::Busy);
}

#[tokio::test]
async fn another_protocol_is_not_spoken_to() {
    let mut raw = Raw::start(2, None).await;
    // Without an acceptor libp2p-stream offers no protocol at all.
    raw.incoming = raw.control.accept(libp2p::StreamProtocol::new("/other/1")).expect("first");
    let node = Node::echo(1, &on(&[])).await;
    let peer = Peer { keys: vec![key(2)], addresses: vec![raw.address.clone()] };
    node.handle.set_peers(vec![peer]).await;
    let error = node.ask(key(2), b"question").await.expect_err("another protocol");
    assert_eq!(error, AskError::Unsupported { peer: key(2), lane: Lane::Question });
    raw.stop().await;
    node.stop().await;
}
