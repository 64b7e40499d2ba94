//! Care that a hospital does not give: codes that no row of its tables has.
//!
//! `members.toml` says so, so everybody knows: a figure about nothing but such rows is 0 at this hospital, and is shown as that
//! where a small or empty group would be null. It is a statement about tables, not a filter: an import refuses rows that
//! contradict it, and a cell that has patients all the same is judged like any other.

use std::collections::{BTreeMap, BTreeSet};

use crate::dataset::file::code;
use crate::dataset::{Class, CodeValue, Dataset};
use crate::problem::Problems;
use crate::reader::Fields;
use crate::{DatasetId, HospitalCode, Ident};

use super::Charter;

/// Most statements of one hospital.
const MAX_STATEMENTS: usize = 64;

/// Codes of a column that a hospital does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotGiven {
    /// The dataset.
    pub dataset: DatasetId,
    /// The table.
    pub table: Ident,
    /// The category.
    pub column: Ident,
    /// The codes: at least one of its list, not all.
    pub codes: BTreeSet<CodeValue>,
}

impl Charter {
    /// What a hospital has no rows of in a dataset.
    pub fn not_given<'c>(
        &'c self,
        hospital: &HospitalCode,
        dataset: &'c DatasetId,
    ) -> impl Iterator<Item = &'c NotGiven> {
        let said = self.member(hospital).map_or(&[][..], |member| &member.not_given);
        said.iter().filter(move |said| said.dataset == *dataset)
    }
}

impl Dataset {
    /// The dictionary without these codes, for an import: rows that have them are refused.
    #[must_use]
    pub fn without<'n>(&self, not_given: impl Iterator<Item = &'n NotGiven>) -> Self {
        let mut own = self.clone();
        for NotGiven { table, column, codes, .. } in not_given {
            let table = own.tables.get_mut(table);
            let columns = table.into_iter().flat_map(|table| &mut table.columns);
            for column in columns.filter(|known| known.name == *column) {
                column.codes.retain(|code| !codes.contains(&code.value));
            }
        }
        own
    }
}

/// Reads `not_given` of a member; `datasets` are those of the charter, if all could be read.
pub(super) fn read(
    member: &mut Fields<'_>,
    datasets: Option<&BTreeMap<DatasetId, Dataset>>,
    problems: &mut Problems<'_>,
) -> Vec<NotGiven> {
    let found = member.tables("not_given", problems);
    if found.len() > MAX_STATEMENTS {
        let message = format!("{} `not_given`, at most {MAX_STATEMENTS} are read", found.len());
        problems.at(member.offset(), message);
        return Vec::new();
    }
    let mut all: Vec<NotGiven> = Vec::new();
    for mut fields in found {
        let offset = fields.offset();
        let dataset = fields.name::<DatasetId>("dataset", problems);
        let table = fields.name::<Ident>("table", problems);
        let column = fields.name::<Ident>("column", problems);
        let items = fields.list("codes", problems);
        let codes: BTreeSet<CodeValue> =
            items.into_iter().filter_map(|item| code(item, problems)).collect();
        fields.finish(problems);
        let (Some(dataset), Some(table), Some(column)) = (dataset, table, column) else { continue };
        let said =
            NotGiven { dataset: dataset.value, table: table.value, column: column.value, codes };
        if let Some(message) = datasets.and_then(|datasets| wrong(&said, datasets)) {
            problems.at(offset, message);
        }
        let same = |known: &NotGiven| {
            (&known.dataset, &known.table, &known.column)
                == (&said.dataset, &said.table, &said.column)
        };
        if all.iter().any(same) {
            problems.at(offset, format!("`{}.{}` is named twice", said.table, said.column));
        }
        all.push(said);
    }
    all
}

/// What is wrong with a statement.
fn wrong(said: &NotGiven, datasets: &BTreeMap<DatasetId, Dataset>) -> Option<String> {
    let NotGiven { dataset, table, column, codes } = said;
    let Some(known) = datasets.get(dataset) else {
        return Some(format!("there is no dataset `{dataset}`"));
    };
    let Some(found) = known.column(table.as_str(), column.as_str()) else {
        return Some(format!("there is no column `{table}.{column}` in dataset `{dataset}`"));
    };
    if found.class != Class::Category {
        return Some(format!(
            "`{table}.{column}` is no category: care that is not given is a code"
        ));
    }
    let list: BTreeSet<&CodeValue> = found.codes.iter().map(|code| &code.value).collect();
    if let Some(code) = codes.iter().find(|code| !list.contains(code)) {
        return Some(format!("the code `{code}` is not in the list of `{table}.{column}`"));
    }
    let some = !codes.is_empty() && codes.len() < list.len();
    (!some).then(|| format!("`codes` are some of `{table}.{column}`, not none and not all"))
}
