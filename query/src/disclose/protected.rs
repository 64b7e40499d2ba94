//! A fragment's cells as they leave: what verdicts hide is null.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;

use super::rules::{Rule, Verdict};
use super::{CellState, Figures, safe_batch};
use crate::receive::RawFragment;

/// A fragment's cells with everything hidden that must be.
pub(super) struct Protected {
    pub(super) batch: RecordBatch,
    /// Cells of the domain.
    pub(super) cells: u64,
    /// Cells that are null.
    pub(super) nulls: u64,
    /// Null figures of the other cells.
    pub(super) figures: u64,
    /// Null figures by rule.
    pub(super) rules: BTreeMap<Rule, u64>,
}

impl Protected {
    /// Hides what the verdicts hide. Where there are figures that stand for a cell, they are shown instead of its own.
    pub(crate) fn new(
        fragment: &RawFragment,
        verdicts: &[Verdict],
        standing: &[Figures],
    ) -> Option<Self> {
        let mut rules = BTreeMap::new();
        verdicts.iter().for_each(|verdict| verdict.count(&mut rules));
        let (hidden, shown): (Vec<&Verdict>, Vec<&Verdict>) =
            verdicts.iter().partition(|verdict| verdict.state == CellState::Hidden);
        let figures = shown.iter().flat_map(|verdict| &verdict.sums).flatten().count();
        let many = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let (cells, nulls, figures) = (many(verdicts.len()), many(hidden.len()), many(figures));
        let states: Vec<CellState> = verdicts.iter().map(|verdict| verdict.state).collect();
        let columns = fragment.sums.iter().enumerate().map(|(at, (scale, values))| {
            let shown = values.iter().zip(verdicts).enumerate().map(|(place, (value, verdict))| {
                let shown = verdict.state != CellState::Hidden
                    && verdict.sums.get(at).is_some_and(Option::is_none);
                match standing.get(place).and_then(Option::as_ref) {
                    Some(told) => told.get(at).copied().flatten().filter(|_| shown),
                    None => shown.then_some(*value),
                }
            });
            (*scale, shown.collect())
        });
        let columns: Vec<(u8, Vec<Option<i128>>)> = columns.collect();
        let batch = safe_batch(&states, &columns)?;
        Some(Self { batch, cells, nulls, figures, rules })
    }
}
