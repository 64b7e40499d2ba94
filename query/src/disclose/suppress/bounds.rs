//! What the relations alone say of nulls, one after the other: bounds outside of which no null can be. They prove that a null
//! is unsafe without any program, and with a world at each end what is left of it.

use super::program::Component;
use super::search::Search;
use super::table::Need;

/// Times that all relations are looked at.
const MAX_PASSES: usize = 12;

/// The least and greatest of each null of a component, in its order.
#[derive(Clone, Debug)]
pub(super) struct Bounds(Vec<(i64, i64)>);

impl Bounds {
    /// Of one null of a component.
    pub(super) fn of(&self, component: &Component, cell: usize) -> Option<(u64, u64)> {
        let (low, high) = *self.0.get(component.cells.binary_search(&cell).ok()?)?;
        Some((u64::try_from(low).ok()?, u64::try_from(high).ok()?))
    }

    /// Whether a need cannot be met.
    pub(super) fn exclude(&self, component: &Component, (cell, need): (usize, Need)) -> bool {
        let Some((low, high)) = self.of(component, cell) else { return false };
        match need {
            Need::Range { low: least, high: most } => low > least || high < most,
            Need::Wide(width) => high.saturating_sub(low) < width,
            Need::Nothing => false,
        }
    }
}

impl Search<'_> {
    /// Bounds of a component's nulls: over the limit of work those that were found until then.
    pub(super) fn bounds(&self, component: &Component, limit: u64) -> Bounds {
        let cap = i64::try_from(component.cap).unwrap_or(i64::MAX >> 8);
        let mut bounds = Bounds(vec![(0, cap); component.cells.len()]);
        for _ in 0..MAX_PASSES {
            let mut moved = false;
            for row in &component.rows {
                if self.work.is_over(limit) {
                    return bounds;
                }
                moved |= self.tighten(component, *row, &mut bounds) == Some(true);
            }
            if !moved {
                break;
            }
        }
        bounds
    }

    /// Whether a relation moves any bound; nothing where it does not fit together.
    fn tighten(&self, component: &Component, row: usize, bounds: &mut Bounds) -> Option<bool> {
        // Each null is what the others leave: the sum of all ends, less its own.
        let (mut least, mut most) = (0_i64, 0_i64);
        let mut nulls = Vec::new();
        let row = self.table.rows.get(row)?;
        self.work.seek(row.len());
        for (cell, sign) in row {
            let at = component.cells.binary_search(cell).ok().filter(|_| self.is_null(*cell));
            let (low, high) = match at {
                Some(at) => *bounds.0.get(at)?,
                None => {
                    let value = i64::try_from(self.table.cells.get(*cell)?.value).ok()?;
                    (value, value)
                }
            };
            let (low, high) =
                if *sign > 0 { (low, high) } else { (high.checked_neg()?, low.checked_neg()?) };
            least = least.checked_add(low)?;
            most = most.checked_add(high)?;
            nulls.extend(at.map(|at| (at, *sign, low, high)));
        }
        let mut moved = false;
        for (at, sign, low, high) in nulls {
            let from = most.checked_sub(high)?.checked_neg()?;
            let to = least.checked_sub(low)?.checked_neg()?;
            let (from, to) =
                if sign > 0 { (from, to) } else { (to.checked_neg()?, from.checked_neg()?) };
            let own = bounds.0.get_mut(at)?;
            let new = (own.0.max(from), own.1.min(to));
            moved |= new != *own;
            *own = new;
        }
        Some(moved)
    }
}
