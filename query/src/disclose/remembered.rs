//! What was answered before, held against the cells that the rules would show: DISCLOSURE.md section 7, exact figures.
//!
//! Each cell is one thing: its patients and the patients of each count that is shown are compared with every set that was told
//! over the lineage, by any person, and with the cells before it in the same answer. It is told as it is, told as it was
//! told before, or null as a whole, so that nothing in it can be put together from the rest of it. A cell without figures is compared
//! like any other: that it is there tells that it has enough patients.
//!
//! Pairs of sets are looked at here. What several figures give away together is not.

use policies::footprint::{FragmentFootprint, SumFootprint, SumKind};
use policies::protections::{Kind, Protections};
use policies::{Digest, Limits, Permit, Profile, UnixTime};

use super::contributors::contributors;
use super::rules::{Rule, Verdict};
use super::{CellState, DAY_S, Figures};
use crate::memory::{
    Amounts, Charge, Claim, Day, ExactCell, Gaps, Measure, Memory, Name, Room, Ruling, Standing,
};
use crate::receive::{Contribution, RawCell, RawFragment};

/// What a cell's name begins with.
const CELL: &[u8] = b"kring exact cell/1";
/// What a sum's name begins with.
const SUM: &[u8] = b"kring exact sum/1";

/// When and from what an answer is given.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Now.
    pub now: UnixTime,
    /// The snapshot that was read.
    pub snapshot: Digest,
}

impl Moment {
    /// Whole days since 1970.
    fn day(self) -> Day {
        Day::try_from(self.now.0.div_euclid(DAY_S)).unwrap_or_default()
    }
}

/// The patients in which two sets must differ under a permit; none where nothing is remembered.
pub(super) fn gaps(permit: &Permit) -> Option<Gaps> {
    gaps_under(permit.profile(), permit.protections())
}

/// The same of any profile and protections.
pub(super) fn gaps_under(profile: Profile, protections: &Protections) -> Option<Gaps> {
    let exact = match profile {
        Profile::Indicator | Profile::Members => true,
        Profile::Explore | Profile::Network | Profile::Strict => false,
    };
    // Volumes of closed years are figures of their own; what is left of a completeness may be a few.
    let exact = exact && protections.kind != Kind::Volume;
    let limits = Limits::of(protections);
    let part = if limits.complement { limits.least_part() } else { 0 };
    let part = u32::try_from(part).unwrap_or(u32::MAX);
    let gaps = Gaps { cell: protections.min_patients.get(), part };
    (exact && (gaps.cell > 1 || gaps.part > 1)).then_some(gaps)
}

/// What of the memory an answer under the profile may use: the board's own questions may use what is reserved for them.
pub(super) fn room(profile: Profile) -> Room {
    match profile {
        Profile::Indicator => Room::Reserved,
        Profile::Members | Profile::Explore | Profile::Network | Profile::Strict => Room::Shared,
    }
}

/// The most that an answer adds to the memory, by its text alone: each cell, and of each of its sums who contributes, whom that
/// leaves, and of whom what follows from it is told.
pub(super) fn adds(footprints: &[FragmentFootprint]) -> Amounts {
    let (mut cells, mut sets) = (0_usize, 0_usize);
    for footprint in footprints {
        let of_sum = |sum: &SumFootprint| {
            let measure = usize::try_from(sum.measure).ok();
            let measure = measure.and_then(|measure| footprint.measures.get(measure));
            let made = measure.and_then(|measure| measure.made.as_ref());
            made.map_or(0, |made| made.also.len()).saturating_add(2)
        };
        let of_cell = footprint.sums.iter().map(of_sum).fold(1, usize::saturating_add);
        let many = usize::try_from(footprint.cells).unwrap_or(usize::MAX);
        cells = cells.saturating_add(many);
        sets = sets.saturating_add(many.saturating_mul(of_cell));
    }
    Amounts::exact(cells, sets)
}

/// Holds cells against the memory, one fragment after the other.
pub(super) struct Judge<'m> {
    memory: &'m Memory,
    claim: Claim,
    charge: Charge,
    gaps: Gaps,
    /// The limits under which a figure was told belong to its name: nobody gets what stands for others.
    limits: Vec<u8>,
    /// Whether parts have noise, or are told as bands.
    parts_apart: bool,
    moment: Moment,
    stands: u64,
    since: Option<Day>,
}

/// What the memory made of an answer.
pub(super) struct Judged {
    pub(super) charge: Charge,
    /// Cells whose old figures stand.
    pub(super) stands: u64,
    /// The earliest day that one of them was told on.
    pub(super) since: Option<Day>,
}

impl<'m> Judge<'m> {
    pub(super) fn new(
        (memory, claim): (&'m Memory, Claim),
        gaps: Gaps,
        protections: &Protections,
        moment: Moment,
    ) -> Self {
        // Both types are whole numbers and words, and print all of themselves.
        let limits = format!("{:?} {:?}", protections, Limits::of(protections)).into_bytes();
        let parts_apart = Limits::of(protections).parts_apart();
        let charge = memory.charge_of(claim);
        Self { memory, claim, charge, gaps, limits, parts_apart, moment, stands: 0, since: None }
    }

    pub(super) fn end(self) -> Judged {
        let Self { charge, stands, since, .. } = self;
        Judged { charge, stands, since }
    }

    /// Changes the verdicts on a fragment's cells; for each cell, the figures that stand instead of its own. `binned` are figures of cells
    /// with bins as they are told.
    pub(super) fn fragment(
        &mut self,
        (fragment, binned): (&RawFragment, &[Figures]),
        footprint: &FragmentFootprint,
        verdicts: &mut [Verdict],
    ) -> Vec<Figures> {
        let named: Vec<Name> = footprint.sums.iter().map(name_of_sum).collect();
        let cells = fragment.cells().zip(verdicts).enumerate();
        cells
            .map(|(place, (cell, verdict))| {
                match verdict.state {
                    CellState::Hidden => return None,
                    CellState::Empty if cell.is_ruled_out() => return None,
                    CellState::Empty | CellState::Present => {}
                }
                let name = self.name_of_cell(footprint, place);
                let own = || cell.sums().map(Some).collect();
                let told = binned.get(place).cloned().flatten().unwrap_or_else(own);
                let exact = self.exact((cell, &told), verdict, (name, &footprint.sums, &named));
                self.rule(exact, verdict)
            })
            .collect()
    }

    fn rule(&mut self, exact: Option<ExactCell>, verdict: &mut Verdict) -> Figures {
        // Without its sets nothing is known of a cell.
        let Some(exact) = exact else {
            verdict.hide(Rule::Fault);
            return None;
        };
        let told = match verdict.state {
            // Nobody is told apart by an empty cell later: whoever is told then is told for their own number.
            CellState::Empty => {
                self.memory.exact(&mut self.memory.charge_of(self.claim), exact, self.gaps)
            }
            CellState::Present | CellState::Hidden => {
                self.memory.exact(&mut self.charge, exact, self.gaps)
            }
        };
        match told {
            Ruling::Released => None,
            Ruling::Null => {
                verdict.hide(Rule::Before);
                None
            }
            Ruling::Full => {
                verdict.hide(Rule::MemoryFull);
                None
            }
            Ruling::Stands(standing) => self.stand(&standing, verdict),
        }
    }

    /// Tells what was told, as far as the rules show it still.
    fn stand(&mut self, told: &Standing, verdict: &mut Verdict) -> Figures {
        let figures = decode(&told.figures, verdict.sums.len());
        let Some(figures) = figures.filter(|_| verdict.state == CellState::Present) else {
            verdict.hide(Rule::Before);
            return None;
        };
        for (rule, figure) in verdict.sums.iter_mut().zip(&figures) {
            if figure.is_none() {
                *rule = rule.or(Some(Rule::Before));
            }
        }
        if !verdict.sums.is_empty() && verdict.sums.iter().all(Option::is_some) {
            verdict.state = CellState::Hidden;
            return None;
        }
        self.stands = self.stands.saturating_add(1);
        self.since = self.since.map_or(Some(told.day), |since| Some(since.min(told.day)));
        Some(figures)
    }

    /// What of a cell would be told.
    fn exact(
        &self,
        (cell, told): (RawCell<'_>, &[Option<i128>]),
        verdict: &Verdict,
        (name, sums, named): (Name, &[SumFootprint], &[Name]),
    ) -> Option<ExactCell> {
        let set = cell.patients()?;
        let contributions: Vec<Contribution<'_>> = cell.contributions().collect();
        let mut measures = Vec::new();
        let shown = sums.iter().zip(named).zip(&verdict.sums).filter(|(_, rule)| rule.is_none());
        // What has noise tells no set exactly.
        let shown = shown.filter(|((sum, _), _)| sum.kind != SumKind::Bin);
        for ((sum, name), _) in shown {
            let of = contributions.get(usize::try_from(sum.measure).ok()?)?;
            // Noise and bands tell nobody's number.
            if self.parts_apart && of.measure.is_part() {
                continue;
            }
            let part = Some(contributors(cell, of, &contributions)?).filter(|part| *part != set);
            if let Some(part) = part.filter(|_| of.measure.kind.is_count_like()) {
                // The cell less a part of it is as good as told.
                let (name, rest) = (name_of_rest(name), set - part);
                measures.push(Measure { name, set: Some(rest), key: 0 });
            }
            measures.push(Measure { name: *name, set: part.cloned(), key: of.mark?.get() });
            // Who is told of by what follows from the sum is told of.
            for place in of.measure.made.iter().flat_map(|made| &made.also) {
                let of = contributions.get(usize::try_from(*place).ok()?)?;
                if of.measure.kind.is_count_like() {
                    let own = Some(of.patients?).filter(|part| *part != set);
                    let name = name_of_what_follows(name, *place);
                    measures.push(Measure { name, set: own.cloned(), key: of.mark?.get() });
                }
            }
        }
        let figures = told.iter().zip(&verdict.sums);
        let figures = figures.map(|(value, rule)| value.filter(|_value| rule.is_none()));
        let tag = self.moment.snapshot.as_bytes().first_chunk().copied();
        Some(ExactCell {
            name,
            set: set.clone(),
            measures,
            figures: encode(figures),
            day: self.moment.day(),
            snapshot: u64::from_le_bytes(tag.unwrap_or_default()),
        })
    }

    fn name_of_cell(&self, footprint: &FragmentFootprint, place: usize) -> Name {
        let place = u64::try_from(place).unwrap_or(u64::MAX).to_le_bytes();
        let text = [CELL, footprint.digest.as_bytes(), &place, &self.limits].concat();
        *Digest::of(&text).as_bytes()
    }
}

/// What a count leaves of its cell, by the count's name.
fn name_of_rest(sum: &Name) -> Name {
    *Digest::of(&[SUM, sum.as_slice(), b"rest"].concat()).as_bytes()
}

/// A sum by its text without its condition: the same in every fragment that writes it this way. Whom a condition chooses is seen in
/// the patients, so a condition that is true of everybody makes no other sum.
fn name_of_sum(sum: &SumFootprint) -> Name {
    let text = sum.text.split_once(" where ").map_or(sum.text.as_str(), |(call, _where)| call);
    *Digest::of(&[SUM, text.as_bytes()].concat()).as_bytes()
}

/// A measure that follows from a sum, by the sum's name and its place.
fn name_of_what_follows(sum: &Name, place: u32) -> Name {
    *Digest::of(&[SUM, sum.as_slice(), &place.to_le_bytes()].concat()).as_bytes()
}

/// Figures as they are kept: a byte says whether there is one.
fn encode(figures: impl Iterator<Item = Option<i128>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for figure in figures {
        bytes.push(u8::from(figure.is_some()));
        bytes.extend(figure.iter().flat_map(|figure| figure.to_le_bytes()));
    }
    bytes
}

/// As many figures as there are sums, or nothing.
fn decode(bytes: &[u8], sums: usize) -> Figures {
    let (mut figures, mut rest) = (Vec::new(), bytes);
    while let Some((there, after)) = rest.split_first() {
        rest = after;
        let figure = match there {
            0 => None,
            1 => {
                let (figure, after) = rest.split_first_chunk()?;
                rest = after;
                Some(i128::from_le_bytes(*figure))
            }
            _ => return None,
        };
        figures.push(figure);
    }
    (figures.len() == sums).then_some(figures)
}

#[cfg(test)]
mod tests;
