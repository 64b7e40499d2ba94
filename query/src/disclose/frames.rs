//! Protected cells as they leave: a JSON head, then one Arrow IPC stream a fragment.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, RecordBatch, UInt8Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use serde::{Deserialize, Serialize};

use crate::cell;
use crate::ipc::{self, MAX_FRAME_BYTES};

/// Version of the frames.
pub(crate) const FRAMES_VERSION: u32 = 1;

/// What a released cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellState {
    /// Nobody: sums are 0.
    Empty,
    /// Sums are what they say, or null for themselves; not all of them are.
    Present,
    /// Sums are null, without a reason.
    Hidden,
}

impl CellState {
    /// The number on the wire.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Empty => 0,
            Self::Present => 1,
            Self::Hidden => 2,
        }
    }

    /// The state of a number.
    pub(crate) fn of(code: u8) -> Option<Self> {
        [Self::Empty, Self::Present, Self::Hidden].into_iter().find(|state| state.code() == code)
    }
}

/// Frame 0: how many fragments follow, one frame each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FramesHead {
    pub(crate) version: u32,
    pub(crate) fragments: usize,
    /// Where counts have noise, its variance: they can be below 0 then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) noise: Option<u32>,
    /// Where only counts in bins have noise, or these beside parts, its variance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bins: Option<u32>,
    /// Where parts are told otherwise than the rest, how: what the text says is of all patients of a cell is exact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parts: Option<PartsHead>,
}

/// How parts are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PartsHead {
    /// With the noise of the head.
    Noisy,
    /// As numbers of bands.
    Banded,
}

/// Which figures of an answer are not exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeadNoise {
    /// The variance of all counts; of those of parts where `parts` says so.
    pub(crate) all: Option<u32>,
    /// Of counts in bins.
    pub(crate) bins: Option<u32>,
    /// How parts are told.
    pub(crate) parts: Option<PartsHead>,
}

/// The schema of a fragment's released cells.
pub(crate) fn safe_schema(scales: impl Iterator<Item = u8>) -> SchemaRef {
    let mut fields = vec![Field::new("state", DataType::UInt8, false)];
    for (index, scale) in scales.enumerate() {
        fields.push(Field::new(format!("p{index}"), cell::sum_type(scale), true));
    }
    Arc::new(Schema::new(fields))
}

/// The frames of protected cells, and which of their figures are not exact.
pub(super) fn frames(fragments: &[RecordBatch], noise: HeadNoise) -> Option<Vec<Vec<u8>>> {
    let HeadNoise { all: noise, bins, parts } = noise;
    let (version, count) = (FRAMES_VERSION, fragments.len());
    let head = FramesHead { version, fragments: count, noise, bins, parts };
    let mut frames = vec![serde_json::to_vec(&head).ok()?];
    for fragment in fragments {
        let frame = ipc::encode(fragment).ok()?;
        if frame.len() > MAX_FRAME_BYTES {
            return None;
        }
        frames.push(frame);
    }
    Some(frames)
}

/// Released cells: each sum with its scale, null where it is not shown.
pub(crate) fn safe_batch(
    states: &[CellState],
    sums: &[(u8, Vec<Option<i128>>)],
) -> Option<RecordBatch> {
    let codes: UInt8Array = states.iter().map(|state| state.code()).collect::<Vec<_>>().into();
    let mut columns: Vec<ArrayRef> = vec![Arc::new(codes)];
    for (scale, values) in sums {
        let shown: Decimal128Array = values.iter().copied().collect();
        columns.push(Arc::new(shown.with_data_type(cell::sum_type(*scale))));
    }
    RecordBatch::try_new(safe_schema(sums.iter().map(|(scale, _)| *scale)), columns).ok()
}
