//! One fragment as the memory keeps it: its account without texts, then its cells.
//!
//! Of each cell the figures with what was shown and why not, its patients, and of each measure how many contribute and the
//! largest contribution: all that linking looks at. No sets, no keys, no texts. What linking asks of a whole fragment is found out once,
//! where it is read.

use std::collections::BTreeMap;

use policies::explore::Explore;
use policies::footprint::{FragmentFootprint, LinkFootprint, LinkNames, SumKind};
use serde::{Deserialize, Serialize};

use super::code::{self, Bytes};
use super::vocabulary::Vocabulary;
use crate::disclose::CellState;
use crate::disclose::linked::figures::{Figures, Part, Thresholds};
use crate::disclose::linked::near::Sum;
use crate::disclose::rules::Verdict;
use crate::receive::{Counted, RawFragment};

/// What every cell has in common.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) thresholds: Thresholds,
    pub(super) footprint: FragmentFootprint,
    pub(super) names: LinkNames,
    /// Measures that were summarised.
    measures: usize,
}

/// A fragment that was told.
pub(super) struct Kept {
    pub(super) head: Head,
    fragment: RawFragment,
    pub(super) verdicts: Vec<Verdict>,
    /// What each sum is, as a whole.
    pub(super) sums: Vec<Option<Sum>>,
    /// Of which kinds of sums every value is small enough for the solver.
    pub(super) exact: BTreeMap<SumKind, bool>,
}

/// The account of a fragment as far as linking needs it, with names for its own numbers alone.
fn bare(
    footprint: &FragmentFootprint,
    names: &LinkNames,
) -> Option<(FragmentFootprint, LinkNames)> {
    let mut own = Vocabulary::default();
    let links = own.adopt(&footprint.links, names)?;
    let mut bare = FragmentFootprint {
        digest: footprint.digest,
        group_keys: Vec::new(),
        cells: footprint.cells,
        sums: footprint.sums.clone(),
        measures: footprint.measures.clone(),
        explore: Explore::default(),
        links,
        vectors: Vec::new(),
        sensitive: footprint.sensitive,
    };
    bare.sums.iter_mut().for_each(|sum| sum.text.clear());
    bare.measures.iter_mut().for_each(|measure| measure.made = None);
    Some((bare, own.names()))
}

impl Kept {
    /// The bytes of a fragment, as many whatever the verdicts are; nothing where its account does not hold.
    pub(super) fn write(
        thresholds: Thresholds,
        (fragment, footprint, names): (&RawFragment, &FragmentFootprint, &LinkNames),
        verdicts: &[Verdict],
    ) -> Option<Vec<u8>> {
        let (footprint, names) = bare(footprint, names)?;
        let measures = fragment.cell(0).contributions().count();
        let head = serde_json::to_vec(&Head { thresholds, footprint, names, measures }).ok()?;
        let mut bytes = Vec::new();
        code::number(&mut bytes, u128::try_from(head.len()).ok()?);
        bytes.extend(head);
        code::number(&mut bytes, u128::try_from(fragment.n.len()).ok()?);
        for (at, cell) in fragment.cells().enumerate() {
            let verdict = verdicts.get(at);
            bytes.push(verdict.map_or(0, |verdict| verdict.state.code()));
            bytes.push(u8::from(cell.is_ruled_out()));
            code::number(&mut bytes, cell.n().into());
            for (sum, value) in cell.sums().enumerate() {
                let rule = verdict.and_then(|verdict| verdict.sums.get(sum).copied().flatten());
                bytes.push(code::byte(rule));
                code::signed(&mut bytes, value);
            }
            for measure in cell.contributions() {
                code::number(&mut bytes, measure.n.into());
                code::signed(&mut bytes, measure.tops.map_or(0, |tops| tops.first));
            }
        }
        Some(bytes)
    }

    /// A fragment of its bytes.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(bytes);
        let length = bytes.length()?;
        let head: Head = serde_json::from_slice(bytes.take(length)?).ok()?;
        let sums = head.footprint.sums.len();
        let of = head.footprint.measures.get(..head.measures)?;
        let mut counted: Vec<Counted> = of.iter().cloned().map(Counted::new).collect();
        let (mut n, mut ruled_out, mut verdicts) = (Vec::new(), Vec::new(), Vec::new());
        let scales = head.footprint.sums.iter().map(|sum| (sum.scale, Vec::new()));
        let mut values: Vec<(u8, Vec<i128>)> = scales.collect();
        for _ in 0..bytes.length()? {
            let state = bytes.state()?;
            ruled_out.push(bytes.flag()?);
            n.push(bytes.count()?);
            let mut rules = Vec::with_capacity(sums);
            for (_, values) in &mut values {
                rules.push(bytes.rule()?);
                values.push(bytes.signed()?);
            }
            verdicts.push(Verdict { state, sums: rules });
            for measure in &mut counted {
                measure.n.push(bytes.count()?);
                measure.first.push(bytes.signed()?);
            }
        }
        let whole = bytes.is_empty() && u64::try_from(n.len()) == Ok(head.footprint.cells);
        let fragment = RawFragment::of_told((n, ruled_out), values, counted);
        let own = (Vec::new(), BTreeMap::new());
        let read = Self { head, fragment, verdicts, sums: own.0, exact: own.1 };
        let read = whole.then_some(read)?;
        let figures = Figures::new(vec![read.part(&[])], read.head.thresholds);
        let sums = (0..sums).map(|sum| Sum::of(&figures, 0, sum)).collect();
        let exact = figures.exact().clone();
        Some(Self { sums, exact, ..read })
    }

    /// Whether it is of the very figures of a fragment.
    pub(super) fn is_of(&self, fragment: &RawFragment) -> bool {
        let alike = |(one, other): (crate::receive::RawCell<'_>, crate::receive::RawCell<'_>)| {
            one.is_ruled_out() == other.is_ruled_out() && one.sums().eq(other.sums())
        };
        self.fragment.n == fragment.n && self.fragment.cells().zip(fragment.cells()).all(alike)
    }

    /// Whether any of its figures was told.
    pub(super) fn shows(&self) -> bool {
        let shown =
            |verdict: &Verdict| verdict.state == CellState::Present && verdict.sums.contains(&None);
        self.verdicts.iter().any(shown)
    }

    /// What of it is linked, by links in the numbers of all that is.
    pub(super) fn part<'a>(&'a self, links: &'a [LinkFootprint]) -> Part<'a> {
        Part {
            fragment: &self.fragment,
            footprint: &self.head.footprint,
            links,
            verdicts: &self.verdicts,
            thresholds: self.head.thresholds,
            told: true,
        }
    }
}

#[cfg(test)]
mod tests;
