//! Connections to the receiver: opened, written to, looked at, ended in order.
//!
//! Every wait here is short or asks again and again whether to give up, so the thread ends when the daemon does; but for one:
//! a host's name is looked up by the system, which takes minutes where nobody answers it. The end of `kring run` does not wait
//! for that.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fmt, io};

use rustls::ClientConfig;

use crate::config::syslog::{Destination, HostPort};

mod stream;

use stream::Stream;
#[cfg(test)]
pub(super) use stream::UNACKNOWLEDGED;

/// Longest attempt to reach one address, and to agree on TLS.
pub(super) const REACH: Duration = Duration::from_secs(5);
/// Most addresses of a name that are tried.
const ADDRESSES: usize = 4;
/// One wait for room to write; then it is asked whether to give up.
const WRITE_WAIT: Duration = Duration::from_millis(200);
/// Longest wait for a local receiver that takes nothing.
const LOCAL_PATIENCE: Duration = Duration::from_secs(10);

/// Asked while something waits.
pub(super) type GiveUp<'a> = &'a dyn Fn() -> bool;

/// A way to the receiver.
pub(super) enum Link {
    Stream(Box<Stream>),
    Udp(UdpSocket),
    Unix(UnixDatagram),
}

/// What a look at a connection shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// It is whole.
    Whole,
    /// The receiver ended it in order: it read what had arrived.
    Ended,
}

/// Why there is no connection, or none any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error("`{host}` has no address")]
    Resolve {
        host: String,
        #[source]
        source: io::Error,
    },
    #[error("{to} cannot be reached")]
    Connect {
        to: String,
        #[source]
        source: io::Error,
    },
    #[error("no TLS with {to}")]
    Handshake {
        to: String,
        #[source]
        source: io::Error,
    },
    #[error("the connection broke")]
    Broke(#[source] io::Error),
    #[error("the receiver takes nothing")]
    Stalled,
    #[error("given up, the node is stopping")]
    GivenUp,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stream(_) => "Link::Stream",
            Self::Udp(_) => "Link::Udp",
            Self::Unix(_) => "Link::Unix",
        })
    }
}

impl Link {
    /// Opens a way to the receiver.
    pub(super) fn open(
        to: &Destination,
        tls: Option<&Arc<ClientConfig>>,
        give_up: GiveUp<'_>,
    ) -> Result<Self, LinkError> {
        match to {
            Destination::Tcp(address) => {
                Ok(Self::Stream(Box::new(Stream::open(address, None, give_up)?)))
            }
            Destination::Tls { address, authority: _ } => {
                Ok(Self::Stream(Box::new(Stream::open(address, tls, give_up)?)))
            }
            Destination::Udp(address) => udp(address).map(Self::Udp),
            Destination::Unix(path) => unix(path).map(Self::Unix),
        }
    }

    /// Sends messages, each framed; they left when this returns, which says nothing about the receiver.
    pub(super) fn send(
        &mut self,
        messages: &[String],
        give_up: GiveUp<'_>,
    ) -> Result<(), LinkError> {
        match self {
            Self::Stream(stream) => {
                let mut bytes = Vec::new();
                for message in messages {
                    bytes.extend_from_slice(format!("{} {message}", message.len()).as_bytes());
                }
                stream.write(&bytes, give_up)
            }
            Self::Udp(socket) => datagrams(messages, |bytes| socket.send(bytes), give_up),
            Self::Unix(socket) => datagrams(messages, |bytes| socket.send(bytes), give_up),
        }
    }

    /// Looks whether the connection is whole, without waiting.
    pub(super) fn look(&mut self) -> Result<Look, LinkError> {
        let error = match self {
            Self::Stream(stream) => return stream.look().map_err(LinkError::Broke),
            Self::Udp(socket) => socket.take_error(),
            Self::Unix(socket) => socket.take_error(),
        };
        match error {
            Ok(None) => Ok(Look::Whole),
            Ok(Some(error)) | Err(error) => Err(LinkError::Broke(error)),
        }
    }

    /// Ends the connection; whether the receiver read everything before it ended its side.
    pub(super) fn close(self, patience: Duration) -> bool {
        match self {
            Self::Stream(stream) => stream.close(patience),
            // There is nothing to wait for.
            Self::Udp(_) | Self::Unix(_) => true,
        }
    }
}

fn addresses(address: &HostPort) -> Result<Vec<SocketAddr>, LinkError> {
    let HostPort { host, port } = address;
    let resolve = |source| LinkError::Resolve { host: host.clone(), source };
    let found: Vec<_> =
        (host.as_str(), *port).to_socket_addrs().map_err(resolve)?.take(ADDRESSES).collect();
    if found.is_empty() {
        return Err(resolve(io::ErrorKind::NotFound.into()));
    }
    Ok(found)
}

fn udp(address: &HostPort) -> Result<UdpSocket, LinkError> {
    let connect = |source| LinkError::Connect { to: address.to_string(), source };
    let to = addresses(address)?;
    let any = match to.first() {
        Some(SocketAddr::V6(_)) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        Some(SocketAddr::V4(_)) | None => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
    };
    let open = || {
        let socket = UdpSocket::bind(any)?;
        socket.connect(to.as_slice())?;
        socket.set_write_timeout(Some(WRITE_WAIT))?;
        Ok(socket)
    };
    open().map_err(connect)
}

fn unix(path: &Path) -> Result<UnixDatagram, LinkError> {
    let open = || {
        let socket = UnixDatagram::unbound()?;
        socket.connect(path)?;
        socket.set_write_timeout(Some(WRITE_WAIT))?;
        Ok(socket)
    };
    open().map_err(|source| LinkError::Connect { to: path.display().to_string(), source })
}

fn datagrams(
    messages: &[String],
    send: impl Fn(&[u8]) -> io::Result<usize>,
    give_up: GiveUp<'_>,
) -> Result<(), LinkError> {
    for message in messages {
        let since = Instant::now();
        loop {
            match send(message.as_bytes()) {
                Ok(_whole) => break,
                Err(error) if waits(&error) => {}
                Err(error) => return Err(LinkError::Broke(error)),
            }
            if give_up() {
                return Err(LinkError::GivenUp);
            }
            if since.elapsed() > LOCAL_PATIENCE {
                return Err(LinkError::Stalled);
            }
        }
    }
    Ok(())
}

/// Whether a call only ran out of its time.
fn waits(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
