//! Two lists of values for one column, joined by AND or OR.
//!
//! The engine merges them, and where no value is left it says *true* or *false* of every row: `x NOT IN (1) OR x NOT IN (2)`
//! becomes *true*, though it is unknown where x is NULL. A guard beside them is unknown there and says nothing elsewhere.

use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, DataFusionError, Result as EngineResult, ScalarValue};
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator};

use super::NULL_IN_LISTS;

/// The condition with its guard, where it needs one.
pub(super) fn guarded(both: BinaryExpr, schema: &DFSchema) -> EngineResult<Transformed<Expr>> {
    let (Some(left), Some(right)) = (list(&both.left), list(&both.right)) else {
        return Ok(Transformed::no(Expr::BinaryExpr(both)));
    };
    if left.expr != right.expr || !left.expr.nullable(schema)? {
        return Ok(Transformed::no(Expr::BinaryExpr(both)));
    }
    if left.list.iter().chain(&right.list).any(is_null) {
        return Err(DataFusionError::Plan(NULL_IN_LISTS.to_owned()));
    }
    let (value, op) = (left.expr.clone(), both.op);
    let unknown = Expr::Literal(ScalarValue::Boolean(None), None);
    let join = |left, op, right| {
        Expr::BinaryExpr(BinaryExpr { left: Box::new(left), op, right: Box::new(right) })
    };
    let condition = Expr::BinaryExpr(both);
    let guarded = if op == Operator::Or {
        let guard = join(Expr::IsNotNull(value), Operator::Or, unknown);
        join(condition, Operator::And, guard)
    } else {
        let guard = join(Expr::IsNull(value), Operator::And, unknown);
        join(condition, Operator::Or, guard)
    };
    Ok(Transformed::yes(guarded))
}

/// The list under any number of NOT.
fn list(expr: &Expr) -> Option<&InList> {
    let mut expr = expr;
    while let Expr::Not(inner) = expr {
        expr = inner;
    }
    if let Expr::InList(list) = expr { Some(list) } else { None }
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(value, _) if value.is_null())
}
