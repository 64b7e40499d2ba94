//! The three parts of a question, as text for a person.

use std::collections::BTreeMap;

use datafusion::logical_expr::Expr;
use policies::footprint::SumKind;

use super::{Account, Fragment, Key, Primitive};

use crate::facts::domain::Domain;
use crate::pipe::Explained;
use crate::written::written;

/// Most values of a domain that are named.
const MAX_NAMED: usize = 12;

/// The three parts and the columns.
pub(super) fn parts(
    fragments: &[Fragment],
    account: &Account<'_>,
    over_hospitals: Vec<String>,
) -> Explained {
    let mut over_patients = Vec::new();
    for (index, fragment) in fragments.iter().enumerate() {
        if fragments.len() > 1 {
            over_patients.push(format!("part {} of {}:", index.saturating_add(1), fragments.len()));
        }
        over_patients.extend(fragment.keys.iter().map(key));
        over_patients.push(format!("{} cells, each with", fragment.cells));
        over_patients.extend(fragment.primitives.iter().map(primitive));
    }
    over_patients
        .push("the number of patients, which decides what is hidden and never leaves".into());
    let mut uses: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for used in &account.uses {
        uses.entry((&used.table, &used.column)).or_default().push(used.usage.as_str());
    }
    let columns = uses.into_iter().map(|((table, column), uses)| {
        let known = account.dataset.column(table, column);
        let class = known.map_or("unknown", |column| column.class.as_str());
        format!("{table}.{column} ({class}): {}", uses.join(", "))
    });
    let mut over_hospitals = over_hospitals;
    over_hospitals.extend(account.notes.iter().cloned());
    Explained {
        per_patient: account.lines.clone(),
        over_patients,
        over_hospitals,
        columns: columns.collect(),
    }
}

fn key(key: &Key) -> String {
    let text = &key.text;
    let Domain::Values(values) = &key.domain else {
        return format!("group by {text}: one group a hospital");
    };
    let mut named: Vec<String> =
        values.iter().take(MAX_NAMED).map(std::string::ToString::to_string).collect();
    if values.len() > MAX_NAMED {
        named.push("...".to_owned());
    }
    if key.nullable {
        named.push("no value".to_owned());
    }
    format!("group by {text}: {} values ({})", key.size(), named.join(", "))
}

/// A sum as a person reads it.
pub(super) fn primitive(primitive: &Primitive) -> String {
    shown(primitive, written)
}

/// A sum with everything that distinguishes it.
pub(super) fn exact(primitive: &Primitive) -> String {
    shown(primitive, std::string::ToString::to_string)
}

fn shown(primitive: &Primitive, show: impl Fn(&Expr) -> String) -> String {
    let Primitive { kind, value, filter, scale: _, bounds: _, made: _ } = primitive;
    let value = value.as_ref().map_or("*".to_owned(), &show);
    let call = match kind {
        SumKind::Rows => "count(*)".to_owned(),
        SumKind::NonNull => format!("count({value})"),
        SumKind::Distinct => format!("count(distinct {value})"),
        SumKind::Bin => "count(*) of a bin".to_owned(),
        SumKind::Sum => format!("sum({value})"),
        SumKind::SumProducts => format!("sum({value}) of pairs"),
        SumKind::SumSquares => format!("sum(({value})^2)"),
    };
    match filter {
        Some(filter) => format!("{call} where {}", show(filter)),
        None => call,
    }
}
