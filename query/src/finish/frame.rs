//! A materialised table with a status beside every value and every row.
//!
//! A value that is not shown is null, and its status says that it is not the data's null. An expression inherits the worst
//! status of the columns that it names, and is null wherever that is not *shown*: no function sees a hidden value. What
//! cannot be computed of a row's own figures ([`total`]) is null in that row.
//!
//! A row has a *presence*: *shown* if it is in the pooled table for certain. A cell that a hospital hides may be of nobody,
//! so its group may not exist; what counts or compares rows must not tell. Rows that were kept out as undecided may exist
//! too: [`Rows::missing`] is why.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt64Array,
};
use arrow::compute::{self, cast};
use arrow::datatypes::{Field, Schema};
use datafusion::common::{DFSchema, DFSchemaRef};
use datafusion::execution::SessionState;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;

use super::bounds::{self, Bounds, End};
use super::total::total;
use super::{FinishError, MAX_ROWS};
use crate::facts::safe;
use crate::pipe::CellStatus;

/// One column: values, and a status for each.
#[derive(Clone)]
pub(super) struct Column {
    /// Null wherever the status is not *shown*.
    pub(super) values: ArrayRef,
    /// One for each row.
    pub(super) status: Vec<CellStatus>,
    /// What is known of values that are made of quantiles.
    pub(super) bounds: Bounds,
}

/// What is known of the rows of a table.
#[derive(Clone)]
pub(super) struct Rows {
    /// For each row, whether it exists for certain.
    pub(super) presence: Vec<CellStatus>,
    /// The worst reason for which further rows may exist; *shown* if there are none.
    pub(super) missing: CellStatus,
    /// Rows kept out because a value that is not shown would have decided.
    pub(super) undecided: u64,
    /// Whether a quantile, which is known between edges only, or a figure with noise decided which rows there are or in what order they stand.
    pub(super) by_quantile: bool,
}

/// A table between two nodes above the cut.
#[derive(Clone)]
pub(super) struct Frame {
    /// The node's schema, every column nullable.
    pub(super) schema: DFSchemaRef,
    /// Its columns.
    pub(super) columns: Vec<Column>,
    /// Its rows.
    pub(super) rows: Rows,
}

/// Values of some columns at an end of what is known of them.
type Ends = BTreeMap<usize, ArrayRef>;

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

/// The worst of several.
pub(super) fn worst(statuses: impl IntoIterator<Item = CellStatus>) -> CellStatus {
    statuses.into_iter().max().unwrap_or(CellStatus::Shown)
}

impl Rows {
    /// So many rows, for certain, and no others.
    pub(super) fn certain(rows: usize) -> Self {
        Self::of(vec![CellStatus::Shown; rows])
    }

    /// Rows that exist as certainly as each says, and no others.
    pub(super) fn of(presence: Vec<CellStatus>) -> Self {
        Self { presence, missing: CellStatus::Shown, undecided: 0, by_quantile: false }
    }

    /// No rows yet, of a table made of these.
    pub(super) fn from<'r>(tables: impl IntoIterator<Item = &'r Self>) -> Self {
        let mut all = Self::certain(0);
        for rows in tables {
            all.missing = all.missing.max(rows.missing);
            all.undecided = all.undecided.saturating_add(rows.undecided);
            all.by_quantile |= rows.by_quantile;
        }
        all
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        self.presence.len()
    }

    /// Why it is not known which rows there are; *shown* if it is.
    pub(super) fn doubt(&self) -> CellStatus {
        worst(self.presence.iter().copied()).max(self.missing)
    }

    /// Keeps `count` more rows out, for this reason.
    pub(super) fn leave_out(&mut self, count: usize, why: CellStatus) {
        self.undecided = self.undecided.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        self.missing = self.missing.max(why);
    }
}

impl Column {
    /// Values that are all shown.
    pub(super) fn shown(values: ArrayRef) -> Self {
        let status = vec![CellStatus::Shown; values.len()];
        Self { values, status, bounds: Bounds::default() }
    }

    /// The same values, of which this is known.
    pub(super) fn bounded(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// The column with at least this status in each row.
    pub(super) fn raised(mut self, to: &[CellStatus]) -> Result<Self, FinishError> {
        for (own, least) in self.status.iter_mut().zip(to) {
            *own = (*own).max(*least);
        }
        let hidden: BooleanArray =
            self.status.iter().map(|status| Some(*status != CellStatus::Shown)).collect();
        let values = compute::nullif(&self.values, &hidden).map_err(failed)?;
        Ok(Self { values, ..self })
    }

    /// The values of these rows; `None` is null.
    pub(super) fn take(&self, rows: &[Option<usize>]) -> Result<Self, FinishError> {
        let indices: UInt64Array =
            rows.iter().map(|row| row.and_then(|row| u64::try_from(row).ok())).collect();
        let values = compute::take(&self.values, &indices, None).map_err(failed)?;
        let status = rows.iter().map(|row| match row {
            Some(row) => self.status.get(*row).copied(),
            None => Some(CellStatus::Shown),
        });
        let status = status.collect::<Option<Vec<_>>>().ok_or(FinishError::Failed)?;
        Ok(Self { values, status, bounds: self.bounds.take(rows) })
    }
}

impl Frame {
    /// A table of these columns under a node's schema.
    pub(super) fn new(
        schema: &DFSchema,
        columns: Vec<Column>,
        rows: Rows,
    ) -> Result<Self, FinishError> {
        let count = rows.len();
        let whole = columns
            .iter()
            .all(|column| column.values.len() == count && column.status.len() == count);
        if !whole || schema.fields().len() != columns.len() {
            return Err(FinishError::Failed);
        }
        if count > MAX_ROWS {
            return Err(FinishError::TooManyRows);
        }
        Ok(Self { schema: named(schema, &columns)?, columns, rows })
    }

    /// The table with every column in the type that the plan says.
    pub(super) fn conformed(mut self, schema: &DFSchema) -> Result<Self, FinishError> {
        for (column, field) in self.columns.iter_mut().zip(schema.fields()) {
            if column.values.data_type() != field.data_type() {
                column.values = cast(&column.values, field.data_type()).map_err(failed)?;
            }
        }
        Self::new(schema, self.columns, self.rows)
    }

    /// The first columns of the table under the names of another schema.
    pub(super) fn renamed(mut self, schema: &DFSchema) -> Result<Self, FinishError> {
        self.columns.truncate(schema.fields().len());
        Self::new(schema, self.columns, self.rows)
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
        let values = total(&*physical, &self.batch(None)?)?;
        let bounds = self.bounds(expr, |ends| total(&*physical, &self.batch(Some(ends))?))?;
        Column::shown(values).bounded(bounds).raised(&status)
    }

    /// What is known of the values of an expression, which `at` gives for other values of the columns.
    fn bounds(
        &self,
        expr: &Expr,
        at: impl Fn(&Ends) -> Result<ArrayRef, FinishError>,
    ) -> Result<Bounds, FinishError> {
        let mut bare = expr;
        while let Expr::Alias(alias) = bare {
            bare = &alias.expr;
        }
        if let Expr::Column(name) = bare {
            let index = self.schema.maybe_index_of_column(name).ok_or(FinishError::Failed)?;
            let column = self.columns.get(index).ok_or(FinishError::Failed)?;
            return Ok(column.bounds.clone());
        }
        let directions = bounds::directions(expr);
        let mut of = Vec::new();
        let (mut low, mut high) = (Ends::new(), Ends::new());
        let mut certain = true;
        for (name, rises) in &directions {
            let index = self.schema.maybe_index_of_column(name).ok_or(FinishError::Failed)?;
            let column = self.columns.get(index).ok_or(FinishError::Failed)?;
            if column.bounds.is_exact() {
                continue;
            }
            of.push(&column.bounds);
            let Some(rises) = rises else {
                certain = false;
                continue;
            };
            let (down, up) = if *rises { (End::Low, End::High) } else { (End::High, End::Low) };
            low.insert(index, column.bounds.ends(&column.values, down)?);
            high.insert(index, column.bounds.ends(&column.values, up)?);
        }
        if of.is_empty() {
            return Ok(Bounds::default());
        }
        if certain {
            return Ok(Bounds::between(&of, &at(&low)?, &at(&high)?));
        }
        Ok(Bounds::worst(&of, self.rows.len()))
    }

    /// Whether an expression is made of quantiles, or of figures with noise, in any row.
    pub(super) fn is_of_quantiles(&self, expr: &Expr) -> bool {
        !self.made_of([expr], 1).is_exact()
    }

    /// What is known of so many values that are made of expressions in a way of which nothing is known.
    pub(super) fn made_of<'e>(
        &self,
        exprs: impl IntoIterator<Item = &'e Expr>,
        rows: usize,
    ) -> Bounds {
        let names = exprs.into_iter().flat_map(Expr::column_refs);
        let indices = names.filter_map(|name| self.schema.maybe_index_of_column(name));
        let columns = indices.filter_map(|index| self.columns.get(index));
        Bounds::made_of(columns.map(|column| &column.bounds), rows)
    }

    /// The worst status of the columns that an expression names, row by row.
    pub(super) fn status(&self, expr: &Expr) -> Result<Vec<CellStatus>, FinishError> {
        let mut status = vec![CellStatus::Shown; self.rows.len()];
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

    /// The values, some columns replaced.
    fn batch(&self, ends: Option<&Ends>) -> Result<RecordBatch, FinishError> {
        let fields = self.schema.fields().iter().map(Arc::clone).collect::<Vec<_>>();
        let columns = self.columns.iter().enumerate().map(|(index, column)| {
            let replaced = ends.and_then(|ends| ends.get(&index));
            Arc::clone(replaced.unwrap_or(&column.values))
        });
        let columns = columns.collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows.len()));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
            .map_err(failed)
    }

    /// The table of these rows, in this order.
    pub(super) fn pick(self, rows: &[usize]) -> Result<Self, FinishError> {
        let taken: Vec<Option<usize>> = rows.iter().copied().map(Some).collect();
        let columns = self.columns.iter().map(|column| column.take(&taken));
        let columns = columns.collect::<Result<Vec<_>, FinishError>>()?;
        let presence = rows.iter().map(|row| self.rows.presence.get(*row).copied());
        let presence = presence.collect::<Option<Vec<_>>>().ok_or(FinishError::Failed)?;
        Ok(Self { schema: self.schema, columns, rows: Rows { presence, ..self.rows } })
    }
}
