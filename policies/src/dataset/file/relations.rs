//! Keys: every row of every table belongs to one patient.

use std::collections::{BTreeMap, BTreeSet};

use crate::Ident;
use crate::dataset::{Class, Column, ForeignKey, Table};
use crate::problem::Problems;
use crate::reader::{At, Fields};

use super::TableDraft;

/// Reads `foreign_keys`.
pub(super) fn foreign_keys(
    table: &mut Fields<'_>,
    problems: &mut Problems<'_>,
) -> Vec<At<ForeignKey>> {
    let mut found: Vec<At<ForeignKey>> = Vec::new();
    for mut fields in table.tables("foreign_keys", problems) {
        let offset = fields.offset();
        let column = fields.name::<Ident>("column", problems);
        let target = fields.name::<Ident>("table", problems);
        fields.finish(problems);
        let (Some(column), Some(target)) = (column, target) else {
            continue;
        };
        let key = ForeignKey { column: column.value, table: target.value };
        if found.iter().any(|known| known.value.column == key.column) {
            problems.at(offset, format!("column `{}` is a foreign key twice", key.column));
        }
        found.push(At { offset, value: key });
    }
    found
}

/// The key column exists, is a key and always there; no other column is a key without a reason.
pub(super) fn key_column(table: &Table, offset: usize, problems: &mut Problems<'_>) {
    // A table whose columns were not read has that problem already.
    if table.columns.is_empty() {
        return;
    }
    key_like(table, &table.key, offset, problems);
    if table.column(table.key.as_str()).is_some_and(|column| column.nullable) {
        problems.at(offset, format!("the key column `{}` cannot be nullable", table.key));
    }
    for column in table.columns.iter().filter(|column| column.class == Class::Key) {
        if table.key_of(column.name.as_str()).is_none() {
            let message = format!(
                "column `{}` of table `{}` is a key of nothing: name it in `key` or `foreign_keys`, or make it hidden",
                column.name, table.name
            );
            problems.at(offset, message);
        }
    }
}

fn key_like<'t>(
    table: &'t Table,
    name: &Ident,
    offset: usize,
    problems: &mut Problems<'_>,
) -> Option<&'t Column> {
    let column = table.column(name.as_str());
    match column {
        None => problems.at(offset, format!("table `{}` has no column `{name}`", table.name)),
        Some(column) if column.class != Class::Key => {
            problems.at(offset, format!("column `{name}` is used as a key: give it class \"key\""));
        }
        Some(_) => {}
    }
    column
}

/// Every foreign key points at a key, and every table leads to the patient table.
pub(super) fn check(
    patient: Option<&At<Ident>>,
    drafts: &[TableDraft],
    problems: &mut Problems<'_>,
) {
    let tables: BTreeMap<&Ident, &Table> =
        drafts.iter().map(|draft| (&draft.table.name, &draft.table)).collect();
    for draft in drafts {
        for (key, offset) in draft.table.foreign_keys.iter().zip(&draft.foreign_keys) {
            foreign_key(&draft.table, key, &tables, *offset, problems);
        }
    }
    let Some(patient) = patient else { return };
    if !tables.contains_key(&patient.value) {
        let message = format!("`patient` names table `{}`, which is not declared", patient.value);
        problems.at(patient.offset, message);
        return;
    }
    for draft in drafts {
        leads_to_patient(draft, &patient.value, &tables, problems);
    }
}

fn foreign_key(
    table: &Table,
    key: &ForeignKey,
    tables: &BTreeMap<&Ident, &Table>,
    offset: usize,
    problems: &mut Problems<'_>,
) {
    let column = key_like(table, &key.column, offset, problems);
    if key.column == table.key {
        let message = format!("column `{}` is the table's own key, not a foreign key", key.column);
        problems.at(offset, message);
    }
    let leads = table.foreign_keys.first() == Some(key);
    if leads && column.is_some_and(|column| column.nullable) {
        let message =
            format!("column `{}` leads to the patient, it cannot be nullable", key.column);
        problems.at(offset, message);
    }
    let Some(target) = tables.get(&key.table) else {
        problems.at(offset, format!("the foreign key's table `{}` is not declared", key.table));
        return;
    };
    let target_column = target.column(target.key.as_str());
    if let (Some(column), Some(other)) = (column, target_column)
        && column.kind != other.kind
    {
        let message =
            format!("column `{}` and the key of `{}` have different types", key.column, key.table);
        problems.at(offset, message);
    }
}

fn leads_to_patient(
    draft: &TableDraft,
    patient: &Ident,
    tables: &BTreeMap<&Ident, &Table>,
    problems: &mut Problems<'_>,
) {
    let table = &draft.table;
    if table.name == *patient {
        if let Some(offset) = draft.foreign_keys.first() {
            problems.at(*offset, "the patient table has no foreign keys: other tables lead to it");
        }
        return;
    }
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Table> = vec![table];
    while let Some(next) = open.pop() {
        for key in &next.foreign_keys {
            if key.table == table.name {
                let message = format!("table `{}` leads to itself along foreign keys", table.name);
                problems.at(draft.offset, message);
                return;
            }
            if reached.insert(&key.table) {
                open.extend(tables.get(&key.table));
            }
        }
    }
    if !reached.contains(patient) {
        let message = format!(
            "table `{}` does not lead to the patient table `{patient}`: add foreign_keys",
            table.name
        );
        problems.at(draft.offset, message);
    }
}

/// Reads `attribution`: a 0/1 column that every row has.
pub(super) fn attribution(
    mut fields: Fields<'_>,
    drafts: &[TableDraft],
    problems: &mut Problems<'_>,
) -> Option<(Ident, Ident)> {
    let offset = fields.offset();
    let table = fields.name::<Ident>("table", problems);
    let column = fields.name::<Ident>("column", problems);
    fields.finish(problems);
    let (table, column) = (table?.value, column?.value);
    let found = drafts
        .iter()
        .find(|draft| draft.table.name == table)
        .and_then(|draft| draft.table.column(column.as_str()));
    let wrong = match found {
        None => Some("is not declared"),
        Some(found) if found.class != Class::Flag => Some("must be of class \"flag\""),
        Some(found) if found.nullable => Some("cannot be nullable"),
        Some(_) => None,
    };
    if let Some(wrong) = wrong {
        problems.at(offset, format!("the attribution column `{table}.{column}` {wrong}"));
        return None;
    }
    Some((table, column))
}
