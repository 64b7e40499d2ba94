//! What regions leave of others, which nobody asked for: it lies in further regions, and can bound what is left of these.
//!
//! Of all patients of a year those of one sex are null, so those of the other are what is left; both are no more than what was told
//! of their sex over several years.

use std::collections::BTreeMap;

use policies::footprint::LinkAxis;

use super::layers::Sorted;
use super::places::{Layer, Region, Tiles, Tiling};
use super::windows::Windows;
use super::{Lefts, Points, Quantity, over};
use crate::disclose::linked::TooLarge;
use crate::disclose::linked::table::Builder;
use crate::disclose::suppress::Need;

/// Layers of what is left that are laid onto all others: of more only that much is known that one of them is left of a region.
const MAX_LAYERS: usize = 256;

/// Relates what was left with the least other regions that it lies in; `left` gives the cells that it is left of.
pub(super) fn relate(
    builder: &mut Builder<'_>,
    quantity: &Quantity,
    (left, tiles): (&Lefts, &Tiles),
) -> Result<(), TooLarge> {
    let mut layers: BTreeMap<Layer, Points> = BTreeMap::new();
    for region in left.keys() {
        if let Some(cell) = quantity.cells.get(region) {
            layers.entry(layer(region, tiles)).or_default().insert(region.clone(), *cell);
        }
    }
    let all = || quantity.layers.iter().chain(layers.iter().take(MAX_LAYERS));
    let windows = Windows::new(builder, all(), tiles)?;
    let sorted = Sorted::new(all(), windows.families());
    for (fine, inner) in sorted.all().iter().copied().skip(quantity.layers.len()) {
        let coarser = sorted.coarser(fine);
        for (region, over) in
            over(builder, (fine, inner), &coarser, (false, Some(&windows), tiles))?
        {
            let Some(cell) = inner.get(region).copied() else { continue };
            let of = left.get(region).map(|(_, of)| of.as_slice()).unwrap_or_default();
            for (_, point) in over {
                if !of.contains(&point) && builder.value(cell) <= builder.value(point) {
                    builder.part(point, cell, Need::Nothing);
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
