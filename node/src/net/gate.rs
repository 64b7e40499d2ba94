//! Handshakes per source: one flooding machine cannot take every place.
//!
//! Who somebody is becomes known only at the end of a TLS handshake, so before it there is nothing but the source address. The
//! number of unfinished handshakes in all is bounded elsewhere; here it is bounded per IPv4 address or IPv6 /64, so that
//! members elsewhere still get in while one place floods. This is no allow-list: hospitals change addresses.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandlerInEvent, ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};

/// Too many unfinished handshakes from one source.
#[derive(Debug, thiserror::Error)]
#[error("too many unfinished handshakes from one address")]
pub(super) struct Crowded;

/// The behaviour: counts, and denies what is too much.
pub(super) struct Behaviour {
    limit: usize,
    pending: BTreeMap<ConnectionId, Option<IpAddr>>,
}

impl Behaviour {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, pending: BTreeMap::new() }
    }

    fn enter(&mut self, connection: ConnectionId, source: Option<IpAddr>) -> Result<(), Crowded> {
        let same = self.pending.values().filter(|other| **other == source);
        if same.count() >= self.limit {
            return Err(Crowded);
        }
        self.pending.insert(connection, source);
        Ok(())
    }

    fn leave(&mut self, connection: ConnectionId) {
        self.pending.remove(&connection);
    }
}

/// The part of an address that one machine cannot change at will.
fn source(remote: &Multiaddr) -> Option<IpAddr> {
    match remote.iter().next() {
        Some(Protocol::Ip4(ip)) => Some(IpAddr::V4(ip)),
        Some(Protocol::Ip6(ip)) => Some(match ip.to_ipv4_mapped() {
            Some(ip) => IpAddr::V4(ip),
            None => IpAddr::V6((u128::from(ip) >> 64 << 64).into()),
        }),
        _ => None,
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        self.enter(connection, source(remote)).map_err(ConnectionDenied::new)
    }

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<dummy::ConnectionHandler, ConnectionDenied> {
        self.leave(connection);
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<dummy::ConnectionHandler, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        if let FromSwarm::ListenFailure(failure) = event {
            self.leave(failure.connection_id);
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: Infallible) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Infallible, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> Option<IpAddr> {
        source(&text.parse().expect("an address"))
    }

    #[test]
    fn sources_are_counted_apart_and_freed() {
        let mut gate = Behaviour::new(2);
        let (one, other) = (from("/ip4/10.0.0.1/tcp/1"), from("/ip4/10.0.0.2/tcp/1"));
        let id = ConnectionId::new_unchecked;
        assert!(gate.enter(id(1), one).is_ok());
        assert!(gate.enter(id(2), one).is_ok());
        assert!(gate.enter(id(3), one).is_err());
        assert!(gate.enter(id(4), other).is_ok());
        gate.leave(id(1));
        assert!(gate.enter(id(5), one).is_ok());
    }

    #[test]
    fn ports_and_the_lower_half_of_ipv6_do_not_make_another_source() {
        assert_eq!(from("/ip4/10.0.0.1/tcp/1"), from("/ip4/10.0.0.1/udp/2/quic-v1"));
        assert_eq!(from("/ip6/2001:db8::1/tcp/1"), from("/ip6/2001:db8::2/tcp/1"));
        assert_ne!(from("/ip6/2001:db8::1/tcp/1"), from("/ip6/2001:db8:0:1::1/tcp/1"));
        assert_eq!(from("/ip6/::ffff:10.0.0.1/tcp/1"), from("/ip4/10.0.0.1/tcp/1"));
    }
}
