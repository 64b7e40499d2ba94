//! The local interface's messages: serde types and nothing else, shared by server and clients.
//!
//! `POST /v1/ask` takes [`AskBody`] and gives [`AskReply`] or [`RefusalBody`]; `POST /v1/explain` takes [`ExplainBody`] and
//! gives [`Explanation`] or [`RefusalBody`]; `GET /v1/info` gives [`Info`],
//! `GET /v1/status` gives [`Status`], `GET /v1/indicators` gives [`Indicators`], `GET /v1/charter` gives [`History`], and
//! `POST /v1/charter` takes [`PublishBody`] and gives [`Published`] or [`RefusalBody`]. What hospital IT alone may do is under
//! `/v1/operate/`: `POST /v1/operate/pause` takes [`PauseBody`] and gives [`PauseState`], `POST /v1/operate/resume` takes nothing,
//! `GET /v1/operate/approvals` gives [`Approvals`], and `POST` there takes [`ApprovalBody`] and gives [`ApprovalText`].

use std::collections::BTreeMap;

use policies::protections::{Applied, Reveal};
use policies::wire::{LayerRef, NoiseReceipt};
use policies::{
    DatasetId, Digest, GroupId, HospitalCode, IndicatorId, NetworkId, PersonId, Profile, Purpose,
    UnixTime,
};
use query::pipe::FinishedBand;
use query::pipe::{Explained, FinishedCell, FinishedColumn, FinishedInterval, FinishedNoise};
use serde::{Deserialize, Serialize};

mod charters;
mod operate;
mod revealed;

pub use charters::{
    History, HistoryRevoked, HistorySigner, HistoryVersion, MAX_BUNDLE_BODY_BYTES, PublishBody,
    Published,
};
pub use revealed::{Missing, Together};

pub use operate::{
    ApprovalAbout, ApprovalBody, ApprovalState, ApprovalText, Approvals, PauseBody, PauseState,
};

/// Most bytes of a request's body.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// What a client needs to compose a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Info {
    /// The node's hospital.
    pub hospital: HospitalCode,
    /// The network above all others.
    pub network: NetworkId,
    /// Its charter that holds.
    pub layer: LayerRef,
    /// Every network that can be asked in.
    pub scopes: BTreeMap<NetworkId, ScopeInfo>,
    /// The node's time, to tell a wrong clock from a wrong signature.
    pub now: UnixTime,
}

/// A network that can be asked in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeInfo {
    /// What it is, per language.
    pub title: BTreeMap<String, String>,
    /// Its charter that holds.
    pub layer: LayerRef,
    /// Its members' codes and names.
    pub members: BTreeMap<HospitalCode, String>,
    /// The ids and titles of the datasets that can be asked about in it.
    pub datasets: BTreeMap<DatasetId, BTreeMap<String, String>>,
}

/// The charter's indicators. A client makes the text of a question from the file itself, and signs its digest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indicators {
    /// The exact text of each file.
    pub files: BTreeMap<IndicatorId, String>,
}

/// A signed question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskBody {
    /// The question's envelope.
    pub question: String,
    /// The envelope of the delegation under which a session key signed it; none where the person's own key did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation: Option<String>,
}

/// The finished answer, signed by the asking node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskReply {
    /// The envelope; its payload is a [`FinishedDocument`].
    pub finished: String,
}

/// What the asking node signs.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinishedDocument<'a> {
    /// An [`AnswerBody`], as the exact text that was finished.
    #[serde(borrow)]
    pub answer: &'a serde_json::value::RawValue,
    /// What it was made from.
    pub evidence: Evidence,
}

/// Everything that was signed on the way to an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The asking node.
    pub asking_node: HospitalCode,
    /// The question's envelope.
    pub question: String,
    /// Per hospital, the request's envelope.
    pub requests: BTreeMap<HospitalCode, String>,
    /// Per hospital that replied, its frames in base64; the last one is the signed trailer.
    pub replies: BTreeMap<HospitalCode, Vec<String>>,
    /// Per hospital that did not reply, why.
    pub unreachable: BTreeMap<HospitalCode, String>,
    /// When the answer was finished.
    pub finished_at: UnixTime,
    /// Whether the asking node keeps to itself what hospitals replied, because single ones are not revealed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withheld: bool,
}

/// The answer as every format prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerBody {
    /// Columns in order.
    pub columns: Vec<FinishedColumn>,
    /// Rows in column order; a cell that is not shown is null.
    pub rows: Vec<Vec<serde_json::Value>>,
    /// Cells that are null because they are not shown.
    pub cells: Vec<FinishedCell>,
    /// Rows kept out because a HAVING or LIMIT would have had to know a value that is not shown.
    pub undecided: u64,
    /// Values that are made of quantiles, with the interval that the pooled value lies in.
    pub intervals: Vec<FinishedInterval>,
    /// Values that are made of figures with noise, with its variance where that is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub noisy: Vec<FinishedNoise>,
    /// Where hidden figures lie in the funnel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bands: Vec<FinishedBand>,
    /// What else a reader must know, as sentences.
    pub notes: Vec<String>,
    /// What is told of single hospitals, where that is not everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reveal: Option<Reveal>,
    /// How many of the hospitals that were asked are missing, where it is not told which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
    /// What the hospitals that answered did to their figures, where it is not told of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub together: Option<Together>,
    /// Every hospital that was asked.
    pub coverage: BTreeMap<HospitalCode, Coverage>,
    /// Per hospital that answered, what it did to its figures.
    pub protections: BTreeMap<HospitalCode, AppliedProtections>,
    /// Per hospital that answered, what it read.
    pub snapshots: BTreeMap<HospitalCode, Digest>,
    /// Layers applied.
    pub layers: Vec<LayerRef>,
    /// Digest of the signed question.
    pub question_digest: Digest,
    /// `real` or `synthetic`.
    pub status: String,
}

/// What one hospital did to its figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppliedProtections {
    /// The profile that was granted.
    pub profile: String,
    /// The rules that granted it, and those of the hospital's own that added to it.
    pub rules: Vec<String>,
    /// Digest of the hospital's own rules, where it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<Digest>,
    /// The protections that were applied.
    pub protections: Applied,
    /// Cells of the declared domain.
    pub cells: u64,
    /// Of these, cells that are null.
    pub nulls: u64,
    /// Null figures in the other cells.
    pub figures: u64,
    /// Where figures stand as they were told before: the earliest day that one of them was told on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<UnixTime>,
    /// Where figures have noise, what kind of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<NoiseReceipt>,
}

/// What became of one hospital's part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// Answered, refused or unreachable.
    pub state: CoverageState,
    /// Why not answered.
    pub code: Option<String>,
}

/// Answered, refused or unreachable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoverageState {
    /// It answered.
    Answered,
    /// It refused, with a code.
    Refused,
    /// It gave no valid reply.
    Unreachable,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusalBody {
    /// Stable code.
    pub code: String,
    /// What is refused, and what would be allowed.
    pub message: String,
    /// The same in Dutch, where there is such a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_nl: Option<String>,
    /// The rule, as `layer/rule`; `kring/...` for what no charter can allow.
    pub rule: Option<String>,
    /// The layer.
    pub layer: Option<LayerRef>,
    /// What became of each hospital's part; empty when the own node refused.
    pub coverage: BTreeMap<HospitalCode, Coverage>,
}

/// A question that is not asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplainBody {
    /// In which network.
    pub network: NetworkId,
    /// Who would ask.
    pub person: PersonId,
    /// What for.
    pub purpose: Purpose,
    /// For which tumour group.
    pub group: Option<GroupId>,
    /// Which dataset.
    pub dataset: DatasetId,
    /// How many hospitals.
    pub hospitals: usize,
    /// The text.
    pub sql: String,
    /// The profile that is named, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
}

/// What a question would do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    /// The three parts.
    pub explained: Explained,
    /// Cells of each fragment's domain.
    pub cells: Vec<u64>,
    /// The profile that it would be answered under.
    pub profile: Profile,
    /// The rules that would grant it.
    pub rules: Vec<String>,
    /// The protections that would be applied.
    pub protections: Applied,
    /// The layers that would be applied.
    pub layers: Vec<LayerRef>,
}

/// What a node is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Its hospital.
    pub hospital: HospitalCode,
    /// Version of the software.
    pub version: String,
    /// The charter that holds.
    pub layer: LayerRef,
    /// When the charter ends.
    pub valid_until: UnixTime,
    /// Where it listens.
    pub listen: Vec<String>,
    /// The snapshot of each dataset.
    pub snapshots: BTreeMap<DatasetId, Digest>,
    /// How it is with the memory of what was told over each dataset, as far as it is known right now.
    #[serde(default)]
    pub memories: BTreeMap<DatasetId, MemoryState>,
    /// Other members and whether they are connected.
    pub peers: BTreeMap<HospitalCode, PeerState>,
    /// The log before its witnesses.
    pub log: LogState,
    /// Since when and why hospital IT lets nothing be answered, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<PauseState>,
    /// Process ids of the idle workers.
    pub idle_workers: Vec<u32>,
    /// Walls around the workers that this kernel does not offer, and what that means.
    pub worker_notes: Vec<String>,
    /// The daemon's process id.
    pub pid: u32,
    /// How far the log is forwarded, where it is.
    pub syslog: Option<SyslogState>,
}

/// How it is with the memory of what was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryState {
    /// How full it is, in percent; at 100 nothing new is told.
    pub filled: Option<u8>,
    /// The code of what is wrong with it: nothing is answered over the dataset then.
    pub problem: Option<String>,
}

/// How far the log is forwarded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyslogState {
    /// The receiver.
    pub to: String,
    /// Whether there is a connection; it is opened when there is something to send.
    pub connected: bool,
    /// Entries that were sent.
    pub sent: u64,
    /// Entries that count as received.
    pub received: u64,
    /// Entries of the log.
    pub entries: u64,
    /// What went wrong since something counted as received.
    pub last_error: Option<String>,
}

/// How it is with the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogState {
    /// Its origin, after the gaps that were accepted.
    pub origin: String,
    /// Its entries.
    pub entries: u64,
    /// `confirmed`, or the code with which questions are refused.
    pub standing: String,
    /// Why they are.
    pub reason: Option<String>,
    /// The last word of each other member as a witness.
    pub witnesses: BTreeMap<HospitalCode, String>,
}

/// How it is with one peer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerState {
    /// Whether it is connected.
    pub connected: bool,
    /// Why not, as far as known.
    pub last_error: Option<String>,
}
