//! What the swarm reports, taken into the table of members, the counts and the list of addresses.

use std::time::Instant;

use libp2p::swarm::{ConnectionId, ListenError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, ping};
use libp2p_allow_block_list::NotAllowed;
use libp2p_connection_limits::Exceeded;
use tokio::sync::watch;

use super::{BehaviourEvent, Driver, add, random};
use crate::net::PeerKey;
use crate::net::gate::Crowded;
use crate::net::rejected::RejectCode;

impl Driver {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "libp2p adds events between releases; those that change what is known are listed"
    )]
    pub(super) fn note(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                if endpoint.is_dialer() {
                    self.dialled(&peer_id, Ok(()));
                }
                self.established(peer_id, connection_id, endpoint.get_remote_address());
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, cause, .. } => {
                let cause = cause.map(|error| error.to_string());
                tracing::debug!(peer = ?PeerKey::of(&peer_id), cause, "connection closed");
                let now = (Instant::now(), random());
                self.table.closed(&peer_id, connection_id, cause.as_deref(), now);
            }
            SwarmEvent::OutgoingConnectionError { peer_id: Some(peer), error, .. } => {
                tracing::debug!(peer = ?PeerKey::of(&peer), %error, "dial failed");
                self.dialled(&peer, Err(&error.to_string()));
            }
            SwarmEvent::IncomingConnectionError { error, send_back_addr, .. } => {
                let code = refusal(&error);
                tracing::debug!(from = %send_back_addr, code = code.code(), "connection refused");
                self.counters.add(None, code);
            }
            SwarmEvent::NewListenAddr { address, .. } => add(&self.listening, &address),
            SwarmEvent::ExpiredListenAddr { address, .. } => remove(&self.listening, &address),
            SwarmEvent::ListenerClosed { addresses, reason, .. } => {
                tracing::error!(?addresses, ?reason, "a listener ended");
            }
            SwarmEvent::ListenerError { error, .. } => {
                tracing::warn!(%error, "a listener could not accept")
            }
            SwarmEvent::Behaviour(BehaviourEvent::Ping(event)) => self.pinged(&event),
            _ => {}
        }
    }

    fn established(&mut self, peer: PeerId, connection: ConnectionId, remote: &Multiaddr) {
        match PeerKey::of(&peer).filter(|_| self.table.contains(&peer)) {
            Some(key) => {
                tracing::debug!(peer = %key, address = %remote, "connected");
                self.table.established(&peer, connection, remote.to_string(), Instant::now());
            }
            // The allow-list turns strangers away before this; nothing depends on that alone.
            None => {
                self.counters.add(None, RejectCode::Stranger);
                self.swarm.close_connection(connection);
            }
        }
    }

    fn pinged(&mut self, event: &ping::Event) {
        match &event.result {
            // A peer without the ping protocol is alive as far as anybody can tell.
            Ok(_) | Err(ping::Failure::Unsupported) => {}
            Err(error @ (ping::Failure::Timeout | ping::Failure::Other { .. })) => {
                tracing::debug!(peer = ?PeerKey::of(&event.peer), %error, "connection is dead");
                self.swarm.close_connection(event.connection);
            }
        }
    }
}

fn remove(listening: &watch::Sender<Vec<String>>, address: &Multiaddr) {
    let address = address.to_string();
    listening.send_modify(|known| known.retain(|other| *other != address));
}

fn refusal(error: &ListenError) -> RejectCode {
    match error {
        ListenError::Denied { cause } if cause.downcast_ref::<NotAllowed>().is_some() => {
            RejectCode::Stranger
        }
        ListenError::Denied { cause }
            if cause.downcast_ref::<Exceeded>().is_some()
                || cause.downcast_ref::<Crowded>().is_some() =>
        {
            RejectCode::TooManyConnections
        }
        ListenError::Denied { .. }
        | ListenError::Aborted
        | ListenError::WrongPeerId { .. }
        | ListenError::LocalPeerId { .. }
        | ListenError::Transport(_) => RejectCode::Handshake,
    }
}
