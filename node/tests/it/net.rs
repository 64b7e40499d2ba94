//! The network with real sockets on loopback: honest nodes, strangers, and peers that lie in every way a stream allows.

use std::time::Duration;

use futures::{AsyncReadExt as _, AsyncWriteExt as _, StreamExt as _};
use libp2p::identity::Keypair;
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, PeerId, Stream, StreamProtocol, Swarm, SwarmBuilder, tcp, tls, yamux};
use libp2p_stream::{Control, IncomingStreams};
use node::net::{
    AskError, Inbound, NetConfig, NetError, NetHandle, NetLimits, Network, Peer, PeerKey,
    RejectCode,
};
use node::tasks::Tasks;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

const PROTOCOL: StreamProtocol = StreamProtocol::new("/kring/1");
/// Far more than anything here takes; a hanging test fails instead of blocking the suite.
const PATIENCE: Duration = Duration::from_secs(20);
const TCP: &str = "/ip4/127.0.0.1/tcp/0";
const QUIC: &str = "/ip4/127.0.0.1/udp/0/quic-v1";

/// A node of the test: its network, its tasks and, unless an echo answers, its requests.
struct Node {
    seed: u8,
    handle: NetHandle,
    tasks: Tasks,
}

impl Node {
    async fn start(
        seed: u8,
        listen: &[String],
        limits: NetLimits,
    ) -> (Self, mpsc::Receiver<Inbound>) {
        let network = Network::build(config(seed, listen, limits))
            .await
            .expect("loopback");
        let tasks = Tasks::new();
        let (sender, receiver) = mpsc::channel(8);
        let handle = network.spawn(&tasks, sender);
        (
            Self {
                seed,
                handle,
                tasks,
            },
            receiver,
        )
    }

    /// A node that answers each request with the request and its length.
    async fn echo(seed: u8, listen: &[String]) -> Self {
        let (node, mut requests) = Self::start(seed, listen, NetLimits::default()).await;
        let tasks = node.tasks.clone();
        drop(node.tasks.spawn("echo", async move {
            while let Some(Inbound { request, reply, .. }) = requests.recv().await {
                drop(tasks.spawn("echo-one", async move {
                    let length = request.len().to_string().into_bytes();
                    // An asker that went away is some test's intention.
                    let _ = reply.send(vec![request, length]).await;
                }));
            }
        }));
        node
    }

    fn peer(&self) -> Peer {
        Peer {
            key: key(self.seed),
            addresses: self.handle.listen_addresses(),
        }
    }

    async fn until_connected(&self, other: PeerKey, wanted: bool) {
        let done = async {
            while self.handle.connected().contains(&other) != wanted {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, done)
            .await
            .expect("the connection changes");
    }

    async fn ask(&self, other: PeerKey, request: &[u8]) -> Result<Vec<Vec<u8>>, AskError> {
        self.handle.ask(other, request.to_vec(), PATIENCE).await
    }

    /// Waits until something was rejected and returns what.
    async fn rejected(&self) -> (Option<PeerKey>, RejectCode) {
        let seen = async {
            loop {
                if let Some(line) = self.handle.take_rejected().into_iter().next() {
                    return (line.peer, line.code);
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, seen)
            .await
            .expect("a rejection is counted")
    }

    async fn stop(self) {
        drop(self.handle);
        self.tasks.stop();
        assert_eq!(self.tasks.drain(PATIENCE).await, Vec::<&str>::new());
    }
}

fn config(seed: u8, listen: &[String], limits: NetLimits) -> NetConfig {
    NetConfig {
        keypair_seed: Zeroizing::new([seed; 32]),
        listen: listen.to_vec(),
        limits,
    }
}

fn pair(seed: u8) -> Keypair {
    Keypair::ed25519_from_bytes([seed; 32]).expect("a seed")
}

fn key(seed: u8) -> PeerKey {
    PeerKey(
        pair(seed)
            .public()
            .try_into_ed25519()
            .expect("ed25519")
            .to_bytes(),
    )
}

fn peer_id(seed: u8) -> PeerId {
    pair(seed).public().to_peer_id()
}

fn on(addresses: &[&str]) -> Vec<String> {
    addresses
        .iter()
        .map(|address| (*address).to_owned())
        .collect()
}

/// Two echo nodes that know each other, connected.
async fn two(listen: &[&str]) -> (Node, Node) {
    let (a, b) = (
        Node::echo(1, &on(listen)).await,
        Node::echo(2, &on(listen)).await,
    );
    assert!(
        a.handle
            .set_peers(vec![a.peer(), b.peer()])
            .await
            .is_empty()
    );
    assert!(
        b.handle
            .set_peers(vec![a.peer(), b.peer()])
            .await
            .is_empty()
    );
    a.until_connected(key(2), true).await;
    b.until_connected(key(1), true).await;
    (a, b)
}

/// A member that speaks libp2p but not our code: whatever it writes is up to the test.
struct Raw {
    control: Control,
    incoming: IncomingStreams,
    address: String,
    tasks: Tasks,
}

impl Raw {
    /// Listens on TCP and dials `dial`, if given.
    async fn start(seed: u8, dial: Option<&str>) -> Self {
        let mut swarm = raw_swarm(seed);
        let mut control = swarm.behaviour().new_control();
        let incoming = control.accept(PROTOCOL).expect("first");
        swarm
            .listen_on(TCP.parse().expect("an address"))
            .expect("loopback");
        let address = loop {
            if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
                break address.to_string();
            }
        };
        if let Some(address) = dial {
            let address: Multiaddr = address.parse().expect("an address");
            swarm.dial(address).expect("a dial");
        }
        let tasks = Tasks::new();
        let shutdown = tasks.shutdown();
        drop(tasks.spawn("raw-swarm", async move {
            loop {
                tokio::select! {
                    () = shutdown.wait() => return,
                    _ = swarm.select_next_some() => {}
                }
            }
        }));
        Self {
            control,
            incoming,
            address,
            tasks,
        }
    }

    /// Sends bytes to a node as a request stream, closes, and returns what came back until the end.
    async fn send(&mut self, to: PeerId, bytes: &[u8], close: bool) -> Vec<u8> {
        let mut stream = self
            .control
            .open_stream(to, PROTOCOL)
            .await
            .expect("a stream");
        // The node may close before everything is written: that is what some tests are about.
        let _ = stream.write_all(bytes).await;
        let _ = stream.flush().await;
        if close {
            let _ = stream.close().await;
        }
        let mut answer = Vec::new();
        let reading = stream.read_to_end(&mut answer);
        let _ = tokio::time::timeout(PATIENCE, reading)
            .await
            .expect("the node ends the stream");
        answer
    }

    /// The next request stream, read to its end.
    async fn accept(&mut self) -> Stream {
        let next = tokio::time::timeout(PATIENCE, self.incoming.next());
        let (_, mut stream) = next
            .await
            .expect("a stream arrives")
            .expect("the swarm runs");
        let mut request = Vec::new();
        stream.read_to_end(&mut request).await.expect("a request");
        stream
    }

    async fn stop(self) {
        self.tasks.stop();
        assert_eq!(self.tasks.drain(PATIENCE).await, Vec::<&str>::new());
    }
}

fn raw_swarm(seed: u8) -> Swarm<libp2p_stream::Behaviour> {
    SwarmBuilder::with_existing_identity(pair(seed))
        .with_tokio()
        .with_tcp(
            tcp::Config::default().nodelay(true),
            tls::Config::new,
            yamux::Config::default,
        )
        .expect("tcp")
        .with_behaviour(|_| libp2p_stream::Behaviour::new())
        .expect("a behaviour")
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
        .build()
}

fn frame(bytes: &[u8]) -> Vec<u8> {
    let mut framed = u32::try_from(bytes.len())
        .expect("short")
        .to_be_bytes()
        .to_vec();
    framed.extend_from_slice(bytes);
    framed
}

#[tokio::test]
async fn two_nodes_ask_and_answer_over_tcp_and_quic() {
    for listen in [[TCP].as_slice(), [QUIC].as_slice(), [TCP, QUIC].as_slice()] {
        let (a, b) = two(listen).await;
        assert_eq!(a.handle.listen_addresses().len(), listen.len());
        assert_eq!(a.handle.own_key(), key(1));
        let answer = a.ask(key(2), b"question").await.expect("an answer");
        assert_eq!(answer, [b"question".to_vec(), b"8".to_vec()]);
        let largest = vec![7; 64 << 10];
        let answer = b.ask(key(1), &largest).await.expect("an answer");
        assert_eq!(answer, [largest, b"65536".to_vec()]);
        let status = a.handle.status();
        assert_eq!(status.len(), 1, "the own key is no peer");
        assert!(
            status[0].connected
                && status[0].connected_since.is_some()
                && status[0].address.is_some()
        );
        assert!(a.handle.take_rejected().is_empty());
        a.stop().await;
        b.stop().await;
    }
}

#[tokio::test]
async fn a_large_answer_arrives_whole() {
    for listen in [TCP, QUIC] {
        let (responder, mut requests) = Node::start(2, &on(&[listen]), NetLimits::default()).await;
        let asker = Node::echo(1, &on(&[])).await;
        responder.handle.set_peers(vec![asker.peer()]).await;
        asker.handle.set_peers(vec![responder.peer()]).await;
        let frames: Vec<Vec<u8>> = (0..3_u8).map(|number| vec![number; 5 << 20]).collect();
        let (answer, sent) = tokio::join!(asker.ask(key(2), b"much"), async {
            let Inbound {
                peer,
                request,
                reply,
            } = requests.recv().await.expect("a request");
            assert_eq!((peer, request.as_slice()), (key(1), b"much".as_slice()));
            reply.send(frames.clone()).await
        });
        sent.expect("written");
        assert!(answer.expect("an answer") == frames, "the same bytes");
        asker.stop().await;
        responder.stop().await;
    }
}

#[tokio::test]
async fn strangers_get_no_stream() {
    let node = Node::echo(1, &on(&[TCP])).await;
    node.handle
        .set_peers(vec![Peer {
            key: key(2),
            addresses: vec![],
        }])
        .await;
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
async fn malformed_requests_are_counted_and_never_answered() {
    let limits = NetLimits {
        request_read: Duration::from_millis(200),
        ..NetLimits::default()
    };
    let (node, mut requests) = Node::start(1, &on(&[TCP]), limits).await;
    node.handle
        .set_peers(vec![Peer {
            key: key(2),
            addresses: vec![],
        }])
        .await;
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
        inbound
            .reply
            .send(vec![b"yes".to_vec()])
            .await
            .expect("written");
    });
    assert_eq!(answer, frame(b"yes"));
    raw.stop().await;
    node.stop().await;
}

#[tokio::test]
async fn one_peer_cannot_take_every_slot() {
    let limits = NetLimits {
        inbound_streams_per_peer: 2,
        ..NetLimits::default()
    };
    let (node, mut requests) = Node::start(1, &on(&[TCP]), limits).await;
    node.handle
        .set_peers(vec![Peer {
            key: key(2),
            addresses: vec![],
        }])
        .await;
    let mut raw = Raw::start(2, Some(&node.handle.listen_addresses()[0])).await;
    node.until_connected(key(2), true).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = raw
            .control
            .open_stream(peer_id(1), PROTOCOL)
            .await
            .expect("a stream");
        stream
            .write_all(&frame(b"question"))
            .await
            .expect("written");
        stream.close().await.expect("closed");
        held.push((stream, requests.recv().await.expect("a request")));
    }
    assert!(
        raw.send(peer_id(1), &frame(b"question"), true)
            .await
            .is_empty()
    );
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
    let peer = Peer {
        key: key(2),
        addresses: vec![raw.address.clone()],
    };
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
    expect(
        vec![0xff; 8],
        false,
        AskError::OversizeFrame {
            peer,
            got: 0xffff_ffff,
            limit: 1000,
        },
    )
    .await;
    expect(
        frame(&[1; 1001]),
        true,
        AskError::OversizeFrame {
            peer,
            got: 1001,
            limit: 1000,
        },
    )
    .await;
    expect(
        frame(&[1; 1000]).repeat(3),
        true,
        AskError::OversizeAnswer { peer, limit: 2500 },
    )
    .await;
    expect(
        frame(&[]).repeat(5),
        true,
        AskError::TooManyFrames { peer, limit: 4 },
    )
    .await;
    expect(
        frame(&[1; 9])[..7].to_vec(),
        false,
        AskError::Stalled { peer },
    )
    .await;
    expect(frame(b"one"), false, AskError::Stalled { peer }).await;
    let (error, streams) = against(frame(&[1; 9])[..7].to_vec(), true, limits(), PATIENCE).await;
    assert!(matches!(error, AskError::Broken { .. }), "{error}");
    assert_eq!(streams, 1, "a broken answer is not asked for again");
}

#[tokio::test]
async fn a_silent_responder_costs_the_deadline_and_no_more() {
    let deadline = Duration::from_millis(400);
    let limits = NetLimits {
        stall: Duration::from_millis(50),
        ..NetLimits::default()
    };
    let (error, streams) = against(Vec::new(), false, limits, deadline).await;
    assert_eq!(
        error,
        AskError::Deadline {
            peer: key(2),
            deadline
        }
    );
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
    let limits = NetLimits {
        answers_bytes: 4 << 10,
        ..NetLimits::default()
    };
    let (error, _) = against(frame(&[1; 5000]), true, limits, PATIENCE).await;
    assert_eq!(error, AskError::Busy);
}

#[tokio::test]
async fn many_questions_at_once_are_all_answered() {
    let (a, b) = two(&[TCP, QUIC]).await;
    let asks = (0..200_u32).map(|number| {
        let a = a.handle.clone();
        async move {
            let request = number.to_be_bytes().to_vec();
            let answer = a
                .ask(key(2), request.clone(), PATIENCE)
                .await
                .expect("an answer");
            assert_eq!(answer[0], request);
        }
    });
    futures::future::join_all(asks).await;
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn many_askers_at_once_are_all_answered() {
    let center = Node::echo(1, &on(&[TCP])).await;
    let mut askers = Vec::new();
    for seed in 10..22 {
        askers.push(Node::echo(seed, &on(&[])).await);
    }
    center
        .handle
        .set_peers(askers.iter().map(Node::peer).collect())
        .await;
    for asker in &askers {
        asker.handle.set_peers(vec![center.peer()]).await;
        asker.until_connected(key(1), true).await;
    }
    let asks = askers
        .iter()
        .flat_map(|asker| (0..8_u8).map(move |number| (asker, number)));
    let asks = asks.map(|(asker, number)| async move {
        let answer = asker.ask(key(1), &[number]).await.expect("an answer");
        assert_eq!(answer[0], [number]);
    });
    futures::future::join_all(asks).await;
    for asker in askers {
        asker.stop().await;
    }
    center.stop().await;
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
        b.handle
            .set_peers(vec![Peer {
                key: key(1),
                addresses: vec![],
            }])
            .await;
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
    assert_eq!(
        a.ask(key(2), b"x").await,
        Err(AskError::NotAPeer { peer: key(2) })
    );
    b.until_connected(key(1), false).await;
    // The other one still believes that it is a member and keeps trying.
    assert_eq!(a.rejected().await, (None, RejectCode::Stranger));
    let error = b
        .handle
        .ask(key(1), vec![1], Duration::from_millis(300))
        .await
        .expect_err("out");
    assert!(
        ["unreachable", "no_answer", "deadline"].contains(&error.code()),
        "{error}"
    );
    a.handle.set_peers(vec![b.peer()]).await;
    b.until_connected(key(1), true).await;
    assert_eq!(
        a.ask(key(2), b"again").await.expect("an answer")[0],
        b"again"
    );
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn a_peer_that_lies_about_its_key_is_not_connected() {
    let (a, b) = (
        Node::echo(1, &on(&[TCP])).await,
        Node::echo(2, &on(&[TCP])).await,
    );
    let liar = Peer {
        key: key(3),
        addresses: b.handle.listen_addresses(),
    };
    a.handle.set_peers(vec![liar]).await;
    b.handle.set_peers(vec![a.peer()]).await;
    let error = a
        .handle
        .ask(key(3), vec![1], Duration::from_millis(300))
        .await
        .expect_err("another key");
    assert!(matches!(error, AskError::Unreachable { .. }), "{error}");
    assert!(a.handle.status()[0].last_error.is_some());
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let node = Node::echo(1, &on(&[TCP, QUIC])).await;
    for address in node.handle.listen_addresses() {
        let error = Network::build(config(2, &[address.clone()], NetLimits::default()))
            .await
            .expect_err("in use");
        assert!(matches!(error, NetError::AddressInUse { .. }), "{error:?}");
        assert!(error.to_string().contains(&address), "{error}");
    }
    node.stop().await;
}

#[tokio::test]
async fn bad_listen_addresses_are_explained() {
    for address in [
        "7480",
        "/ip4/127.0.0.1/tcp/0/ws",
        "/dns4/localhost/tcp/0",
        "/ip4/127.0.0.1/udp/0",
    ] {
        let error = Network::build(config(1, &on(&[address]), NetLimits::default()))
            .await
            .expect_err(address);
        assert_eq!(error.code(), "bad_listen_address");
        assert!(error.to_string().contains(address), "{error}");
    }
    // An address of documentation, which is nobody's.
    let error = Network::build(config(
        1,
        &on(&["/ip4/192.0.2.1/tcp/7480"]),
        NetLimits::default(),
    ))
    .await;
    assert_eq!(error.expect_err("not ours").code(), "bind");
}

#[tokio::test]
async fn bad_entries_of_the_member_list_are_reported_and_the_rest_holds() {
    let (a, b) = (
        Node::echo(1, &on(&[TCP])).await,
        Node::echo(2, &on(&[TCP])).await,
    );
    b.handle.set_peers(vec![a.peer()]).await;
    let mut off_curve = [0; 32];
    off_curve[0] = 2;
    let mut good = b.peer();
    good.addresses.push("127.0.0.1:7480".to_owned());
    good.addresses.push("/ip4/0.0.0.0/tcp/7480".to_owned());
    let bad = Peer {
        key: PeerKey(off_curve),
        addresses: vec![],
    };
    let problems = a.handle.set_peers(vec![bad, good]).await;
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert_eq!(a.ask(key(2), b"x").await.expect("an answer")[0], b"x");
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn requests_and_answers_of_the_wrong_size_are_not_sent() {
    let (a, mut requests) = Node::start(1, &on(&[TCP]), NetLimits::default()).await;
    let b = Node::echo(2, &on(&[TCP])).await;
    a.handle.set_peers(vec![b.peer()]).await;
    b.handle.set_peers(vec![a.peer()]).await;
    for length in [0, (64 << 10) + 1] {
        let error = a.ask(key(2), &vec![0; length]).await.expect_err("the size");
        assert_eq!(error.code(), "request_size");
    }
    for (frames, code) in [
        (vec![], "answer_frames"),
        (vec![vec![1]; 65], "answer_frames"),
        (vec![vec![0; (16 << 20) + 1]], "answer_bytes"),
        (vec![vec![0; 13 << 20]; 5], "answer_bytes"),
    ] {
        let asking = b
            .handle
            .ask(key(1), b"x".to_vec(), Duration::from_millis(500));
        let (asked, sent) = tokio::join!(asking, async {
            let inbound = requests.recv().await.expect("a request");
            let sent = inbound.reply.send(frames).await;
            // The asker tries again: those tries get no answer either.
            while let Ok(Some(again)) =
                tokio::time::timeout(Duration::from_millis(400), requests.recv()).await
            {
                drop(again.reply);
            }
            sent
        });
        assert_eq!(sent.expect_err("the size").code(), code);
        assert_eq!(asked.expect_err("no answer").code(), "no_answer");
    }
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn an_answer_under_way_is_finished_at_shutdown() {
    let (a, mut requests) = Node::start(1, &on(&[TCP]), NetLimits::default()).await;
    let b = Node::echo(2, &on(&[TCP])).await;
    a.handle.set_peers(vec![b.peer()]).await;
    b.handle.set_peers(vec![a.peer()]).await;
    let (answer, ()) = tokio::join!(b.ask(key(1), b"late"), async {
        let inbound = requests.recv().await.expect("a request");
        a.tasks.stop();
        inbound
            .reply
            .send(vec![b"in time".to_vec()])
            .await
            .expect("written");
    });
    assert_eq!(answer.expect("an answer"), [b"in time".to_vec()]);
    assert_eq!(a.tasks.drain(PATIENCE).await, Vec::<&str>::new());
    assert_eq!(a.ask(key(2), b"x").await, Err(AskError::Stopped));
    b.until_connected(key(1), false).await;
    b.stop().await;
}

#[tokio::test]
async fn silent_sockets_neither_keep_members_out_for_long_nor_pile_up() {
    let limits = NetLimits {
        handshake: Duration::from_millis(300),
        ..NetLimits::default()
    };
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
        silent.push(
            tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .expect("a socket"),
        );
    }
    assert_eq!(
        node.rejected().await,
        (None, RejectCode::TooManyConnections)
    );
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
