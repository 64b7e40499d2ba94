//! The values that a column can have, as far as a condition can tell them apart.
//!
//! Codes and short ranges of numbers are all there. Of long ranges the constants that the condition compares with tell
//! which numbers are alike; if it does anything else with them, it is not in the form.

use std::collections::BTreeSet;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column as Name, ScalarValue};
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};
use policies::dataset::{CodeValue, Column};

use crate::catalog;

/// Longest range of numbers that is asked for one by one.
const MAX_NUMBERS: i64 = 4_096;

/// Values that are alike.
pub(super) struct Class {
    /// One of them.
    pub(super) value: ScalarValue,
    /// All of them.
    pub(super) span: Span,
}

/// Values that are alike.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Span {
    /// A code, or its absence.
    Code(Option<String>),
    /// Numbers, in units of the column's scale, without the last one.
    Numbers { low: i64, high: i64 },
    /// No number.
    Missing,
    /// Whether there is such a child.
    Child(bool),
}

impl Span {
    /// The code that it is.
    pub(super) fn code(&self) -> Option<Option<String>> {
        match self {
            Self::Code(code) => Some(code.clone()),
            Self::Numbers { .. } | Self::Missing | Self::Child(_) => None,
        }
    }
}

/// Whether there is a child, or none.
pub(super) fn of_child() -> Vec<Class> {
    let one = |is| Class { value: ScalarValue::Boolean(Some(is)), span: Span::Child(is) };
    vec![one(false), one(true)]
}

/// What a condition can tell apart of a column.
pub(super) fn of_column(column: &Column, name: &Name, expr: &Expr) -> Option<Vec<Class>> {
    let data_type = catalog::data_type(column.kind);
    let mut classes: Vec<Class> = if column.codes.is_empty() {
        numbers(column, name, expr)?
    } else {
        let code = |value: &CodeValue| Class {
            value: match value {
                CodeValue::Integer(value) => ScalarValue::Int64(Some(*value)),
                CodeValue::Text(text) => ScalarValue::Utf8(Some(text.clone())),
            },
            span: Span::Code(Some(value.to_string())),
        };
        column.codes.iter().map(|known| code(&known.value)).collect()
    };
    if column.nullable {
        let span = if column.codes.is_empty() { Span::Missing } else { Span::Code(None) };
        classes.push(Class { value: ScalarValue::try_from(&data_type).ok()?, span });
    }
    Some(classes)
}

fn numbers(column: &Column, name: &Name, expr: &Expr) -> Option<Vec<Class>> {
    let bounds = column.bounds?;
    let end = bounds.max.checked_add(1)?;
    let all = end.checked_sub(bounds.min)?;
    let starts: BTreeSet<i64> = if all <= MAX_NUMBERS {
        (bounds.min..end).collect()
    } else {
        let scale = column.kind.scale();
        let mut points = compared(expr, name, scale)?;
        points.retain(|point| *point > bounds.min && *point < end);
        points.insert(bounds.min);
        points
    };
    let ends = starts.iter().skip(1).copied().chain([end]);
    let data_type = catalog::data_type(column.kind);
    let value = |units: i64| {
        if let DataType::Decimal128(precision, scale) = data_type {
            return ScalarValue::Decimal128(Some(i128::from(units)), precision, scale);
        }
        ScalarValue::Int64(Some(units))
    };
    let class = |(low, high)| Class { value: value(low), span: Span::Numbers { low, high } };
    Some(starts.iter().copied().zip(ends).map(class).collect())
}

/// The numbers around every constant that a column is compared with; `None` if anything else is done with it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is looked into"
)]
fn compared(expr: &Expr, name: &Name, scale: u8) -> Option<BTreeSet<i64>> {
    let mut points = BTreeSet::new();
    let mut other = false;
    let visited = expr.apply(|expr| {
        let operands: Vec<&Expr> = match expr {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if compares(*op) => {
                vec![left, right]
            }
            Expr::Between(Between { expr, low, high, .. }) => vec![expr, low, high],
            Expr::InList(InList { expr, list, .. }) => {
                std::iter::once(&**expr).chain(list).collect()
            }
            Expr::IsNull(inner) | Expr::IsNotNull(inner) => vec![inner],
            Expr::Column(column) => {
                other |= column == name;
                return Ok(TreeNodeRecursion::Continue);
            }
            _ => return Ok(TreeNodeRecursion::Continue),
        };
        let is_column = |expr: &&Expr| matches!(bare(expr), Expr::Column(column) if column == name);
        if !operands.iter().any(is_column) {
            return Ok(TreeNodeRecursion::Continue);
        }
        for operand in operands.iter().filter(|operand| !is_column(operand)) {
            match around(bare(operand), scale) {
                Some(around) => points.extend(around),
                None => other = true,
            }
        }
        Ok(TreeNodeRecursion::Jump)
    });
    (visited.is_ok() && !other).then_some(points)
}

fn compares(op: Operator) -> bool {
    matches!(
        op,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
    )
}

/// What a cast that keeps the value is of.
fn bare(expr: &Expr) -> &Expr {
    let mut expr = expr;
    while let Expr::Cast(cast) = expr {
        let to = cast.field.data_type();
        let exact =
            matches!(to, DataType::Int64 | DataType::Float64 | DataType::Decimal128(_, 0..));
        if !exact {
            break;
        }
        expr = &cast.expr;
    }
    expr
}

/// The numbers next to a constant, in units of the scale.
fn around(expr: &Expr, scale: u8) -> Option<std::ops::RangeInclusive<i64>> {
    let Expr::Literal(value, _) = expr else { return None };
    if value.is_null() {
        return Some(0..=0);
    }
    let scale = i8::try_from(scale).ok()?;
    let ScalarValue::Decimal128(Some(units), _, _) =
        value.cast_to(&DataType::Decimal128(38, scale)).ok()?
    else {
        return None;
    };
    let near = i64::try_from(units).ok()?;
    Some(near.saturating_sub(2)..=near.saturating_add(2))
}
