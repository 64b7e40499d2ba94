//! Where figures lie: what is counted or added in each space, by layers of regions.
//!
//! A *region* is a set of places on each of some axes, and everything on all others; a *tile* is one such set. A *layer* is what one
//! grouping has: on each axis one way to take it apart, and so regions that have nothing in common. Single places are one way,
//! whoever asked for which of them.

use std::collections::{BTreeMap, BTreeSet};

use policies::Digest;
use policies::footprint::{
    LinkAxis, LinkFixed, LinkFootprint, LinkKey, LinkSet, LinkSum, MeasureKind,
};

use crate::disclose::linked::figures::Figures;
use crate::disclose::linked::{Cells, Figure, TooLarge};

/// Layers of one quantity: pairs of them are compared.
const MAX_LAYERS: usize = 256;

/// The tiles of a region, ascending by axis.
pub(super) type Region = Vec<u32>;
/// The axes of a layer, ascending, and how it takes each apart.
pub(super) type Layer = Vec<(LinkAxis, Tiling)>;

/// How a layer takes an axis apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tiling {
    /// Into single places; not all have to be there.
    Places,
    /// Into these tiles.
    Tiles(Vec<u32>),
}

/// Every tile, by its number.
#[derive(Default)]
pub(super) struct Tiles {
    all: Vec<(LinkAxis, LinkSet)>,
    /// How much of its axis each is, as a logarithm.
    shares: Vec<f64>,
    known: BTreeMap<(LinkAxis, LinkSet), u32>,
}

impl Tiles {
    /// The number of a tile.
    #[expect(clippy::cast_precision_loss, reason = "it only sorts")]
    pub(super) fn of(&mut self, axis: LinkAxis, places: LinkSet) -> u32 {
        let next = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let number = *self.known.entry((axis, places.clone())).or_insert(next);
        if number == next {
            self.shares.push((places.len() as f64 / f64::from(axis.size)).ln());
            self.all.push((axis, places));
        }
        number
    }

    pub(super) fn get(&self, tile: u32) -> Option<&(LinkAxis, LinkSet)> {
        self.all.get(usize::try_from(tile).ok()?)
    }

    pub(super) fn axis(&self, tile: u32) -> Option<LinkAxis> {
        self.get(tile).map(|(axis, _)| *axis)
    }

    pub(super) fn places(&self, tile: u32) -> Option<&LinkSet> {
        self.get(tile).map(|(_, places)| places)
    }

    /// Whether a region lies in another one.
    pub(super) fn within(&self, inner: &Region, outer: &Region) -> bool {
        outer.iter().all(|tile| {
            let Some((axis, places)) = self.get(*tile) else { return false };
            let own = inner.iter().filter_map(|tile| self.get(*tile));
            let mut own = own.filter(|(other, _)| other == axis);
            inner.contains(tile) || own.any(|(_, own)| own.within(places))
        })
    }

    /// How much of everything a region is, as a logarithm: what lies in another one is less.
    fn share(&self, region: &Region) -> f64 {
        let of = |tile: &u32| self.shares.get(usize::try_from(*tile).ok()?);
        region.iter().filter_map(of).sum()
    }

    /// Of regions with one in common those that have no other one of them inside, and how many were compared.
    pub(super) fn least(&self, over: Vec<(Region, usize)>) -> (Vec<(Region, usize)>, usize) {
        let mut over: Vec<(f64, (Region, usize))> =
            over.into_iter().map(|of| (self.share(&of.0), of)).collect();
        over.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let mut least: Vec<(Region, usize)> = Vec::new();
        let mut compared = over.len();
        for (_, (region, cell)) in over {
            let inside = least.iter().position(|(inner, _)| self.within(inner, &region));
            compared = compared.saturating_add(inside.unwrap_or(least.len()));
            if inside.is_none() {
                least.push((region, cell));
            }
        }
        (least, compared)
    }

    /// A region with other places on an axis.
    pub(super) fn with(&mut self, region: &Region, axis: LinkAxis, places: LinkSet) -> Region {
        let mut other: Region =
            region.iter().copied().filter(|tile| self.axis(*tile) != Some(axis)).collect();
        other.push(self.of(axis, places));
        other.sort_by_key(|tile| self.axis(*tile));
        other
    }
}

/// One thing that is counted or added.
pub(super) struct Quantity {
    pub(super) kind: MeasureKind,
    /// Its figures by region. Those of one region are one figure.
    pub(super) regions: BTreeMap<Region, Vec<Figure>>,
    pub(super) layers: BTreeMap<Layer, BTreeSet<Region>>,
    /// The same under fewer conditions.
    pub(super) part_of: Vec<u32>,
}

/// Everything that is counted or added, by its space.
pub(in crate::disclose::linked) struct Places<'a> {
    pub(super) tiles: Tiles,
    pub(super) quantities: BTreeMap<(&'a Digest, u32), Quantity>,
}

impl<'a> Places<'a> {
    pub(in crate::disclose::linked) fn new(
        figures: &Figures<'a>,
        cells: &Cells,
    ) -> Result<Self, TooLarge> {
        let mut quantities = BTreeMap::new();
        let mut tiles = Tiles::default();
        let links =
            cells.keys().flat_map(|at| figures.links(*at).iter().map(move |link| (*at, link)));
        for (fragment, link) in links {
            let own = cells.get(&fragment).map(Vec::as_slice).unwrap_or_default();
            let mut grains: BTreeMap<&[LinkFixed], Grain> = BTreeMap::new();
            let sums = link.sums.iter().enumerate();
            for (sum, place) in sums.filter(|(sum, _)| figures.is_told_exactly(fragment, *sum)) {
                let kind = figures.measure(Figure { fragment, cell: 0, sum }).map(|of| of.kind);
                let Some(kind) = kind else { continue };
                let known: &mut Quantity =
                    quantities.entry((&link.base, place.of)).or_insert_with(|| Quantity {
                        kind,
                        regions: BTreeMap::new(),
                        layers: BTreeMap::new(),
                        part_of: place.part_of.clone(),
                    });
                let grain = grains.entry(place.fixed.as_slice());
                let grain = grain.or_insert_with(|| Grain::new((link, place), own, &mut tiles));
                let layer = known.layers.entry(grain.layer.clone()).or_default();
                for (cell, region) in &grain.regions {
                    let figure = Figure { fragment, cell: *cell, sum };
                    known.regions.entry(region.clone()).or_default().push(figure);
                    layer.insert(region.clone());
                }
                if known.layers.len() > MAX_LAYERS {
                    return Err(TooLarge);
                }
            }
        }
        Ok(Self { tiles, quantities })
    }

    /// The figures of each region.
    pub(in crate::disclose::linked) fn points(&self) -> impl Iterator<Item = &[Figure]> {
        let regions = self.quantities.values().flat_map(|quantity| quantity.regions.values());
        regions.map(Vec::as_slice)
    }
}

/// Where the figures of sums lie that have the same fixed places.
struct Grain {
    layer: Layer,
    /// The cells that somebody can be in.
    regions: Vec<(usize, Region)>,
}

impl Grain {
    fn new((link, sum): (&LinkFootprint, &LinkSum), cells: &[usize], tiles: &mut Tiles) -> Self {
        let sides = sides(link, sum, tiles);
        let regions = cells.iter().filter_map(|cell| Some((*cell, region(&sides, *cell)?)));
        Self { layer: layer(&sides, tiles), regions: regions.collect() }
    }
}

/// What lies on one axis.
struct Side {
    axis: LinkAxis,
    /// The tile of each group of a key; of what a condition leaves there is one group.
    groups: Vec<Group>,
    /// The cells of one group side by side, and how many groups there are: 1 of what is no key.
    stride: (usize, usize),
}

/// Where the figures of a group lie on an axis.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    /// Anywhere.
    Everywhere,
    At(u32),
    /// Nobody can be in it.
    Nowhere,
}

/// What lies on each axis, ascending.
fn sides(link: &LinkFootprint, sum: &LinkSum, tiles: &mut Tiles) -> Vec<Side> {
    let mut sides = Vec::new();
    let mut group = |axis: LinkAxis, places: LinkSet| match places.len() {
        0 => Group::Nowhere,
        all if all == u64::from(axis.size) => Group::Everywhere,
        _ => Group::At(tiles.of(axis, places)),
    };
    let mut stride = 1_usize;
    for LinkKey { axis, cells } in link.keys.iter().rev() {
        let left = sum.fixed.iter().find(|fixed| fixed.axis == *axis).map(|fixed| &fixed.places);
        let mut of =
            |places: LinkSet| group(*axis, left.map_or(places.clone(), |left| places.and(left)));
        let groups: Vec<Group> = if cells.is_empty() {
            (0..axis.size).map(|place| of(LinkSet::one(place))).collect()
        } else {
            cells.iter().map(|places| of(places.clone())).collect()
        };
        let many = groups.len().max(1);
        sides.push(Side { axis: *axis, groups, stride: (stride, many) });
        stride = stride.saturating_mul(many);
    }
    for LinkFixed { axis, places } in &sum.fixed {
        if link.keys.iter().all(|key| key.axis != *axis) {
            let groups = vec![group(*axis, places.clone())];
            sides.push(Side { axis: *axis, groups, stride: (1, 1) });
        }
    }
    sides.sort_by_key(|side| side.axis);
    sides
}

/// How a grouping takes its axes apart.
fn layer(sides: &[Side], tiles: &Tiles) -> Layer {
    let tiling = |Side { axis, groups, .. }: &Side| {
        let at = groups.iter().filter_map(|group| match group {
            Group::At(tile) => Some(*tile),
            Group::Everywhere | Group::Nowhere => None,
        });
        let mut at: Vec<u32> = at.collect();
        if at.is_empty() {
            return None;
        }
        at.sort_unstable();
        let single = at.iter().all(|tile| tiles.places(*tile).is_some_and(|of| of.len() == 1));
        Some((*axis, if single { Tiling::Places } else { Tiling::Tiles(at) }))
    };
    sides.iter().filter_map(tiling).collect()
}

/// The region of a cell; none where nobody can be in it.
fn region(sides: &[Side], cell: usize) -> Option<Region> {
    let mut region = Vec::with_capacity(sides.len());
    for Side { groups, stride: (stride, many), .. } in sides {
        let at = cell.checked_div(*stride).and_then(|cell| cell.checked_rem(*many)).unwrap_or(0);
        match groups.get(at)? {
            Group::Everywhere => {}
            Group::At(tile) => region.push(*tile),
            Group::Nowhere => return None,
        }
    }
    Some(region)
}
