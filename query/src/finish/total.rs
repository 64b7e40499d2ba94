//! An expression over every row, whatever the figures are: what has no value in a row, `sqrt(-1)` or a quotient that its
//! type cannot hold, is NULL in that row and costs no other.

use arrow::array::{Array, ArrayRef, AsArray as _, BooleanArray, RecordBatch, new_null_array};
use arrow::compute;
use arrow::datatypes::Float64Type;
use datafusion::physical_expr::PhysicalExpr;

use super::FinishError;

fn failed<E>(_engine: E) -> FinishError {
    FinishError::Failed
}

/// The value of an expression in every row, NULL where there is none.
pub(super) fn total(expr: &dyn PhysicalExpr, batch: &RecordBatch) -> Result<ArrayRef, FinishError> {
    let array = |batch: &RecordBatch| {
        expr.evaluate(batch).and_then(|values| values.into_array(batch.num_rows()))
    };
    let values = match array(batch) {
        Ok(values) => values,
        Err(_somewhere) => {
            let data_type = expr.data_type(&batch.schema()).map_err(failed)?;
            let rows = (0..batch.num_rows()).map(|row| {
                let value = array(&batch.slice(row, 1));
                value.unwrap_or_else(|_here| new_null_array(&data_type, 1))
            });
            let rows: Vec<ArrayRef> = rows.collect();
            let rows: Vec<&dyn Array> = rows.iter().map(|row| &**row).collect();
            compute::concat(&rows).map_err(failed)?
        }
    };
    let Some(floats) = values.as_primitive_opt::<Float64Type>() else { return Ok(values) };
    let endless: BooleanArray =
        floats.iter().map(|float| float.map(|float| !float.is_finite())).collect();
    compute::nullif(&values, &endless).map_err(failed)
}
