//! Multiaddresses: which ones Kring speaks, and DNS names in them.
//!
//! Accepted are an IP address or DNS name, then `/tcp/PORT` or `/udp/PORT/quic-v1`, and nothing more. Names are looked up by
//! the system's resolver at each dial, so a hospital may move its node; the transport key decides who answers there.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;

/// A name lookup that takes longer counts as failed.
const LOOKUP: Duration = Duration::from_secs(5);
/// Addresses of one name that are tried: a name under somebody else's control cannot make this node dial the world.
const PER_NAME: usize = 4;

/// Where a peer can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    host: Host,
    port: u16,
    carrier: Carrier,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Ip(IpAddr),
    Name { name: String, family: Family },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Any,
    V4,
    V6,
}

/// What carries the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    /// TCP with TLS 1.3 and yamux.
    Tcp,
    /// QUIC version 1.
    Quic,
}

const SHAPE: &str = "write it as `/ip4/ADDRESS/tcp/PORT` or `/ip4/ADDRESS/udp/PORT/quic-v1`, with ip4, ip6, dns, dns4 or dns6";

impl Address {
    /// Reads a multiaddress; the error says what would be right.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let parsed: Multiaddr = text.parse().map_err(|error| format!("{error}; {SHAPE}"))?;
        let mut parts = parsed.iter();
        let host = match parts.next() {
            Some(Protocol::Ip4(ip)) => Host::Ip(IpAddr::V4(ip)),
            Some(Protocol::Ip6(ip)) => Host::Ip(IpAddr::V6(ip)),
            Some(Protocol::Dns(name)) => Host::name(&name, Family::Any),
            Some(Protocol::Dns4(name)) => Host::name(&name, Family::V4),
            Some(Protocol::Dns6(name)) => Host::name(&name, Family::V6),
            _ => return Err(SHAPE.to_owned()),
        };
        let (port, carrier) = match (parts.next(), parts.next()) {
            (Some(Protocol::Tcp(port)), None) => (port, Carrier::Tcp),
            (Some(Protocol::Udp(port)), Some(Protocol::QuicV1)) => (port, Carrier::Quic),
            _ => return Err(SHAPE.to_owned()),
        };
        match parts.next() {
            None => Ok(Self { host, port, carrier }),
            Some(_) => Err(SHAPE.to_owned()),
        }
    }

    /// The socket to bind, if the host is an IP address.
    pub(super) fn socket(&self) -> Option<(SocketAddr, Carrier)> {
        match &self.host {
            Host::Ip(ip) => Some((SocketAddr::new(*ip, self.port), self.carrier)),
            Host::Name { .. } => None,
        }
    }

    /// Whether it can be dialled at all.
    pub(super) fn dialable(&self) -> Result<(), String> {
        let unspecified = matches!(&self.host, Host::Ip(ip) if ip.is_unspecified());
        if unspecified || self.port == 0 {
            return Err("others cannot dial an unspecified address or port 0; give the address that they see".to_owned());
        }
        Ok(())
    }

    fn multiaddr(&self, ip: IpAddr) -> Multiaddr {
        let base = Multiaddr::from(ip);
        match self.carrier {
            Carrier::Tcp => base.with(Protocol::Tcp(self.port)),
            Carrier::Quic => base.with(Protocol::Udp(self.port)).with(Protocol::QuicV1),
        }
    }
}

impl Host {
    fn name(name: &str, family: Family) -> Self {
        Self::Name { name: name.to_owned(), family }
    }
}

/// Turns names into addresses. What cannot be looked up is left out; the last reason is given if nothing is left.
pub(super) async fn resolve(addresses: &[Address]) -> Result<Vec<Multiaddr>, String> {
    let mut found = Vec::new();
    let mut problem = "no address is known for this peer".to_owned();
    for address in addresses {
        match &address.host {
            Host::Ip(ip) => found.push(address.multiaddr(*ip)),
            Host::Name { name, family } => match lookup(name, *family, address.port).await {
                Ok(ips) => found.extend(ips.into_iter().map(|ip| address.multiaddr(ip))),
                Err(reason) => problem = reason,
            },
        }
    }
    found.dedup();
    if found.is_empty() { Err(problem) } else { Ok(found) }
}

async fn lookup(name: &str, family: Family, port: u16) -> Result<Vec<IpAddr>, String> {
    let lookup = tokio::net::lookup_host((name, port));
    let answer = tokio::time::timeout(LOOKUP, lookup)
        .await
        .map_err(|_elapsed| format!("looking up `{name}` took longer than {LOOKUP:?}"))?
        .map_err(|error| format!("cannot look up `{name}`: {error}"))?;
    let ips: Vec<IpAddr> = answer
        .map(|socket| socket.ip())
        .filter(|ip| match family {
            Family::Any => true,
            Family::V4 => ip.is_ipv4(),
            Family::V6 => ip.is_ipv6(),
        })
        .take(PER_NAME)
        .collect();
    if ips.is_empty() {
        return Err(format!("`{name}` has no address of the wanted family"));
    }
    Ok(ips)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn spoken_addresses_are_read_and_written_back() {
        for text in ["/ip4/127.0.0.1/tcp/7480", "/ip6/::1/udp/7480/quic-v1"] {
            let address = Address::parse(text).expect("spoken");
            assert_eq!(address.dialable(), Ok(()));
            let resolved = resolve(&[address]).await.expect("an address");
            assert_eq!(resolved.iter().map(ToString::to_string).collect::<Vec<_>>(), [text]);
        }
        let named = Address::parse("/dns4/localhost/tcp/7480").expect("spoken");
        let resolved = resolve(&[named]).await.expect("localhost");
        assert_eq!(resolved[0].to_string(), "/ip4/127.0.0.1/tcp/7480");
    }

    #[test]
    fn other_addresses_are_refused_with_the_right_form() {
        let p2p = "/ip4/127.0.0.1/tcp/1/p2p/12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";
        for text in [
            "",
            "127.0.0.1:7480",
            "/ip4/127.0.0.1",
            "/ip4/127.0.0.1/udp/1",
            "/ip4/127.0.0.1/tcp/1/ws",
            p2p,
        ] {
            let problem = Address::parse(text).expect_err(text);
            assert!(problem.contains("/tcp/PORT"), "{text}: {problem}");
        }
    }

    #[test]
    fn nobody_can_dial_a_wildcard() {
        for text in ["/ip4/0.0.0.0/tcp/7480", "/ip4/10.0.0.1/tcp/0"] {
            assert!(Address::parse(text).expect("well formed").dialable().is_err(), "{text}");
        }
    }
}
