//! Streams of `/kring/1` as a libp2p behaviour: inbound ones go to the accept loop, outbound ones are opened on request.
//!
//! `libp2p-stream` does the same for any protocol, but hands over one inbound stream at a time and drops the others: twelve
//! hospitals that ask in the same millisecond lose eleven questions. It also opens one stream at a time per connection and
//! never forgets a closed one. Here the queue is [`QUEUE`] long, streams are opened side by side, and state ends with the
//! connection. What overflows is dropped and counted; the asker tries again.
//!
//! This behaviour never dials: who is connected is the business of the table of members.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::core::upgrade::ReadyUpgrade;
use libp2p::swarm::handler::{
    ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound,
};
use libp2p::swarm::{
    ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm,
    NetworkBehaviour, NotifyHandler, Stream, StreamUpgradeError, SubstreamProtocol, ToSwarm,
};
use libp2p::{Multiaddr, PeerId, StreamProtocol};
use tokio::sync::{mpsc, oneshot};

use super::rejected::{Counters, RejectCode};
use super::{PROTOCOL, PeerKey};

/// Streams that were negotiated and that the accept loop did not take yet: every member of a large network twice.
pub(super) const QUEUE: usize = 256;

/// Where an opened stream goes. Dropping the other end gives it up.
pub(super) type Opening = oneshot::Sender<Result<Stream, OpenError>>;

/// Why a stream could not be opened. A dropped [`Opening`] means that there was no connection.
#[derive(Debug)]
pub(super) enum OpenError {
    /// The other side does not speak the protocol.
    Unsupported,
    /// The connection failed or was too slow.
    Failed(String),
}

/// The behaviour: one per swarm.
pub(super) struct Behaviour {
    inbound: mpsc::Sender<(PeerId, Stream)>,
    counters: Counters,
    opening: VecDeque<(PeerId, Opening)>,
}

/// Its part in one connection.
pub(super) struct Handler {
    peer: PeerId,
    inbound: mpsc::Sender<(PeerId, Stream)>,
    counters: Counters,
    opening: VecDeque<Opening>,
}

impl Behaviour {
    pub(super) fn new(inbound: mpsc::Sender<(PeerId, Stream)>, counters: Counters) -> Self {
        Self { inbound, counters, opening: VecDeque::new() }
    }

    /// Opens a stream on a connection that exists. The swarm must be polled afterwards.
    pub(super) fn open(&mut self, peer: PeerId, opening: Opening) {
        self.opening.push_back((peer, opening));
    }

    fn handler(&self, peer: PeerId) -> Handler {
        Handler {
            peer,
            inbound: self.inbound.clone(),
            counters: self.counters.clone(),
            opening: VecDeque::new(),
        }
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<Handler, ConnectionDenied> {
        Ok(self.handler(peer))
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<Handler, ConnectionDenied> {
        Ok(self.handler(peer))
    }

    fn on_swarm_event(&mut self, _: FromSwarm<'_>) {}

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: Infallible) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Infallible, Opening>> {
        match self.opening.pop_front() {
            Some((peer_id, event)) => {
                Poll::Ready(ToSwarm::NotifyHandler { peer_id, handler: NotifyHandler::Any, event })
            }
            None => Poll::Pending,
        }
    }
}

impl Handler {
    fn take(&self, stream: Stream) {
        if self.inbound.try_send((self.peer, stream)).is_err() {
            self.counters.add(PeerKey::of(&self.peer), RejectCode::Busy);
        }
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Opening;
    type ToBehaviour = Infallible;
    type InboundProtocol = ReadyUpgrade<StreamProtocol>;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = Opening;

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), ())
    }

    fn poll(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, Opening, Infallible>> {
        while let Some(opening) = self.opening.pop_front() {
            if opening.is_closed() {
                continue;
            }
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest {
                protocol: SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), opening),
            });
        }
        Poll::Pending
    }

    fn on_behaviour_event(&mut self, opening: Opening) {
        self.opening.push_back(opening);
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "libp2p adds events between releases; streams and their failures are listed"
    )]
    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<'_, Self::InboundProtocol, Self::OutboundProtocol, (), Opening>,
    ) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound {
                protocol: stream,
                info: (),
            }) => self.take(stream),
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound {
                protocol: stream,
                info: opening,
            }) => {
                // An error means that nobody waits; the stream is dropped.
                let _ = opening.send(Ok(stream));
            }
            ConnectionEvent::DialUpgradeError(DialUpgradeError { info: opening, error }) => {
                let error = match error {
                    StreamUpgradeError::NegotiationFailed => OpenError::Unsupported,
                    StreamUpgradeError::Timeout => {
                        OpenError::Failed("negotiation timed out".to_owned())
                    }
                    StreamUpgradeError::Io(error) => OpenError::Failed(error.to_string()),
                    StreamUpgradeError::Apply(never) => match never {},
                };
                // An error means that nobody waits.
                let _ = opening.send(Err(error));
            }
            _ => {}
        }
    }
}
