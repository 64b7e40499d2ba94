//! From a configuration to bound listeners. Everything that can fail at the start fails here, with the address in the text.

use std::io;
use std::net::{TcpListener, UdpSocket};
use std::num::NonZeroU8;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use libp2p::core::transport::{ListenerId, TransportError};
use libp2p::identity::Keypair;
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, Swarm, SwarmBuilder, ping, quic, tcp, tls, yamux};
use libp2p_connection_limits::ConnectionLimits;
use tokio::sync::{Semaphore, mpsc, watch};

use super::address::{Address, Carrier};
use super::handle::{NetHandle, Shared};
use super::limits::NetLimits;
use super::peers::Table;
use super::rejected::Counters;
use super::serve::{Inbound, Server};
use super::streams::{self, Accepted, QUEUE};
use super::swarm::{Behaviour, Command, Driver, Status, add};
use super::{NetConfig, NetError, PeerKey, ask, gate};
use crate::tasks::Tasks;

/// A connection without streams lives this long; it is made again at once.
const IDLE: Duration = Duration::from_secs(24 * 60 * 60);
/// A bound listener reports its address within this time.
const LISTENING: Duration = Duration::from_secs(5);
/// Streams of one connection beyond questions in both directions: pings and streams that are being closed.
const SPARE_STREAMS: usize = 32;
/// Bytes under way on one QUIC stream: a frame of 64 KiB many times over, and what a stalled one can hold.
const QUIC_STREAM_BYTES: u32 = 1 << 20;
/// Bytes under way on one QUIC connection.
const QUIC_CONNECTION_BYTES: u32 = 8 << 20;
/// Without a word for this long, a QUIC connection is dead, in milliseconds.
const QUIC_IDLE_MS: u32 = 10_000;
/// Commands that wait for the swarm's task; callers wait when it is full.
const COMMANDS: usize = 64;

/// A network with bound listeners and no task. Nobody is let in before [`NetHandle::set_peers`].
pub struct Network {
    own: PeerKey,
    limits: Arc<NetLimits>,
    swarm: Swarm<Behaviour>,
    counters: Counters,
    incoming: mpsc::Receiver<Accepted>,
    listening: watch::Sender<Vec<String>>,
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network")
            .field("own", &self.own)
            .field("listening", &*self.listening.borrow())
            .finish_non_exhaustive()
    }
}

impl Network {
    /// Makes the transport from the key and binds every address.
    ///
    /// # Errors
    ///
    /// [`NetError`], naming the address that could not be bound.
    pub async fn build(mut config: NetConfig) -> Result<Self, NetError> {
        let limits = Arc::new(config.limits);
        // The library wipes its argument.
        let pair = Keypair::ed25519_from_bytes(&mut *config.keypair_seed).map_err(key_error)?;
        let own = pair.public().try_into_ed25519().map_err(key_error)?;
        let own = PeerKey(own.to_bytes());
        let counters = Counters::default();
        let (streams, incoming) = mpsc::channel(QUEUE);
        let streams = streams::Behaviour::new(streams, counters.clone());
        let mut swarm = swarm(pair, &limits, streams)?;
        let listening = watch::Sender::new(Vec::new());
        for text in &config.listen {
            let id = listen(&mut swarm, text)?;
            await_address(&mut swarm, id, text, &listening).await?;
        }
        Ok(Self { own, limits, swarm, counters, incoming, listening })
    }

    /// The public part of the node's transport key.
    #[must_use]
    pub fn own_key(&self) -> PeerKey {
        self.own
    }

    /// The addresses that are listened on, with the ports that were given.
    #[must_use]
    pub fn listen_addresses(&self) -> Vec<String> {
        self.listening.borrow().clone()
    }

    /// Starts the swarm's task and the accept loop. Requests of members arrive at `inbound`.
    #[must_use]
    pub fn spawn(self, tasks: &Tasks, inbound: mpsc::Sender<Inbound>) -> NetHandle {
        let slots = Arc::new(Semaphore::new(self.limits.inbound_streams));
        let (commands, receiver) = mpsc::channel::<Command>(COMMANDS);
        let status = watch::Sender::new(Status::default());
        let shared = Shared {
            own: self.own,
            limits: Arc::clone(&self.limits),
            commands,
            status: status.subscribe(),
            listening: self.listening.subscribe(),
            counters: self.counters.clone(),
            budget: ask::budget(&self.limits),
        };
        let server = Server {
            tasks: tasks.clone(),
            inbound,
            limits: Arc::clone(&self.limits),
            counters: self.counters.clone(),
            slots: Arc::clone(&slots),
        };
        let driver = Driver {
            swarm: self.swarm,
            table: Table::new(self.own, &self.limits),
            limits: self.limits,
            counters: self.counters,
            slots,
            commands: receiver,
            status,
            listening: self.listening,
            tasks: tasks.clone(),
        };
        drop(tasks.spawn("net-accept", server.run(self.incoming)));
        drop(tasks.spawn("net-swarm", driver.run()));
        NetHandle::new(shared)
    }
}

fn swarm(
    pair: Keypair,
    limits: &NetLimits,
    behaviour: streams::Behaviour,
) -> Result<Swarm<Behaviour>, NetError> {
    let streams = limits.inbound_streams_per_peer + limits.asks_per_peer + SPARE_STREAMS;
    let multiplexer = || {
        let mut config = yamux::Config::default();
        config.set_max_num_streams(streams);
        config
    };
    let built = SwarmBuilder::with_existing_identity(pair)
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), tls::Config::new, multiplexer)
        .map_err(key_error)?
        .with_quic_config(|config| quic_config(config, limits, streams))
        .with_behaviour(|_| whole(limits, behaviour))
        .map_err(key_error)?
        .with_swarm_config(|config| {
            config
                .with_idle_connection_timeout(IDLE)
                .with_max_negotiating_inbound_streams(streams)
                .with_dial_concurrency_factor(NonZeroU8::MIN)
                .with_smart_dial()
        })
        .with_connection_timeout(limits.handshake);
    Ok(built.build())
}

fn quic_config(mut config: quic::Config, limits: &NetLimits, streams: usize) -> quic::Config {
    config.handshake_timeout = limits.handshake;
    config.max_idle_timeout = QUIC_IDLE_MS;
    config.max_concurrent_stream_limit = u32::try_from(streams).unwrap_or(u32::MAX);
    config.max_stream_data = QUIC_STREAM_BYTES;
    config.max_connection_data = QUIC_CONNECTION_BYTES;
    config
}

fn whole(limits: &NetLimits, streams: streams::Behaviour) -> Behaviour {
    let connections = ConnectionLimits::default()
        .with_max_pending_incoming(Some(limits.pending_incoming))
        .with_max_established_incoming(Some(limits.incoming_connections))
        .with_max_established_per_peer(Some(limits.connections_per_peer));
    Behaviour {
        gate: gate::Behaviour::new(limits.pending_per_source),
        members: libp2p_allow_block_list::Behaviour::default(),
        limits: libp2p_connection_limits::Behaviour::new(connections),
        ping: ping::Behaviour::new(ping::Config::new().with_interval(limits.ping)),
        streams,
    }
}

/// Starts one listener after trying the port: libp2p shares TCP ports with other processes of the same user, and two nodes on
/// one port would each get half of the connections.
fn listen(swarm: &mut Swarm<Behaviour>, text: &str) -> Result<ListenerId, NetError> {
    let bad = |reason: String| NetError::BadListenAddress { address: text.to_owned(), reason };
    let address = Address::parse(text).map_err(bad)?;
    let (socket, carrier) = address
        .socket()
        .ok_or_else(|| bad("a listener needs an IP address, not a name".to_owned()))?;
    let tried = match carrier {
        Carrier::Tcp => TcpListener::bind(socket).map(drop),
        Carrier::Quic => UdpSocket::bind(socket).map(drop),
    };
    tried.map_err(|error| bind_error(text, error))?;
    let parsed: Multiaddr = text.parse().map_err(|error| bad(format!("{error}")))?;
    swarm.listen_on(parsed).map_err(|error| match error {
        TransportError::Other(error) => bind_error(text, error),
        TransportError::MultiaddrNotSupported(_) => bad("no transport for it".to_owned()),
    })
}

/// Waits until a listener is bound and has said where.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "libp2p adds events between releases; before the first member only listeners matter"
)]
async fn await_address(
    swarm: &mut Swarm<Behaviour>,
    id: ListenerId,
    text: &str,
    listening: &watch::Sender<Vec<String>>,
) -> Result<(), NetError> {
    let bound = async {
        loop {
            match swarm.select_next_some().await {
                SwarmEvent::NewListenAddr { listener_id, address } => {
                    add(listening, &address);
                    if listener_id == id {
                        return Ok(());
                    }
                }
                SwarmEvent::ListenerClosed { listener_id, reason, .. } if listener_id == id => {
                    let error =
                        reason.err().unwrap_or_else(|| io::Error::other("the listener closed"));
                    return Err(bind_error(text, error));
                }
                SwarmEvent::ListenerError { listener_id, error } if listener_id == id => {
                    return Err(bind_error(text, error));
                }
                _ => {}
            }
        }
    };
    let late = |_elapsed| bind_error(text, io::Error::from(io::ErrorKind::TimedOut));
    tokio::time::timeout(LISTENING, bound).await.map_err(late)?
}

fn bind_error(text: &str, error: io::Error) -> NetError {
    let address = text.to_owned();
    if error.kind() == io::ErrorKind::AddrInUse {
        return NetError::AddressInUse { address };
    }
    NetError::Bind { address, source: error }
}

fn key_error(error: impl std::fmt::Display) -> NetError {
    NetError::Key { reason: error.to_string() }
}
