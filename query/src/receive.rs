//! From a worker's reply to a [`RawAnswer`]: the daemon believes nothing.
//!
//! The worker read SQL from a stranger, so what it sends is checked against the permit, whose footprint says how many
//! cells there are and which sums each has: digests, schema, sizes, numbers of rows, and what counts and empty cells can
//! be. The daemon needs no SQL for that. Nothing is protected here: [`crate::disclose()`] does that.

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, BooleanArray, Decimal128Array, RecordBatch, UInt64Array,
};
use arrow::datatypes::{Decimal128Type, UInt64Type};
use policies::Permit;
use policies::footprint::{FragmentFootprint, SumFootprint};

use crate::cell;
use crate::execute::raw_schema;
use crate::ipc::{self, IpcError};
use crate::pipe::frame::Message;
use crate::pipe::{Failure, Reply};

/// No hospital has more patients or rows.
const MAX_COUNT: i128 = 1_000_000_000_000;

/// Why a worker's reply gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
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
            Self::Failed(failure) => &failure.code,
            Self::OtherReply => "worker_reply",
            Self::OtherFragments => "worker_fragments",
            Self::BadCells { .. } => "worker_cells",
            Self::Implausible { .. } => "worker_figures",
        }
    }
}

/// One fragment's cells, not protected.
pub(crate) struct RawFragment {
    /// Patients of each cell.
    pub(crate) n: Vec<u64>,
    /// Cells that the text alone leaves empty, whatever the data are.
    pub(crate) ruled_out: Vec<bool>,
    /// Each sum: its digits behind the point, and its value cell by cell.
    pub(crate) sums: Vec<(u8, Vec<i128>)>,
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
}

impl std::fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<redacted>")
    }
}

/// Failures that depend on text, versions and the snapshot as a whole, on no patient: they may be told.
const TOLD: [&str; 5] =
    ["bad_snapshot", "bad_version", "dataset_invalid", "dataset_mismatch", "plan_mismatch"];

/// Checks a worker's reply against the permit that it ran under.
///
/// A failure that may depend on the data of a patient gives an answer all the same, with every cell hidden.
///
/// # Errors
/// `ReceiveError::Failed` with a code that depends on no patient.
pub fn receive(permit: Permit, reply: &Message<Reply>) -> Result<RawAnswer, ReceiveError> {
    let footprint = &permit.footprint().draft().fragments;
    match check(footprint, reply) {
        Ok(fragments) => Ok(RawAnswer { permit, fragments, fault: None }),
        Err(ReceiveError::Failed(failure)) if TOLD.contains(&failure.code.as_str()) => {
            Err(ReceiveError::Failed(failure))
        }
        Err(error) => {
            let fragments = footprint.iter().map(withheld).collect();
            Ok(RawAnswer { permit, fragments, fault: Some(error.code().to_owned()) })
        }
    }
}

/// The cells of a fragment whose run failed.
fn withheld(footprint: &FragmentFootprint) -> RawFragment {
    let cells = usize::try_from(footprint.cells).unwrap_or(usize::MAX);
    RawFragment {
        n: vec![0; cells],
        ruled_out: vec![false; cells],
        sums: footprint.sums.iter().map(|sum| (sum.scale, vec![0; cells])).collect(),
    }
}

pub(crate) fn check(
    expected: &[FragmentFootprint],
    reply: &Message<Reply>,
) -> Result<Vec<RawFragment>, ReceiveError> {
    let digests = match &reply.head {
        Reply::Executed { fragments } => fragments,
        Reply::Failed(failure) => return Err(ReceiveError::Failed(failure.clone())),
        Reply::Planned(_) | Reply::Finished(_) => return Err(ReceiveError::OtherReply),
    };
    let same = digests.iter().eq(expected.iter().map(|fragment| &fragment.digest))
        && reply.blobs.len() == expected.len();
    if !same {
        return Err(ReceiveError::OtherFragments);
    }
    let mut fragments = Vec::with_capacity(expected.len());
    for (index, (footprint, blob)) in expected.iter().zip(&reply.blobs).enumerate() {
        let scales = || footprint.sums.iter().map(|sum| sum.scale);
        let batch = ipc::decode(blob, &raw_schema(scales()), |nulls| {
            (nulls == 0).then(|| zeros(footprint.cells, scales())).flatten()
        })
        .map_err(|problem| ReceiveError::BadCells { fragment: index, problem })?;
        let cells =
            figures(&batch, &footprint.sums).filter(|cells| plausible(cells, &footprint.sums));
        fragments.push(cells.ok_or(ReceiveError::Implausible { fragment: index })?);
    }
    Ok(fragments)
}

/// So many empty cells.
fn zeros(cells: u64, scales: impl Iterator<Item = u8>) -> Option<RecordBatch> {
    let cells = usize::try_from(cells).ok()?;
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(UInt64Array::from(vec![0; cells])),
        Arc::new(BooleanArray::from(vec![false; cells])),
    ];
    let scales: Vec<u8> = scales.collect();
    for scale in &scales {
        let sums = Decimal128Array::from(vec![0; cells]).with_data_type(cell::sum_type(*scale));
        columns.push(Arc::new(sums));
    }
    RecordBatch::try_new(raw_schema(scales.into_iter()), columns).ok()
}

/// The figures of a batch of the expected schema, none of them null.
fn figures(batch: &RecordBatch, sums: &[SumFootprint]) -> Option<RawFragment> {
    let [n, ruled_out, columns @ ..] = batch.columns() else { return None };
    if batch.columns().iter().any(|column| column.null_count() > 0) {
        return None;
    }
    let columns = columns.iter().zip(sums).map(|(column, sum)| {
        let values = column.as_primitive_opt::<Decimal128Type>()?;
        values.validate_decimal_precision(cell::SUM_PRECISION).ok()?;
        Some((sum.scale, values.values().to_vec()))
    });
    let n = n.as_primitive_opt::<UInt64Type>()?.values().to_vec();
    // A cell with patients is not empty, whatever the worker read in the text: its threshold applies.
    let ruled_out = ruled_out.as_boolean_opt()?.values().iter().zip(&n);
    Some(RawFragment {
        ruled_out: ruled_out.map(|(ruled_out, n)| ruled_out && *n == 0).collect(),
        n,
        sums: columns.collect::<Option<Vec<_>>>()?,
    })
}

/// Counts are counts, and no cell without patients has sums.
fn plausible(cells: &RawFragment, sums: &[SumFootprint]) -> bool {
    cells.n.iter().all(|n| i128::from(*n) <= MAX_COUNT)
        && cells.sums.len() == sums.len()
        && cells.sums.iter().zip(sums).all(|((_, values), sum)| {
            values.iter().zip(&cells.n).all(|(value, n)| {
                let count = !sum.kind.is_count() || (0..=MAX_COUNT).contains(value);
                count && (*n > 0 || *value == 0)
            })
        })
}

#[cfg(test)]
mod tests;
