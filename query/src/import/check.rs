//! Rows against the dataset: values, keys, foreign keys, opt-outs.
//!
//! Tables come parents first, so a foreign key is looked up among rows whose fate is known. Of rows with one key the
//! first is taken and the others are rejected, also where the first was rejected: which of them is right is not for
//! this program to say. All foreign keys of a row must lead to one patient: joins along them stay inside a patient.

mod fault;
mod rows;

use std::collections::{BTreeMap, HashMap};

use policies::Ident;
use policies::dataset::{Column, ColumnType, Dataset, Table};

use crate::import::mapping::Input;
use crate::import::order::read_columns;
use crate::import::report::{TableCounts, Tally, bump};
use crate::import::value::Value;
use rows::{Rows, Verdict};

/// A row's key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    Integer(i64),
    Text(String),
}

impl Key {
    fn of(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::Units { units, .. } => Some(Self::Integer(*units)),
            Value::Text(text) => Some(Self::Text(text.to_string())),
        }
    }

    /// The key in the numbering file.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Integer(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// What became of a key.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// Its row is accepted and belongs to this row of the patient table.
    Accepted {
        patient: usize,
        line: Option<u64>,
    },
    Rejected {
        line: Option<u64>,
    },
    OptedOut,
}

/// Accepted values of one column, in units of its scale.
#[derive(Clone, Debug)]
pub(crate) enum Store {
    Units(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
}

/// Accepted rows of one table.
#[derive(Debug)]
pub(crate) struct Accepted<'a> {
    pub(crate) columns: Vec<(&'a Column, Store)>,
    /// Each row's key.
    pub(crate) keys: Vec<Key>,
    /// Each row's patient, as a row of the patient table.
    pub(crate) patients: Vec<usize>,
    fates: HashMap<Key, Fate>,
}

/// Checks table after table.
#[derive(Debug)]
pub(crate) struct Checker<'a> {
    dataset: &'a Dataset,
    done: BTreeMap<&'a Ident, Accepted<'a>>,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(dataset: &'a Dataset) -> Self {
        Self { dataset, done: BTreeMap::new() }
    }

    /// The accepted rows of a table that was checked.
    pub(crate) fn accepted(&self, table: &Ident) -> Option<&Accepted<'a>> {
        self.done.get(table)
    }

    /// The accepted patients' keys, by row of the patient table.
    pub(crate) fn patient_keys(&self) -> &[Key] {
        self.done.get(&self.dataset.patient).map_or(&[], |table| table.keys.as_slice())
    }

    /// Checks every row of `table`, whose parents were checked before.
    pub(crate) fn table(&mut self, table: &'a Table, input: &Input, tally: &mut Tally) {
        let columns = read_columns(table);
        let mut rows = Rows::new(self, table, columns);
        for batch in &input.batches {
            rows.opt_outs(batch);
        }
        let mut counts = TableCounts::default();
        for batch in &input.batches {
            for row in 0..batch.rows {
                bump(&mut counts.read);
                match rows.judge(batch, row) {
                    Verdict::LeaveOut => bump(&mut counts.opted_out),
                    Verdict::Accept { values, key, patient } => {
                        bump(&mut counts.accepted);
                        let line = batch.line(row);
                        rows.accepted.fates.insert(key.clone(), Fate::Accepted { patient, line });
                        rows.accepted.push(values, key, patient, &mut counts);
                    }
                    Verdict::Reject(faults) => {
                        bump(&mut counts.rejected);
                        rows.report(batch.line(row), faults, input, tally);
                    }
                }
            }
        }
        let accepted = rows.accepted;
        tally.table(&table.name, counts, table.name == self.dataset.patient);
        self.done.insert(&table.name, accepted);
    }
}

impl<'a> Accepted<'a> {
    fn new(columns: Vec<&'a Column>) -> Self {
        let store = |column: &'a Column| {
            let store = match column.kind {
                ColumnType::Text => Store::Text(Vec::new()),
                ColumnType::Integer | ColumnType::Decimal { .. } => Store::Units(Vec::new()),
            };
            (column, store)
        };
        let columns = columns.into_iter().map(store).collect();
        Self { columns, keys: Vec::new(), patients: Vec::new(), fates: HashMap::new() }
    }

    fn push(&mut self, values: Vec<Value<'_>>, key: Key, patient: usize, counts: &mut TableCounts) {
        for ((column, store), value) in self.columns.iter_mut().zip(values) {
            match (store, value) {
                (Store::Units(store), Value::Units { units, rounded, clamped }) => {
                    if rounded {
                        bump(&mut counts.rounded);
                    }
                    if clamped {
                        bump(counts.clamped.entry(column.name.clone()).or_default());
                    }
                    store.push(Some(units));
                }
                (Store::Text(store), Value::Text(text)) => store.push(Some(text.into_owned())),
                (Store::Units(store), Value::Null | Value::Text(_)) => store.push(None),
                (Store::Text(store), Value::Null | Value::Units { .. }) => store.push(None),
            }
        }
        self.keys.push(key);
        self.patients.push(patient);
    }
}
