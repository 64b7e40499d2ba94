//! The values that a group key can have, so that the cells are known before any data is read.
//!
//! Values are distinct, of the expression's type and in ascending order; NULL is not among them, the expression's
//! nullability tells whether it is the last cell.

use std::cmp::Ordering;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use policies::dataset::{Class, CodeValue, Column, ColumnType};
use policies::footprint::MAX_CELLS;

use super::Facts;
use super::range::Range;
use super::safe::rounded;
use crate::catalog;

/// The values of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Domain {
    /// These, ascending; NULL apart.
    Values(Vec<ScalarValue>),
    /// The own hospital at a node, every hospital that answered at the asker.
    Hospital,
}

/// Integers from the first to the last, if not too many.
fn integers(first: i64, last: i64) -> Option<Domain> {
    let count = i128::from(last).checked_sub(i128::from(first))?.checked_add(1)?;
    let few = u64::try_from(count).is_ok_and(|count| count <= MAX_CELLS);
    few.then(|| Domain::Values((first..=last).map(|v| ScalarValue::Int64(Some(v))).collect()))
}

impl Domain {
    /// What the dataset declares of a column.
    pub(crate) fn of_column(column: &Column) -> Option<Self> {
        let numbered = matches!(column.kind, ColumnType::Integer);
        match column.class {
            Class::Category | Class::Flag | Class::Quasi if !column.codes.is_empty() => {
                let data_type = catalog::data_type(column.kind);
                let values = column.codes.iter().map(|code| match &code.value {
                    CodeValue::Integer(value) => ScalarValue::Int64(Some(*value)),
                    CodeValue::Text(text) => ScalarValue::Utf8(Some(text.clone())),
                });
                Self::of(values.collect(), &data_type)
            }
            Class::Quasi if numbered && column.step == Some(1) => {
                let bounds = column.bounds?;
                integers(bounds.min, bounds.max)
            }
            Class::Category
            | Class::Flag
            | Class::Quasi
            | Class::Measure
            | Class::Key
            | Class::Hidden => None,
        }
    }

    /// Values made of one type, ascending and distinct. Floats are not listed: -0.0 and 0.0 are equal to SQL and two
    /// values to the engine.
    fn of(values: Vec<ScalarValue>, data_type: &DataType) -> Option<Self> {
        if data_type.is_floating() {
            return None;
        }
        let mut cast = Vec::with_capacity(values.len());
        for value in values {
            let value = value.cast_to(data_type).ok()?;
            if !value.is_null() {
                cast.push(value);
            }
        }
        cast.sort_by(|a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal));
        cast.dedup();
        let few = u64::try_from(cast.len()).is_ok_and(|count| count <= MAX_CELLS);
        few.then_some(Self::Values(cast))
    }

    /// The one value of a literal.
    pub(crate) fn literal(value: &ScalarValue) -> Option<Self> {
        if value.is_null() {
            return Some(Self::Values(Vec::new()));
        }
        Self::of(vec![value.clone()], &value.data_type())
    }

    /// False and true.
    pub(crate) fn booleans() -> Self {
        Self::Values(vec![ScalarValue::Boolean(Some(false)), ScalarValue::Boolean(Some(true))])
    }

    /// The values after a cast, if every one survives it.
    pub(crate) fn cast(self, to: &DataType) -> Option<Self> {
        let Self::Values(values) = self else { return None };
        let before = values.len();
        let cast = values
            .into_iter()
            .map(|value| rounded::constant(&value, to).ok().filter(|value| !value.is_null()))
            .collect::<Option<Vec<_>>>()?;
        if cast.len() != before {
            return None;
        }
        Self::of(cast, to)
    }

    /// The values with their sign turned.
    pub(crate) fn negated(&self) -> Option<Self> {
        let Self::Values(values) = self else { return None };
        let turned = values.iter().map(|value| value.arithmetic_negate().ok());
        let turned = turned.collect::<Option<Vec<_>>>()?;
        let data_type = turned.first()?.data_type();
        Self::of(turned, &data_type)
    }
}

/// The values of any of several expressions of one type.
pub(crate) fn union<'a>(
    domains: impl Iterator<Item = Option<&'a Domain>>,
    data_type: &DataType,
) -> Option<Domain> {
    let mut all = Vec::new();
    for domain in domains {
        let Domain::Values(values) = domain? else { return None };
        all.extend(values.iter().cloned());
    }
    Domain::of(all, data_type)
}

/// The values of `left op right`: integer division of a bounded column, or arithmetic of a domain with one literal.
pub(crate) fn arithmetic(left: &Facts, operator: Operator, right: &Facts) -> Option<Domain> {
    if operator == Operator::Divide
        && let Some(step) = left.step
        && let Some(bins) = bins(left, step, right)
    {
        return Some(bins);
    }
    let (Some(Domain::Values(values)), Some(Domain::Values(others))) =
        (&left.domain, &right.domain)
    else {
        return None;
    };
    if values.len() > 1 && others.len() > 1 {
        return None;
    }
    let mut results = Vec::new();
    for value in values {
        for other in others {
            results.push(compute(value, operator, other)?);
        }
    }
    Domain::of(results, &DataType::Int64)
}

/// The step of a sum or difference: 1 if every whole number may be asked of both sides, or one is a constant.
pub(crate) fn shifted(left: &Facts, operator: Operator, right: &Facts) -> Option<i64> {
    let constant = |facts: &Facts| matches!(facts.range, Range::Exact { lo, hi, .. } if lo == hi);
    let free = |facts: &Facts| facts.step == Some(1) || constant(facts);
    let adds = matches!(operator, Operator::Plus | Operator::Minus);
    (adds && free(left) && free(right)).then_some(1)
}

/// Every quotient of a column's bounds: truncated toward 0, as SQL does.
fn bins(left: &Facts, step: i64, right: &Facts) -> Option<Domain> {
    let Range::Exact { lo, hi, scale: 0 } = left.range else { return None };
    let Range::Exact { lo: width, hi: same, scale: 0 } = right.range else { return None };
    let allowed = width == same && width > 0 && width.checked_rem(i128::from(step))? == 0;
    if !allowed || left.data_type != DataType::Int64 {
        return None;
    }
    let bin = |value: i128| i64::try_from(value.checked_div(width)?).ok();
    integers(bin(lo)?, bin(hi)?)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is refused"
)]
fn compute(value: &ScalarValue, operator: Operator, other: &ScalarValue) -> Option<ScalarValue> {
    let (ScalarValue::Int64(Some(value)), ScalarValue::Int64(Some(other))) = (value, other) else {
        return None;
    };
    let result = match operator {
        Operator::Plus => value.checked_add(*other),
        Operator::Minus => value.checked_sub(*other),
        Operator::Multiply => value.checked_mul(*other),
        Operator::Divide => value.checked_div(*other),
        Operator::Modulo => value.checked_rem(*other),
        _ => None,
    };
    result.map(|value| ScalarValue::Int64(Some(value)))
}
