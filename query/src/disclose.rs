//! From a [`RawAnswer`] to a [`SafeAnswer`]: every protection applied. The only answer that can be signed.
//!
//! [`rules`] says what of each cell is shown: a cell of fewer distinct patients than the permit says is null in every sum, a
//! cell without patients is the same null unless zeros are shown, and in a cell that is shown single sums can be null.
//! [`linked`] says what else is null, so that no null is the difference of what the rest of the answer shows. The number of patients itself never leaves, nor which rule made a null: that is counted for the hospital's own log.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, RecordBatch, UInt8Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use policies::footprint::SumFootprint;
use policies::protections::{MinPatients, Protections, Zeros};
use policies::wire::Receipt;
use policies::{Limits, Permit};
use serde::{Deserialize, Serialize};

use crate::cell;
use crate::ipc::{self, MAX_FRAME_BYTES};
use crate::pipe::Wanted;
use crate::receive::{RawAnswer, RawFragment};

mod linked;
#[cfg_attr(not(test), expect(dead_code, reason = "wired with `ask.explore`"))]
mod noise;
mod rules;
mod suppress;

use rules::{Rule, Verdict};

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
    figures: Vec<u64>,
    rules: BTreeMap<Rule, u64>,
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
            own: self.permit.own(),
            protections: self.permit.protections().applied(),
            cells: self.cells.clone(),
            nulls: self.nulls.clone(),
            figures: self.figures.clone(),
        }
    }

    /// How many figures are null by which rule. For the hospital's own log: nobody else is told.
    #[must_use]
    pub fn rules(&self) -> BTreeMap<String, u64> {
        self.rules.iter().map(|(rule, figures)| (rule.word().to_owned(), *figures)).collect()
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

/// The limits of single figures under a permit.
fn limits(permit: &Permit) -> Limits {
    Limits::of(permit.protections())
}

/// The hidden summaries that the protections of a permit look at.
#[must_use]
pub fn wanted(permit: &Permit) -> Wanted {
    let limits = limits(permit);
    if limits.is_off() {
        return Wanted::NONE;
    }
    let tops = limits.dominance < 100 || limits.p_percent > 0;
    Wanted { contributors: true, tops, keys: false, bitmaps: limits.least_part() > 0 }
}

/// Applies every protection of the permit.
///
/// # Errors
/// `DiscloseError` when the protected cells cannot be encoded.
pub fn disclose(raw: RawAnswer) -> Result<SafeAnswer, DiscloseError> {
    let RawAnswer { permit, fragments, fault } = raw;
    let mut protections = *permit.protections();
    let limits = limits(&permit);
    if fault.is_some() {
        protections.min_patients = MinPatients::new(u32::MAX);
        protections.zeros = Zeros::Hidden;
    }
    let footprints = &permit.footprint().draft().fragments;
    let judged = fragments.iter().zip(footprints);
    let judged = judged.map(|(of, footprint)| judge(of, &footprint.sums, (&protections, &limits)));
    let mut verdicts: Vec<Vec<Verdict>> = judged.collect();
    if fault.is_none() {
        linked::hide((&fragments, footprints), &mut verdicts, (&protections, &limits));
    }
    let mut protected = Vec::with_capacity(fragments.len());
    for (fragment, verdicts) in fragments.iter().zip(&verdicts) {
        protected.push(protect(fragment, verdicts).ok_or(DiscloseError)?);
    }
    let mut rules = BTreeMap::new();
    for (rule, figures) in protected.iter().flat_map(|fragment| &fragment.rules) {
        let rule = if fault.is_some() { Rule::Fault } else { *rule };
        let count = rules.entry(rule).or_insert(0_u64);
        *count = count.saturating_add(*figures);
    }
    let count = |of: fn(&Protected) -> u64| protected.iter().map(of).collect();
    let (cells, nulls) = (count(|fragment| fragment.cells), count(|fragment| fragment.nulls));
    let figures = count(|fragment| fragment.figures);
    let batches: Vec<RecordBatch> = protected.into_iter().map(|fragment| fragment.batch).collect();
    let frames = frames(&batches).ok_or(DiscloseError)?;
    Ok(SafeAnswer { permit, frames, cells, nulls, figures, rules })
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

/// A fragment's cells with everything hidden that must be.
struct Protected {
    batch: RecordBatch,
    /// Cells of the domain.
    cells: u64,
    /// Cells that are null.
    nulls: u64,
    /// Null figures of the other cells.
    figures: u64,
    /// Null figures by rule.
    rules: BTreeMap<Rule, u64>,
}

/// What the primary rules say of every cell.
fn judge(
    fragment: &RawFragment,
    sums: &[SumFootprint],
    limits: (&Protections, &Limits),
) -> Vec<Verdict> {
    fragment.cells().map(|cell| rules::judge(cell, sums, limits)).collect()
}

/// Applies what was decided of every cell.
fn protect(fragment: &RawFragment, verdicts: &[Verdict]) -> Option<Protected> {
    let mut rules = BTreeMap::new();
    verdicts.iter().for_each(|verdict| verdict.count(&mut rules));
    let (hidden, shown): (Vec<&Verdict>, Vec<&Verdict>) =
        verdicts.iter().partition(|verdict| verdict.state == CellState::Hidden);
    let figures = shown.iter().flat_map(|verdict| &verdict.sums).flatten().count();
    let many = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let (cells, nulls, figures) = (many(verdicts.len()), many(hidden.len()), many(figures));
    let states: Vec<CellState> = verdicts.iter().map(|verdict| verdict.state).collect();
    let columns = fragment.sums.iter().enumerate().map(|(at, (scale, values))| {
        let shown = values.iter().zip(verdicts).map(|(value, verdict)| {
            let shown = verdict.state != CellState::Hidden
                && verdict.sums.get(at).is_some_and(Option::is_none);
            shown.then_some(*value)
        });
        (*scale, shown.collect())
    });
    let columns: Vec<(u8, Vec<Option<i128>>)> = columns.collect();
    let batch = safe_batch(&states, &columns)?;
    Some(Protected { batch, cells, nulls, figures, rules })
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

#[cfg(test)]
mod tests;
