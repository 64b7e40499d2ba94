//! Columns that are written twice: SQL shows both, the engine wants every column to have a name of its own, and its names
//! leave casts out.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, SelectItem, SetExpr, Statement, visit_expressions_mut,
};

/// Names the second and later of equal columns of the answer: `count(*), count(*)` are `count(*)` and `count(*)_2`.
pub(super) fn distinct(mut statement: Statement) -> Statement {
    let Statement::Query(query) = &mut statement else { return statement };
    let SetExpr::Select(select) = &mut *query.body else { return statement };
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut bare = BTreeSet::new();
    for item in &mut select.projection {
        let SelectItem::UnnamedExpr(expr) = item else { continue };
        let text = expr.to_string().to_lowercase();
        let times = seen.entry(text.clone()).or_insert(0);
        *times = times.saturating_add(1);
        let unlike = bare.insert(without_casts(expr));
        if *times > 1 || !unlike {
            let name = if *times > 1 { format!("{text}_{times}") } else { text };
            let alias = Ident::with_quote('"', name);
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
        }
    }
    statement
}

/// The text of an expression as the engine names it: casts are not in it.
fn without_casts(expr: &Expr) -> String {
    let mut expr = expr.clone();
    let _: ControlFlow<()> = visit_expressions_mut(&mut expr, |part| {
        while let Expr::Cast { expr, .. } = part {
            *part = (**expr).clone();
        }
        ControlFlow::Continue(())
    });
    expr.to_string().to_lowercase()
}
