//! Aggregates that the engine does not have: `share(condition)` and the ends of its 95 % interval after Wilson.
//!
//! They exist for planning only: the cut makes counts of them, so they never run.

use arrow::datatypes::DataType;
use datafusion::common::{Result as EngineResult, exec_err};
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, Volatility};

/// One of the three.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Share {
    name: &'static str,
    signature: Signature,
}

impl Share {
    /// The function of a name.
    pub(crate) fn new(name: &'static str) -> Self {
        let signature = Signature::exact(vec![DataType::Boolean], Volatility::Immutable);
        Self { name, signature }
    }
}

impl AggregateUDFImpl for Share {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> EngineResult<DataType> {
        Ok(DataType::Float64)
    }

    fn accumulator(&self, _args: AccumulatorArgs<'_>) -> EngineResult<Box<dyn Accumulator>> {
        exec_err!("shares are finished from counts")
    }
}
