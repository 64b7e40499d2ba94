//! Signed payloads of protocol version 1: serde types and nothing else. Frozen once released.
//!
//! Field order is the order of the JSON text. Integers only, no floats; unknown fields are refused.

use serde::{Deserialize, Serialize};

use crate::permit::Profile;
use crate::protections::Applied;
use crate::{
    DatasetId, Digest, GroupId, HospitalCode, IndicatorId, NetworkId, PersonId, Purpose, UnixTime,
    VariantName,
};

/// Version of the SQL language and of the fragments' canonical form.
pub const LANGUAGE_VERSION: u32 = 1;
/// Most bytes of a request envelope.
pub const MAX_REQUEST_BYTES: usize = 64 * 1024;
/// Most bytes of a log checkpoint in a request: three lines and one signature.
pub const MAX_CHECKPOINT_BYTES: usize = 1024;
/// Most bytes of the SQL text.
pub const MAX_SQL_BYTES: usize = 16 * 1024;
/// Longest time between a question's issue and its expiry, in seconds.
pub const MAX_QUESTION_LIFE_S: i64 = 15 * 60;
/// Longest time between a delegation's issue and its expiry, in seconds: a long working day.
pub const MAX_DELEGATION_S: i64 = 12 * 60 * 60;
/// Most that two clocks may differ, in seconds.
pub const MAX_SKEW_S: i64 = 120;

/// What a person asks. Inner payload, signed by the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// 128 random bits, as 32 hexadecimal digits.
    pub id: String,
    /// The network whose charter holds, and the question's scope.
    pub network: NetworkId,
    /// Who asks.
    pub person: PersonId,
    /// What for.
    pub purpose: Purpose,
    /// For which tumour group.
    pub group: Option<GroupId>,
    /// Which dataset.
    pub dataset: DatasetId,
    /// The node that may put the question.
    pub asking_node: HospitalCode,
    /// The hospitals that are asked, sorted.
    pub hospitals: Vec<HospitalCode>,
    /// What is asked.
    pub asks: Asks,
    /// The profile that it is to be answered under; where none is named, the rules choose.
    pub profile: Option<Profile>,
    /// When it was signed.
    pub issued_at: UnixTime,
    /// When it ends, at most 15 minutes later.
    pub expires_at: UnixTime,
}

/// What a question asks: a text of the person's own, or one that the board has approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Asks {
    /// The SQL text as written.
    Sql(String),
    /// A variant of an indicator of the charter.
    Indicator(IndicatorRef),
}

/// One variant of one version of an indicator. It holds no text: every node has its own, in its charter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndicatorRef {
    /// Which indicator.
    pub id: IndicatorId,
    /// Its version.
    pub version: u32,
    /// What it is counted by; none where the indicator has no such variants.
    pub by: Option<VariantName>,
    /// Which years; none where the indicator has no such variants.
    pub window: Option<VariantName>,
    /// SHA-256 of the SQL text that the person's client made of it.
    pub text: Digest,
}

/// For some hours a session key may sign a person's questions. Signed by the person's own key; travels beside each question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delegation {
    /// Version of this form.
    pub format: u32,
    /// The network whose questions it is for.
    pub network: NetworkId,
    /// Whose questions.
    pub person: PersonId,
    /// The one node that may put them.
    pub node: HospitalCode,
    /// The session's public key, as 64 hexadecimal digits.
    pub key: String,
    /// The purposes that it is for, sorted.
    pub purposes: Vec<Purpose>,
    /// The tumour groups that it is for, sorted. A question for no group needs none.
    pub groups: Vec<GroupId>,
    /// When it was signed.
    pub issued_at: UnixTime,
    /// When it ends, at most 12 hours later.
    pub expires_at: UnixTime,
}

/// What an asking node sends to one responder. Outer payload, signed by the asking node's envelope key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The network.
    pub network: NetworkId,
    /// The sender.
    pub from: HospitalCode,
    /// The one node that may answer.
    pub audience: HospitalCode,
    /// The question's envelope, exactly as the person's client encoded it.
    pub question: String,
    /// Each charter layer from the root to the scope, as the sender holds it.
    pub layers: Vec<LayerRef>,
    /// Version of the language.
    pub language: u32,
    /// Digest of each fragment's canonical form, as the sender's worker cut it.
    pub fragments: Vec<Digest>,
    /// The latest checkpoint that the sender's log signed, as a signed note; none before the first. Not read here.
    pub checkpoint: Option<String>,
    /// The checkpoint of the audience's log that the sender cosigned last; none before the first. Not read here.
    pub cosigned: Option<String>,
    /// When the sender signed.
    pub sent_at: UnixTime,
    /// The envelope of the delegation under which a session key signed the question; none where the person's own key did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation: Option<String>,
    /// Digest of which hospitals the sender takes to be in which network below the scope, when the question was signed; none
    /// where there is no such network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub networks: Option<Digest>,
}

/// One version of one layer's charter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerRef {
    /// The network.
    pub network: NetworkId,
    /// Its version.
    pub version: u64,
    /// Digest of the signed bundle.
    pub digest: Digest,
}

/// The trailer of an answer, signed by the responder's envelope key over the digest of the exact frame bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Digest of the request that is answered.
    pub request: Digest,
    /// Digest of the question.
    pub question: Digest,
    /// Who answers.
    pub responder: HospitalCode,
    /// SHA-256 of the frames before the trailer, each with its length prefix.
    pub frames: Digest,
    /// The snapshot that was read.
    pub snapshot: Digest,
    /// Layers applied.
    pub layers: Vec<LayerRef>,
    /// What was done to the figures.
    pub receipt: Receipt,
    /// `real` or `synthetic`.
    pub status: String,
    /// Place of the outcome in the responder's log.
    pub log_index: u64,
    /// When it was signed.
    pub answered_at: UnixTime,
}

/// What a responder did to its figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The profile that was granted.
    pub profile: Profile,
    /// Rules that granted it, as `layer/rule`, and rules of the hospital's own that added to it, as `own/rule`.
    pub rules: Vec<String>,
    /// Digest of the hospital's own rules, where it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<Digest>,
    /// Protections that were applied.
    pub protections: Applied,
    /// Per fragment: cells of the domain.
    pub cells: Vec<u64>,
    /// Per fragment: cells that are null.
    pub nulls: Vec<u64>,
    /// Per fragment: null figures in the other cells. Missing in entries of older logs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<u64>,
    /// Where figures stand as they were told before, because those of too few patients changed since: the earliest day that one
    /// of them was told on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<UnixTime>,
    /// Where figures have noise, what kind of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<NoiseReceipt>,
}

/// The noise of an answer's figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoiseReceipt {
    /// Version of the mechanism.
    pub mechanism: u32,
    /// Variance of a count; of a sum in squares of its column's reach.
    pub variance: u32,
    /// At most so many per cent of the patients were left out, because they had been in as many figures as a patient may be in.
    pub left_out_percent: u32,
    /// Whether only bins have it, of quantiles and histograms, and everything else is exact.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_bins: bool,
}

/// A refusal, signed by the responder's envelope key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Digest of the request as received: its envelope's digest, or of the bytes where they are no envelope.
    pub request: Digest,
    /// Who refuses.
    pub responder: HospitalCode,
    /// Stable code.
    pub code: String,
    /// What the asker may know, without a word about data.
    pub message: String,
    /// The same in Dutch, where there is such a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_nl: Option<String>,
    /// The rule that refused, as `layer/rule`.
    pub rule: Option<String>,
    /// The layer that refused.
    pub layer: Option<LayerRef>,
    /// Place of the refusal in the responder's log, where it is logged singly.
    pub log_index: Option<u64>,
    /// When it was signed.
    pub refused_at: UnixTime,
}
