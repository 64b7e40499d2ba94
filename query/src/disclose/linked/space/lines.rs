//! Regions that differ on one axis alone, each by one range of places: what is the sum and difference of others.
//!
//! On such a line a region from a to b is what lies before b less what lies before a. So regions that make a way from a to b, some
//! of them backwards, add up to it, though none is made of the others: windows that overlap, ages below 60, below 70 and above.
//! Every such sum follows from one for each region that closes a ring. So does what lies between any two ends that such a way
//! joins, though nobody asked for it: where that is a few patients, it is a null too.

use std::collections::{BTreeMap, BTreeSet};

use policies::footprint::LinkAxis;

use super::places::{Region, Tiles};
use super::{Lefts, Points, untold};
use crate::disclose::linked::TooLarge;
use crate::disclose::linked::roots::{join, root};
use crate::disclose::linked::table::{Builder, Truth};
use crate::disclose::suppress::Need;

/// A region of a line: where it begins and ends, and its cell.
type Stretch = (u32, u32, usize);

/// Relates the regions of one quantity, as far as they add up.
pub(super) fn relate(
    builder: &mut Builder<'_>,
    cells: &Points,
    (left, truth, tiles): (&Lefts, Truth, &Tiles),
) -> Result<(), TooLarge> {
    // Single places, and ways to take an axis apart, are laid onto each other already: only what is wider makes a line.
    let mut lines: BTreeMap<(Region, LinkAxis), [Vec<Stretch>; 2]> = BTreeMap::new();
    for wide in [true, false] {
        let axes: BTreeSet<LinkAxis> = lines.keys().map(|(_, axis)| *axis).collect();
        for (region, cell) in cells {
            for (at, tile) in region.iter().enumerate() {
                let Some((axis, places)) = tiles.get(*tile) else { continue };
                let [(low, high)] = places.ranges() else { continue };
                if (places.len() > 1) != wide || !wide && !axes.contains(axis) {
                    continue;
                }
                let mut others = region.clone();
                others.remove(at);
                let of = (others, *axis);
                let line =
                    if wide { Some(lines.entry(of).or_default()) } else { lines.get_mut(&of) };
                let Some([line, rests]) = line else { continue };
                // What others on the line leave is related with them already.
                let is_rest = left.get(region).is_some_and(|(on, _)| on == axis);
                let known = if is_rest { rests } else { line };
                known.push((*low, *high, *cell));
            }
        }
    }
    for ((others, axis), [mut line, rests]) in lines {
        line.extend(cells.get(&others).map(|all| (0, axis.size, *all)));
        let wide = line.iter().filter(|(low, high, _)| high.saturating_sub(*low) > 1);
        if wide.map(|(low, high, _)| (low, high)).collect::<BTreeSet<_>>().len() < 2 {
            continue;
        }
        line.sort_by_key(|(low, high, _)| (high.saturating_sub(*low), *low));
        let tree = rings(builder, &line, truth)?;
        if truth == Truth::Known {
            let all = line.iter().chain(&rests);
            let all = all.map(|(low, high, _)| (*low, *high)).collect();
            between(builder, &all, &tree)?;
        }
    }
    Ok(())
}

/// Adds a relation for every ring that the stretches of a line make; gives the ways without them.
fn rings(builder: &mut Builder<'_>, line: &[Stretch], truth: Truth) -> Result<Tree, TooLarge> {
    let ends: BTreeSet<u32> = line.iter().flat_map(|(low, high, _)| [*low, *high]).collect();
    let number: BTreeMap<u32, usize> =
        ends.iter().enumerate().map(|(at, end)| (*end, at)).collect();
    let mut roots: Vec<usize> = (0..ends.len()).collect();
    let (mut tree, mut rings) = (Tree::default(), Vec::new());
    for (low, high, cell) in line {
        let (Some(one), Some(other)) = (number.get(low), number.get(high)) else { continue };
        if root(&mut roots, *one) == root(&mut roots, *other) {
            rings.push((*low, *high, *cell));
        } else {
            join(&mut roots, *one, *other);
            tree.add((*low, *high, *cell));
        }
    }
    tree.hang(&ends);
    for (low, high, cell) in rings {
        let (mut plus, mut minus) = (vec![cell], Vec::new());
        for (up, cell) in tree.way(low, high) {
            if up { minus.push(cell) } else { plus.push(cell) }
        }
        builder.step(plus.len().saturating_add(minus.len()))?;
        if builder.sum(&plus) == builder.sum(&minus) {
            builder.relate(plus, minus, truth);
        }
    }
    Ok(tree)
}

/// Adds what lies between two ends next to each other and nobody asked for, where it is of a few patients. What is longer is the
/// sum of such, and no better known than they are.
fn between(
    builder: &mut Builder<'_>,
    known: &BTreeSet<(u32, u32)>,
    tree: &Tree,
) -> Result<(), TooLarge> {
    for (low, high) in tree.ends.iter().flat_map(|ends| ends.iter().zip(ends.iter().skip(1))) {
        if known.contains(&(*low, *high)) {
            continue;
        }
        let (mut plus, mut minus) = (Vec::new(), Vec::new());
        for (up, cell) in tree.way(*low, *high) {
            if up { minus.push(cell) } else { plus.push(cell) }
        }
        builder.step(plus.len().saturating_add(minus.len()))?;
        let Some(value) = builder.sum(&minus).checked_sub(builder.sum(&plus)) else { continue };
        let cells: Vec<usize> = plus.iter().chain(&minus).copied().collect();
        let need = untold(builder, &cells, value);
        if need != Need::Nothing {
            plus.push(builder.untold(value, need));
            builder.relate(plus, minus, Truth::Known);
        }
    }
    Ok(())
}

/// Stretches without a ring: one way at most leads from end to end.
#[derive(Default)]
struct Tree {
    /// From each end the stretches there: to which end, and the cell.
    next: BTreeMap<u32, Vec<(u32, usize)>>,
    /// How far each end is from the one that its tree hangs from, and the end before it with the cell between; none at that one.
    hung: BTreeMap<u32, (usize, Option<(u32, usize)>)>,
    /// The ends of each tree, ascending.
    ends: Vec<Vec<u32>>,
}

impl Tree {
    fn add(&mut self, (low, high, cell): Stretch) {
        self.next.entry(low).or_default().push((high, cell));
        self.next.entry(high).or_default().push((low, cell));
    }

    fn hang(&mut self, ends: &BTreeSet<u32>) {
        for end in ends {
            if self.hung.contains_key(end) {
                continue;
            }
            self.hung.insert(*end, (0, None));
            let mut open = vec![(*end, 0_usize)];
            let mut own = Vec::new();
            while let Some((at, far)) = open.pop() {
                own.push(at);
                let far = far.saturating_add(1);
                for (next, cell) in self.next.get(&at).into_iter().flatten() {
                    if !self.hung.contains_key(next) {
                        self.hung.insert(*next, (far, Some((at, *cell))));
                        open.push((*next, far));
                    }
                }
            }
            own.sort_unstable();
            self.ends.push(own);
        }
    }

    /// The stretches from one end to another of its tree, and whether each leads up.
    fn way(&self, mut from: u32, mut to: u32) -> Vec<(bool, usize)> {
        let mut way = Vec::new();
        let of = |end: u32| self.hung.get(&end).copied().unwrap_or_default();
        while from != to {
            let ((far, before), (other, after)) = (of(from), of(to));
            let (step, forth) = if far >= other { (before, true) } else { (after, false) };
            let at = if forth { &mut from } else { &mut to };
            // Both hang from the same end, and are there at last.
            let Some((next, cell)) = step else { break };
            way.push(((*at < next) == forth, cell));
            *at = next;
        }
        way
    }
}
