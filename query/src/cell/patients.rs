//! Distinct patients of a group.

use arrow::array::{Array as _, ArrayRef, AsArray as _};
use arrow::datatypes::UInt32Type;
use datafusion::common::{Result as EngineResult, exec_err};
use roaring::RoaringBitmap;

/// The patients seen in one group. Snapshots are sorted by patient, so rows mostly come in that order and a patient's rows
/// are one run: a list then does what a set would, without a look-up. The first patient out of order makes it a set.
#[derive(Debug)]
pub(super) enum Patients {
    /// Ascending, each once.
    InOrder(Vec<u32>),
    /// In any order.
    Any(RoaringBitmap),
}

impl Default for Patients {
    fn default() -> Self {
        Self::InOrder(Vec::new())
    }
}

impl Patients {
    fn see(&mut self, patient: u32) {
        match self {
            Self::InOrder(seen) => match seen.last() {
                Some(last) if *last == patient => {}
                Some(last) if *last > patient => self.out_of_order(patient),
                Some(_) | None => seen.push(patient),
            },
            Self::Any(seen) => {
                seen.insert(patient);
            }
        }
    }

    #[cold]
    fn out_of_order(&mut self, patient: u32) {
        let mut set: RoaringBitmap = match self {
            Self::InOrder(seen) => seen.drain(..).collect(),
            Self::Any(seen) => std::mem::take(seen),
        };
        set.insert(patient);
        *self = Self::Any(set);
    }

    /// How many they are.
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::InOrder(seen) => u64::try_from(seen.len()).unwrap_or(u64::MAX),
            Self::Any(seen) => seen.len(),
        }
    }

    /// Bytes held, roughly.
    pub(super) fn size(&self) -> usize {
        let held = match self {
            Self::InOrder(seen) => seen.capacity().saturating_mul(size_of::<u32>()),
            Self::Any(seen) => seen.serialized_size(),
        };
        size_of::<Self>().saturating_add(held)
    }
}

/// The patients of a batch of so many rows.
pub(super) fn numbers(column: Option<&ArrayRef>, rows: usize) -> EngineResult<&[u32]> {
    let Some(column) = column.and_then(|column| column.as_primitive_opt::<UInt32Type>()) else {
        return exec_err!("kring_cell: the patient is not a number");
    };
    if column.null_count() > 0 || column.len() != rows {
        return exec_err!("kring_cell: a row without a patient");
    }
    Ok(column.values())
}

/// Adds a batch of rows.
pub(super) fn update(patients: &mut [Patients], numbers: &[u32], groups: &[usize]) {
    for (patient, group) in numbers.iter().zip(groups) {
        if let Some(patients) = patients.get_mut(*group) {
            patients.see(*patient);
        }
    }
}
