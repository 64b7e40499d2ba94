//! Ports for nodes that nobody else takes before the node does.
//!
//! The system gives the ports of its ephemeral range to outgoing connections: one that a node is to listen on, and that is
//! free while it starts, may be the source port of another node's connection a moment later. With many nodes that happens. So
//! ports are taken outside that range, by trying which are free, and held until the node takes them.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use anyhow::Context as _;
use node::keys::random_bytes;
use serde::{Deserialize, Serialize};

use crate::topology::Hospital;

/// Where the kernel says which ports outgoing connections get.
const EPHEMERAL: &str = "/proc/sys/net/ipv4/ip_local_port_range";
/// Lower ports belong to services that people run.
const LEAST: u16 = 10_000;
/// Ports that are tried for one socket: a machine on which so many of them are taken has none to give.
const TRIES: usize = 1_000;

/// A node's ports.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ports {
    pub(super) tcp: u16,
    pub(super) udp: u16,
    pub(super) http: u16,
}

/// A node's TCP, local and UDP port, held.
pub(super) type Held = (TcpListener, TcpListener, UdpSocket);

/// Free loopback ports for every hospital, with the sockets that hold them.
pub(super) fn reserve(
    hospitals: &[Hospital],
) -> anyhow::Result<(BTreeMap<String, Ports>, BTreeMap<String, Held>)> {
    let range = std::fs::read_to_string(EPHEMERAL).unwrap_or_default();
    let outside = outside(&range);
    let (mut held, mut ports) = (BTreeMap::new(), BTreeMap::new());
    for hospital in hospitals {
        let (tcp, http) = (take(&outside, listener)?, take(&outside, listener)?);
        let udp = take(&outside, |port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)))?;
        let of = Ports {
            tcp: tcp.local_addr()?.port(),
            http: http.local_addr()?.port(),
            udp: udp.local_addr()?.port(),
        };
        ports.insert(hospital.code.clone(), of);
        held.insert(hospital.code.clone(), (tcp, http, udp));
    }
    Ok((ports, held))
}

fn listener(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

/// The ports that no outgoing connection gets, by the kernel's account of its range; none where that is not known.
fn outside(range: &str) -> Vec<u16> {
    let mut ends = range.split_whitespace().map(str::parse::<u16>);
    match (ends.next(), ends.next()) {
        (Some(Ok(first)), Some(Ok(last))) => {
            (LEAST..=u16::MAX).filter(|port| !(first..=last).contains(port)).collect()
        }
        (_, _) => Vec::new(),
    }
}

/// A socket on a port that is free, drawn at random so that networks that start at the same time seldom meet; one of the
/// system's choice where nothing is known of its range.
fn take<S>(outside: &[u16], bind: impl Fn(u16) -> io::Result<S>) -> anyhow::Result<S> {
    for _try in 0..TRIES {
        let bytes = random_bytes().map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
        let draw = bytes.iter().take(4).fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
        let drawn = draw.checked_rem(outside.len()).and_then(|at| outside.get(at));
        match bind(drawn.copied().unwrap_or(0)) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            done @ (Ok(_) | Err(_)) => return done.context("cannot listen on a loopback port"),
        }
    }
    anyhow::bail!("{TRIES} loopback ports were tried, and all are taken: stop what listens on them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ports_of_outgoing_connections_are_left_out() {
        let ports = outside("32768\t60999\n");
        assert_eq!(ports.first(), Some(&LEAST));
        assert_eq!(ports.last(), Some(&u16::MAX));
        assert!(ports.contains(&32_767) && ports.contains(&61_000));
        assert!(!ports.contains(&32_768) && !ports.contains(&60_999));
        assert_eq!(outside("1024 65535"), Vec::<u16>::new());
        assert_eq!(outside(""), Vec::<u16>::new());
    }

    #[test]
    fn a_port_that_is_taken_is_not_given_twice() {
        let held = listener(0).unwrap();
        let port = held.local_addr().unwrap().port();
        // One port alone, and somebody is on it.
        let said = take(&[port], listener).unwrap_err().to_string();
        assert!(said.contains("all are taken"), "{said}");
        drop(held);
        let own = take(&[port], listener).unwrap();
        assert_eq!(own.local_addr().unwrap().port(), port);
    }

    #[test]
    fn where_the_range_is_not_known_the_system_chooses() {
        let socket = take(&[], listener).unwrap();
        assert_ne!(socket.local_addr().unwrap().port(), 0);
    }
}
