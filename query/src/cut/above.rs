//! Above the cut: the nodes that run on merged figures, checked before anything is asked of a hospital.

use datafusion::common::tree_node::TreeNode;
use datafusion::logical_expr::{Aggregate, Expr, Limit, LogicalPlan, Projection};

use crate::catalog::functions::Place;
use crate::error::{PlanError, quoted};
use crate::facts::{Facts, Scope, safe};
use crate::finish::json;

/// The one cut of a plan.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is refused"
)]
pub(super) fn find(plan: &LogicalPlan) -> Result<&Aggregate, PlanError> {
    let mut at = plan;
    loop {
        at = match at {
            LogicalPlan::Aggregate(aggregate) => return Ok(aggregate),
            LogicalPlan::Projection(node) => &node.input,
            LogicalPlan::Filter(node) => &node.input,
            LogicalPlan::Sort(node) => &node.input,
            LogicalPlan::Limit(node) => &node.input,
            LogicalPlan::SubqueryAlias(node) => &node.input,
            other => return Err(refused(other)),
        };
    }
}

/// Whether an aggregate is somewhere under a node.
fn has_aggregate(plan: &LogicalPlan) -> bool {
    plan.exists(|node| Ok(matches!(node, LogicalPlan::Aggregate(_)))).unwrap_or(true)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is refused"
)]
fn refused(plan: &LogicalPlan) -> PlanError {
    let aggregates = has_aggregate(plan);
    match plan {
        LogicalPlan::Window(_) => PlanError::unsupported(
            "a window (OVER)",
            "use GROUP BY, and ORDER BY on the finished figures",
        ),
        LogicalPlan::Distinct(_) => {
            PlanError::unsupported("SELECT DISTINCT", "write GROUP BY with count(*)")
        }
        LogicalPlan::Union(_) if aggregates => {
            PlanError::unsupported("UNION of figures", "ask one question for each part")
        }
        LogicalPlan::Join(_) if aggregates => PlanError::unsupported(
            "a join of figures",
            "write both as aggregates with FILTER in one SELECT, or ask two questions",
        ),
        _ if aggregates => {
            PlanError::unsupported("this shape of question", "write one SELECT with one GROUP BY")
        }
        _ => PlanError::NotAnAggregate,
    }
}

/// Checks every node above the cut; gives what each does, from the cut upwards, for a person.
pub(super) fn check(plan: &LogicalPlan, merged: &[Facts]) -> Result<Vec<String>, PlanError> {
    let mut lines = Vec::new();
    node(plan, merged, &mut lines)?;
    for field in plan.schema().fields() {
        if json::kind(field.data_type()).is_none() {
            return Err(PlanError::unsupported(
                format!("the type of `{}`", quoted(field.name())),
                "cast it to BIGINT, DOUBLE, DECIMAL(p, s), TEXT or BOOLEAN",
            ));
        }
    }
    Ok(lines)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is refused"
)]
fn node(
    plan: &LogicalPlan,
    merged: &[Facts],
    lines: &mut Vec<String>,
) -> Result<Vec<Facts>, PlanError> {
    match plan {
        LogicalPlan::Aggregate(_) => Ok(merged.to_vec()),
        LogicalPlan::SubqueryAlias(alias) => node(&alias.input, merged, lines),
        LogicalPlan::Projection(projection) => projected(projection, merged, lines),
        LogicalPlan::Filter(filter) => {
            let columns = node(&filter.input, merged, lines)?;
            expression(&filter.predicate, &filter.input, &columns)?;
            lines.push(format!("keep groups where {}", quoted(filter.predicate.human_display())));
            Ok(columns)
        }
        LogicalPlan::Sort(sort) => {
            let columns = node(&sort.input, merged, lines)?;
            for key in &sort.expr {
                expression(&key.expr, &sort.input, &columns)?;
            }
            let keys: Vec<String> =
                sort.expr.iter().map(|key| quoted(key.expr.human_display())).collect();
            lines.push(format!("order by {}", keys.join(", ")));
            Ok(columns)
        }
        LogicalPlan::Limit(limit) => {
            let columns = node(&limit.input, merged, lines)?;
            let (skip, fetch) = bounds(limit)?;
            let fetch = fetch.map_or("all".to_owned(), |fetch| fetch.to_string());
            lines.push(format!("keep {fetch} rows after the first {skip}"));
            Ok(columns)
        }
        other => Err(refused(other)),
    }
}

fn projected(
    projection: &Projection,
    merged: &[Facts],
    lines: &mut Vec<String>,
) -> Result<Vec<Facts>, PlanError> {
    let columns = node(&projection.input, merged, lines)?;
    let mut facts = Vec::with_capacity(projection.expr.len());
    for expr in &projection.expr {
        facts.push(expression(expr, &projection.input, &columns)?);
    }
    let shown: Vec<String> =
        projection.expr.iter().map(|expr| quoted(expr.human_display())).collect();
    lines.push(format!("show {}", shown.join(", ")));
    Ok(facts)
}

fn expression(expr: &Expr, input: &LogicalPlan, columns: &[Facts]) -> Result<Facts, PlanError> {
    let subquery = expr.exists(|expr| {
        Ok(matches!(expr, Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_)))
    });
    if subquery.unwrap_or(true) {
        return Err(PlanError::unsupported(
            "a subquery inside an expression",
            "ask two questions, or write an aggregate with FILTER",
        ));
    }
    let safe = safe::rewrite(expr, input.schema())?;
    Scope { schema: input.schema(), columns, place: Place::Above }.facts(&safe)
}

/// The rows to skip and to keep of a LIMIT with constants.
pub(crate) fn bounds(limit: &Limit) -> Result<(usize, Option<usize>), PlanError> {
    use datafusion::logical_expr::{FetchType, SkipType};
    let refused =
        || PlanError::unsupported("LIMIT or OFFSET that is not a number", "write a whole number");
    let skip = match limit.get_skip_type() {
        Ok(SkipType::Literal(skip)) => skip,
        Ok(SkipType::UnsupportedExpr) | Err(_) => return Err(refused()),
    };
    match limit.get_fetch_type() {
        Ok(FetchType::Literal(fetch)) => Ok((skip, fetch)),
        Ok(FetchType::UnsupportedExpr) | Err(_) => Err(refused()),
    }
}
