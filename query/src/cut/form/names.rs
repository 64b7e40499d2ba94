//! Names that every plan agrees on: a column of the row's own table, or of the one row of another that it belongs to.
//!
//! A key that is held by several tables is named as the key of the table whose rows it names, so that a join along it says
//! nothing.

use datafusion::common::Column as Name;
use datafusion::logical_expr::Expr;
use policies::dataset::Dataset;

use crate::catalog::{HOSPITAL, NETWORK, PATIENT};
use crate::cut::{HOSPITAL_MARK, NETWORK_MARK};

/// The name of a column of a scanned table.
pub(super) fn canonical(table: &str, column: &str, dataset: &Dataset) -> Name {
    match column {
        HOSPITAL => return Name::new_unqualified(HOSPITAL_MARK),
        NETWORK => return Name::new_unqualified(NETWORK_MARK),
        PATIENT => return key(dataset.patient.as_str(), dataset),
        _ => {}
    }
    let own = Name::new(Some(table), column);
    let Some(known) = dataset.table(table) else { return own };
    let patient = |other: &&policies::dataset::ForeignKey| {
        let nullable = known.column(column).is_none_or(|column| column.nullable);
        other.table == dataset.patient && !nullable
    };
    let leads = known.foreign_keys.first().filter(|first| first.column.as_str() == column);
    let others = known.foreign_keys.iter().filter(|other| other.column.as_str() == column);
    let held = leads.or_else(|| others.clone().find(patient));
    held.map_or(own, |held| key(held.table.as_str(), dataset))
}

fn key(table: &str, dataset: &Dataset) -> Name {
    let key = dataset.table(table).map_or(PATIENT, |table| table.key.as_str());
    Name::new(Some(table), key)
}

/// The table whose rows a column names, if it is a key as [`canonical`] names it.
pub(super) fn entity<'d>(name: &Name, dataset: &'d Dataset) -> Option<&'d str> {
    let table = dataset.table(name.relation.as_ref()?.table())?;
    (table.key.as_str() == name.name).then_some(table.name.as_str())
}

/// The table whose rows both sides of an equality name.
pub(super) fn tied<'d>(one: &Expr, other: &Expr, dataset: &'d Dataset) -> Option<&'d str> {
    let (Expr::Column(name), true) = (one, one == other) else { return None };
    entity(name, dataset)
}

/// Whether a column is the same in every row of a hospital.
pub(super) fn is_of_hospital(name: &Name) -> bool {
    name.relation.is_none() && (name.name == HOSPITAL_MARK || name.name == NETWORK_MARK)
}

/// Whether the rows of a table each belong to one of another, or are those.
pub(super) fn leads(dataset: &Dataset, from: &str, to: &str) -> bool {
    dataset.chain(from).any(|table| table.name.as_str() == to)
}
