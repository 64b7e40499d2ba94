//! Aggregates and windows over finished figures.

use arrow::datatypes::DataType;
use datafusion::logical_expr::expr::{AggregateFunction, WindowFunction};
use datafusion::logical_expr::{Aggregate, Expr, Window};

use super::{Above, Walk};
use crate::catalog::functions;
use crate::cut::tree::Node;
use crate::error::{Both, PlanError};
use crate::facts::Facts;
use crate::facts::range::Range;
use crate::finish::MAX_ROWS;
use crate::written::written;

impl Walk<'_, '_> {
    /// An aggregate of finished figures.
    pub(super) fn aggregate(&mut self, aggregate: &Aggregate) -> Result<Above, PlanError> {
        let mut input = self.walk(&aggregate.input)?;
        let mut keys = Vec::with_capacity(aggregate.group_expr.len());
        let mut columns = Vec::with_capacity(aggregate.schema.fields().len());
        for key in &aggregate.group_expr {
            if matches!(key, Expr::GroupingSet(_)) {
                return Err(PlanError::unsupported(
                    (
                        "ROLLUP, CUBE and GROUPING SETS over finished figures",
                        "ROLLUP, CUBE en GROUPING SETS over uitgerekende cijfers",
                    ),
                    (
                        "write them where the patients are grouped",
                        "schrijf ze waar de patiënten gegroepeerd worden",
                    ),
                ));
            }
            let (key, facts) = self.expression(key, &mut input)?;
            keys.push(key);
            columns.push(facts);
        }
        let fields = aggregate.schema.fields().iter().skip(keys.len());
        let mut calls = Vec::with_capacity(aggregate.aggr_expr.len());
        for (call, field) in aggregate.aggr_expr.iter().zip(fields) {
            let call = self.without_subqueries(bare(call), &mut input)?;
            let Expr::AggregateFunction(function) = &call else {
                return Err(PlanError::CannotPlan);
            };
            let facts = self.call(function, field.data_type(), &mut input)?;
            columns.push(facts);
            calls.push(call);
        }
        let shown: Vec<String> = aggregate.aggr_expr.iter().map(written).collect();
        let by: Vec<String> = aggregate.group_expr.iter().map(written).collect();
        self.lines.push(format!("of the figures take {} by ({})", shown.join(", "), by.join(", ")));
        let schema = &aggregate.schema;
        let names = calls.iter().filter_map(called);
        let networks = input.networks.grouped((&keys, &input.step.schema), names)?;
        let over = input.over(schema, |input| Node::Aggregate { input, keys, calls });
        Ok(Above { columns, networks, ..over })
    }

    fn call(
        &mut self,
        function: &AggregateFunction,
        data_type: &DataType,
        input: &mut Above,
    ) -> Result<Facts, PlanError> {
        let name = function.func.name();
        let params = &function.params;
        if params.null_treatment.is_some() {
            return Err(nulls(name));
        }
        let order = params.order_by.iter().map(|key| &key.expr);
        let parts = order.chain(params.filter.as_deref());
        for part in parts {
            self.expression(part, input)?;
        }
        let arguments = self.arguments(&params.args, input)?;
        known(name, functions::above_aggregate(name), &arguments, data_type)
    }

    fn arguments(&mut self, args: &[Expr], input: &mut Above) -> Result<Vec<Facts>, PlanError> {
        args.iter().map(|arg| Ok(self.expression(arg, input)?.1)).collect()
    }

    /// Windows over finished figures.
    pub(super) fn window(&mut self, window: &Window) -> Result<Above, PlanError> {
        let mut input = self.walk(&window.input)?;
        let width = input.columns.len();
        let fields = window.schema.fields().iter().skip(width);
        let mut added = Vec::with_capacity(window.window_expr.len());
        let mut calls = Vec::with_capacity(window.window_expr.len());
        for (call, field) in window.window_expr.iter().zip(fields) {
            let call = self.without_subqueries(bare(call), &mut input)?;
            let Expr::WindowFunction(function) = &call else { return Err(PlanError::CannotPlan) };
            added.push(self.over(function, field.data_type(), &mut input)?);
            self.lines.push(format!("beside each row {}", written(&call)));
            calls.push(call);
        }
        let mut columns = input.columns.clone();
        columns.truncate(width);
        columns.extend(added);
        let over = input.over(&window.schema, |input| Node::Window { input, calls });
        Ok(Above { columns, ..over })
    }

    fn over(
        &mut self,
        function: &WindowFunction,
        data_type: &DataType,
        input: &mut Above,
    ) -> Result<Facts, PlanError> {
        let WindowFunction { fun, params } = function;
        let name = fun.name();
        if params.null_treatment.is_some() {
            return Err(nulls(name));
        }
        if params.distinct {
            return Err(PlanError::unsupported(
                Both::same(format!("`{name}(DISTINCT ...) OVER`")),
                (
                    "take DISTINCT in a derived table with GROUP BY",
                    "neem DISTINCT in een afgeleide tabel met GROUP BY",
                ),
            ));
        }
        if matches!(name, "corr" | "covar_samp" | "covar_pop") {
            return Err(PlanError::unsupported(
                (format!("`{name}` with OVER"), format!("`{name}` met OVER")),
                (
                    "write it with GROUP BY in a derived table, and join that",
                    "schrijf het met GROUP BY in een afgeleide tabel, en join die",
                ),
            ));
        }
        let order = params.order_by.iter().map(|key| &key.expr);
        for part in params.partition_by.iter().chain(order).chain(params.filter.as_deref()) {
            self.expression(part, input)?;
        }
        let arguments = self.arguments(&params.args, input)?;
        input.networks.over((&params.partition_by, &input.step.schema), name)?;
        known(name, functions::window_allowed(name), &arguments, data_type)
    }
}

/// The name of an aggregate.
fn called(call: &Expr) -> Option<&str> {
    let Expr::AggregateFunction(function) = call else { return None };
    Some(function.func.name())
}

/// A call without its names.
fn bare(expr: &Expr) -> &Expr {
    let mut expr = expr;
    while let Expr::Alias(alias) = expr {
        expr = &alias.expr;
    }
    expr
}

fn nulls(name: &str) -> PlanError {
    PlanError::unsupported(
        (
            format!("IGNORE NULLS or RESPECT NULLS inside `{name}`"),
            format!("IGNORE NULLS of RESPECT NULLS binnen `{name}`"),
        ),
        ("leave it out, or filter the rows before", "laat het weg, of filter de rijen eerder"),
    )
}

/// What is known of a call over figures.
fn known(
    name: &str,
    listed: bool,
    arguments: &[Facts],
    data_type: &DataType,
) -> Result<Facts, PlanError> {
    if !listed {
        let instead = functions::advice(name).unwrap_or((
            "use sum, avg, count, min, max or rank",
            "gebruik sum, avg, count, min, max of rank",
        ));
        return Err(PlanError::unsupported(
            (
                format!("`{name}` over finished figures"),
                format!("`{name}` over uitgerekende cijfers"),
            ),
            instead,
        ));
    }
    let rows = i128::try_from(MAX_ROWS).unwrap_or(i128::MAX);
    let first = arguments.first().map(|facts| facts.range);
    let range = match (name, first) {
        ("count" | "row_number" | "rank" | "dense_rank" | "ntile", _) => Range::exact(0, rows, 0),
        ("sum", Some(Range::Exact { lo, hi, scale })) => {
            let (lo, hi) = (lo.saturating_mul(rows).min(0), hi.saturating_mul(rows).max(0));
            Range::exact(lo, hi, scale)
        }
        ("avg" | "min" | "max" | "first_value" | "last_value" | "nth_value", Some(range)) => range,
        ("lag" | "lead", Some(range)) => match arguments.get(2) {
            Some(otherwise) => range.or(otherwise.range.cast(data_type)),
            None => range,
        },
        ("percent_rank" | "cume_dist", _) => Range::Float { most: 1.0, least: 0.0 },
        _ => Range::full(data_type),
    };
    let range = range.cast(data_type);
    let fits = range.fits(data_type);
    let range = if fits { range } else { Range::full(data_type) };
    Ok(Facts { range, ..Facts::of_type(data_type.clone()) })
}
