//! What the sum of an atom would tell of a few patients: the conditions whose parts rules must look at too.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{Cast, ScalarFunction};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, binary_expr};

use super::{Atom, FEW_VALUES};
use crate::facts::range::Range;
use crate::facts::safe::rounded;

/// The conditions of an atom.
///
/// A column of two values counts each of them by its sum. What is no declared column can be made to have few values, or one value
/// but for a few patients: each of few values, and of many 0, the least and the greatest, is looked at, and so are the rows
/// that rounding changed.
pub(super) fn tells(atom: &Atom) -> Vec<Expr> {
    if atom.is_flag() {
        return Vec::new();
    }
    let Range::Exact { lo, hi, .. } = atom.facts.range else {
        let zero = ScalarValue::Float64(Some(0.0));
        let is_zero = (!atom.is_column).then(|| differs(&atom.expr, Expr::Literal(zero, None)));
        return is_zero.into_iter().chain(changed(atom)).collect();
    };
    let values = atom.values().unwrap_or(i128::MAX);
    let each = if atom.is_column { 2 } else { FEW_VALUES };
    let looked: Vec<i128> = if values <= each {
        (lo..=hi).collect()
    } else if atom.is_column {
        Vec::new()
    } else {
        let mut looked = vec![lo, hi];
        looked.extend((lo < 0 && hi > 0).then_some(0));
        looked
    };
    let found = looked.into_iter().filter_map(|value| literal(value, &atom.facts.data_type));
    let mut tells: Vec<Expr> = found.map(|value| differs(&atom.expr, value)).collect();
    tells.extend(changed(atom));
    tells
}

fn differs(expr: &Expr, value: Expr) -> Expr {
    expr.clone().not_eq(value)
}

/// The rows where a rounded number is not what was rounded.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed does not round"
)]
fn changed(atom: &Atom) -> Option<Expr> {
    let float = |expr: &Expr| Expr::Cast(Cast::new(Box::new(expr.clone()), DataType::Float64));
    let unlike = |inner: &Expr| float(&atom.expr).not_eq(float(inner));
    match &atom.expr {
        Expr::ScalarFunction(call) => rounding(call).map(unlike),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Modulo, .. }) => Some(unlike(left)),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Divide, right })
            if atom.facts.data_type.is_integer() =>
        {
            let rest = binary_expr(left.as_ref().clone(), Operator::Modulo, right.as_ref().clone());
            let zero = ScalarValue::new_zero(&atom.facts.data_type).ok()?;
            Some(differs(&rest, Expr::Literal(zero, None)))
        }
        Expr::Cast(cast) => Some(unlike(&cast.expr)),
        Expr::TryCast(cast) => Some(unlike(&cast.expr)),
        _ => None,
    }
}

/// What a function rounds.
fn rounding(call: &ScalarFunction) -> Option<&Expr> {
    let named = matches!(call.name(), "round" | "floor" | "ceil");
    rounded::of(call).or_else(|| call.args.first().filter(|_| named))
}

/// A number of a type.
fn literal(units: i128, data_type: &DataType) -> Option<Expr> {
    let value = if let DataType::Decimal128(precision, scale) = data_type {
        ScalarValue::Decimal128(Some(units), *precision, *scale)
    } else {
        ScalarValue::Int64(Some(i64::try_from(units).ok()?)).cast_to(data_type).ok()?
    };
    Some(Expr::Literal(value, None))
}
