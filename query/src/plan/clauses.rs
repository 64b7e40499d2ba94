//! Clauses that the planner would read and drop: `TABLESAMPLE`, `FOR UPDATE`, `CONNECT BY` and their like.
//!
//! Every node of the text is taken apart field by field: what the planner uses passes, everything else must be absent, so
//! a figure never stands under a clause that did nothing. Whether what passes is answered is not decided here.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Cte, Distinct, Expr, Function, FunctionArgumentList, FunctionArguments, GroupByExpr, Join,
    LimitClause, OrderBy, OrderByExpr, OrderByKind, Query, Select, SelectFlavor, SelectItem,
    Statement, TableAlias, TableFactor, TableWithJoins, Visit, Visitor, WildcardAdditionalOptions,
    With,
};

use crate::catalog::functions;
use crate::error::{PlanError, quoted};

type Checked = Result<(), PlanError>;

/// Refuses a text with a clause that would do nothing.
pub(super) fn check(statement: &Statement) -> Checked {
    match statement.visit(&mut Clauses) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Clauses;

fn flow(checked: Checked) -> ControlFlow<PlanError> {
    match checked {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    }
}

impl Visitor for Clauses {
    type Break = PlanError;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<PlanError> {
        flow(self::query(query))
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<PlanError> {
        flow(self::select(select))
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<PlanError> {
        flow(factor(table))
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<PlanError> {
        if let Expr::Function(call) = expr {
            return flow(function(call));
        }
        flow(expression(expr))
    }
}

/// A clause that must be absent.
fn absent(is_absent: bool, clause: &'static str) -> Checked {
    if is_absent {
        return Ok(());
    }
    Err(PlanError::unsupported(clause, "leave it out"))
}

fn query(query: &Query) -> Checked {
    let Query {
        with,
        body: _,
        order_by,
        limit_clause,
        fetch,
        locks,
        for_clause,
        settings,
        format_clause,
        pipe_operators,
    } = query;
    absent(locks.is_empty(), "FOR UPDATE or FOR SHARE")?;
    absent(for_clause.is_none(), "FOR XML, JSON or BROWSE")?;
    absent(settings.is_none(), "SETTINGS")?;
    absent(format_clause.is_none(), "FORMAT")?;
    absent(pipe_operators.is_empty(), "a pipe operator |>")?;
    if fetch.is_some() {
        return Err(PlanError::unsupported("FETCH FIRST", "write LIMIT"));
    }
    if let Some(LimitClause::LimitOffset { limit: _, offset: _, limit_by }) = limit_clause {
        absent(limit_by.is_empty(), "LIMIT ... BY")?;
    }
    if let Some(OrderBy { kind, interpolate }) = order_by {
        absent(interpolate.is_none(), "INTERPOLATE")?;
        match kind {
            OrderByKind::All(_) => {}
            OrderByKind::Expressions(keys) => keys.iter().try_for_each(order_key)?,
        }
    }
    let Some(With { with_token: _, recursive: _, cte_tables }) = with else { return Ok(()) };
    for Cte { alias, query: _, from, materialized, closing_paren_token: _ } in cte_tables {
        self::alias(Some(alias))?;
        absent(from.is_none(), "FROM after a WITH query")?;
        absent(materialized.is_none(), "MATERIALIZED")?;
    }
    Ok(())
}

fn order_key(key: &OrderByExpr) -> Checked {
    let OrderByExpr { expr: _, options: _, with_fill } = key;
    absent(with_fill.is_none(), "WITH FILL")
}

fn select(select: &Select) -> Checked {
    let Select {
        select_token: _,
        optimizer_hints,
        distinct,
        select_modifiers,
        top,
        top_before_distinct: _,
        projection,
        exclude,
        into,
        from,
        lateral_views,
        prewhere,
        selection: _,
        connect_by,
        group_by,
        cluster_by,
        distribute_by,
        sort_by,
        having: _,
        named_window: _,
        qualify,
        window_before_qualify: _,
        value_table_mode,
        flavor,
    } = select;
    absent(optimizer_hints.is_empty(), "an optimizer hint")?;
    absent(select_modifiers.is_none(), "a modifier of SELECT")?;
    if top.is_some() {
        return Err(PlanError::unsupported("TOP", "write LIMIT"));
    }
    absent(exclude.is_none(), "EXCLUDE")?;
    absent(into.is_none(), "SELECT INTO")?;
    absent(lateral_views.is_empty(), "LATERAL VIEW")?;
    if prewhere.is_some() {
        return Err(PlanError::unsupported("PREWHERE", "write WHERE"));
    }
    absent(connect_by.is_empty(), "CONNECT BY or START WITH")?;
    absent(cluster_by.is_empty(), "CLUSTER BY")?;
    absent(distribute_by.is_empty(), "DISTRIBUTE BY")?;
    absent(sort_by.is_empty(), "SORT BY")?;
    absent(value_table_mode.is_none(), "SELECT AS VALUE or STRUCT")?;
    absent(matches!(flavor, SelectFlavor::Standard), "FROM before SELECT")?;
    if qualify.is_some() {
        let instead = "write HAVING, or WHERE around a derived table";
        return Err(PlanError::unsupported("QUALIFY", instead));
    }
    if matches!(distinct, Some(Distinct::On(_))) {
        return Err(PlanError::unsupported("DISTINCT ON", "write GROUP BY with aggregates"));
    }
    let (GroupByExpr::All(modifiers) | GroupByExpr::Expressions(_, modifiers)) = group_by;
    if !modifiers.is_empty() {
        let instead = "write GROUP BY ROLLUP (...) or CUBE (...)";
        return Err(PlanError::unsupported("WITH ROLLUP, CUBE or TOTALS", instead));
    }
    projection.iter().try_for_each(item)?;
    from.iter().try_for_each(joins)
}

fn item(item: &SelectItem) -> Checked {
    match item {
        SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { expr: _, alias: _ } => Ok(()),
        SelectItem::ExprWithAliases { expr: _, aliases: _ } => {
            absent(false, "a list of names for one column")
        }
        SelectItem::QualifiedWildcard(_, options) | SelectItem::Wildcard(options) => {
            let WildcardAdditionalOptions {
                wildcard_token: _,
                opt_ilike,
                opt_exclude,
                opt_except,
                opt_replace,
                opt_rename,
                opt_alias,
            } = options;
            let plain = opt_ilike.is_none()
                && opt_exclude.is_none()
                && opt_except.is_none()
                && opt_replace.is_none()
                && opt_rename.is_none()
                && opt_alias.is_none();
            if plain {
                return Ok(());
            }
            Err(PlanError::unsupported("a clause after *", "write the columns"))
        }
    }
}

fn joins(table: &TableWithJoins) -> Checked {
    let TableWithJoins { relation: _, joins } = table;
    for Join { relation: _, global, join_operator: _ } in joins {
        absent(!*global, "GLOBAL JOIN")?;
    }
    Ok(())
}

fn factor(table: &TableFactor) -> Checked {
    match table {
        TableFactor::Table {
            name: _,
            alias,
            args,
            with_hints,
            version,
            with_ordinality,
            partitions,
            json_path,
            sample,
            index_hints,
        } => {
            absent(args.is_none(), "a table function")?;
            absent(with_hints.is_empty(), "WITH after a table")?;
            absent(version.is_none(), "a version of a table")?;
            absent(!*with_ordinality, "WITH ORDINALITY")?;
            absent(partitions.is_empty(), "PARTITION")?;
            absent(json_path.is_none(), "a path after a table")?;
            absent(sample.is_none(), "TABLESAMPLE")?;
            absent(index_hints.is_empty(), "an index hint")?;
            self::alias(alias.as_ref())
        }
        TableFactor::Derived { lateral, subquery: _, alias, sample } => {
            absent(!*lateral, "LATERAL")?;
            absent(sample.is_none(), "TABLESAMPLE")?;
            self::alias(alias.as_ref())
        }
        TableFactor::NestedJoin { table_with_joins, alias } => {
            self::alias(alias.as_ref())?;
            joins(table_with_joins)
        }
        TableFactor::TableFunction { .. }
        | TableFactor::Function { .. }
        | TableFactor::UNNEST { .. }
        | TableFactor::JsonTable { .. }
        | TableFactor::OpenJsonTable { .. }
        | TableFactor::Pivot { .. }
        | TableFactor::Unpivot { .. }
        | TableFactor::MatchRecognize { .. }
        | TableFactor::XmlTable { .. }
        | TableFactor::SemanticView { .. } => {
            let instead = "select FROM a table of the dataset, or from a derived table";
            Err(PlanError::unsupported("rows that are not from a table", instead))
        }
    }
}

fn alias(alias: Option<&TableAlias>) -> Checked {
    let Some(TableAlias { explicit: _, name: _, columns, at }) = alias else { return Ok(()) };
    absent(at.is_none(), "AT after the name of a table")?;
    absent(columns.iter().all(|column| column.data_type.is_none()), "a type in a table's name")
}

/// Expressions that the planner knows no way to read, by their names.
fn expression(expr: &Expr) -> Checked {
    let (what, instead) = if matches!(expr, Expr::Tuple(_)) {
        ("a list in parentheses", "compare one by one: a = 1 AND b = 2; in GROUP BY leave them out")
    } else if matches!(expr, Expr::AnyOp { right, .. } | Expr::AllOp { right, .. } if !matches!(**right, Expr::Subquery(_)))
    {
        ("ANY or ALL of a list", "write IN (1, 2), or NOT IN (1, 2)")
    } else if matches!(expr, Expr::Substring { .. } | Expr::Trim { .. } | Expr::Position { .. }) {
        ("a part of a text", "write LIKE 'a%', or CASE with the codes")
    } else {
        return Ok(());
    };
    Err(PlanError::unsupported(what, instead))
}

fn function(call: &Function) -> Checked {
    let Function {
        name,
        uses_odbc_syntax,
        parameters,
        args,
        filter,
        null_treatment,
        over,
        within_group,
    } = call;
    absent(!*uses_odbc_syntax, "{fn ...}")?;
    absent(matches!(parameters, FunctionArguments::None), "a second list of arguments")?;
    absent(!matches!(args, FunctionArguments::Subquery(_)), "a query as an argument")?;
    let scalar = functions::scalar(&name.to_string().to_lowercase()).is_some();
    let plain_list = match args {
        FunctionArguments::List(list) => {
            let FunctionArgumentList { duplicate_treatment, args: _, clauses } = list;
            duplicate_treatment.is_none() && clauses.is_empty()
        }
        FunctionArguments::None | FunctionArguments::Subquery(_) => true,
    };
    let plain = filter.is_none()
        && null_treatment.is_none()
        && over.is_none()
        && within_group.is_empty()
        && plain_list;
    if scalar && !plain {
        let what = format!("DISTINCT, FILTER, OVER or ORDER BY of `{}`", quoted(name));
        return Err(PlanError::unsupported(what, "write them with an aggregate"));
    }
    Ok(())
}
