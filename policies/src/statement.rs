//! What hospitals and boards say about charters between two versions: that one is the newest, and that a key is worth
//! nothing any more.
//!
//! Each is a signed payload of a type of its own, passed on from node to node as the exact bytes. A stolen freshness key
//! can keep an old charter alive for some time, and widens nothing; a revocation cannot be taken back. Nothing here
//! stores, reads a clock, or asks a peer.

mod error;
mod freshness;
mod payload;
mod revocation;
mod revocations;

pub use error::StatementError;
pub use freshness::{Fresh, Freshness, MAX_FRESHNESS_S};
pub use revocation::{Revocation, Revoked, Subject};
pub use revocations::{MAX_REVOCATIONS, Revocations};

/// Most bytes of a statement.
pub const MAX_STATEMENT_BYTES: usize = 8 * 1024;
/// Version of the payloads' form.
const FORMAT: u32 = 1;
