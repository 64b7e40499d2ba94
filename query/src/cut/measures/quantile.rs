//! Quantiles and histograms from counts in the bins that the dataset declares for a column.
//!
//! The bins of a column are one vector of counts that share no row. A quantile lies in one of them and is interpolated in it. The
//! question's explanation names the edges, the answer the interval of each value. Of how many patients a vector is told depends on how
//! far out the quantile lies: the footprint says so, and hospitals decide.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Expr, lit};
use policies::dataset::{Column, Use};
use policies::footprint::{MAX_BINS, SumKind, TAILS, VectorFootprint};

use super::{Account, Below, Measures, Primitive, bare, output_facts};
use crate::cut::{Bins, Output};
use crate::error::PlanError;
use crate::facts::Plain;
use crate::facts::range::Range;
use crate::written::written;

/// What a part of 1 can be off by, written as a decimal.
const ROUNDED: f64 = 1e-9;

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
                (
                    format!("DISTINCT or this order in `{name}`"),
                    format!("DISTINCT of deze volgorde in `{name}`"),
                ),
                (
                    "write percentile_cont(0.9) WITHIN GROUP (ORDER BY x), or quantile(x, 0.9)",
                    "schrijf percentile_cont(0.9) WITHIN GROUP (ORDER BY x), of quantile(x, 0.9)",
                ),
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
                (format!("`{name}` of `{text}`"), format!("`{name}` van `{text}`")),
                (
                    "take a column for which the dataset declares edges, or count(*) FILTER (WHERE x < ...) at the limits that matter",
                    "neem een kolom waarvoor de dataset grenzen van klassen opgeeft, of count(*) FILTER (WHERE x < ...) bij de grenzen die ertoe doen",
                ),
            ));
        };
        let of = (&value, &facts.data_type);
        let is_histogram = name == "histogram";
        let tail = if is_histogram { TAILS.first().copied() } else { tail(part) };
        let scale = column.kind.scale();
        let counts = self.vector(bins(of, (&edges, scale), filter.as_ref()), tail);
        let bins = Bins { counts, edges, scale };
        account.notes.push(note((name, &text), &bins, tail));
        let (output, data_type) = if is_histogram {
            (Output::Histogram(bins), DataType::Utf8)
        } else {
            (Output::Quantile(bins, part), DataType::Float64)
        };
        let range = facts.range.cast(&data_type);
        let range = if is_histogram { Range::Other } else { range };
        self.merged.push(output_facts(data_type, range, true));
        self.outputs.push(output);
        Ok(())
    }

    /// The places of the bins of a vector, shared with an equal one that is told of as many patients.
    fn vector(&mut self, bins: Vec<Primitive>, tail: Option<u32>) -> Vec<usize> {
        let known = self.vectors.iter().find(|vector| {
            let own = self.primitives.get(vector.sums());
            vector.tail == tail && own == Some(bins.as_slice())
        });
        if let Some(vector) = known {
            return vector.sums().collect();
        }
        let many = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
        let (first, bins_of) = (many(self.primitives.len()), many(bins.len()));
        let vector = VectorFootprint { first, bins: bins_of, tail };
        let places = vector.sums().collect();
        self.vectors.push(vector);
        self.primitives.extend(bins);
        places
    }
}

/// A count of the rows in each bin: no row is in two.
fn bins(
    (value, data_type): (&Expr, &DataType),
    (edges, scale): (&[i64], u8),
    filter: Option<&Expr>,
) -> Vec<Primitive> {
    let inner = edges.get(1..edges.len().saturating_sub(1)).unwrap_or_default();
    let edge = |at: Option<usize>| at.and_then(|at| inner.get(at));
    let edge = |at| edge(at).map(|edge| literal(*edge, data_type, scale));
    let bins = (0..=inner.len()).map(|bin| {
        let low = edge(bin.checked_sub(1)).map(|edge| value.clone().gt_eq(edge));
        let high = edge(Some(bin)).map(|edge| value.clone().lt(edge));
        let inside = match (low, high) {
            (Some(low), Some(high)) => low.and(high),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => value.clone().is_not_null(),
        };
        let inside = filter.map_or(inside.clone(), |filter| filter.clone().and(inside));
        Primitive::count(SumKind::Bin, None, Some(inside))
    });
    bins.collect()
}

/// The part of all values that a quantile counts as leaving on its smaller side, as one in so many; none of one so far out that it would
/// be of a few patients anywhere.
fn tail(part: f64) -> Option<u32> {
    let left = part.min(1.0 - part) + ROUNDED;
    TAILS.iter().copied().filter(|tail| *tail > 1).find(|tail| 1.0 / f64::from(*tail) <= left)
}

fn note((name, text): (&str, &str), bins: &Bins, tail: Option<u32>) -> String {
    let what = match (name, tail) {
        ("histogram", _) => {
            "each bin holds the values from its first edge up to, without, its last".to_owned()
        }
        (_, Some(tail)) => format!(
            "a quantile is off by at most the width of the bins that it falls in, and by noise; a hospital tells it of cells where 1 in \
             {tail} patients with a value reaches its threshold"
        ),
        (_, None) => "so far out a quantile is of a few patients, and only told where figures are not protected".to_owned(),
    };
    format!(
        "{name}({text}) is made of counts, with noise, between the dataset's edges {}: {what}",
        bins.named().join(", ")
    )
}

/// The edges of a column, its bounds first and last, for at most [`MAX_BINS`] bins. Of more declared edges those are taken that divide
/// their number most evenly: the declaration alone decides, so every question of a column has the same bins.
fn edges(column: &Column) -> Option<(Vec<i64>, &Column)> {
    let bounds = column.bounds.filter(|_bounds| !column.edges.is_empty())?;
    let inner = column.edges.iter().copied();
    let inner: Vec<i64> = inner.filter(|edge| *edge > bounds.min && *edge < bounds.max).collect();
    let bins = inner.len().saturating_add(1);
    let even = (1..MAX_BINS).filter_map(|bin| {
        let place = bin.saturating_mul(bins).checked_div(MAX_BINS)?;
        inner.get(place.checked_sub(1)?).copied()
    });
    let inner = if bins > MAX_BINS { even.collect() } else { inner };
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
        (
            "a quantile that is not a number from 0 to 1",
            "een kwantiel dat geen getal van 0 tot 1 is",
        ),
        ("write quantile(x, 0.9)", "schrijf quantile(x, 0.9)"),
    ))
}
