//! The column `network`: set-valued, so below the cut it is asked for membership only.
//!
//! A hospital's networks stand in each of its rows as one text, the ids with spaces between them. No text of an analyst
//! sees it: the cut lets the column be passed on and makes `network = 'x'` and `network IN (...)` calls of [`InNetwork`].
//! Which hospitals are in which network, the job says.

use std::sync::Arc;

use arrow::array::{Array as _, AsArray as _, BooleanArray};
use arrow::datatypes::DataType;
use datafusion::common::{Result as EngineResult, ScalarValue, exec_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use policies::HospitalCode;

use crate::pipe::Networks;

/// The name of the membership test; no text can call it.
pub(crate) const IN_NETWORK: &str = "in_network";

/// A hospital's networks as its rows hold them.
pub(crate) fn text_of(networks: &Networks, hospital: &HospitalCode) -> String {
    let own = networks.iter().filter(|(_, members)| members.contains(hospital));
    let own: Vec<&str> = own.map(|(id, _)| id.as_str()).collect();
    own.join(" ")
}

/// Whether the networks in `column` hold one of `names`.
pub(crate) fn in_network(column: Expr, names: Vec<String>) -> Expr {
    let names = names.into_iter().map(|name| Expr::Literal(ScalarValue::Utf8(Some(name)), None));
    let function = Arc::new(ScalarUDF::from(InNetwork::new()));
    let args = std::iter::once(column).chain(names).collect();
    Expr::ScalarFunction(ScalarFunction::new_udf(function, args))
}

/// The names that a membership test is for; `None` for any other expression.
pub(crate) fn names(expr: &Expr) -> Option<Vec<&str>> {
    let Expr::ScalarFunction(call) = expr else { return None };
    if call.name() != IN_NETWORK {
        return None;
    }
    call.args.iter().skip(1).map(name).collect()
}

/// The text that an expression is.
pub(crate) fn name(expr: &Expr) -> Option<&str> {
    let Expr::Literal(ScalarValue::Utf8(Some(name)), _) = expr else { return None };
    Some(name)
}

/// Whether the first argument, ids with spaces between them, holds one of the others; NULL of NULL.
#[derive(Debug, PartialEq, Eq, Hash)]
struct InNetwork {
    signature: Signature,
}

impl InNetwork {
    fn new() -> Self {
        Self { signature: Signature::variadic(vec![DataType::Utf8], Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for InNetwork {
    fn name(&self) -> &str {
        IN_NETWORK
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> EngineResult<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> EngineResult<ColumnarValue> {
        let Some((own, names)) = args.args.split_first() else {
            return exec_err!("no networks");
        };
        let mut wanted = Vec::with_capacity(names.len());
        for name in names {
            let ColumnarValue::Scalar(ScalarValue::Utf8(Some(name))) = name else {
                return exec_err!("a network that is no constant");
            };
            wanted.push(name.as_str());
        }
        let holds = |own: &str| own.split(' ').any(|own| wanted.contains(&own));
        match own {
            ColumnarValue::Scalar(own) => {
                let ScalarValue::Utf8(own) = own else { return exec_err!("networks are text") };
                let holds = own.as_deref().map(holds);
                Ok(ColumnarValue::Scalar(ScalarValue::Boolean(holds)))
            }
            ColumnarValue::Array(own) => {
                let Some(texts) = own.as_string_opt::<i32>() else {
                    return exec_err!("networks are text");
                };
                debug_assert_eq!(texts.len(), args.number_rows, "a text for each row");
                let holds: BooleanArray = texts.iter().map(|own| own.map(holds)).collect();
                Ok(ColumnarValue::Array(Arc::new(holds)))
            }
        }
    }
}
