//! From a [`RawAnswer`] to a [`SafeAnswer`]: every protection applied. The only answer that can be signed.
//!
//! [`rules`] says what of each cell is shown: a cell of fewer distinct patients than the permit says is null in every sum, a
//! cell without patients is the same null unless zeros are shown, and in a cell that is shown single sums can be null. The
//! number of patients itself never leaves, nor which rule made a null: that is counted for the hospital's own log. What would be
//! shown is then held against what was told before ([`remembered`]), and [`linked`] says what else is null, so that no null is the
//! difference of what the rest of the answer shows. What that adds to the memory is a [`Charge`], and only who has applied it gets
//! the answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, RecordBatch, UInt8Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use policies::footprint::SumFootprint;
use policies::protections::{MinPatients, Protections, Zeros};
use policies::wire::{NoiseReceipt, Receipt};
use policies::{Limits, Permit, Profile, UnixTime};
use serde::{Deserialize, Serialize};

use crate::cell;
use crate::ipc::{self, MAX_FRAME_BYTES};
use crate::memory::{ApplyError, Charge, Day, Memory};
use crate::pipe::Wanted;
use crate::receive::{RawAnswer, RawFragment};

mod asked;
mod explored;
mod linked;
mod noise;
mod protected;
mod remembered;
mod rules;
mod settled;
mod suppress;

pub use asked::asked;
pub use explored::{ExploreError, Explorer, explore};
pub use noise::NoiseKey;
pub use remembered::Moment;

use protected::Protected;
use remembered::Judge;
use rules::{Rule, Verdict};

/// Seconds of a day.
const DAY_S: i64 = 86_400;
/// The figures that stand for a cell's own, if any do.
type Figures = Option<Vec<Option<i128>>>;

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
    stands: u64,
    since: Option<Day>,
    noise: Option<NoiseReceipt>,
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
            protections: self.permit.protections().applied_under(self.permit.profile()),
            cells: self.cells.clone(),
            nulls: self.nulls.clone(),
            figures: self.figures.clone(),
            since: self.since.map(|day| UnixTime(i64::from(day).saturating_mul(DAY_S))),
            noise: self.noise,
        }
    }

    /// Cells whose figures are those that were told before. For the hospital's own log: nobody else is told how many.
    #[must_use]
    pub fn stands(&self) -> u64 {
        self.stands
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

/// A protected answer whose charge is not applied yet: nothing can be signed or read of it.
///
/// ```compile_fail
/// fn skip(disclosed: query::Disclosed) -> query::SafeAnswer { disclosed.safe }
/// ```
#[derive(Debug)]
pub struct Disclosed {
    safe: SafeAnswer,
    charge: Charge,
}

impl Disclosed {
    /// What the answer adds to the memory: to be made durable before it is applied.
    #[must_use]
    pub fn charge(&self) -> &Charge {
        &self.charge
    }

    /// Applies the charge. One that adds nothing is not counted.
    ///
    /// # Errors
    /// `ApplyError` where the memory is not the one that the answer was held against; nothing is changed then.
    pub fn charged(self, memory: &mut Memory) -> Result<SafeAnswer, ApplyError> {
        let Self { safe, charge } = self;
        if !charge.is_empty() {
            memory.apply(&charge)?;
        }
        Ok(safe)
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

/// Whether an answer under the permit is held against what was told before, and remembered.
#[must_use]
pub fn remembers(permit: &Permit) -> bool {
    remembers_under(permit.profile(), permit.protections())
}

/// The same of any profile and protections.
#[must_use]
pub fn remembers_under(profile: Profile, protections: &Protections) -> bool {
    remembered::gaps_under(profile, protections).is_some()
        || has_noise(profile)
        || asked::is_counted(protections)
}

/// Whether figures under the permit have noise.
fn is_explored(permit: &Permit) -> bool {
    has_noise(permit.profile())
}

/// Whether figures under the profile have noise.
fn has_noise(profile: Profile) -> bool {
    match profile {
        Profile::Explore => true,
        Profile::Indicator | Profile::Members | Profile::Network | Profile::Strict => false,
    }
}

/// The hidden summaries that the protections of a permit look at.
#[must_use]
pub fn wanted(permit: &Permit) -> Wanted {
    if is_explored(permit) {
        return explored::WANTED;
    }
    let (limits, remembers) = (limits(permit), remembered::gaps(permit).is_some());
    if limits.is_off() && !remembers {
        return Wanted::NONE;
    }
    let tops = limits.dominance < 100 || limits.p_percent > 0;
    let bitmaps = remembers || limits.least_part() > 0;
    Wanted { contributors: true, tops, keys: remembers, bitmaps }
}

/// Applies every protection of the permit to exact figures. `memory` is that of the lineage of the snapshot that was read. Where
/// the permit asks for noise everything is hidden: that is for [`explore()`].
///
/// # Errors
/// `DiscloseError` when the protected cells cannot be encoded.
pub fn disclose(
    raw: RawAnswer,
    memory: &Memory,
    moment: Moment,
) -> Result<Disclosed, DiscloseError> {
    let RawAnswer { permit, fragments, fault } = raw;
    let mut protections = *permit.protections();
    let limits = limits(&permit);
    if fault.is_some() || is_explored(&permit) {
        protections.min_patients = MinPatients::new(u32::MAX);
        protections.zeros = Zeros::Hidden;
    }
    let gaps = remembered::gaps(&permit);
    let judge = || gaps.map(|gaps| Judge::new(memory, gaps, permit.protections(), moment));
    let footprints = &permit.footprint().draft().fragments;
    let judged = fragments.iter().zip(footprints);
    let closed = |cell: usize| {
        let volume = permit.volume().filter(|_volume| fault.is_none());
        volume.is_some_and(|volume| volume.is_closed(cell, moment.now))
    };
    let judged = judged.map(|(of, footprint)| {
        let own = rules::everyone::of_cells(footprint, &protections, &limits);
        let mut verdicts = verdicts(of, &footprint.sums, (&own, &limits));
        rules::volume::show(of, (&footprint.sums, &limits), closed, &mut verdicts);
        verdicts
    });
    let mut judged: Vec<Vec<Verdict>> = judged.collect();
    let names = &permit.footprint().draft().names;
    let rules = (&protections, &limits);
    let earlier = match gaps.filter(|_| fault.is_none()) {
        Some(_) => {
            let past = (memory, &moment.snapshot);
            linked::Earlier::new(past, (&fragments, footprints, names), rules)
        }
        None => linked::Earlier::default(),
    };
    earlier.begin(&mut judged);
    let all = (fragments.as_slice(), footprints.as_slice());
    let link = |judged: &mut [Vec<Verdict>]| linked::hide(all, judged, rules, &earlier);
    let link = fault.is_none().then_some(link);
    let (judge, standing) = settled::settle(all, &mut judged, judge, link);
    let mut protected = Vec::with_capacity(fragments.len());
    for ((fragment, verdicts), standing) in fragments.iter().zip(&judged).zip(&standing) {
        protected.push(Protected::new(fragment, verdicts, standing).ok_or(DiscloseError)?);
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
    let frames = frames(&batches, None).ok_or(DiscloseError)?;
    let (mut charge, stands, since) = match judge.map(Judge::end) {
        Some(judged) => (judged.charge, judged.stands, judged.since),
        None => (memory.charge(), 0, None),
    };
    earlier.keep(&mut charge, (&fragments, footprints), &judged, (&protections, &limits));
    let noise = None;
    let safe = SafeAnswer { permit, frames, cells, nulls, figures, rules, stands, since, noise };
    Ok(Disclosed { safe, charge })
}

/// The frames of protected cells, with the variance of their noise if they have any.
pub(crate) fn frames(fragments: &[RecordBatch], noise: Option<u32>) -> Option<Vec<Vec<u8>>> {
    let head = FramesHead { version: FRAMES_VERSION, fragments: fragments.len(), noise };
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

/// Applies the rules to every cell.
pub(crate) fn verdicts(
    fragment: &RawFragment,
    sums: &[SumFootprint],
    limits: (&Protections, &Limits),
) -> Vec<Verdict> {
    fragment.cells().map(|cell| rules::judge(cell, sums, limits)).collect()
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
