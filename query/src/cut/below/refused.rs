//! Why a node has no place below the cut, and what to write instead.

use datafusion::logical_expr::LogicalPlan;

use crate::error::PlanError;

/// What is said of a node that is not on the list.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is refused"
)]
pub(super) fn refused(plan: &LogicalPlan) -> PlanError {
    match plan {
        LogicalPlan::Distinct(_) => PlanError::unsupported(
            "DISTINCT ON",
            "write row_number() OVER (PARTITION BY key ORDER BY ..., key) in a derived table, and keep 1",
        ),
        LogicalPlan::Values(_) | LogicalPlan::EmptyRelation(_) => PlanError::unsupported(
            "rows that are not from a table",
            "select FROM a table of the dataset",
        ),
        LogicalPlan::Sort(_) | LogicalPlan::Limit(_) => PlanError::unsupported(
            "ORDER BY or LIMIT over rows of patients",
            "write them after GROUP BY, over the figures; the first row of each patient is row_number() OVER (PARTITION BY patient_key ORDER BY ..., key) = 1",
        ),
        LogicalPlan::Unnest(_) | LogicalPlan::RecursiveQuery(_) | LogicalPlan::Subquery(_) => {
            PlanError::unsupported("this clause over rows of patients", "write JOIN and WHERE")
        }
        _ => PlanError::unsupported("this statement", "write SELECT ... FROM ... GROUP BY ..."),
    }
}
