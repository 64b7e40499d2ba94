//! Expressions that are not on the list: why, and what to write instead.

use datafusion::logical_expr::{Expr, Operator};

use crate::error::PlanError;
use crate::written::written;

/// Whether an expression is true or false even of NULL.
pub(super) fn never_null(expr: &Expr) -> bool {
    if let Expr::BinaryExpr(binary) = expr {
        return matches!(binary.op, Operator::IsDistinctFrom | Operator::IsNotDistinctFrom);
    }
    matches!(
        expr,
        Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsFalse(_)
            | Expr::IsUnknown(_)
            | Expr::IsNotTrue(_)
            | Expr::IsNotFalse(_)
            | Expr::IsNotUnknown(_)
    )
}

/// Why an expression is not on the list.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is refused"
)]
pub(super) fn refused(expr: &Expr) -> PlanError {
    match expr {
        Expr::Exists(_)
        | Expr::InSubquery(_)
        | Expr::ScalarSubquery(_)
        | Expr::SetComparison(_)
        | Expr::OuterReferenceColumn(..) => PlanError::unsupported(
            "a subquery inside an expression",
            "write a JOIN on the key of the patient or of the child table",
        ),
        Expr::WindowFunction(_) => PlanError::unsupported(
            "a window (OVER)",
            "use GROUP BY, and ORDER BY on the finished figures",
        ),
        Expr::GroupingSet(_) => PlanError::unsupported(
            "ROLLUP, CUBE and GROUPING SETS",
            "ask one question for each grouping",
        ),
        Expr::AggregateFunction(_) => PlanError::unsupported(
            "an aggregate inside another expression of the same level",
            "write the aggregates in SELECT or HAVING",
        ),
        Expr::SimilarTo(_) => {
            PlanError::unsupported("SIMILAR TO", "use IN with the codes, or LIKE with a text")
        }
        Expr::Like(like) if like.escape_char.is_some() => PlanError::unsupported(
            "LIKE with ESCAPE",
            "leave ESCAPE out, or write IN with the texts",
        ),
        Expr::Like(_) => PlanError::unsupported(
            "LIKE with a pattern that is not a text",
            "write the pattern as a text: x LIKE 'C50%'",
        ),
        Expr::Placeholder(_) => {
            PlanError::unsupported("a placeholder", "write the value into the text")
        }
        other => PlanError::unsupported(
            format!("the expression `{}`", written(other)),
            "use columns, constants, arithmetic, comparisons, CASE and the listed functions",
        ),
    }
}
