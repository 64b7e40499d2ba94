//! The plan against the dataset: every mistake at once, and the tables in an order in which parents come first.

use std::collections::{BTreeMap, BTreeSet};

use policies::Ident;
use policies::dataset::{Class, Column, ColumnType, Dataset, Table};

use crate::import::{
    Format, ImportError, ImportPlan, LINE_COLUMN, PATIENT_COLUMN, RECORD_KEY_COLUMN, TableMapping,
};

/// The dataset's tables with their mappings, each table after the tables that its foreign keys name.
pub(crate) fn check<'p>(
    plan: &'p ImportPlan<'_>,
) -> Result<Vec<(&'p Table, &'p TableMapping)>, ImportError> {
    let mut problems = Vec::new();
    sources(plan, &mut problems);
    for table in plan.dataset.tables.values() {
        dictionary(plan.dataset, table, &mut problems);
    }
    let mut mappings = BTreeMap::new();
    for mapping in &plan.tables {
        let name = mapping.table();
        match plan.dataset.tables.get(name) {
            None => {
                problems.push(format!("the dataset has no table `{name}`: remove its mapping"));
            }
            Some(table) => columns(plan, table, mapping, &mut problems),
        }
        if mappings.insert(name, mapping).is_some() {
            problems.push(format!("table `{name}` is mapped twice: keep one mapping"));
        }
    }
    let mut ordered = Vec::new();
    for table in parents_first(plan.dataset, &mut problems) {
        match mappings.get(&table.name) {
            Some(mapping) => ordered.push((table, *mapping)),
            None => problems.push(format!(
                "table `{}` is not mapped: name its source, an empty one where the hospital has no such rows",
                table.name
            )),
        }
    }
    if problems.is_empty() { Ok(ordered) } else { Err(ImportError::Plan { problems }) }
}

/// Columns that an import reads: all that are sealed, and the keys.
pub(crate) fn read_columns(table: &Table) -> Vec<&Column> {
    let wanted = |column: &&Column| {
        column.class != Class::Hidden || table.key_of(column.name.as_str()).is_some()
    };
    table.columns.iter().filter(wanted).collect()
}

fn sources(plan: &ImportPlan<'_>, problems: &mut Vec<String>) {
    let mut names = BTreeSet::new();
    for source in &plan.sources {
        if !names.insert(&source.name) {
            problems.push(format!("two sources are named `{}`: rename one", source.name));
        }
        match &source.format {
            Format::Csv { delimiter, .. } => {
                let good = delimiter.is_ascii() && !matches!(delimiter, '"' | '\r' | '\n' | '\0');
                if !good {
                    problems.push(format!(
                        "source `{}` has the delimiter `{}`: use one ASCII character that is not a quote or line end",
                        source.name,
                        delimiter.escape_default()
                    ));
                }
            }
            Format::Parquet => {}
        }
    }
}

fn columns(
    plan: &ImportPlan<'_>,
    table: &Table,
    mapping: &TableMapping,
    problems: &mut Vec<String>,
) {
    match mapping {
        TableMapping::Columns { source, columns, .. } => {
            if !plan.sources.iter().any(|known| known.name == *source) {
                problems.push(format!(
                    "table `{}` is read from source `{source}`, which is not configured: add the source or correct \
                     the name",
                    table.name
                ));
            }
            for name in columns.keys().filter(|name| table.column(name.as_str()).is_none()) {
                problems.push(format!(
                    "table `{}` has no column `{name}` in the dataset: remove it from the mapping",
                    table.name
                ));
            }
        }
        TableMapping::Sql { .. } => {}
    }
}

/// What an import relies on in the dictionary itself.
fn dictionary(dataset: &Dataset, table: &Table, problems: &mut Vec<String>) {
    let name = &table.name;
    let kind = |column: &Ident| table.column(column.as_str()).map(|column| column.kind);
    match kind(&table.key) {
        Some(ColumnType::Integer | ColumnType::Text) => {}
        Some(ColumnType::Decimal { .. }) => {
            problems.push(format!("the key of table `{name}` is a decimal: the dataset is wrong"));
        }
        None => problems.push(format!("table `{name}` lacks its key column: the dataset is wrong")),
    }
    if table.foreign_keys.is_empty() && *name != dataset.patient {
        problems.push(format!("table `{name}` does not lead to a patient: the dataset is wrong"));
    }
    if !table.foreign_keys.is_empty() && *name == dataset.patient {
        problems
            .push(format!("the patient table `{name}` has a foreign key: the dataset is wrong"));
    }
    for key in &table.foreign_keys {
        let target = dataset.tables.get(&key.table);
        let wanted = target.and_then(|target| target.column(target.key.as_str()));
        if wanted.is_none() || wanted.map(|column| column.kind) != kind(&key.column) {
            problems.push(format!(
                "the foreign key `{name}.{}` and the key of `{}` are not of one type: the dataset is wrong",
                key.column, key.table
            ));
        }
    }
    for column in &table.columns {
        let reserved = [PATIENT_COLUMN, RECORD_KEY_COLUMN, LINE_COLUMN];
        if reserved.contains(&column.name.as_str()) {
            problems.push(format!("column `{name}.{}` has a reserved name", column.name));
        }
    }
}

pub(crate) fn parents_first<'p>(
    dataset: &'p Dataset,
    problems: &mut Vec<String>,
) -> Vec<&'p Table> {
    let mut done = BTreeSet::new();
    let mut ordered = Vec::new();
    if !dataset.tables.contains_key(&dataset.patient) {
        problems.push(format!("the dataset has no table `{}`", dataset.patient));
    }
    while ordered.len() < dataset.tables.len() {
        let ready = |table: &&Table| {
            !done.contains(&table.name)
                && table.foreign_keys.iter().all(|key| done.contains(&key.table))
        };
        let Some(table) = dataset.tables.values().find(ready) else {
            problems.push("the dataset's foreign keys form a circle or name no table".to_owned());
            break;
        };
        done.insert(table.name.clone());
        ordered.push(table);
    }
    ordered
}
