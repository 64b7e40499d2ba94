//! The hidden summaries of a run's cells, where some are wanted.

use std::sync::Arc;

use arrow::array::ArrayRef;
use datafusion::common::{DataFusionError, Result as EngineResult, exec_err};
use roaring::RoaringBitmap;

use super::contributions::{Contributions, Measured, Named, Tally, of_patients};
use super::grouped::{ByGroup, Folded};
use super::slots::{Order, Slots};
use super::sums::Batch;
use super::{CellError, CellSpec};
use crate::record::{RecordKey, RecordKeys};

/// What is gathered of every patient and measure.
#[derive(Debug)]
pub(super) struct Summaries {
    slots: Slots,
    /// What patients contribute to the number of rows.
    everyone: Contributions,
    /// Sum of the patients' record keys, of each group, where keys or marks are wanted; not reduced yet.
    keys: Vec<u128>,
    measures: Vec<Measured>,
    /// Slots that are closed, by group.
    by_group: Option<ByGroup>,
}

/// Columns in the order of the layout: the patients' count first, then what is wanted beside it.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) counts: Vec<Vec<u64>>,
    pub(super) sums: Vec<Vec<i128>>,
    pub(super) sets: Vec<Arc<Vec<Vec<u8>>>>,
    /// For each measure the sums of its contributions, of which figures are made.
    pub(super) made: Vec<Vec<i128>>,
}

impl Summaries {
    pub(super) fn new(spec: &CellSpec, groups: usize, order: Order) -> Self {
        let wanted = spec.layout.wanted();
        let named = Named { keys: wanted.keys, marks: wanted.marks };
        let measured = |measure| Measured::new(measure, groups, named);
        Self {
            slots: Slots::new(groups, order),
            everyone: Contributions::new(groups, false, (named, wanted.bitmaps)),
            keys: if wanted.record_keys() { vec![0; groups] } else { Vec::new() },
            measures: spec.measures.iter().map(measured).collect(),
            by_group: ByGroup::new(groups, order),
        }
    }

    /// Adds the rows of a batch.
    pub(super) fn update(
        &mut self,
        spec: &CellSpec,
        (values, patients): (&[ArrayRef], &[u32]),
        (batch, groups): (&Batch<'_>, &[usize]),
    ) -> Result<(), CellError> {
        let Self { slots, everyone, measures, .. } = self;
        slots.update(patients, groups).map_err(|_disorder| CellError::OutOfOrder)?;
        for (measure, measured) in spec.measures.iter().zip(measures) {
            measured.update(measure, values, (slots, batch), everyone)?;
        }
        everyone.count(slots, groups.len(), None);
        Ok(self.close(spec, false)?)
    }

    /// Folds what is whole.
    fn close(&mut self, spec: &CellSpec, end: bool) -> EngineResult<()> {
        let Self { slots, everyone, keys, measures, by_group } = self;
        let closed = slots.closed(end);
        if closed.groups.is_empty() {
            return Ok(());
        }
        let record = match record_keys(spec)? {
            Some(known) => of_patients(known, closed.patients)?,
            None => Vec::new(),
        };
        for (group, key) in closed.groups.iter().zip(&record) {
            if let Some(sum) = keys.get_mut(*group) {
                *sum = sum.saturating_add(key.get().into());
            }
        }
        by_group.iter_mut().for_each(|by_group| by_group.sort(closed.groups));
        let folded = Folded { closed, record: &record, by_group: by_group.as_ref() };
        measures.iter_mut().for_each(|measured| measured.close(folded, everyone));
        everyone.close(folded);
        let closed = closed.groups.len();
        slots.forget(closed);
        Ok(())
    }

    /// The summaries of all groups.
    pub(super) fn finish(mut self, spec: &CellSpec) -> EngineResult<Columns> {
        self.close(spec, true)?;
        let Self { everyone, keys, measures, .. } = self;
        let wanted = spec.layout.wanted();
        let all = everyone.tallies();
        let mut columns = Columns::default();
        columns.counts.push(contributors(&all));
        if wanted.record_keys() {
            let reduced = keys.iter().map(|sum| RecordKey::reduced_sum(*sum).get());
            columns.counts.push(reduced.collect());
        }
        let sets = Arc::new(bytes(everyone.sets())?);
        for (measure, measured) in spec.measures.iter().zip(&measures) {
            let own = measured.own();
            let tallies = own.map_or_else(|| all.clone(), Contributions::tallies);
            columns.counts.push(contributors(&tallies));
            if wanted.keys {
                columns.counts.push(own.unwrap_or(&everyone).keys());
            }
            if wanted.marks {
                columns.counts.push(own.unwrap_or(&everyone).marks());
            }
            if measure.has_rest() {
                let groups = tallies.len();
                columns.counts.push(own.map_or_else(|| vec![0; groups], |own| own.rest().to_vec()));
            }
            if wanted.tops {
                columns.sums.push(tallies.iter().map(|tally| tally.first).collect());
                columns.sums.push(tallies.iter().map(|tally| tally.second).collect());
                columns.sums.push(tallies.iter().map(|tally| tally.all).collect());
            }
            if measure.has_set {
                let own = own.map(|own| bytes(own.sets())).transpose()?;
                columns.sets.push(own.map_or_else(|| Arc::clone(&sets), Arc::new));
            }
            columns.made.push(tallies.iter().map(|tally| tally.sum).collect());
        }
        if wanted.bitmaps {
            columns.sets.insert(0, sets);
        }
        Ok(columns)
    }

    /// Bytes held, roughly.
    pub(super) fn size(&self) -> usize {
        let keys = self.keys.len().saturating_mul(size_of::<u128>());
        let sorted = self.by_group.as_ref().map_or(0, ByGroup::size);
        let held = [self.slots.size(), self.everyone.size(), keys, sorted].into_iter();
        held.chain(self.measures.iter().map(Measured::size)).fold(0, usize::saturating_add)
    }
}

/// The snapshot's record keys, if they are wanted.
fn record_keys(spec: &CellSpec) -> EngineResult<Option<&RecordKeys>> {
    match (spec.layout.wanted().record_keys(), &spec.keys) {
        (false, _) => Ok(None),
        (true, Some(keys)) => Ok(Some(keys.as_ref())),
        (true, None) => exec_err!("kring_cell: no record keys"),
    }
}

fn contributors(tallies: &[Tally<i128>]) -> Vec<u64> {
    tallies.iter().map(|tally| tally.n).collect()
}

/// Sets of patients as bytes; none for nobody.
fn bytes(sets: &[Vec<u32>]) -> EngineResult<Vec<Vec<u8>>> {
    let bytes = |patients: &Vec<u32>| {
        let mut bytes = Vec::new();
        if !patients.is_empty() {
            let set: RoaringBitmap = match RoaringBitmap::from_sorted_iter(patients.iter().copied())
            {
                Ok(set) => set,
                Err(_in_disorder) => patients.iter().copied().collect(),
            };
            set.serialize_into(&mut bytes).map_err(DataFusionError::IoError)?;
        }
        Ok(bytes)
    };
    sets.iter().map(bytes).collect()
}
