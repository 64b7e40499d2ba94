//! Columns that are written twice: SQL shows both, the engine wants every column to have a name of its own.

use std::collections::BTreeMap;

use datafusion::sql::sqlparser::ast::{Ident, SelectItem, SetExpr, Statement};

/// Names the second and later of equal columns of the answer: `count(*), count(*)` are `count(*)` and `count(*)_2`.
pub(super) fn distinct(mut statement: Statement) -> Statement {
    let Statement::Query(query) = &mut statement else { return statement };
    let SetExpr::Select(select) = &mut *query.body else { return statement };
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for item in &mut select.projection {
        let SelectItem::UnnamedExpr(expr) = item else { continue };
        let text = expr.to_string().to_lowercase();
        let times = seen.entry(text.clone()).or_insert(0);
        *times = times.saturating_add(1);
        if *times > 1 {
            let alias = Ident::with_quote('"', format!("{text}_{times}"));
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
        }
    }
    statement
}
