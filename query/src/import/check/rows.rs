//! One table's rows judged, one by one.

use policies::Ident;
use policies::dataset::{Column, ForeignKey, Table};

use crate::import::check::fault::BadRow;
use crate::import::check::{Accepted, Checker, Fate, Key};
use crate::import::mapping::{Input, InputBatch};
use crate::import::report::{RowProblem, Tally};
use crate::import::value::{self, BadValue, Value};

/// The column, where it is one, and what is wrong.
type Fault = (Option<Ident>, BadRow);

/// What becomes of a row.
pub(super) enum Verdict<'a> {
    Accept { values: Vec<Value<'a>>, key: Key, patient: usize },
    LeaveOut,
    Reject(Vec<Fault>),
}

/// The rows of the table under check.
pub(super) struct Rows<'a, 'c> {
    checker: &'c Checker<'a>,
    table: &'a Table,
    key: Option<usize>,
    /// Place of each foreign key's column.
    parents: Vec<(usize, &'a Ident)>,
    pub(super) accepted: Accepted<'a>,
}

impl<'a, 'c> Rows<'a, 'c> {
    pub(super) fn new(
        checker: &'c Checker<'a>,
        table: &'a Table,
        columns: Vec<&'a Column>,
    ) -> Self {
        let place = |name: &Ident| columns.iter().position(|column| column.name == *name);
        let key = place(&table.key);
        let parent = |key: &'a ForeignKey| place(&key.column).map(|place| (place, &key.table));
        let parents = table.foreign_keys.iter().filter_map(parent).collect();
        Self { checker, table, key, parents, accepted: Accepted::new(columns) }
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
            || self.parents.first().is_some_and(|(first, _)| *first == place);
        if needed && checked == Value::Null { Err(BadValue::Missing) } else { Ok(checked) }
    }

    fn key(&self, batch: &InputBatch, row: usize) -> Option<Key> {
        Key::of(&self.value(batch, row, self.key?).ok()?)
    }

    /// Marks every key that a row opts out, or may: another row of the patient does not bring the patient back.
    pub(super) fn opt_outs(&mut self, batch: &InputBatch) {
        let Some(column) = &batch.opt_out else { return };
        for row in 0..batch.rows {
            let said = value::opted_out(column.get(row));
            let (Some(key), false) = (self.key(batch, row), said == Some(false)) else {
                continue;
            };
            let fate = match said {
                Some(_) => Fate::OptedOut,
                None => Fate::Rejected { line: batch.line(row) },
            };
            let known = self.accepted.fates.entry(key).or_insert(fate);
            if matches!(fate, Fate::OptedOut) {
                *known = fate;
            }
        }
    }

    pub(super) fn judge<'b>(&mut self, batch: &'b InputBatch, row: usize) -> Verdict<'b> {
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
            let got = value::show(raw);
            faults.push((None, BadRow::OptOutUnreadable { got }));
        }
        let values = self.values(batch, row, &mut faults);
        let patient = self.patient(batch, row, &mut faults);
        if faults.is_empty() {
            faults.extend(key.as_ref().and_then(|key| self.duplicate(key)));
        }
        match (key, patient) {
            (Some(key), Some(patient)) if faults.is_empty() => {
                Verdict::Accept { values, key, patient }
            }
            (key, _) => {
                let fate = Fate::Rejected { line: batch.line(row) };
                if let Some(key) = key {
                    self.accepted.fates.entry(key).or_insert(fate);
                }
                Verdict::Reject(faults)
            }
        }
    }

    /// Every good value; as many as columns if none is bad.
    fn values<'b>(
        &self,
        batch: &'b InputBatch,
        row: usize,
        faults: &mut Vec<Fault>,
    ) -> Vec<Value<'b>> {
        let mut values = Vec::with_capacity(self.accepted.columns.len());
        for (place, (column, _)) in self.accepted.columns.iter().enumerate() {
            match self.value(batch, row, place) {
                Ok(value) => values.push(value),
                Err(bad) => faults.push((Some(column.name.clone()), BadRow::Value(bad))),
            }
        }
        values
    }

    fn duplicate(&self, key: &Key) -> Option<Fault> {
        match self.accepted.fates.get(key) {
            Some(Fate::Accepted { line, .. } | Fate::Rejected { line }) => {
                let name = Some(self.table.key.clone());
                Some((name, BadRow::DuplicateKey { first: *line }))
            }
            Some(Fate::OptedOut) | None => None,
        }
    }

    /// Whether the row's patient opted out, by its own key or along a foreign key.
    fn is_left_out(&self, batch: &InputBatch, row: usize, key: Option<&Key>) -> bool {
        let out = |fate: Option<&Fate>| matches!(fate, Some(Fate::OptedOut));
        out(key.and_then(|key| self.accepted.fates.get(key)))
            || self.parents.iter().any(|(place, table)| {
                let key = self.value(batch, row, *place).ok().and_then(|value| Key::of(&value));
                out(key.and_then(|key| self.checker.done.get(table)?.fates.get(&key)))
            })
    }

    /// The row's patient along its foreign keys; a patient is its own.
    fn patient(&self, batch: &InputBatch, row: usize, faults: &mut Vec<Fault>) -> Option<usize> {
        if self.parents.is_empty() {
            return Some(self.accepted.keys.len());
        }
        let mut patient = None;
        for (place, table) in &self.parents {
            let value = self.value(batch, row, *place);
            let Some(key) = value.ok().and_then(|value| Key::of(&value)) else {
                continue;
            };
            let fate = self.checker.done.get(table).and_then(|parent| parent.fates.get(&key));
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
            let column = self.accepted.columns.get(*place).map(|(column, _)| column.name.clone());
            faults.push((column, fault));
        }
        patient
    }

    pub(super) fn report(
        &self,
        line: Option<u64>,
        faults: Vec<Fault>,
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
