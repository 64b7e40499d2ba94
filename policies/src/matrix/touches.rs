//! The footprint in words of a cell.

use std::collections::BTreeSet;

use crate::charter::Charter;
use crate::dataset::{Dataset, Use};
use crate::footprint::ColumnUse;
use crate::indicator::Indicator;
use crate::protections::{Kind, Parts};
use crate::sketch::Sketch;
use crate::wire::IndicatorRef;

use super::{About, USES};

/// What the cell touches, and the indicator that is asked; none where the charter has no such thing.
pub(super) fn of(
    charter: &Charter,
    dataset: &Dataset,
    about: &About,
    named: impl Fn(&str) -> bool,
) -> Option<(Sketch, Option<IndicatorRef>)> {
    match about {
        About::Columns { table, class, column, usage } => {
            let usage = USES.into_iter().find(|known| known.as_str() == *usage)?;
            let of_class = dataset.table(table.as_str())?.columns.iter();
            let mut of_class = of_class.filter(|known| known.class.as_str() == *class);
            // Without a name it is any column that no rule tells from the others of its class: those have cells of their own.
            let known = of_class.find(|known| match column {
                Some(column) => known.name == *column,
                None => !named(&format!("{table}.{}", known.name)),
            })?;
            let used =
                ColumnUse { table: table.to_string(), column: known.name.to_string(), usage };
            let aggregate = if usage == Use::Aggregate { "sum" } else { "count" };
            let aggregates = BTreeSet::from([aggregate.to_owned()]);
            Some((Sketch { uses: BTreeSet::from([used]), aggregates, ..Sketch::default() }, None))
        }
        About::Indicator { id, by, window } => {
            let indicator = charter.indicator(id)?;
            let (named, _text) = indicator.refer(by.as_ref(), window.as_ref()).ok()?;
            Some((of_indicator(indicator, dataset), Some(named)))
        }
    }
}

/// A footprint of the kind that the indicator's head says: its text is not read.
fn of_indicator(indicator: &Indicator, dataset: &Dataset) -> Sketch {
    let aggregates = BTreeSet::from(["count".to_owned()]);
    let mut sketch = Sketch { aggregates, ..Sketch::default() };
    sketch.part = indicator.opinions.parts == Some(Parts::Band);
    let year = indicator.year.as_ref().filter(|_| indicator.opinions.kind == Some(Kind::Volume));
    if let Some(year) = year {
        let (table, column) = (year.table.to_string(), year.column.to_string());
        let known = dataset.column(&table, &column);
        let years = known.and_then(|known| {
            let bounds = known.bounds?;
            let years = bounds.max.checked_sub(bounds.min)?.checked_add(1)?;
            u32::try_from(years).ok()?.checked_add(u32::from(known.nullable))
        });
        sketch.cells = years;
        sketch.uses.insert(ColumnUse { table, column, usage: Use::Group });
    }
    sketch
}
