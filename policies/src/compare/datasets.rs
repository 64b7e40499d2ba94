//! datasets/*.toml: tables, columns, classes, bounds and codes.

use std::collections::{BTreeMap, BTreeSet};

use crate::charter::Charter;
use crate::dataset::{Bounds, Class, Code, Column, ColumnType, Dataset, ForeignKey, Table};
use crate::{DatasetId, Ident};

use super::{Found, Moved, Subject, What, listed};

pub(super) fn compare(old: &Charter, new: &Charter, found: &mut Found) {
    let of = |charter: &'_ Charter| -> BTreeMap<DatasetId, Dataset> {
        charter.datasets().map(|dataset| (dataset.id.clone(), dataset.clone())).collect()
    };
    let (from, to) = (of(old), of(new));
    let (from, to) = (&borrowed(&from), &borrowed(&to));
    let short = |dataset: &Dataset| format!("{}, {}", dataset.version, dataset.status.as_str());
    for (subject, from, to) in found.things((from, to), |id| Subject::Dataset(id.clone()), short) {
        dataset(&subject, (from, to), found);
    }
}

fn borrowed<K: Ord + Clone, V>(map: &BTreeMap<K, V>) -> BTreeMap<K, &V> {
    map.iter().map(|(key, value)| (key.clone(), value)).collect()
}

fn dataset(subject: &Subject, (from, to): (&Dataset, &Dataset), found: &mut Found) {
    let before = found.0.len();
    found.named(subject, What::Title, &from.title, &to.title);
    found.value(subject, What::Status, from.status.as_str(), to.status.as_str());
    found.value(subject, What::Patient, &from.patient, &to.patient);
    let attribution = |dataset: &Dataset| {
        dataset.attribution.as_ref().map(|(table, column)| format!("{table}.{column}"))
    };
    found.maybe(subject, What::Attribution, attribution(from), attribution(to));
    let id = &from.id;
    let tables = (&borrowed(&from.tables), &borrowed(&to.tables));
    let named = |name: &Ident| Subject::Table(id.clone(), name.clone());
    let short = |table: &Table| listed(table.columns.iter().map(|column| &column.name));
    for (subject, from, to) in found.things(tables, named, short) {
        table((id, &subject), (from, to), found);
    }
    let changed = found.0.len() > before;
    if from.version != to.version {
        found.value(subject, What::Version, from.version, to.version);
    } else if changed {
        found.add(subject, What::Whole, Moved::Unnumbered(to.version.to_string()));
    } else if from.digest != to.digest {
        found.add(subject, What::Notes, Moved::Unnumbered(to.version.to_string()));
    }
}

fn table((id, subject): (&DatasetId, &Subject), (from, to): (&Table, &Table), found: &mut Found) {
    found.value(subject, What::TableKey, &from.key, &to.key);
    let keys = |table: &Table| -> BTreeSet<String> {
        let text = |key: &ForeignKey| format!("{} -> {}", key.column, key.table);
        table.foreign_keys.iter().map(text).collect()
    };
    found.set(subject, &What::ForeignKey, &keys(from), &keys(to));
    let columns = |table: &'_ Table| -> BTreeMap<Ident, Column> {
        table.columns.iter().map(|column| (column.name.clone(), column.clone())).collect()
    };
    let (old, new) = (columns(from), columns(to));
    let named = |name: &Ident| Subject::Column(id.clone(), from.name.clone(), name.clone());
    let short = |column: &Column| format!("{}, {}", column.class.as_str(), type_of(column.kind));
    for (subject, from, to) in found.things((&borrowed(&old), &borrowed(&new)), named, short) {
        column(&subject, (from, to), found);
    }
}

fn column(subject: &Subject, (from, to): (&Column, &Column), found: &mut Found) {
    found.value(subject, What::Type, type_of(from.kind), type_of(to.kind));
    found.value(subject, What::Class, from.class.as_str(), to.class.as_str());
    found.value(subject, What::Nullable, from.nullable, to.nullable);
    found.value(subject, What::Sensitive, from.sensitive, to.sensitive);
    let bounds = |column: &Column| {
        let scale = column.kind.scale();
        let text =
            |Bounds { min, max }| format!("{} .. {}", decimal(min, scale), decimal(max, scale));
        // A flag's are what it is.
        column.bounds.filter(|_| column.class != Class::Flag).map(text)
    };
    found.maybe(subject, What::Bounds, bounds(from), bounds(to));
    let codes = |column: &Column| -> BTreeSet<String> {
        let code = |code: &Code| match code.title.values().next_back() {
            Some(title) => format!("{} ({title})", code.value),
            None => code.value.to_string(),
        };
        column.codes.iter().map(code).collect()
    };
    found.set(subject, &What::Code, &codes(from), &codes(to));
    let groups = |column: &Column| -> BTreeMap<String, String> {
        column.groups.iter().map(|group| (group.name.to_string(), listed(&group.codes))).collect()
    };
    found.named(subject, What::CodeGroup, &groups(from), &groups(to));
    found.maybe(subject, What::Step, from.step, to.step);
    found.value(subject, What::Edges, listed(&from.edges), listed(&to.edges));
    found.maybe(subject, What::Unit, from.unit.as_ref(), to.unit.as_ref());
    found.named(subject, What::Title, &from.title, &to.title);
}

fn type_of(kind: ColumnType) -> String {
    match kind {
        ColumnType::Integer => "integer".to_owned(),
        ColumnType::Decimal { scale } => format!("decimal({scale})"),
        ColumnType::Text => "text".to_owned(),
    }
}

/// A number in units of 10^-scale, as people write it.
fn decimal(units: i64, scale: u8) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let digits =
        format!("{:0>width$}", units.unsigned_abs(), width = usize::from(scale).saturating_add(1));
    match digits.split_at_checked(digits.len().saturating_sub(usize::from(scale))) {
        Some((whole, rest)) if !rest.is_empty() => format!("{sign}{whole}.{rest}"),
        Some(_) | None => format!("{sign}{digits}"),
    }
}
