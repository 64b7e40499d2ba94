//! Which hospital writes what down, under which keys.
//!
//! A hospital numbers its own rows, so the same key names different rows at different hospitals, as it does in the field.

use crate::generate::patient::{Cells, Patient, Place};
use crate::generate::table::{Tables, Value};

/// One hospital's tables while they are written.
#[derive(Debug, Default)]
pub(super) struct Book {
    tables: Tables,
}

impl Book {
    /// Writes down what the hospital knows of a patient.
    pub(super) fn write(&mut self, patient: &Patient, at: usize) {
        let is_home = at == patient.home;
        if !is_home && patient.second != Some(at) {
            return;
        }
        let patient_key = self.row("patient", patient.person.clone());
        let mut diagnoses = Vec::new();
        for (index, diagnosis) in patient.diagnoses.iter().enumerate() {
            if !is_home && !diagnosis.shared {
                continue;
            }
            let mut cells = diagnosis.cells.clone();
            cells.insert("patient_key", patient_key.as_str().into());
            cells.insert("attributed", i64::from(is_home).into());
            let key = self.row("diagnosis", cells);
            self.tables.clinical.insert(key.clone(), (patient.home, patient.number, index));
            diagnoses.push((index, key, diagnosis.shared));
        }
        for (index, key, shared) in diagnoses {
            self.children(patient, index, &key, |place| match place {
                Place::Both => true,
                Place::Home => is_home,
                Place::Away => !shared || !is_home,
            });
        }
    }

    fn children(
        &mut self,
        patient: &Patient,
        diagnosis: usize,
        diagnosis_key: &str,
        known: impl Fn(Place) -> bool,
    ) {
        // A treatment comes before what belongs to it.
        let mut treatment_key = (None, String::new());
        let mine =
            |row: &&crate::generate::patient::Row| row.diagnosis == diagnosis && known(row.place);
        for row in patient.rows.iter().filter(mine) {
            let mut cells = row.cells.clone();
            cells.insert("diagnosis_key", diagnosis_key.into());
            if row.table == "treatment" {
                treatment_key = (row.treatment, self.row("treatment", cells));
                continue;
            }
            if row.treatment.is_some() && row.treatment == treatment_key.0 {
                cells.insert("treatment_key", treatment_key.1.as_str().into());
            }
            self.row(row.table, cells);
        }
    }

    /// Adds a row under the table's next key, and returns that.
    fn row(&mut self, name: &str, mut cells: Cells) -> String {
        let Some(table) = self.tables.tables.iter_mut().find(|table| table.name == name) else {
            return String::new();
        };
        let letter = name.chars().next().unwrap_or_default().to_ascii_uppercase();
        let key = format!("{letter}{:06}", table.rows.len().saturating_add(1));
        let mut columns = table.columns.iter();
        let mut row = vec![Value::from(key.as_str())];
        columns.next();
        row.extend(columns.map(|column| cells.remove(column).unwrap_or(Value::Null)));
        debug_assert!(cells.is_empty(), "no such columns of {name}: {cells:?}");
        table.rows.push(row);
        key
    }

    /// The finished tables.
    pub(super) fn close(self) -> Tables {
        self.tables
    }
}
