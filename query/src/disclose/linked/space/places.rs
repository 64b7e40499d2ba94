//! Where figures lie: what is counted or added in each space, by grain and places.

use std::collections::{BTreeMap, BTreeSet};

use policies::Digest;
use policies::footprint::{LinkAxis, LinkFixed, LinkFootprint, LinkSum, MeasureKind};

use crate::disclose::linked::figures::Figures;
use crate::disclose::linked::{Cells, Figure, TooLarge};

/// Grains of one quantity: pairs of them are compared.
const MAX_GRAINS: usize = 256;

/// The axes of a grain, ascending.
pub(super) type Grain = Vec<LinkAxis>;
/// Figures of one grain, by their places on its axes. Those of one place are one figure.
pub(super) type Figured = BTreeMap<Vec<u32>, Vec<Figure>>;

/// One thing that is counted or added.
pub(super) struct Quantity {
    pub(super) kind: MeasureKind,
    /// Its figures by grain.
    pub(super) grains: BTreeMap<Grain, Figured>,
    /// The same under fewer conditions.
    pub(super) part_of: Vec<u32>,
}

/// Everything that is counted or added, by its space.
pub(in crate::disclose::linked) struct Places<'a>(pub(super) BTreeMap<(&'a Digest, u32), Quantity>);

impl<'a> Places<'a> {
    pub(in crate::disclose::linked) fn new(
        figures: &Figures<'a>,
        cells: &Cells,
    ) -> Result<Self, TooLarge> {
        let mut quantities = BTreeMap::new();
        let links =
            cells.keys().flat_map(|at| figures.links(*at).iter().map(move |link| (*at, link)));
        for (fragment, link) in links {
            let sums = link.sums.iter().enumerate();
            for (sum, place) in sums.filter(|(sum, _)| figures.is_told_exactly(fragment, *sum)) {
                let kind = figures.measure(Figure { fragment, cell: 0, sum }).map(|of| of.kind);
                let Some(kind) = kind else { continue };
                let part_of = || place.part_of.clone();
                let new = || Quantity { kind, grains: BTreeMap::new(), part_of: part_of() };
                let known: &mut Quantity =
                    quantities.entry((&link.base, place.of)).or_insert_with(new);
                let points = known.grains.entry(grain(link, place)).or_default();
                for cell in cells.get(&fragment).into_iter().flatten().copied() {
                    let at = places(link, place, cell);
                    points.entry(at).or_default().push(Figure { fragment, cell, sum });
                }
                if known.grains.len() > MAX_GRAINS {
                    return Err(TooLarge);
                }
            }
        }
        Ok(Self(quantities))
    }

    /// The figures of each place.
    pub(in crate::disclose::linked) fn points(&self) -> impl Iterator<Item = &[Figure]> {
        let grains = self.0.values().flat_map(|quantity| quantity.grains.values());
        grains.flat_map(BTreeMap::values).map(Vec::as_slice)
    }
}

fn grain(link: &LinkFootprint, sum: &LinkSum) -> Grain {
    let fixed = sum.fixed.iter().map(|fixed| fixed.axis);
    let axes: BTreeSet<LinkAxis> = link.keys.iter().copied().chain(fixed).collect();
    axes.into_iter().collect()
}

/// The places of a cell on the axes of its grain; the last key is the fastest.
fn places(link: &LinkFootprint, sum: &LinkSum, mut cell: usize) -> Vec<u32> {
    let mut places = BTreeMap::new();
    for key in link.keys.iter().rev() {
        let size = usize::try_from(key.size).unwrap_or(usize::MAX);
        let place = cell.checked_rem(size).unwrap_or(0);
        cell = cell.checked_div(size).unwrap_or(0);
        places.insert(*key, u32::try_from(place).unwrap_or(u32::MAX));
    }
    places.extend(sum.fixed.iter().map(|LinkFixed { axis, place }| (*axis, *place)));
    places.into_values().collect()
}
