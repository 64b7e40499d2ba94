//! Parts with keyed noise: `@parts("noisy")` (DISCLOSURE.md sections 3 and 5).
//!
//! A figure that can be of some patients of a cell and not of others, by the text ([`policies::footprint::MeasureFootprint::is_part`]), is told with the noise
//! of [`super::noise`] in every cell that is shown, however many patients it has: were only small parts told so, the noise would
//! tell which are small. The number of a cell's patients, and sums of values that nobody lacks, stay exact under the rules
//! of exact figures. Where a fragment is in the explore form the figure has the name, and so the noise, that it has under `ask.explore`;
//! else its form is its place in the fragment's canonical form. Sums are noisy in units of what one row can add by its declared bounds,
//! and null where that leaves 63 bits.
//!
//! Only the board's own texts are told so: how many forms of a set there are is what the board signed, and a form again is
//! the same figure. Nothing is entered for a figure, and none is hidden for those that were asked before.

use policies::dataset::Dataset;
use policies::explore::{Conditions, ExploreForm, MeasureId};
use policies::footprint::{FragmentFootprint, MeasureFootprint, SumFootprint, SumKind};
use policies::protections::Protections;
use policies::wire::NoiseReceipt;

use super::CellState;
use super::explored::{Explorer, places, variance};
use super::noise::{Field64, Figure, FigureId, FormVariance, MECHANISM, Noise, Unit};
use super::rules::{Rule, Verdict};
use crate::receive::{Contribution, RawCell, RawFragment};

/// Sums are told in the smallest unit of their column.
const RESOLUTION: i64 = 1;

/// Tells parts.
pub(super) struct Parts<'a> {
    noise: Noise<'a>,
    variance: FormVariance,
    dataset: &'a Dataset,
}

/// A figure's name, and what its noise is counted in.
enum Named {
    /// The text alone leaves nobody in it.
    Nobody,
    /// What noise depends on besides those who contribute.
    Figure { id: Id, form: String, unit: Unit },
}

/// What a figure is.
enum Id {
    Count,
    Sum(String),
    Squares(String),
}

impl Id {
    fn borrowed(&self) -> FigureId<'_> {
        match self {
            Self::Count => FigureId::Count,
            Self::Sum(name) => FigureId::Sum(name),
            Self::Squares(name) => FigureId::Squares(name),
        }
    }
}

/// Whether each sum of a fragment is of a part. Without its measure nothing is known of a sum. Bins have their own noise, whatever
/// becomes of parts.
pub(crate) fn parts(footprint: &FragmentFootprint) -> Vec<bool> {
    let of = |sum: &SumFootprint| {
        let part = measure(footprint, sum).is_none_or(MeasureFootprint::is_part);
        part && sum.kind != SumKind::Bin
    };
    footprint.sums.iter().map(of).collect()
}

fn measure<'f>(
    footprint: &'f FragmentFootprint,
    sum: &SumFootprint,
) -> Option<&'f MeasureFootprint> {
    footprint.measures.get(usize::try_from(sum.measure).ok()?)
}

/// Puts noisy figures in the place of every part's in the cells that are shown; without a teller they are null.
pub(super) fn tell(
    teller: Option<&Parts<'_>>,
    fragment: &mut RawFragment,
    footprint: &FragmentFootprint,
    verdicts: &mut [Verdict],
) {
    let parts = parts(footprint);
    let told: Vec<Vec<Option<i128>>> = match teller {
        Some(teller) => teller.fragment(fragment, footprint, (&parts, verdicts)),
        None => vec![vec![None; parts.len()]; verdicts.len()],
    };
    put(&told, &parts, fragment, verdicts);
}

/// Puts what is told of each shown cell's parts in the place of their figures; what is not told is null.
pub(super) fn put(
    told: &[Vec<Option<i128>>],
    parts: &[bool],
    fragment: &mut RawFragment,
    verdicts: &mut [Verdict],
) {
    for (at, (told, verdict)) in told.iter().zip(verdicts).enumerate() {
        if verdict.state != CellState::Present {
            continue;
        }
        let figures = fragment.sums.iter_mut().zip(&mut verdict.sums).zip(told).zip(parts);
        for ((((_, values), rule), told), _) in figures.filter(|(_, part)| **part) {
            // The exact figure is gone either way.
            if let Some(value) = values.get_mut(at) {
                *value = told.unwrap_or_default();
            }
            if told.is_none() {
                *rule = Some(Rule::Untold);
            }
        }
        if !verdict.sums.is_empty() && verdict.sums.iter().all(Option::is_some) {
            verdict.state = CellState::Hidden;
        }
    }
}

impl<'a> Parts<'a> {
    pub(super) fn new(
        Explorer { key, dataset, .. }: Explorer<'a>,
        protections: &Protections,
    ) -> Self {
        Self { noise: Noise::new(key), variance: variance(protections), dataset }
    }

    /// What the receipt says of them.
    pub(super) fn receipt(&self) -> NoiseReceipt {
        let (variance, left_out_percent) = (self.variance.total(), 0);
        NoiseReceipt { mechanism: MECHANISM, variance, left_out_percent, only_bins: false }
    }

    /// For each cell that is shown, the noisy figure of each part.
    fn fragment(
        &self,
        fragment: &RawFragment,
        footprint: &FragmentFootprint,
        (parts, verdicts): (&[bool], &[Verdict]),
    ) -> Vec<Vec<Option<i128>>> {
        let form = footprint.explore.form().ok();
        let keys = form.map(|form| form.key_values(self.dataset)).unwrap_or_default();
        let sizes: Vec<usize> = keys.iter().map(Vec::len).collect();
        let cells = fragment.cells().zip(verdicts).enumerate().map(|(at, (cell, verdict))| {
            if verdict.state != CellState::Present {
                return vec![None; parts.len()];
            }
            let places = places(at, &sizes);
            let form = form.map(|form| (form, keys.as_slice(), places.as_slice()));
            self.cell((cell, at), footprint, (parts, form))
        });
        cells.collect()
    }

    fn cell(
        &self,
        (cell, at): (RawCell<'_>, usize),
        footprint: &FragmentFootprint,
        (parts, form): (&[bool], Option<Formed<'_>>),
    ) -> Vec<Option<i128>> {
        let contributions: Vec<Contribution<'_>> = cell.contributions().collect();
        let sums = cell.sums().zip(&footprint.sums).zip(parts).enumerate();
        let told = sums.map(|(place, ((value, sum), part))| {
            let of = contributions.get(usize::try_from(sum.measure).ok()?).filter(|_of| *part)?;
            let named = form.and_then(|form| self.formed(form, place, of.measure));
            let named = named.or_else(|| placed((footprint, at), sum, of.measure))?;
            self.figure(value, of, &named)
        });
        told.collect()
    }

    /// A figure's name in the explore form, if it has one there.
    fn formed(
        &self,
        (form, keys, places): Formed<'_>,
        place: usize,
        measure: &MeasureFootprint,
    ) -> Option<Named> {
        let sum = form.sums.get(place)?;
        if sum.terms.is_empty() {
            return Some(Named::Nobody);
        }
        let term = sum.only()?;
        let told = form.figure_among(keys, places, (term, self.dataset))?;
        let id = match &term.measure {
            MeasureId::Count { of: _ } => Id::Count,
            MeasureId::Sum { table, column } => Id::Sum(format!("{table}.{column}")),
            MeasureId::SumSquares { table, column } => Id::Squares(format!("{table}.{column}")),
        };
        // What contributes 0 to a count must be no contributor.
        if matches!(id, Id::Count) && !measure.kind.is_count_like() {
            return None;
        }
        let unit = Unit::new(term.measure.reach(self.dataset)?, RESOLUTION)?;
        Some(Named::Figure { id, form: told.form, unit })
    }

    fn figure(&self, value: i128, of: &Contribution<'_>, named: &Named) -> Option<i128> {
        let Named::Figure { id, form, unit } = named else { return Some(0) };
        let key = Field64::new(of.key?.get())?;
        let figure = Figure { key, key_m: key, id: id.borrowed(), form };
        match id {
            Id::Count => value.checked_add(self.noise.count(&figure, self.variance).into()),
            Id::Sum(_) | Id::Squares(_) => {
                Some(self.noise.sum(&figure, self.variance, *unit, value))
            }
        }
    }
}

/// A fragment's explore form, the values of its keys, and the place of a cell among them.
type Formed<'f> = (&'f ExploreForm, &'f [Vec<Conditions>], &'f [usize]);

/// A figure's name by its place in the fragment's canonical form.
fn placed(
    (footprint, cell): (&FragmentFootprint, usize),
    sum: &SumFootprint,
    measure: &MeasureFootprint,
) -> Option<Named> {
    let name = || {
        let text = sum.text.split_once(" where ").map_or(sum.text.as_str(), |(call, _where)| call);
        format!("placed {text}")
    };
    let id = match (measure.kind.is_count_like(), sum.kind) {
        (true, _) | (false, SumKind::Bin) => Id::Count,
        (false, SumKind::SumSquares) => Id::Squares(name()),
        (
            false,
            SumKind::Rows
            | SumKind::NonNull
            | SumKind::Distinct
            | SumKind::Sum
            | SumKind::SumProducts,
        ) => Id::Sum(name()),
    };
    let unit = Unit::new(measure.reach(sum.kind)?, RESOLUTION)?;
    let form = format!("placed {} {cell} {}", footprint.digest, sum.text);
    Some(Named::Figure { id, form, unit })
}

#[cfg(test)]
mod tests;
