//! What a question touches, as a case says it in words.

use std::collections::BTreeSet;

use crate::Footprint;
use crate::dataset::{Dataset, Use};
use crate::footprint::{ColumnUse, FootprintError, Shows};
use crate::sketch::Sketch;

/// Every use.
const USES: [Use; 6] =
    [Use::Join, Use::CountDistinct, Use::Group, Use::Filter, Use::CountValues, Use::Aggregate];

/// What a question touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Tables, beside those of the columns.
    pub tables: BTreeSet<String>,
    /// Columns that are used in every way that their class allows, as (table, column).
    pub columns: BTreeSet<(String, String)>,
    /// Columns in one use.
    pub uses: BTreeSet<ColumnUse>,
    /// Scalar functions.
    pub functions: BTreeSet<String>,
    /// Aggregates; `count` where none is named.
    pub aggregates: BTreeSet<String>,
    /// What it shows of single hospitals, where it says so.
    pub shows: Option<Shows>,
}

impl Words {
    pub(super) fn footprint(&self, dataset: &Dataset) -> Result<Footprint, FootprintError> {
        let mut uses = self.uses.clone();
        for (table, column) in &self.columns {
            let Some(known) = dataset.column(table, column) else {
                let (table, column) = (table.clone(), column.clone());
                return Err(FootprintError::UnknownColumn { table, column });
            };
            uses.extend(
                USES.into_iter()
                    .filter(|usage| known.class.allows(*usage))
                    .map(|usage| ColumnUse { table: table.clone(), column: column.clone(), usage }),
            );
        }
        let mut aggregates = self.aggregates.clone();
        if aggregates.is_empty() {
            aggregates.insert("count".to_owned());
        }
        let (tables, functions, shows) = (self.tables.clone(), self.functions.clone(), self.shows);
        Sketch { tables, uses, functions, aggregates, shows, ..Sketch::default() }
            .footprint(dataset)
    }
}

/// `table.column`, if it is that.
pub(super) fn column(text: &str) -> Option<(String, String)> {
    let (table, column) = text.split_once('.')?;
    let name = |text: &str| crate::Ident::new(text).is_ok();
    (name(table) && name(column)).then(|| (table.to_owned(), column.to_owned()))
}

/// `table.column:use`, if it is that.
pub(super) fn used(text: &str) -> Option<ColumnUse> {
    let (name, usage) = text.split_once(':')?;
    let (table, column) = column(name)?;
    let usage = USES.into_iter().find(|known| known.as_str() == usage)?;
    Some(ColumnUse { table, column, usage })
}
