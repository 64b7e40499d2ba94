//! Quantiles and histograms from cumulative counts at the edges that the dataset declares for a column.
//!
//! A quantile lies between two edges for certain, and is interpolated between them: it is off by at most the width of
//! the bins that its two neighbours fall in. The question's explanation names the edges, the answer the interval of each value.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Expr, lit};
use policies::dataset::{Column, Use};
use policies::footprint::SumKind;

use super::{Account, Below, Measures, Primitive, bare, output_facts};
use crate::cut::{Bins, Output};
use crate::error::PlanError;
use crate::facts::Plain;
use crate::facts::range::Range;
use crate::written::written;

/// Whether a function is of the edges of a column.
pub(super) fn is_of_edges(name: &str) -> bool {
    matches!(name, "median" | "quantile" | "percentile_cont" | "histogram")
}

impl Measures {
    /// A quantile or histogram.
    pub(super) fn of_edges(
        &mut self,
        call: &AggregateFunction,
        filter: Option<Expr>,
        (below, account): (&Below, &mut Account<'_>),
    ) -> Result<(), PlanError> {
        let name = call.func.name();
        let params = &call.params;
        let plain_order = match (name, params.order_by.as_slice()) {
            ("percentile_cont", [key]) => key.asc,
            (_, order) => order.is_empty() && name != "percentile_cont",
        };
        if !plain_order || params.distinct || params.null_treatment.is_some() {
            return Err(PlanError::unsupported(
                format!("DISTINCT or this order in `{name}`"),
                "write percentile_cont(0.9) WITHIN GROUP (ORDER BY x), or quantile(x, 0.9)",
            ));
        }
        let (argument, part) = match params.args.as_slice() {
            [argument] => (argument, 0.5),
            [argument, part] => (argument, fraction(part)?),
            _ => return Err(PlanError::CannotPlan),
        };
        let (value, facts) = below.expression(bare(argument, below)?)?;
        account.expression(&facts, Use::Aggregate)?;
        let column = match &facts.plain {
            Some(Plain::Column(origin)) => account.dataset.column(&origin.table, &origin.column),
            Some(Plain::Hospital | Plain::Network) | None => None,
        };
        let text = written(argument);
        let Some((edges, column)) = column.and_then(edges) else {
            return Err(PlanError::unsupported(
                format!("`{name}` of `{text}`"),
                "take a column for which the dataset declares edges, or count(*) FILTER (WHERE x < ...) at the limits that matter",
            ));
        };
        let scale = column.kind.scale();
        let inner = edges.get(1..edges.len().saturating_sub(1)).unwrap_or_default();
        let below_edge = inner.iter().map(|edge| {
            let less = value.clone().lt(literal(*edge, &facts.data_type, scale));
            let filter = Some(filter.clone().map_or(less.clone(), |filter| filter.and(less)));
            self.place(Primitive::count(SumKind::Rows, None, filter))
        });
        let below_edge: Vec<usize> = below_edge.collect();
        let values = self.place(Primitive::count(SumKind::NonNull, Some(value), filter));
        let bins = Bins { values, below: below_edge, edges, scale };
        account.notes.push(format!(
            "{name}({text}) is made of counts between the dataset's edges {}: {}",
            bins.named().join(", "),
            if name == "histogram" {
                "each bin holds the values from its first edge up to, without, its last"
            } else {
                "a quantile is off by at most the width of the bins that it falls in"
            }
        ));
        let (output, data_type) = if name == "histogram" {
            (Output::Histogram(bins), DataType::Utf8)
        } else {
            (Output::Quantile(bins, part), DataType::Float64)
        };
        let range = facts.range.cast(&data_type);
        let range = if name == "histogram" { Range::Other } else { range };
        self.merged.push(output_facts(data_type, range, true));
        self.outputs.push(output);
        Ok(())
    }
}

/// The edges of a column, its bounds first and last.
fn edges(column: &Column) -> Option<(Vec<i64>, &Column)> {
    let bounds = column.bounds.filter(|_bounds| !column.edges.is_empty())?;
    let inner = column.edges.iter().copied();
    let inner = inner.filter(|edge| *edge > bounds.min && *edge < bounds.max);
    let all = std::iter::once(bounds.min).chain(inner).chain([bounds.max]);
    Some((all.collect(), column))
}

fn literal(edge: i64, data_type: &DataType, scale: u8) -> Expr {
    if let DataType::Decimal128(precision, _) = data_type {
        let scale = i8::try_from(scale).unwrap_or(i8::MAX);
        let value = ScalarValue::Decimal128(Some(i128::from(edge)), *precision, scale);
        return Expr::Literal(value, None);
    }
    lit(edge)
}

fn fraction(expr: &Expr) -> Result<f64, PlanError> {
    let mut expr = expr;
    while let Expr::Cast(cast) = expr {
        expr = &cast.expr;
    }
    let value = match expr.as_literal() {
        Some(value) => value.cast_to(&DataType::Float64).ok(),
        None => None,
    };
    if let Some(ScalarValue::Float64(Some(part))) = value
        && (0.0..=1.0).contains(&part)
    {
        return Ok(part);
    }
    Err(PlanError::unsupported(
        "a quantile that is not a number from 0 to 1",
        "write quantile(x, 0.9)",
    ))
}
