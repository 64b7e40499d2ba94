//! What the local interface says and takes of charters.

use std::collections::BTreeMap;

use policies::wire::LayerRef;
use policies::{Digest, NetworkId, UnixTime};
use serde::{Deserialize, Serialize};

/// Most bytes of a bundle or statement as it is brought: in JSON every quote of it takes two.
pub const MAX_BUNDLE_BODY_BYTES: usize = 2 * policies::bundle::MAX_BUNDLE_BYTES;

/// A bundle of a charter, or a statement, that somebody brings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishBody {
    /// Its envelope.
    pub envelope: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// The version of a bundle.
    pub layer: Option<LayerRef>,
    /// Whether the node did not have it.
    pub news: bool,
}

/// What a node follows: every version, and what was revoked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// Every version that the node accepted, the first one first.
    pub versions: Vec<HistoryVersion>,
    /// The versions that have a say now: those of the network above all others, the newest first, then of others.
    pub in_force: Vec<LayerRef>,
    /// Until when somebody vouches for the newest version of each network; of others nobody does, or need to.
    pub fresh_until: BTreeMap<NetworkId, UnixTime>,
    /// Revoked keys.
    pub revoked: Vec<HistoryRevoked>,
}

/// One version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryVersion {
    /// What names it.
    pub layer: LayerRef,
    /// When it begins, as it says.
    pub valid_from: UnixTime,
    /// When it ends, as it says.
    pub valid_until: UnixTime,
    /// When this node accepted it.
    pub accepted_at: UnixTime,
    /// Until when it holds beside its successors; none for the newest.
    pub holds_until: Option<UnixTime>,
    /// Whose signatures count for it.
    pub signed_by: Vec<HistorySigner>,
}

/// A signature that counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistorySigner {
    /// The version that lists the signer.
    pub version: u64,
    /// The name that people know.
    pub name: String,
    /// The key's fingerprint.
    pub key: Digest,
}

/// A revoked key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryRevoked {
    /// Whose key it was.
    pub subject: String,
    /// Its fingerprint.
    pub key: Digest,
    /// When it was signed.
    pub issued_at: UnixTime,
    /// Why.
    pub reason: String,
    /// The signers; none where the key revoked itself.
    pub by: Vec<String>,
}
