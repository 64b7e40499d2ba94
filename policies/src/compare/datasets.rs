//! datasets/*.toml: tables, columns, classes, bounds and codes.

use std::collections::{BTreeMap, BTreeSet};

use crate::charter::Charter;
use crate::dataset::{
    Bounds, Class, Code, CodeGroup, Column, ColumnType, Dataset, ForeignKey, Table,
};
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
    let Dataset { id, version, status, title, patient, attribution: _, tables, digest } = from;
    let before = found.0.len();
    found.named(subject, What::Title, title, &to.title);
    found.value(subject, What::Status, status.as_str(), to.status.as_str());
    found.value(subject, What::Patient, patient, &to.patient);
    let attribution = |dataset: &Dataset| {
        dataset.attribution.as_ref().map(|(table, column)| format!("{table}.{column}"))
    };
    found.maybe(subject, What::Attribution, attribution(from), attribution(to));
    let tables = (&borrowed(tables), &borrowed(&to.tables));
    let named = |name: &Ident| Subject::Table(id.clone(), name.clone());
    let short = |table: &Table| listed(table.columns.iter().map(|column| &column.name));
    for (subject, from, to) in found.things(tables, named, short) {
        table((id, &subject), (from, to), found);
    }
    let changed = found.0.len() > before;
    if *version != to.version {
        found.value(subject, What::Version, *version, to.version);
    } else if changed {
        found.add(subject, What::Whole, Moved::Unnumbered(to.version.to_string()));
    } else if *digest != to.digest {
        found.add(subject, What::Notes, Moved::Unnumbered(to.version.to_string()));
    }
}

fn table((id, subject): (&DatasetId, &Subject), (from, to): (&Table, &Table), found: &mut Found) {
    let Table { name, key, foreign_keys, columns: _ } = from;
    found.value(subject, What::TableKey, key, &to.key);
    // The first one leads to the patient.
    let keys = |keys: &[ForeignKey]| -> Vec<String> {
        keys.iter().map(|key| format!("{} -> {}", key.column, key.table)).collect()
    };
    found.list(subject, &What::ForeignKey, &keys(foreign_keys), &keys(&to.foreign_keys));
    let columns = |table: &'_ Table| -> BTreeMap<Ident, Column> {
        table.columns.iter().map(|column| (column.name.clone(), column.clone())).collect()
    };
    let (old, new) = (columns(from), columns(to));
    let of = name;
    let named = |name: &Ident| Subject::Column(id.clone(), of.clone(), name.clone());
    let short = |column: &Column| format!("{}, {}", column.class.as_str(), type_of(column.kind));
    for (subject, from, to) in found.things((&borrowed(&old), &borrowed(&new)), named, short) {
        column(&subject, (from, to), found);
    }
}

fn column(subject: &Subject, (from, to): (&Column, &Column), found: &mut Found) {
    let Column { name: _, kind, class, nullable, sensitive, bounds: _, codes, groups, .. } = from;
    let Column { step: _, edges: _, unit, title, .. } = from;
    found.value(subject, What::Type, type_of(*kind), type_of(to.kind));
    found.value(subject, What::Class, class.as_str(), to.class.as_str());
    found.value(subject, What::Nullable, *nullable, to.nullable);
    found.value(subject, What::Sensitive, *sensitive, to.sensitive);
    found.maybe(subject, What::Bounds, bounds(from), bounds(to));
    found.set(subject, &What::Code, &coded(codes), &coded(&to.codes));
    found.named(subject, What::CodeGroup, &grouped(groups), &grouped(&to.groups));
    found.maybe(subject, What::Step, step(from), step(to));
    found.value(subject, What::Edges, edges(from), edges(to));
    found.maybe(subject, What::Unit, unit.as_ref(), to.unit.as_ref());
    found.named(subject, What::Title, title, &to.title);
}

fn bounds(column: &Column) -> Option<String> {
    let scale = column.kind.scale();
    let text = |Bounds { min, max }| format!("{} .. {}", decimal(min, scale), decimal(max, scale));
    // A flag's are what it is.
    column.bounds.filter(|_| column.class != Class::Flag).map(text)
}

fn step(column: &Column) -> Option<String> {
    column.step.map(|step| decimal(step, column.kind.scale()))
}

fn edges(column: &Column) -> String {
    listed(column.edges.iter().map(|edge| decimal(*edge, column.kind.scale())))
}

fn coded(codes: &[Code]) -> BTreeSet<String> {
    let code = |Code { value, title }: &Code| format!("{value}{}", titled(title));
    codes.iter().map(code).collect()
}

fn grouped(groups: &[CodeGroup]) -> BTreeMap<String, String> {
    let group = |CodeGroup { name, codes, title }: &CodeGroup| {
        (name.to_string(), format!("{}{}", listed(codes), titled(title)))
    };
    groups.iter().map(group).collect()
}

/// What something is, in the languages that it is said in.
fn titled(title: &BTreeMap<String, String>) -> String {
    let titles: Vec<&str> = title.values().map(String::as_str).collect();
    if titles.is_empty() { String::new() } else { format!(" ({})", titles.join(" / ")) }
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
