//! A peer made of libp2p and `libp2p-stream` instead of our code: it writes whatever a test wants.

use futures::{AsyncReadExt as _, AsyncWriteExt as _, StreamExt as _};
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, PeerId, Stream, StreamProtocol, Swarm, SwarmBuilder, tcp, tls, yamux};
use libp2p_stream::{Control, IncomingStreams};
use node::tasks::Tasks;

use super::support::{PATIENCE, TCP, pair};

pub(crate) const PROTOCOL: StreamProtocol = StreamProtocol::new("/kring/1");

/// A member that speaks libp2p but not our code: whatever it writes is up to the test.
pub(crate) struct Raw {
    pub(crate) control: Control,
    pub(crate) incoming: IncomingStreams,
    pub(crate) address: String,
    pub(crate) tasks: Tasks,
}

impl Raw {
    /// Listens on TCP and dials `dial`, if given.
    pub(crate) async fn start(seed: u8, dial: Option<&str>) -> Self {
        let mut swarm = raw_swarm(seed);
        let mut control = swarm.behaviour().new_control();
        let incoming = control.accept(PROTOCOL).expect("first");
        swarm.listen_on(TCP.parse().expect("an address")).expect("loopback");
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
        Self { control, incoming, address, tasks }
    }

    /// Sends bytes to a node as a request stream, closes, and returns what came back until the end.
    pub(crate) async fn send(&mut self, to: PeerId, bytes: &[u8], close: bool) -> Vec<u8> {
        let mut stream = self.control.open_stream(to, PROTOCOL).await.expect("a stream");
        // The node may close before everything is written: that is what some tests are about.
        let _ = stream.write_all(bytes).await;
        let _ = stream.flush().await;
        if close {
            let _ = stream.close().await;
        }
        let mut answer = Vec::new();
        let reading = stream.read_to_end(&mut answer);
        let _ = tokio::time::timeout(PATIENCE, reading).await.expect("the node ends the stream");
        answer
    }

    /// The next request stream, read to its end.
    pub(crate) async fn accept(&mut self) -> Stream {
        let next = tokio::time::timeout(PATIENCE, self.incoming.next());
        let (_, mut stream) = next.await.expect("a stream arrives").expect("the swarm runs");
        let mut request = Vec::new();
        stream.read_to_end(&mut request).await.expect("a request");
        stream
    }

    pub(crate) async fn stop(self) {
        self.tasks.stop();
        assert_eq!(self.tasks.drain(PATIENCE).await, Vec::<&str>::new());
    }
}

pub(crate) fn raw_swarm(seed: u8) -> Swarm<libp2p_stream::Behaviour> {
    SwarmBuilder::with_existing_identity(pair(seed))
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), tls::Config::new, yamux::Config::default)
        .expect("tcp")
        .with_behaviour(|_| libp2p_stream::Behaviour::new())
        .expect("a behaviour")
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
        .build()
}

pub(crate) fn frame(bytes: &[u8]) -> Vec<u8> {
    let mut framed = u32::try_from(bytes.len()).expect("short").to_be_bytes().to_vec();
    framed.extend_from_slice(bytes);
    framed
}
