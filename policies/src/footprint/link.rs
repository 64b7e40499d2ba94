//! What fragments of one question have in common: figures that are sums of one another are linked before one is null.
//!
//! A [`LinkFootprint`] places every figure of a fragment in a space: the rows below the cut (`base`), the axes that the group
//! keys are, what is counted or added (`of`) and the places on axes that conditions leave. An axis is a column with all its values
//! in their order, NULL last, and a figure is of the places that its keys and conditions allow there. Figures of one space and one `of` add
//! up where the places of some are those of another, and one under more conditions is part of one under fewer. Axes and `of` are
//! numbers within the question; nothing here knows the SQL. A fragment has the space of its plan, and that of the rows of a table
//! where its rows are those.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{FootprintError, FragmentFootprint};
use crate::Digest;

mod names;
mod set;

pub use names::{LinkName, LinkNames, LinkQuantity, NotAName};
pub use set::{LinkSet, NotASet};

/// Spaces of one fragment: of its plan, and of the rows of a table.
const MAX_LINKS: usize = 2;

/// A fragment's figures in one space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkFootprint {
    /// What is below the cut, without group keys.
    pub base: Digest,
    /// Where the groups of each key lie; the last is the fastest.
    pub keys: Vec<LinkKey>,
    /// Where each sum lies.
    pub sums: Vec<LinkSum>,
}

impl LinkFootprint {
    /// How many numbers and ranges it has, about.
    pub(super) fn len(&self) -> usize {
        let ranges = |set: &LinkSet| set.ranges().len().saturating_add(1);
        let keys = self.keys.iter().flat_map(|key| &key.cells).map(ranges);
        let of_sum = |sum: &LinkSum| {
            let fixed = sum.fixed.iter().map(|fixed| ranges(&fixed.places));
            fixed.fold(sum.part_of.len(), usize::saturating_add).saturating_add(1)
        };
        keys.chain(self.sums.iter().map(of_sum)).fold(0, usize::saturating_add)
    }
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

/// A group key on its axis.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkKey {
    /// The axis.
    pub axis: LinkAxis,
    /// The places of each group, apart; none where each place is a group, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<LinkSet>,
}

impl LinkKey {
    /// How many groups it makes.
    #[must_use]
    pub fn size(&self) -> u64 {
        let cells = u64::try_from(self.cells.len()).unwrap_or(u64::MAX);
        if self.cells.is_empty() { u64::from(self.axis.size) } else { cells }
    }
}

impl From<LinkAxis> for LinkKey {
    /// Each place is a group.
    fn from(axis: LinkAxis) -> Self {
        Self { axis, cells: Vec::new() }
    }
}

/// A sum's place beside its keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkSum {
    /// The number of what is counted or added among those of the question.
    pub of: u32,
    /// Places that conditions leave, ascending by axis; on a key's axis only what both leave.
    pub fixed: Vec<LinkFixed>,
    /// What is counted or added under fewer conditions, of which this is a part wherever it lies; ascending.
    pub part_of: Vec<u32>,
}

/// Places on an axis that a condition leaves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkFixed {
    /// The axis.
    pub axis: LinkAxis,
    /// The places: some, and not all.
    pub places: LinkSet,
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
        axis.size > 0 && *sizes.entry(axis.axis).or_insert(axis.size) == axis.size
    };
    let keys: BTreeSet<u32> = link.keys.iter().map(|key| key.axis.axis).collect();
    let cells = link.keys.iter().map(LinkKey::size).fold(1, u64::saturating_mul);
    let of_keys = keys.len() == link.keys.len()
        && link.keys.len() == footprint.group_keys.len()
        && cells == footprint.cells
        && link.keys.iter().all(|key| known(&key.axis) && are_apart(key));
    let mut of_sum = |sum: &LinkSum| {
        let ascending = sum.fixed.is_sorted_by(|one, other| one.axis.axis < other.axis.axis)
            && sum.part_of.is_sorted_by(|one, other| one < other);
        ascending
            && !sum.part_of.contains(&sum.of)
            && sum.fixed.iter().all(|LinkFixed { axis, places }| {
                let some = !places.is_empty() && places.len() < u64::from(axis.size);
                some && places.end() <= axis.size && known(axis)
            })
    };
    of_keys && link.sums.len() == footprint.sums.len() && link.sums.iter().all(&mut of_sum)
}

/// Whether the groups of a key lie on its axis, and have no place in common.
fn are_apart(key: &LinkKey) -> bool {
    let all = LinkSet::all(&key.cells);
    let each = key.cells.iter().map(LinkSet::len).fold(0, u64::saturating_add);
    all.end() <= key.axis.size && all.len() == each
}

#[cfg(test)]
mod tests;
