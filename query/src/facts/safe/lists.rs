//! One column compared with constants more than once.
//!
//! The engine makes lists of such comparisons and merges what AND and OR join, after it has folded what is constant. Where no
//! value is left it says *true* or *false* of every row: `x NOT IN (1) OR x NOT IN (2)` becomes *true*, though it is
//! unknown where x is NULL. A *group* is what is one list whatever the engine does: a list, a comparison, an OR of what x
//! may be, an AND of what it may not be. Where a condition has several groups of a value that may be NULL, each is
//! guarded: the guard keeps the engine from merging, is unknown where the value is NULL, and says nothing elsewhere.

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, DataFusionError, Result as EngineResult, ScalarValue};
use datafusion::logical_expr::expr::{Cast, InList, TryCast};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator};

use super::NULL_IN_LISTS;

/// The expression with a guard around every group that needs one. It is the root of a condition, or none.
pub(super) fn guarded(expr: Expr, schema: &DFSchema) -> EngineResult<Expr> {
    let mut groups = Vec::new();
    collect(&expr, schema, &mut groups)?;
    let several = |value: &Expr| {
        groups.iter().filter(|other| without_casts(other) == without_casts(value)).count() > 1
    };
    rewrite(expr, schema, &several)
}

/// The values of the groups of one condition.
fn collect(expr: &Expr, schema: &DFSchema, groups: &mut Vec<Expr>) -> EngineResult<()> {
    without_null(expr, schema)?;
    if let Some(group) = group(expr) {
        groups.push(group.value.clone());
    } else if connects(expr, schema) {
        expr.apply_children(|child| {
            collect(child, schema, groups)?;
            Ok(TreeNodeRecursion::Continue)
        })?;
    }
    Ok(())
}

fn rewrite(expr: Expr, schema: &DFSchema, several: &dyn Fn(&Expr) -> bool) -> EngineResult<Expr> {
    let guard = match group(&expr) {
        Some(group) => several(group.value) && group.value.nullable(schema)?,
        None if connects(&expr, schema) => {
            let inside = |child| Ok(Transformed::yes(rewrite(child, schema, several)?));
            return Ok(expr.map_children(inside)?.data);
        }
        None => false,
    };
    let apart = |child| Ok(Transformed::yes(guarded(child, schema)?));
    let expr = expr.map_children(apart)?.data;
    let value = group(&expr).filter(|_group| guard).map(|group| group.value.clone());
    Ok(match value {
        Some(value) => with_guard(expr, value),
        None => expr,
    })
}

/// What is asked of one value.
struct Group<'a> {
    value: &'a Expr,
    /// Whether it says what the value is not.
    not: bool,
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed says nothing of one value"
)]
fn group(expr: &Expr) -> Option<Group<'_>> {
    match expr {
        Expr::InList(list) => Some(Group { value: &list.expr, not: list.negated }),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Operator::Eq | Operator::NotEq => {
                let value = match (&**left, &**right) {
                    (Expr::Literal(..), Expr::Literal(..)) => return None,
                    (value, Expr::Literal(..)) | (Expr::Literal(..), value) => value,
                    _ => return None,
                };
                Some(Group { value, not: *op == Operator::NotEq })
            }
            Operator::And | Operator::Or => {
                let (left, right) = (group(left)?, group(right)?);
                let not = *op == Operator::And;
                let one = left.value == right.value && left.not == not && right.not == not;
                one.then_some(left)
            }
            _ => None,
        },
        _ => None,
    }
}

/// The engine takes casts off a value that it compares with constants.
fn without_casts(value: &Expr) -> &Expr {
    let mut value = value;
    while let Expr::Cast(Cast { expr, .. }) | Expr::TryCast(TryCast { expr, .. }) = value {
        value = expr;
    }
    value
}

/// Whether the engine may bring what is inside together: AND, OR, NOT, and CASE of conditions.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed brings nothing together"
)]
fn connects(expr: &Expr, schema: &DFSchema) -> bool {
    match expr {
        Expr::BinaryExpr(binary) => matches!(binary.op, Operator::And | Operator::Or),
        Expr::Not(_) => true,
        Expr::Case(_) => expr.get_type(schema).is_ok_and(|kind| kind == DataType::Boolean),
        _ => false,
    }
}

/// `(group AND (x IS NOT NULL OR NULL)) OR (x IS NULL AND NULL)`.
fn with_guard(group: Expr, value: Expr) -> Expr {
    let unknown = Expr::Literal(ScalarValue::Boolean(None), None);
    let join = |left, op, right| {
        Expr::BinaryExpr(BinaryExpr { left: Box::new(left), op, right: Box::new(right) })
    };
    let known = join(Expr::IsNotNull(Box::new(value.clone())), Operator::Or, unknown.clone());
    let missing = join(Expr::IsNull(Box::new(value)), Operator::And, unknown);
    join(join(group, Operator::And, known), Operator::Or, missing)
}

/// Refuses NULL in one of two lists for a column that may be NULL, joined by AND or OR.
fn without_null(expr: &Expr, schema: &DFSchema) -> EngineResult<()> {
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::And | Operator::Or, right }) = expr
    else {
        return Ok(());
    };
    let (Some(left), Some(right)) = (list(left), list(right)) else { return Ok(()) };
    let null = || left.list.iter().chain(&right.list).any(is_null);
    if without_casts(&left.expr) == without_casts(&right.expr)
        && null()
        && left.expr.nullable(schema)?
    {
        return Err(DataFusionError::Plan(NULL_IN_LISTS.to_owned()));
    }
    Ok(())
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
