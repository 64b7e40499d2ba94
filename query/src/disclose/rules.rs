//! The primary rules: which figures of a cell are null, from its hidden summaries alone.
//!
//! DISCLOSURE.md section 3. A cell of fewer patients than the threshold is null as a whole (R1). In a cell that is shown every
//! figure is looked at by its measure: parts of a few patients, or of all but a few ([`parts`]: R2), sums that one or two
//! nobody or everybody where that is sensitive ([`everyone`]: R3), sums that one or two
//! patients make up ([`concentrated`]: R4, R5), squares and products that would be solved ([`spread`]: R6), and what would give
//! one of these away by subtraction ([`given_away`]). Everything is whole numbers. Each test looks at the cell as it is and never
//! at what other tests hid, so a stricter limit never shows what a looser one hides.
//!
//! Not here: what two cells, two hospitals or two answers give away together; of the cells of one answer
//! [`super::linked`] says that.

use std::collections::BTreeMap;

use policies::Limits;
use policies::footprint::{SumFootprint, SumKind};
use policies::protections::{Protections, Zeros};

use super::CellState;
use crate::receive::{Contribution, RawCell};

mod concentrated;
pub(super) mod everyone;
mod given_away;
mod made;
pub(super) mod parts;
mod spread;
pub(super) mod volume;

/// Why a figure is null. For the hospital's own log: never told to who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// The run failed, or a summary is missing.
    Fault,
    /// Nobody, where empty cells are not shown.
    Empty,
    /// R1.
    SmallCell,
    /// R2.
    SmallPart,
    /// R3.
    Everyone,
    /// R4.
    Dominance,
    /// R5.
    Rest,
    /// R6.
    Spread,
    /// It would tell another figure that is null.
    GivenAway,
    /// Its patients are a few more or fewer than those of a figure that was told.
    Before,
    /// No more can be remembered of what is told over the lineage.
    MemoryFull,
    /// A null of another cell or fragment could be computed with it.
    Linked,
    /// Whether a null could be computed with it was not found out.
    Unlinked,
}

impl Rule {
    /// The stable word in the log.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Empty => "empty",
            Self::SmallCell => "r1",
            Self::SmallPart => "r2",
            Self::Everyone => "r3",
            Self::Dominance => "r4",
            Self::Rest => "r5",
            Self::Spread => "r6",
            Self::GivenAway => "given_away",
            Self::Before => "told_before",
            Self::MemoryFull => "memory_full",
            Self::Linked => "linked",
            Self::Unlinked => "unlinked",
        }
    }
}

/// What becomes of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The cell.
    pub(crate) state: CellState,
    /// Each of its sums: shown, or null for this.
    pub(crate) sums: Vec<Option<Rule>>,
}

impl Verdict {
    pub(super) fn all(state: CellState, sums: &[SumFootprint], why: Option<Rule>) -> Self {
        Self { state, sums: vec![why; sums.len()] }
    }

    /// Makes the whole cell null; what is null already stays so for its own rule.
    pub(crate) fn hide(&mut self, why: Rule) {
        self.state = CellState::Hidden;
        self.sums.iter_mut().for_each(|rule| *rule = rule.or(Some(why)));
    }

    /// Counts the rule of every null figure; a cell without figures counts once.
    pub(crate) fn count(&self, rules: &mut BTreeMap<Rule, u64>) {
        for rule in self.sums.iter().flatten() {
            let count = rules.entry(*rule).or_default();
            *count = count.saturating_add(1);
        }
    }
}

/// What becomes of a cell, whose sums these are.
pub(crate) fn judge(
    cell: RawCell<'_>,
    sums: &[SumFootprint],
    (protections, limits): (&Protections, &Limits),
) -> Verdict {
    let n = cell.n();
    if n == 0 {
        return match protections.zeros {
            Zeros::Shown => Verdict::all(CellState::Empty, sums, None),
            Zeros::Hidden if cell.is_ruled_out() => Verdict::all(CellState::Empty, sums, None),
            Zeros::Hidden => Verdict::all(CellState::Hidden, sums, Some(Rule::Empty)),
        };
    }
    if n < u64::from(protections.min_patients.get()) {
        return Verdict::all(CellState::Hidden, sums, Some(Rule::SmallCell));
    }
    if limits.is_off() {
        return Verdict::all(CellState::Present, sums, None);
    }
    let sums = figures(cell, sums, limits);
    // A cell without any figure is the same null as a small one.
    let bare = !sums.is_empty() && sums.iter().all(Option::is_some);
    Verdict { state: if bare { CellState::Hidden } else { CellState::Present }, sums }
}

/// Why each figure of a cell of enough patients is null.
fn figures(cell: RawCell<'_>, sums: &[SumFootprint], limits: &Limits) -> Vec<Option<Rule>> {
    let measures: Vec<Contribution<'_>> = cell.contributions().collect();
    let small = parts::small(cell.n(), &measures, limits);
    let alike = everyone::alike(cell.n(), &measures, limits);
    let of_measures: Vec<Option<Rule>> = measures
        .iter()
        .zip(small.into_iter().zip(alike))
        .map(|(measure, (small, alike))| {
            small.or(alike).or_else(|| concentrated::of(measure, limits))
        })
        .collect();
    let of_measures = made::told(&measures, &of_measures, limits);
    let solved = spread::solved(&measures, sums, limits);
    let mut hidden: Vec<Option<Rule>> = sums
        .iter()
        .zip(cell.sums())
        .zip(solved)
        .map(|((sum, value), solved)| {
            let place = usize::try_from(sum.measure).ok();
            let own = place.and_then(|place| of_measures.get(place).zip(measures.get(place)));
            // Without its measure nothing is known of a figure.
            let Some((own, of)) = own else { return Some(Rule::Fault) };
            let squared = match sum.kind {
                SumKind::SumSquares => concentrated::of_squares(of, value, limits),
                SumKind::Rows
                | SumKind::NonNull
                | SumKind::Distinct
                | SumKind::Sum
                | SumKind::SumProducts => None,
            };
            own.or(solved).or(squared)
        })
        .collect();
    given_away::add(cell, &measures, sums, &mut hidden);
    hidden
}

#[cfg(test)]
mod tests;
