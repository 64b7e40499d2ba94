//! What members say to each other about charters: what each holds, and what it asks for.
//!
//! A request is one JSON text. The reply's first frame is what the other holds, as JSON; then what was asked for: the exact
//! bytes of one bundle, or statements as one JSON list. Whoever says something here proves nothing by it: what counts is
//! what bundles and statements prove.

use policies::chain::{Line, MAX_NETWORKS};
use policies::statement::{Fresh, MAX_REVOCATIONS, Revocations};
use policies::wire::LayerRef;
use policies::{Digest, NetworkId, UnixTime};
use serde::{Deserialize, Serialize};

use super::Held;

/// Most statements of one reply: with the largest there can be, it stays under a frame's limit.
pub const STATEMENTS: usize = 1024;
/// A word about the same version is news only this much later, in seconds.
const NEWS_AFTER_S: i64 = 10 * 60;
/// Most bytes of a reply's first frame: the most networks, each with room to spare.
const MAX_HOLDING_BYTES: usize = MAX_NETWORKS * 1024;

/// What a member asks another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Wanted {
    /// Nothing: it says what it holds.
    Nothing,
    /// The bundle of a version of a network.
    Bundle(NetworkId, u64),
    /// The last word on a network's freshness, and its revocations from a place in the other's list.
    Statements(NetworkId, u64),
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// What the sender holds of each network.
    pub holds: Vec<Holding>,
    /// What it asks for.
    pub wants: Wanted,
}

/// What a node holds of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holding {
    /// The newest version that it accepted.
    pub tip: LayerRef,
    /// How many revocations.
    pub revocations: u64,
    /// Their digest.
    pub revoked: Digest,
    /// The last word on freshness.
    pub fresh: Option<Vouched>,
}

/// What is told of a word on freshness: enough to know whether it is better than another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vouched {
    /// The version.
    pub version: u64,
    /// Its last moment.
    pub valid_until: UnixTime,
    /// When it was signed.
    pub issued_at: UnixTime,
}

/// Statements as they travel: envelopes as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statements {
    /// The last word on freshness.
    pub fresh: Option<String>,
    /// Revocations.
    pub revocations: Vec<String>,
}

/// Why a reply is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not what was asked for: {0}")]
pub struct BadReply(pub &'static str);

impl From<&Fresh> for Vouched {
    fn from(fresh: &Fresh) -> Self {
        Self {
            version: fresh.layer().version,
            valid_until: fresh.valid_until(),
            issued_at: fresh.issued_at(),
        }
    }
}

impl Vouched {
    /// Whether this word says more than another one that holds: about a newer version, or signed a good while later.
    #[must_use]
    pub fn is_news(&self, known: &Self) -> bool {
        let later = self.issued_at.since(known.issued_at) >= NEWS_AFTER_S;
        self.version > known.version || (self.version == known.version && later)
    }
}

impl Holding {
    /// What a node says that it holds of each network, the root's first; a word that has ended, or of whom a key is revoked, is
    /// none.
    #[must_use]
    pub fn of(held: &Held, now: UnixTime) -> Vec<Self> {
        let lines = held.tree.lines().into_iter();
        lines.map(|line| Self::of_line(held, line, now)).collect()
    }

    fn of_line(held: &Held, line: &Line, now: UnixTime) -> Self {
        let said = held.said(line.network());
        let revoked = said.map_or(Revocations::none(), |said| &said.revoked);
        let fresh = held.fresh(line.network(), now);
        Self {
            tip: line.tip().clone(),
            revocations: u64::try_from(revoked.iter().len()).unwrap_or(u64::MAX),
            revoked: revoked.digest(),
            fresh: fresh.map(Vouched::from),
        }
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> &NetworkId {
        &self.tip.network
    }

    /// Whether it has a version that the other does not know.
    #[must_use]
    pub fn is_ahead_of(&self, other: &Self) -> bool {
        self.network() == other.network() && self.tip.version > other.tip.version
    }

    /// Whether it has statements that the other may not know; one about a version that the other does not have comes later.
    #[must_use]
    pub fn says_more_than(&self, other: &Self) -> bool {
        let fresher = match (&self.fresh, &other.fresh) {
            (Some(own), Some(other)) => own.is_news(other),
            (Some(_), None) => true,
            (None, Some(_) | None) => false,
        };
        let known = self.tip.version <= other.tip.version;
        self.network() == other.network() && known && (fresher || self.revoked != other.revoked)
    }

    /// Whether both hold the same version of the same network, and it is not the same.
    #[must_use]
    pub fn contradicts(&self, other: &Self) -> bool {
        let (one, other) = (&self.tip, &other.tip);
        one.network == other.network && one.version == other.version && one.digest != other.digest
    }
}

impl Message {
    /// The request's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a request.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// A reply's frames.
#[must_use]
pub fn reply(holds: &[Holding], rest: Option<Vec<u8>>) -> Vec<Vec<u8>> {
    let first = serde_json::to_vec(holds).unwrap_or_default();
    std::iter::once(first).chain(rest).collect()
}

/// What the other holds, and the frame that was asked for, if it had it.
///
/// # Errors
/// `BadReply`.
pub fn read(frames: Vec<Vec<u8>>) -> Result<(Vec<Holding>, Option<Vec<u8>>), BadReply> {
    let mut frames = frames.into_iter();
    let first = frames.next().filter(|first| first.len() <= MAX_HOLDING_BYTES);
    let first = first.ok_or(BadReply("what the other holds"))?;
    let holds: Vec<Holding> =
        serde_json::from_slice(&first).map_err(|_form| BadReply("what the other holds"))?;
    if holds.len() > MAX_NETWORKS {
        return Err(BadReply("a number of networks that can be"));
    }
    let too_many = |holds: &Holding| {
        usize::try_from(holds.revocations).map_or(true, |many| many > MAX_REVOCATIONS)
    };
    if holds.iter().any(too_many) {
        return Err(BadReply("a number of revocations that can be"));
    }
    let rest = frames.next();
    if frames.next().is_some() {
        return Err(BadReply("at most two frames"));
    }
    Ok((holds, rest))
}

impl Statements {
    /// What a node passes on of a network: a word that holds, and revocations from a place in its list.
    #[must_use]
    pub fn of(held: &Held, (network, from): (&NetworkId, u64), now: UnixTime) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap_or_default();
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let revoked = held.said(network).map_or(Revocations::none(), |said| &said.revoked);
        let revocations = revoked.iter().skip(from).take(STATEMENTS);
        Self {
            fresh: held.fresh(network, now).map(|fresh| text(fresh.bytes())),
            revocations: revocations.map(|revoked| text(revoked.bytes())).collect(),
        }
    }
}
