//! The safe form of an expression: it cannot fail, whatever the data are, so no failure can tell about anyone.
//!
//! A cast that may not fit gives NULL, one that loses digits rounds ([`rounded`]); a division by a column that is 0, of either
//! sign, gives NULL; lists of values that the engine would merge keep their NULLs ([`lists`]). Overflow is not handled here: the
//! interval arithmetic of [`super::Scope::facts`] refuses the text.

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, DataFusionError, Result as EngineResult, ScalarValue};
use datafusion::functions::core;
use datafusion::logical_expr::expr::{Cast, ScalarFunction, TryCast};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator};

use crate::error::PlanError;

mod lists;
mod neutral;
pub(crate) mod rounded;

/// Rewrites an expression to its safe form, of the same type.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is refused"
)]
pub(crate) fn rewrite(expr: &Expr, schema: &DFSchema) -> Result<Expr, PlanError> {
    let rewritten = expr.clone().transform_up(|expr| step(expr, schema));
    let rewritten = rewritten.and_then(|rewritten| lists::guarded(rewritten.data, schema));
    match rewritten {
        Ok(rewritten) => Ok(rewritten),
        Err(error) => match error.find_root() {
            DataFusionError::Plan(what) if what == CONSTANT_ZERO => Err(PlanError::unsupported(
                ("a division by the constant 0", "een deling door de constante 0"),
                ("divide by something else", "deel door iets anders"),
            )),
            DataFusionError::Plan(what) if what == CONSTANT_CAST => Err(PlanError::unsupported(
                (
                    "a constant that is not of the type it is compared with or cast to",
                    "een constante die niet van het type is waarmee zij wordt vergeleken of waarnaar zij wordt omgezet",
                ),
                (
                    "write the constant in the type of the column",
                    "schrijf de constante in het type van de kolom",
                ),
            )),
            DataFusionError::Plan(what) if what == NULL_IN_LISTS => Err(PlanError::unsupported(
                (
                    "NULL in a list of values beside another list for the same column",
                    "NULL in een lijst van waarden naast een andere lijst voor dezelfde kolom",
                ),
                (
                    "leave NULL out of the list, and write IS NULL where it is meant",
                    "laat NULL uit de lijst, en schrijf IS NULL waar dat bedoeld is",
                ),
            )),
            DataFusionError::Plan(what) if what == FLOAT_TO_WHOLE => Err(PlanError::unsupported(
                (
                    "a cast of a fraction to a whole number",
                    "een omzetting van een breuk naar een geheel getal",
                ),
                (
                    "say how: CAST(round(x) AS BIGINT), CAST(floor(x) AS BIGINT) or CAST(ceil(x) AS BIGINT)",
                    "zeg hoe: CAST(round(x) AS BIGINT), CAST(floor(x) AS BIGINT) of CAST(ceil(x) AS BIGINT)",
                ),
            )),
            DataFusionError::Plan(what) if what == FLOAT_TO_TEXT => Err(PlanError::unsupported(
                (
                    "a cast of a fraction without fixed digits to a text",
                    "een omzetting van een breuk zonder vast aantal cijfers naar een tekst",
                ),
                (
                    "say how many: CAST(CAST(x AS DECIMAL(12, 2)) AS TEXT)",
                    "zeg hoeveel: CAST(CAST(x AS DECIMAL(12, 2)) AS TEXT)",
                ),
            )),
            _ => Err(PlanError::CannotPlan),
        },
    }
}

const FLOAT_TO_WHOLE: &str = "float to whole";
const FLOAT_TO_TEXT: &str = "float to text";
const CONSTANT_ZERO: &str = "constant zero";
const CONSTANT_CAST: &str = "constant cast";
const NULL_IN_LISTS: &str = "null in lists";

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is refused"
)]
fn step(expr: Expr, schema: &DFSchema) -> EngineResult<Transformed<Expr>> {
    match expr {
        Expr::BinaryExpr(binary) if binary.op == Operator::Multiply => {
            neutral::product(binary, schema)
        }
        Expr::Cast(Cast { expr: inner, field }) => cast(*inner, field, schema),
        Expr::TryCast(TryCast { expr: inner, field }) if !matches!(*inner, Expr::Literal(..)) => {
            cast(*inner, field, schema)
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right })
            if matches!(op, Operator::Divide | Operator::Modulo) =>
        {
            let data_type = right.get_type(schema)?;
            let zero = ScalarValue::new_zero(&data_type)?;
            if let Expr::Literal(value, _) = &*right {
                if is_zero(value, &zero) {
                    return Err(DataFusionError::Plan(CONSTANT_ZERO.to_owned()));
                }
                return neutral::quotient(BinaryExpr { left, op, right }, schema);
            }
            let mut guarded = null_if(*right, zero.clone());
            if data_type.is_floating() {
                // The engine tells -0.0 from 0.0.
                guarded = null_if(guarded, zero.arithmetic_negate()?);
            }
            let division = BinaryExpr { left, op, right: Box::new(guarded) };
            Ok(Transformed::yes(Expr::BinaryExpr(division)))
        }
        other => Ok(Transformed::no(other)),
    }
}

fn cast(inner: Expr, field: FieldRef, schema: &DFSchema) -> EngineResult<Transformed<Expr>> {
    let to = field.data_type();
    if let Expr::Literal(value, metadata) = &inner {
        let cast = rounded::constant(value, to);
        let cast = cast.map_err(|_value| DataFusionError::Plan(CONSTANT_CAST.to_owned()))?;
        return Ok(Transformed::yes(Expr::Literal(cast, metadata.clone())));
    }
    let from = inner.get_type(schema)?;
    certain(&inner, &from, to)?;
    if rounded::loses_digits(&from, to) {
        return Ok(Transformed::yes(rounded::cast(inner, to)));
    }
    let (fits, expr) = (always_fits(&from, to), Box::new(inner));
    if fits {
        return Ok(Transformed::no(Expr::Cast(Cast { expr, field })));
    }
    Ok(Transformed::yes(Expr::TryCast(TryCast { expr, field })))
}

/// Refuses to cast a float where engines differ: PostgreSQL rounds to the even whole number or away from zero, by a type
/// that is not known here, and texts of floats have as many digits as an engine likes.
fn certain(inner: &Expr, from: &DataType, to: &DataType) -> EngineResult<()> {
    let problem = if *to == DataType::Utf8 {
        FLOAT_TO_TEXT
    } else if to.is_signed_integer() && !is_whole(inner) {
        FLOAT_TO_WHOLE
    } else {
        return Ok(());
    };
    if from.is_floating() { Err(DataFusionError::Plan(problem.to_owned())) } else { Ok(()) }
}

/// Whether a number has nothing behind the point.
fn is_whole(expr: &Expr) -> bool {
    let Expr::ScalarFunction(call) = expr else { return false };
    matches!((call.name(), call.args.len()), ("round" | "floor" | "ceil", 1))
}

fn null_if(expr: Expr, value: ScalarValue) -> Expr {
    let args = vec![expr, Expr::Literal(value, None)];
    Expr::ScalarFunction(ScalarFunction::new_udf(core::nullif(), args))
}

/// Whether a constant divisor is 0, of either sign.
fn is_zero(value: &ScalarValue, zero: &ScalarValue) -> bool {
    if let ScalarValue::Float64(Some(float)) = value {
        return *float == 0.0;
    }
    if let ScalarValue::Float32(Some(float)) = value {
        return *float == 0.0;
    }
    value == zero
}

/// Whether every value of one type has a value in the other.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is refused"
)]
fn always_fits(from: &DataType, to: &DataType) -> bool {
    if from == to {
        return true;
    }
    let whole_digits = |data_type: &DataType| match data_type {
        DataType::Boolean => Some(1),
        DataType::Int16 => Some(5),
        DataType::Int32 => Some(10),
        DataType::Int64 => Some(19),
        DataType::Decimal128(precision, scale) => {
            Some(i16::from(*precision).saturating_sub(i16::from(*scale)))
        }
        _ => None,
    };
    let exact = whole_digits(from);
    match to {
        DataType::Float64 => exact.is_some() || from.is_floating(),
        DataType::Utf8 => true,
        DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            let (Some(from_digits), Some(to_digits)) = (exact, whole_digits(to)) else {
                return false;
            };
            !matches!(from, DataType::Decimal128(..)) && from_digits <= to_digits
        }
        DataType::Decimal128(_, scale) => {
            let (Some(from_digits), Some(to_digits)) = (exact, whole_digits(to)) else {
                return false;
            };
            let keeps = match from {
                DataType::Decimal128(_, from_scale) => scale >= from_scale,
                _ => true,
            };
            keeps && from_digits <= to_digits
        }
        _ => false,
    }
}
