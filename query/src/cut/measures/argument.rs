//! What is added: its digits and bounds, which follow from declared ones.

use datafusion::logical_expr::Expr;
use policies::footprint::SumKind;

use super::FLOAT_SCALE;
use crate::cut::Primitive;
use crate::error::PlanError;
use crate::facts::range::Range;

/// Floats are bounded by what is computed of bounds in another order than the engine computes: this part of the bound is
/// let through, which no sum shows.
const FLOAT_SLACK: u128 = 1_000_000_000;

/// An argument in a type that adds exactly.
pub(super) struct Argument {
    pub(super) value: Expr,
    /// Digits behind the point.
    pub(super) scale: u8,
    pub(super) range: Range,
}

impl Argument {
    /// A sum of it, or of its squares.
    pub(super) fn primitive(
        &self,
        kind: SumKind,
        filter: Option<Expr>,
    ) -> Result<Primitive, PlanError> {
        let squares = kind == SumKind::SumSquares;
        let scale = self.scale.saturating_mul(if squares { 2 } else { 1 });
        let (value, bounds) = (Some(self.value.clone()), Some(self.bounds()?));
        Ok(Primitive { kind, value, filter, scale, bounds, made: None })
    }

    /// Least and greatest addend, in units of the scale.
    fn bounds(&self) -> Result<(i128, i128), PlanError> {
        if let Range::Exact { lo, hi, .. } = self.range {
            return Ok((lo, hi));
        }
        let most = units(self)?;
        let most = most.saturating_add(most / FLOAT_SLACK).saturating_add(1);
        let most = i128::try_from(most).map_err(|_too_large| PlanError::CannotPlan)?;
        Ok((most.saturating_neg(), most))
    }
}

/// The greatest distance from 0 of one addend, in units of its scale.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a magnitude under 1e15, rounded up"
)]
pub(super) fn units(argument: &Argument) -> Result<u128, PlanError> {
    match argument.range {
        Range::Exact { .. } => argument.range.units().ok_or(PlanError::CannotPlan),
        Range::Float { most, .. } => {
            Ok((most * 10_f64.powi(i32::from(FLOAT_SCALE))).ceil() as u128)
        }
        Range::Other => Err(PlanError::CannotPlan),
    }
}
