//! A materialised table with a status beside every value.
//!
//! A value that is not shown is null, and its status says that it is not the data's null. An expression inherits the worst
//! status of the columns that it names, and is null wherever that is not *shown*: no function sees a hidden value.

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt64Array,
};
use arrow::compute;
use arrow::datatypes::{Field, Schema};
use datafusion::common::{DFSchema, DFSchemaRef};
use datafusion::execution::SessionState;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;

use super::FinishError;
use crate::facts::safe;
use crate::pipe::CellStatus;

/// One column: values, and a status for each.
#[derive(Clone)]
pub(super) struct Column {
    /// Null wherever the status is not *shown*.
    pub(super) values: ArrayRef,
    /// One for each row.
    pub(super) status: Vec<CellStatus>,
}

/// A table between two nodes above the cut.
pub(super) struct Frame {
    /// The node's schema, every column nullable.
    schema: DFSchemaRef,
    /// Its columns.
    pub(super) columns: Vec<Column>,
    /// Its rows.
    pub(super) rows: usize,
    /// Rows kept out because a value that is not shown would have decided.
    pub(super) undecided: u64,
}

fn failed<E>(_engine: E) -> FinishError {
    FinishError::Failed
}

/// A node's names over columns as they came out: each nullable, for hidden values are null, and of its own type, which
/// folding constants can make narrower than the plan says.
fn named(schema: &DFSchema, columns: &[Column]) -> Result<DFSchemaRef, FinishError> {
    let fields = schema.iter().zip(columns).map(|((qualifier, field), column)| {
        let field = Field::new(field.name(), column.values.data_type().clone(), true);
        (qualifier.cloned(), Arc::new(field))
    });
    let fields = fields.collect();
    Ok(Arc::new(DFSchema::new_with_metadata(fields, Default::default()).map_err(failed)?))
}

impl Frame {
    /// A table of these columns under a node's schema.
    pub(super) fn new(
        schema: &DFSchema,
        columns: Vec<Column>,
        rows: usize,
        undecided: u64,
    ) -> Result<Self, FinishError> {
        let whole =
            columns.iter().all(|column| column.values.len() == rows && column.status.len() == rows);
        if !whole || schema.fields().len() != columns.len() {
            return Err(FinishError::Failed);
        }
        Ok(Self { schema: named(schema, &columns)?, columns, rows, undecided })
    }

    /// The same table under the names of another schema.
    pub(super) fn renamed(self, schema: &DFSchema) -> Result<Self, FinishError> {
        Self::new(schema, self.columns, self.rows, self.undecided)
    }

    /// Evaluates an expression over every row.
    pub(super) fn evaluate(
        &self,
        state: &SessionState,
        expr: &Expr,
    ) -> Result<Column, FinishError> {
        let safe = safe::rewrite(expr, &self.schema).map_err(failed)?;
        let status = self.status(&safe)?;
        let context = SimplifyContext::builder().with_schema(Arc::clone(&self.schema)).build();
        let simple = ExprSimplifier::new(context).simplify(safe).map_err(failed)?;
        let physical = state.create_physical_expr(simple, &self.schema).map_err(failed)?;
        let values = physical.evaluate(&self.batch()?).map_err(failed)?;
        let values = values.into_array(self.rows).map_err(failed)?;
        let hidden: BooleanArray =
            status.iter().map(|status| Some(*status != CellStatus::Shown)).collect();
        let values = compute::nullif(&values, &hidden).map_err(failed)?;
        Ok(Column { values, status })
    }

    /// The worst status of the columns that an expression names, row by row.
    pub(super) fn status(&self, expr: &Expr) -> Result<Vec<CellStatus>, FinishError> {
        let mut status = vec![CellStatus::Shown; self.rows];
        let names: std::collections::BTreeSet<_> = expr.column_refs().into_iter().collect();
        for name in names {
            let index = self.schema.maybe_index_of_column(name).ok_or(FinishError::Failed)?;
            let column = self.columns.get(index).ok_or(FinishError::Failed)?;
            for (worst, own) in status.iter_mut().zip(&column.status) {
                *worst = (*worst).max(*own);
            }
        }
        Ok(status)
    }

    fn batch(&self) -> Result<RecordBatch, FinishError> {
        let fields = self.schema.fields().iter().map(Arc::clone).collect::<Vec<_>>();
        let columns = self.columns.iter().map(|column| Arc::clone(&column.values)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
            .map_err(failed)
    }

    /// The table of these rows, in this order; `out` more were kept out as undecided.
    pub(super) fn pick(self, rows: &[usize], out: u64) -> Result<Self, FinishError> {
        let wide = rows.iter().map(|row| u64::try_from(*row)).collect::<Result<Vec<_>, _>>();
        let indices = UInt64Array::from(wide.map_err(failed)?);
        let columns = self.columns.iter().map(|column| {
            let values = compute::take(&column.values, &indices, None).map_err(failed)?;
            let status = rows.iter().map(|row| column.status.get(*row).copied());
            let status = status.collect::<Option<Vec<_>>>().ok_or(FinishError::Failed)?;
            Ok(Column { values, status })
        });
        let columns = columns.collect::<Result<Vec<_>, FinishError>>()?;
        let undecided = self.undecided.saturating_add(out);
        Ok(Self { schema: self.schema, columns, rows: rows.len(), undecided })
    }
}
