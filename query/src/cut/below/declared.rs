//! What the dataset declares of a table's columns.

use arrow::datatypes::DataType;
use policies::dataset::{Class, Table};

use crate::catalog;
use crate::facts::domain::Domain;
use crate::facts::range::Range;
use crate::facts::{Facts, Origin, Plain};

/// What the dataset declares of each column, `hospital` and `network`. `scan` numbers the rows that the table's key names.
pub(super) fn table_facts(table: &Table, scan: usize) -> Vec<Facts> {
    let mut facts: Vec<Facts> = Vec::with_capacity(table.columns.len().saturating_add(1));
    for column in catalog::columns(table) {
        let origin = Origin {
            table: table.name.as_str().to_owned(),
            column: column.name.as_str().to_owned(),
        };
        let data_type = catalog::data_type(column.kind);
        let scale = i8::try_from(column.kind.scale()).unwrap_or(i8::MAX);
        let domain = Domain::of_column(column);
        let range = match (&column.bounds, &domain) {
            (Some(bounds), _) => Range::exact(bounds.min.into(), bounds.max.into(), scale),
            (None, Some(Domain::Values(values))) => {
                values.iter().map(Range::literal).reduce(Range::or).unwrap_or(Range::Other)
            }
            (None, _) => Range::full(&data_type),
        };
        let step = match column.class {
            Class::Measure => Some(1),
            Class::Quasi => column.step,
            Class::Category | Class::Flag | Class::Key | Class::Hidden => None,
        };
        facts.push(Facts {
            plain: Some(Plain::Column(origin.clone())),
            values: [origin].into(),
            conditions: Default::default(),
            range,
            domain,
            step,
            data_type,
            nullable: column.nullable,
            row: (column.name == table.key).then_some(scan),
        });
    }
    let text = || Facts { range: Range::Other, nullable: false, ..Facts::of_type(DataType::Utf8) };
    let hospital = Some(Domain::Hospital);
    facts.push(Facts { plain: Some(Plain::Hospital), domain: hospital, ..text() });
    facts.push(Facts { plain: Some(Plain::Network), ..text() });
    facts
}
