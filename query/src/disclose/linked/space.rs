//! How figures of several cells and fragments add up: where the regions of some are those of another.
//!
//! Figures of one space that are of the same thing lie in *regions*, and those of one grouping, a *layer*, have nothing in common. A region is the sum of those of a
//! finer layer that lie in it, if all are there. If some are not, what is left is never told, and may not be known where it holds
//! a few patients. What is counted under more conditions is a part in the same way. Rows lie in one place each; keys can lie in several, and then their sum is only at least the whole. Where two
//! layers have no common coarser one in the answer, its regions are added untold, as far as one of them is all there.
//! What is left of a region can be a region too, that others told or left: both are one figure.

use std::collections::BTreeMap;

use policies::Digest;
use policies::footprint::{LinkAxis, LinkSet, MeasureKind};

use super::table::{Builder, Truth};
use super::{Figure, TooLarge};
use crate::disclose::suppress::Need;
use layers::{Laid, Sorted};
use onto::{Inner, Onto, has_axes, is_full, is_made_of};
use places::{Layer, Region, Tiles};
use windows::Windows;

mod layers;
mod left;
mod lines;
mod onto;
mod places;
mod windows;

pub(super) use places::Places;

/// The cells of a layer by their regions.
type Points = BTreeMap<Region, usize>;

/// One thing that is counted or added.
struct Quantity {
    kind: MeasureKind,
    /// Its cells, those that nobody asked for with them.
    cells: Points,
    layers: BTreeMap<Layer, Points>,
    /// The same under fewer conditions.
    part_of: Vec<u32>,
}

/// Every quantity, by its space.
type Quantities<'a> = BTreeMap<(&'a Digest, u32), Quantity>;

/// A region and cells in it, the cell of what these leave of rows, and where that lies.
type LeftOver = ((usize, Vec<usize>), Option<usize>, (Region, LinkAxis, LinkSet));

/// What is left of others, by its region: on which axis places were taken away, and the cells that it is left of.
type Lefts = BTreeMap<Region, (LinkAxis, Vec<usize>)>;

/// For each region others that it lies in, with their cells.
type Over<'p> = BTreeMap<&'p Region, Vec<(Region, usize)>>;

/// Adds the relations between the cells of a group of fragments.
pub(super) fn relate(builder: &mut Builder<'_>, places: Places<'_>) -> Result<(), TooLarge> {
    let Places { mut tiles, quantities } = places;
    let mut quantities = cells(builder, quantities);
    for quantity in quantities.values_mut() {
        if quantity.layers.len() > 1 {
            margins(builder, quantity, &tiles)?;
            let left = relate_layers(builder, quantity, &mut tiles)?;
            left::relate(builder, quantity, (&left, &tiles))?;
            // Keys can lie in several places: that they do not is seen in the figures.
            let keys = quantity.kind == MeasureKind::Keys;
            let truth = if keys { Truth::Assumed } else { Truth::Known };
            lines::relate(builder, &quantity.cells, (&left, truth, &tiles))?;
        }
    }
    for ((base, _), part) in &quantities {
        for whole in part.part_of.iter().filter_map(|whole| quantities.get(&(*base, *whole))) {
            relate_conditions(builder, whole, part, &tiles)?;
        }
    }
    Ok(())
}

/// The cells of what is counted or added. Two figures of one region are equal.
fn cells<'a>(
    builder: &mut Builder<'_>,
    placed: BTreeMap<(&'a Digest, u32), places::Quantity>,
) -> Quantities<'a> {
    let mut quantities = Quantities::new();
    for (of, places::Quantity { kind, regions, layers, part_of }) in placed {
        let mut cells = Points::new();
        for (region, figures) in regions {
            for figure in figures {
                let here = builder.figure(figure);
                let first = *cells.entry(region.clone()).or_insert(here);
                if first != here {
                    builder.same(first, here);
                }
            }
        }
        let points = |regions: std::collections::BTreeSet<Region>| {
            let cell = |region: Region| cells.get(&region).copied().map(|cell| (region, cell));
            regions.into_iter().filter_map(cell).collect::<Points>()
        };
        let layers = layers.into_iter().map(|(layer, regions)| (layer, points(regions)));
        let layers = layers.collect();
        quantities.insert(of, Quantity { kind, cells, layers, part_of });
    }
    quantities
}

fn cells_of(inner: &Inner) -> Vec<usize> {
    inner.iter().map(|(_, cell)| *cell).collect()
}

/// Adds the common coarser regions of layers of which none is coarser, where nobody asked for them.
fn margins(
    builder: &mut Builder<'_>,
    quantity: &mut Quantity,
    tiles: &Tiles,
) -> Result<(), TooLarge> {
    let known: Vec<Layer> = quantity.layers.keys().cloned().collect();
    for (one, other) in layers::pairs(&known, tiles) {
        let (Some(one), Some(other)) = (known.get(one), known.get(other)) else { continue };
        let common = onto::common(one, other);
        let apart = common != *one && common != *other;
        let whole = onto::is_all_of(one, &common, tiles) || onto::is_all_of(other, &common, tiles);
        if !apart || !whole || quantity.layers.contains_key(&common) {
            continue;
        }
        let none = Points::new();
        let many = |layer| quantity.layers.get(layer).map_or(0, Points::len);
        builder.step(many(one).saturating_add(many(other)))?;
        let whole = |fine: &Layer| {
            let points = quantity.layers.get(fine).unwrap_or(&none);
            let onto = Onto::new((fine, points), (&common, &none), tiles);
            let laid = onto.lay(points).into_iter();
            let whole = laid.filter(|(outer, inner)| onto.is_whole(outer, inner));
            whole.map(|(outer, inner)| (outer, cells_of(&inner))).collect::<BTreeMap<_, _>>()
        };
        let (of_one, of_other) = (whole(one), whole(other));
        let mut points = Points::new();
        for (region, cells) in of_one.iter().chain(&of_other) {
            let value = builder.sum(cells);
            let both = [&of_one, &of_other]
                .map(|of| of.get(region).is_none_or(|cells| builder.sum(cells) == value));
            if both == [true, true] && !points.contains_key(region) {
                let cell = quantity.cells.get(region).copied().unwrap_or_else(|| {
                    let need = untold(builder, cells, value);
                    builder.untold(value, need)
                });
                points.insert(region.clone(), cell);
            }
        }
        if !points.is_empty() {
            quantity.cells.extend(points.iter().map(|(region, cell)| (region.clone(), *cell)));
            quantity.layers.insert(common, points);
        }
    }
    Ok(())
}

/// What must stay unknown of a sum that nobody asked for.
fn untold(builder: &Builder<'_>, cells: &[usize], value: u64) -> Need {
    let figures = builder.figures;
    let part = cells.iter().filter_map(|cell| builder.shown(*cell)).any(|of| !figures.is_whole(of));
    let counts = cells.iter().filter_map(|cell| builder.shown(*cell)).all(|of| figures.counts(of));
    if counts && figures.is_few(None, value, part) {
        Need::small(figures.least(None, part, false))
    } else {
        Need::Nothing
    }
}

/// Regions and those of finer layers in them; gives what is left.
fn relate_layers(
    builder: &mut Builder<'_>,
    quantity: &mut Quantity,
    tiles: &mut Tiles,
) -> Result<Lefts, TooLarge> {
    let Quantity { kind, cells, layers, .. } = quantity;
    let full = |(layer, points): (&Layer, &Points)| is_full(layer, points, tiles);
    let full: Vec<&Layer> = layers.iter().filter(|of| full(*of)).map(|(layer, _)| layer).collect();
    let windows = Windows::new(builder, layers.iter(), tiles)?;
    let sorted = Sorted::new(layers.iter(), windows.families());
    let mut left: Vec<LeftOver> = Vec::new();
    for (fine, inside) in sorted.all().iter().copied() {
        let coarser = sorted.coarser(fine);
        let over = over(builder, (fine, inside), &coarser, (false, Some(&windows), tiles))?;
        let is_least = |inner: &Region, outer: &Region| {
            over.get(inner).is_some_and(|over| over.iter().any(|(of, _)| of == outer))
        };
        for (coarse, points) in coarser {
            builder.step(full.len())?;
            // What is between says it already, if it is all there.
            let mut between = full.iter().filter(|layer| is_made_of(coarse, layer));
            if full.contains(&fine) && between.any(|layer| is_made_of(layer, fine)) {
                continue;
            }
            builder.step(inside.len())?;
            let onto = Onto::new((fine, inside), (coarse, points), tiles);
            for (region, inner) in onto.lay(inside) {
                let Some(point) = points.get(&region).copied() else { continue };
                let whole = onto.is_whole(&region, &inner);
                if whole || inner.iter().any(|(inner, _)| is_least(inner, &region)) {
                    let axis = onto.left(&region, &inner).filter(|_| !whole);
                    let outer = (&region, point);
                    left.extend(lay(builder, outer, (&inner, axis), (whole, *kind, tiles)));
                }
            }
        }
        for (inner, cell) in inside {
            for (outer, point) in windows.over(inner).iter().filter(|(of, _)| is_least(inner, of)) {
                let own = inner.iter().find(|tile| !outer.contains(tile));
                let axis = own.and_then(|own| Some((tiles.axis(*own)?, vec![*own])));
                let inner = vec![(inner.clone(), *cell)];
                left.extend(lay(builder, (outer, *point), (&inner, axis), (false, *kind, tiles)));
            }
        }
    }
    Ok(name_left(builder, cells, (left, *kind), tiles))
}

/// Relates a region with those inside it; what they leave, where that is one on an axis of which they have these tiles.
fn lay(
    builder: &mut Builder<'_>,
    (region, point): (&Region, usize),
    (inner, axis): (&Inner, Option<(LinkAxis, Vec<u32>)>),
    (whole, kind, tiles): (bool, MeasureKind, &Tiles),
) -> Option<LeftOver> {
    let rest = relate_point(builder, point, cells_of(inner), (whole, kind));
    let (axis, own) = axis?;
    let own = LinkSet::all(own.iter().filter_map(|tile| tiles.places(*tile)));
    let all = region.iter().filter_map(|tile| tiles.get(*tile));
    let mut all = all.filter(|(other, _)| *other == axis).map(|(_, places)| places.clone());
    let all = all.next().unwrap_or_else(|| LinkSet::range(0, axis.size));
    Some(((point, cells_of(inner)), rest, (region.clone(), axis, all.without(&own))))
}

/// What is left is one figure, whatever leaves it.
fn name_left(
    builder: &mut Builder<'_>,
    cells: &mut Points,
    (left, kind): (Vec<LeftOver>, MeasureKind),
    tiles: &mut Tiles,
) -> Lefts {
    let mut found = Lefts::new();
    for ((point, mut inner), rest, (region, axis, places)) in left {
        let region = tiles.with(&region, axis, places);
        match (cells.get(&region).copied(), rest) {
            (Some(known), Some(rest)) => {
                builder.same(known, rest);
                found.entry(region).and_modify(|(_, of)| of.push(point));
            }
            (None, Some(rest)) => {
                cells.insert(region.clone(), rest);
                found.insert(region, (axis, vec![point]));
            }
            (Some(known), None) => {
                inner.push(known);
                relate_point(builder, point, inner, (true, kind));
            }
            (None, None) => {}
        }
    }
    found
}

/// For each region of a layer the least ones of others, and of these windows, that it lies in; `itself` too, if it is one of them.
fn over<'p>(
    builder: &mut Builder<'_>,
    (fine, points): (&Layer, &'p Points),
    coarser: &[Laid<'_>],
    (itself, windows, tiles): (bool, Option<&Windows<'_>>, &Tiles),
) -> Result<Over<'p>, TooLarge> {
    let mut all: Vec<Vec<(Region, usize)>> = vec![Vec::new(); points.len()];
    for (coarse, outer) in coarser {
        builder.step(points.len())?;
        let onto = Onto::new((fine, points), (coarse, outer), tiles);
        for (region, over) in points.keys().zip(&mut all) {
            let of = onto.outer(region).filter(|of| itself || of != region);
            over.extend(of.and_then(|of| outer.get(&of).map(|cell| (of, *cell))));
        }
    }
    let mut least = BTreeMap::new();
    for (region, mut over) in points.keys().zip(all) {
        let windows = windows.map(|windows| windows.over(region)).unwrap_or_default();
        over.extend(windows.iter().cloned());
        let (over, compared) = tiles.least(over);
        builder.step(compared)?;
        least.insert(region, over);
    }
    Ok(least)
}

/// Regions under more conditions are parts of the least ones under fewer that they lie in, in other fragments: in one cell the parts
/// are known already.
fn relate_conditions(
    builder: &mut Builder<'_>,
    whole: &Quantity,
    part: &Quantity,
    tiles: &Tiles,
) -> Result<(), TooLarge> {
    for (fine, parts) in &part.layers {
        let coarser = whole.layers.iter().filter(|(coarse, _)| has_axes(coarse, fine));
        let coarser: Vec<Laid<'_>> = coarser.collect();
        let mut inside: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (region, over) in over(builder, (fine, parts), &coarser, (true, None, tiles))? {
            for (_, point) in over {
                inside.entry(point).or_default().extend(parts.get(region));
            }
        }
        for (point, cells) in inside {
            let own = builder.shown(point).map(|of| of.fragment);
            let apart = |cell: &usize| builder.shown(*cell).map(|of| of.fragment) != own;
            let cells: Vec<usize> = cells.into_iter().filter(apart).collect();
            if !cells.is_empty() {
                relate_point(builder, point, cells, (false, part.kind));
            }
        }
    }
    Ok(())
}

/// A region and the finer ones that lie in it; gives the cell of what they leave of rows.
fn relate_point(
    builder: &mut Builder<'_>,
    point: usize,
    finer: Vec<usize>,
    (whole, kind): (bool, MeasureKind),
) -> Option<usize> {
    let (value, sum) = (builder.value(point), builder.sum(&finer));
    // Keys can lie in several places: that they do not is seen in the figures, and not known to who asks.
    let truth = if kind == MeasureKind::Keys { Truth::Assumed } else { Truth::Known };
    if whole && value == sum {
        builder.relate(vec![point], finer, truth);
        return None;
    }
    let once = kind != MeasureKind::Keys && value >= sum;
    if once || (!whole && value >= sum) {
        let need = if whole { Need::Nothing } else { rest(builder, point, &finer) };
        let rest = builder.rest(point, finer.clone(), (need, truth));
        if once {
            return Some(rest);
        }
    }
    for one in &finer {
        let need = if whole { Need::Nothing } else { rest(builder, point, &[*one]) };
        builder.part(point, *one, need);
    }
    if let Some(more) = sum.checked_sub(value).filter(|_| whole) {
        let more = builder.untold(more, Need::Nothing);
        builder.relate(vec![point, more], finer, truth);
    }
    None
}

/// What must stay unknown of what finer points leave of one.
fn rest(builder: &Builder<'_>, point: usize, finer: &[usize]) -> Need {
    let figures = builder.figures;
    let value = builder.value(point).saturating_sub(builder.sum(finer));
    let Some(whole) = builder.shown(point) else { return untold(builder, finer, value) };
    let parts: Vec<Figure> = finer.iter().filter_map(|cell| builder.shown(*cell)).collect();
    let inside = parts.iter().all(|part| builder.is_inside(whole, *part));
    let part = inside || !figures.is_whole(whole);
    let patients = parts.iter().map(|part| figures.patients(*part)).fold(0, u64::saturating_add);
    let patients = figures.patients(whole).saturating_sub(patients);
    // What parts of a cell leave of it may be told where its rule says so.
    let is_few = |many| {
        if inside { figures.is_few_left(whole, many) } else { figures.is_few(None, many, part) }
    };
    let few = is_few(patients);
    if !figures.counts(whole) {
        return if few { Need::Wide(1) } else { Need::Nothing };
    }
    if few || is_few(value) { Need::small(figures.least(None, part, false)) } else { Need::Nothing }
}
