//! Measures: what the sums of a cell are of, and what a row adds to a patient's contribution.
//!
//! [`MeasureFootprint`] says what a measure is. Measures follow from the sums alone, in their order, so that every node
//! that makes the same sums makes the same measures.

use datafusion::common::DFSchema;
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{Expr, ExprSchemable as _};
use policies::footprint::{MeasureFootprint, MeasureKind, Sensitive, SumKind, Units};

use super::Primitive;

/// One measure.
#[derive(Clone, Debug)]
pub(crate) struct Measure {
    /// Rows that count.
    pub(crate) condition: Option<Expr>,
    /// What is counted or added.
    pub(crate) argument: Option<Expr>,
    /// The rest, with numbers for both.
    pub(crate) footprint: MeasureFootprint,
}

impl Measure {
    fn is_of(&self, primitive: &Primitive) -> bool {
        self.footprint.kind == kind(primitive)
            && self.condition == primitive.filter
            && self.argument == primitive.value
    }
}

/// The measures of sums over these rows, each once; then those that no sum is of but that follow from one.
pub(super) fn measures(primitives: &[Primitive], rows: &DFSchema) -> Vec<Measure> {
    let mut numbers = Numbers::default();
    let mut measures: Vec<Measure> = Vec::new();
    let made = primitives.iter().filter_map(|primitive| primitive.made.as_ref());
    let (left, counts) = (left(primitives), counts(primitives, rows));
    let follow = made.flat_map(|made| &made.also).chain(left.iter().map(|(_, rest)| rest));
    let follow = follow.chain(counts.iter().map(|(_, count)| count));
    for primitive in primitives.iter().chain(follow) {
        if !measures.iter().any(|known| known.is_of(primitive)) {
            measures.push(measure(primitive, &mut numbers));
        }
    }
    for primitive in primitives {
        let Some(made) = &primitive.made else { continue };
        let also: Vec<u32> = made.also.iter().map(|also| place(also, &measures)).collect();
        let Some(measure) = measures.iter_mut().find(|known| known.is_of(primitive)) else {
            continue;
        };
        let known = measure.footprint.made.get_or_insert_default();
        let fewest = made.fewest.map(Units::new);
        known.fewest = known.fewest.into_iter().chain(fewest).min();
        known.also.extend(also);
        known.also.sort_unstable();
        known.also.dedup();
    }
    for (of, count) in &counts {
        let count = place(count, &measures);
        if let Some(measure) = measures.iter_mut().find(|known| known.is_of(of)) {
            let also = &mut measure.footprint.made.get_or_insert_default().also;
            also.push(count);
            also.sort_unstable();
            also.dedup();
        }
    }
    for (part, rest) in &left {
        let rest = place(rest, &measures);
        if let Some(measure) = measures.iter_mut().find(|known| known.is_of(part)) {
            let rests = &mut measure.footprint.made.get_or_insert_default().rest;
            rests.push(rest);
            rests.sort_unstable();
            rests.dedup();
        }
    }
    measures
}

/// Of each sum that some rows may not add to, without a count of what it adds beside it: the sum, and that count. A memory holds sums
/// against each other by their contributors, which a count says. `sum(x - y)` is one that no condition shows: where `x` can be missing
/// and `y` cannot, it is made of `sum(x)` over all rows, and what is counted beside it is `x - y`.
fn counts<'p>(primitives: &'p [Primitive], rows: &DFSchema) -> Vec<(&'p Primitive, Primitive)> {
    let alone = primitives.iter().filter(|sum| {
        let counted = primitives.iter().any(|count| {
            matches!(kind(count), MeasureKind::Rows | MeasureKind::Keys)
                && (&count.filter, &count.value) == (&sum.filter, &sum.value)
        });
        let is_missing = |value: &Expr| value.nullable(rows).unwrap_or(true);
        let of_some = sum.filter.is_some() || sum.value.as_ref().is_some_and(is_missing);
        kind(sum) == MeasureKind::Value && of_some && !counted
    });
    let count = |sum: &Primitive| Primitive {
        kind: SumKind::NonNull,
        scale: 0,
        bounds: None,
        made: None,
        ..sum.clone()
    };
    alone.map(|sum| (sum, count(sum))).collect()
}

/// Of each sum under a condition and the same sum without it, or under some of its conditions: the part, and the sum over the rows
/// that it leaves.
fn left(primitives: &[Primitive]) -> Vec<(&Primitive, Primitive)> {
    let added = || primitives.iter().filter(|sum| kind(sum) == MeasureKind::Value);
    let mut found = Vec::new();
    for part in added() {
        let Some(filter) = &part.filter else { continue };
        let conditions = split_conjunction(filter);
        let wholes = added().filter(|whole| {
            let of = whole.filter.iter().flat_map(split_conjunction);
            whole.value == part.value
                && whole.filter != part.filter
                && of.into_iter().all(|condition| conditions.contains(&condition))
        });
        for whole in wholes {
            let of: Vec<&Expr> = whole.filter.iter().flat_map(split_conjunction).collect();
            let own = conditions.iter().filter(|condition| !of.contains(*condition));
            let Some(own) = conjunction(own.map(|condition| (*condition).clone())) else {
                continue;
            };
            let rest = own.is_not_true();
            let rest = whole.filter.clone().map_or(rest.clone(), |whole| whole.and(rest));
            let rest = Primitive {
                kind: SumKind::Sum,
                filter: Some(rest),
                scale: scale(part),
                made: None,
                ..part.clone()
            };
            found.push((part, rest));
        }
    }
    found
}

/// Digits behind the point of what a sum is of.
fn scale(primitive: &Primitive) -> u8 {
    match primitive.kind {
        SumKind::SumSquares => primitive.scale / 2,
        SumKind::Rows
        | SumKind::NonNull
        | SumKind::Distinct
        | SumKind::Bin
        | SumKind::Sum
        | SumKind::SumProducts => primitive.scale,
    }
}

/// Conditions and arguments, in the order in which they are seen.
#[derive(Default)]
struct Numbers<'e> {
    conditions: Vec<&'e Expr>,
    arguments: Vec<&'e Expr>,
}

fn measure<'e>(primitive: &'e Primitive, numbers: &mut Numbers<'e>) -> Measure {
    let (least, most) = primitive.bounds.unwrap_or((0, 1));
    let (filter, value) = (primitive.filter.as_ref(), primitive.value.as_ref());
    let footprint = MeasureFootprint {
        condition: filter.map(|condition| number(condition, &mut numbers.conditions)),
        argument: value.map(|argument| number(argument, &mut numbers.arguments)),
        kind: kind(primitive),
        scale: scale(primitive),
        least: Units::new(least),
        most: Units::new(most),
        sensitive: Sensitive::default(),
        made: None,
        whole: false,
    };
    Measure { condition: filter.cloned(), argument: value.cloned(), footprint }
}

/// The place of a sum's measure.
pub(super) fn place(primitive: &Primitive, measures: &[Measure]) -> u32 {
    let place = measures.iter().position(|measure| measure.is_of(primitive));
    place.and_then(|place| u32::try_from(place).ok()).unwrap_or(u32::MAX)
}

/// What a row adds. What can only be 0 or 1 counts the rows where it is 1.
fn kind(primitive: &Primitive) -> MeasureKind {
    match (primitive.kind, primitive.bounds) {
        (SumKind::Rows | SumKind::NonNull, _) => MeasureKind::Rows,
        (SumKind::Distinct, _) => MeasureKind::Keys,
        (SumKind::Bin, _) => MeasureKind::Bin,
        (SumKind::Sum | SumKind::SumSquares | SumKind::SumProducts, Some((0.., ..=1)))
            if primitive.scale == 0 =>
        {
            MeasureKind::Flag
        }
        (SumKind::Sum | SumKind::SumSquares | SumKind::SumProducts, _) => MeasureKind::Value,
    }
}

/// The number of an expression among those seen, in the order in which they are seen.
fn number<'e>(expr: &'e Expr, seen: &mut Vec<&'e Expr>) -> u32 {
    let place = seen.iter().position(|known| *known == expr).unwrap_or_else(|| {
        seen.push(expr);
        seen.len().saturating_sub(1)
    });
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
