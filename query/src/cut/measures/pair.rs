//! Aggregates of two arguments from sums over the rows where both have a value: covariance, correlation, regression.

use arrow::datatypes::DataType;
use datafusion::logical_expr::expr::Cast;
use datafusion::logical_expr::{Expr, Operator, binary_expr};
use policies::footprint::{MAX_ROWS, SumKind};

use super::{
    Account, Argument, Below, Measures, Primitive, bare, number, output_facts, room, units,
};
use crate::cut::{Output, Pair, PairFigure};
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
        let values = self.place(Primitive::count(SumKind::Rows, None, both.clone()));
        let (output, range) = match name {
            "regr_count" => (Output::Count(values), Range::exact(0, MAX_ROWS, 0).cast(data_type)),
            "regr_avgx" | "regr_avgy" => {
                let argument = if name == "regr_avgx" { &x } else { &y };
                let sum = self.added(argument, SumKind::Sum, &both, name)?;
                let range = argument.range.cast(data_type);
                (Output::Average { sum, values, data_type: data_type.clone() }, range)
            }
            _ => {
                let figure = figure(name).ok_or(PlanError::CannotPlan)?;
                let pair = Pair {
                    values,
                    x: self.added(&x, SumKind::Sum, &both, name)?,
                    y: self.added(&y, SumKind::Sum, &both, name)?,
                    xx: self.added(&x, SumKind::SumSquares, &both, name)?,
                    yy: self.added(&y, SumKind::SumSquares, &both, name)?,
                    xy: self.added(&product, SumKind::SumProducts, &both, name)?,
                };
                (Output::Pair(pair, figure), Range::full(data_type))
            }
        };
        self.merged.push(output_facts(data_type.clone(), range, name != "regr_count"));
        self.outputs.push(output);
        Ok(())
    }

    fn added(
        &mut self,
        argument: &Argument,
        kind: SumKind,
        filter: &Option<Expr>,
        name: &str,
    ) -> Result<usize, PlanError> {
        let units = units(argument)?;
        let squares = kind == SumKind::SumSquares;
        room(if squares { units.saturating_mul(units) } else { units }, name)?;
        Ok(self.place(argument.primitive(kind, filter.clone())?))
    }
}

/// `y * x` in a type that holds it exactly, or in floats if one of them is.
fn product(y: &Expr, x: &Expr, below: &Below) -> Result<Expr, PlanError> {
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
