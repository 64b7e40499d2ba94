//! Several EXISTS and IN among the keys of a GROUP BY: the engine calls them all `EXISTS` or `x IN`, and keys need names of
//! their own.
//!
//! The second one of a SELECT becomes `NOT NOT EXISTS (...)`, the third has two such pairs, and so on: the value is the
//! same, NULL too, and the name is another. Subqueries inside WHERE and ON have no names and stay as they are.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, Ident, OrderBy, Query, Select, SelectItem, SetExpr, Statement,
    UnaryOperator, VisitMut, VisitorMut,
};

use crate::error::PlanError;

/// Gives the subqueries of every SELECT with GROUP BY names of their own.
///
/// # Errors
/// Several of them in ROLLUP, CUBE or GROUPING SETS, which the engine cannot tell apart there.
pub(super) fn distinct(mut statement: Statement) -> Result<Statement, PlanError> {
    match VisitMut::visit(&mut statement, &mut Queries) {
        ControlFlow::Continue(()) => Ok(statement),
        ControlFlow::Break(()) => Err(PlanError::unsupported(
            (
                "several EXISTS or IN among the keys of ROLLUP, CUBE or GROUPING SETS",
                "verschillende EXISTS of IN onder de sleutels van ROLLUP, CUBE of GROUPING SETS",
            ),
            (
                "give them names in a derived table: FROM (SELECT ..., EXISTS (...) AS a, EXISTS (...) AS b FROM ...) x GROUP BY ROLLUP (a, b)",
                "geef ze namen in een afgeleide tabel: FROM (SELECT ..., EXISTS (...) AS a, EXISTS (...) AS b FROM ...) x GROUP BY ROLLUP (a, b)",
            ),
        )),
    }
}

struct Queries;

impl VisitorMut for Queries {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        body(&mut query.body, query.order_by.as_mut())
    }
}

fn body(body: &mut SetExpr, order_by: Option<&mut OrderBy>) -> ControlFlow<()> {
    if let SetExpr::Select(select) = body {
        self::select(select, order_by)?;
    } else if let SetExpr::SetOperation { left, right, .. } = body {
        self::body(left, None)?;
        self::body(right, None)?;
    }
    ControlFlow::Continue(())
}

fn select(select: &mut Select, order_by: Option<&mut OrderBy>) -> ControlFlow<()> {
    let GroupByExpr::Expressions(keys, _) = &select.group_by else {
        return ControlFlow::Continue(());
    };
    if keys.is_empty() {
        return ControlFlow::Continue(());
    }
    let sets = keys
        .iter()
        .any(|key| matches!(key, Expr::Rollup(_) | Expr::Cube(_) | Expr::GroupingSets(_)));
    let mut named = Named { texts: Vec::new(), depth: 0, wraps: false };
    let _ = select.group_by.visit(&mut named);
    if sets && named.texts.len() > 1 {
        return ControlFlow::Break(());
    }
    let _ = select.projection.visit(&mut named);
    if named.texts.len() < 2 {
        return ControlFlow::Continue(());
    }
    named.wraps = true;
    for item in &mut select.projection {
        let before = item.to_string();
        let _ = item.visit(&mut named);
        if let SelectItem::UnnamedExpr(expr) = item
            && expr.to_string() != before
        {
            let alias = Ident::with_quote('"', before.to_lowercase());
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
        }
    }
    let _ = select.group_by.visit(&mut named);
    let _ = select.having.visit(&mut named);
    if let Some(order_by) = order_by {
        let _ = order_by.visit(&mut named);
    }
    ControlFlow::Continue(())
}

/// The texts of subqueries, each once; their places say how each is wrapped.
struct Named {
    texts: Vec<String>,
    /// Queries around what is visited: only what stands in none is a key.
    depth: usize,
    /// Whether subqueries are wrapped, or only gathered.
    wraps: bool,
}

impl VisitorMut for Named {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &mut Query) -> ControlFlow<()> {
        self.depth = self.depth.saturating_add(1);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<()> {
        self.depth = self.depth.saturating_sub(1);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if self.depth > 0 || !matches!(expr, Expr::Exists { .. } | Expr::InSubquery { .. }) {
            return ControlFlow::Continue(());
        }
        let text = expr.to_string();
        let place = self.texts.iter().position(|known| *known == text);
        if self.wraps {
            *expr = (0..place.unwrap_or(0)).fold(expr.clone(), |expr, _| not(not(expr)));
        } else if place.is_none() {
            self.texts.push(text);
        }
        ControlFlow::Continue(())
    }
}

fn not(expr: Expr) -> Expr {
    let expr = Box::new(Expr::Nested(Box::new(expr)));
    Expr::UnaryOp { op: UnaryOperator::Not, expr }
}
