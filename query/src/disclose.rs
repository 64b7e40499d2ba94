//! From a [`RawAnswer`] to a [`SafeAnswer`]: every protection applied. The only answer that can be signed.
//!
//! [`rules`] says what of each cell is shown: a cell of fewer distinct patients than the permit says is null in every sum, a
//! cell without patients is the same null unless zeros are shown, and in a cell that is shown single sums can be null. The
//! number of patients itself never leaves, nor which rule made a null: that is counted for the hospital's own log. What would be
//! shown is then held against what was told before ([`remembered`]), and [`linked`] says what else is null, so that no null is the
//! difference of what the rest of the answer shows. What that adds to the memory is a [`Charge`], and only who has applied it gets
//! the answer.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use policies::footprint::SumFootprint;
use policies::protections::{MinPatients, Protections, Zeros};
use policies::wire::{NoiseReceipt, Receipt};
use policies::{Limits, Permit, Profile, UnixTime};

use crate::memory::{ApplyError, Charge, Day, Memory};
use crate::pipe::Wanted;
use crate::receive::{RawAnswer, RawFragment};

mod asked;
mod band;
mod explored;
mod frames;
mod linked;
mod noise;
mod noisy;
mod protected;
mod remembered;
mod rules;
mod settled;
mod suppress;

pub use asked::asked;
pub(crate) use band::Band;
pub use explored::{ExploreError, Explorer, explore};
pub(crate) use frames::{
    CellState, FRAMES_VERSION, FramesHead, PartsHead, safe_batch, safe_schema,
};
pub use noise::NoiseKey;
pub(crate) use noisy::parts;
pub use remembered::Moment;

use frames::frames;
use protected::Protected;
use remembered::Judge;
use rules::{Rule, Verdict};

/// Seconds of a day.
const DAY_S: i64 = 86_400;
/// The figures that stand for a cell's own, if any do.
type Figures = Option<Vec<Option<i128>>>;

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
        || has_noisy_parts(profile, protections)
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

/// Whether parts of cells are told with noise under the permit: [`disclose_parts`] is for that.
#[must_use]
pub fn noisy_parts(permit: &Permit) -> bool {
    has_noisy_parts(permit.profile(), permit.protections())
}

fn has_noisy_parts(profile: Profile, protections: &Protections) -> bool {
    let exact = match profile {
        Profile::Indicator | Profile::Members => true,
        Profile::Explore | Profile::Network | Profile::Strict => false,
    };
    exact && Limits::of(protections).noisy_parts()
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
    let keys = remembers || limits.noisy_parts();
    Wanted { contributors: true, tops, keys, bitmaps }
}

/// Applies every protection of the permit to exact figures. `memory` is that of the lineage of the snapshot that was read. Where
/// the permit asks for noise everything is hidden: that is for [`explore()`]. Where it asks for noisy parts these are null: that is
/// for [`disclose_parts`].
///
/// # Errors
/// `DiscloseError` when the protected cells cannot be encoded.
pub fn disclose(
    raw: RawAnswer,
    memory: &Memory,
    moment: Moment,
) -> Result<Disclosed, DiscloseError> {
    exact(raw, (memory, memory.charge()), moment, None)
}

/// The same, and parts of cells with noise where the permit asks for that.
///
/// # Errors
/// `ExploreError`: nothing may be released then.
pub fn disclose_parts(
    raw: RawAnswer,
    memory: &Memory,
    moment: Moment,
    explorer: Explorer<'_>,
) -> Result<Disclosed, ExploreError> {
    if !noisy_parts(&raw.permit) {
        return Ok(disclose(raw, memory, moment)?);
    }
    let mut charge = memory.charge();
    if !memory.keyed(&mut charge, explorer.key.name()) {
        return Err(ExploreError::OtherKey);
    }
    let protections = *raw.permit.protections();
    let parts = noisy::Parts::new(explorer.key, explorer.dataset, &protections);
    Ok(exact(raw, (memory, charge), moment, Some(&parts))?)
}

/// Exact figures, and parts with noise. `charge` is what is entered whatever is told.
fn exact(
    raw: RawAnswer,
    (memory, charge): (&Memory, Charge),
    moment: Moment,
    parts: Option<&noisy::Parts<'_>>,
) -> Result<Disclosed, DiscloseError> {
    let RawAnswer { permit, mut fragments, fault } = raw;
    let mut protections = *permit.protections();
    let limits = limits(&permit);
    if fault.is_some() || is_explored(&permit) {
        protections.min_patients = MinPatients::new(u32::MAX);
        protections.zeros = Zeros::Hidden;
    }
    let gaps = remembered::gaps(&permit);
    let judge = || {
        let judge = gaps.map(|gaps| Judge::new(memory, gaps, permit.protections(), moment));
        judge.map(|judge| judge.charged(charge.clone()))
    };
    let footprints = &permit.footprint().draft().fragments;
    let closed = |cell: usize| {
        let volume = permit.volume().filter(|_volume| fault.is_none());
        volume.is_some_and(|volume| volume.is_closed(cell, moment.now))
    };
    let judged = fragments.iter_mut().zip(footprints).map(|(of, footprint)| {
        let own = rules::everyone::of_cells(footprint, &protections, &limits);
        let mut verdicts = verdicts(of, &footprint.sums, (&own, &limits));
        rules::volume::show(of, (&footprint.sums, &limits), closed, &mut verdicts);
        if noisy_parts(&permit) {
            noisy::tell(parts, of, footprint, &mut verdicts);
        } else if limits.parts_apart() {
            let least = limits.least_part();
            band::tell(permit.band(), least, (of, footprint), &mut verdicts);
        }
        verdicts
    });
    let mut judged: Vec<Vec<Verdict>> = judged.collect();
    let all = (fragments.as_slice(), footprints.as_slice());
    let link = |judged: &mut [Vec<Verdict>]| linked::hide(all, judged, (&protections, &limits));
    let link = fault.is_none().then_some(link);
    let (judge, standing) = settled::settle(all, &mut judged, judge, link);
    let mut protected = Vec::with_capacity(fragments.len());
    for ((fragment, verdicts), standing) in fragments.iter().zip(&judged).zip(&standing) {
        protected.push(Protected::new(fragment, verdicts, standing).ok_or(DiscloseError)?);
    }
    let (charge, stands, since) = match judge.map(Judge::end) {
        Some(judged) => (judged.charge, judged.stands, judged.since),
        None => (charge, 0, None),
    };
    let noise = parts.map(noisy::Parts::receipt);
    let mut safe = safe(permit, protected, noise)?;
    if fault.is_some() {
        let figures = safe.rules.values().fold(0, |all: u64, figures| all.saturating_add(*figures));
        safe.rules = if figures > 0 { [(Rule::Fault, figures)].into() } else { BTreeMap::new() };
    }
    Ok(Disclosed { safe: SafeAnswer { stands, since, ..safe }, charge })
}

/// Protected cells as they leave.
fn safe(
    permit: Permit,
    protected: Vec<Protected>,
    noise: Option<NoiseReceipt>,
) -> Result<SafeAnswer, DiscloseError> {
    let mut rules = BTreeMap::new();
    for (rule, figures) in protected.iter().flat_map(|fragment| &fragment.rules) {
        let count = rules.entry(*rule).or_insert(0_u64);
        *count = count.saturating_add(*figures);
    }
    let count = |of: fn(&Protected) -> u64| protected.iter().map(of).collect();
    let (cells, nulls) = (count(|fragment| fragment.cells), count(|fragment| fragment.nulls));
    let figures = count(|fragment| fragment.figures);
    let batches: Vec<RecordBatch> = protected.into_iter().map(|fragment| fragment.batch).collect();
    let parts = match Limits::of(permit.protections()) {
        limits if has_noise(permit.profile()) || !limits.parts_apart() => None,
        limits if limits.noisy_parts() => Some(PartsHead::Noisy),
        _bands => Some(PartsHead::Banded),
    };
    let told = (noise.map(|noise| noise.variance), parts);
    let frames = frames(&batches, told).ok_or(DiscloseError)?;
    let (stands, since) = (0, None);
    Ok(SafeAnswer { permit, frames, cells, nulls, figures, rules, stands, since, noise })
}

/// Applies the rules to every cell.
pub(crate) fn verdicts(
    fragment: &RawFragment,
    sums: &[SumFootprint],
    limits: (&Protections, &Limits),
) -> Vec<Verdict> {
    fragment.cells().map(|cell| rules::judge(cell, sums, limits)).collect()
}

#[cfg(test)]
mod tests;
