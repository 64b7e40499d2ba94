//! A fine layer laid onto a coarser one: which of its regions lie in each region there, and whether they are all of it.

use std::collections::BTreeMap;

use policies::footprint::{LinkAxis, LinkSet};

use super::Points;
use super::places::{Layer, Region, Tiles, Tiling};

/// Regions of a finer layer, with their cells.
pub(super) type Inner = Vec<(Region, usize)>;

/// How many tiles of a layer are all of an axis; `None` where they are not.
pub(super) fn tiles_of(tiling: &Tiling, axis: LinkAxis, tiles: &Tiles) -> Option<u64> {
    let size = u64::from(axis.size);
    let Tiling::Tiles(all) = tiling else { return Some(size) };
    let covered = all.iter().filter_map(|tile| tiles.places(*tile)).map(LinkSet::len);
    (covered.fold(0, u64::saturating_add) == size).then_some(many(all.len()))
}

/// For each of these outer tiles how many of a layer are all of it; those that are not covered are left out.
fn tiles_in(tiling: &Tiling, outer: &[u32], tiles: &Tiles) -> BTreeMap<u32, u64> {
    let size = |tile: u32| tiles.places(tile).map(LinkSet::len);
    let Tiling::Tiles(all) = tiling else {
        return outer.iter().filter_map(|tile| Some((*tile, size(*tile)?))).collect();
    };
    let mut inside: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
    for (inner, outer) in lies(all, outer, tiles) {
        let (covered, many) = inside.entry(outer).or_default();
        *covered = covered.saturating_add(size(inner).unwrap_or(0));
        *many = many.saturating_add(1);
    }
    let whole = inside.into_iter().filter(|(tile, (covered, _))| size(*tile) == Some(*covered));
    whole.map(|(tile, (_, many))| (tile, many)).collect()
}

/// Whether every axis of a layer is one of another.
pub(super) fn has_axes(coarse: &Layer, fine: &Layer) -> bool {
    let of = |axis: &LinkAxis| fine.iter().any(|(other, _)| other == axis);
    coarse.len() <= fine.len() && coarse.iter().all(|(axis, _)| of(axis))
}

/// The axes of both layers, taken apart as the coarser one does where single places are the other.
pub(super) fn common(one: &Layer, other: &Layer) -> Layer {
    let of = |(axis, tiling): &(LinkAxis, Tiling)| {
        let (_, known) = other.iter().find(|(known, _)| known == axis)?;
        let coarser = match (tiling, known) {
            (Tiling::Places, known) => known,
            (tiling, Tiling::Places) => tiling,
            (tiling, known) => Some(tiling).filter(|tiling| *tiling == known)?,
        };
        Some((*axis, coarser.clone()))
    };
    one.iter().filter_map(of).collect()
}

/// Whether every region of a layer is made of those of another, as far as these are there.
pub(super) fn is_made_of(coarse: &Layer, fine: &Layer) -> bool {
    coarse != fine
        && coarse.iter().all(|(axis, tiling)| {
            let own = fine.iter().find(|(other, _)| other == axis);
            own.is_some_and(|(_, own)| own == tiling || *own == Tiling::Places)
        })
}

/// Whether a layer takes all of every axis apart that a coarser one does not have.
pub(super) fn is_all_of(fine: &Layer, coarse: &Layer, tiles: &Tiles) -> bool {
    let known = |axis: &LinkAxis| coarse.iter().any(|(other, _)| other == axis);
    let whole = |(axis, tiling): &(LinkAxis, Tiling)| {
        known(axis) || tiles_of(tiling, *axis, tiles).is_some()
    };
    fine.iter().all(whole)
}

/// Whether a layer has all its regions, and they are everything.
pub(super) fn is_full(layer: &Layer, points: &Points, tiles: &Tiles) -> bool {
    let of = |(axis, tiling): &(LinkAxis, Tiling)| tiles_of(tiling, *axis, tiles);
    let all = layer.iter().try_fold(1_u64, |all, axis| all.checked_mul(of(axis)?));
    all == Some(many(points.len()))
}

pub(super) fn many(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}

/// One layer on another that has no other axes.
pub(super) struct Onto<'t> {
    fine: &'t Layer,
    /// For each axis of the coarser layer its place among those of the finer one, and onto which tile each of that lies.
    axes: Vec<(usize, Option<BTreeMap<u32, u32>>)>,
    /// For each axis of the finer layer how many of its tiles are all of each tile of the coarser one.
    needed: Vec<Needed>,
}

/// How many tiles of an axis are all of what a region of the coarser layer has there.
enum Needed {
    /// As many, or not known, whatever it has.
    Always(Option<u64>),
    /// By its tile, at this place.
    Of(usize, BTreeMap<u32, u64>),
}

impl<'t> Onto<'t> {
    pub(super) fn new(
        (fine, inner): (&'t Layer, &Points),
        (coarse, outer): (&Layer, &Points),
        tiles: &Tiles,
    ) -> Self {
        let axis = |(at, (axis, tiling)): (usize, &(LinkAxis, Tiling))| {
            let own = fine.iter().position(|(other, _)| other == axis)?;
            if fine.get(own).is_some_and(|(_, known)| known == tiling) {
                return Some((own, None));
            }
            let outer = match tiling {
                Tiling::Tiles(outer) => outer.clone(),
                Tiling::Places => tiles_at(outer, at),
            };
            Some((own, Some((lies(&tiles_at(inner, own), &outer, tiles), outer))))
        };
        let axes: Vec<_> = coarse.iter().enumerate().filter_map(axis).collect();
        let needed = |(at, (axis, tiling)): (usize, &(LinkAxis, Tiling))| {
            let place = axes.iter().position(|(own, _)| *own == at);
            match place.and_then(|place| Some((place, axes.get(place)?))) {
                Some((place, (_, Some((_, outer))))) => {
                    Needed::Of(place, tiles_in(tiling, outer, tiles))
                }
                Some((_, (_, None))) => Needed::Always(Some(1)),
                None => Needed::Always(tiles_of(tiling, *axis, tiles)),
            }
        };
        let needed = fine.iter().enumerate().map(needed).collect();
        let axes = axes.into_iter().map(|(own, lies)| (own, lies.map(|(lies, _)| lies))).collect();
        Self { fine, axes, needed }
    }

    /// The tiles of the coarser layer that a region of the finer one lies in.
    pub(super) fn outer(&self, inner: &Region) -> Option<Region> {
        let tile = |(at, lies): &(usize, Option<BTreeMap<u32, u32>>)| {
            let own = inner.get(*at)?;
            lies.as_ref().map_or(Some(*own), |lies| lies.get(own).copied())
        };
        self.axes.iter().map(tile).collect()
    }

    /// The regions of the finer layer that lie in each of the coarser one; what is a region of both lies in nothing.
    pub(super) fn lay(&self, points: &Points) -> BTreeMap<Region, Inner> {
        let mut onto: BTreeMap<Region, Inner> = BTreeMap::new();
        for (inner, cell) in points {
            if let Some(outer) = self.outer(inner).filter(|outer| outer != inner) {
                onto.entry(outer).or_default().push((inner.clone(), *cell));
            }
        }
        onto
    }

    /// How many tiles of each axis of the finer layer are all of a region of the coarser one.
    fn needed(&self, outer: &Region) -> Vec<Option<u64>> {
        let of = |needed: &Needed| match needed {
            Needed::Always(many) => *many,
            Needed::Of(place, known) => known.get(outer.get(*place)?).copied(),
        };
        self.needed.iter().map(of).collect()
    }

    /// Whether regions are all of the one that they lie in.
    pub(super) fn is_whole(&self, outer: &Region, inner: &Inner) -> bool {
        let needed = self.needed(outer).into_iter().try_fold(1_u64, |all, of| all.checked_mul(of?));
        needed == Some(many(inner.len()))
    }

    /// What regions leave of the one that they lie in, where that is a region: they lack some places of one axis, and nothing else.
    pub(super) fn left(&self, outer: &Region, inner: &Inner) -> Option<(LinkAxis, Vec<u32>)> {
        let needed = self.needed(outer);
        self.fine.iter().enumerate().find_map(|(at, (axis, _))| {
            let mut tiles: Vec<u32> =
                inner.iter().filter_map(|(region, _)| region.get(at).copied()).collect();
            tiles.sort_unstable();
            tiles.dedup();
            let others = needed.iter().enumerate().filter(|(other, _)| *other != at);
            let others = others.map(|(_, of)| *of).chain([Some(many(tiles.len()))]);
            let all = others.into_iter().try_fold(1_u64, |all, of| all.checked_mul(of?));
            (all == Some(many(inner.len()))).then_some((*axis, tiles))
        })
    }
}

/// The tiles of regions at one place of each, ascending.
fn tiles_at(points: &Points, at: usize) -> Vec<u32> {
    let mut all: Vec<u32> = points.keys().filter_map(|region| region.get(at).copied()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Onto which of the outer tiles each inner one lies; outer tiles have nothing in common.
fn lies(inner: &[u32], outer: &[u32], tiles: &Tiles) -> BTreeMap<u32, u32> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for tile in outer {
        let places = tiles.places(*tile).map(|places| places.ranges()).unwrap_or_default();
        ranges.extend(places.iter().map(|(low, _)| (*low, *tile)));
    }
    ranges.sort_unstable();
    let onto = |tile: &u32| {
        let places = tiles.places(*tile)?;
        let (first, _) = places.ranges().first()?;
        let next = ranges.partition_point(|(low, _)| low <= first);
        let (_, over) = ranges.get(next.checked_sub(1)?)?;
        tiles.places(*over).filter(|over| places.within(over)).map(|_| (*tile, *over))
    };
    inner.iter().filter_map(onto).collect()
}
