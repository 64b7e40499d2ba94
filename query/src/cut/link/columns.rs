//! The values of a column as places on its axis: codes in their order, numbers from the least, and no value last.

use policies::dataset::{Column, Dataset};
use policies::explore::ValueSet;
use policies::footprint::LinkSet;

use super::column_text;

/// A column whose values are places.
pub(super) struct Places<'d> {
    table: String,
    column: &'d Column,
    /// Places of values; that of their absence comes after them.
    values: u32,
}

impl<'d> Places<'d> {
    /// A column of a table; none that has neither codes nor bounds, or too many values to be numbered.
    pub(super) fn of(dataset: &'d Dataset, table: &str, name: &str) -> Option<Self> {
        let column = dataset.column(table, name)?;
        let values = match (column.codes.len(), column.bounds) {
            (0, bounds) => {
                let bounds = bounds?;
                let values = bounds.max.checked_sub(bounds.min)?.checked_add(1)?;
                u32::try_from(values).ok()?
            }
            (codes, _) => u32::try_from(codes).ok()?,
        };
        let places = Self { table: table.to_owned(), column, values };
        values.checked_add(1).map(|_| places)
    }

    pub(super) fn text(&self) -> String {
        column_text(&self.table, self.column.name.as_str())
    }

    pub(super) fn size(&self) -> u32 {
        self.values.saturating_add(u32::from(self.column.nullable))
    }

    /// The places of some values; none where one is not the column's.
    pub(super) fn set(&self, values: &ValueSet) -> Option<LinkSet> {
        match values {
            ValueSet::Codes(codes) => {
                let places = codes.iter().map(|code| self.place(code.as_deref()));
                places.collect::<Option<Vec<_>>>().map(LinkSet::of)
            }
            ValueSet::Between { low, high } => {
                let least = self.column.bounds.filter(|_| self.column.codes.is_empty())?.min;
                let place = |value: &i64| {
                    let place = value.saturating_sub(least).clamp(0, i64::from(self.values));
                    u32::try_from(place).ok()
                };
                Some(LinkSet::range(place(low)?, place(high)?))
            }
            ValueSet::Missing => Some(LinkSet::one(self.missing()?)),
        }
    }

    fn missing(&self) -> Option<u32> {
        self.column.nullable.then_some(self.values)
    }

    fn place(&self, code: Option<&str>) -> Option<u32> {
        let Some(code) = code else { return self.missing() };
        let place = self.column.codes.iter().position(|known| known.value.to_string() == code)?;
        u32::try_from(place).ok()
    }
}
