//! What fragments of one question have in common: figures that are sums of one another are linked before one is null.
//!
//! A [`LinkFootprint`] places every figure of a fragment in a space: the rows below the cut (`base`), the axes that the group
//! keys are, what is counted or added (`of`) and the places on axes that a condition fixes. Figures of one space and one `of` add
//! up over the axes that one of them has more than another, and one under more conditions is part of one under fewer. Axes and `of` are numbers within the question; nothing here knows the
//! SQL. A fragment has the space of its plan, and that of its explore form where there is one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{FootprintError, FragmentFootprint, MAX_CELLS};
use crate::Digest;

mod names;

pub use names::{LinkName, LinkNames, LinkQuantity, NotAName};

/// Spaces of one fragment: of its plan, and of its explore form.
const MAX_LINKS: usize = 2;

/// A fragment's figures in one space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkFootprint {
    /// What is below the cut, without group keys.
    pub base: Digest,
    /// The axis that each group key is; the last is the fastest.
    pub keys: Vec<LinkAxis>,
    /// Where each sum lies.
    pub sums: Vec<LinkSum>,
}

/// An axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkAxis {
    /// Its number among those of the question.
    pub axis: u32,
    /// Its places.
    pub size: u32,
}

/// A sum's place beside its keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkSum {
    /// The number of what is counted or added among those of the question.
    pub of: u32,
    /// Places that a condition fixes, on axes that are no keys; ascending.
    pub fixed: Vec<LinkFixed>,
    /// What is counted or added under fewer conditions, of which this is a part wherever it lies; ascending.
    pub part_of: Vec<u32>,
}

/// One place on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkFixed {
    /// The axis.
    pub axis: LinkAxis,
    /// The place.
    pub place: u32,
}

/// Checks the spaces of all fragments: each has at least that of its plan, and axes have one size wherever they stand.
pub(super) fn check(fragments: &[FragmentFootprint]) -> Result<(), FootprintError> {
    let mut sizes = BTreeMap::new();
    for (fragment, footprint) in fragments.iter().enumerate() {
        let links = &footprint.links;
        let bases: BTreeSet<&Digest> = links.iter().map(|link| &link.base).collect();
        let right = (1..=MAX_LINKS).contains(&links.len()) && bases.len() == links.len();
        if !right || !links.iter().all(|link| holds(link, footprint, &mut sizes)) {
            return Err(FootprintError::Links { fragment });
        }
    }
    Ok(())
}

fn holds(
    link: &LinkFootprint,
    footprint: &FragmentFootprint,
    sizes: &mut BTreeMap<u32, u32>,
) -> bool {
    let mut known = |axis: &LinkAxis| {
        let within = (1..=MAX_CELLS).contains(&u64::from(axis.size));
        within && *sizes.entry(axis.axis).or_insert(axis.size) == axis.size
    };
    let keys: BTreeSet<u32> = link.keys.iter().map(|key| key.axis).collect();
    let cells = link.keys.iter().map(|key| u64::from(key.size)).fold(1, u64::saturating_mul);
    let of_keys = keys.len() == link.keys.len()
        && link.keys.len() == footprint.group_keys.len()
        && cells == footprint.cells
        && link.keys.iter().all(&mut known);
    let mut of_sum = |sum: &LinkSum| {
        let ascending = sum.fixed.is_sorted_by(|one, other| one.axis.axis < other.axis.axis)
            && sum.part_of.is_sorted_by(|one, other| one < other);
        ascending
            && !sum.part_of.contains(&sum.of)
            && sum.fixed.iter().all(|LinkFixed { axis, place }| {
                *place < axis.size && !keys.contains(&axis.axis) && known(axis)
            })
    };
    of_keys && link.sums.len() == footprint.sums.len() && link.sums.iter().all(&mut of_sum)
}

#[cfg(test)]
mod tests;
