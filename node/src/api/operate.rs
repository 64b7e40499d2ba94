//! What hospital IT tells its node.

use policies::protections::Applied;
use policies::wire::IndicatorRef;
use policies::{
    DatasetId, Digest, GroupId, HospitalCode, NetworkId, PersonId, Profile, Purpose, UnixTime,
};
use serde::{Deserialize, Serialize};

/// Stops answering.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseBody {
    /// Why, in a line for the log and for `kring status`; it may be empty.
    pub reason: String,
}

/// Nothing is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseState {
    /// Since when.
    pub since: UnixTime,
    /// Why; it may be empty.
    pub reason: String,
}

/// Texts that people of this hospital approve, or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approvals {
    /// Those that wait, then those that were decided on; the oldest first.
    pub texts: Vec<ApprovalText>,
}

/// A text of a person. Nothing here depends on data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalText {
    /// What names it.
    pub approval: Digest,
    /// Whether it waits, or what was decided.
    pub state: ApprovalState,
    /// The network.
    pub network: NetworkId,
    /// Who asks.
    pub person: PersonId,
    /// From which node: where the figures go.
    pub asking_node: HospitalCode,
    /// What for.
    pub purpose: Purpose,
    /// For which tumour group.
    pub group: Option<GroupId>,
    /// Which dataset.
    pub dataset: DatasetId,
    /// Under which profile.
    pub profile: Profile,
    /// The indicator, where it is one.
    pub indicator: Option<IndicatorRef>,
    /// The text; none where it is too long to be at hand: `kring audit show` prints it.
    pub sql: Option<String>,
    /// Cells of its groupings, and what will be done to the figures; none of what was held before the node started.
    pub about: Option<ApprovalAbout>,
    /// The rules that permit it, and those of the hospital's own that add to them.
    pub rules: Vec<String>,
    /// Since when it waits, or when it was decided.
    pub since: UnixTime,
}

/// What an answer would be like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalAbout {
    /// Cells of each grouping.
    pub cells: Vec<u64>,
    /// What will be done to the figures.
    pub protections: Applied,
}

/// Whether a text may be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum ApprovalState {
    /// Nobody has decided.
    Waiting {},
    /// It may, until then.
    Granted {
        /// The last moment.
        until: UnixTime,
        /// Why; it may be empty.
        reason: String,
    },
    /// It may not, until then.
    Denied {
        /// The last moment.
        until: UnixTime,
        /// Why; it may be empty. Who asked is not told.
        reason: String,
    },
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalBody {
    /// On which text.
    pub approval: Digest,
    /// Whether it may be answered.
    pub granted: bool,
    /// Until when.
    pub until: UnixTime,
    /// Why, in a line for the log; it may be empty.
    pub reason: String,
}
