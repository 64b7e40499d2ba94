//! What everything that was told of a snapshot leaves of what was hidden of it.
//!
//! Each answer was judged when it was told, beside those before it. Here all of them are looked at once more as whoever collected them
//! would, with the same relations and the same programs, and nothing is hidden: a null that can be solved for is known, and one
//! whose interval is closer than its rule wants is narrow. Figures that are null for others alone are no secrets of their own and
//! are not counted; fragments of which nothing was told tell nothing of others and are left out.
//!
//! Not here: noise and bands, which are no figures to compute with, and other snapshots.

use std::collections::BTreeSet;

use policies::Digest;

use super::earlier::Earlier;
use super::figures::{Figures, Part};
use super::{Figure, cells, gather, groups};
use crate::disclose::suppress::{Need, Standing};
use crate::memory::Memory;

/// Figures that are null for themselves, and that sums join to something that was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// All of them.
    pub(crate) hidden: u64,
    /// Those that can be solved for.
    pub(crate) known: u64,
    /// Those that can be known more closely than their rule wants.
    pub(crate) narrow: u64,
    /// Those of which that was not found out.
    pub(crate) untried: u64,
}

impl Left {
    /// Both together.
    #[must_use]
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            hidden: self.hidden.saturating_add(other.hidden),
            known: self.known.saturating_add(other.known),
            narrow: self.narrow.saturating_add(other.narrow),
            untried: self.untried.saturating_add(other.untried),
        }
    }
}

/// What all that was told of a snapshot leaves; none where it cannot be read.
pub(crate) fn left(memory: &Memory, snapshot: &Digest) -> Option<Left> {
    let earlier = Earlier::all((memory, snapshot))?;
    let Some(thresholds) = earlier.thresholds() else { return Some(Left::default()) };
    let parts: Vec<Part<'_>> = earlier.parts().collect();
    let all: Vec<usize> = (0..parts.len()).collect();
    let groups = groups(&parts, &all);
    let figures = Figures::new(parts, thresholds);
    let of_group = |group: &BTreeSet<usize>| {
        let cells = cells(&figures, group);
        match gather(&figures, &cells) {
            Ok(builder) => builder.left(),
            Err(_too_large) => {
                let all = cells.iter().flat_map(|(fragment, cells)| {
                    cells.iter().flat_map(|cell| figures.in_cell(*fragment, *cell))
                });
                let secret = |figure: &Figure| {
                    figures.standing(*figure) == Standing::Null
                        && !figures.is_company(*figure)
                        && figures.need(*figure) != Need::Nothing
                };
                let null = all.filter(secret).count();
                let null = u64::try_from(null).unwrap_or(u64::MAX);
                Left { hidden: null, untried: null, ..Left::default() }
            }
        }
    };
    Some(groups.iter().map(of_group).fold(Left::default(), Left::plus))
}
