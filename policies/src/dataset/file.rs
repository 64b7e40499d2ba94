//! Reads `datasets/*.toml`: the file's form, and every check that needs nothing but the file.
//!
//! All problems are reported at once, with their lines. What is not written is not guessed: a column without the
//! bounds, codes or step that its class needs is refused here, so later stages never ask.

use std::collections::BTreeMap;

use crate::dataset::{Code, CodeGroup, Dataset, DatasetStatus, Table};
use crate::problem::{Problem, Problems};
use crate::reader::{At, Fields, document};
use crate::{DatasetId, Digest, Ident};

mod codes;
mod columns;
mod groups;
mod numbers;
mod relations;
#[cfg(test)]
mod tests;

pub(crate) use codes::code;

/// Most tables of a dataset: a planner's work grows with them.
pub const MAX_TABLES: usize = 64;
/// Most columns of a table.
pub const MAX_COLUMNS: usize = 256;
/// Most codes of a list; a fragment's domain is bounded apart.
pub const MAX_CODES: usize = 4096;
/// Most characters of a text code.
pub const MAX_CODE_CHARS: usize = 64;
/// Bounds stay under this in units of the scale, so sums of many rows fit 128 bits.
pub const BOUND_LIMIT: i64 = 1_000_000_000_000_000;

/// Reads and checks a dataset; `file` is its name in messages.
///
/// # Errors
/// Every problem of the file.
pub fn parse(file: &str, text: &str) -> Result<Dataset, Vec<Problem>> {
    let mut problems = Problems::new(file, text);
    let read = document(text, &mut problems, read);
    match read {
        Some(draft) if problems.is_empty() => {
            Ok(Dataset { digest: Digest::of(text.as_bytes()), ..draft })
        }
        Some(_) | None => Err(problems.into_vec()),
    }
}

/// A code list of the file, and whether a column uses it.
#[derive(Debug)]
struct CodeList {
    offset: usize,
    codes: Vec<Code>,
    groups: Vec<CodeGroup>,
    used: bool,
}

/// A table of the file with the places of what it says.
#[derive(Debug)]
struct TableDraft {
    offset: usize,
    table: Table,
    /// Where each foreign key stands.
    foreign_keys: Vec<usize>,
}

fn read(mut fields: Fields<'_>, problems: &mut Problems<'_>) -> Option<Dataset> {
    let id = fields.name::<DatasetId>("id", problems);
    let version = version(&mut fields, problems);
    let status = status(&mut fields, problems);
    let title = fields.titles("title", problems);
    if title.is_empty() && fields.get("title").is_none() {
        problems.at(
            0,
            "`title` is missing from the file: write title = { nl = \"...\", en = \"...\" }",
        );
    }
    let patient = fields.name::<Ident>("patient", problems);
    let mut attribution = fields.get("attribution").is_some();
    let attribution_fields = if attribution { fields.table("attribution", problems) } else { None };
    let mut lists = codes::read(&mut fields, problems);
    let drafts = tables(&mut fields, &mut lists, problems);
    fields.finish(problems);

    for (name, list) in &lists {
        if !list.used {
            problems.at(list.offset, format!("no column uses the code list `{name}`"));
        }
    }
    relations::check(patient.as_ref(), &drafts, problems);
    let attributed =
        attribution_fields.and_then(|fields| relations::attribution(fields, &drafts, problems));
    attribution = attribution && attributed.is_none();
    if attribution {
        return None;
    }
    Some(Dataset {
        id: id?.value,
        version: version?,
        status: status?,
        title,
        patient: patient?.value,
        attribution: attributed,
        tables: drafts.into_iter().map(|draft| (draft.table.name.clone(), draft.table)).collect(),
        digest: Digest::of(&[]),
    })
}

fn version(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<u32> {
    let found = fields.integer("version", problems)?;
    match u32::try_from(found.value) {
        Ok(version) if version >= 1 => Some(version),
        Ok(_) | Err(_) => {
            problems.at(found.offset, "`version` counts from 1");
            None
        }
    }
}

fn status(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<DatasetStatus> {
    let found = fields.text("status", problems)?;
    match found.value {
        "real" => Some(DatasetStatus::Real),
        "synthetic" => Some(DatasetStatus::Synthetic),
        _ => {
            problems.at(found.offset, "`status` is \"real\" or \"synthetic\"");
            None
        }
    }
}

fn tables(
    fields: &mut Fields<'_>,
    lists: &mut BTreeMap<String, CodeList>,
    problems: &mut Problems<'_>,
) -> Vec<TableDraft> {
    let found = fields.tables("tables", problems);
    if found.is_empty() {
        problems.add("the dataset has no table: write [[tables]]");
    }
    if found.len() > MAX_TABLES {
        problems
            .add(format!("the dataset has {} tables, at most {MAX_TABLES} are read", found.len()));
        return Vec::new();
    }
    let mut drafts: Vec<TableDraft> = Vec::new();
    for table in found {
        let Some(draft) = table_draft(table, lists, problems) else {
            continue;
        };
        if drafts.iter().any(|known| known.table.name == draft.table.name) {
            problems.at(draft.offset, format!("table `{}` is declared twice", draft.table.name));
            continue;
        }
        drafts.push(draft);
    }
    drafts
}

fn table_draft(
    mut fields: Fields<'_>,
    lists: &mut BTreeMap<String, CodeList>,
    problems: &mut Problems<'_>,
) -> Option<TableDraft> {
    let name = fields.name::<Ident>("name", problems);
    let key = fields.name::<Ident>("key", problems);
    let foreign = relations::foreign_keys(&mut fields, problems);
    let columns = columns::read(&mut fields, lists, problems);
    let offset = fields.offset();
    fields.finish(problems);
    let key: At<Ident> = key?;
    let (foreign_keys, offsets) = foreign.into_iter().map(|at| (at.value, at.offset)).unzip();
    let table = Table { name: name?.value, key: key.value, foreign_keys, columns };
    relations::key_column(&table, key.offset, problems);
    Some(TableDraft { offset, table, foreign_keys: offsets })
}
