//! Sums that would not fit what travels, or not what they are shown in.

use arrow::datatypes::DataType;
use policies::footprint::{MAX_ROWS, SUM_LIMIT};

use crate::error::PlanError;

/// Refuses a sum whose digits are not those of the type that it is shown in.
pub(super) fn same_scale(data_type: &DataType, scale: u8) -> Result<(), PlanError> {
    let DataType::Decimal128(_, digits) = data_type else { return Ok(()) };
    if u8::try_from(*digits) == Ok(scale) {
        return Ok(());
    }
    Err(PlanError::unsupported(
        ("a sum of this decimal expression", "een som van deze decimale uitdrukking"),
        (
            "cast the argument: sum(CAST(... AS DECIMAL(p, s)))",
            "zet het argument om: sum(CAST(... AS DECIMAL(p, s)))",
        ),
    ))
}

/// The greatest sum, if it fits what travels.
pub(super) fn room(units: u128, name: &str) -> Result<u128, PlanError> {
    let sum = units.checked_mul(MAX_ROWS.unsigned_abs());
    sum.filter(|sum| *sum < SUM_LIMIT.unsigned_abs()).ok_or_else(|| PlanError::Unbounded {
        expression: format!("{name}(...)"),
        instead: (
            "divide the argument by a constant, so that its squares stay small",
            "deel het argument door een constante, zodat de kwadraten klein blijven",
        )
            .into(),
    })
}
