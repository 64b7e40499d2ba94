//! How figures of several cells and fragments add up: over the axes that one has more than another.
//!
//! Figures of one space that are of the same thing are points: places on some axes, their *grain*. A point is the sum of those of a
//! finer grain that lie on it, if all are there. If some are not, what is left is never told, and may not be known where it holds
//! a few patients. What is counted under more conditions is a part in the same way. Rows lie in one place each; keys can lie in several, and then their sum is only at least the point. Where two
//! grains have no common coarser one in the answer, its points are added untold, as far as one of them is all there.

use std::collections::BTreeMap;

use policies::Digest;
use policies::footprint::MeasureKind;

use super::Figure;
use super::table::{Builder, Truth};
use crate::disclose::suppress::Need;
use places::Grain;

mod places;

pub(super) use places::Places;

/// The cells of a grain by their places on its axes.
type Points = BTreeMap<Vec<u32>, usize>;

/// One thing that is counted or added.
struct Quantity {
    kind: MeasureKind,
    /// Its points by grain.
    grains: BTreeMap<Grain, Points>,
    /// The same under fewer conditions.
    part_of: Vec<u32>,
}

/// Every quantity, by its space.
type Quantities<'a> = BTreeMap<(&'a Digest, u32), Quantity>;

/// Adds the relations between the cells of a group of fragments.
pub(super) fn relate(builder: &mut Builder<'_>, places: Places<'_>) {
    let mut quantities = quantities(builder, places);
    for Quantity { kind, grains, .. } in quantities.values_mut() {
        if grains.len() > 1 {
            margins(builder, grains);
            relate_grains(builder, grains, *kind);
        }
    }
    for ((base, _), part) in &quantities {
        for whole in part.part_of.iter().filter_map(|whole| quantities.get(&(*base, *whole))) {
            relate_conditions(builder, &whole.grains, part);
        }
    }
}

/// The cells of what is counted or added. Two figures of one place are equal.
fn quantities<'a>(builder: &mut Builder<'_>, places: Places<'a>) -> Quantities<'a> {
    let mut quantities = Quantities::new();
    for (of, places::Quantity { kind, grains, part_of }) in places.0 {
        let mut cells: BTreeMap<Grain, Points> = BTreeMap::new();
        for (grain, figured) in grains {
            let points = cells.entry(grain).or_default();
            for (at, figures) in figured {
                for figure in figures {
                    let here = builder.figure(figure);
                    let first = *points.entry(at.clone()).or_insert(here);
                    if first != here {
                        builder.same(first, here);
                    }
                }
            }
        }
        quantities.insert(of, Quantity { kind, grains: cells, part_of });
    }
    quantities
}

/// Points of a grain, on the axes of a coarser one.
fn projected(fine: &Grain, coarse: &Grain, points: &Points) -> BTreeMap<Vec<u32>, Vec<usize>> {
    let mut onto: BTreeMap<Vec<u32>, Vec<usize>> = BTreeMap::new();
    for (places, cell) in points {
        let kept = fine.iter().zip(places).filter(|(axis, _)| coarse.contains(axis));
        onto.entry(kept.map(|(_, place)| *place).collect()).or_default().push(*cell);
    }
    onto
}

/// Points of the axes that a grain has more than a coarser one.
fn points_of_one(fine: &Grain, coarse: &Grain) -> u64 {
    let more = fine.iter().filter(|axis| !coarse.contains(axis));
    more.map(|axis| u64::from(axis.size)).fold(1, u64::saturating_mul)
}

fn many(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}

fn is_full(grain: &Grain, points: &Points) -> bool {
    many(points.len()) == points_of_one(grain, &Vec::new())
}

fn is_coarser(coarse: &Grain, fine: &Grain) -> bool {
    coarse.len() < fine.len() && coarse.iter().all(|axis| fine.contains(axis))
}

/// Adds the common coarser points of grains of which none is coarser, where nobody asked for them.
fn margins(builder: &mut Builder<'_>, grains: &mut BTreeMap<Grain, Points>) {
    let known: Vec<Grain> = grains.keys().cloned().collect();
    for (at, one) in known.iter().enumerate() {
        for other in known.iter().skip(at.saturating_add(1)) {
            let common: Grain = one.iter().filter(|axis| other.contains(axis)).copied().collect();
            let apart = common.len() < one.len() && common.len() < other.len();
            if !apart || grains.contains_key(&common) {
                continue;
            }
            let whole = |fine: &Grain| {
                let onto = grains.get(fine).map(|points| projected(fine, &common, points));
                let all = points_of_one(fine, &common);
                let onto = onto.into_iter().flatten();
                onto.filter(|(_, cells)| many(cells.len()) == all).collect::<BTreeMap<_, _>>()
            };
            let (of_one, of_other) = (whole(one), whole(other));
            let mut points = Points::new();
            for (places, cells) in of_one.iter().chain(&of_other) {
                let value = builder.sum(cells);
                let both = [&of_one, &of_other]
                    .map(|of| of.get(places).is_none_or(|cells| builder.sum(cells) == value));
                if both == [true, true] && !points.contains_key(places) {
                    let need = untold(builder, cells, value);
                    points.insert(places.clone(), builder.untold(value, need));
                }
            }
            if !points.is_empty() {
                grains.insert(common, points);
            }
        }
    }
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

fn relate_grains(builder: &mut Builder<'_>, grains: &BTreeMap<Grain, Points>, kind: MeasureKind) {
    for (coarse, points) in grains {
        for (fine, finer) in grains.iter().filter(|(fine, _)| is_coarser(coarse, fine)) {
            // What is between says it already, if it is all there.
            let between = grains.iter().any(|(grain, between)| {
                is_coarser(coarse, grain) && is_coarser(grain, fine) && is_full(grain, between)
            });
            if between && is_full(fine, finer) {
                continue;
            }
            let all = points_of_one(fine, coarse);
            for (places, cells) in projected(fine, coarse, finer) {
                if let Some(point) = points.get(&places) {
                    let whole = many(cells.len()) == all;
                    relate_point(builder, *point, cells, (whole, kind));
                }
            }
        }
    }
}

/// Points under more conditions are parts of those under fewer, in other fragments: in one cell the parts are known already.
fn relate_conditions(builder: &mut Builder<'_>, wholes: &BTreeMap<Grain, Points>, part: &Quantity) {
    for (fine, parts) in &part.grains {
        let coarser = |coarse: &Grain| coarse == fine || is_coarser(coarse, fine);
        for (coarse, points) in wholes.iter().filter(|(coarse, _)| coarser(coarse)) {
            let closer = |(grain, points): (&Grain, &Points)| {
                is_coarser(coarse, grain) && coarser(grain) && is_full(grain, points)
            };
            if wholes.iter().any(closer) {
                continue;
            }
            let all = points_of_one(fine, coarse);
            for (places, cells) in projected(fine, coarse, parts) {
                let Some(point) = points.get(&places).copied() else { continue };
                let own = builder.shown(point).map(|of| of.fragment);
                let apart = |cell: &usize| builder.shown(*cell).map(|of| of.fragment) != own;
                if many(cells.len()) == all && cells.iter().all(apart) {
                    relate_point(builder, point, cells, (false, part.kind));
                }
            }
        }
    }
}

/// A point and the finer ones that lie on it.
fn relate_point(
    builder: &mut Builder<'_>,
    point: usize,
    finer: Vec<usize>,
    (whole, kind): (bool, MeasureKind),
) {
    let (value, sum) = (builder.value(point), builder.sum(&finer));
    // Keys can lie in several places: that they do not is seen in the figures, and not known to who asks.
    let truth = if kind == MeasureKind::Keys { Truth::Assumed } else { Truth::Known };
    if whole && value == sum {
        builder.relate(vec![point], finer, truth);
        return;
    }
    let once = kind != MeasureKind::Keys && value >= sum;
    if once || (!whole && value >= sum) {
        let need = if whole { Need::Nothing } else { rest(builder, point, &finer) };
        builder.rest(point, finer.clone(), (need, truth));
    }
    if once {
        return;
    }
    for one in &finer {
        let need = if whole { Need::Nothing } else { rest(builder, point, &[*one]) };
        builder.part(point, *one, need);
    }
    if let Some(more) = sum.checked_sub(value).filter(|_| whole) {
        let more = builder.untold(more, Need::Nothing);
        builder.relate(vec![point, more], finer, truth);
    }
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
    let few = figures.is_few(None, patients, part);
    if !figures.counts(whole) {
        return if few { Need::Wide(1) } else { Need::Nothing };
    }
    if few || figures.is_few(None, value, part) {
        Need::small(figures.least(None, part, false))
    } else {
        Need::Nothing
    }
}
