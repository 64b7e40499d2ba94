//! Exact limits of a binomial distribution, in whole numbers: the same at every node.
//!
//! A funnel's limits at p are those of Spiegelhalter (Funnel plots for comparing institutional performance, 2005, appendix): with F
//! the distribution function, r the least number with F(r) >= p, and (r - a) / n for a = (F(r) - p) / (F(r) - F(r-1)). A number
//! x lies below the limit at p exactly if F(x) < p, and above it exactly if F(x) > p, so the limits themselves are not needed.
//! F has the denominator D^n for a rate of t / D: everything is multiplied by it.

use std::cmp::Ordering;

/// Most patients of a cell that has limits: the numbers grow with them.
const MAX_PATIENTS: u64 = 5_000;
/// Limits of 99.8 % and 95 %, in thousandths.
const LIMITS: [(u32, bool); 4] = [(1, false), (25, false), (975, true), (999, true)];

/// The first x that is not below each lower limit, and the first that is above each upper one: 0.1 %, 2.5 %, 97.5 %, 99.9 %.
pub(super) fn limits((t, d): (u32, u32), n: u64) -> Option<[u64; 4]> {
    let rest = d.checked_sub(t).filter(|rest| *rest > 0 && t > 0)?;
    if n == 0 || n > MAX_PATIENTS {
        return None;
    }
    let trials = u32::try_from(n).ok()?;
    let (mut term, mut whole) = (Natural::one(), Natural::one());
    for _trial in 0..trials {
        term.times(rest);
        whole.times(d);
    }
    let bounds = LIMITS.map(|(thousandths, _)| whole.clone().multiplied(thousandths));
    let mut found = [n; 4];
    let mut open = [true; 4];
    let mut sum = Natural::zero();
    for x in 0..=trials {
        sum.add(&term);
        let thousandfold = sum.clone().multiplied(1_000);
        let each = found.iter_mut().zip(&mut open).zip(bounds.iter().zip(LIMITS));
        for ((first, open), (bound, (_, upper))) in each {
            let order = thousandfold.compare(bound);
            let reached = order == Ordering::Greater || order == Ordering::Equal && !upper;
            if *open && reached {
                (*first, *open) = (u64::from(x), false);
            }
        }
        if open == [false; 4] {
            break;
        }
        term.times(trials.saturating_sub(x));
        term.times(t);
        term.divided(x.saturating_add(1));
        term.divided(rest);
    }
    Some(found)
}

/// A whole number of any size, in limbs of 32 bits, the least first.
#[derive(Clone)]
struct Natural(Vec<u32>);

impl Natural {
    fn zero() -> Self {
        Self(Vec::new())
    }

    fn one() -> Self {
        Self(vec![1])
    }

    fn times(&mut self, by: u32) {
        let mut carried = 0_u64;
        for limb in &mut self.0 {
            let wide = u64::from(*limb).saturating_mul(u64::from(by)).saturating_add(carried);
            (*limb, carried) = (low(wide), wide >> u32::BITS);
        }
        if carried > 0 {
            self.0.push(low(carried));
        }
        self.trim();
    }

    fn multiplied(mut self, by: u32) -> Self {
        self.times(by);
        self
    }

    /// By what divides it.
    fn divided(&mut self, by: u32) {
        let by = u64::from(by);
        let mut rest = 0_u64;
        for limb in self.0.iter_mut().rev() {
            let wide = rest << u32::BITS | u64::from(*limb);
            *limb = low(wide.checked_div(by).unwrap_or_default());
            rest = wide.checked_rem(by).unwrap_or_default();
        }
        self.trim();
    }

    fn add(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        let mut carried = 0_u64;
        let others = other.0.iter().copied().chain(std::iter::repeat(0));
        for (limb, more) in self.0.iter_mut().zip(others) {
            let wide = u64::from(*limb).saturating_add(u64::from(more)).saturating_add(carried);
            (*limb, carried) = (low(wide), wide >> u32::BITS);
        }
        if carried > 0 {
            self.0.push(low(carried));
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}

/// The lower half.
fn low(wide: u64) -> u32 {
    u32::try_from(wide & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
