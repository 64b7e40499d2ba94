//! When an expression has a value, as a condition: a sum counts and adds those rows only.

use datafusion::logical_expr::{BinaryExpr, Case, Expr, Operator, lit};
use policies::dataset::Dataset;

use super::names;

/// The condition under which an expression is not null.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: anything else is asked for its values"
)]
pub(super) fn present(expr: &Expr, dataset: &Dataset) -> Expr {
    match expr {
        Expr::Literal(value, _) => lit(!value.is_null()),
        Expr::Column(name)
            if names::entity(name, dataset).is_some() || names::is_of_hospital(name) =>
        {
            lit(true)
        }
        Expr::Negative(inner) => present(inner, dataset),
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Plus | Operator::Minus | Operator::Multiply,
            right,
        }) => present(left, dataset).and(present(right, dataset)),
        Expr::Case(case) => {
            let then = |(when, then): &(Box<Expr>, Box<Expr>)| {
                (when.clone(), Box::new(present(then, dataset)))
            };
            let branches: Vec<_> = case.when_then_expr.iter().map(then).collect();
            let otherwise = case.else_expr.as_ref().map_or(lit(false), |e| present(e, dataset));
            if otherwise == lit(true) && branches.iter().all(|(_, then)| **then == lit(true)) {
                return lit(true);
            }
            Expr::Case(Case::new(case.expr.clone(), branches, Some(Box::new(otherwise))))
        }
        other => other.clone().is_not_null(),
    }
}
