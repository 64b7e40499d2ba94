//! Expressions that are not on the list: why, and what to write instead.

use datafusion::logical_expr::{Expr, Operator};

use crate::error::{Both, PlanError};
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
            ("a subquery inside an expression", "een subquery binnen een uitdrukking"),
            (
                "write a JOIN on the key of the patient or of the child table",
                "schrijf een JOIN op de sleutel van de patiënt of van de onderliggende tabel",
            ),
        ),
        Expr::WindowFunction(_) => PlanError::unsupported(
            ("a window (OVER)", "een venster (OVER)"),
            (
                "use GROUP BY, and ORDER BY on the finished figures",
                "gebruik GROUP BY, en ORDER BY op de uitgerekende cijfers",
            ),
        ),
        Expr::GroupingSet(_) => PlanError::unsupported(
            ("ROLLUP, CUBE and GROUPING SETS", "ROLLUP, CUBE en GROUPING SETS"),
            ("ask one question for each grouping", "stel één vraag per groepering"),
        ),
        Expr::AggregateFunction(_) => PlanError::unsupported(
            (
                "an aggregate inside another expression of the same level",
                "een aggregaat binnen een andere uitdrukking van hetzelfde niveau",
            ),
            (
                "write the aggregates in SELECT or HAVING",
                "schrijf de aggregaten in SELECT of HAVING",
            ),
        ),
        Expr::SimilarTo(_) => PlanError::unsupported(
            Both::same("SIMILAR TO"),
            (
                "use IN with the codes, or LIKE with a text",
                "gebruik IN met de codes, of LIKE met een tekst",
            ),
        ),
        Expr::Like(like) if like.escape_char.is_some() => PlanError::unsupported(
            ("LIKE with ESCAPE", "LIKE met ESCAPE"),
            (
                "leave ESCAPE out, or write IN with the texts",
                "laat ESCAPE weg, of schrijf IN met de teksten",
            ),
        ),
        Expr::Like(_) => PlanError::unsupported(
            ("LIKE with a pattern that is not a text", "LIKE met een patroon dat geen tekst is"),
            (
                "write the pattern as a text: x LIKE 'C50%'",
                "schrijf het patroon als tekst: x LIKE 'C50%'",
            ),
        ),
        Expr::Placeholder(_) => PlanError::unsupported(
            ("a placeholder", "een plaatshouder"),
            ("write the value into the text", "schrijf de waarde in de tekst"),
        ),
        other => another(other),
    }
}

/// An expression without a refusal of its own.
fn another(expr: &Expr) -> PlanError {
    let text = written(expr);
    PlanError::unsupported(
        (format!("the expression `{text}`"), format!("de uitdrukking `{text}`")),
        (
            "use columns, constants, arithmetic, comparisons, CASE and the listed functions",
            "gebruik kolommen, constanten, rekenen, vergelijken, CASE en de genoemde functies",
        ),
    )
}
