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

use crate::memory::{ApplyError, Charge, Claim, Day, Memory};
use crate::pipe::Wanted;
use crate::receive::{RawAnswer, RawFragment};

mod asked;
mod band;
mod bins;
pub(crate) mod contributors;
mod explored;
#[cfg(test)]
mod fixture;
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
pub use explored::{ExploreError, Explorer, Told, Turn, explore};
pub(crate) use frames::{
    CellState, FRAMES_VERSION, FramesHead, HeadNoise, PartsHead, safe_batch, safe_schema,
};
pub use linked::read_tables;
pub(crate) use linked::{Left, left};
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
    remembers_under(permit.profile(), permit.protections()) || bins::have_noise(permit)
}

/// Whether an answer under the permit needs the node's secret of noise.
#[must_use]
pub fn needs_noise(permit: &Permit) -> bool {
    is_explored(permit) || bins::have_noise(permit) || noisy_parts(permit)
}

/// The same of any profile and protections, of an answer whose bins have no noise.
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

/// Whether parts of cells are told with noise under the permit.
fn noisy_parts(permit: &Permit) -> bool {
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
    let (limits, marks) = (limits(permit), remembered::gaps(permit).is_some());
    let bins = bins::have_noise(permit);
    if limits.is_off() && !marks && !bins {
        return Wanted::NONE;
    }
    let tops = limits.dominance < 100 || limits.p_percent > 0;
    let bitmaps = marks || bins || limits.least_part() > 0;
    let keys = bins || limits.noisy_parts();
    Wanted { contributors: true, tops, keys, marks, bitmaps }
}

/// Applies every protection of the permit to exact figures. `memory` is that of the lineage of the snapshot that was read. Where
/// the permit asks for noise everything is hidden: that is for [`explore()`]. Only bins have noise here, and parts where the permit says
/// so; without an `explorer` they are null wherever they need it ([`needs_noise`]).
///
/// # Errors
/// `ExploreError::Encode` when the protected cells cannot be encoded, `OtherKey` where bins were told with another key.
pub fn disclose(
    raw: RawAnswer,
    memory: &Memory,
    moment: Moment,
    explorer: Option<Explorer<'_>>,
) -> Result<Disclosed, ExploreError> {
    let RawAnswer { permit, mut fragments, fault } = raw;
    let parts = explorer.filter(|_explorer| noisy_parts(&permit));
    let parts = parts.map(|explorer| noisy::Parts::new(explorer, permit.protections()));
    let limits = limits(&permit);
    let footprints = permit.footprint().draft().fragments.as_slice();
    let faulty = fault.is_some();
    let told = (parts.as_ref(), moment);
    let (protections, mut judged) = primary(&permit, &mut fragments, faulty, told);
    let teller = bins::Teller::new(&permit, explorer);
    let binned = binned(&permit, (&fragments, &mut judged), teller.as_ref());
    let gaps = remembered::gaps(&permit);
    let room = remembered::room(permit.profile());
    let claim = Claim { room, adds: remembered::adds(footprints) };
    let judge = || gaps.map(|gaps| Judge::new((memory, claim), gaps, permit.protections(), moment));
    let names = &permit.footprint().draft().names;
    let rules = (&protections, &limits);
    let earlier = match gaps.filter(|_| !faulty) {
        Some(_) => {
            let past = (memory, &moment.snapshot, room);
            linked::Earlier::new(past, (&fragments, footprints, names), rules)
        }
        None => linked::Earlier::default(),
    };
    earlier.begin(&mut judged);
    let all = (fragments.as_slice(), footprints);
    let link = |judged: &mut [Vec<Verdict>]| linked::hide(all, judged, rules, &earlier);
    let link = fault.is_none().then_some(link);
    let (judge, standing) =
        settled::settle((&fragments, footprints, &binned), &mut judged, judge, link);
    let mut protected = Vec::with_capacity(fragments.len());
    for (((fragment, verdicts), standing), own) in
        fragments.iter().zip(&judged).zip(standing).zip(binned)
    {
        let standing = standing.into_iter().chain(std::iter::repeat(None));
        let told: Vec<Figures> =
            own.into_iter().zip(standing).map(|(own, old)| old.or(own)).collect();
        protected.push(Protected::new(fragment, verdicts, &told).ok_or(DiscloseError)?);
    }
    let (mut charge, stands, since) = match judge.map(Judge::end) {
        Some(judged) => (judged.charge, judged.stands, judged.since),
        None => (memory.charge(), 0, None),
    };
    earlier.keep(&mut charge, (&fragments, footprints), &judged, rules);
    let of_bins = teller.as_ref().map(bins::Teller::receipt);
    let of_parts = parts.as_ref().map(noisy::Parts::receipt);
    let noise = of_parts.or(of_bins);
    if let Some(explorer) = explorer.filter(|_explorer| noise.is_some())
        && !memory.keyed(&mut charge, explorer.key.name())
    {
        return Err(ExploreError::OtherKey);
    }
    let variance = |noise: Option<NoiseReceipt>| noise.map(|noise| noise.variance);
    let head = HeadNoise { all: variance(of_parts), bins: variance(of_bins), parts: None };
    let fault = fault.map(|_fault| Rule::Fault);
    let safe = safe((permit, protected), (head, noise), fault)?;
    Ok(Disclosed { safe: SafeAnswer { stands, since, ..safe }, charge })
}

/// The primary rules on every cell, with the protections that they were asked by.
fn primary(
    permit: &Permit,
    fragments: &mut [RawFragment],
    faulty: bool,
    (parts, moment): (Option<&noisy::Parts<'_>>, Moment),
) -> (Protections, Vec<Vec<Verdict>>) {
    let (mut protections, limits) = (*permit.protections(), limits(permit));
    if faulty || is_explored(permit) {
        protections.min_patients = MinPatients::new(u32::MAX);
        protections.zeros = Zeros::Hidden;
    }
    let closed = |cell: usize| {
        let volume = permit.volume().filter(|_volume| !faulty);
        volume.is_some_and(|volume| volume.is_closed(cell, moment.now))
    };
    let judged = fragments.iter_mut().zip(&permit.footprint().draft().fragments);
    let judged = judged.map(|(of, footprint)| {
        let own = rules::everyone::of_cells(footprint, &protections, &limits);
        let mut verdicts = verdicts(of, &footprint.sums, (&own, &limits));
        rules::volume::show(of, (&footprint.sums, &limits), closed, &mut verdicts);
        if noisy_parts(permit) {
            noisy::tell(parts, of, footprint, &mut verdicts);
        } else if limits.parts_apart() {
            let least = limits.least_part();
            band::tell(permit.band(), least, (of, footprint), &mut verdicts);
        }
        verdicts
    });
    let judged = judged.collect();
    (protections, judged)
}

/// The figures of cells with bins as they are told.
fn binned(
    permit: &Permit,
    (fragments, judged): (&[RawFragment], &mut [Vec<Verdict>]),
    teller: Option<&bins::Teller<'_>>,
) -> Vec<Vec<Figures>> {
    let footprints = &permit.footprint().draft().fragments;
    let all = fragments.iter().zip(footprints).zip(judged);
    let told = all.map(|((fragment, footprint), verdicts)| match teller {
        Some(teller) => teller.fragment(fragment, footprint, verdicts),
        None => {
            if bins::have_noise(permit) {
                bins::hide(footprint, verdicts);
            }
            vec![None; verdicts.len()]
        }
    });
    told.collect()
}

/// Protected cells as an answer; with a fault that is every rule.
fn safe(
    (permit, protected): (Permit, Vec<Protected>),
    (head, noise): (HeadNoise, Option<NoiseReceipt>),
    fault: Option<Rule>,
) -> Result<SafeAnswer, DiscloseError> {
    let mut rules = BTreeMap::new();
    for (rule, figures) in protected.iter().flat_map(|fragment| &fragment.rules) {
        let count = rules.entry(fault.unwrap_or(*rule)).or_insert(0_u64);
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
    let frames = frames(&batches, HeadNoise { parts, ..head }).ok_or(DiscloseError)?;
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
