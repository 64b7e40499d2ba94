//! Decimals times 0 or 1, and divided by 1.
//!
//! The engine drops such an operation together with the digits that it added to the type, and a comparison that was planned
//! for those digits fails while it runs. Here the operation goes before that, and the type stays.

use arrow::datatypes::DataType;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, Result as EngineResult, ScalarValue};
use datafusion::logical_expr::expr::Cast;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator};

/// A product, or its value in its type.
pub(super) fn product(binary: BinaryExpr, schema: &DFSchema) -> EngineResult<Transformed<Expr>> {
    let data_type = Expr::BinaryExpr(binary.clone()).get_type(schema)?;
    if !matches!(data_type, DataType::Decimal128(..)) {
        return Ok(Transformed::no(Expr::BinaryExpr(binary)));
    }
    for (constant, other) in [(&binary.right, &binary.left), (&binary.left, &binary.right)] {
        let Expr::Literal(value, _) = &**constant else { continue };
        if is_zero(value)? && !other.nullable(schema)? {
            let zero = ScalarValue::new_zero(&data_type)?;
            return Ok(Transformed::yes(Expr::Literal(zero, None)));
        }
        if is_one(value)? {
            return Ok(Transformed::yes(in_type(other, data_type, schema)?));
        }
    }
    Ok(Transformed::no(Expr::BinaryExpr(binary)))
}

/// A quotient or remainder by a constant, or its value in its type.
pub(super) fn quotient(binary: BinaryExpr, schema: &DFSchema) -> EngineResult<Transformed<Expr>> {
    let data_type = Expr::BinaryExpr(binary.clone()).get_type(schema)?;
    let by_one = matches!(&*binary.right, Expr::Literal(value, _) if is_one(value)?);
    if by_one && binary.op == Operator::Divide && matches!(data_type, DataType::Decimal128(..)) {
        return Ok(Transformed::yes(in_type(&binary.left, data_type, schema)?));
    }
    Ok(Transformed::no(Expr::BinaryExpr(binary)))
}

fn in_type(expr: &Expr, data_type: DataType, schema: &DFSchema) -> EngineResult<Expr> {
    if expr.get_type(schema)? == data_type {
        return Ok(expr.clone());
    }
    Ok(Expr::Cast(Cast::new(Box::new(expr.clone()), data_type)))
}

fn is_zero(value: &ScalarValue) -> EngineResult<bool> {
    Ok(matches!(value, ScalarValue::Decimal128(..))
        && *value == ScalarValue::new_zero(&value.data_type())?)
}

fn is_one(value: &ScalarValue) -> EngineResult<bool> {
    Ok(matches!(value, ScalarValue::Decimal128(..))
        && *value == ScalarValue::new_one(&value.data_type())?)
}
