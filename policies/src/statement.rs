//! What hospitals and boards say about charters between two versions: that one is the newest, and that a key is worth
//! nothing any more.
//!
//! Each is a signed payload of a type of its own, passed on from node to node as the exact bytes. A stolen freshness key
//! can keep an old charter alive for some time, and widens nothing; a revocation cannot be taken back. Nothing here
//! stores, reads a clock, or asks a peer.

use crate::NetworkId;
use crate::dsse::Envelope;

mod error;
mod freshness;
mod payload;
mod revocation;
mod revocations;

pub use error::StatementError;
pub use freshness::{Fresh, Freshness, MAX_FRESHNESS_S};
pub use revocation::{Revocation, Revoked, Subject};
pub use revocations::{MAX_REVOCATIONS, Revocations};

/// The network that a statement says it is about. Nothing is verified by this.
///
/// # Errors
/// `StatementError` for what is no statement.
pub fn network_of(bytes: &[u8]) -> Result<NetworkId, StatementError> {
    /// The one field that is looked at.
    #[derive(serde::Deserialize)]
    struct About {
        network: NetworkId,
    }
    let envelope = Envelope::decode(bytes, MAX_STATEMENT_BYTES)?;
    let about: Result<About, _> = serde_json::from_slice(envelope.unverified_payload());
    let refused = StatementError::Payload { reason: "the network that it is about" };
    about.map(|about| about.network).map_err(|_form| refused)
}

/// Most bytes of a statement.
pub const MAX_STATEMENT_BYTES: usize = 8 * 1024;
/// Version of the payloads' form.
const FORMAT: u32 = 1;
