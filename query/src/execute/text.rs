//! What the text alone says: `WHERE hospital = 'ELSEWHERE'` leaves nothing here, `WHERE grade IN (2, 3) GROUP BY grade`
//! leaves no cell of grade 1, whatever the data are. Such cells are shown as empty: no threshold has anything to protect.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column as Name, ScalarValue};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;

use super::Place;
use super::absent::{self, Absent};
use crate::cut::{Fragment, HOSPITAL_MARK, Key, NETWORK_MARK, TextCondition};
use crate::network;

/// Keys with more values are not looked at value by value.
const MAX_VALUES: usize = 500;

/// What is the same in every row of a hospital.
pub(super) struct Own {
    /// Its code.
    pub(super) hospital: ScalarValue,
    /// Its networks.
    pub(super) networks: ScalarValue,
    /// What it has no rows of.
    pub(super) absent: Vec<Absent>,
}

impl Own {
    pub(super) fn of(place: &Place<'_>) -> Self {
        let text = |text: String| ScalarValue::Utf8(Some(text));
        Self {
            hospital: text(place.hospital.as_str().to_owned()),
            networks: text(network::text_of(place.networks, place.hospital)),
            absent: Absent::of(place.not_given, place.dataset),
        }
    }
}

/// Whether a condition that every row must meet is false or NULL at this hospital by its text.
pub(super) fn empty(fragment: &Fragment, own: &Own) -> bool {
    fragment.conditions.iter().any(|condition| never(condition, own, None))
}

/// For each value of a key, whether the text leaves no row with it, or the hospital has none.
pub(super) fn ruled_out(
    fragment: &Fragment,
    own: &Own,
    key: &Key,
    values: &[ScalarValue],
) -> Vec<bool> {
    let mut out = by_text(fragment, own, key, values);
    absent::mark(key, own, values, &mut out);
    out
}

fn by_text(fragment: &Fragment, own: &Own, key: &Key, values: &[ScalarValue]) -> Vec<bool> {
    if let Some(Expr::Literal(only, _)) = simplified(&key.marked, own, None)
        && let Ok(only) = only.cast_to(&key.data_type)
    {
        return values.iter().map(|value| *value != only).collect();
    }
    let Expr::Column(name) = &key.marked.predicate else { return vec![false; values.len()] };
    let about = |condition: &&TextCondition| {
        condition.in_scope && condition.predicate.column_refs().contains(name)
    };
    let conditions: Vec<&TextCondition> = fragment.conditions.iter().filter(about).collect();
    if conditions.is_empty() || values.len() > MAX_VALUES {
        return vec![false; values.len()];
    }
    let none = |value: &ScalarValue| {
        conditions.iter().any(|condition| never(condition, own, Some((name, value))))
    };
    values.iter().map(none).collect()
}

/// Whether a condition is false or NULL by its text, with a column's value if it is known.
pub(super) fn never(
    condition: &TextCondition,
    own: &Own,
    known: Option<(&Name, &ScalarValue)>,
) -> bool {
    match simplified(condition, own, known) {
        Some(Expr::Literal(ScalarValue::Boolean(value), _)) => value != Some(true),
        Some(Expr::Literal(value, _)) => value.is_null(),
        Some(_) | None => false,
    }
}

/// The expression with the hospital's code and networks, and a column's value if it is known, as far as the text goes.
fn simplified(
    marked: &TextCondition,
    own: &Own,
    known: Option<(&Name, &ScalarValue)>,
) -> Option<Expr> {
    let replaced = marked.predicate.clone().transform(|expr| {
        let Expr::Column(name) = &expr else { return Ok(Transformed::no(expr)) };
        for (mark, value) in [(HOSPITAL_MARK, &own.hospital), (NETWORK_MARK, &own.networks)] {
            if name.relation.is_none() && name.name == mark {
                return Ok(Transformed::yes(Expr::Literal(value.clone(), None)));
            }
        }
        match known {
            Some((column, value)) if name == column => {
                Ok(Transformed::yes(Expr::Literal(value.clone(), None)))
            }
            Some(_) | None => Ok(Transformed::no(expr)),
        }
    });
    let context = SimplifyContext::builder().with_schema(Arc::clone(&marked.schema)).build();
    ExprSimplifier::new(context).simplify(replaced.ok()?.data).ok()
}
