//! Noise of sums, in units that the dataset declares.

/// Steps of a unit in the tables of sums.
const GRID: i128 = 16;
/// Parts of a step. Places are the odd numbers of them off its middle, so that noise is symmetric.
const PARTS: i128 = 1 << 33;

/// A step with a place in it drawn evenly, in parts of a step.
pub(super) fn fine(step: i64, place: u64) -> i128 {
    // The odd numbers from -(2^32 - 1) to 2^32 - 1.
    let odd = i128::from(place >> 32).saturating_mul(2).saturating_add(1);
    let off = odd.saturating_sub(1 << 32);
    i128::from(step).saturating_mul(PARTS).saturating_add(off)
}

/// How much noise a column's sums get: the furthest that one patient can move one, and the step in which they are told.
/// Both in the sum's own smallest unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    unit: i64,
    resolution: i64,
}

impl Unit {
    /// At least 1 each, the resolution no coarser than the unit.
    pub(crate) fn new(unit: i64, resolution: i64) -> Option<Self> {
        (resolution >= 1 && unit >= resolution).then_some(Self { unit, resolution })
    }

    /// The sum plus `fine` * unit / (GRID * PARTS), rounded to the resolution: what is finer than that, of the sum too, does not
    /// leave. Saturates: bounds are checked at planning.
    pub(super) fn release(self, sum: i128, fine: i128) -> i128 {
        let scaled = i128::from(self.unit).saturating_mul(fine);
        let noise = divide(scaled, GRID.saturating_mul(PARTS));
        let resolution = i128::from(self.resolution);
        divide(sum.saturating_add(noise), resolution).saturating_mul(resolution)
    }
}

/// The nearest whole number, halves away from zero: symmetric.
fn divide(number: i128, by: i128) -> i128 {
    let whole = number.checked_div(by).unwrap_or(0);
    let rest = number.checked_rem(by).unwrap_or(0);
    if rest.unsigned_abs().saturating_mul(2) >= by.unsigned_abs() {
        whole.saturating_add(number.signum())
    } else {
        whole
    }
}
