//! Aggregates that the engine does not have, or has in a form that cannot be added up: shares of a condition with the ends
//! of their 95 % interval after Wilson, quantiles and histograms. Also `regr_count`, which the engine counts without a
//! sign, so that a quotient of counts would have digits that SQL's has not.
//!
//! They exist for planning only: the cut makes counts of them, so they never run.

use arrow::datatypes::DataType;
use datafusion::common::{Result as EngineResult, exec_err};
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, Volatility};

/// One of them.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Planned {
    name: &'static str,
    signature: Signature,
    data_type: DataType,
}

impl Planned {
    /// A share of a condition.
    pub(crate) fn share(name: &'static str) -> Self {
        let signature = Signature::exact(vec![DataType::Boolean], Volatility::Immutable);
        Self { name, signature, data_type: DataType::Float64 }
    }

    /// How often both of two numbers have a value.
    pub(crate) fn pairs() -> Self {
        let signature = Signature::exact(vec![DataType::Float64; 2], Volatility::Immutable);
        Self { name: "regr_count", signature, data_type: DataType::Int64 }
    }

    /// A quantile, of a column and, with two arguments, a part.
    pub(crate) fn quantile(name: &'static str, arguments: usize) -> Self {
        let signature = Signature::any(arguments, Volatility::Immutable);
        Self { name, signature, data_type: DataType::Float64 }
    }

    /// A histogram as text.
    pub(crate) fn histogram() -> Self {
        let signature = Signature::any(1, Volatility::Immutable);
        Self { name: "histogram", signature, data_type: DataType::Utf8 }
    }
}

impl AggregateUDFImpl for Planned {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> EngineResult<DataType> {
        Ok(self.data_type.clone())
    }

    fn accumulator(&self, _args: AccumulatorArgs<'_>) -> EngineResult<Box<dyn Accumulator>> {
        exec_err!("this aggregate is finished from counts")
    }

    fn supports_within_group_clause(&self) -> bool {
        self.name == "percentile_cont"
    }
}
