//! The hidden summaries of a run's cells, where some are wanted.

use arrow::array::ArrayRef;
use datafusion::common::{DataFusionError, Result as EngineResult, exec_err};
use datafusion::logical_expr::EmitTo;
use roaring::RoaringBitmap;

use super::CellSpec;
use super::contributions::{Contributions, Summary, of_patient};
use super::patients::Patients;
use super::sums::Batch;
use crate::record::{RecordKey, RecordKeys};

/// What is gathered of every measure.
#[derive(Debug)]
pub(super) struct Summaries {
    measures: Vec<Contributions>,
}

/// Columns in the order of the layout, without the patients' count and the fragment's sums.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) counts: Vec<Vec<u64>>,
    pub(super) sums: Vec<Vec<i128>>,
    pub(super) sets: Vec<Vec<Vec<u8>>>,
}

impl Summaries {
    pub(super) fn new(spec: &CellSpec) -> Self {
        Self { measures: spec.measures.iter().map(|_measure| Contributions::default()).collect() }
    }

    /// Adds the rows of a batch.
    pub(super) fn update(
        &mut self,
        spec: &CellSpec,
        rows: (&[ArrayRef], &[u32]),
        batch: &Batch<'_>,
    ) -> EngineResult<()> {
        for (measure, contributions) in spec.measures.iter().zip(&mut self.measures) {
            contributions.update(measure, rows, batch)?;
        }
        Ok(())
    }

    /// The summaries of the groups that are emitted, whose patients these are.
    pub(super) fn take(
        &mut self,
        emit_to: EmitTo,
        spec: &CellSpec,
        patients: &[Patients],
    ) -> EngineResult<Columns> {
        let wanted = spec.layout.wanted();
        let mut columns = Columns::default();
        let keys = match (wanted.keys, &spec.keys) {
            (false, _) => None,
            (true, Some(keys)) => Some(keys.as_ref()),
            (true, None) => return exec_err!("kring_cell: no record keys"),
        };
        if let Some(keys) = keys {
            let keys = patients.iter().map(|patients| key(patients, keys));
            columns.counts.push(keys.collect::<EngineResult<_>>()?);
        }
        if wanted.bitmaps {
            let sets = patients.iter().map(|patients| bytes(&patients.set()));
            columns.sets.push(sets.collect::<EngineResult<_>>()?);
        }
        for (measure, contributions) in spec.measures.iter().zip(&mut self.measures) {
            let mut summaries = contributions.take(emit_to, measure, keys)?;
            summaries.resize_with(patients.len(), Summary::default);
            columns.counts.push(summaries.iter().map(|summary| summary.n).collect());
            if wanted.keys {
                columns.counts.push(summaries.iter().map(|summary| summary.key.get()).collect());
            }
            if wanted.tops {
                let mut tops: [Vec<i128>; 3] = Default::default();
                for summary in &summaries {
                    tops.iter_mut().zip(summary.tops).for_each(|(column, top)| column.push(top));
                }
                columns.sums.extend(tops);
            }
            if measure.has_set {
                let sets = summaries.iter().map(|summary| bytes(&summary.patients));
                columns.sets.push(sets.collect::<EngineResult<_>>()?);
            }
        }
        Ok(columns)
    }

    /// Bytes held, roughly.
    pub(super) fn size(&self) -> usize {
        self.measures.iter().map(Contributions::size).fold(0, usize::saturating_add)
    }
}

/// The sum of the record keys of a cell's patients.
fn key(patients: &Patients, keys: &RecordKeys) -> EngineResult<u64> {
    let mut sum = RecordKey::default();
    for patient in patients.set() {
        sum = sum.plus(of_patient(keys, patient)?);
    }
    Ok(sum.get())
}

/// A set as bytes; none for nobody.
fn bytes(set: &RoaringBitmap) -> EngineResult<Vec<u8>> {
    let mut bytes = Vec::new();
    if !set.is_empty() {
        set.serialize_into(&mut bytes).map_err(DataFusionError::IoError)?;
    }
    Ok(bytes)
}
