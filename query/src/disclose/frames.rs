//! How released cells are written: a JSON head, then one Arrow IPC stream a fragment.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, RecordBatch, UInt8Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use policies::footprint::SumKind;
use serde::{Deserialize, Serialize};

use super::CellState;
use crate::cell;
use crate::ipc::{self, MAX_FRAME_BYTES};

/// Version of the frames.
pub(crate) const FRAMES_VERSION: u32 = 1;

/// Frame 0: how many fragments follow, one frame each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FramesHead {
    pub(crate) version: u32,
    pub(crate) fragments: usize,
    /// Where counts have noise, its variance: they can be below 0 then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) noise: Option<u32>,
    /// Where only counts in bins have noise, its variance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bins: Option<u32>,
}

/// The variance of the noise of an answer's counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeadNoise {
    /// Of all of them.
    pub(crate) all: Option<u32>,
    /// Of those in bins.
    pub(crate) bins: Option<u32>,
}

impl HeadNoise {
    /// Of figures of a kind, where these have noise.
    pub(crate) fn of(self, kind: SumKind) -> Option<u32> {
        self.all.or(self.bins.filter(|_variance| kind == SumKind::Bin))
    }
}

/// The frames of protected cells, with the variance of their noise if they have any.
pub(crate) fn frames(fragments: &[RecordBatch], noise: HeadNoise) -> Option<Vec<Vec<u8>>> {
    let HeadNoise { all: noise, bins } = noise;
    let head = FramesHead { version: FRAMES_VERSION, fragments: fragments.len(), noise, bins };
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

/// The schema of a fragment's released cells.
pub(crate) fn safe_schema(scales: impl Iterator<Item = u8>) -> SchemaRef {
    let mut fields = vec![Field::new("state", DataType::UInt8, false)];
    for (index, scale) in scales.enumerate() {
        fields.push(Field::new(format!("p{index}"), cell::sum_type(scale), true));
    }
    Arc::new(Schema::new(fields))
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
