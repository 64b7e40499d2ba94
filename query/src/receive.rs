//! From a worker's reply to a [`RawAnswer`]: the daemon believes nothing.
//!
//! The worker read SQL from a stranger, so what it sends is checked against the permit, whose footprint says how many
//! cells there are, which sums each has and of which measures: digests, schema, sizes, numbers of rows, and whether the figures
//! of a cell can stand beside each other ([`mod@plausible`]). The daemon needs no SQL for that. Nothing is protected here:
//! [`crate::disclose()`] does that.

use policies::Permit;
use policies::footprint::FragmentFootprint;

use crate::ipc::IpcError;
use crate::pipe::frame::Message;
use crate::pipe::{Failure, Reply, Wanted};

mod cells;
mod plausible;

pub(crate) use cells::{Contribution, Counted, RawCell, RawFragment, Tops};

/// Why a worker's reply gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The permit is for data that are made up: what is run under it is no answer.
    #[error("the permit is for made-up data: nothing that is run under it is an answer")]
    Rehearsed,
    /// The worker refuses: the text or the data do not allow it.
    #[error("{0}")]
    Failed(Failure),
    /// The reply is not to an execution.
    #[error("the worker sent a reply to another kind of job")]
    OtherReply,
    /// The worker ran other fragments than were permitted.
    #[error("the worker ran other fragments than were permitted")]
    OtherFragments,
    /// A blob is not the cells that the footprint describes.
    #[error("the cells of fragment {fragment} are {problem}")]
    BadCells {
        /// The fragment, from 0.
        fragment: usize,
        /// What is wrong.
        #[source]
        problem: IpcError,
    },
    /// Sets of patients that are not what the footprint describes.
    #[error("the sets of fragment {fragment} are not of the expected form")]
    BadSets {
        /// The fragment, from 0.
        fragment: usize,
    },
    /// A figure that cannot be.
    #[error("a cell of fragment {fragment} holds a figure that cannot be")]
    Implausible {
        /// The fragment, from 0.
        fragment: usize,
    },
}

impl ReceiveError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Rehearsed => "rehearsed",
            Self::Failed(failure) => &failure.code,
            Self::OtherReply => "worker_reply",
            Self::OtherFragments => "worker_fragments",
            Self::BadCells { .. } => "worker_cells",
            Self::BadSets { .. } => "worker_sets",
            Self::Implausible { .. } => "worker_figures",
        }
    }
}

/// What a worker computed under a permit. It cannot be copied, printed or stored; only [`crate::disclose()`] takes it.
///
/// ```compile_fail
/// fn copy(raw: &query::RawAnswer) -> query::RawAnswer { raw.clone() }
/// ```
/// ```compile_fail
/// let raw = query::RawAnswer { permit: todo!(), fragments: vec![] };
/// ```
/// ```compile_fail
/// fn text(raw: &query::RawAnswer) -> String { serde_json::to_string(raw).unwrap() }
/// ```
pub struct RawAnswer {
    pub(crate) permit: Permit,
    pub(crate) fragments: Vec<RawFragment>,
    pub(crate) fault: Option<String>,
}

impl RawAnswer {
    /// The code of a failure during execution, for the hospital's own operators: every cell of the answer is hidden then,
    /// so nobody else can tell it from small groups.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// Gives the figures up: the question is to be run again.
    #[must_use]
    pub fn into_permit(self) -> Permit {
        self.permit
    }
}

impl std::fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<redacted>")
    }
}

/// Failures that depend on text, versions and the snapshot as a whole, on no patient: they may be told.
const TOLD: [&str; 5] =
    ["bad_snapshot", "bad_version", "dataset_invalid", "dataset_mismatch", "plan_mismatch"];

/// Checks a worker's reply against the permit that it ran under and the summaries that it was asked for.
///
/// A failure that may depend on the data of a patient gives an answer all the same, with every cell hidden.
///
/// # Errors
/// `ReceiveError::Failed` with a code that depends on no patient, `Rehearsed` where nobody asked.
pub fn receive(
    permit: Permit,
    wanted: Wanted,
    reply: &Message<Reply>,
) -> Result<RawAnswer, ReceiveError> {
    if permit.is_rehearsed() {
        return Err(ReceiveError::Rehearsed);
    }
    received(permit, wanted, reply)
}

/// The same whoever asked, nobody too: [`crate::rehearse`] counts what would be told, and makes no answer of it.
pub(crate) fn received(
    permit: Permit,
    wanted: Wanted,
    reply: &Message<Reply>,
) -> Result<RawAnswer, ReceiveError> {
    let footprint = &permit.footprint().draft().fragments;
    match check(footprint, wanted, reply) {
        Ok(fragments) => Ok(RawAnswer { permit, fragments, fault: None }),
        Err(ReceiveError::Failed(failure)) if TOLD.contains(&failure.code.as_str()) => {
            Err(ReceiveError::Failed(failure))
        }
        Err(error) => {
            let fragments = footprint
                .iter()
                .map(|footprint| RawFragment::of_nobody(footprint, wanted))
                .collect();
            Ok(RawAnswer { permit, fragments, fault: Some(error.code().to_owned()) })
        }
    }
}

/// The cells of a reply, if they are what the footprint describes and hold what is wanted.
pub(crate) fn check(
    expected: &[FragmentFootprint],
    wanted: Wanted,
    reply: &Message<Reply>,
) -> Result<Vec<RawFragment>, ReceiveError> {
    let digests = match &reply.head {
        Reply::Executed { fragments } => fragments,
        Reply::Failed(failure) => return Err(ReceiveError::Failed(failure.clone())),
        Reply::Planned(_) | Reply::Finished(_) => return Err(ReceiveError::OtherReply),
    };
    let (cells, sets) = reply.blobs.split_at_checked(expected.len()).unwrap_or_default();
    let same = digests.iter().eq(expected.iter().map(|fragment| &fragment.digest))
        && cells.len() == expected.len()
        && sets.len() == if wanted.bitmaps { expected.len() } else { 0 };
    if !same {
        return Err(ReceiveError::OtherFragments);
    }
    let mut fragments = Vec::with_capacity(expected.len());
    for (fragment, (footprint, blob)) in expected.iter().zip(cells).enumerate() {
        let batch = cells::decode(footprint, wanted, blob)
            .map_err(|problem| ReceiveError::BadCells { fragment, problem })?;
        let sets = match sets.get(fragment) {
            Some(sets) => Some(
                cells::sets(footprint, wanted, sets).ok_or(ReceiveError::BadSets { fragment })?,
            ),
            None => None,
        };
        let cells = RawFragment::new(footprint, wanted, (&batch, sets))
            .filter(|cells| plausible::holds(cells, &footprint.sums));
        fragments.push(cells.ok_or(ReceiveError::Implausible { fragment })?);
    }
    Ok(fragments)
}

#[cfg(test)]
mod tests;
