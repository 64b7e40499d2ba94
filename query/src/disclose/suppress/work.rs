//! What a search has done, in the units of its limits.
//!
//! Counted is what is looked at, where it is looked at, never time: of a program its nulls times its relations, of a walk the nulls
//! and relations that it touches, and of everything else the terms of relations and the differences of worlds that are gone
//! through. So the limit holds for tables of few relations with very many terms as it does for others. A unit is about five
//! nanoseconds of a server of 2024.

use std::cell::Cell;

/// Work of the smallest program, in nulls times relations: about a quarter of a millisecond.
pub(super) const LEAST_WORK: u64 = 50_000;

/// Terms that are gone through one after the other in one unit.
const PASSED: usize = 4;

/// Units so far.
#[derive(Debug, Default)]
pub(super) struct Work(Cell<u64>);

impl Work {
    /// All of them.
    pub(super) fn done(&self) -> u64 {
        self.0.get()
    }

    /// Counts so many.
    pub(super) fn add(&self, units: u64) {
        self.0.set(self.0.get().saturating_add(units));
    }

    /// Counts terms, or differences, that are gone through.
    pub(super) fn pass(&self, terms: usize) {
        self.add(u64::try_from(terms.div_ceil(PASSED)).unwrap_or(u64::MAX));
    }

    /// Counts terms of which each is sought in something else: a unit each.
    pub(super) fn seek(&self, terms: usize) {
        self.add(u64::try_from(terms).unwrap_or(u64::MAX));
    }

    /// Whether there is no more room under a limit for anything.
    pub(super) fn is_over(&self, limit: u64) -> bool {
        self.done().saturating_add(LEAST_WORK) > limit
    }
}
