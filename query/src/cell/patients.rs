//! Distinct patients of a group.

use arrow::array::{Array as _, ArrayRef, AsArray as _};
use arrow::datatypes::UInt32Type;
use datafusion::common::{Result as EngineResult, exec_err};
use roaring::RoaringBitmap;

/// The patients seen in one group. Snapshots are sorted by patient, so the next row is mostly the last patient again.
#[derive(Debug, Default)]
pub(super) struct Patients {
    last: Option<u32>,
    seen: RoaringBitmap,
}

impl Patients {
    fn see(&mut self, patient: u32) {
        if self.last != Some(patient) {
            self.last = Some(patient);
            self.seen.insert(patient);
        }
    }

    /// How many they are.
    pub(super) fn count(&self) -> u64 {
        self.seen.len()
    }

    /// Bytes held, roughly.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>().saturating_add(self.seen.serialized_size())
    }
}

/// Adds a batch of rows.
pub(super) fn update(
    patients: &mut [Patients],
    column: Option<&ArrayRef>,
    groups: &[usize],
) -> EngineResult<()> {
    let Some(column) = column.and_then(|column| column.as_primitive_opt::<UInt32Type>()) else {
        return exec_err!("kring_cell: the patient is not a number");
    };
    if column.null_count() > 0 || column.len() != groups.len() {
        return exec_err!("kring_cell: a row without a patient");
    }
    for (patient, group) in column.values().iter().zip(groups) {
        if let Some(patients) = patients.get_mut(*group) {
            patients.see(*patient);
        }
    }
    Ok(())
}
