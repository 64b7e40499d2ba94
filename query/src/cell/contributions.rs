//! What patients contribute to a measure, group by group.
//!
//! A contribution is the sum of a patient's rows in the cell that meet the condition and have a value, each clamped to the
//! declared bounds. Rows mostly come patient by patient, so a contribution is the last of a list while its patient's rows go
//! by; where they come in another order a patient is in the list several times, and the list is put in order when it has
//! doubled, and at the end. Summaries are made at the end, of whole contributions.

use arrow::array::ArrayRef;
use datafusion::common::{Result as EngineResult, exec_err};
use datafusion::logical_expr::EmitTo;
use policies::footprint::MeasureKind;
use roaring::RoaringBitmap;

use super::keys::Keys;
use super::sums::{Batch, Rows};
use super::{Bounds, Spec};
use crate::record::{RecordKey, RecordKeys};

mod list;

use list::List;

/// A measure, and where its inputs are among the arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MeasureSpec {
    /// What a row adds.
    pub(crate) kind: MeasureKind,
    /// Its rows, as of a sum of it.
    pub(crate) rows: Spec,
    /// Least and greatest value of a row.
    pub(crate) bounds: Bounds,
    /// Whether the set of contributors is asked for.
    pub(crate) has_set: bool,
}

/// The contributions to one measure.
#[derive(Debug, Default)]
pub(super) struct Contributions {
    groups: Vec<List>,
    /// Keys seen, where keys are counted.
    seen: Vec<Keys>,
}

/// What is told of the contributions to one measure in one cell.
#[derive(Debug, Default)]
pub(super) struct Summary {
    /// Contributors.
    pub(super) n: u64,
    /// Sum of the contributions' keys.
    pub(super) key: RecordKey,
    /// The two largest absolute contributions, and the sum of all.
    pub(super) tops: [i128; 3],
    /// The contributors.
    pub(super) patients: RoaringBitmap,
}

impl Contributions {
    /// Adds the rows of a batch.
    pub(super) fn update(
        &mut self,
        spec: &MeasureSpec,
        (values, patients): (&[ArrayRef], &[u32]),
        batch: &Batch<'_>,
    ) -> EngineResult<()> {
        let rows = Rows::new(&spec.rows, values, batch)?;
        let Self { groups, seen } = self;
        if groups.len() < batch.total() {
            groups.resize_with(batch.total(), List::default);
        }
        let mut add = |row: usize, group: usize, value: i128| {
            if let (Some(list), Some(patient)) = (groups.get_mut(group), patients.get(row)) {
                list.add(*patient, value);
            }
        };
        match spec.kind {
            MeasureKind::Rows => rows.visit(|row, group| add(row, group, 1)),
            MeasureKind::Keys => {
                if seen.len() < batch.total() {
                    seen.resize_with(batch.total(), Keys::default);
                }
                let keys = rows.key_column()?;
                rows.visit(|row, group| {
                    if seen.get_mut(group).is_some_and(|seen| keys.see(row, seen)) {
                        add(row, group, 1);
                    }
                });
            }
            MeasureKind::Flag => {
                let numbers = rows.numbers()?;
                rows.visit(|row, group| {
                    if spec.bounds.clamp(numbers.get(row)) == 1 {
                        add(row, group, 1);
                    }
                });
            }
            MeasureKind::Value => {
                let numbers = rows.numbers()?;
                rows.visit(|row, group| add(row, group, spec.bounds.clamp(numbers.get(row))));
            }
        }
        Ok(())
    }

    /// The summaries of the groups that are emitted, in their order; `keys` only where they are wanted.
    pub(super) fn take(
        &mut self,
        emit_to: EmitTo,
        spec: &MeasureSpec,
        keys: Option<&RecordKeys>,
    ) -> EngineResult<Vec<Summary>> {
        if spec.kind == MeasureKind::Keys {
            let _counted = emit_to.take_needed(&mut self.seen);
        }
        let lists = emit_to.take_needed(&mut self.groups);
        lists.into_iter().map(|list| summary(list, spec, keys)).collect()
    }

    /// Bytes held, roughly.
    pub(super) fn size(&self) -> usize {
        let lists = self.groups.iter().map(List::size);
        lists.chain(self.seen.iter().map(Keys::size)).fold(0, usize::saturating_add)
    }
}

fn summary(list: List, spec: &MeasureSpec, keys: Option<&RecordKeys>) -> EngineResult<Summary> {
    let mut summary = Summary::default();
    let [mut first, mut second, mut all] = [0_i128; 3];
    for (patient, contribution) in list.contributions() {
        summary.n = summary.n.saturating_add(1);
        if let Some(keys) = keys {
            let key = of_patient(keys, patient)?.of_contribution(contribution);
            summary.key = summary.key.plus(key);
        }
        let size = contribution.saturating_abs();
        all = all.saturating_add(size);
        if size > first {
            (first, second) = (size, first);
        } else if size > second {
            second = size;
        }
        if spec.has_set {
            summary.patients.insert(patient);
        }
    }
    summary.tops = [first, second, all];
    Ok(summary)
}

/// The record key of a patient: every patient of a sealed snapshot has one.
pub(super) fn of_patient(keys: &RecordKeys, patient: u32) -> EngineResult<RecordKey> {
    match keys.of(patient) {
        Some(key) => Ok(key),
        None => exec_err!("kring_cell: a patient without a record key"),
    }
}
