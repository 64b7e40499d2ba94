//! Streams of the protocols of [`Lane`] as a libp2p behaviour: inbound ones go to the accept loop, outbound ones are opened on request.
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
use libp2p::core::upgrade::{InboundUpgrade, ReadyUpgrade, UpgradeInfo};
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
use super::{Lane, PeerKey};

/// Streams that were negotiated and that the accept loop did not take yet: every member of a large network twice.
pub(super) const QUEUE: usize = 256;

/// Where an opened stream goes. Dropping the other end gives it up.
pub(super) type Opening = oneshot::Sender<Result<Stream, OpenError>>;

/// A stream that another one opened.
pub(super) struct Accepted {
    pub(super) peer: PeerId,
    pub(super) lane: Lane,
    pub(super) stream: Stream,
}

/// A stream to open, and where it goes.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) lane: Lane,
    pub(super) opening: Opening,
}

/// Accepts every lane and tells which one was chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnyLane;

impl UpgradeInfo for AnyLane {
    type Info = LaneName;
    type InfoIter = std::array::IntoIter<LaneName, { Lane::ALL.len() }>;

    fn protocol_info(&self) -> Self::InfoIter {
        Lane::ALL.map(|lane| LaneName { lane, protocol: lane.protocol() }).into_iter()
    }
}

/// A lane under the name that is negotiated.
#[derive(Clone, Debug)]
pub(super) struct LaneName {
    lane: Lane,
    protocol: StreamProtocol,
}

impl AsRef<str> for LaneName {
    fn as_ref(&self) -> &str {
        self.protocol.as_ref()
    }
}

impl InboundUpgrade<Stream> for AnyLane {
    type Output = (Lane, Stream);
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Output, Infallible>>;

    fn upgrade_inbound(self, stream: Stream, chosen: LaneName) -> Self::Future {
        std::future::ready(Ok((chosen.lane, stream)))
    }
}

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
    inbound: mpsc::Sender<Accepted>,
    counters: Counters,
    opening: VecDeque<(PeerId, Wanted)>,
}

/// Its part in one connection.
pub(super) struct Handler {
    peer: PeerId,
    inbound: mpsc::Sender<Accepted>,
    counters: Counters,
    opening: VecDeque<Wanted>,
}

impl Behaviour {
    pub(super) fn new(inbound: mpsc::Sender<Accepted>, counters: Counters) -> Self {
        Self { inbound, counters, opening: VecDeque::new() }
    }

    /// Opens a stream on a connection that exists. The swarm must be polled afterwards.
    pub(super) fn open(&mut self, peer: PeerId, wanted: Wanted) {
        self.opening.push_back((peer, wanted));
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

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Infallible, Wanted>> {
        match self.opening.pop_front() {
            Some((peer_id, event)) => {
                Poll::Ready(ToSwarm::NotifyHandler { peer_id, handler: NotifyHandler::Any, event })
            }
            None => Poll::Pending,
        }
    }
}

impl Handler {
    fn take(&self, lane: Lane, stream: Stream) {
        let accepted = Accepted { peer: self.peer, lane, stream };
        if self.inbound.try_send(accepted).is_err() {
            self.counters.add(PeerKey::of(&self.peer), RejectCode::Busy);
        }
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Wanted;
    type ToBehaviour = Infallible;
    type InboundProtocol = AnyLane;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = Opening;

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        SubstreamProtocol::new(AnyLane, ())
    }

    fn poll(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, Opening, Infallible>> {
        while let Some(Wanted { lane, opening }) = self.opening.pop_front() {
            if opening.is_closed() {
                continue;
            }
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest {
                protocol: SubstreamProtocol::new(ReadyUpgrade::new(lane.protocol()), opening),
            });
        }
        Poll::Pending
    }

    fn on_behaviour_event(&mut self, wanted: Wanted) {
        self.opening.push_back(wanted);
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
                protocol: (lane, stream),
                info: (),
            }) => self.take(lane, stream),
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
