//! Figures with noise: what leaves under `ask.explore` (DISCLOSURE.md sections 4, 5 and 7).
//!
//! No figure is exact. A cell of fewer patients than the threshold, which keyed noise raises by 0 to 4, is null with everything
//! in it, and so is a cell of nobody; in a cell that is shown every count and sum has the noise of its form
//! ([`super::noise`]). A figure is named by who contributes to it and by the canonical form, so it has the same noise in
//! every wording, at every place of a condition, for everyone and on every day. Each shown figure is entered in the memory.
//! Patients whom one would bring over a limit retire: the answer is thrown away ([`Told::Again`]) and run without them.
//!
//! Not here: the rules of exact figures, what was told exactly, the form itself ([`policies::explore`]), and leaving patients out.

use policies::dataset::Dataset;
use policies::explore::{self, ExploreForm, ExploreSum, ExploreTerm, MeasureId};
use policies::footprint::FragmentFootprint;
use policies::protections::{Protections, Variance};
use policies::wire::NoiseReceipt;
use policies::{Digest, Permit};
use roaring::RoaringBitmap;

use super::contributors::contributors;
use super::noise::{Field64, Figure, FigureId, FormVariance, MECHANISM, Noise, NoiseKey, Unit};
use super::rules::{Rule, Verdict};
use super::{CellState, DiscloseError, Disclosed, Figures, HeadNoise, Protected, bins, safe};
use crate::memory::{
    Amounts, Charge, ExploreRules, ExploredCell, LeftOut, Memory, Name, Novelty, Retiring,
};
use crate::pipe::Wanted;
use crate::receive::{Contribution, RawAnswer, RawCell, RawFragment};

/// The hidden summaries that noise and memory look at.
pub(super) const WANTED: Wanted =
    Wanted { contributors: true, tops: false, keys: true, marks: false, bitmaps: true };

/// Sums are told in the smallest unit of their column: noise hides what is finer than the reach of a patient.
const RESOLUTION: i64 = 1;
/// What the name of a form begins with.
const FORM: &[u8] = b"kring explored form/1";
/// What the name of a column begins with.
const COLUMN: &[u8] = b"kring explored column/1";

/// What noise is made with.
#[derive(Clone, Copy, Debug)]
pub struct Explorer<'a> {
    /// The node's secret.
    pub key: &'a NoiseKey,
    /// The dataset that the snapshot is of.
    pub dataset: &'a Dataset,
    /// Patients of the snapshot.
    pub patients: u64,
}

/// Which run of a question an answer is of.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// Who was left out of it beside those of the memory, and retires with it.
    pub retiring: &'a Retiring,
    /// Whether it is not run again: if more must retire, they do, and every cell is null.
    pub last: bool,
}

/// What became of a raw answer.
#[derive(Debug)]
pub enum Told {
    /// It is told.
    Disclosed(Box<Disclosed>),
    /// These have to be left out too, so that nothing of it is told.
    Again(Box<Permit>, Retiring),
}

/// Why there is no answer with noise. It depends on no figure of the question.
#[derive(Debug, thiserror::Error)]
pub enum ExploreError {
    /// The cells cannot be encoded.
    #[error(transparent)]
    Encode(#[from] DiscloseError),
    /// The noise that was told was made with another key.
    #[error("the lineage was explored with another noise key than this")]
    OtherKey,
    /// Too many patients are left out, or the memory has no room for what the question could add.
    #[error(
        "too many patients are left out of explored figures until the next lineage, or so much was told of them"
    )]
    Closed,
}

impl ExploreError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Encode(error) => error.code(),
            Self::OtherKey => "other_noise_key",
            Self::Closed => "explore_closed",
        }
    }
}

/// Tells a raw answer with noise. `memory` is that of the lineage of the snapshot that was read, and the answer is without its
/// retired patients.
///
/// # Errors
/// `ExploreError`: nothing may be released then.
pub fn explore(
    raw: RawAnswer,
    memory: &Memory,
    (explorer, Turn { retiring, last }): (Explorer<'_>, Turn<'_>),
) -> Result<Told, ExploreError> {
    let adds = adds(&raw.permit.footprint().draft().fragments);
    let left_out_percent = match memory.left_out(explorer.patients, adds, retiring) {
        LeftOut::UpTo(percent) => u32::try_from(percent).unwrap_or(u32::MAX),
        LeftOut::Closed => return Err(ExploreError::Closed),
    };
    let (told, charge, over) = tell(&raw, memory, (explorer, retiring), raw.fault.is_none())?;
    let (told, charge) = if over.is_empty() {
        (told, charge)
    } else {
        let retiring = Retiring(&retiring.0 | over);
        if !last {
            return Ok(Told::Again(Box::new(raw.permit), retiring));
        }
        let (told, charge, _over) = tell(&raw, memory, (explorer, &retiring), false)?;
        (told, charge)
    };
    let (mechanism, variance) = (MECHANISM, variance(raw.permit.protections()).total());
    let noise = NoiseReceipt { mechanism, variance, left_out_percent, only_bins: false };
    let head = HeadNoise { all: Some(variance), ..HeadNoise::default() };
    let safe = safe((raw.permit, told), (head, Some(noise)), None)?;
    Ok(Told::Disclosed(Box::new(Disclosed { safe, charge })))
}

/// Every fragment, what that enters, and who would have to be left out first. Without forms every cell is null.
fn tell(
    raw: &RawAnswer,
    memory: &Memory,
    (explorer, retiring): (Explorer<'_>, &Retiring),
    forms: bool,
) -> Result<(Vec<Protected>, Charge, RoaringBitmap), ExploreError> {
    let protections = raw.permit.protections();
    let mut charge = memory.charge();
    if !memory.keyed(&mut charge, explorer.key.name()) {
        return Err(ExploreError::OtherKey);
    }
    memory.retire(&mut charge, retiring);
    let mut teller = Teller {
        memory,
        charge,
        noise: Noise::new(explorer.key),
        variance: variance(protections),
        gap: protections.min_patients.get(),
        dataset: explorer.dataset,
        over: RoaringBitmap::new(),
    };
    let mut protected = Vec::with_capacity(raw.fragments.len());
    for (fragment, footprint) in raw.fragments.iter().zip(&raw.permit.footprint().draft().fragments)
    {
        let form = footprint.explore.form().ok().filter(|_form| forms);
        let told = teller.fragment(fragment, footprint, (form, protections));
        let (verdicts, figures): (Vec<_>, Vec<_>) = told.into_iter().unzip();
        protected.push(Protected::new(fragment, &verdicts, &figures).ok_or(DiscloseError)?);
    }
    Ok((protected, teller.charge, teller.over))
}

/// The most that an answer adds to the memory, by its text alone: each cell's rows, and each of its figures.
fn adds(footprints: &[FragmentFootprint]) -> Amounts {
    let of = |footprint: &FragmentFootprint| {
        let cells = usize::try_from(footprint.cells).unwrap_or(usize::MAX);
        cells.saturating_mul(footprint.sums.len().saturating_add(1))
    };
    Amounts::explored(footprints.iter().map(of).fold(0, usize::saturating_add))
}

/// Variance of the form's layer under protections.
pub(super) fn variance(protections: &Protections) -> FormVariance {
    match protections.variance {
        Variance::Three => FormVariance::Two,
        Variance::Five => FormVariance::Four,
    }
}

/// Tells cells, one after the other.
struct Teller<'m> {
    memory: &'m Memory,
    charge: Charge,
    noise: Noise<'m>,
    variance: FormVariance,
    /// Sets that differ in fewer patients are neighbours.
    gap: u32,
    dataset: &'m Dataset,
    /// Patients who have to be left out first.
    over: RoaringBitmap,
}

/// A cell of the form: the conditions of each key's values, and which of them it has.
type Place<'f> = (&'f ExploreForm, &'f [Vec<explore::Conditions>], &'f [usize]);

impl Teller<'_> {
    /// Every cell of a fragment; without a form all are null.
    fn fragment(
        &mut self,
        fragment: &RawFragment,
        footprint: &FragmentFootprint,
        (form, protections): (Option<&ExploreForm>, &Protections),
    ) -> Vec<(Verdict, Figures)> {
        let keys = form.map(|form| form.key_values(self.dataset)).unwrap_or_default();
        let sizes: Vec<usize> = keys.iter().map(Vec::len).collect();
        let cells = fragment.cells().enumerate().map(|(at, cell)| {
            let hidden = |why| (Verdict::all(CellState::Hidden, &footprint.sums, Some(why)), None);
            if cell.is_ruled_out() {
                return (Verdict::all(CellState::Empty, &footprint.sums, None), None);
            }
            let Some(form) = form else { return hidden(Rule::Fault) };
            let places = places(at, &sizes);
            let place = (form, keys.as_slice(), places.as_slice());
            let (set, rows) = match self.rows(cell, place, protections) {
                Ok(rows) => rows,
                Err(why) => return hidden(why),
            };
            let told = self.cell(cell, footprint, place);
            // That it is shown tells of its rows, whatever is asked of them.
            if told.0.state == CellState::Present {
                self.enter(set, &rows);
            }
            told
        });
        cells.collect()
    }

    /// The rows of a cell as a figure, or why it is null as a whole.
    fn rows<'c>(
        &self,
        cell: RawCell<'c>,
        (form, keys, places): Place<'_>,
        protections: &Protections,
    ) -> Result<(&'c RoaringBitmap, explore::Figure), Rule> {
        if cell.n() == 0 {
            return Err(Rule::Empty);
        }
        let least = u64::from(protections.min_patients.get());
        if cell.n() < least {
            return Err(Rule::SmallCell);
        }
        let key = cell.key().and_then(|key| Field64::new(key.get()));
        let rows = form.rows_among(keys, places, self.dataset);
        let (Some(key), Some(set), Some(rows)) = (key, cell.patients(), rows) else {
            return Err(Rule::Fault);
        };
        let least = least.saturating_add(self.noise.threshold_extra(key, &rows.form).into());
        if cell.n() < least { Err(Rule::SmallCell) } else { Ok((set, rows)) }
    }

    fn cell(
        &mut self,
        cell: RawCell<'_>,
        footprint: &FragmentFootprint,
        place: Place<'_>,
    ) -> (Verdict, Figures) {
        let contributions: Vec<Contribution<'_>> = cell.contributions().collect();
        let sums = footprint.sums.as_slice();
        let mut hidden = vec![None; sums.len()];
        let of = (footprint, contributions.as_slice());
        let form = |sums: std::ops::Range<usize>| {
            let (form, keys, places) = place;
            let bin = |sum: &ExploreSum| {
                Some(form.figure_among(keys, places, (sum.only()?, self.dataset))?.form)
            };
            bins::joined(form.sums.get(sums)?.iter().map(bin))
        };
        bins::hide_small(cell, of, (&self.noise, self.gap, &form), &mut hidden);
        let figures = cell.sums().zip(sums).enumerate().map(|(at, (value, sum))| {
            if hidden.get(at).copied().flatten().is_some() {
                return None;
            }
            let parts = place.0.sums.get(at)?;
            if parts.terms.is_empty() {
                return Some(0);
            }
            let of = contributions.get(usize::try_from(sum.measure).ok()?)?;
            let own = Own { value, of, set: contributors(cell, of, &contributions)? };
            self.figure(parts.only()?, own, place)
        });
        let figures: Vec<Option<i128>> = figures.collect();
        let sums = figures.iter().zip(&hidden).map(|(told, why)| match told {
            Some(_) => None,
            None => why.or(Some(Rule::Fault)),
        });
        let sums: Vec<Option<Rule>> = sums.collect();
        let bare = !sums.is_empty() && sums.iter().all(Option::is_some);
        let state = if bare { CellState::Hidden } else { CellState::Present };
        (Verdict { state, sums }, Some(figures))
    }

    /// One figure with its noise, entered in the memory; none where a summary is missing.
    fn figure(
        &mut self,
        term: &ExploreTerm,
        Own { value, of, set }: Own<'_>,
        (form, keys, place): Place<'_>,
    ) -> Option<i128> {
        let counts = match &term.measure {
            MeasureId::Count { of: _ } => true,
            MeasureId::Sum { .. } | MeasureId::SumSquares { .. } => false,
        };
        // What contributes 0 to a count must be no contributor.
        if counts && !of.measure.kind.is_count_like() {
            return None;
        }
        let told = form.figure_among(keys, place, (term, self.dataset))?;
        let key = Field64::new(of.key?.get())?;
        let column = |table: &str, column: &str| format!("{table}.{column}");
        let (name, squares) = match &term.measure {
            MeasureId::Count { of: _ } => (None, false),
            MeasureId::Sum { table, column: name } => (Some(column(table, name)), false),
            MeasureId::SumSquares { table, column: name } => (Some(column(table, name)), true),
        };
        let id = match (&name, squares) {
            (None, _) => FigureId::Count,
            (Some(name), false) => FigureId::Sum(name),
            (Some(name), true) => FigureId::Squares(name),
        };
        let figure = Figure { key, key_m: key, id, form: &told.form };
        let noisy = match id {
            FigureId::Count => {
                value.checked_add(self.noise.count(&figure, self.variance).into())?
            }
            FigureId::Sum(_) | FigureId::Squares(_) => {
                let unit = Unit::new(term.measure.reach(self.dataset)?, RESOLUTION)?;
                self.noise.sum(&figure, self.variance, unit, value)
            }
        };
        self.enter(set, &told);
        Some(noisy)
    }

    fn enter(&mut self, set: &RoaringBitmap, told: &explore::Figure) {
        let named = |of: &[u8], text: &str| -> Name {
            *Digest::of(&[of, text.as_bytes()].concat()).as_bytes()
        };
        let rules = ExploreRules {
            gap: self.gap,
            variance: u8::try_from(self.variance.total()).unwrap_or(u8::MAX),
        };
        let cell = ExploredCell {
            set: set.clone(),
            form: named(FORM, &told.form),
            columns: told.columns.iter().map(|column| named(COLUMN, column)).collect(),
        };
        if let Novelty::Over(patients) = self.memory.explore(&mut self.charge, cell, rules) {
            self.over |= patients;
        }
    }
}

/// A sum as it is, with who contributes to it.
struct Own<'a> {
    value: i128,
    of: &'a Contribution<'a>,
    set: &'a RoaringBitmap,
}

/// The value of each key in a cell: the last key runs fastest.
pub(super) fn places(cell: usize, sizes: &[usize]) -> Vec<usize> {
    let mut rest = cell;
    let mut places: Vec<usize> = sizes
        .iter()
        .rev()
        .map(|size| {
            let place = rest.checked_rem(*size).unwrap_or_default();
            rest = rest.checked_div(*size).unwrap_or_default();
            place
        })
        .collect();
    places.reverse();
    places
}

#[cfg(test)]
mod tests;
