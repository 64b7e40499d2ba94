//! The sums of a group: counts, distinct keys, fixed-point sums and sums of squares.
//!
//! A float that is not finite, or too large to add, is NULL to every sum of it and to its count: whether a question runs
//! never depends on a row.

use std::collections::HashSet;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, BooleanArray, Decimal128Array, Float64Array, Int64Array,
    StringArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{Decimal128Type, Float64Type, Int64Type};
use datafusion::common::{Result as EngineResult, exec_err};
use datafusion::logical_expr::EmitTo;
use policies::footprint::SumKind;

use super::{Spec, overflow};

/// Units of the scale of a sum of floats.
const FLOAT_UNITS: f64 = 1e9;
/// No float further from 0 is added; planning refuses sums of what could be.
const FLOAT_LIMIT: f64 = 1e15;

/// One sum, for each group.
#[derive(Debug)]
pub(super) enum Sums {
    /// Added values.
    Added(Vec<i128>),
    /// Keys seen.
    Keys(Vec<Keys>),
}

/// The keys seen in one group.
#[derive(Debug, Default)]
pub(super) struct Keys {
    numbers: HashSet<i64>,
    texts: HashSet<Box<str>>,
    bytes: usize,
}

impl Sums {
    pub(super) fn new(kind: SumKind) -> Self {
        match kind {
            SumKind::Distinct => Self::Keys(Vec::new()),
            SumKind::Rows | SumKind::NonNull | SumKind::Sum | SumKind::SumSquares => {
                Self::Added(Vec::new())
            }
        }
    }

    /// Adds a batch of rows.
    pub(super) fn update(
        &mut self,
        spec: &Spec,
        values: &[ArrayRef],
        groups: &[usize],
        total: usize,
    ) -> EngineResult<()> {
        let rows = Rows::new(spec, values, groups)?;
        match self {
            Self::Keys(keys) => {
                if keys.len() < total {
                    keys.resize_with(total, Keys::default);
                }
                rows.keys(keys)
            }
            Self::Added(sums) => {
                if sums.len() < total {
                    sums.resize(total, 0);
                }
                match spec.kind {
                    SumKind::Rows | SumKind::NonNull | SumKind::Distinct => {
                        rows.each(sums, |_row| Ok(1))
                    }
                    SumKind::Sum => rows.add(sums, Some),
                    SumKind::SumSquares => rows.add(sums, |value| value.checked_mul(value)),
                }
            }
        }
    }

    /// The sums of the groups that are emitted.
    pub(super) fn take(&mut self, emit_to: EmitTo) -> Vec<i128> {
        match self {
            Self::Added(sums) => emit_to.take_needed(sums),
            Self::Keys(keys) => {
                let count = |keys: &Keys| keys.numbers.len().saturating_add(keys.texts.len());
                let taken = emit_to.take_needed(keys);
                taken.iter().map(|keys| i128::try_from(count(keys)).unwrap_or(i128::MAX)).collect()
            }
        }
    }

    /// Bytes held, roughly.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Added(sums) => sums.capacity().saturating_mul(size_of::<i128>()),
            Self::Keys(keys) => {
                let held = |keys: &Keys| keys.bytes.saturating_add(size_of::<Keys>());
                keys.iter().map(held).fold(0, usize::saturating_add)
            }
        }
    }
}

/// The rows with a value; a float that cannot be added is none.
fn present(value: &ArrayRef) -> Option<NullBuffer> {
    let nulls = value.logical_nulls();
    let Some(floats) = value.as_primitive_opt::<Float64Type>() else { return nulls };
    let added = floats.values().iter().map(|value| fixed_point(*value).is_some());
    NullBuffer::union(nulls.as_ref(), Some(&NullBuffer::from_iter(added)))
}

/// The rows of a batch that count for one sum.
struct Rows<'a> {
    value: Option<&'a ArrayRef>,
    present: Option<NullBuffer>,
    filter: Option<&'a BooleanArray>,
    groups: &'a [usize],
}

impl<'a> Rows<'a> {
    fn new(spec: &Spec, values: &'a [ArrayRef], groups: &'a [usize]) -> EngineResult<Self> {
        let filter = match spec.filter {
            Some(at) => match values.get(at).and_then(|column| column.as_boolean_opt()) {
                Some(filter) => Some(filter),
                None => return exec_err!("kring_cell: a condition is not true or false"),
            },
            None => None,
        };
        let value = spec.value.and_then(|at| values.get(at));
        if value.is_none() && spec.kind != SumKind::Rows {
            return exec_err!("kring_cell: a sum without a value");
        }
        let present = value.and_then(present);
        Ok(Self { value, present, filter, groups })
    }

    fn counts(&self, row: usize) -> bool {
        self.filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
            && self.present.as_ref().is_none_or(|present| present.is_valid(row))
    }

    /// Adds `addend(row)` for every row that counts.
    fn each(
        &self,
        sums: &mut [i128],
        addend: impl Fn(usize) -> EngineResult<i128>,
    ) -> EngineResult<()> {
        for (row, group) in self.groups.iter().enumerate() {
            if !self.counts(row) {
                continue;
            }
            if let Some(sum) = sums.get_mut(*group) {
                *sum = sum.checked_add(addend(row)?).ok_or_else(overflow)?;
            }
        }
        Ok(())
    }

    fn add(&self, sums: &mut [i128], of: impl Fn(i128) -> Option<i128>) -> EngineResult<()> {
        let Some(numbers) = self.value.and_then(Numbers::of) else {
            return exec_err!("kring_cell: a sum of something that is not a number");
        };
        self.each(sums, |row| numbers.get(row).and_then(&of).ok_or_else(overflow))
    }

    fn keys(&self, sets: &mut [Keys]) -> EngineResult<()> {
        let Some(keys) = self.value.and_then(KeyColumn::of) else {
            return exec_err!("kring_cell: a key of an unknown type");
        };
        for (row, group) in self.groups.iter().enumerate() {
            if let (true, Some(set)) = (self.counts(row), sets.get_mut(*group)) {
                keys.see(row, set);
            }
        }
        Ok(())
    }
}

/// A column of numbers that add exactly.
enum Numbers<'a> {
    Integers(&'a Int64Array),
    Decimals(&'a Decimal128Array),
    Floats(&'a Float64Array),
}

impl<'a> Numbers<'a> {
    fn of(column: &'a ArrayRef) -> Option<Self> {
        if let Some(column) = column.as_primitive_opt::<Int64Type>() {
            return Some(Self::Integers(column));
        }
        if let Some(column) = column.as_primitive_opt::<Decimal128Type>() {
            return Some(Self::Decimals(column));
        }
        column.as_primitive_opt::<Float64Type>().map(Self::Floats)
    }

    /// The value in units of the sum's scale; `None` where it leaves the range.
    fn get(&self, row: usize) -> Option<i128> {
        match self {
            Self::Integers(column) => Some(i128::from(column.value(row))),
            Self::Decimals(column) => Some(column.value(row)),
            Self::Floats(column) => fixed_point(column.value(row)),
        }
    }
}

/// A float at nine digits, rounded half to even.
#[expect(clippy::cast_possible_truncation, reason = "checked to be far inside 128 bits")]
fn fixed_point(value: f64) -> Option<i128> {
    let inside = value.abs() < FLOAT_LIMIT;
    inside.then(|| (value * FLOAT_UNITS).round_ties_even() as i128)
}

/// A column of keys.
enum KeyColumn<'a> {
    Numbers(&'a Int64Array),
    Texts(&'a StringArray),
}

impl<'a> KeyColumn<'a> {
    fn of(column: &'a ArrayRef) -> Option<Self> {
        if let Some(column) = column.as_primitive_opt::<Int64Type>() {
            return Some(Self::Numbers(column));
        }
        column.as_string_opt::<i32>().map(Self::Texts)
    }

    fn see(&self, row: usize, into: &mut Keys) {
        match self {
            Self::Numbers(column) => {
                if into.numbers.insert(column.value(row)) {
                    into.bytes = into.bytes.saturating_add(24);
                }
            }
            Self::Texts(column) => {
                let text = column.value(row);
                if !into.texts.contains(text) {
                    into.texts.insert(text.into());
                    into.bytes = into.bytes.saturating_add(text.len()).saturating_add(40);
                }
            }
        }
    }
}
