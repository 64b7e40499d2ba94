//! A matrix as comma-separated values: a line for each cell.

use std::collections::BTreeMap;
use std::fmt::Display;

use policies::matrix::{About, Cell, Verdict, Who};

use crate::command::print::line;

/// Columns that name a cell.
pub(super) const HEAD: [&str; 14] = [
    "profile",
    "dataset",
    "person",
    "groups",
    "roles",
    "hospital",
    "purpose",
    "group",
    "table",
    "class",
    "column",
    "use",
    "indicator",
    "variant",
];

/// The columns that name a cell.
pub(super) fn columns(cell: &Cell) -> Vec<String> {
    let Cell { profile, dataset, who, purpose, group, about } = cell;
    let mut row = vec![profile.as_str().to_owned(), dataset.to_string()];
    match who {
        Who::Named(person) => {
            row.extend([person.to_string(), String::new(), String::new(), String::new()])
        }
        Who::Alike { groups, roles, hospital } => {
            row.extend([String::new(), spaced(groups), spaced(roles), hospital.to_string()]);
        }
    }
    row.extend([purpose.to_string(), text(group.as_ref())]);
    match about {
        About::Columns { table, class, column, usage } => row.extend([
            table.to_string(),
            (*class).to_owned(),
            text(column.as_ref()),
            (*usage).to_owned(),
            String::new(),
            String::new(),
        ]),
        About::Indicator { id, by, window } => {
            let variant =
                spaced(&[by.as_ref(), window.as_ref()].into_iter().flatten().collect::<Vec<_>>());
            row.extend([
                String::new(),
                String::new(),
                String::new(),
                String::new(),
                id.to_string(),
                variant,
            ]);
        }
    }
    row
}

fn text(value: Option<&impl Display>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn spaced(items: &[impl Display]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Decision, who decides, and protections.
pub(super) fn fields(verdict: &Verdict) -> [String; 3] {
    match verdict {
        Verdict::Allow { rules, protections } => {
            ["allow".to_owned(), rules.join(" "), listed(protections)]
        }
        Verdict::Deny { code, rule } => {
            ["deny".to_owned(), rule.clone().unwrap_or_else(|| (*code).to_owned()), String::new()]
        }
        Verdict::Absent => ["absent".to_owned(), String::new(), String::new()],
    }
}

/// Protections, as words with their values.
pub(super) fn listed(protections: &BTreeMap<&'static str, String>) -> String {
    let listed = protections.iter().map(|(word, value)| format!("{word}={value}"));
    listed.collect::<Vec<_>>().join(" ")
}

/// Prints rows as comma-separated values.
pub(super) fn print(rows: &[Vec<String>]) -> anyhow::Result<()> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    let bytes = writer.into_inner().map_err(|error| anyhow::anyhow!("{}", error.error()))?;
    line(String::from_utf8(bytes)?.trim_end());
    Ok(())
}
