//! `kring_cell`: the one grouped aggregate that computes all that a cell needs in one pass.
//!
//! Per group it counts distinct patients and adds the fragment's sums, as 128-bit integers: the engine's own sum wraps. Where
//! the protections want them it also gives the hidden summaries of [`Wanted`](crate::pipe::Wanted): what patients
//! contribute to each measure, keys and sets of patients. It gives one struct a group, as [`layout`] says. Rows may come in any order
//! and in batches of any size. It runs in one partition only: there is no intermediate state that could travel, and asking
//! for one is an error.
//!
//! No value makes it fail: planning leaves room for the declared bounds of every value times the rows, and beyond that sums
//! stay at the end of their range. Summaries cost time and memory for each patient and measure; without them this is a count
//! of patients and sums by column.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, StructArray, UInt64Array,
};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result as EngineResult, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use policies::footprint::{SUM_LIMIT, SumKind};

use crate::record::RecordKeys;

mod contributions;
mod keys;
mod layout;
mod patients;
mod summaries;
mod sums;

pub(crate) use contributions::MeasureSpec;
pub(crate) use layout::{Layout, has_set};
use patients::Patients;
use summaries::Summaries;
use sums::{Batch, Sums};

/// Digits of a sum on the wire.
pub(crate) const SUM_PRECISION: u8 = 38;

/// One sum and where its inputs are among the arguments; argument 0 is the patient.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Spec {
    /// Its kind.
    pub(crate) kind: SumKind,
    /// The argument that is added.
    pub(crate) value: Option<usize>,
    /// The argument that says which rows count.
    pub(crate) filter: Option<usize>,
    /// Digits behind the point.
    pub(crate) scale: u8,
    /// What values are clamped to; nothing where no summary is wanted, because import lets nothing else in.
    pub(crate) bounds: Option<Bounds>,
}

/// Least and greatest value of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bounds {
    /// Least.
    pub(crate) least: i128,
    /// Greatest.
    pub(crate) most: i128,
}

impl Bounds {
    /// The nearest value inside.
    pub(crate) fn clamp(self, value: i128) -> i128 {
        value.max(self.least).min(self.most)
    }
}

/// What a cell is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CellSpec {
    /// Its sums.
    pub(crate) sums: Vec<Spec>,
    /// Its measures, where a summary is wanted.
    pub(crate) measures: Vec<MeasureSpec>,
    /// Its columns.
    pub(crate) layout: Layout,
    /// The snapshot's record keys, where keys are wanted.
    pub(crate) keys: Option<Arc<RecordKeys>>,
}

/// The aggregate for one list of sums.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct KringCell {
    spec: Arc<CellSpec>,
    signature: Signature,
}

impl KringCell {
    /// The aggregate for cells of this kind.
    pub(crate) fn new(spec: CellSpec) -> Self {
        let signature = Signature::variadic_any(Volatility::Immutable);
        Self { spec: Arc::new(spec), signature }
    }
}

/// The wire's type of a sum.
pub(crate) fn sum_type(scale: u8) -> DataType {
    DataType::Decimal128(SUM_PRECISION, i8::try_from(scale).unwrap_or(i8::MAX))
}

impl AggregateUDFImpl for KringCell {
    fn name(&self) -> &'static str {
        "kring_cell"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> EngineResult<DataType> {
        Ok(DataType::Struct(self.spec.layout.fields()))
    }

    fn accumulator(&self, _args: AccumulatorArgs<'_>) -> EngineResult<Box<dyn Accumulator>> {
        Ok(Box::new(OneCell(Cells::new(&self.spec))))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> EngineResult<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(args.name, DataType::Null, true))])
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        _args: AccumulatorArgs<'_>,
    ) -> EngineResult<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Cells::new(&self.spec)))
    }
}

/// The cells of one run.
#[derive(Debug)]
struct Cells {
    spec: Arc<CellSpec>,
    patients: Vec<Patients>,
    sums: Vec<Sums>,
    summaries: Summaries,
}

fn no_state<T>() -> EngineResult<T> {
    exec_err!("kring_cell runs in one partition, without intermediate states")
}

impl Cells {
    fn new(spec: &Arc<CellSpec>) -> Self {
        let sums = spec.sums.iter().map(|sum| Sums::new(sum.kind)).collect();
        let summaries = Summaries::new(spec);
        Self { spec: Arc::clone(spec), patients: Vec::new(), sums, summaries }
    }
}

impl GroupsAccumulator for Cells {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> EngineResult<()> {
        if filter.is_some() {
            return exec_err!("kring_cell takes conditions as arguments");
        }
        if self.patients.len() < total {
            self.patients.resize_with(total, Patients::default);
        }
        let patients = patients::numbers(values.first(), groups.len())?;
        patients::update(&mut self.patients, patients, groups);
        let batch = Batch::new(groups, total);
        for (spec, sums) in self.spec.sums.iter().zip(&mut self.sums) {
            sums.update(spec, values, &batch)?;
        }
        self.summaries.update(&self.spec, (values, patients), &batch)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> EngineResult<ArrayRef> {
        let patients = emit_to.take_needed(&mut self.patients);
        let summed = self.summaries.take(emit_to, &self.spec, &patients)?;
        let sums = self.sums.iter_mut().map(|sums| {
            let mut values = sums.take(emit_to);
            values.resize(patients.len(), 0);
            values
        });
        let sums: Vec<Vec<i128>> = sums.chain(summed.sums).collect();
        let n = patients.iter().map(Patients::count).collect::<Vec<_>>();
        let counts = std::iter::once(n).chain(summed.counts);
        let mut columns: Vec<ArrayRef> = Vec::new();
        columns.extend(counts.map(|counts| -> ArrayRef { Arc::new(UInt64Array::from(counts)) }));
        for (values, (_, scale)) in sums.into_iter().zip(self.spec.layout.sums()) {
            let values = values.into_iter().map(within_digits).collect::<Vec<_>>();
            columns.push(Arc::new(Decimal128Array::from(values).with_data_type(sum_type(scale))));
        }
        for sets in summed.sets {
            columns.push(Arc::new(BinaryArray::from_iter_values(sets)));
        }
        let fields = self.spec.layout.fields();
        Ok(Arc::new(StructArray::try_new(fields, columns, None)?))
    }

    fn state(&mut self, _emit_to: EmitTo) -> EngineResult<Vec<ArrayRef>> {
        no_state()
    }

    fn merge_batch(
        &mut self,
        _values: &[ArrayRef],
        _groups: &[usize],
        _total: usize,
    ) -> EngineResult<()> {
        no_state()
    }

    fn convert_to_state(
        &self,
        _values: &[ArrayRef],
        _filter: Option<&BooleanArray>,
    ) -> EngineResult<Vec<ArrayRef>> {
        no_state()
    }

    fn size(&self) -> usize {
        let patients = self.patients.iter().map(Patients::size);
        let held = patients.chain(self.sums.iter().map(Sums::size));
        held.chain([self.summaries.size()]).fold(0, usize::saturating_add)
    }
}

/// The one cell of a question without GROUP BY.
#[derive(Debug)]
struct OneCell(Cells);

impl Accumulator for OneCell {
    fn update_batch(&mut self, values: &[ArrayRef]) -> EngineResult<()> {
        let rows = values.first().map_or(0, |patients| patients.len());
        self.0.update_batch(values, &vec![0; rows], None, 1)
    }

    fn evaluate(&mut self) -> EngineResult<ScalarValue> {
        if self.0.patients.is_empty() {
            self.0.patients.push(Patients::default());
        }
        ScalarValue::try_from_array(&self.0.evaluate(EmitTo::All)?, 0)
    }

    fn size(&self) -> usize {
        self.0.size()
    }

    fn state(&mut self) -> EngineResult<Vec<ScalarValue>> {
        no_state()
    }

    fn merge_batch(&mut self, _states: &[ArrayRef]) -> EngineResult<()> {
        no_state()
    }
}

/// The nearest number of 38 digits.
fn within_digits(sum: i128) -> i128 {
    let most = SUM_LIMIT.saturating_sub(1);
    sum.clamp(most.saturating_neg(), most)
}

#[cfg(test)]
mod tests;
