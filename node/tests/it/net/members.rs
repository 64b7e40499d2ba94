//! Who is connected: members, strangers, and those who were members.

use std::time::Duration;

use node::net::{AskError, NetLimits, Peer, PeerKey, RejectCode};

use super::raw::{PROTOCOL, Raw};
use super::support::{Node, PATIENCE, QUIC, TCP, key, on, peer_id, two};

#[tokio::test]
async fn strangers_get_no_stream() {
    let node = Node::echo(1, &on(&[TCP])).await;
    node.handle.set_peers(vec![Peer { keys: vec![key(2)], addresses: vec![] }]).await;
    let address = node.handle.listen_addresses()[0].clone();
    let mut stranger = Raw::start(9, Some(&address)).await;
    assert_eq!(node.rejected().await, (None, RejectCode::Stranger));
    let opened = tokio::time::timeout(
        Duration::from_millis(300),
        stranger.control.open_stream(peer_id(1), PROTOCOL),
    )
    .await;
    assert!(!matches!(opened, Ok(Ok(_))), "no stream for strangers");
    assert!(node.handle.connected().is_empty());
    stranger.stop().await;
    node.stop().await;
}

#[tokio::test]
async fn a_restarted_peer_is_found_again() {
    for listen in [TCP, QUIC] {
        let (a, b) = two(&[listen]).await;
        let address = b.handle.listen_addresses();
        b.stop().await;
        a.until_connected(key(2), false).await;
        let error = a
            .handle
            .ask(key(2), vec![1], Duration::from_millis(200))
            .await
            .expect_err("nobody there");
        assert_eq!(error.code(), "unreachable");
        let b = Node::echo(2, &address).await;
        assert_eq!(b.handle.listen_addresses(), address);
        // Only the one that stayed dials: the restarted node does not know any address.
        b.handle.set_peers(vec![Peer { keys: vec![key(1)], addresses: vec![] }]).await;
        a.until_connected(key(2), true).await;
        assert_eq!(a.ask(key(2), b"back").await.expect("an answer")[0], b"back");
        a.stop().await;
        b.stop().await;
    }
}

#[tokio::test]
async fn a_removed_peer_is_disconnected_and_stays_out() {
    let (a, b) = two(&[TCP, QUIC]).await;
    a.handle.set_peers(vec![]).await;
    assert!(a.handle.connected().is_empty());
    assert_eq!(a.ask(key(2), b"x").await, Err(AskError::NotAPeer { peer: key(2) }));
    b.until_connected(key(1), false).await;
    // The other one still believes that it is a member and keeps trying.
    assert_eq!(a.rejected().await, (None, RejectCode::Stranger));
    let error = b.handle.ask(key(1), vec![1], Duration::from_millis(300)).await.expect_err("out");
    assert!(["unreachable", "no_answer", "deadline"].contains(&error.code()), "{error}");
    a.handle.set_peers(vec![b.peer()]).await;
    b.until_connected(key(1), true).await;
    assert_eq!(a.ask(key(2), b"again").await.expect("an answer")[0], b"again");
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn a_peer_that_lies_about_its_key_is_not_connected() {
    let (a, b) = (Node::echo(1, &on(&[TCP])).await, Node::echo(2, &on(&[TCP])).await);
    let liar = Peer { keys: vec![key(3)], addresses: b.handle.listen_addresses() };
    a.handle.set_peers(vec![liar]).await;
    b.handle.set_peers(vec![a.peer()]).await;
    let error =
        a.handle.ask(key(3), vec![1], Duration::from_millis(300)).await.expect_err("another key");
    assert!(matches!(error, AskError::Unreachable { .. }), "{error}");
    assert!(a.handle.status()[0].last_error.is_some());
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn bad_entries_of_the_member_list_are_reported_and_the_rest_holds() {
    let (a, b) = (Node::echo(1, &on(&[TCP])).await, Node::echo(2, &on(&[TCP])).await);
    b.handle.set_peers(vec![a.peer()]).await;
    let mut off_curve = [0; 32];
    off_curve[0] = 2;
    let mut good = b.peer();
    good.addresses.push("127.0.0.1:7480".to_owned());
    good.addresses.push("/ip4/0.0.0.0/tcp/7480".to_owned());
    let bad = Peer { keys: vec![PeerKey(off_curve)], addresses: vec![] };
    let problems = a.handle.set_peers(vec![bad, good]).await;
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert_eq!(a.ask(key(2), b"x").await.expect("an answer")[0], b"x");
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn silent_sockets_neither_keep_members_out_for_long_nor_pile_up() {
    let limits = NetLimits { handshake: Duration::from_millis(300), ..NetLimits::default() };
    let (node, _requests) = Node::start(1, &on(&[TCP]), limits).await;
    let b = Node::echo(2, &on(&[])).await;
    node.handle.set_peers(vec![b.peer()]).await;
    let port = node.handle.listen_addresses()[0]
        .rsplit('/')
        .next()
        .expect("a port")
        .parse()
        .expect("a number");
    let mut silent = Vec::new();
    for _ in 0..100_u8 {
        silent.push(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("a socket"));
    }
    assert_eq!(node.rejected().await, (None, RejectCode::TooManyConnections));
    b.handle.set_peers(vec![node.peer()]).await;
    b.until_connected(key(1), true).await;
    for socket in &mut silent {
        let mut bytes = Vec::new();
        let ended = tokio::time::timeout(
            PATIENCE,
            tokio::io::AsyncReadExt::read_to_end(socket, &mut bytes),
        )
        .await;
        assert!(ended.is_ok(), "every silent socket is closed");
    }
    b.stop().await;
    node.stop().await;
}
