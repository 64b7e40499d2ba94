//! The sums of a group: counts, distinct keys, fixed-point sums and sums of squares.
//!
//! A float that is not finite, or too large to add, is NULL to every sum of it and to its count: whether a question runs
//! never depends on a row.

use std::cell::OnceCell;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, BooleanArray, Decimal128Array, Float64Array, Int64Array,
};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{Decimal128Type, Float64Type, Int64Type};
use datafusion::common::{Result as EngineResult, exec_err};
use policies::footprint::SumKind;

use super::Spec;
use super::keys::{KeyColumn, Keys};

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

/// The rows of each group of one batch.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    groups: &'a [usize],
    total: usize,
    /// Counted when somebody asks.
    rows: OnceCell<Vec<i128>>,
}

impl<'a> Batch<'a> {
    /// A batch of rows of these of `total` groups.
    pub(super) fn new(groups: &'a [usize], total: usize) -> Self {
        Self { groups, total, rows: OnceCell::new() }
    }

    /// How many groups there are.
    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// How many rows each has.
    fn rows(&self) -> &[i128] {
        self.rows.get_or_init(|| {
            let mut rows = vec![0_i128; self.total];
            for group in self.groups {
                if let Some(rows) = rows.get_mut(*group) {
                    *rows = rows.saturating_add(1);
                }
            }
            rows
        })
    }
}

impl Sums {
    pub(super) fn new(kind: SumKind) -> Self {
        match kind {
            SumKind::Distinct => Self::Keys(Vec::new()),
            SumKind::Rows
            | SumKind::NonNull
            | SumKind::Bin
            | SumKind::Sum
            | SumKind::SumSquares
            | SumKind::SumProducts => Self::Added(Vec::new()),
        }
    }

    /// Adds a batch of rows.
    pub(super) fn update(
        &mut self,
        spec: &Spec,
        values: &[ArrayRef],
        batch: &Batch<'_>,
    ) -> EngineResult<()> {
        let (rows, total) = (Rows::new(spec, values, batch)?, batch.total());
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
                match (spec.kind, spec.bounds) {
                    (SumKind::Rows | SumKind::NonNull | SumKind::Distinct | SumKind::Bin, _) => {
                        rows.count(sums);
                        Ok(())
                    }
                    (SumKind::Sum | SumKind::SumProducts, None) => rows.add(sums, |value| value),
                    (SumKind::Sum | SumKind::SumProducts, Some(bounds)) => {
                        rows.add(sums, |value| bounds.clamp(value))
                    }
                    (SumKind::SumSquares, bounds) => rows.add(sums, |value| {
                        let value = bounds.map_or(value, |bounds| bounds.clamp(value));
                        value.saturating_mul(value)
                    }),
                }
            }
        }
    }

    /// The sums of `total` groups.
    pub(super) fn finish(self, total: usize) -> Vec<i128> {
        let mut sums = match self {
            Self::Added(sums) => sums,
            Self::Keys(keys) => {
                let count = |keys: &Keys| i128::try_from(keys.count()).unwrap_or(i128::MAX);
                keys.iter().map(count).collect()
            }
        };
        sums.resize(total, 0);
        sums
    }

    /// Bytes held, roughly.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Added(sums) => sums.capacity().saturating_mul(size_of::<i128>()),
            Self::Keys(keys) => keys.iter().map(Keys::size).fold(0, usize::saturating_add),
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

/// The rows of a batch that count for one sum or measure.
pub(super) struct Rows<'a> {
    value: Option<&'a ArrayRef>,
    /// Those that count; without it all do.
    chosen: Option<BooleanBuffer>,
    batch: &'a Batch<'a>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(
        spec: &Spec,
        values: &'a [ArrayRef],
        batch: &'a Batch<'a>,
    ) -> EngineResult<Self> {
        let meets = match spec.filter {
            Some(at) => match values.get(at).and_then(|column| column.as_boolean_opt()) {
                Some(filter) => Some(meets(filter)),
                None => return exec_err!("kring_cell: a condition is not true or false"),
            },
            None => None,
        };
        let value = spec.value.and_then(|at| values.get(at));
        if value.is_none() && !matches!(spec.kind, SumKind::Rows | SumKind::Bin) {
            return exec_err!("kring_cell: a sum without a value");
        }
        let present = value.and_then(present).filter(|present| present.null_count() > 0);
        let present = present.map(NullBuffer::into_inner);
        let chosen = match (meets, present) {
            (Some(meets), Some(present)) => Some(&meets & &present),
            (meets, present) => meets.or(present),
        };
        let expected = batch.groups.len();
        if value.is_some_and(|value| value.len() != expected)
            || chosen.as_ref().is_some_and(|chosen| chosen.len() != expected)
        {
            return exec_err!("kring_cell: columns of several lengths");
        }
        Ok(Self { value, chosen, batch })
    }

    /// How many rows there are, whether they count or not.
    pub(super) fn len(&self) -> usize {
        self.batch.groups.len()
    }

    /// Those that count; without it all do.
    pub(super) fn chosen(&self) -> Option<&BooleanBuffer> {
        self.chosen.as_ref()
    }

    /// Adds one for every row that counts.
    fn count(&self, sums: &mut [i128]) {
        match &self.chosen {
            Some(_) => self.each(sums, &|_row| 1),
            None => {
                for (sum, rows) in sums.iter_mut().zip(self.batch.rows()) {
                    *sum = sum.saturating_add(*rows);
                }
            }
        }
    }

    /// Adds `addend(row)` for every row that counts. Planning leaves room for ten thousand million rows; what goes beyond stays
    /// at the end of the range, so that whether a question runs does not depend on a row.
    #[inline]
    fn each(&self, sums: &mut [i128], addend: &impl Fn(usize) -> i128) {
        self.visit(|row, group| {
            if let Some(sum) = sums.get_mut(group) {
                *sum = sum.saturating_add(addend(row));
            }
        });
    }

    /// Every row that counts, with its group.
    #[inline]
    pub(super) fn visit(&self, mut visit: impl FnMut(usize, usize)) {
        match &self.chosen {
            None => {
                self.batch.groups.iter().enumerate().for_each(|(row, group)| visit(row, *group));
            }
            Some(chosen) => chosen.set_indices().for_each(|row| {
                if let Some(group) = self.batch.groups.get(row) {
                    visit(row, *group);
                }
            }),
        }
    }

    /// The column of numbers that are added.
    pub(super) fn numbers(&self) -> EngineResult<Numbers<'a>> {
        match self.value.and_then(Numbers::of) {
            Some(numbers) => Ok(numbers),
            None => exec_err!("kring_cell: a sum of something that is not a number"),
        }
    }

    #[inline]
    fn add(&self, sums: &mut [i128], of: impl Fn(i128) -> i128) -> EngineResult<()> {
        // One loop for each type: the type is known outside of it.
        match self.numbers()? {
            Numbers::Integers(column) => {
                let values = column.values();
                self.each(sums, &|row| values.get(row).map_or(0, |value| of(i128::from(*value))));
            }
            Numbers::Decimals(column) => {
                let values = column.values();
                self.each(sums, &|row| values.get(row).map_or(0, |value| of(*value)));
            }
            Numbers::Floats(column) => {
                let values = column.values();
                self.each(sums, &|row| {
                    values.get(row).and_then(|value| fixed_point(*value)).map_or(0, &of)
                });
            }
        }
        Ok(())
    }

    /// The column of keys.
    pub(super) fn key_column(&self) -> EngineResult<KeyColumn<'a>> {
        match self.value.and_then(KeyColumn::of) {
            Some(keys) => Ok(keys),
            None => exec_err!("kring_cell: a key of an unknown type"),
        }
    }

    fn keys(&self, sets: &mut [Keys]) -> EngineResult<()> {
        let keys = self.key_column()?;
        self.visit(|row, group| {
            if let Some(set) = sets.get_mut(group) {
                keys.see(row, set);
            }
        });
        Ok(())
    }
}

/// The rows where a condition is true.
fn meets(filter: &BooleanArray) -> BooleanBuffer {
    match filter.nulls() {
        Some(nulls) => filter.values() & nulls.inner(),
        None => filter.values().clone(),
    }
}

/// A column of numbers that add exactly.
pub(super) enum Numbers<'a> {
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

    /// The number of a row that has one.
    pub(super) fn get(&self, row: usize) -> i128 {
        let number = match self {
            Self::Integers(column) => column.values().get(row).map(|value| i128::from(*value)),
            Self::Decimals(column) => column.values().get(row).copied(),
            Self::Floats(column) => column.values().get(row).and_then(|value| fixed_point(*value)),
        };
        number.unwrap_or_default()
    }
}

/// A float at nine digits, rounded half to even.
#[expect(clippy::cast_possible_truncation, reason = "checked to be far inside 128 bits")]
pub(super) fn fixed_point(value: f64) -> Option<i128> {
    let inside = value.abs() < FLOAT_LIMIT;
    inside.then(|| (value * FLOAT_UNITS).round_ties_even() as i128)
}
