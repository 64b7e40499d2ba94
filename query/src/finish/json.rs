//! A finished table as JSON: exact numbers as strings, floats as numbers, what is not shown as null with its status.

use arrow::array::{Array as _, ArrayRef, AsArray as _};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type};
use arrow::util::display::array_value_to_string;
use datafusion::common::DFSchema;
use serde_json::Value;

use super::FinishError;
use super::bounds::Bound;
use super::frame::{Frame, Rows};
use crate::pipe::{
    CellStatus, Finished, FinishedBand, FinishedCell, FinishedColumn, FinishedInterval,
    FinishedNoise,
};

/// What the answer says where a quantile decided.
const BY_QUANTILE: &str = "a quantile decided which rows there are, or in what order: it is known within its interval only, so rows near a limit may differ from the pooled answer";

/// What the answer says where figures with noise decided.
const BY_NOISE: &str = "figures with noise decided which rows there are, or in what order: rows near a limit may differ from the answer without noise";

/// The word for a type, or `None` where it cannot be shown.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is refused"
)]
pub(crate) fn kind(data_type: &DataType) -> Option<String> {
    match data_type {
        integer if integer.is_integer() => Some("integer".to_owned()),
        DataType::Decimal128(precision, scale) => Some(format!("decimal({precision},{scale})")),
        DataType::Float64 => Some("float".to_owned()),
        DataType::Utf8 | DataType::Null => Some("text".to_owned()),
        DataType::Boolean => Some("boolean".to_owned()),
        _ => None,
    }
}

/// The table as the pipe carries it.
pub(super) fn finished(schema: &DFSchema, table: &Frame) -> Result<Finished, FinishError> {
    let mut columns = Vec::with_capacity(table.columns.len());
    for (field, column) in schema.fields().iter().zip(&table.columns) {
        let kind = kind(column.values.data_type()).ok_or(FinishError::Failed)?;
        columns.push(FinishedColumn { name: field.name().clone(), kind });
    }
    let mut rows = Vec::with_capacity(table.rows.len());
    let (mut cells, mut intervals) = (Vec::new(), Vec::new());
    let (mut noisy, mut bands) = (Vec::new(), Vec::new());
    for row in 0..table.rows.len() {
        let mut values = Vec::with_capacity(table.columns.len());
        for (index, column) in table.columns.iter().enumerate() {
            let status = column.status.get(row).copied().ok_or(FinishError::Failed)?;
            if status == CellStatus::Shown {
                let bound = column.bounds.at(row);
                let value = shown(value(&column.values, row)?, bound);
                if !value.is_null() {
                    intervals.extend(interval(row, index, bound));
                    noisy.extend(noise(row, index, bound));
                }
                values.push(value);
            } else {
                values.push(Value::Null);
                cells.push(FinishedCell { row, column: index, status });
                bands.extend(band(row, index, column.bounds.at(row)));
            }
        }
        rows.push(values);
    }
    let Rows { undecided, by_quantile, presence: _, missing: _ } = &table.rows;
    let (undecided, by_quantile) = (*undecided, *by_quantile);
    let why = if noisy.is_empty() { BY_QUANTILE } else { BY_NOISE };
    let notes = by_quantile.then(|| why.to_owned()).into_iter().collect();
    Ok(Finished { columns, rows, cells, undecided, intervals, noisy, bands, notes })
}

fn interval(row: usize, column: usize, bound: Bound) -> Option<FinishedInterval> {
    let (low, high) = match bound {
        Bound::Exact | Bound::Band(_) | Bound::Noisy { .. } => return None,
        Bound::Within { low, high } | Bound::Likely { low, high, variance: _ } => {
            (Some(low), Some(high))
        }
        Bound::Unknown => (None, None),
    };
    Some(FinishedInterval { row, column, low, high })
}

fn noise(row: usize, column: usize, bound: Bound) -> Option<FinishedNoise> {
    match bound {
        Bound::Noisy { variance, count: _ } | Bound::Likely { low: _, high: _, variance } => {
            Some(FinishedNoise { row, column, variance })
        }
        Bound::Exact | Bound::Band(_) | Bound::Within { .. } | Bound::Unknown => None,
    }
}

fn band(row: usize, column: usize, bound: Bound) -> Option<FinishedBand> {
    match bound {
        Bound::Band(band) => Some(FinishedBand { row, column, band: band.word().to_owned() }),
        Bound::Exact
        | Bound::Likely { .. }
        | Bound::Noisy { .. }
        | Bound::Within { .. }
        | Bound::Unknown => None,
    }
}

/// A value as it is shown: noise can make a count less than nothing, and there is no such count.
fn shown(value: Value, bound: Bound) -> Value {
    let count = matches!(bound, Bound::Noisy { count: true, .. });
    let below = value.as_str().is_some_and(|text| text.starts_with('-'));
    if count && below { Value::String("0".to_owned()) } else { value }
}

fn value(column: &ArrayRef, row: usize) -> Result<Value, FinishError> {
    // An untyped NULL has no validity of its own.
    if column.is_null(row) || *column.data_type() == DataType::Null {
        return Ok(Value::Null);
    }
    if let Some(floats) = column.as_primitive_opt::<Float64Type>() {
        let float = floats.value(row);
        let number = serde_json::Number::from_f64(float).map(Value::Number);
        return Ok(number.unwrap_or_else(|| Value::String(float.to_string())));
    }
    if let Some(flags) = column.as_boolean_opt() {
        return Ok(Value::Bool(flags.value(row)));
    }
    if let Some(decimals) = column.as_primitive_opt::<Decimal128Type>() {
        return Ok(Value::String(decimals.value_as_string(row)));
    }
    let text = array_value_to_string(column, row).map_err(|_arrow| FinishError::Failed)?;
    Ok(Value::String(text))
}
