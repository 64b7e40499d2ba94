//! What regions leave of others, which nobody asked for: it lies in further regions, and can bound what is left of these.
//!
//! Of all patients of a year those of one sex are null, so those of the other are what is left; both are no more than what was told
//! of their sex over several years.

use std::collections::BTreeMap;

use policies::footprint::LinkAxis;

use super::onto::{Onto, has_axes};
use super::places::{Layer, Region, Tiles, Tiling};
use super::{Points, Quantity};
use crate::disclose::linked::TooLarge;
use crate::disclose::linked::table::Builder;
use crate::disclose::suppress::Need;

/// Layers of what is left: each is laid onto all others.
const MAX_LAYERS: usize = 256;

/// Relates what was left with the least other regions that it lies in; `left` gives the cells that it is left of.
pub(super) fn relate(
    builder: &mut Builder<'_>,
    quantity: &Quantity,
    (left, tiles): (BTreeMap<Region, Vec<usize>>, &Tiles),
) -> Result<(), TooLarge> {
    let mut layers: BTreeMap<Layer, Points> = BTreeMap::new();
    for region in left.keys() {
        if let Some(cell) = quantity.cells.get(region) {
            layers.entry(layer(region, tiles)).or_default().insert(region.clone(), *cell);
        }
    }
    if layers.len() > MAX_LAYERS {
        return Err(TooLarge);
    }
    for (fine, inner) in &layers {
        let mut over: BTreeMap<&Region, Vec<(Region, usize)>> = BTreeMap::new();
        let coarser = quantity.layers.iter().chain(&layers);
        for (coarse, points) in coarser.filter(|(coarse, _)| has_axes(coarse, fine)) {
            let onto = Onto::new((fine, inner), (coarse, points), tiles);
            for region in inner.keys() {
                let outer = onto.outer(region).filter(|outer| outer != region);
                let outer = outer.and_then(|outer| Some((*points.get(&outer)?, outer)));
                over.entry(region).or_default().extend(outer.map(|(at, outer)| (outer, at)));
            }
        }
        for (region, over) in over {
            let Some(cell) = inner.get(region).copied() else { continue };
            let of = left.get(region).map(Vec::as_slice).unwrap_or_default();
            for (outer, point) in &over {
                let closer = |(other, at): &(Region, usize)| {
                    of.contains(at) && tiles.within(other, outer)
                        || other != outer && tiles.within(other, outer)
                };
                if !over.iter().any(closer) && builder.value(cell) <= builder.value(*point) {
                    builder.part(*point, cell, Need::Nothing);
                }
            }
        }
    }
    Ok(())
}

/// The layer of a region alone.
fn layer(region: &Region, tiles: &Tiles) -> Layer {
    let axis = |tile: &u32| -> Option<(LinkAxis, Tiling)> {
        let (axis, places) = tiles.get(*tile)?;
        let single = places.len() == 1;
        Some((*axis, if single { Tiling::Places } else { Tiling::Tiles(vec![*tile]) }))
    };
    region.iter().filter_map(axis).collect()
}
