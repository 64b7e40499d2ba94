//! Version 1 alone: for who checks one document, and keeps no chain.

use crate::charter::Charter;
use crate::statement::Revocations;
use crate::wire::LayerRef;
use crate::{Digest, UnixTime};

use super::{ChainError, NotInForce, check};

/// What somebody trusts who opens version 1 of a network's charter.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The pin: the digest of version 1.
    pub root: Digest,
    /// The moment of opening.
    pub now: UnixTime,
    /// The version that is held, if any.
    pub held: Option<LayerRef>,
}

/// Opens version 1, which must hold at that moment.
///
/// # Errors
/// `ChainError`.
pub fn open(bytes: &[u8], trust: &Trust) -> Result<Charter, ChainError> {
    let charter = check::first(bytes, trust.root, &Revocations::default())?.into_charter();
    let (from, until, now) = (charter.valid_from(), charter.valid_until(), trust.now);
    if now < from {
        return Err(NotInForce::NotYet { from, now }.into());
    }
    if now > until {
        return Err(NotInForce::Expired { version: charter.version(), until, now }.into());
    }
    match &trust.held {
        Some(held) if held.network != *charter.network() => {
            let (expected, got) = (held.network.clone(), charter.network().clone());
            Err(ChainError::OtherNetwork { expected, got })
        }
        Some(held) if held.version > charter.version() => {
            Err(ChainError::Rollback { held: held.version, got: charter.version() })
        }
        Some(held) if held.digest != trust.root => {
            Err(ChainError::Fork { version: charter.version() })
        }
        Some(_) | None => Ok(charter),
    }
}
