//! The pipe between the daemon and a `kring worker`: typed, versioned, framed messages.
//!
//! A message is a JSON head and binary blobs. The daemon sends one job and reads one reply; the worker holds no state
//! that outlives a job but caches. The daemon believes nothing in a reply: [`crate::receive()`] and
//! [`policies::Footprint::check`] re-check what matters. [`frame`] is its form on the pipe.

pub mod frame;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use policies::footprint::FootprintDraft;
use policies::{Digest, HospitalCode, NetworkId};
use serde::{Deserialize, Serialize};

pub use wanted::Wanted;

/// Version of the messages. Daemon and worker are the same binary, so any other version is a fault.
pub const PIPE_VERSION: u32 = 4;
/// Most bytes of one message, blobs included.
pub const MAX_MESSAGE_BYTES: usize = 256 * 1024 * 1024;
/// Most blobs of one message: every hospital's frames and some.
pub const MAX_BLOBS: usize = 4096;

/// Every sub-network with the hospitals that are in it.
pub type Networks = BTreeMap<NetworkId, BTreeSet<HospitalCode>>;

/// What the daemon asks of a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// [`PIPE_VERSION`].
    pub version: u32,
    /// For whom, as the pool says. What a worker keeps of a text serves nobody else; without it nothing is kept.
    pub whom: Option<Digest>,
    /// The dataset file's exact text, as the charter's bundle holds it.
    pub dataset: String,
    /// The SQL text as written.
    pub sql: String,
    /// What the column `network` says: from the charter at the moment of the question.
    pub networks: Networks,
    /// What to do with it.
    pub work: Work,
}

/// The three kinds of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Work {
    /// Split the text and account for what it touches.
    Plan,
    /// Split the text and run its fragments over a snapshot. A blob that comes with it is the set of patients who are left out.
    Execute {
        /// The snapshot's folder.
        snapshot: PathBuf,
        /// This hospital, the value of the column `hospital`.
        hospital: HospitalCode,
        /// Digests that the permit's footprint names; other fragments are not run.
        fragments: Vec<Digest>,
        /// Hidden summaries that the protections need.
        wanted: Wanted,
        /// Codes that no row of this hospital has.
        not_given: Vec<NotGiven>,
    },
    /// Merge the hospitals' frames and run what is above the cut.
    Finish {
        /// Every hospital that answered, with the number of blobs that hold its frames, in order.
        parts: Vec<Part>,
    },
}

/// Codes of a column that a hospital has no rows of, by its charter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotGiven {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// The codes, as text.
    pub codes: Vec<String>,
}

impl From<&policies::NotGiven> for NotGiven {
    fn from(said: &policies::NotGiven) -> Self {
        Self {
            table: said.table.as_str().to_owned(),
            column: said.column.as_str().to_owned(),
            codes: said.codes.iter().map(ToString::to_string).collect(),
        }
    }
}

/// One hospital's frames in a [`Work::Finish`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The hospital.
    pub hospital: HospitalCode,
    /// How many blobs are its frames.
    pub frames: usize,
    /// What it is called in the table, where that is not its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
}

/// What a worker says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Reply {
    /// To [`Work::Plan`].
    Planned(Planned),
    /// To [`Work::Execute`]: one blob a fragment, an Arrow IPC stream of raw cells. Where bitmaps are wanted, one blob a
    /// fragment more, after all of these: the sets of patients.
    Executed {
        /// Digests of the fragments, in order.
        fragments: Vec<Digest>,
    },
    /// To [`Work::Finish`].
    Finished(Finished),
    /// The text or the data do not allow the work.
    Failed(Failure),
}

/// What a plan says about a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// What it touches.
    pub footprint: FootprintDraft,
    /// The three parts, for a person to read.
    pub explained: Explained,
}

/// The three parts of a question, as text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explained {
    /// What runs at each hospital, row by row, inside a patient.
    pub per_patient: Vec<String>,
    /// The cut: group keys with their domains, and the additive sums that leave.
    pub over_patients: Vec<String>,
    /// What the asking node does with the merged cells.
    pub over_hospitals: Vec<String>,
    /// Every column with its class and uses, e.g. `patient.age (quasi): filter, group`.
    pub columns: Vec<String>,
}

/// A finished table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finished {
    /// Its columns.
    pub columns: Vec<FinishedColumn>,
    /// Its rows in column order; decimals and 64-bit integers as strings, cells that are not shown null.
    pub rows: Vec<Vec<serde_json::Value>>,
    /// Every cell that is null because it is not shown.
    pub cells: Vec<FinishedCell>,
    /// Rows kept out because a HAVING or LIMIT would have had to know a value that is not shown.
    pub undecided: u64,
    /// Every value that is made of quantiles, with what is known of the pooled one.
    pub intervals: Vec<FinishedInterval>,
    /// Every value that is made of figures with noise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub noisy: Vec<FinishedNoise>,
    /// Every cell that is not shown and of which the hospital tells where it lies in the funnel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bands: Vec<FinishedBand>,
    /// What else a reader must know, as sentences.
    pub notes: Vec<String>,
}

/// One column of a finished table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinishedColumn {
    /// Its name.
    pub name: String,
    /// `integer`, `decimal(p,s)`, `float`, `text` or `boolean`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// One cell that is not shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinishedCell {
    /// Row, from 0.
    pub row: usize,
    /// Column, from 0.
    pub column: usize,
    /// Why.
    pub status: CellStatus,
}

/// Between which values the pooled value of a cell lies: a quantile is made of counts between the edges that the dataset declares. Where
/// the value has noise it lies there in 19 of 20 cases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinishedInterval {
    /// Row, from 0.
    pub row: usize,
    /// Column, from 0.
    pub column: usize,
    /// It is this or more; null where the cell is computed from quantiles and no interval is known.
    pub low: Option<f64>,
    /// It is this or less; null together with `low`.
    pub high: Option<f64>,
}

/// A value with noise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinishedNoise {
    /// Row, from 0.
    pub row: usize,
    /// Column, from 0.
    pub column: usize,
    /// The variance of the noise in the value, about; null where it is computed from several such figures and none is known.
    pub variance: Option<f64>,
}

/// Where a figure that is not shown lies in the funnel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinishedBand {
    /// Row, from 0.
    pub row: usize,
    /// Column, from 0.
    pub column: usize,
    /// `below_99_8`, `below_95`, `inside`, `above_95` or `above_99_8`.
    pub band: String,
}

/// The status of a value that travels above the cut; the order is from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellStatus {
    /// It is what it says.
    Shown,
    /// A null at the hospital, without a reason.
    Hidden,
    /// A hospital that answered hides its part.
    Incomplete,
}

/// Why a text or a run is refused. The message names text and dictionary, never a value of the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(deny_unknown_fields)]
#[error("{message}")]
pub struct Failure {
    /// Stable code, e.g. `not_an_aggregate`.
    pub code: String,
    /// What is refused and how to write it instead, in English.
    pub message: String,
    /// The same in Dutch.
    pub message_nl: String,
}

impl Failure {
    /// A failure with its text in English and Dutch.
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>, message_nl: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), message_nl: message_nl.into() }
    }
}
