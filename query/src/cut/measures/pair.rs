//! Aggregates of two arguments from sums over the rows where both have a value: covariance, correlation, regression.

use arrow::datatypes::DataType;
use datafusion::logical_expr::expr::Cast;
use datafusion::logical_expr::{Expr, Operator, binary_expr};
use policies::footprint::{MAX_ROWS, SumKind};

use super::linear::{self, Under};
use super::{
    Account, Argument, Below, Measures, Primitive, bare, number, output_facts, room, units,
};
use crate::cut::normal::Normal;
use crate::cut::{Linear, Output, Pair, PairFigure};
use crate::error::PlanError;
use crate::facts::range::Range;

/// The figure that a function is, by its name.
fn figure(name: &str) -> Option<PairFigure> {
    Some(match name {
        "covar_pop" => PairFigure::Covariance { sample: false },
        "covar" | "covar_samp" => PairFigure::Covariance { sample: true },
        "corr" => PairFigure::Correlation,
        "regr_slope" => PairFigure::Slope,
        "regr_intercept" => PairFigure::Intercept,
        "regr_r2" => PairFigure::Determination,
        "regr_sxx" => PairFigure::SumXx,
        "regr_syy" => PairFigure::SumYy,
        "regr_sxy" => PairFigure::SumXy,
        _ => return None,
    })
}

impl Measures {
    /// An aggregate of `y` and `x`, in this order as SQL has it.
    pub(super) fn pair(
        &mut self,
        name: &str,
        data_type: &DataType,
        (y, x, filter): (&Expr, &Expr, Option<Expr>),
        (below, account): (&Below, &mut Account<'_>),
    ) -> Result<(), PlanError> {
        let (y, x) = (bare(y, below)?, bare(x, below)?);
        let product = product(y, x, below)?;
        let (y, x) = (number(y, below, account)?, number(x, below, account)?);
        let product = number(&product, below, account)?;
        let mut both = filter;
        for argument in [&y, &x] {
            if below.expression(&argument.value)?.1.nullable {
                let present = argument.value.clone().is_not_null();
                both = Some(match both {
                    Some(filter) => filter.and(present),
                    None => present,
                });
            }
        }
        let rows = Primitive::count(SumKind::Rows, None, both.clone());
        let values = self.place(rows.clone());
        let sums = Sums { filter: &both, rows: &rows, name };
        let (output, range) = match name {
            "regr_count" => (Output::Count(values), Range::exact(0, MAX_ROWS, 0).cast(data_type)),
            "regr_avgx" | "regr_avgy" => {
                let argument = if name == "regr_avgx" { &x } else { &y };
                let sum = self.of_one(SumKind::Sum, argument, &sums, (below, account))?;
                let range = argument.range.cast(data_type);
                (Output::Average { sum, values, data_type: data_type.clone() }, range)
            }
            _ => {
                let figure = figure(name).ok_or(PlanError::CannotPlan)?;
                let of = (below, &*account);
                let pair = Pair {
                    values,
                    x: self.of_one(SumKind::Sum, &x, &sums, of)?,
                    y: self.of_one(SumKind::Sum, &y, &sums, of)?,
                    xx: self.of_one(SumKind::SumSquares, &x, &sums, of)?,
                    yy: self.of_one(SumKind::SumSquares, &y, &sums, of)?,
                    xy: self.of_both((&y, &x, &product), &sums, of)?,
                };
                (Output::Pair(pair, figure), Range::full(data_type))
            }
        };
        self.merged.push(output_facts(data_type.clone(), range, name != "regr_count"));
        self.outputs.push(output);
        Ok(())
    }

    /// The sum of one of both, or of its squares.
    fn of_one(
        &mut self,
        kind: SumKind,
        argument: &Argument,
        sums: &Sums<'_>,
        (below, account): (&Below, &Account<'_>),
    ) -> Result<Linear, PlanError> {
        sums.room(argument, kind)?;
        let normal = Normal::read(&argument.value, below);
        let under = sums.under(&argument.value);
        self.added(kind, (normal.as_ref(), argument), &under, (below, account))
    }

    /// The sum of the products of both.
    fn of_both(
        &mut self,
        (y, x, product): (&Argument, &Argument, &Argument),
        sums: &Sums<'_>,
        (below, account): (&Below, &Account<'_>),
    ) -> Result<Linear, PlanError> {
        sums.room(product, SumKind::SumProducts)?;
        let read = |of: &Argument| Normal::read(&of.value, below);
        let (y, x) = (read(y), read(x));
        let both = y.as_ref().zip(x.as_ref());
        let under = sums.under(&product.value);
        let plain = both.is_some_and(|(y, x)| y.is_column() && x.is_column());
        if !plain {
            let read = both.and_then(|(y, x)| y.times(x));
            let linear = read
                .as_ref()
                .and_then(|read| self.linear((read, product.scale), &under, (below, account)));
            if let Some(linear) = linear {
                return Ok(linear);
            }
        }
        let made = match both {
            Some(_) if plain => None,
            Some((y, x)) => linear::made(y.times(x).as_ref(), &under, (below, account)),
            None => linear::made(None, &under, (below, account)),
        };
        let sum = product.primitive(SumKind::SumProducts, sums.filter.clone())?;
        Ok(Linear::one(self.place(Primitive { made, ..sum }), product.scale))
    }
}

/// Where the sums of a pair are taken.
struct Sums<'a> {
    /// The rows where both have a value.
    filter: &'a Option<Expr>,
    /// Their count.
    rows: &'a Primitive,
    /// The function.
    name: &'a str,
}

impl<'a> Sums<'a> {
    fn under(&self, value: &'a Expr) -> Under<'a> {
        Under { value, filter: self.filter, values: self.rows, is_present: true }
    }

    fn room(&self, argument: &Argument, kind: SumKind) -> Result<(), PlanError> {
        let units = units(argument)?;
        let squares = kind == SumKind::SumSquares;
        let units = if squares { units.saturating_mul(units) } else { units };
        room(units, self.name).map(|_room| ())
    }
}

/// `y * x` in a type that holds it exactly, or in floats if one of them is.
pub(super) fn product(y: &Expr, x: &Expr, below: &Below) -> Result<Expr, PlanError> {
    let types = (below.expression(y)?.1.data_type, below.expression(x)?.1.data_type);
    let cast = |expr: &Expr, data_type| Expr::Cast(Cast::new(Box::new(expr.clone()), data_type));
    let decimal = |data_type: &DataType| matches!(data_type, DataType::Decimal128(..));
    let whole = |expr: &Expr, of: &DataType, other: &DataType| match (of, other) {
        (DataType::Int64, DataType::Decimal128(..)) => cast(expr, DataType::Decimal128(19, 0)),
        (DataType::Int16 | DataType::Int32, _) => cast(expr, DataType::Int64),
        _ => expr.clone(),
    };
    let exact = |data_type: &DataType| decimal(data_type) || data_type.is_integer();
    let (y, x) = if exact(&types.0) && exact(&types.1) {
        (whole(y, &types.0, &types.1), whole(x, &types.1, &types.0))
    } else {
        (cast(y, DataType::Float64), cast(x, DataType::Float64))
    };
    Ok(binary_expr(y, Operator::Multiply, x))
}
