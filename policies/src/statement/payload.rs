//! The exact bytes of a statement: one encoding, read only as its own type.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::dsse::{Envelope, PayloadType};

use super::{MAX_STATEMENT_BYTES, StatementError};

/// An unsigned envelope of a payload.
pub(super) fn envelope<P: Serialize>(kind: PayloadType, payload: &P) -> Envelope {
    Envelope::unsigned(kind, encode(payload))
}

/// Reads an envelope with `least` to `most` signatures and its payload, which nobody has verified.
pub(super) fn decode<P: Serialize + DeserializeOwned>(
    bytes: &[u8],
    kind: PayloadType,
    (least, most): (usize, usize),
) -> Result<(Envelope, P), StatementError> {
    let envelope = Envelope::decode(bytes, MAX_STATEMENT_BYTES)?;
    envelope.expect_type(kind)?;
    let got = envelope.key_hints().len();
    if !(least..=most).contains(&got) {
        return Err(StatementError::Signatures { least, most, got });
    }
    let refused = |reason| StatementError::Payload { reason };
    let text = envelope.unverified_payload();
    let payload: P = serde_json::from_slice(text).map_err(|_error| refused("its JSON fields"))?;
    if encode(&payload) != text {
        return Err(refused("no other spacing, order or escapes"));
    }
    Ok((envelope, payload))
}

fn encode<P: Serialize>(payload: &P) -> Vec<u8> {
    serde_json::to_vec(payload).unwrap_or_default()
}
