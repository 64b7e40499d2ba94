//! What each figure of an answer is to the attacker: its size, whether it is shown, and what must stay unknown of it.

use std::collections::BTreeMap;

use policies::footprint::{
    FragmentFootprint, LinkFootprint, MeasureFootprint, MeasureKind, SumFootprint, SumKind,
};

use super::Figure;
use crate::disclose::CellState;
use crate::disclose::rules::{Rule, Verdict};
use crate::disclose::suppress::{Need, Standing};
use crate::receive::{Contribution, RawCell, RawFragment};
use part::{Kept, exact_sums, kept, measure};

mod part;

pub(super) use part::{Part, Thresholds};

/// Largest figure that goes to the solver as it is.
const MAX_EXACT: i128 = 1 << 39;
/// Least threshold of parts inside a small cell, where parts of any size are shown elsewhere.
const LEAST_PART: u64 = 5;

/// Every figure of an answer, then those of earlier ones.
pub(super) struct Figures<'a> {
    parts: Vec<Part<'a>>,
    kept: Vec<Vec<Kept>>,
    /// Of each fragment the sums that are told exactly.
    exact_sums: Vec<Vec<usize>>,
    /// Kinds of sums of which every value is small enough for the solver.
    exact: BTreeMap<SumKind, bool>,
    /// In force for this answer.
    thresholds: Thresholds,
}

impl<'a> Figures<'a> {
    pub(super) fn new(parts: Vec<Part<'a>>, thresholds: Thresholds) -> Self {
        let kept = parts.iter().map(|part| kept(part.footprint)).collect();
        let exact_sums = parts.iter().map(exact_sums).collect();
        let mut figures = Self { parts, kept, exact_sums, exact: BTreeMap::new(), thresholds };
        let mut exact = BTreeMap::new();
        let cells = (0..figures.parts.len())
            .flat_map(|fragment| figures.cells(fragment).map(move |cell| (fragment, cell)));
        for figure in cells.flat_map(|(fragment, cell)| figures.in_cell(fragment, cell)) {
            let Some(sum) = figures.sum(figure).filter(|_| !figures.counts(figure)) else {
                continue;
            };
            let fits = figures.shifted(figure).is_some();
            *exact.entry(sum.kind).or_insert(true) &= fits;
        }
        figures.exact = exact;
        figures
    }

    /// Kinds of sums of which every value is small enough for the solver.
    pub(super) fn exact(&self) -> &BTreeMap<SumKind, bool> {
        &self.exact
    }

    /// The same beside figures of which others were found out.
    pub(super) fn beside(mut self, others: &BTreeMap<SumKind, bool>) -> Self {
        for (kind, fits) in others {
            *self.exact.entry(*kind).or_insert(true) &= fits;
        }
        self
    }

    pub(super) fn links(&self, fragment: usize) -> &'a [LinkFootprint] {
        self.parts.get(fragment).map_or(&[], |part| part.links)
    }

    /// The sum of the rows that a sum adds.
    pub(super) fn counter(&self, fragment: usize, sum: usize) -> Option<usize> {
        self.kept(Figure { fragment, cell: 0, sum })?.counter
    }

    pub(super) fn footprint(&self, fragment: usize) -> Option<&'a FragmentFootprint> {
        self.parts.get(fragment).map(|part| part.footprint)
    }

    pub(super) fn sum(&self, figure: Figure) -> Option<&'a SumFootprint> {
        self.footprint(figure.fragment)?.sums.get(figure.sum)
    }

    pub(super) fn measure(&self, figure: Figure) -> Option<&'a MeasureFootprint> {
        measure(self.footprint(figure.fragment)?, self.sum(figure)?)
    }

    pub(super) fn cells(&self, fragment: usize) -> std::ops::Range<usize> {
        0..self.fragment(fragment).map_or(0, |fragment| fragment.n.len())
    }

    /// The sums that are told exactly: noise and bands are no figures to compute with.
    pub(super) fn sums(&self, fragment: usize) -> impl Iterator<Item = usize> + use<> {
        self.exact_sums.get(fragment).cloned().unwrap_or_default().into_iter()
    }

    /// Whether a sum is told exactly.
    pub(super) fn is_told_exactly(&self, fragment: usize, sum: usize) -> bool {
        self.exact_sums.get(fragment).is_some_and(|exact| exact.contains(&sum))
    }

    pub(super) fn in_cell(
        &self,
        fragment: usize,
        cell: usize,
    ) -> impl Iterator<Item = Figure> + use<'a> {
        self.sums(fragment).map(move |sum| Figure { fragment, cell, sum })
    }

    fn fragment(&self, fragment: usize) -> Option<&'a RawFragment> {
        self.parts.get(fragment).map(|part| part.fragment)
    }

    fn cell(&self, figure: Figure) -> Option<RawCell<'a>> {
        Some(self.fragment(figure.fragment)?.cell(figure.cell))
    }

    fn verdict(&self, figure: Figure) -> Option<&'a Verdict> {
        self.parts.get(figure.fragment)?.verdicts.get(figure.cell)
    }

    /// Whether an earlier answer told it, or that it is null.
    pub(super) fn is_told(&self, figure: Figure) -> bool {
        self.parts.get(figure.fragment).is_some_and(|part| part.told)
    }

    /// The thresholds under which a figure is null; those of this answer for what nobody asked for.
    fn thresholds(&self, figure: Option<Figure>) -> Thresholds {
        let part = figure.and_then(|figure| self.parts.get(figure.fragment));
        part.map_or(self.thresholds, |part| part.thresholds)
    }

    fn raw(&self, figure: Figure) -> i128 {
        let sums = self.fragment(figure.fragment).map(|fragment| &fragment.sums);
        let (_, values) = match sums.and_then(|sums| sums.get(figure.sum)) {
            Some(sum) => sum,
            None => return 0,
        };
        values.get(figure.cell).copied().unwrap_or_default()
    }

    fn contribution(&self, figure: Figure) -> Option<Contribution<'a>> {
        let place = usize::try_from(self.sum(figure)?.measure).ok()?;
        self.cell(figure)?.contributions().nth(place)
    }

    /// Patients of the figure's cell.
    pub(super) fn n(&self, figure: Figure) -> u64 {
        let fragment = self.fragment(figure.fragment);
        fragment.and_then(|fragment| fragment.n.get(figure.cell)).copied().unwrap_or_default()
    }

    /// Whether it is known how many contribute to the figure.
    pub(super) fn has_contributors(&self, figure: Figure) -> bool {
        self.contribution(figure).is_some()
    }

    /// Patients who contribute to the figure, as far as it is known.
    pub(super) fn patients(&self, figure: Figure) -> u64 {
        self.contribution(figure).map_or_else(|| self.n(figure), |of| of.n)
    }

    /// Whether a figure counts rows, keys or flags.
    pub(super) fn counts(&self, figure: Figure) -> bool {
        self.kept(figure).is_some_and(|kept| kept.counts)
    }

    fn kept(&self, figure: Figure) -> Option<Kept> {
        self.kept.get(figure.fragment)?.get(figure.sum).copied()
    }

    /// Whether a figure counts everything in its cell.
    pub(super) fn is_whole(&self, figure: Figure) -> bool {
        self.measure(figure).is_some_and(|of| {
            let all = of.argument.is_none() || of.kind == MeasureKind::Keys;
            of.condition.is_none() && all && of.kind.is_count_like()
        })
    }

    /// A sum of values less what its rows add at least: never negative.
    fn shifted(&self, figure: Figure) -> Option<u64> {
        let (of, sum) = (self.measure(figure)?, self.sum(figure)?);
        let value = self.raw(figure);
        let shifted = match sum.kind {
            SumKind::SumSquares => Some(value),
            SumKind::Rows
            | SumKind::NonNull
            | SumKind::Distinct
            | SumKind::Bin
            | SumKind::Sum
            | SumKind::SumProducts => {
                let rows = self.raw(Figure { sum: self.kept(figure)?.counter?, ..figure });
                rows.checked_mul(of.least.get()).and_then(|least| value.checked_sub(least))
            }
        };
        shifted.filter(|value| (0..=MAX_EXACT).contains(value))?.try_into().ok()
    }

    fn is_exact(&self, figure: Figure) -> bool {
        self.sum(figure).is_some_and(|sum| self.exact.get(&sum.kind) == Some(&true))
    }

    /// The figure as the solver gets it: of a sum that is too large the rows that it adds.
    pub(super) fn value(&self, figure: Figure) -> u64 {
        let count = |value: i128| u64::try_from(value.clamp(0, MAX_EXACT)).unwrap_or_default();
        if self.counts(figure) {
            return count(self.raw(figure));
        }
        match self.shifted(figure).filter(|_| self.is_exact(figure)) {
            Some(value) => value,
            None => match self.kept(figure).and_then(|kept| kept.counter) {
                Some(counter) => count(self.raw(Figure { sum: counter, ..figure })),
                None => self.patients(figure),
            },
        }
    }

    /// Why the figure is null, if it is.
    fn rule(&self, figure: Figure) -> Option<Rule> {
        self.verdict(figure)?.sums.get(figure.sum).copied().flatten()
    }

    /// Whether a cell is null for its few patients, or as if it had few.
    pub(super) fn is_small(&self, figure: Figure) -> bool {
        let hidden = self.verdict(figure).is_some_and(|of| of.state == CellState::Hidden);
        hidden && self.n(figure) < self.thresholds(Some(figure)).k.max(1)
    }

    /// The figure with which this one is hidden, where that is not null for itself.
    pub(super) fn follows(&self, figure: Figure) -> Option<Figure> {
        let leader = Figure { sum: self.leader(figure.fragment)?, ..figure };
        let hidden = self.verdict(figure).is_some_and(|of| of.state == CellState::Hidden);
        let leads = leader != figure && (hidden || self.rule(leader).is_none());
        leads.then_some(leader)
    }

    /// Whether some figures of a cell are null and others are not.
    pub(super) fn is_null_in_part(&self, fragment: usize, cell: usize) -> bool {
        let verdict = self.verdict(Figure { fragment, cell, sum: 0 });
        verdict.is_some_and(|verdict| {
            let mut sums = self.sums(fragment);
            let null = sums.any(|sum| verdict.sums.get(sum).is_some_and(Option::is_some));
            verdict.state != CellState::Hidden && null
        })
    }

    /// Whether the figure is shown and could be null instead: not what the text alone tells.
    pub(super) fn can_be_hidden(&self, figure: Figure) -> bool {
        self.standing(figure) == Standing::Shown
    }

    pub(super) fn standing(&self, figure: Figure) -> Standing {
        let told = self.cell(figure).is_some_and(RawCell::is_ruled_out);
        match (self.rule(figure), self.verdict(figure)) {
            (Some(_), _) | (None, None) => Standing::Null,
            (None, Some(verdict)) => match verdict.state {
                CellState::Empty if told => Standing::Released,
                CellState::Empty | CellState::Present if self.is_told(figure) => Standing::Released,
                CellState::Empty | CellState::Present => Standing::Shown,
                CellState::Hidden => Standing::Null,
            },
        }
    }

    /// What hiding the figure costs.
    pub(super) fn cost(&self, figure: Figure) -> u64 {
        self.patients(figure).saturating_add(1)
    }

    /// Whether it is null only so that another stays unknown.
    pub(super) fn is_company(&self, figure: Figure) -> bool {
        matches!(self.rule(figure), Some(Rule::Linked | Rule::Unlinked))
    }

    /// The threshold of a figure, or of what nobody asked for: of patients, or of a part of them.
    pub(super) fn least(&self, figure: Option<Figure>, part: bool, small: bool) -> u32 {
        let of = self.thresholds(figure);
        let least = match (part, small) {
            (false, _) => of.k,
            (true, false) => of.part,
            (true, true) if of.part == 0 => of.k.min(LEAST_PART),
            (true, true) => of.part,
        };
        u32::try_from(least).unwrap_or(u32::MAX)
    }

    /// What must stay unknown of a figure where it is null.
    pub(super) fn need(&self, figure: Figure) -> Need {
        if !self.counts(figure) {
            return Need::Wide(self.width(figure));
        }
        let part = !self.is_whole(figure);
        if self.is_small(figure) {
            return Need::small(self.least(Some(figure), part, true));
        }
        let least = self.least(Some(figure), part, false);
        let wide = Need::Wide(u64::from(least).saturating_sub(1).max(1));
        match self.rule(figure) {
            Some(Rule::SmallPart) if self.is_few(Some(figure), self.patients(figure), true) => {
                Need::small(least)
            }
            Some(Rule::Everyone) if self.patients(figure) == 0 => Need::small(least),
            Some(Rule::Dominance | Rule::Rest) => Need::Wide(self.width(figure)),
            Some(
                Rule::SmallPart
                | Rule::Everyone
                | Rule::Fault
                | Rule::Empty
                | Rule::SmallCell
                | Rule::Spread
                | Rule::Quantile
                | Rule::GivenAway
                | Rule::Untold
                | Rule::Before
                | Rule::MemoryFull
                | Rule::Linked
                | Rule::Unlinked,
            )
            | None => wide,
        }
    }

    /// Whether it is null for being nobody or everybody: who asks does not know that it is.
    pub(super) fn is_alike(&self, figure: Figure) -> bool {
        self.rule(figure) == Some(Rule::Everyone)
    }

    /// Whether so many patients are too few to be left by a part.
    pub(super) fn is_few_left(&self, figure: Figure, patients: u64) -> bool {
        self.thresholds(Some(figure)).complement && self.is_few(Some(figure), patients, true)
    }

    /// Whether so many patients are someone, and fewer than the limit.
    pub(super) fn is_few(&self, figure: Option<Figure>, patients: u64, part: bool) -> bool {
        0 < patients && patients < u64::from(self.least(figure, part, false))
    }

    /// How closely a sum may not be known: a share of its largest contribution.
    fn width(&self, figure: Figure) -> u64 {
        let plain = self.counts(figure)
            || self.is_exact(figure)
                && self.sum(figure).is_some_and(|sum| sum.kind != SumKind::SumSquares);
        let first = self.contribution(figure).and_then(|of| of.tops).map_or(0, |tops| tops.first);
        let share = first
            .saturating_mul(i128::from(self.thresholds(Some(figure)).percent))
            .checked_div(100)
            .unwrap_or(0);
        let share = if plain { share.clamp(0, MAX_EXACT) } else { 0 };
        u64::try_from(share).unwrap_or_default().max(1)
    }

    /// For each fragment the count with which all of a cell is hidden.
    pub(super) fn leaders(&self) -> Vec<Option<usize>> {
        (0..self.parts.len()).map(|fragment| self.leader(fragment)).collect()
    }

    /// The count of all rows of a cell, or what counts most like it.
    pub(super) fn leader(&self, fragment: usize) -> Option<usize> {
        let figure = |sum| Figure { fragment, cell: 0, sum };
        let of = |wanted: &dyn Fn(&MeasureFootprint) -> bool| {
            self.sums(fragment).find(|sum| self.measure(figure(*sum)).is_some_and(wanted))
        };
        of(&MeasureFootprint::is_of_everyone)
            .or_else(|| of(&|measure| measure.condition.is_none() && measure.kind.is_count_like()))
    }
}
