//! Window functions whose values are counts, in the whole numbers of every other count.
//!
//! The engine numbers rows in unsigned integers, and computes with them in decimals: `rank() / 2` had a fraction, where SQL
//! has none. Only the type of the values differs; the values are the engine's.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result as EngineResult, ScalarValue};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::window_state::WindowAggState;
use datafusion::logical_expr::{PartitionEvaluator, Signature, WindowUDF, WindowUDFImpl};

/// One of them.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Whole {
    engine: Arc<WindowUDF>,
}

/// The engine's function with whole numbers for values.
pub(super) fn whole(engine: Arc<WindowUDF>) -> Arc<WindowUDF> {
    Arc::new(WindowUDF::from(Whole { engine }))
}

impl WindowUDFImpl for Whole {
    fn name(&self) -> &str {
        self.engine.name()
    }

    fn signature(&self) -> &Signature {
        self.engine.signature()
    }

    fn partition_evaluator(
        &self,
        args: PartitionEvaluatorArgs<'_>,
    ) -> EngineResult<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(Values { engine: self.engine.partition_evaluator_factory(args)? }))
    }

    fn field(&self, args: WindowUDFFieldArgs<'_>) -> EngineResult<FieldRef> {
        let field = self.engine.field(args)?;
        Ok(Arc::new(field.as_ref().clone().with_data_type(DataType::Int64)))
    }
}

/// The engine's values, cast.
#[derive(Debug)]
struct Values {
    engine: Box<dyn PartitionEvaluator>,
}

fn all(values: &ArrayRef) -> EngineResult<ArrayRef> {
    Ok(cast(values, &DataType::Int64)?)
}

impl PartitionEvaluator for Values {
    fn memoize(&mut self, state: &mut WindowAggState) -> EngineResult<()> {
        self.engine.memoize(state)
    }

    fn get_range(&self, row: usize, rows: usize) -> EngineResult<Range<usize>> {
        self.engine.get_range(row, rows)
    }

    fn is_causal(&self) -> bool {
        self.engine.is_causal()
    }

    fn evaluate_all(&mut self, values: &[ArrayRef], rows: usize) -> EngineResult<ArrayRef> {
        all(&self.engine.evaluate_all(values, rows)?)
    }

    fn evaluate(&mut self, values: &[ArrayRef], range: &Range<usize>) -> EngineResult<ScalarValue> {
        self.engine.evaluate(values, range)?.cast_to(&DataType::Int64)
    }

    fn evaluate_all_with_rank(
        &self,
        rows: usize,
        ranks: &[Range<usize>],
    ) -> EngineResult<ArrayRef> {
        all(&self.engine.evaluate_all_with_rank(rows, ranks)?)
    }

    fn supports_bounded_execution(&self) -> bool {
        self.engine.supports_bounded_execution()
    }

    fn uses_window_frame(&self) -> bool {
        self.engine.uses_window_frame()
    }

    fn include_rank(&self) -> bool {
        self.engine.include_rank()
    }
}
