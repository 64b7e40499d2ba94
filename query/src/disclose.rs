//! From a [`RawAnswer`] to a [`SafeAnswer`]: every protection applied. The only answer that can be signed.
//!
//! R1 of DISCLOSURE.md: a cell of fewer distinct patients than the permit says is null in every sum, and a cell without
//! patients is the same null unless zeros are shown. The number of patients itself never leaves.

#[cfg_attr(not(test), expect(dead_code, reason = "wired with `ask.explore`"))]
mod noise;
#[cfg_attr(not(test), expect(dead_code, reason = "wired with the primary rules"))]
mod suppress;

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, Decimal128Array, RecordBatch, UInt8Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use policies::Permit;
use policies::protections::{MinPatients, Protections, Zeros};
use policies::wire::Receipt;
use serde::{Deserialize, Serialize};

use crate::cell;
use crate::ipc::{self, MAX_FRAME_BYTES};
use crate::receive::{RawAnswer, RawFragment};

/// Version of the frames.
pub(crate) const FRAMES_VERSION: u32 = 1;

/// What a released cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellState {
    /// Nobody: sums are 0.
    Empty,
    /// Sums are what they say.
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
}

/// The schema of a fragment's released cells.
pub(crate) fn safe_schema(scales: impl Iterator<Item = u8>) -> SchemaRef {
    let mut fields = vec![Field::new("state", DataType::UInt8, false)];
    for (index, scale) in scales.enumerate() {
        fields.push(Field::new(format!("p{index}"), cell::sum_type(scale), true));
    }
    Arc::new(Schema::new(fields))
}

/// Figures that may leave, with the permit that they were computed under.
///
/// ```compile_fail
/// let safe = query::SafeAnswer { frames: vec![] };
/// ```
/// ```compile_fail
/// fn skip(raw: query::RawAnswer) -> query::SafeAnswer { raw }
/// ```
pub struct SafeAnswer {
    permit: Permit,
    frames: Vec<Vec<u8>>,
    cells: Vec<u64>,
    nulls: Vec<u64>,
}

impl std::fmt::Debug for SafeAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SafeAnswer").field("cells", &self.cells).finish_non_exhaustive()
    }
}

impl SafeAnswer {
    /// A JSON head, then one Arrow IPC stream a fragment.
    #[must_use]
    pub fn frames(&self) -> &[Vec<u8>] {
        &self.frames
    }

    /// What was done to the figures.
    #[must_use]
    pub fn receipt(&self) -> Receipt {
        Receipt {
            profile: self.permit.profile(),
            rules: self.permit.rules().to_vec(),
            protections: *self.permit.protections(),
            cells: self.cells.clone(),
            nulls: self.nulls.clone(),
        }
    }

    /// The permit.
    #[must_use]
    pub fn permit(&self) -> &Permit {
        &self.permit
    }
}

/// Why cells cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("the protected cells cannot be encoded")]
pub struct DiscloseError;

impl DiscloseError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "cannot_encode"
    }
}

/// Applies every protection of the permit.
///
/// # Errors
/// `DiscloseError` when the protected cells cannot be encoded.
pub fn disclose(raw: RawAnswer) -> Result<SafeAnswer, DiscloseError> {
    let RawAnswer { permit, fragments, fault } = raw;
    let mut protections = *permit.protections();
    if fault.is_some() {
        protections.min_patients = MinPatients::new(u32::MAX);
        protections.zeros = Zeros::Hidden;
    }
    let mut cells = Vec::with_capacity(fragments.len());
    let mut nulls = Vec::with_capacity(fragments.len());
    let mut safe = Vec::with_capacity(fragments.len());
    for fragment in fragments {
        let protected = protect(&fragment, &protections).ok_or(DiscloseError)?;
        cells.push(u64::try_from(protected.num_rows()).unwrap_or(u64::MAX));
        nulls.push(hidden(&protected));
        safe.push(protected);
    }
    let frames = frames(&safe).ok_or(DiscloseError)?;
    Ok(SafeAnswer { permit, frames, cells, nulls })
}

fn hidden(protected: &RecordBatch) -> u64 {
    let states = protected
        .columns()
        .first()
        .and_then(|column| column.as_primitive_opt::<arrow::datatypes::UInt8Type>());
    let hidden = |states: &UInt8Array| {
        states.values().iter().filter(|state| **state == CellState::Hidden.code()).count()
    };
    states.map_or(0, |states| u64::try_from(hidden(states)).unwrap_or(u64::MAX))
}

/// The frames of protected cells.
pub(crate) fn frames(fragments: &[RecordBatch]) -> Option<Vec<Vec<u8>>> {
    let head = FramesHead { version: FRAMES_VERSION, fragments: fragments.len() };
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

/// The state of a cell of `n` patients.
fn state(n: u64, ruled_out: bool, protections: &Protections) -> CellState {
    let zero = match protections.zeros {
        Zeros::Shown => CellState::Empty,
        Zeros::Hidden if ruled_out => CellState::Empty,
        Zeros::Hidden => CellState::Hidden,
    };
    if n == 0 {
        zero
    } else if n < u64::from(protections.min_patients.get()) {
        CellState::Hidden
    } else {
        CellState::Present
    }
}

/// Cells with everything hidden that must be.
pub(crate) fn protect(fragment: &RawFragment, protections: &Protections) -> Option<RecordBatch> {
    let RawFragment { n, ruled_out, sums } = fragment;
    let cells = n.iter().zip(ruled_out);
    let states: Vec<CellState> =
        cells.map(|(n, ruled_out)| state(*n, *ruled_out, protections)).collect();
    safe_batch(&states, sums)
}

/// Released cells: each sum with its scale, null where the state hides it.
pub(crate) fn safe_batch(states: &[CellState], sums: &[(u8, Vec<i128>)]) -> Option<RecordBatch> {
    let codes: UInt8Array = states.iter().map(|state| state.code()).collect::<Vec<_>>().into();
    let mut columns: Vec<ArrayRef> = vec![Arc::new(codes)];
    for (scale, values) in sums {
        let shown = values.iter().zip(states).map(|(value, state)| match state {
            CellState::Hidden => None,
            CellState::Empty | CellState::Present => Some(*value),
        });
        let shown: Decimal128Array = shown.collect();
        columns.push(Arc::new(shown.with_data_type(cell::sum_type(*scale))));
    }
    RecordBatch::try_new(safe_schema(sums.iter().map(|(scale, _)| *scale)), columns).ok()
}

#[cfg(test)]
mod tests;
