//! The network between hospitals: `/kring/1`, `/kring/witness/1` and `/kring/charters/1` over libp2p.
//!
//! Members find each other by the addresses and Ed25519 transport keys of the charter; the node's own key is its identity in
//! TLS 1.3 over TCP and QUIC. [`Network::build`] binds every listener and may fail; [`Network::spawn`] starts the tasks and
//! cannot. One task owns the swarm; [`NetHandle`] talks to it through bounded channels. A question is one half-duplex stream:
//! the asker writes a request and closes its half, the responder writes frames and closes. What is read from a peer is bounded
//! in bytes, frames, streams and time before it is kept.
//!
//! Everything here is bytes: this module knows no charter, no signature over a question and no SQL. It decides who may
//! connect only by the list that [`NetHandle::set_peers`] gives it; an empty list lets nobody in.

mod address;
mod ask;
mod build;
mod error;
mod frame;
mod gate;
mod handle;
mod identity;
mod limits;
mod peers;
mod rejected;
mod serve;
mod streams;
mod swarm;

pub use ask::AskError;
pub use build::Network;
pub use error::NetError;
pub use handle::NetHandle;
pub use identity::PeerKey;
pub use limits::NetLimits;
pub use peers::PeerStatus;
pub use rejected::{RejectCode, Rejected};
pub use serve::{Inbound, Responder, SendError};

use libp2p::StreamProtocol;
use zeroize::Zeroizing;

/// What a stream is for. Each kind is a protocol of its own name; another major version is another name, without fallback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// A question and its answer.
    Question,
    /// A checkpoint of a log and what its witness makes of it.
    Witness,
    /// What is held of charters, and what somebody lacks of them.
    Charters,
}

impl Lane {
    const ALL: [Self; 3] = [Self::Question, Self::Witness, Self::Charters];

    fn protocol(self) -> StreamProtocol {
        match self {
            Self::Question => StreamProtocol::new("/kring/1"),
            Self::Witness => StreamProtocol::new("/kring/witness/1"),
            Self::Charters => StreamProtocol::new("/kring/charters/1"),
        }
    }
}

/// What [`Network::build`] needs.
#[derive(Debug)]
pub struct NetConfig {
    /// The seed of the node's Ed25519 transport key.
    pub keypair_seed: Zeroizing<[u8; 32]>,
    /// Multiaddresses to listen on, such as `/ip4/0.0.0.0/tcp/7480` and `/ip4/0.0.0.0/udp/7480/quic-v1`. Port 0 takes a free
    /// port. Empty for a hospital that only dials out.
    pub listen: Vec<String>,
    /// The bounds of everything that peers can cause.
    pub limits: NetLimits,
}

/// A member as the network sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its Ed25519 transport keys: it is connected by one of them.
    pub keys: Vec<PeerKey>,
    /// Its multiaddresses with an IP address or a DNS name, TCP or QUIC. May be empty when only the other side dials.
    pub addresses: Vec<String>,
}

/// What is wrong with one entry of [`NetHandle::set_peers`]. The rest of the list is taken over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("peer {key}: {problem}")]
pub struct PeerProblem {
    /// The entry's key.
    pub key: PeerKey,
    /// What is wrong and what was done about it.
    pub problem: String,
}
