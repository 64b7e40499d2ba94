//! `kring_cell`: the one grouped aggregate that computes all that a cell needs in one pass.
//!
//! Per cell it counts distinct patients and adds the fragment's sums, as 128-bit integers: the engine's own sum wraps. Where
//! the protections want them it also gives the hidden summaries of [`Wanted`](crate::pipe::Wanted): what patients
//! contribute to each measure, keys and sets of patients. [`layout`] says which columns that makes. Rows come in batches of
//! any size, with the number of each row's cell. Summaries are made while rows come patient by patient; [`Order::Any`] holds
//! every patient of every cell until the end. A promised order that is not kept is [`CellError::OutOfOrder`].
//!
//! No value makes it fail: planning leaves room for the declared bounds of every value times the rows, and beyond that sums
//! stay at the end of their range. Figures that are sums of contributions are made of these, not added again. Without
//! summaries this is a count of patients and sums by column.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result as EngineResult};
use policies::footprint::{MeasureKind, SUM_LIMIT, SumKind};

use crate::record::RecordKeys;

mod contributions;
mod grouped;
mod keys;
mod layout;
mod marks;
mod patients;
mod slots;
mod summaries;
mod sums;

pub(crate) use contributions::MeasureSpec;
pub(crate) use layout::{Layout, has_rest, has_set};
use patients::Patients;
pub(crate) use slots::Order;
use summaries::{Columns, Summaries};
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
    #[inline]
    pub(crate) fn clamp(self, value: i128) -> i128 {
        value.max(self.least).min(self.most)
    }

    /// The most that a value is away from 0.
    fn size(self) -> i128 {
        self.least.saturating_abs().max(self.most.saturating_abs())
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

/// The wire's type of a sum.
pub(crate) fn sum_type(scale: u8) -> DataType {
    DataType::Decimal128(SUM_PRECISION, i8::try_from(scale).unwrap_or(i8::MAX))
}

/// Why there are no cells.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CellError {
    /// Rows do not come patient by patient.
    #[error("the rows do not come patient by patient")]
    OutOfOrder,
    /// Columns that are not what the plan says, or a patient without a record key.
    #[error(transparent)]
    Failed(#[from] DataFusionError),
}

/// All cells, column by column in the order of the layout.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Computed {
    /// Patients first.
    pub(crate) counts: Vec<Vec<u64>>,
    /// Those that leave first.
    pub(crate) sums: Vec<Vec<i128>>,
    /// Sets of patients as bytes; none for nobody. Those that are the cell's are shared with it.
    pub(crate) sets: Vec<Arc<Vec<Vec<u8>>>>,
}

/// The cells of one run.
#[derive(Debug)]
pub(crate) struct Cells<'a> {
    spec: &'a CellSpec,
    cells: usize,
    /// None where it is made of a measure.
    sums: Vec<Option<Sums>>,
    who: Who,
    order: Order,
    /// The patient of the last row.
    last: Option<u32>,
}

/// What is kept of the patients of each cell.
#[derive(Debug)]
enum Who {
    /// Who they are.
    Patients(Vec<Patients>),
    /// What the summaries need.
    Summaries(Box<Summaries>),
}

impl<'a> Cells<'a> {
    /// So many cells without rows, which are to come in this order.
    pub(crate) fn new(spec: &'a CellSpec, cells: usize, order: Order) -> Self {
        let who = match spec.layout.wanted().any() {
            true => Who::Summaries(Box::new(Summaries::new(spec, cells, order))),
            false => Who::Patients(std::iter::repeat_with(Patients::default).take(cells).collect()),
        };
        let sums = spec.sums.iter().map(|sum| match made_of(sum, &spec.measures) {
            Some(_measure) => None,
            None => Some(Sums::new(sum.kind)),
        });
        Self { spec, cells, sums: sums.collect(), who, order, last: None }
    }

    /// Adds a batch of rows: its columns, the patient first, and the cell of each row.
    pub(crate) fn update(&mut self, values: &[ArrayRef], cells: &[usize]) -> Result<(), CellError> {
        let patients = patients::numbers(values.first(), cells.len())?;
        if self.order == Order::ByPatient {
            let (ascend, _differ) = slots::ordered(self.last, patients);
            if !ascend {
                return Err(CellError::OutOfOrder);
            }
            self.last = patients.last().copied().or(self.last);
        }
        let batch = Batch::new(cells, self.cells);
        match &mut self.who {
            Who::Patients(known) => patients::update(known, patients, cells),
            Who::Summaries(summaries) => {
                summaries.update(self.spec, (values, patients), (&batch, cells))?;
            }
        }
        for (spec, sums) in self.spec.sums.iter().zip(&mut self.sums) {
            if let Some(sums) = sums {
                sums.update(spec, values, &batch)?;
            }
        }
        Ok(())
    }

    /// The columns of all cells.
    pub(crate) fn finish(self) -> EngineResult<Computed> {
        let Self { spec, cells, sums, who, .. } = self;
        let Columns { counts, sums: tops, sets, made } = match who {
            Who::Patients(patients) => {
                let n = patients.iter().map(Patients::count).collect();
                Columns { counts: vec![n], ..Columns::default() }
            }
            Who::Summaries(summaries) => summaries.finish(spec)?,
        };
        let own = spec.sums.iter().zip(sums).map(|(sum, sums)| match sums {
            Some(sums) => sums.finish(cells),
            None => {
                let made = made_of(sum, &spec.measures).and_then(|measure| made.get(measure));
                made.cloned().unwrap_or_else(|| vec![0; cells])
            }
        });
        let sums = own.chain(tops).map(|sums| sums.into_iter().map(within_digits).collect());
        Ok(Computed { counts, sums: sums.collect(), sets })
    }

    /// Bytes held, roughly.
    pub(crate) fn size(&self) -> usize {
        let who = match &self.who {
            Who::Patients(patients) => {
                patients.iter().map(Patients::size).fold(0, usize::saturating_add)
            }
            Who::Summaries(summaries) => summaries.size(),
        };
        self.sums.iter().flatten().map(Sums::size).fold(who, usize::saturating_add)
    }
}

/// The measure whose contributions add up to a sum.
fn made_of(sum: &Spec, measures: &[MeasureSpec]) -> Option<usize> {
    let is_of = |measure: &MeasureSpec| {
        let bounded = sum.bounds == Some(measure.bounds);
        match (sum.kind, measure.kind) {
            (SumKind::Rows | SumKind::NonNull, MeasureKind::Rows)
            | (SumKind::Distinct, MeasureKind::Keys)
            | (SumKind::Bin, MeasureKind::Bin) => true,
            (SumKind::Sum | SumKind::SumProducts, MeasureKind::Value) => bounded,
            (SumKind::Sum | SumKind::SumProducts, MeasureKind::Flag) => {
                bounded && measure.bounds.least >= 0 && measure.bounds.most <= 1
            }
            (
                SumKind::Rows
                | SumKind::NonNull
                | SumKind::Distinct
                | SumKind::Bin
                | SumKind::Sum
                | SumKind::SumProducts
                | SumKind::SumSquares,
                _,
            ) => false,
        }
    };
    let same = |measure: &MeasureSpec| {
        measure.rows.value == sum.value && measure.rows.filter == sum.filter && is_of(measure)
    };
    measures.iter().position(same)
}

/// The nearest number of 38 digits.
fn within_digits(sum: i128) -> i128 {
    let most = SUM_LIMIT.saturating_sub(1);
    sum.clamp(most.saturating_neg(), most)
}

#[cfg(test)]
mod tests;
