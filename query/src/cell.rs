//! `kring_cell`: the one grouped aggregate that computes all that a cell needs in one pass.
//!
//! Per group it counts distinct patients and adds the fragment's sums, as checked 128-bit integers: the engine's own sum
//! wraps. It gives one struct a group: `n`, then `p0`, `p1`, ... in the order of the fragment. Rows may come in any order
//! and in batches of any size. It runs in one partition only: there is no intermediate state that could travel, and asking
//! for one is an error.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Decimal128Array, StructArray, UInt64Array};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{DataFusionError, Result as EngineResult, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use policies::footprint::SumKind;

mod keys;
mod patients;
mod sums;

use patients::Patients;
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
}

/// The aggregate for one list of sums.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct KringCell {
    specs: Vec<Spec>,
    signature: Signature,
}

impl KringCell {
    /// The aggregate for these sums.
    pub(crate) fn new(specs: Vec<Spec>) -> Self {
        Self { specs, signature: Signature::variadic_any(Volatility::Immutable) }
    }
}

/// The fields of a cell: `n` and the sums.
pub(crate) fn cell_fields(scales: impl Iterator<Item = u8>) -> Fields {
    let mut fields = vec![Field::new("n", DataType::UInt64, false)];
    for (index, scale) in scales.enumerate() {
        fields.push(Field::new(format!("p{index}"), sum_type(scale), false));
    }
    fields.into()
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
        Ok(DataType::Struct(cell_fields(self.specs.iter().map(|spec| spec.scale))))
    }

    fn accumulator(&self, _args: AccumulatorArgs<'_>) -> EngineResult<Box<dyn Accumulator>> {
        Ok(Box::new(OneCell(Cells::new(&self.specs))))
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
        Ok(Box::new(Cells::new(&self.specs)))
    }
}

/// The cells of one run.
#[derive(Debug)]
struct Cells {
    specs: Vec<Spec>,
    patients: Vec<Patients>,
    sums: Vec<Sums>,
}

fn no_state<T>() -> EngineResult<T> {
    exec_err!("kring_cell runs in one partition, without intermediate states")
}

impl Cells {
    fn new(specs: &[Spec]) -> Self {
        let sums = specs.iter().map(|spec| Sums::new(spec.kind)).collect();
        Self { specs: specs.to_vec(), patients: Vec::new(), sums }
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
        patients::update(&mut self.patients, values.first(), groups)?;
        let batch = Batch::new(groups, total);
        for (spec, sums) in self.specs.iter().zip(&mut self.sums) {
            sums.update(spec, values, &batch)?;
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> EngineResult<ArrayRef> {
        let patients = emit_to.take_needed(&mut self.patients);
        let n: UInt64Array = patients.iter().map(Patients::count).collect::<Vec<_>>().into();
        let rows = patients.len();
        let mut columns: Vec<ArrayRef> = vec![Arc::new(n)];
        for (spec, sums) in self.specs.iter().zip(&mut self.sums) {
            let mut values = sums.take(emit_to);
            values.resize(rows, 0);
            let column = Decimal128Array::from(values).with_data_type(sum_type(spec.scale));
            column.validate_decimal_precision(SUM_PRECISION)?;
            columns.push(Arc::new(column));
        }
        let fields = cell_fields(self.specs.iter().map(|spec| spec.scale));
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
        patients.chain(self.sums.iter().map(Sums::size)).fold(0, usize::saturating_add)
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

/// The error of a sum that leaves 128 bits.
fn overflow() -> DataFusionError {
    DataFusionError::Execution("kring_cell: a sum leaves its range".to_owned())
}

#[cfg(test)]
mod tests;
