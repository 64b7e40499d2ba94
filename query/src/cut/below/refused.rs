//! Why a node has no place below the cut, and what to write instead.

use datafusion::logical_expr::LogicalPlan;

use crate::error::{Both, PlanError};

/// What is said of a node that is not on the list.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is refused"
)]
pub(super) fn refused(plan: &LogicalPlan) -> PlanError {
    match plan {
        LogicalPlan::Distinct(_) => PlanError::unsupported(
            Both::same("DISTINCT ON"),
            (
                "write row_number() OVER (PARTITION BY key ORDER BY ..., key) in a derived table, and keep 1",
                "schrijf row_number() OVER (PARTITION BY key ORDER BY ..., key) in een afgeleide tabel, en houd 1",
            ),
        ),
        LogicalPlan::Values(_) | LogicalPlan::EmptyRelation(_) => PlanError::unsupported(
            ("rows that are not from a table", "rijen die niet uit een tabel komen"),
            ("select FROM a table of the dataset", "neem ze FROM een tabel van de dataset"),
        ),
        LogicalPlan::Sort(_) | LogicalPlan::Limit(_) => PlanError::unsupported(
            (
                "ORDER BY or LIMIT over rows of patients",
                "ORDER BY of LIMIT over rijen van patiënten",
            ),
            (
                "write them after GROUP BY, over the figures; the first row of each patient is row_number() OVER (PARTITION BY patient_key ORDER BY ..., key) = 1",
                "schrijf ze na GROUP BY, over de cijfers; de eerste rij van elke patiënt is row_number() OVER (PARTITION BY patient_key ORDER BY ..., key) = 1",
            ),
        ),
        LogicalPlan::Unnest(_) | LogicalPlan::RecursiveQuery(_) | LogicalPlan::Subquery(_) => {
            PlanError::unsupported(
                ("this clause over rows of patients", "deze clausule over rijen van patiënten"),
                ("write JOIN and WHERE", "schrijf JOIN en WHERE"),
            )
        }
        _ => PlanError::unsupported(
            ("this statement", "deze opdracht"),
            ("write SELECT ... FROM ... GROUP BY ...", "schrijf SELECT ... FROM ... GROUP BY ..."),
        ),
    }
}
