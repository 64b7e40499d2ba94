//! Bins of quantiles and histograms: R7 of DISCLOSURE.md section 3.
//!
//! A vector of bins is told whole or not at all: it is null in a cell where one in so many of the patients with a value, as far out as the
//! quantile lies, does not reach the threshold, which keyed noise raises by 0 to 4. What is told of a bin has keyed noise in every profile
//! ([`super::noise`]), by who is in it and by the canonical form of its condition: the same as a count of these rows has under
//! `ask.explore`, so a quantile tells nothing that counts between the same edges do not. A patient with one row is in one bin of a vector,
//! so a whole vector tells of each patient what one count tells.
//!
//! Figures with noise tell no set exactly. No rule of exact figures looks at them, they are in no relation, and the memory of exact figures
//! has no sets of theirs; where a cell's old figures stand, its old bins do. Asked again they have the same noise.
//!
//! Not here: which cells are shown, what `ask.explore` charges, how a quantile is made of bins.

use policies::Limits;
use policies::dataset::Dataset;
use policies::explore::{Conditions, ExploreForm};
use policies::footprint::{FragmentFootprint, SumFootprint, SumKind, VectorFootprint};
use policies::protections::Protections;
use policies::{Permit, wire::NoiseReceipt};
use roaring::RoaringBitmap;

use super::contributors::contributors;
use super::explored::{Explorer, places, variance};
use super::noise::{Field64, Figure, FigureId, FormVariance, MECHANISM, Noise};
use super::rules::{Rule, Verdict};
use super::{CellState, Figures};
use crate::receive::{Contribution, RawCell, RawFragment};
use crate::record::RecordKey;

/// What the name of a condition that has no canonical form begins with.
const TEXT: &str = "kring bin/1";

/// Whether the permit lets figures be exact all the same: nothing is hidden in any cell, which no charter can say of real data, or a
/// hospital sees its own.
pub(super) fn are_exact(protections: &Protections) -> bool {
    protections.min_patients.get() <= 1 && Limits::of(protections).is_off()
}

/// Whether an answer under the permit, exact otherwise, has bins with noise.
pub(super) fn have_noise(permit: &Permit) -> bool {
    let fragments = &permit.footprint().draft().fragments;
    let asked = fragments.iter().any(|fragment| !fragment.vectors.is_empty());
    asked && !are_exact(permit.protections())
}

/// Tells the bins of an answer.
pub(super) struct Teller<'a> {
    explorer: Explorer<'a>,
    noise: Noise<'a>,
    variance: FormVariance,
    /// The threshold.
    k: u32,
}

impl<'a> Teller<'a> {
    /// With the noise of an answer's protections; none where its bins are exact.
    pub(super) fn new(permit: &Permit, explorer: Option<Explorer<'a>>) -> Option<Self> {
        let explorer = explorer.filter(|_explorer| have_noise(permit))?;
        Some(Self::with(explorer, permit.protections()))
    }

    pub(super) fn with(explorer: Explorer<'a>, protections: &Protections) -> Self {
        let (noise, k) = (Noise::new(explorer.key), protections.min_patients.get());
        Self { explorer, noise, variance: variance(protections), k }
    }

    /// The variance of a bin.
    pub(super) fn variance(&self) -> u32 {
        self.variance.total()
    }

    /// What the receipt says.
    pub(super) fn receipt(&self) -> NoiseReceipt {
        let (variance, left_out_percent) = (self.variance(), 0);
        NoiseReceipt { mechanism: MECHANISM, variance, left_out_percent, only_bins: true }
    }

    /// For each cell of a fragment with bins that are shown, its figures as they are told. Changes the verdicts on bins.
    pub(super) fn fragment(
        &self,
        fragment: &RawFragment,
        footprint: &FragmentFootprint,
        verdicts: &mut [Verdict],
    ) -> Vec<Figures> {
        let named = Named::new(footprint, self.explorer.dataset);
        let cells = fragment.cells().zip(verdicts).enumerate();
        let told = cells.map(|(at, (cell, verdict))| {
            if verdict.state != CellState::Present || footprint.vectors.is_empty() {
                return None;
            }
            self.cell(cell, verdict, (footprint, &named, at))
        });
        told.collect()
    }

    fn cell(
        &self,
        cell: RawCell<'_>,
        verdict: &mut Verdict,
        (footprint, named, at): (&FragmentFootprint, &Named<'_>, usize),
    ) -> Figures {
        let contributions: Vec<Contribution<'_>> = cell.contributions().collect();
        let sums = footprint.sums.as_slice();
        let form = |sums: std::ops::Range<usize>| joined(sums.map(|sum| named.form(at, sum)));
        let rules = (&self.noise, self.k, &form as NameOf<'_>);
        hide_small(cell, (footprint, &contributions), rules, &mut verdict.sums);
        let figures = cell.sums().zip(sums).enumerate().map(|(place, (value, sum))| {
            if sum.kind != SumKind::Bin {
                return Some(value);
            }
            let key = contribution(sum, &contributions)?.key?;
            let (key, form) = (Field64::new(key.get())?, named.form(at, place)?);
            let figure = Figure { key, key_m: key, id: FigureId::Count, form: &form };
            value.checked_add(self.noise.count(&figure, self.variance).into())
        });
        let figures: Vec<Option<i128>> = figures.collect();
        for (rule, figure) in verdict.sums.iter_mut().zip(&figures) {
            if figure.is_none() {
                rule.get_or_insert(Rule::Fault);
            }
        }
        if verdict.sums.iter().all(Option::is_some) {
            verdict.state = CellState::Hidden;
        }
        Some(figures)
    }
}

/// Hides every bin of a cell: for whoever has no noise.
pub(super) fn hide(footprint: &FragmentFootprint, verdicts: &mut [Verdict]) {
    for verdict in verdicts.iter_mut().filter(|verdict| verdict.state == CellState::Present) {
        for (rule, sum) in verdict.sums.iter_mut().zip(&footprint.sums) {
            if sum.kind == SumKind::Bin {
                rule.get_or_insert(Rule::Fault);
            }
        }
        if !verdict.sums.is_empty() && verdict.sums.iter().all(Option::is_some) {
            verdict.state = CellState::Hidden;
        }
    }
}

/// One name of the conditions of all bins: what WHERE and FILTER say is in each of them.
pub(super) fn joined(bins: impl Iterator<Item = Option<String>>) -> Option<String> {
    Some(bins.collect::<Option<Vec<String>>>()?.join("\n"))
}

/// Names the conditions of the bins of a vector.
pub(super) type NameOf<'f> = &'f dyn Fn(std::ops::Range<usize>) -> Option<String>;

/// Hides the vectors of a cell that are of too few patients.
pub(super) fn hide_small(
    cell: RawCell<'_>,
    (footprint, contributions): (&FragmentFootprint, &[Contribution<'_>]),
    (noise, k, form): (&Noise<'_>, u32, NameOf<'_>),
    hidden: &mut [Option<Rule>],
) {
    for vector in &footprint.vectors {
        let of = patients(cell, vector, (&footprint.sums, contributions));
        let why = match (of.zip(form(vector.sums())), vector.least(k)) {
            (None, _) => Some(Rule::Fault),
            (Some(_), None) => Some(Rule::Quantile),
            (Some(((patients, key), form)), Some(least)) => {
                let least = least.saturating_add(noise.threshold_extra(key, &form).into());
                (patients < least).then_some(Rule::Quantile)
            }
        };
        let bins = hidden.get_mut(vector.sums()).into_iter().flatten();
        bins.for_each(|rule| *rule = rule.or(why));
    }
}

/// How many patients of a cell have a value in a vector, and the key of what they contribute.
fn patients(
    cell: RawCell<'_>,
    vector: &VectorFootprint,
    (sums, contributions): (&[SumFootprint], &[Contribution<'_>]),
) -> Option<(u64, Field64)> {
    let (mut all, mut key) = (RoaringBitmap::new(), RecordKey::default());
    for sum in sums.get(vector.sums())? {
        let of = contribution(sum, contributions)?;
        all |= contributors(cell, of, contributions)?;
        key = key.plus(of.key?);
    }
    Some((all.len(), Field64::new(key.get())?))
}

fn contribution<'c, 'a>(
    sum: &SumFootprint,
    contributions: &'c [Contribution<'a>],
) -> Option<&'c Contribution<'a>> {
    contributions.get(usize::try_from(sum.measure).ok()?)
}

/// Names the conditions of a fragment's figures.
struct Named<'a> {
    footprint: &'a FragmentFootprint,
    dataset: &'a Dataset,
    /// The explore form, with the conditions of each key's values.
    form: Option<(&'a ExploreForm, Vec<Vec<Conditions>>)>,
}

impl<'a> Named<'a> {
    fn new(footprint: &'a FragmentFootprint, dataset: &'a Dataset) -> Self {
        let form = footprint.explore.form().ok();
        Self { footprint, dataset, form: form.map(|form| (form, form.key_values(dataset))) }
    }

    /// The condition of a sum in a cell: canonical where the explore form has it, else as it is written. Who writes one condition in many
    /// ways draws the noise of its form anew each time, and never that of its set.
    fn form(&self, cell: usize, sum: usize) -> Option<String> {
        let canonical = self.form.as_ref().and_then(|(form, keys)| {
            let sizes: Vec<usize> = keys.iter().map(Vec::len).collect();
            let term = form.sums.get(sum)?.only()?;
            form.figure_among(keys, &places(cell, &sizes), (term, self.dataset))
        });
        if let Some(canonical) = canonical {
            return Some(canonical.form);
        }
        let FragmentFootprint { group_keys, sums, links, .. } = self.footprint;
        let base = links.first()?.base;
        let text = &sums.get(sum)?.text;
        Some(format!("{TEXT}\n{base}\n{}\n{cell}\n{text}", group_keys.join("\n")))
    }
}

#[cfg(test)]
mod tests;
