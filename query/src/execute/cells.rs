//! A fragment's rows, folded into the cells of its whole domain.
//!
//! The engine gives the rows; [`Places`] says the cell of each and [`Cells`] keeps what the cells need. That is all in one
//! partition, in the order in which rows come. Where the plan does not say that they come patient by patient
//! ([`super::order`]) and the summaries need it, rows are held by patient until their end: same cells, more memory and time.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray as _, BooleanArray, Decimal128Array, RecordBatch, UInt64Array,
};
use arrow::compute::filter_record_batch;
use arrow::datatypes::UInt32Type;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt as _;
use roaring::RoaringBitmap;

use super::places::Places;
use super::{Executed, RunError, failed};
use crate::cell::{self, CellError, CellSpec, Cells, Computed, Layout, Order};
use crate::sets;

/// What rows are folded into.
pub(super) struct Into<'a> {
    pub(super) places: &'a Places,
    pub(super) spec: &'a CellSpec,
    pub(super) order: Order,
    /// Patients whose rows are passed over.
    pub(super) left_out: Option<&'a RoaringBitmap>,
}

/// Runs a plan of rows and folds them: keys first, then what cells are made of.
pub(super) async fn fold(
    rows: Arc<dyn ExecutionPlan>,
    Into { places, spec, order, left_out }: Into<'_>,
    context: Arc<TaskContext>,
) -> Result<Computed, RunError> {
    let reserved = MemoryConsumer::new("kring_cell").register(context.memory_pool());
    let mut cells = Cells::new(spec, places.cells(), order);
    let rows = Arc::new(CoalescePartitionsExec::new(rows));
    let mut rows = execute_stream(rows, context).map_err(failed)?;
    while let Some(batch) = rows.next().await {
        let batch = without(batch.map_err(failed)?, places.keys(), left_out)?;
        let split = batch.columns().split_at_checked(places.keys());
        let (keys, values) = split.ok_or(RunError::Failed)?;
        let of_rows = places.of_rows(keys, batch.num_rows())?;
        cells.update(values, &of_rows).map_err(|_unlike_the_plan: CellError| RunError::Failed)?;
        reserved.try_resize(cells.size()).map_err(failed)?;
    }
    cells.finish().map_err(failed)
}

/// The rows of those who are not left out. Every row is of one patient, with all that it was joined with.
fn without(
    batch: RecordBatch,
    patient: usize,
    left_out: Option<&RoaringBitmap>,
) -> Result<RecordBatch, RunError> {
    let Some(left_out) = left_out.filter(|set| !set.is_empty()) else { return Ok(batch) };
    let patients = batch.columns().get(patient).ok_or(RunError::Failed)?;
    let patients = patients.as_primitive_opt::<UInt32Type>().ok_or(RunError::Failed)?;
    let kept = patients.iter().map(|patient| patient.map(|patient| !left_out.contains(patient)));
    let kept: BooleanArray = kept.collect();
    filter_record_batch(&batch, &kept).map_err(|_arrow| RunError::Failed)
}

/// Cells without a row.
pub(super) fn empty(spec: &CellSpec, places: &Places) -> Result<Computed, RunError> {
    Cells::new(spec, places.cells(), Order::ByPatient).finish().map_err(failed)
}

/// The raw cells.
pub(super) fn raw(
    computed: Computed,
    layout: &Layout,
    ruled_out: &[bool],
) -> Result<Executed, RunError> {
    let Computed { counts, sums, sets } = computed;
    // A cell with patients was misread as ruled out: its threshold applies, and nothing fails because of a patient.
    let n = counts.first().ok_or(RunError::Failed)?;
    let ruled_out = ruled_out.iter().zip(n).map(|(out, n)| *out && *n == 0);
    let ruled_out = BooleanArray::from(ruled_out.collect::<Vec<_>>());
    let mut columns: Vec<ArrayRef> = Vec::new();
    let counts = counts.into_iter();
    columns.extend(counts.map(|counts| -> ArrayRef { Arc::new(UInt64Array::from(counts)) }));
    columns.insert(1, Arc::new(ruled_out));
    for (sums, (_, scale)) in sums.into_iter().zip(layout.sums()) {
        let column = Decimal128Array::from(sums).with_data_type(cell::sum_type(scale));
        columns.push(Arc::new(column));
    }
    let cells =
        RecordBatch::try_new(layout.raw_schema(), columns).map_err(|_arrow| RunError::Failed)?;
    let by_cell = (0..cells.num_rows()).flat_map(|cell| {
        sets.iter().map(move |sets| sets.get(cell).map_or(&[][..], Vec::as_slice))
    });
    let sets = match layout.wanted().bitmaps {
        true => Some(sets::encode(sets.len(), by_cell).ok_or(RunError::Failed)?),
        false => None,
    };
    Ok(Executed { cells, sets })
}
