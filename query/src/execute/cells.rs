//! The whole domain of a fragment, filled with the groups that the engine gives.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, BooleanArray, Decimal128Array, RecordBatch, UInt64Array,
};
use arrow::datatypes::{Decimal128Type, UInt64Type};
use datafusion::common::ScalarValue;

use super::{Executed, RunError, failed, text};
use crate::cell::{self, Layout};
use crate::cut::{Fragment, Key};
use crate::facts::domain::Domain;
use crate::sets;

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
pub(super) struct Cells {
    keys: Vec<Places>,
    layout: Layout,
    filled: Vec<bool>,
    pub(super) ruled_out: Vec<bool>,
    /// Columns in the order of the layout; patients first.
    counts: Vec<Vec<u64>>,
    sums: Vec<Vec<i128>>,
    sets: Vec<Vec<Vec<u8>>>,
}

impl Cells {
    pub(super) fn new(
        fragment: &Fragment,
        layout: &Layout,
        own: &text::Own,
    ) -> Result<Self, RunError> {
        let keys = fragment.keys.iter().map(|key| Places::new(fragment, key, own));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let cells = usize::try_from(fragment.cells).map_err(|_too_many| RunError::Failed)?;
        let ruled_out = ruled_out(&keys);
        if ruled_out.len() != cells {
            return Err(RunError::Failed);
        }
        Ok(Self {
            keys,
            filled: vec![false; cells],
            ruled_out,
            counts: vec![vec![0; cells]; layout.counts().len()],
            sums: vec![vec![0; cells]; layout.sums().len()],
            sets: vec![vec![Vec::new(); cells]; layout.sets().len()],
            layout: layout.clone(),
        })
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

    /// Puts the groups of a batch into their cells.
    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<(), RunError> {
        let structs = batch.columns().last().and_then(|column| column.as_struct_opt());
        let columns = structs.ok_or(RunError::Failed)?.columns();
        let places = (0..batch.num_rows()).map(|row| self.cell(batch, row));
        let places = places.collect::<Result<Vec<_>, _>>()?;
        for cell in &places {
            let filled = self.filled.get_mut(*cell).ok_or(RunError::Failed)?;
            if std::mem::replace(filled, true) {
                return Err(RunError::Failed);
            }
        }
        let counts = self.counts.len();
        let sums = counts.saturating_add(self.sums.len());
        if columns.len() != sums.saturating_add(self.sets.len()) {
            return Err(RunError::Failed);
        }
        for (into, from) in self.counts.iter_mut().zip(columns) {
            let from = from.as_primitive_opt::<UInt64Type>().ok_or(RunError::Failed)?;
            spread(into, &places, from.values().iter().copied())?;
        }
        for (into, from) in self.sums.iter_mut().zip(columns.iter().skip(counts)) {
            let from = from.as_primitive_opt::<Decimal128Type>().ok_or(RunError::Failed)?;
            spread(into, &places, from.values().iter().copied())?;
        }
        for (into, from) in self.sets.iter_mut().zip(columns.iter().skip(sums)) {
            let from = from.as_binary_opt::<i32>().ok_or(RunError::Failed)?;
            spread(into, &places, from.iter().map(|set| set.unwrap_or_default().to_vec()))?;
        }
        Ok(())
    }

    /// The raw cells.
    pub(super) fn finish(self) -> Result<Executed, RunError> {
        // A cell with patients was misread as ruled out: its threshold applies, and nothing fails because of a patient.
        let n = self.counts.first().ok_or(RunError::Failed)?;
        let ruled_out = self.ruled_out.iter().zip(n).map(|(out, n)| *out && *n == 0);
        let ruled_out = BooleanArray::from(ruled_out.collect::<Vec<_>>());
        let mut columns: Vec<ArrayRef> = Vec::new();
        columns.extend(
            self.counts
                .into_iter()
                .map(|counts| -> ArrayRef { Arc::new(UInt64Array::from(counts)) }),
        );
        columns.insert(1, Arc::new(ruled_out));
        for (sums, (_, scale)) in self.sums.into_iter().zip(self.layout.sums()) {
            let column = Decimal128Array::from(sums).with_data_type(cell::sum_type(scale));
            debug_assert_eq!(column.null_count(), 0, "raw cells have no nulls");
            columns.push(Arc::new(column));
        }
        let cells = RecordBatch::try_new(self.layout.raw_schema(), columns)
            .map_err(|_arrow| RunError::Failed)?;
        let by_cell = (0..cells.num_rows()).flat_map(|cell| {
            self.sets.iter().map(move |sets| sets.get(cell).map_or(&[][..], Vec::as_slice))
        });
        let sets = match self.sets.is_empty() {
            true => None,
            false => Some(sets::encode(by_cell).ok_or(RunError::Failed)?),
        };
        Ok(Executed { cells, sets })
    }
}

/// Puts the values of rows into their cells.
fn spread<T>(
    into: &mut [T],
    places: &[usize],
    from: impl Iterator<Item = T>,
) -> Result<(), RunError> {
    for (place, value) in places.iter().zip(from) {
        *into.get_mut(*place).ok_or(RunError::Failed)? = value;
    }
    Ok(())
}
