//! How the figures of one cell add up.
//!
//! A count under a condition, of values that can be missing, or of flags is part of another count of the cell; what it leaves is
//! never told, and may not be known where it holds a few patients. Where nothing is left in any cell of the fragment both are one
//! figure, and two parts that are the whole in every cell are its complements: who asks may know that, but not of what R3 hides.

use policies::footprint::{MeasureFootprint, MeasureKind};

use super::Figure;
use super::figures::Figures;
use super::table::{Builder, Truth};
use crate::disclose::suppress::Need;

/// Most counts of a fragment that are tried as complements, two by two.
const MAX_PAIRED: usize = 32;

/// The parts of one fragment's figures.
#[derive(Debug, Default)]
struct Parts {
    /// Whole and part; `equal` where nothing is left in any cell.
    of: Vec<(usize, usize, Left)>,
    /// A whole and two parts that are it in every cell.
    both: Vec<(usize, usize, usize)>,
}

/// What a part leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// Nothing, in any cell.
    Nothing,
    /// Patients, rows or flags.
    Some,
    /// Rows that share a key with others: no part.
    Repeated,
}

/// Adds the relations inside these cells of a fragment.
pub(super) fn relate(builder: &mut Builder<'_>, fragment: usize, cells: &[usize]) {
    let figures = builder.figures;
    let parts = parts(figures, fragment);
    for cell in cells.iter().copied() {
        let figure = |sum| Figure { fragment, cell, sum };
        for (whole, part, left) in &parts.of {
            let (whole, part) = (figure(*whole), figure(*part));
            let need = need(figures, whole, part, *left);
            let (whole, part) = (builder.figure(whole), builder.figure(part));
            if *left == Left::Nothing {
                builder.relate(vec![whole], vec![part], Truth::Assumed);
            } else {
                builder.part(whole, part, need);
            }
        }
        for (whole, one, other) in &parts.both {
            let [whole, one, other] = [whole, one, other].map(|sum| builder.figure(figure(*sum)));
            builder.relate(vec![whole], vec![one, other], Truth::Assumed);
        }
    }
}

/// What must stay unknown of what a part leaves.
fn need(figures: &Figures<'_>, whole: Figure, part: Figure, left: Left) -> Need {
    let patients = figures.patients(whole).saturating_sub(figures.patients(part));
    let small = figures.is_small(whole);
    match left {
        Left::Nothing | Left::Repeated => Need::Nothing,
        Left::Some if small => Need::small(figures.least(Some(whole), true, true)),
        Left::Some
            if figures.is_few_left(whole, patients) || patients == 0 && figures.is_alike(part) =>
        {
            Need::small(figures.least(Some(whole), true, false))
        }
        Left::Some => Need::Nothing,
    }
}

fn parts(figures: &Figures<'_>, fragment: usize) -> Parts {
    let figure = |sum| Figure { fragment, cell: 0, sum };
    let counts: Vec<usize> =
        figures.sums(fragment).filter(|sum| figures.counts(figure(*sum))).collect();
    let difference = |whole: usize, part: usize| {
        let mut cells = figures.cells(fragment);
        cells.try_fold(0_u64, |all, cell| {
            let value = |sum| figures.value(Figure { fragment, cell, sum });
            Some(all.saturating_add(value(whole).checked_sub(value(part))?))
        })
    };
    let alike = |sum: usize| {
        figures.cells(fragment).any(|cell| figures.is_alike(Figure { fragment, cell, sum }))
    };
    let mut parts = Parts::default();
    for part in &counts {
        let wholes = counts.iter().filter(|whole| *whole != part);
        for whole in wholes {
            let (a, b) = (figures.measure(figure(*whole)), figures.measure(figure(*part)));
            let Some(left) = a.zip(b).and_then(|(a, b)| left((a, b), whole < part)) else {
                continue;
            };
            match difference(*whole, *part) {
                Some(0) if !alike(*part) => parts.of.push((*whole, *part, Left::Nothing)),
                Some(_) => parts.of.push((*whole, *part, left)),
                None => {}
            }
        }
    }
    parts.both = complements(figures, fragment, &parts.of);
    parts
}

/// What the second leaves of the first, if it is part of it whatever the data are.
fn left((whole, part): (&MeasureFootprint, &MeasureFootprint), before: bool) -> Option<Left> {
    let same_condition = whole.condition == part.condition;
    let same_argument = whole.argument == part.argument;
    let all = whole.condition.is_none();
    if same_condition && same_argument && whole.kind == part.kind {
        // Two sums of the same flags.
        return before.then_some(Left::Some);
    }
    let of_rows = whole.kind == MeasureKind::Rows && (whole.argument.is_none() || same_argument);
    match part.kind {
        MeasureKind::Keys if whole.kind == MeasureKind::Keys && same_argument && all => {
            Some(Left::Some)
        }
        MeasureKind::Keys if of_rows && same_condition => Some(Left::Repeated),
        MeasureKind::Rows if of_rows && (same_condition || all) => Some(Left::Some),
        MeasureKind::Flag if of_rows && (same_condition || all) => Some(Left::Some),
        MeasureKind::Flag if whole.kind == MeasureKind::Flag && same_argument && all => {
            Some(Left::Some)
        }
        MeasureKind::Rows
        | MeasureKind::Keys
        | MeasureKind::Flag
        | MeasureKind::Bin
        | MeasureKind::Value => None,
    }
}

/// Parts that are a whole together, in every cell.
fn complements(
    figures: &Figures<'_>,
    fragment: usize,
    parts: &[(usize, usize, Left)],
) -> Vec<(usize, usize, usize)> {
    let mut found = Vec::new();
    let real = parts.iter().filter(|(_, _, left)| *left == Left::Some);
    let real: Vec<(usize, usize)> = real.map(|(whole, part, _)| (*whole, *part)).collect();
    for (at, (whole, one)) in real.iter().enumerate().take(MAX_PAIRED) {
        let others = real.iter().skip(at.saturating_add(1)).take(MAX_PAIRED);
        for (_, other) in others.filter(|(same, _)| same == whole) {
            let whole_in = |cell| {
                let value = |sum: &usize| figures.value(Figure { fragment, cell, sum: *sum });
                value(one).checked_add(value(other)) == Some(value(whole))
            };
            if figures.cells(fragment).all(whole_in) {
                found.push((*whole, *one, *other));
            }
        }
    }
    found
}
