//! Names for subqueries and casts inside aggregates: the engine calls every subquery `EXISTS` and leaves casts out of a
//! name, and columns need names of their own.

use datafusion::common::Result as EngineResult;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::planner::{
    ExprPlanner, PlannerResult, RawAggregateExpr, RawWindowExpr,
};
use policies::Digest;

/// Digits of a digest that tell the subqueries of one text apart.
const DIGITS: usize = 12;

/// Gives each subquery and each argument with a cast in an aggregate a name that follows from its text.
#[derive(Debug)]
pub(super) struct SubqueryNames;

impl ExprPlanner for SubqueryNames {
    fn plan_aggregate(
        &self,
        mut call: RawAggregateExpr,
    ) -> EngineResult<PlannerResult<RawAggregateExpr>> {
        call.args = call.args.into_iter().map(named).collect::<EngineResult<_>>()?;
        call.filter = match call.filter {
            Some(filter) => Some(Box::new(named(*filter)?)),
            None => None,
        };
        Ok(PlannerResult::Original(call))
    }

    fn plan_window(&self, mut call: RawWindowExpr) -> EngineResult<PlannerResult<RawWindowExpr>> {
        call.args = call.args.into_iter().map(cast_shown).collect();
        call.filter = call.filter.map(|filter| Box::new(cast_shown(*filter)));
        Ok(PlannerResult::Original(call))
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is no subquery stays as it is"
)]
fn named(expr: Expr) -> EngineResult<Expr> {
    let named = expr.transform_down(|expr| {
        let plan = match &expr {
            Expr::Exists(exists) => &exists.subquery.subquery,
            Expr::InSubquery(inside) => &inside.subquery.subquery,
            _ => return Ok(Transformed::no(expr)),
        };
        let digest = Digest::of(plan.display_indent().to_string().as_bytes()).to_string();
        let digits: String = digest.chars().rev().take(DIGITS).collect();
        let name = format!("{} {digits}", expr.schema_name());
        Ok(Transformed::new(expr.alias(name), true, TreeNodeRecursion::Jump))
    });
    Ok(cast_shown(named?.data))
}

/// An expression with a cast under a name that shows it.
fn cast_shown(expr: Expr) -> Expr {
    let casts = expr.exists(|part| Ok(matches!(part, Expr::Cast(_) | Expr::TryCast(_))));
    if casts.unwrap_or(false) {
        let name = expr.to_string();
        return expr.alias(name);
    }
    expr
}
