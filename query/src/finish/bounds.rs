//! What is known of a value that is made of quantiles: a quantile lies between two edges of its column, for certain where counts are
//! exact.
//!
//! An expression that only rises or only falls with each of its quantiles is computed at the ends of their intervals too; of
//! any other it is told that no interval is known. Nothing that is made of quantiles passes for exact.

use std::collections::BTreeMap;

use arrow::array::{Array as _, ArrayRef, AsArray as _, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{Column as Name, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

use super::FinishError;
use crate::disclose::Band;
use crate::facts::safe::rounded;

/// What is known of one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Bound {
    /// It is what it says.
    Exact,
    /// The pooled value lies here.
    Within { low: f64, high: f64 },
    /// It is made of quantiles, and no interval is known.
    Unknown,
    /// It is made of quantiles with noise, and lies here in 19 of 20 cases.
    Likely {
        /// This or more.
        low: f64,
        /// This or less.
        high: f64,
        /// In its own unit, squared, if that is known.
        variance: Option<f64>,
    },
    /// It is not shown, and lies in this band of the funnel. Nothing that is made of it does.
    Band(Band),
    /// It is made of figures with noise, and has this variance if that is known.
    Noisy {
        /// In its own unit, squared.
        variance: Option<f64>,
        /// Whether it is a count, which is shown as 0 where the noise makes it less.
        count: bool,
    },
}

/// Made of figures with noise in a way of which no variance is known.
const NOISY: Bound = Bound::Noisy { variance: None, count: false };

/// What is known of the values of a column; without any, all are exact.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Bounds(Vec<Bound>);

/// An end of every interval.
#[derive(Clone, Copy)]
pub(super) enum End {
    Low,
    High,
}

impl Bounds {
    /// One for each value.
    pub(super) fn new(bounds: Vec<Bound>) -> Self {
        if bounds.iter().all(|bound| *bound == Bound::Exact) {
            Self::default()
        } else {
            Self(bounds)
        }
    }

    /// So many that are made of these in a way of which nothing is known.
    pub(super) fn made_of<'b>(of: impl IntoIterator<Item = &'b Self>, rows: usize) -> Self {
        let all = of.into_iter().flat_map(|bounds| &bounds.0);
        match all.fold(Bound::Exact, |known, own| worse(known, *own)) {
            Bound::Exact | Bound::Band(_) => Self::default(),
            Bound::Within { .. } | Bound::Unknown => Self(vec![Bound::Unknown; rows]),
            Bound::Likely { .. } | Bound::Noisy { .. } => Self(vec![NOISY; rows]),
        }
    }

    /// Whether every value is what it says, or not shown.
    pub(super) fn is_exact(&self) -> bool {
        self.0.iter().all(|bound| matches!(bound, Bound::Exact | Bound::Band(_)))
    }

    /// What is known of one value.
    pub(super) fn at(&self, row: usize) -> Bound {
        self.0.get(row).copied().unwrap_or(Bound::Exact)
    }

    /// Those of these rows.
    pub(super) fn take(&self, rows: &[Option<usize>]) -> Self {
        if self.0.is_empty() {
            return Self::default();
        }
        Self::new(rows.iter().map(|row| row.map_or(Bound::Exact, |row| self.at(row))).collect())
    }

    /// Those of columns under one another, each with its length.
    pub(super) fn concat<'b>(parts: impl Iterator<Item = (&'b Self, usize)>) -> Self {
        let all = parts.flat_map(|(part, rows)| (0..rows).map(|row| part.at(row)));
        Self::new(all.collect())
    }

    /// A column's values at one end of their intervals.
    pub(super) fn ends(&self, values: &ArrayRef, end: End) -> Result<ArrayRef, FinishError> {
        let floats = cast(values, &DataType::Float64).map_err(|_engine| FinishError::Failed)?;
        let floats = floats.as_primitive_opt::<Float64Type>().ok_or(FinishError::Failed)?;
        let ends = floats.iter().enumerate().map(|(row, own)| match (self.at(row), end) {
            (Bound::Within { low, .. } | Bound::Likely { low, .. }, End::Low) => {
                own.map(|_own| low)
            }
            (Bound::Within { high, .. } | Bound::Likely { high, .. }, End::High) => {
                own.map(|_own| high)
            }
            (Bound::Exact | Bound::Band(_) | Bound::Unknown | Bound::Noisy { .. }, _) => own,
        });
        let ends: ArrayRef = std::sync::Arc::new(ends.collect::<Float64Array>());
        cast(&ends, values.data_type()).map_err(|_engine| FinishError::Failed)
    }

    /// Those of an expression of these columns, from its values at the low and at the high end of all of them.
    pub(super) fn between(of: &[&Self], low: &ArrayRef, high: &ArrayRef) -> Self {
        let float = |values: &ArrayRef| cast(values, &DataType::Float64).ok();
        let (Some(low), Some(high)) = (float(low), float(high)) else {
            return Self::worst(of, low.len());
        };
        let at = |values: &ArrayRef, row: usize| {
            let floats = values.as_primitive_opt::<Float64Type>()?;
            (!floats.is_null(row)).then(|| floats.value(row))
        };
        let bounds = (0..low.len()).map(|row| match worst(of, row) {
            Bound::Exact | Bound::Band(_) => Bound::Exact,
            Bound::Unknown => Bound::Unknown,
            Bound::Noisy { .. } => NOISY,
            Bound::Within { .. } => match (at(&low, row), at(&high, row)) {
                (Some(low), Some(high)) if low <= high => Bound::Within { low, high },
                _ => Bound::Unknown,
            },
            Bound::Likely { .. } => match (at(&low, row), at(&high, row)) {
                (Some(low), Some(high)) if low <= high => {
                    Bound::Likely { low, high, variance: None }
                }
                _ => NOISY,
            },
        });
        Self::new(bounds.collect())
    }

    /// Those of an expression of these columns of which nothing else is known.
    pub(super) fn worst(of: &[&Self], rows: usize) -> Self {
        let bounds = (0..rows).map(|row| match worst(of, row) {
            Bound::Exact | Bound::Band(_) => Bound::Exact,
            Bound::Within { .. } | Bound::Unknown => Bound::Unknown,
            Bound::Likely { .. } | Bound::Noisy { .. } => NOISY,
        });
        Self::new(bounds.collect())
    }
}

/// The worst of a row; the ends are of no column.
fn worst(of: &[&Bounds], row: usize) -> Bound {
    of.iter().map(|bounds| bounds.at(row)).fold(Bound::Exact, worse)
}

/// The worse of two: noise before all.
fn worse(one: Bound, other: Bound) -> Bound {
    match (one, other) {
        (Bound::Noisy { .. }, _) | (_, Bound::Noisy { .. }) => NOISY,
        (Bound::Likely { .. }, Bound::Unknown) | (Bound::Unknown, Bound::Likely { .. }) => NOISY,
        (Bound::Likely { .. }, _) => one,
        (_, Bound::Likely { .. }) => other,
        (Bound::Unknown, _) | (_, Bound::Unknown) => Bound::Unknown,
        (Bound::Within { .. }, _) => one,
        (Bound::Exact | Bound::Band(_), own) => own,
    }
}

/// For each column of an expression whether it rises with it (`true`) or falls; `None` where neither is certain.
pub(super) fn directions(expr: &Expr) -> BTreeMap<Name, Option<bool>> {
    let mut found = BTreeMap::new();
    direction(expr, Some(true), &mut found);
    found
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: of others nothing is certain"
)]
fn direction(expr: &Expr, rises: Option<bool>, into: &mut BTreeMap<Name, Option<bool>>) {
    match expr {
        Expr::Column(name) => {
            let known = into.entry(name.clone()).or_insert(rises);
            *known = known.filter(|known| Some(*known) == rises);
        }
        Expr::Alias(alias) => direction(&alias.expr, rises, into),
        Expr::Cast(call) if call.field.data_type().is_numeric() => {
            direction(&call.expr, rises, into);
        }
        Expr::TryCast(call) if call.field.data_type().is_numeric() => {
            direction(&call.expr, rises, into);
        }
        Expr::Negative(inner) => direction(inner, rises.map(|rises| !rises), into),
        Expr::BinaryExpr(binary) => of_binary(binary, rises, into),
        Expr::ScalarFunction(call) => of_function(call, rises, into),
        other => {
            into.extend(other.column_refs().into_iter().map(|name| (name.clone(), None)));
        }
    }
}

fn of_function(
    call: &ScalarFunction,
    rises: Option<bool>,
    into: &mut BTreeMap<Name, Option<bool>>,
) {
    let (of_first, of_others) = match call.name() {
        "round" | "floor" | "ceil" | "sqrt" | "ln" | "exp" => (rises, None),
        "coalesce" | "greatest" | "least" => (rises, rises),
        _ if rounded::of(call).is_some() => (rises, None),
        _ => (None, None),
    };
    for (place, argument) in call.args.iter().enumerate() {
        direction(argument, if place == 0 { of_first } else { of_others }, into);
    }
}

fn of_binary(binary: &BinaryExpr, rises: Option<bool>, into: &mut BTreeMap<Name, Option<bool>>) {
    let BinaryExpr { left, op, right } = binary;
    let turned = |by: Option<f64>| match by {
        Some(by) if by > 0.0 => rises,
        Some(by) if by < 0.0 => rises.map(|rises| !rises),
        Some(_) | None => None,
    };
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the engine's enum: of others nothing is certain"
    )]
    let (first, second) = match op {
        Operator::Plus => (rises, rises),
        Operator::Minus => (rises, rises.map(|rises| !rises)),
        Operator::Multiply => (turned(number(right)), turned(number(left))),
        Operator::Divide => (turned(number(right)), None),
        _ => (None, None),
    };
    direction(left, first, into);
    direction(right, second, into);
}

/// The value of a constant.
fn number(expr: &Expr) -> Option<f64> {
    let mut expr = expr;
    let mut turned = 1.0;
    loop {
        if let Expr::Cast(cast) = expr {
            expr = &cast.expr;
        } else if let Expr::Negative(inner) = expr {
            expr = inner;
            turned = -turned;
        } else {
            break;
        }
    }
    let value = expr.as_literal()?.cast_to(&DataType::Float64).ok()?;
    if let ScalarValue::Float64(Some(value)) = value { Some(turned * value) } else { None }
}
