//! Complementary suppression: no null can be computed from what else the answer shows, or from what earlier ones did.
//!
//! [`earlier`] brings what was told from the same snapshot; its figures are linked like those of the answer, but cannot be hidden.
//! [`near`] leaves out what cannot matter.
//!
//! After the primary rules every figure of the answer is a cell of a linked table: [`figures`] says what it is worth and what must
//! stay unknown of it where it is null, [`inside`] how the figures of one cell add up, [`space`] how those of several cells and
//! fragments do, by the places that the footprint gives them; figures of one place are one cell ([`alike`]). [`table`] gathers both and lets [`super::suppress`] choose what else
//! is null. Where a cell has a count of all its rows, that count and everything beside it are hidden together.
//!
//! What fails, is too large or takes too much work is hidden: every figure that relations join to the null. Sums of values have no
//! interval of their own where they are too large for the solver: then the rows that were added stand for them, and the null
//! is only not to be solved for.
//!
//! Not here: other hospitals, other snapshots, three tables of pairs of keys whose joint table nobody asked for.

use std::collections::{BTreeMap, BTreeSet};

use policies::footprint::FragmentFootprint;
use policies::protections::Protections;
use policies::{Digest, Limits};

use super::CellState;
use super::rules::{Rule, Verdict};
use crate::receive::RawFragment;
use alike::Alike;
use figures::{Figures, Part, Thresholds};
use space::Places;
use table::Builder;

mod alike;
mod earlier;
mod figures;
mod inside;
mod left;
mod near;
mod roots;
mod space;
mod table;

pub(super) use earlier::Earlier;
pub use earlier::read_tables;
pub(crate) use left::{Left, left};

/// One figure of the answer, or, by the fragments after its own, of an earlier one: by fragment, cell and sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Figure {
    fragment: usize,
    cell: usize,
    sum: usize,
}

/// The cells of each fragment that are linked.
type Cells = BTreeMap<usize, Vec<usize>>;

/// Figures of fragments that are linked at once; the rest of a larger answer would take too long to judge.
const MAX_FIGURES: usize = 100_000;

/// Why a group of fragments is not judged.
#[derive(Debug)]
struct TooLarge;

/// Makes null whatever else must be.
pub(super) fn hide(
    (fragments, footprints): (&[RawFragment], &[FragmentFootprint]),
    verdicts: &mut [Vec<Verdict>],
    (protections, limits): (&Protections, &Limits),
    earlier: &Earlier,
) {
    let thresholds = Thresholds::new(protections, limits);
    let own = fragments.iter().zip(footprints).zip(verdicts.iter());
    let own = own.enumerate().map(|(at, ((fragment, footprint), verdicts))| {
        let links = earlier.links(at).unwrap_or(&footprint.links);
        Part { fragment, footprint, links, verdicts, thresholds, told: false }
    });
    let parts: Vec<Part<'_>> = own.chain(earlier.parts()).collect();
    // What was told before stands among the earlier ones; only what is new can hide anything.
    let linked: Vec<usize> = (0..parts.len()).filter(|at| !earlier.is_repeated(*at)).collect();
    let groups = groups(&parts, &linked);
    let is_new = |group: &BTreeSet<usize>| group.iter().any(|at| *at < fragments.len());
    let figures = Figures::new(parts, thresholds).beside(earlier.exact());
    let leaders = figures.leaders();
    let mut hidden = BTreeMap::new();
    for group in groups.into_iter().filter(is_new) {
        let cells = cells(&figures, &group);
        hidden.extend(match gather(&figures, &cells) {
            Ok(builder) => builder.solve(),
            Err(TooLarge) => everything(&figures, &cells),
        });
    }
    apply(&hidden, &leaders, verdicts);
}

/// The cells of a group that are linked: all, or of a fragment that stands alone those that are null in part, because nothing in
/// one cell says anything of another.
fn cells(figures: &Figures<'_>, group: &BTreeSet<usize>) -> Cells {
    let linked = |fragment: &usize| {
        let all = figures.cells(*fragment);
        let kept = all.filter(|cell| group.len() > 1 || figures.is_null_in_part(*fragment, *cell));
        (*fragment, kept.collect())
    };
    group.iter().map(linked).collect()
}

/// The relations of a group of fragments.
fn gather<'a>(figures: &'a Figures<'a>, cells: &Cells) -> Result<Builder<'a>, TooLarge> {
    let size = |(fragment, cells): (&usize, &Vec<usize>)| {
        figures.sums(*fragment).count().saturating_mul(cells.len())
    };
    if cells.iter().map(size).fold(0, usize::saturating_add) > MAX_FIGURES {
        return Err(TooLarge);
    }
    let places = Places::new(figures, cells)?;
    let mut builder = Builder::new(figures, Alike::new(figures, &places));
    for (fragment, cells) in cells {
        inside::relate(&mut builder, *fragment, cells);
    }
    space::relate(&mut builder, places)?;
    Ok(builder)
}

/// What is hidden of a group that cannot be judged.
fn everything(figures: &Figures<'_>, cells: &Cells) -> BTreeMap<Figure, Rule> {
    let all = cells.iter().flat_map(|(fragment, cells)| {
        cells.iter().flat_map(|cell| figures.in_cell(*fragment, *cell))
    });
    let shown = all.filter(|figure| figures.can_be_hidden(*figure));
    shown.map(|figure| (figure, Rule::Unlinked)).collect()
}

/// Fragments that share a space, directly or through others.
fn groups(parts: &[Part<'_>], linked: &[usize]) -> Vec<BTreeSet<usize>> {
    let mut groups: Vec<(BTreeSet<&Digest>, BTreeSet<usize>)> = Vec::new();
    for at in linked.iter().copied() {
        let links = parts.get(at).into_iter().flat_map(|part| part.links);
        let mut bases: BTreeSet<&Digest> = links.map(|link| &link.base).collect();
        let mut joined = BTreeSet::from([at]);
        let (near, apart): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|(known, _)| !known.is_disjoint(&bases));
        groups = apart;
        for (known, group) in near {
            bases.extend(known);
            joined.extend(group);
        }
        groups.push((bases, joined));
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Writes what is hidden into the verdicts.
fn apply(
    hidden: &BTreeMap<Figure, Rule>,
    leaders: &[Option<usize>],
    verdicts: &mut [Vec<Verdict>],
) {
    for (figure, rule) in hidden {
        let verdict = verdicts.get_mut(figure.fragment).and_then(|of| of.get_mut(figure.cell));
        let Some(verdict) = verdict else { continue };
        let whole = leaders.get(figure.fragment) == Some(&Some(figure.sum));
        for (at, why) in verdict.sums.iter_mut().enumerate() {
            if whole || at == figure.sum {
                why.get_or_insert(*rule);
            }
        }
        if whole || verdict.sums.iter().all(Option::is_some) {
            verdict.state = CellState::Hidden;
        }
    }
}

#[cfg(test)]
mod tests;
