//! Regions that differ on one axis alone, each by one range of places: what is the sum and difference of others.
//!
//! On such a line a region from a to b is what lies before b less what lies before a. So regions that make a way from a to b, some
//! of them backwards, add up to it, though none is made of the others: windows that overlap, ages below 60, below 70 and above.
//! Every such sum follows from one for each region that closes a ring.

use std::collections::{BTreeMap, BTreeSet};

use policies::footprint::LinkAxis;

use super::places::{Region, Tiles};
use crate::disclose::linked::table::{Builder, Truth};

/// A region of a line: where it begins and ends, and its cell.
type Stretch = (u32, u32, usize);

/// Relates the regions of one quantity, as far as they add up.
pub(super) fn relate(
    builder: &mut Builder<'_>,
    cells: &BTreeMap<Region, usize>,
    (truth, tiles): (Truth, &Tiles),
) {
    let mut lines: BTreeMap<(Region, LinkAxis), Vec<Stretch>> = BTreeMap::new();
    for (region, cell) in cells {
        for (at, tile) in region.iter().enumerate() {
            let Some((axis, places)) = tiles.get(*tile) else { continue };
            if let [(low, high)] = places.ranges() {
                let mut others = region.clone();
                others.remove(at);
                lines.entry((others, *axis)).or_default().push((*low, *high, *cell));
            }
        }
    }
    for ((others, axis), mut line) in lines {
        // Single places, and ways to take an axis apart, are laid onto each other already.
        let wide: BTreeSet<(u32, u32)> = line
            .iter()
            .map(|(low, high, _)| (*low, *high))
            .filter(|(low, high)| high - low > 1)
            .collect();
        if wide.len() < 2 {
            continue;
        }
        line.extend(cells.get(&others).map(|all| (0, axis.size, *all)));
        line.sort_by_key(|(low, high, _)| (high.saturating_sub(*low), *low));
        rings(builder, &line, truth);
    }
}

/// Adds a relation for every ring that the stretches of a line make.
fn rings(builder: &mut Builder<'_>, line: &[Stretch], truth: Truth) {
    // From each end the stretches that make a tree.
    let mut tree: BTreeMap<u32, Vec<(u32, usize)>> = BTreeMap::new();
    for (low, high, cell) in line {
        if let Some(way) = way(&tree, *low, *high) {
            let (mut plus, mut minus) = (vec![*cell], Vec::new());
            for (from, to, cell) in way {
                if from < to { minus.push(cell) } else { plus.push(cell) }
            }
            if builder.sum(&plus) == builder.sum(&minus) {
                builder.relate(plus, minus, truth);
            }
        } else {
            tree.entry(*low).or_default().push((*high, *cell));
            tree.entry(*high).or_default().push((*low, *cell));
        }
    }
}

/// The steps from one end to another, if the tree has them.
fn way(tree: &BTreeMap<u32, Vec<(u32, usize)>>, from: u32, to: u32) -> Option<Vec<Stretch>> {
    let mut before: BTreeMap<u32, Stretch> = BTreeMap::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        for (next, cell) in tree.get(&at).into_iter().flatten() {
            if *next != from && !before.contains_key(next) {
                before.insert(*next, (at, *next, *cell));
                open.push(*next);
            }
        }
    }
    let mut way = Vec::new();
    let mut at = to;
    while at != from {
        let step = *before.get(&at)?;
        way.push(step);
        at = step.0;
    }
    Some(way)
}
