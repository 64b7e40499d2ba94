//! The additive sums of a cell, and multiples of them.

use datafusion::logical_expr::Expr;
use policies::footprint::SumKind;

/// One additive sum.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Primitive {
    /// Its kind.
    pub(crate) kind: SumKind,
    /// What is added, over `input`.
    pub(crate) value: Option<Expr>,
    /// Rows that count.
    pub(crate) filter: Option<Expr>,
    /// Digits behind the point.
    pub(crate) scale: u8,
    /// Least and greatest value, in units of its scale, where values are added.
    pub(crate) bounds: Option<(i128, i128)>,
    /// What else its sum tells, where its value is computed.
    pub(crate) made: Option<Made>,
}

/// What the sum of a computed value tells beside itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Made {
    /// The fewest values that a column of it can have, where it is no multiple of one.
    pub(crate) fewest: Option<i128>,
    /// Sums that follow from it, in whole or in part.
    pub(crate) also: Vec<Primitive>,
}

/// Multiples of sums, added up.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Linear {
    /// Places in `primitives`, each with its factor.
    pub(crate) terms: Vec<(usize, i128)>,
    /// Digits behind the point of the result.
    pub(crate) scale: u8,
}

impl Linear {
    /// One sum as it is.
    pub(crate) fn one(place: usize, scale: u8) -> Self {
        Self { terms: vec![(place, 1)], scale }
    }
}

impl Primitive {
    /// A count.
    pub(crate) fn count(kind: SumKind, value: Option<Expr>, filter: Option<Expr>) -> Self {
        Self { kind, value, filter, scale: 0, bounds: None, made: None }
    }
}
