//! A hospital's word that it knows no newer charter: what a node answers by.
//!
//! Without one that holds, a node answers nothing: somebody may keep a newer charter from it. The statement of a hospital
//! that is kept from the newer charter too says nothing for long: once a node has a newer version, it takes no later
//! statement about the one before.

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

use crate::chain::{Line, Version};
use crate::charter::MemberKeys;
use crate::dsse::{Envelope, PayloadType, PublicKey};
use crate::wire::{LayerRef, MAX_SKEW_S};
use crate::{Digest, HospitalCode, NetworkId, UnixTime};

use super::{FORMAT, Revocations, StatementError, payload};

/// Longest time that a statement holds, in seconds.
pub const MAX_FRESHNESS_S: i64 = 72 * 60 * 60;
/// How long after a newer version began here a statement about the one before may be signed, in seconds: until its
/// hospital has the newer one too.
const SUPERSEDED_S: i64 = 60 * 60;

/// What a hospital says. Payload of the statement, and nothing is checked about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freshness {
    format: u32,
    network: NetworkId,
    version: u64,
    digest: Digest,
    issued_at: UnixTime,
    valid_until: UnixTime,
    by: HospitalCode,
}

impl Freshness {
    /// That this is the newest version which `by` knows at `issued_at`, for as long as a statement may hold.
    #[must_use]
    pub fn new(newest: &LayerRef, by: HospitalCode, issued_at: UnixTime) -> Self {
        let LayerRef { network, version, digest } = newest.clone();
        let valid_until = issued_at.plus(MAX_FRESHNESS_S);
        Self { format: FORMAT, network, version, digest, issued_at, valid_until, by }
    }

    /// The same with another end.
    #[must_use]
    pub fn until(self, valid_until: UnixTime) -> Self {
        Self { valid_until, ..self }
    }

    /// Signs it with the hospital's freshness key.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> Envelope {
        let mut envelope = payload::envelope(PayloadType::Freshness, self);
        envelope.add_signature(key);
        envelope
    }

    /// Verifies a statement about a version of this chain.
    ///
    /// # Errors
    /// `StatementError`.
    pub fn verify(
        bytes: &[u8],
        line: &Line,
        revoked: &Revocations,
        now: UnixTime,
    ) -> Result<Fresh, StatementError> {
        let (envelope, payload) = payload::decode::<Self>(bytes, PayloadType::Freshness, (1, 1))?;
        let Self { format, network, version, digest, issued_at, valid_until, by } = payload;
        if format != FORMAT {
            return Err(StatementError::Payload { reason: "format 1" });
        }
        if network != *line.network() {
            let expected = line.network().clone();
            return Err(StatementError::OtherNetwork { expected, got: network });
        }
        let about = line
            .version(version)
            .ok_or(StatementError::UnknownVersion { held: line.tip().version, got: version })?;
        let expected = about.layer().digest;
        if digest != expected {
            return Err(StatementError::OtherDigest { version, expected, got: digest });
        }
        let hint = envelope.key_hints().next().unwrap_or_default();
        let key = listed((line, now), about, &by)
            .find(|key| key.to_string() == hint)
            .ok_or_else(|| StatementError::NotListed { by: by.clone(), version })?;
        envelope.verify(PayloadType::Freshness, &key)?;
        let node = line.newest_charter().and_then(|charter| charter.member(&by));
        let node = node.map(|member| member.keys.clone());
        if is_revoked((revoked, now), &by, &key, node.as_ref()) {
            return Err(StatementError::RevokedKey { key: key.to_string() });
        }
        span(issued_at, valid_until, now)?;
        let after = line.version(version.saturating_add(1)).map(Version::starts);
        if let Some(at) = after.filter(|at| issued_at > at.plus(SUPERSEDED_S)) {
            return Err(StatementError::Superseded { version, at });
        }
        let layer = about.layer().clone();
        Ok(Fresh { layer, by, key, node, issued_at, valid_until, bytes: bytes.to_vec() })
    }
}

/// The keys of this hospital that may vouch for this version: its own, the newest one's, and those of versions that hold
/// beside it, which ask for a word where the newest no longer does.
fn listed<'l>(
    (line, now): (&'l Line, UnixTime),
    about: &'l Version,
    by: &'l HospitalCode,
) -> impl Iterator<Item = PublicKey> + 'l {
    let keys = about.freshness().iter().chain(line.vouchers(now));
    keys.filter(move |fresh| fresh.hospital == *by).map(|fresh| fresh.key)
}

fn is_revoked(
    (revoked, now): (&Revocations, UnixTime),
    by: &HospitalCode,
    key: &PublicKey,
    node: Option<&MemberKeys>,
) -> bool {
    revoked.freshness(key) || node.is_some_and(|keys| revoked.member(by, keys, now))
}

fn span(issued_at: UnixTime, until: UnixTime, now: UnixTime) -> Result<(), StatementError> {
    if issued_at > now.plus(MAX_SKEW_S) {
        return Err(StatementError::FromTheFuture { issued_at, now });
    }
    let seconds = until.since(issued_at);
    if !(1..=MAX_FRESHNESS_S).contains(&seconds) {
        return Err(StatementError::Span { seconds });
    }
    if now > until {
        return Err(StatementError::Stale { until, now });
    }
    Ok(())
}

/// A verified statement: its hospital knew no newer version when it signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fresh {
    layer: LayerRef,
    by: HospitalCode,
    key: PublicKey,
    node: Option<MemberKeys>,
    issued_at: UnixTime,
    valid_until: UnixTime,
    bytes: Vec<u8>,
}

impl Fresh {
    /// The version that it vouches for.
    #[must_use]
    pub fn layer(&self) -> &LayerRef {
        &self.layer
    }

    /// Who vouches.
    #[must_use]
    pub fn by(&self) -> &HospitalCode {
        &self.by
    }

    /// The key that signed it.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// When it was signed.
    #[must_use]
    pub fn issued_at(&self) -> UnixTime {
        self.issued_at
    }

    /// Its last moment.
    #[must_use]
    pub fn valid_until(&self) -> UnixTime {
        self.valid_until
    }

    /// The exact bytes, to store and to pass on.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it holds at `now`, neither its key nor its hospital's node being revoked.
    #[must_use]
    pub fn holds(&self, revoked: &Revocations, now: UnixTime) -> bool {
        let revoked = is_revoked((revoked, now), &self.by, &self.key, self.node.as_ref());
        self.issued_at <= now.plus(MAX_SKEW_S) && now <= self.valid_until && !revoked
    }

    /// The better of two: about the newer version, then the one that holds longer. A word about an older version is
    /// worth nothing once somebody vouches for a newer one.
    #[must_use]
    pub fn newer(self, other: Self) -> Self {
        let rank = |fresh: &Self| (fresh.layer.version, fresh.valid_until, fresh.issued_at);
        if rank(&other) > rank(&self) { other } else { self }
    }
}
