//! Which keys tie rows to one patient. The dataset's declared keys decide, never names.

use datafusion::logical_expr::{Expr, Operator};
use policies::Ident;
use policies::dataset::Dataset;

use crate::cut::Below;
use crate::error::PlanError;
use crate::facts::{Facts, Plain};

/// An equality of two plain columns that hold the same key.
pub(super) struct Tie {
    /// The side on the left of the sign, and its place among the columns.
    pub(super) one: (Facts, usize),
    /// The other side.
    pub(super) other: (Facts, usize),
}

/// The tie that a condition is, if it is one between the first `first_right` columns and the others.
pub(super) fn tie(
    part: &Expr,
    below: &Below,
    (dataset, first_right): (&Dataset, usize),
) -> Result<Option<Tie>, PlanError> {
    let Expr::BinaryExpr(binary) = part else { return Ok(None) };
    if binary.op != Operator::Eq {
        return Ok(None);
    }
    let place = |expr: &Expr| {
        let Expr::Column(name) = expr else { return None };
        below.schema.maybe_index_of_column(name)
    };
    let (Some(left), Some(right)) = (place(&binary.left), place(&binary.right)) else {
        return Ok(None);
    };
    let (_, one) = below.expression(&binary.left)?;
    let (_, other) = below.expression(&binary.right)?;
    let same = entity(&one, dataset).is_some_and(|table| entity(&other, dataset) == Some(table));
    let across = (left < first_right) != (right < first_right);
    Ok((same && across).then_some(Tie { one: (one, left), other: (other, right) }))
}

/// The table whose key a plain column holds, if its rows each belong to one patient.
pub(super) fn entity<'d>(facts: &Facts, dataset: &'d Dataset) -> Option<&'d Ident> {
    let Some(Plain::Column(origin)) = &facts.plain else { return None };
    let table = dataset.table(&origin.table)?.key_of(&origin.column)?;
    belongs_to_patient(dataset, table).then_some(table)
}

/// Whether equal values of a column are of one patient. NULL is of nobody, so it may not be among them.
pub(super) fn determines_patient(facts: &Facts, dataset: &Dataset) -> bool {
    !facts.nullable && entity(facts, dataset).is_some()
}

/// Whether a table's rows each belong to one patient, along first foreign keys.
fn belongs_to_patient(dataset: &Dataset, table: &Ident) -> bool {
    let mut at = table;
    for _ in 0..=dataset.tables.len() {
        if *at == dataset.patient {
            return true;
        }
        let parent = dataset.table(at.as_str()).and_then(|table| table.foreign_keys.first());
        let Some(parent) = parent else { return false };
        at = &parent.table;
    }
    false
}
