//! Layers that differ in one range of one axis alone: windows, which lie over each other like stretches of a line.
//!
//! Many texts that differ in a limit are as many layers. Which of their regions lie in which is seen in the ends of the ranges,
//! without laying each layer onto each other one.

use std::collections::{BTreeMap, BTreeSet};

use policies::footprint::LinkAxis;

use super::Points;
use super::places::{Layer, Region, Tiles, Tiling};
use crate::disclose::linked::TooLarge;
use crate::disclose::linked::table::Builder;

/// Ends that are compared in one step: that is much less than what other steps do.
const COMPARED: usize = 32;

/// What windows have in common: a layer without one axis, and that axis.
type Family = (Layer, LinkAxis);

/// A region of a line: its first place, its end, itself and its cell.
type Stretch = (u32, u32, Region, usize);

/// Which layers are windows of one family.
pub(super) struct Families<'l>(BTreeMap<&'l Layer, BTreeSet<usize>>);

/// The windows among some layers.
pub(super) struct Windows<'l> {
    families: Families<'l>,
    /// For each region the least windows of its families that it lies in.
    over: BTreeMap<Region, Vec<(Region, usize)>>,
}

impl<'l> Families<'l> {
    pub(super) fn new(layers: impl Iterator<Item = &'l Layer>, tiles: &Tiles) -> Self {
        let mut families = BTreeMap::new();
        for (number, (_, layers)) in several(layers, tiles).enumerate() {
            for layer in layers {
                families.entry(layer).or_insert_with(BTreeSet::new).insert(number);
            }
        }
        Self(families)
    }

    /// The families of a layer. Two layers of one family differ in one range of one axis alone.
    pub(super) fn of(&self, layer: &Layer) -> &BTreeSet<usize> {
        static NONE: BTreeSet<usize> = BTreeSet::new();
        self.0.get(layer).unwrap_or(&NONE)
    }
}

impl<'l> Windows<'l> {
    /// The windows of layers; one layer can be given with several points.
    pub(super) fn new<'p>(
        builder: &mut Builder<'_>,
        layers: impl Iterator<Item = (&'l Layer, &'p Points)>,
        tiles: &Tiles,
    ) -> Result<Self, TooLarge> {
        let mut points: BTreeMap<&Layer, Vec<&Points>> = BTreeMap::new();
        for (layer, own) in layers {
            points.entry(layer).or_default().push(own);
        }
        let families = Families::new(points.keys().copied(), tiles);
        let mut over = BTreeMap::new();
        for ((_, axis), layers) in several(points.keys().copied(), tiles) {
            let regions = layers.iter().filter_map(|layer| points.get(layer)).flatten();
            for line in lines(axis, regions.flat_map(|points| points.iter()), tiles).into_values() {
                nest(builder, line, &mut over)?;
            }
        }
        Ok(Self { families, over })
    }

    pub(super) fn families(&self) -> &Families<'l> {
        &self.families
    }

    /// The least windows of its families that a region lies in.
    pub(super) fn over(&self, region: &Region) -> &[(Region, usize)] {
        self.over.get(region).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Families of more than one layer.
fn several<'l>(
    layers: impl Iterator<Item = &'l Layer>,
    tiles: &Tiles,
) -> impl Iterator<Item = (Family, Vec<&'l Layer>)> {
    let mut found: BTreeMap<Family, Vec<&'l Layer>> = BTreeMap::new();
    for layer in layers {
        for (at, (axis, tiling)) in layer.iter().enumerate() {
            if is_window(tiling, tiles) {
                let mut others = layer.clone();
                others.remove(at);
                found.entry((others, *axis)).or_default().push(layer);
            }
        }
    }
    found.into_iter().filter(|(_, layers)| layers.len() > 1)
}

/// Whether a layer leaves one range of places of an axis.
fn is_window(tiling: &Tiling, tiles: &Tiles) -> bool {
    let Tiling::Tiles(all) = tiling else { return false };
    let [tile] = all.as_slice() else { return false };
    tiles.places(*tile).is_some_and(|places| places.ranges().len() == 1)
}

/// The regions of these layers by what they have beside an axis.
fn lines<'p>(
    axis: LinkAxis,
    regions: impl Iterator<Item = (&'p Region, &'p usize)>,
    tiles: &Tiles,
) -> BTreeMap<Region, Vec<Stretch>> {
    let mut lines: BTreeMap<Region, Vec<Stretch>> = BTreeMap::new();
    for (region, cell) in regions {
        let at = region.iter().position(|tile| tiles.axis(*tile) == Some(axis));
        let Some((at, tile)) = at.and_then(|at| Some((at, region.get(at)?))) else { continue };
        if let Some([(low, high)]) = tiles.places(*tile).map(|places| places.ranges()) {
            let mut others = region.clone();
            others.remove(at);
            lines.entry(others).or_default().push((*low, *high, region.clone(), *cell));
        }
    }
    lines
}

/// Finds for each stretch of a line the least ones that it lies in.
fn nest(
    builder: &mut Builder<'_>,
    mut line: Vec<Stretch>,
    over: &mut BTreeMap<Region, Vec<(Region, usize)>>,
) -> Result<(), TooLarge> {
    line.sort_by_key(|(low, high, ..)| (high.saturating_sub(*low), *low));
    line.dedup();
    let within = |inner: &Stretch, outer: &Stretch| outer.0 <= inner.0 && inner.1 <= outer.1;
    for (at, inner) in line.iter().enumerate() {
        let mut least: Vec<&Stretch> = Vec::new();
        for outer in line.iter().skip(at.saturating_add(1)).filter(|outer| within(inner, outer)) {
            if !least.iter().any(|known| within(known, outer)) {
                least.push(outer);
            }
        }
        builder.step(line.len().div_ceil(COMPARED).saturating_add(least.len()))?;
        let least = least.into_iter().map(|(_, _, region, cell)| (region.clone(), *cell));
        over.entry(inner.2.clone()).or_default().extend(least);
    }
    Ok(())
}
