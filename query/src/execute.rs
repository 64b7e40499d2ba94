//! A fragment over a snapshot: raw cells, one for every value of the declared domain.
//!
//! Runs in a worker. What comes out is not protected: [`crate::disclose()`] does that in the daemon. No error text of the
//! engine leaves: it may carry a value.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, BooleanArray, Decimal128Array, RecordBatch, UInt64Array,
};
use arrow::datatypes::{DataType, Decimal128Type, Field, Schema, SchemaRef, UInt64Type};
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::execution::SessionState;
use datafusion::physical_plan::collect;
use policies::dataset::Dataset;
use policies::{Digest, HospitalCode};

use crate::cell;
use crate::cut::{Fragment, Key, Split};
use crate::facts::domain::Domain;
use crate::pipe::{Failure, Networks};
use crate::snapshot::{self, Snapshot};

mod bind;
mod hashed;
mod tables;
mod text;

pub(crate) use bind::session;
pub(crate) use tables::Tables;

/// Why a fragment gives no cells.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error("the snapshot was sealed against another dataset")]
    DatasetMismatch,
    #[error("this node cuts the question otherwise than the request says")]
    PlanMismatch,
    #[error("the snapshot cannot be read")]
    BadSnapshot,
    #[error("the snapshot holds a value outside the declared domain of a group key")]
    BadData,
    #[error("the question could not be run")]
    Failed,
}

impl RunError {
    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::DatasetMismatch => "dataset_mismatch",
            Self::PlanMismatch => "plan_mismatch",
            Self::BadSnapshot => "bad_snapshot",
            Self::BadData => "bad_data",
            Self::Failed => "failed_execution",
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self { code: error.code().to_owned(), message: error.to_string() }
    }
}

/// The engine's errors carry values; only the fact remains.
fn failed(_error: DataFusionError) -> RunError {
    RunError::Failed
}

/// Where a question runs.
pub(crate) struct Place<'a> {
    /// The dataset.
    pub(crate) dataset: &'a Dataset,
    /// The snapshot's folder.
    pub(crate) snapshot: &'a Path,
    /// The own hospital.
    pub(crate) hospital: &'a HospitalCode,
    /// Its networks.
    pub(crate) networks: &'a Networks,
}

/// Runs every fragment of a split.
pub(crate) async fn execute(
    split: &Split,
    place: &Place<'_>,
    expected: &[Digest],
    tables: &mut Tables,
) -> Result<Vec<RecordBatch>, RunError> {
    if !split.fragments.iter().map(|fragment| &fragment.digest).eq(expected) {
        return Err(RunError::PlanMismatch);
    }
    let snapshot =
        snapshot::verify(place.snapshot, false).map_err(|_snapshot| RunError::BadSnapshot)?;
    snapshot.is_of(place.dataset).map_err(|_snapshot| RunError::DatasetMismatch)?;
    if snapshot.manifest().hospital != *place.hospital {
        return Err(RunError::BadSnapshot);
    }
    let state = session().map_err(failed)?;
    let mut cells = Vec::with_capacity(split.fragments.len());
    for fragment in &split.fragments {
        cells.push(run(fragment, place, &snapshot, (&state, tables)).await?);
    }
    Ok(cells)
}

async fn run(
    fragment: &Fragment,
    place: &Place<'_>,
    snapshot: &Snapshot,
    (state, tables): (&SessionState, &mut Tables),
) -> Result<RecordBatch, RunError> {
    let own = text::Own::of(place);
    let mut cells = Cells::new(fragment, &own)?;
    if text::empty(fragment, &own) {
        cells.ruled_out.fill(true);
        return cells.finish();
    }
    let plan = bind::bind(fragment, place, snapshot, tables)?;
    let rows = state.create_physical_plan(&plan).await.map_err(failed)?;
    let plan = bind::grouped(fragment, rows).map_err(failed)?;
    let batches = collect(plan, state.task_ctx()).await.map_err(failed)?;
    for batch in &batches {
        cells.add(batch)?;
    }
    cells.finish()
}

/// The schema of a fragment's raw cells: patients, whether the text rules the cell out, sums.
pub(crate) fn raw_schema(scales: impl Iterator<Item = u8>) -> SchemaRef {
    let mut fields: Vec<_> = cell::cell_fields(scales).iter().map(Arc::clone).collect();
    fields.insert(1, Arc::new(Field::new("ruled_out", DataType::Boolean, false)));
    Arc::new(Schema::new(fields))
}

/// A group key's values with their places; NULL is one of them where the key is nullable.
struct Places {
    of: HashMap<ScalarValue, usize>,
    ruled_out: Vec<bool>,
}

impl Places {
    fn new(fragment: &Fragment, key: &Key, own: &text::Own) -> Result<Self, RunError> {
        let mut values = match &key.domain {
            Domain::Values(values) => values.clone(),
            Domain::Hospital => vec![own.hospital.clone()],
        };
        if key.nullable {
            values.push(ScalarValue::try_from(&key.data_type).map_err(failed)?);
        }
        let ruled_out = text::ruled_out(fragment, own, key, &values);
        let of = values.into_iter().enumerate().map(|(place, value)| (value, place)).collect();
        Ok(Self { of, ruled_out })
    }
}

/// For each cell, whether one of its keys' values is ruled out; the last key is the fastest.
fn ruled_out(keys: &[Places]) -> Vec<bool> {
    keys.iter().fold(vec![false], |cells, key| {
        let wider = cells.iter().map(|cell| key.ruled_out.iter().map(move |out| *cell || *out));
        wider.flatten().collect()
    })
}

/// The whole domain, being filled.
struct Cells {
    keys: Vec<Places>,
    scales: Vec<u8>,
    filled: Vec<bool>,
    ruled_out: Vec<bool>,
    n: Vec<u64>,
    sums: Vec<Vec<i128>>,
}

impl Cells {
    fn new(fragment: &Fragment, own: &text::Own) -> Result<Self, RunError> {
        let keys = fragment.keys.iter().map(|key| Places::new(fragment, key, own));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let cells = usize::try_from(fragment.cells).map_err(|_too_many| RunError::Failed)?;
        let scales: Vec<u8> = fragment.primitives.iter().map(|sum| sum.scale).collect();
        let sums = scales.iter().map(|_scale| vec![0; cells]).collect();
        let ruled_out = ruled_out(&keys);
        if ruled_out.len() != cells {
            return Err(RunError::Failed);
        }
        let (filled, n) = (vec![false; cells], vec![0; cells]);
        Ok(Self { keys, scales, filled, ruled_out, n, sums })
    }

    /// The cell of a row, if its keys are in the domain.
    fn cell(&self, batch: &RecordBatch, row: usize) -> Result<usize, RunError> {
        let mut cell = 0_usize;
        for (key, column) in self.keys.iter().zip(batch.columns()) {
            let value = ScalarValue::try_from_array(column, row).map_err(failed)?;
            let place = key.of.get(&value).ok_or(RunError::BadData)?;
            let wider =
                cell.checked_mul(key.ruled_out.len()).and_then(|cell| cell.checked_add(*place));
            cell = wider.ok_or(RunError::Failed)?;
        }
        Ok(cell)
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<(), RunError> {
        let structs = batch.columns().last().and_then(|column| column.as_struct_opt());
        let structs = structs.ok_or(RunError::Failed)?;
        let (n, sums) = structs.columns().split_first().ok_or(RunError::Failed)?;
        let n = n.as_primitive_opt::<UInt64Type>().ok_or(RunError::Failed)?;
        let sums = sums.iter().map(|sum| sum.as_primitive_opt::<Decimal128Type>());
        let sums = sums.collect::<Option<Vec<_>>>().ok_or(RunError::Failed)?;
        for row in 0..batch.num_rows() {
            let cell = self.cell(batch, row)?;
            let filled = self.filled.get_mut(cell).ok_or(RunError::Failed)?;
            if std::mem::replace(filled, true) {
                return Err(RunError::Failed);
            }
            *self.n.get_mut(cell).ok_or(RunError::Failed)? = n.value(row);
            for (column, sum) in self.sums.iter_mut().zip(&sums) {
                *column.get_mut(cell).ok_or(RunError::Failed)? = sum.value(row);
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<RecordBatch, RunError> {
        // A cell with patients was misread as ruled out: its threshold applies, and nothing fails because of a patient.
        let ruled_out = self.ruled_out.iter().zip(&self.n).map(|(out, n)| *out && *n == 0);
        let ruled_out = BooleanArray::from(ruled_out.collect::<Vec<_>>());
        let mut columns: Vec<ArrayRef> =
            vec![Arc::new(UInt64Array::from(self.n)), Arc::new(ruled_out)];
        for (sums, scale) in self.sums.into_iter().zip(&self.scales) {
            let column = Decimal128Array::from(sums).with_data_type(cell::sum_type(*scale));
            debug_assert_eq!(column.null_count(), 0, "raw cells have no nulls");
            columns.push(Arc::new(column));
        }
        RecordBatch::try_new(raw_schema(self.scales.into_iter()), columns)
            .map_err(|_arrow| RunError::Failed)
    }
}

#[cfg(test)]
mod tests;
