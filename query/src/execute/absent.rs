//! Structural zeros: cells that would hold nothing but rows that this hospital does not have, by `members.toml`.
//!
//! A key that is such a code, or a condition that holds for no other code of its column, rules a cell out by text and charter
//! alone. Conditions that hold for one of the other codes, or NULL, do not, nor does what EXISTS says.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::split_conjunction;
use policies::dataset::{CodeValue, Dataset};

use super::text::{Own, never};
use crate::cut::{Fragment, Key, TextCondition};
use crate::facts::Origin;
use crate::pipe::NotGiven;

/// A column, with the codes that are gone and those that are left.
pub(super) struct Absent {
    of: Origin,
    gone: Vec<ScalarValue>,
    left: Vec<ScalarValue>,
}

impl Absent {
    /// What is absent of the columns of a dataset.
    pub(super) fn of(not_given: &[NotGiven], dataset: &Dataset) -> Vec<Self> {
        let one = |said: &NotGiven| {
            let column = dataset.column(&said.table, &said.column)?;
            let codes = column.codes.iter().map(|code| &code.value);
            let (gone, left): (Vec<_>, Vec<_>) =
                codes.partition(|code| said.codes.contains(&code.to_string()));
            let values = |codes: Vec<&CodeValue>| codes.into_iter().map(scalar).collect();
            let of = Origin { table: said.table.clone(), column: said.column.clone() };
            Some(Self { of, gone: values(gone), left: values(left) })
        };
        not_given.iter().filter_map(one).collect()
    }
}

/// Whether a condition that every row must meet holds only for what is absent.
pub(super) fn nothing(fragment: &Fragment, own: &Own) -> bool {
    // Each part of an AND for itself: beside a part that is not known, one that is NULL is not seen to be never true.
    let parts = fragment.conditions.iter().flat_map(|condition| {
        let parts = split_conjunction(&condition.predicate).into_iter().cloned();
        parts.map(|predicate| TextCondition { predicate, ..condition.clone() })
    });
    parts.into_iter().any(|part| only_absent(&part, own))
}

/// Rules out the values of a key that are absent.
pub(super) fn mark(key: &Key, own: &Own, values: &[ScalarValue], ruled_out: &mut [bool]) {
    let Expr::Column(name) = &key.marked.predicate else { return };
    let Some(of) = key.marked.origins.get(name) else { return };
    for absent in own.absent.iter().filter(|absent| absent.of == *of) {
        for (value, out) in values.iter().zip(ruled_out.iter_mut()) {
            *out |= absent
                .gone
                .iter()
                .any(|gone| gone.cast_to(&key.data_type).is_ok_and(|gone| gone == *value));
        }
    }
}

fn only_absent(condition: &TextCondition, own: &Own) -> bool {
    condition.origins.iter().any(|(name, of)| {
        let mut absent = own.absent.iter().filter(|absent| absent.of == *of);
        absent.any(|absent| {
            let field = condition.schema.qualified_field_from_column(name);
            let Ok((_, field)) = field else { return false };
            let null = ScalarValue::try_from(field.data_type());
            let left = absent.left.iter().map(|left| left.cast_to(field.data_type()));
            let mut values = left.chain([null]);
            values.all(|value| value.is_ok_and(|value| never(condition, own, Some((name, &value)))))
        })
    })
}

fn scalar(code: &CodeValue) -> ScalarValue {
    match code {
        CodeValue::Integer(value) => ScalarValue::Int64(Some(*value)),
        CodeValue::Text(value) => ScalarValue::Utf8(Some(value.clone())),
    }
}
