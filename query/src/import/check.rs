//! Rows against the dataset: values, keys, foreign keys, opt-outs.
//!
//! Tables come parents first, so a foreign key is looked up among rows whose fate is known. Of rows with one key the
//! first is taken and the others are rejected, also where the first was rejected: which of them is right is not for
//! this program to say. All foreign keys of a row must lead to one patient: joins along them stay inside a patient.

use std::collections::{BTreeMap, HashMap};

use policies::Ident;
use policies::dataset::{Column, Dataset, Table};

use crate::import::mapping::{Input, InputBatch};
use crate::import::order::read_columns;
use crate::import::report::{RowProblem, TableCounts, Tally, bump};
use crate::import::value::{self, BadValue, Value};

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

/// What is wrong with a row as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum BadRow {
    #[error("{0}")]
    Value(BadValue),
    #[error("the key was used before{}", at_line(*first))]
    DuplicateKey { first: Option<u64> },
    #[error("the row of `{table}` that it belongs to was rejected")]
    ParentRejected { table: Ident },
    #[error("no row of `{table}` has this key")]
    ParentUnknown { table: Ident },
    #[error("the row of `{table}` is of another patient than the row's first foreign key")]
    OtherPatient { table: Ident },
    #[error(
        "`{got}` does not say whether the patient opted out: 1, true, ja, yes or 0, false, nee, no"
    )]
    OptOutUnreadable { got: String },
}

fn at_line(line: Option<u64>) -> String {
    line.map(|line| format!(", on line {line}"))
        .unwrap_or_default()
}

impl BadRow {
    fn code(&self) -> &'static str {
        match self {
            Self::Value(value) => value.code(),
            Self::DuplicateKey { .. } => "duplicate_key",
            Self::ParentRejected { .. } => "parent_rejected",
            Self::ParentUnknown { .. } => "foreign_key_unknown",
            Self::OtherPatient { .. } => "foreign_keys_disagree",
            Self::OptOutUnreadable { .. } => "opt_out_unreadable",
        }
    }
}

/// What becomes of a row.
enum Verdict<'a> {
    Accept {
        values: Vec<Value<'a>>,
        key: Key,
        patient: usize,
    },
    LeaveOut,
    Reject(Vec<(Option<Ident>, BadRow)>),
}

impl<'a> Checker<'a> {
    pub(crate) fn new(dataset: &'a Dataset) -> Self {
        Self {
            dataset,
            done: BTreeMap::new(),
        }
    }

    /// The accepted rows of a table that was checked.
    pub(crate) fn accepted(&self, table: &Ident) -> Option<&Accepted<'a>> {
        self.done.get(table)
    }

    /// How many patients were accepted.
    pub(crate) fn patients(&self) -> usize {
        self.patient_keys().len()
    }

    /// The accepted patients' keys, by row of the patient table.
    pub(crate) fn patient_keys(&self) -> &[Key] {
        self.done
            .get(&self.dataset.patient)
            .map_or(&[], |table| table.keys.as_slice())
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
                    Verdict::Accept {
                        values,
                        key,
                        patient,
                    } => {
                        bump(&mut counts.accepted);
                        let line = batch.line(row);
                        rows.accepted
                            .fates
                            .insert(key.clone(), Fate::Accepted { patient, line });
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
                policies::dataset::ColumnType::Text => Store::Text(Vec::new()),
                policies::dataset::ColumnType::Integer
                | policies::dataset::ColumnType::Decimal { .. } => Store::Units(Vec::new()),
            };
            (column, store)
        };
        let columns = columns.into_iter().map(store).collect();
        Self {
            columns,
            keys: Vec::new(),
            patients: Vec::new(),
            fates: HashMap::new(),
        }
    }

    fn push(&mut self, values: Vec<Value<'_>>, key: Key, patient: usize, counts: &mut TableCounts) {
        for ((_, store), value) in self.columns.iter_mut().zip(values) {
            match (store, value) {
                (Store::Units(store), Value::Units { units, rounded }) => {
                    if rounded {
                        bump(&mut counts.rounded);
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

/// The rows of the table under check.
struct Rows<'a, 'c> {
    checker: &'c Checker<'a>,
    table: &'a Table,
    key: Option<usize>,
    /// Place of each foreign key's column.
    parents: Vec<(usize, &'a Ident)>,
    accepted: Accepted<'a>,
}

impl<'a, 'c> Rows<'a, 'c> {
    fn new(checker: &'c Checker<'a>, table: &'a Table, columns: Vec<&'a Column>) -> Self {
        let place = |name: &Ident| columns.iter().position(|column| column.name == *name);
        let key = place(&table.key);
        let parent = |key: &'a policies::dataset::ForeignKey| {
            place(&key.column).map(|place| (place, &key.table))
        };
        let parents = table.foreign_keys.iter().filter_map(parent).collect();
        Self {
            checker,
            table,
            key,
            parents,
            accepted: Accepted::new(columns),
        }
    }

    fn value<'b>(
        &self,
        batch: &'b InputBatch,
        row: usize,
        place: usize,
    ) -> Result<Value<'b>, BadValue> {
        let column = self.accepted.columns.get(place).ok_or(BadValue::Missing)?;
        let raw = batch.columns.get(place).ok_or(BadValue::Missing)?.get(row);
        let checked = value::check(column.0, raw)?;
        let needed = Some(place) == self.key
            || self
                .parents
                .first()
                .is_some_and(|(first, _)| *first == place);
        if needed && checked == Value::Null {
            Err(BadValue::Missing)
        } else {
            Ok(checked)
        }
    }

    fn key(&self, batch: &InputBatch, row: usize) -> Option<Key> {
        Key::of(&self.value(batch, row, self.key?).ok()?)
    }

    /// Marks every key that a row opts out, or may: another row of the patient does not bring the patient back.
    fn opt_outs(&mut self, batch: &InputBatch) {
        let Some(column) = &batch.opt_out else { return };
        for row in 0..batch.rows {
            let said = value::opted_out(column.get(row));
            let (Some(key), false) = (self.key(batch, row), said == Some(false)) else {
                continue;
            };
            let fate = match said {
                Some(_) => Fate::OptedOut,
                None => Fate::Rejected {
                    line: batch.line(row),
                },
            };
            let known = self.accepted.fates.entry(key).or_insert(fate);
            if matches!(fate, Fate::OptedOut) {
                *known = fate;
            }
        }
    }

    fn judge<'b>(&mut self, batch: &'b InputBatch, row: usize) -> Verdict<'b> {
        let key = self.key(batch, row);
        let said = batch.opt_out.as_ref().map(|column| column.get(row));
        if self.is_left_out(batch, row, key.as_ref())
            || said.is_some_and(|raw| value::opted_out(raw) == Some(true))
        {
            if let Some(key) = key {
                self.accepted.fates.entry(key).or_insert(Fate::OptedOut);
            }
            return Verdict::LeaveOut;
        }
        let mut faults = Vec::new();
        if let Some(raw) = said.filter(|raw| value::opted_out(*raw).is_none()) {
            faults.push((
                None,
                BadRow::OptOutUnreadable {
                    got: value::show(raw),
                },
            ));
        }
        let mut values = Vec::with_capacity(self.accepted.columns.len());
        for (place, (column, _)) in self.accepted.columns.iter().enumerate() {
            match self.value(batch, row, place) {
                Ok(value) => values.push(value),
                Err(bad) => faults.push((Some(column.name.clone()), BadRow::Value(bad))),
            }
        }
        let patient = self.patient(batch, row, &mut faults);
        if let (Some(key), true) = (&key, faults.is_empty()) {
            match self.accepted.fates.get(key) {
                Some(Fate::Accepted { line, .. } | Fate::Rejected { line }) => {
                    let name = Some(self.table.key.clone());
                    faults.push((name, BadRow::DuplicateKey { first: *line }));
                }
                Some(Fate::OptedOut) | None => {}
            }
        }
        match (key, patient) {
            (Some(key), Some(patient)) if faults.is_empty() => Verdict::Accept {
                values,
                key,
                patient,
            },
            (key, _) => {
                if let Some(key) = key {
                    let line = batch.line(row);
                    self.accepted
                        .fates
                        .entry(key)
                        .or_insert(Fate::Rejected { line });
                }
                Verdict::Reject(faults)
            }
        }
    }

    /// Whether the row's patient opted out, by its own key or along a foreign key.
    fn is_left_out(&self, batch: &InputBatch, row: usize, key: Option<&Key>) -> bool {
        let out = |fate: Option<&Fate>| matches!(fate, Some(Fate::OptedOut));
        out(key.and_then(|key| self.accepted.fates.get(key)))
            || self.parents.iter().any(|(place, table)| {
                let key = self
                    .value(batch, row, *place)
                    .ok()
                    .and_then(|value| Key::of(&value));
                out(key.and_then(|key| self.checker.done.get(table)?.fates.get(&key)))
            })
    }

    /// The row's patient along its foreign keys; a patient is its own.
    fn patient(
        &self,
        batch: &InputBatch,
        row: usize,
        faults: &mut Vec<(Option<Ident>, BadRow)>,
    ) -> Option<usize> {
        if self.parents.is_empty() {
            return Some(self.accepted.keys.len());
        }
        let mut patient = None;
        for (place, table) in &self.parents {
            let value = self.value(batch, row, *place);
            let Some(key) = value.ok().and_then(|value| Key::of(&value)) else {
                continue;
            };
            let fate = self
                .checker
                .done
                .get(table)
                .and_then(|parent| parent.fates.get(&key));
            let table = (*table).clone();
            let fault = match fate {
                Some(Fate::Accepted { patient: found, .. }) => {
                    if patient.is_none_or(|patient| patient == *found) {
                        patient = Some(*found);
                        continue;
                    }
                    BadRow::OtherPatient { table }
                }
                Some(Fate::Rejected { .. }) => BadRow::ParentRejected { table },
                Some(Fate::OptedOut) | None => BadRow::ParentUnknown { table },
            };
            let column = self
                .accepted
                .columns
                .get(*place)
                .map(|(column, _)| column.name.clone());
            faults.push((column, fault));
        }
        patient
    }

    fn report(
        &self,
        line: Option<u64>,
        faults: Vec<(Option<Ident>, BadRow)>,
        input: &Input,
        tally: &mut Tally,
    ) {
        for (column, fault) in faults {
            tally.problem(RowProblem {
                source: input.source.clone(),
                line,
                table: Some(self.table.name.clone()),
                column,
                code: fault.code(),
                reason: fault.to_string(),
            });
        }
    }
}
