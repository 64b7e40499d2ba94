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
use crate::error::{Both, PlanError, quoted};

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
fn absent(is_absent: bool, clause: impl Into<Both>) -> Checked {
    if is_absent {
        return Ok(());
    }
    Err(PlanError::unsupported(clause, ("leave it out", "laat het weg")))
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
    absent(locks.is_empty(), ("FOR UPDATE or FOR SHARE", "FOR UPDATE of FOR SHARE"))?;
    absent(for_clause.is_none(), ("FOR XML, JSON or BROWSE", "FOR XML, JSON of BROWSE"))?;
    absent(settings.is_none(), Both::same("SETTINGS"))?;
    absent(format_clause.is_none(), Both::same("FORMAT"))?;
    absent(pipe_operators.is_empty(), ("a pipe operator |>", "een pipe-operator |>"))?;
    if fetch.is_some() {
        return Err(PlanError::unsupported(
            Both::same("FETCH FIRST"),
            ("write LIMIT", "schrijf LIMIT"),
        ));
    }
    if let Some(LimitClause::LimitOffset { limit: _, offset: _, limit_by }) = limit_clause {
        absent(limit_by.is_empty(), Both::same("LIMIT ... BY"))?;
    }
    if let Some(OrderBy { kind, interpolate }) = order_by {
        absent(interpolate.is_none(), Both::same("INTERPOLATE"))?;
        match kind {
            OrderByKind::All(_) => {}
            OrderByKind::Expressions(keys) => keys.iter().try_for_each(order_key)?,
        }
    }
    let Some(With { with_token: _, recursive: _, cte_tables }) = with else { return Ok(()) };
    for Cte { alias, query: _, from, materialized, closing_paren_token: _ } in cte_tables {
        self::alias(Some(alias))?;
        absent(from.is_none(), ("FROM after a WITH query", "FROM na een WITH-vraag"))?;
        absent(materialized.is_none(), Both::same("MATERIALIZED"))?;
    }
    Ok(())
}

fn order_key(key: &OrderByExpr) -> Checked {
    let OrderByExpr { expr: _, options: _, with_fill } = key;
    absent(with_fill.is_none(), Both::same("WITH FILL"))
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
    absent(optimizer_hints.is_empty(), ("an optimizer hint", "een aanwijzing voor de optimizer"))?;
    absent(select_modifiers.is_none(), ("a modifier of SELECT", "een toevoeging aan SELECT"))?;
    if top.is_some() {
        return Err(PlanError::unsupported(Both::same("TOP"), ("write LIMIT", "schrijf LIMIT")));
    }
    absent(exclude.is_none(), Both::same("EXCLUDE"))?;
    absent(into.is_none(), Both::same("SELECT INTO"))?;
    absent(lateral_views.is_empty(), Both::same("LATERAL VIEW"))?;
    if prewhere.is_some() {
        return Err(PlanError::unsupported(
            Both::same("PREWHERE"),
            ("write WHERE", "schrijf WHERE"),
        ));
    }
    absent(connect_by.is_empty(), ("CONNECT BY or START WITH", "CONNECT BY of START WITH"))?;
    absent(cluster_by.is_empty(), Both::same("CLUSTER BY"))?;
    absent(distribute_by.is_empty(), Both::same("DISTRIBUTE BY"))?;
    absent(sort_by.is_empty(), Both::same("SORT BY"))?;
    absent(value_table_mode.is_none(), ("SELECT AS VALUE or STRUCT", "SELECT AS VALUE of STRUCT"))?;
    absent(matches!(flavor, SelectFlavor::Standard), ("FROM before SELECT", "FROM voor SELECT"))?;
    if qualify.is_some() {
        let instead = (
            "write HAVING, or WHERE around a derived table",
            "schrijf HAVING, of WHERE om een afgeleide tabel",
        );
        return Err(PlanError::unsupported(Both::same("QUALIFY"), instead));
    }
    grouping(distinct.as_ref(), group_by)?;
    projection.iter().try_for_each(item)?;
    from.iter().try_for_each(joins)
}

/// What stands for a grouping in other dialects.
fn grouping(distinct: Option<&Distinct>, group_by: &GroupByExpr) -> Checked {
    if matches!(distinct, Some(Distinct::On(_))) {
        return Err(PlanError::unsupported(
            Both::same("DISTINCT ON"),
            ("write GROUP BY with aggregates", "schrijf GROUP BY met aggregaten"),
        ));
    }
    let (GroupByExpr::All(modifiers) | GroupByExpr::Expressions(_, modifiers)) = group_by;
    if modifiers.is_empty() {
        return Ok(());
    }
    Err(PlanError::unsupported(
        ("WITH ROLLUP, CUBE or TOTALS", "WITH ROLLUP, CUBE of TOTALS"),
        (
            "write GROUP BY ROLLUP (...) or CUBE (...)",
            "schrijf GROUP BY ROLLUP (...) of CUBE (...)",
        ),
    ))
}

fn item(item: &SelectItem) -> Checked {
    match item {
        SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { expr: _, alias: _ } => Ok(()),
        SelectItem::ExprWithAliases { expr: _, aliases: _ } => {
            absent(false, ("a list of names for one column", "een lijst van namen voor één kolom"))
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
            Err(PlanError::unsupported(
                ("a clause after *", "een clausule na *"),
                ("write the columns", "schrijf de kolommen"),
            ))
        }
    }
}

fn joins(table: &TableWithJoins) -> Checked {
    let TableWithJoins { relation: _, joins } = table;
    for Join { relation: _, global, join_operator: _ } in joins {
        absent(!*global, Both::same("GLOBAL JOIN"))?;
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
            absent(args.is_none(), ("a table function", "een tabelfunctie"))?;
            absent(with_hints.is_empty(), ("WITH after a table", "WITH na een tabel"))?;
            absent(version.is_none(), ("a version of a table", "een versie van een tabel"))?;
            absent(!*with_ordinality, Both::same("WITH ORDINALITY"))?;
            absent(partitions.is_empty(), Both::same("PARTITION"))?;
            absent(json_path.is_none(), ("a path after a table", "een pad na een tabel"))?;
            absent(sample.is_none(), Both::same("TABLESAMPLE"))?;
            absent(index_hints.is_empty(), ("an index hint", "een aanwijzing voor een index"))?;
            self::alias(alias.as_ref())
        }
        TableFactor::Derived { lateral, subquery: _, alias, sample } => {
            absent(!*lateral, Both::same("LATERAL"))?;
            absent(sample.is_none(), Both::same("TABLESAMPLE"))?;
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
            let instead = (
                "select FROM a table of the dataset, or from a derived table",
                "neem ze FROM een tabel van de dataset, of een afgeleide tabel",
            );
            Err(PlanError::unsupported(
                ("rows that are not from a table", "rijen die niet uit een tabel komen"),
                instead,
            ))
        }
    }
}

fn alias(alias: Option<&TableAlias>) -> Checked {
    let Some(TableAlias { explicit: _, name: _, columns, at }) = alias else { return Ok(()) };
    absent(at.is_none(), ("AT after the name of a table", "AT na de naam van een tabel"))?;
    absent(
        columns.iter().all(|column| column.data_type.is_none()),
        ("a type in a table's name", "een type in de naam van een tabel"),
    )
}

/// Expressions that the planner knows no way to read, by their names.
fn expression(expr: &Expr) -> Checked {
    let (what, instead) = if matches!(expr, Expr::Tuple(_)) {
        (
            ("a list in parentheses", "een lijst tussen haakjes"),
            (
                "compare one by one: a = 1 AND b = 2; in GROUP BY leave them out",
                "vergelijk één voor één: a = 1 AND b = 2; laat ze in GROUP BY weg",
            ),
        )
    } else if matches!(expr, Expr::AnyOp { right, .. } | Expr::AllOp { right, .. } if !matches!(**right, Expr::Subquery(_)))
    {
        (
            ("ANY or ALL of a list", "ANY of ALL van een lijst"),
            ("write IN (1, 2), or NOT IN (1, 2)", "schrijf IN (1, 2), of NOT IN (1, 2)"),
        )
    } else if matches!(expr, Expr::Substring { .. } | Expr::Trim { .. } | Expr::Position { .. }) {
        (
            ("a part of a text", "een deel van een tekst"),
            ("write LIKE 'a%', or CASE with the codes", "schrijf LIKE 'a%', of CASE met de codes"),
        )
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
    absent(!*uses_odbc_syntax, Both::same("{fn ...}"))?;
    absent(
        matches!(parameters, FunctionArguments::None),
        ("a second list of arguments", "een tweede lijst van argumenten"),
    )?;
    absent(
        !matches!(args, FunctionArguments::Subquery(_)),
        ("a query as an argument", "een vraag als argument"),
    )?;
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
        let name = quoted(name);
        let what = (
            format!("DISTINCT, FILTER, OVER or ORDER BY of `{name}`"),
            format!("DISTINCT, FILTER, OVER of ORDER BY van `{name}`"),
        );
        return Err(PlanError::unsupported(
            what,
            ("write them with an aggregate", "schrijf ze bij een aggregaat"),
        ));
    }
    Ok(())
}
