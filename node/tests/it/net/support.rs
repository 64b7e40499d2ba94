//! Nodes for the tests: each with its own tasks, sockets on loopback and a clean end.

use std::time::Duration;

use libp2p::PeerId;
use libp2p::identity::Keypair;
use node::net::{
    AskError, Inbound, NetConfig, NetHandle, NetLimits, Network, Peer, PeerKey, RejectCode,
};
use node::tasks::Tasks;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

/// Far more than anything here takes; a hanging test fails instead of blocking the suite.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const TCP: &str = "/ip4/127.0.0.1/tcp/0";
pub(crate) const QUIC: &str = "/ip4/127.0.0.1/udp/0/quic-v1";

/// A node of the test: its network, its tasks and, unless an echo answers, its requests.
pub(crate) struct Node {
    pub(crate) seed: u8,
    pub(crate) handle: NetHandle,
    pub(crate) tasks: Tasks,
}

impl Node {
    pub(crate) async fn start(
        seed: u8,
        listen: &[String],
        limits: NetLimits,
    ) -> (Self, mpsc::Receiver<Inbound>) {
        let network = Network::build(config(seed, listen, limits)).await.expect("loopback");
        let tasks = Tasks::new();
        let (sender, receiver) = mpsc::channel(8);
        let handle = network.spawn(&tasks, sender);
        (Self { seed, handle, tasks }, receiver)
    }

    /// A node that answers each request with the request and its length.
    pub(crate) async fn echo(seed: u8, listen: &[String]) -> Self {
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

    pub(crate) fn peer(&self) -> Peer {
        Peer { keys: vec![key(self.seed)], addresses: self.handle.listen_addresses() }
    }

    pub(crate) async fn until_connected(&self, other: PeerKey, wanted: bool) {
        let done = async {
            while self.handle.connected().contains(&other) != wanted {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, done).await.expect("the connection changes");
    }

    pub(crate) async fn ask(
        &self,
        other: PeerKey,
        request: &[u8],
    ) -> Result<Vec<Vec<u8>>, AskError> {
        self.handle.ask(other, request.to_vec(), PATIENCE).await
    }

    /// Waits until something was rejected and returns what.
    pub(crate) async fn rejected(&self) -> (Option<PeerKey>, RejectCode) {
        let seen = async {
            loop {
                if let Some(line) = self.handle.take_rejected().into_iter().next() {
                    return (line.peer, line.code);
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, seen).await.expect("a rejection is counted")
    }

    pub(crate) async fn stop(self) {
        drop(self.handle);
        self.tasks.stop();
        assert_eq!(self.tasks.drain(PATIENCE).await, Vec::<&str>::new());
    }
}

pub(crate) fn config(seed: u8, listen: &[String], limits: NetLimits) -> NetConfig {
    NetConfig { keypair_seed: Zeroizing::new([seed; 32]), listen: listen.to_vec(), limits }
}

pub(crate) fn pair(seed: u8) -> Keypair {
    Keypair::ed25519_from_bytes([seed; 32]).expect("a seed")
}

pub(crate) fn key(seed: u8) -> PeerKey {
    PeerKey(pair(seed).public().try_into_ed25519().expect("ed25519").to_bytes())
}

pub(crate) fn peer_id(seed: u8) -> PeerId {
    pair(seed).public().to_peer_id()
}

pub(crate) fn on(addresses: &[&str]) -> Vec<String> {
    addresses.iter().map(|address| (*address).to_owned()).collect()
}

/// Two echo nodes that know each other, connected.
pub(crate) async fn two(listen: &[&str]) -> (Node, Node) {
    let (a, b) = (Node::echo(1, &on(listen)).await, Node::echo(2, &on(listen)).await);
    assert!(a.handle.set_peers(vec![a.peer(), b.peer()]).await.is_empty());
    assert!(b.handle.set_peers(vec![a.peer(), b.peer()]).await.is_empty());
    a.until_connected(key(2), true).await;
    b.until_connected(key(1), true).await;
    (a, b)
}
