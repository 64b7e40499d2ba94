//! Casts that lose digits, as SQL rounds them: the half goes away from zero.
//!
//! The engine cuts digits off where it makes whole numbers, and drops such a cast from a comparison, so that 30.4 is no
//! 30. A function of our own does neither: it rounds as PostgreSQL does, and nothing looks into it. Floats become decimals
//! by their first fifteen digits, as there. A value that the type does not hold is NULL.

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, Decimal128Array, Int64Array, new_null_array,
};
use arrow::compute;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type};
use datafusion::common::{Result as EngineResult, ScalarValue, exec_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// Digits that a float is known by, less the one before the point.
const FLOAT_DIGITS: i32 = 14;

/// A cast that rounds.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Rounded {
    name: String,
    to: DataType,
    signature: Signature,
}

/// Whether a cast loses digits: not where it makes a whole number of a float, for SQL has two ways to do that.
pub(super) fn loses_digits(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        (DataType::Decimal128(_, own), DataType::Decimal128(_, wanted)) => wanted < own,
        (DataType::Decimal128(_, own), to) => *own > 0 && to.is_signed_integer(),
        (DataType::Float64, DataType::Decimal128(..)) => true,
        (_, _) => false,
    }
}

/// The cast of an expression.
pub(super) fn cast(expr: Expr, to: &DataType) -> Expr {
    let name = if let DataType::Decimal128(precision, scale) = to {
        format!("rounded_to_{precision}_{scale}")
    } else {
        format!("rounded_to_{to}").to_lowercase()
    };
    let signature = Signature::any(1, Volatility::Immutable);
    let rounded = Rounded { name, to: to.clone(), signature };
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(ScalarUDF::from(rounded)), vec![expr]))
}

/// What a call casts, if it is such a cast.
pub(crate) fn of(call: &ScalarFunction) -> Option<&Expr> {
    call.func.inner().downcast_ref::<Rounded>()?;
    call.args.first()
}

/// A constant cast to a type; a float to a whole number too, for written fractions are decimals to SQL.
pub(crate) fn constant(value: &ScalarValue, to: &DataType) -> EngineResult<ScalarValue> {
    let from = value.data_type();
    let rounds = loses_digits(&from, to) || from == DataType::Float64 && to.is_signed_integer();
    if !rounds || value.is_null() {
        return value.cast_to(to);
    }
    let rounded = ScalarValue::try_from_array(&round(&value.to_array()?, to)?, 0)?;
    if rounded.is_null() {
        return exec_err!("a constant does not fit");
    }
    Ok(rounded)
}

impl ScalarUDFImpl for Rounded {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> EngineResult<DataType> {
        Ok(self.to.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> EngineResult<ColumnarValue> {
        let [value] = args.args.as_slice() else { return exec_err!("one argument") };
        let rounded = round(&value.to_array(args.number_rows)?, &self.to)?;
        if matches!(value, ColumnarValue::Scalar(_)) && rounded.len() == 1 {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&rounded, 0)?));
        }
        Ok(ColumnarValue::Array(rounded))
    }
}

/// Each value in a type, NULL where it does not hold it.
fn round(values: &ArrayRef, to: &DataType) -> EngineResult<ArrayRef> {
    let (limit, scale) = if let DataType::Decimal128(precision, scale) = to {
        (10_i128.checked_pow(u32::from(*precision)), *scale)
    } else {
        (None, 0)
    };
    let fits = |units: &i128| limit.is_none_or(|limit| units.unsigned_abs() < limit.unsigned_abs());
    let units: Vec<Option<i128>> = if let Some(floats) = values.as_primitive_opt::<Float64Type>() {
        floats.iter().map(|float| of_float(float?, scale).filter(fits)).collect()
    } else if let Some(decimals) = values.as_primitive_opt::<Decimal128Type>() {
        let shift = i32::from(scale).saturating_sub(i32::from(decimals.scale()));
        decimals.iter().map(|units| shifted(units?, shift).filter(fits)).collect()
    } else if values.null_count() == values.len() {
        return Ok(new_null_array(to, values.len()));
    } else {
        return exec_err!("a number with digits behind the point");
    };
    if matches!(to, DataType::Decimal128(..)) {
        let decimals: Decimal128Array = units.into_iter().collect();
        return Ok(Arc::new(decimals.with_data_type(to.clone())));
    }
    let whole = units.into_iter().map(|units| i64::try_from(units?).ok());
    Ok(compute::cast(&whole.collect::<Int64Array>(), to)?)
}

/// Units times a power of ten, the half away from zero.
fn shifted(units: i128, shift: i32) -> Option<i128> {
    let factor = 10_i128.checked_pow(shift.unsigned_abs());
    if shift >= 0 {
        return units.checked_mul(factor?);
    }
    // More digits than there are: less than a half.
    let Some(factor) = factor else { return Some(0) };
    let (whole, rest) = (units.checked_div(factor)?, units.checked_rem(factor)?);
    let up = rest.unsigned_abs() >= factor.unsigned_abs().div_ceil(2);
    whole.checked_add(if up { units.signum() } else { 0 })
}

/// A float in units of a scale, by its first fifteen digits.
fn of_float(float: f64, scale: i8) -> Option<i128> {
    if !float.is_finite() {
        return None;
    }
    let text = format!("{float:.*e}", usize::try_from(FLOAT_DIGITS).ok()?);
    let (digits, exponent) = text.split_once('e')?;
    let digits: i128 = digits.replace('.', "").parse().ok()?;
    let exponent: i32 = exponent.parse().ok()?;
    let shift = exponent.checked_sub(FLOAT_DIGITS)?.checked_add(i32::from(scale))?;
    if digits == 0 { Some(0) } else { shifted(digits, shift) }
}

#[cfg(test)]
mod tests;
