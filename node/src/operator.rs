//! Who runs the node: proved by a token that follows from its envelope key, which hospital IT alone can read.
//!
//! The token of the local interface is every analyst's; what stops the node, or lets an answer leave, is not theirs to do.

use zeroize::Zeroizing;

use crate::at_rest::bytes_for;
use crate::keys::Key;

/// What the bytes are for.
const PURPOSE: &[u8] = b"kring operator token v1";

/// The token that operators show at the local interface.
///
/// # Errors
/// When none can be derived.
pub(crate) fn token(envelope_key: &Key) -> std::io::Result<Zeroizing<String>> {
    let bytes = bytes_for(envelope_key, PURPOSE)
        .map_err(|_unspecified| std::io::Error::other("no operator token can be derived"))?;
    Ok(Zeroizing::new(hex::encode(*bytes)))
}
