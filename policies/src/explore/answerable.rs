//! What of the form this version can answer, and how far one row can move a sum: what noise is made in.

use super::{ExploreForm, ExploreReason, ExploreRefusal, ExploreSum, ExploreTerm, MeasureId};
use crate::dataset::Dataset;
use crate::footprint::{FootprintDraft, FragmentFootprint};

/// Aggregates of which each is a count at every edge of a column.
const OF_EDGES: [&str; 4] = ["median", "quantile", "percentile_cont", "histogram"];

/// Whether a question can be told with noise: each fragment is in the form, and each figure of it has a noise of its own.
///
/// # Errors
/// What is not. The text alone decides.
pub fn answerable(draft: &FootprintDraft, dataset: &Dataset) -> Result<(), ExploreRefusal> {
    for fragment in &draft.fragments {
        fragment.explore.form().map_err(Clone::clone)?.answerable(fragment, dataset)?;
    }
    let quantile = OF_EDGES.iter().find(|name| draft.aggregates.contains(**name));
    let refused = |name: &&str| ExploreRefusal::new(ExploreReason::Quantile, name);
    quantile.map(refused).map_or(Ok(()), Err)
}

impl MeasureId {
    /// The furthest that one row can move a sum of it, in its own smallest unit: 1 for a count, the larger of the column's absolute
    /// bounds for a sum, its square for squares. Never 0. `None` of a column without bounds, and of squares beyond 63 bits.
    #[must_use]
    pub fn reach(&self, dataset: &Dataset) -> Option<i64> {
        let of = |table: &str, column: &str| {
            let bounds = dataset.column(table, column)?.bounds?;
            let reach = bounds.min.checked_abs()?.max(bounds.max.checked_abs()?);
            Some(reach.max(1))
        };
        match self {
            Self::Count { of: _ } => Some(1),
            Self::Sum { table, column } => of(table, column),
            Self::SumSquares { table, column } => {
                let reach = of(table, column)?;
                reach.checked_mul(reach)
            }
        }
    }
}

impl ExploreSum {
    /// The one part that it is of as it stands, if it is.
    #[must_use]
    pub fn only(&self) -> Option<&ExploreTerm> {
        match self.terms.as_slice() {
            [term] if self.plain && term.factor == 1 => Some(term),
            _ => None,
        }
    }
}

impl ExploreForm {
    /// Whether every sum can be told with the noise of its form: it is of one part as it stands, or always 0.
    ///
    /// # Errors
    /// The first sum that is not. The text alone decides.
    pub fn answerable(
        &self,
        fragment: &FragmentFootprint,
        dataset: &Dataset,
    ) -> Result<(), ExploreRefusal> {
        for (sum, known) in self.sums.iter().zip(&fragment.sums) {
            let reach = sum.only().and_then(|term| term.measure.reach(dataset));
            if !sum.terms.is_empty() && reach.is_none() {
                return Err(ExploreRefusal::new(ExploreReason::Mixed, &known.text));
            }
        }
        Ok(())
    }
}
