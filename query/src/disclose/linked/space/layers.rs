//! Which layers can have to do with which: of some hundreds each is compared with few.

use std::collections::{BTreeMap, BTreeSet};

use policies::footprint::LinkAxis;

use super::Points;
use super::onto::tiles_of;
use super::places::{Layer, Tiles, Tiling};
use super::windows::Families;

/// Pairs of layers, by their places among all, of which one can be all of what both have in common.
pub(super) fn pairs(layers: &[Layer], tiles: &Tiles) -> BTreeSet<(usize, usize)> {
    let mut alike: BTreeMap<(LinkAxis, &Tiling), Vec<usize>> = BTreeMap::new();
    for (at, layer) in layers.iter().enumerate() {
        for (axis, tiling) in layer {
            alike.entry((*axis, tiling)).or_default().push(at);
        }
    }
    let with = |axis, tiling| alike.get(&(axis, tiling)).map(Vec::as_slice).unwrap_or_default();
    let mut pairs = BTreeSet::new();
    for (at, layer) in layers.iter().enumerate() {
        // What leaves some of an axis is all of what another has there only where that leaves the same, or all single places.
        let some = layer.iter().filter(|(axis, tiling)| tiles_of(tiling, *axis, tiles).is_none());
        let others =
            some.map(|(axis, tiling)| [with(*axis, tiling), with(*axis, &Tiling::Places)].concat());
        let others = others.min_by_key(Vec::len).unwrap_or_else(|| (0..layers.len()).collect());
        let others = others.into_iter().filter(|other| *other != at);
        pairs.extend(others.map(|other| (at.min(other), at.max(other))));
    }
    pairs
}

/// A layer with what it has in a quantity.
pub(super) type Laid<'l> = (&'l Layer, &'l Points);

/// Layers of the same axes that are windows of the same families.
type Sort<'l> = (Vec<LinkAxis>, &'l BTreeSet<usize>);

/// Layers by their axes.
pub(super) struct Sorted<'l> {
    all: Vec<Laid<'l>>,
    sorts: BTreeMap<Sort<'l>, Vec<usize>>,
    families: &'l Families<'l>,
}

impl<'l> Sorted<'l> {
    pub(super) fn new(all: impl Iterator<Item = Laid<'l>>, families: &'l Families<'l>) -> Self {
        let all: Vec<Laid<'l>> = all.collect();
        let mut sorts: BTreeMap<Sort<'l>, Vec<usize>> = BTreeMap::new();
        for (at, (layer, _)) in all.iter().enumerate() {
            sorts.entry((axes(layer), families.of(layer))).or_default().push(at);
        }
        Self { all, sorts, families }
    }

    pub(super) fn all(&self) -> &[Laid<'l>] {
        &self.all
    }

    /// The layers that have no other axes than a layer and are no windows of one family with it, without itself.
    pub(super) fn coarser(&self, fine: &Layer) -> Vec<Laid<'l>> {
        let (own, families) = (axes(fine), self.families.of(fine));
        let within = |axes: &[LinkAxis]| axes.iter().all(|axis| own.binary_search(axis).is_ok());
        let sorts =
            self.sorts.iter().filter(|((axes, of), _)| within(axes) && families.is_disjoint(of));
        let mut coarser: Vec<usize> = sorts.flat_map(|(_, sort)| sort).copied().collect();
        coarser.sort_unstable();
        let coarser = coarser.into_iter().filter_map(|at| self.all.get(at).copied());
        coarser.filter(|(layer, _)| *layer != fine).collect()
    }
}

/// Ascending, as they stand in a layer.
fn axes(layer: &Layer) -> Vec<LinkAxis> {
    layer.iter().map(|(axis, _)| *axis).collect()
}
