//! What of the form this version can answer, and how far one row can move a sum: what noise is made in.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ColumnCondition, Conditions, ExploreForm, ExploreReason, ExploreRefusal, ExploreSum,
    ExploreTerm, MeasureId, ValueSet,
};
use crate::dataset::Dataset;
use crate::footprint::{FootprintDraft, FragmentFootprint};

/// Whether a question can be told with noise: each fragment is in the form, and each figure of it has a noise of its own.
///
/// # Errors
/// What is not. The text alone decides.
pub fn answerable(draft: &FootprintDraft, dataset: &Dataset) -> Result<(), ExploreRefusal> {
    for fragment in &draft.fragments {
        fragment.explore.form().map_err(Clone::clone)?.answerable(fragment, dataset)?;
    }
    Ok(())
}

/// Most forms of one group that a question may ask which differ in nothing but the columns that are filled in. The memory tells so
/// many of a group and retires its patients before one more, so a question with more would get nothing and close the group.
const MAX_FILLED: usize = 4;

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
        self.filled(dataset)
    }

    /// Whether few enough forms differ by missing values alone.
    fn filled(&self, dataset: &Dataset) -> Result<(), ExploreRefusal> {
        let mut forms: BTreeMap<Conditions, BTreeSet<(&str, &Conditions)>> = BTreeMap::new();
        // That a cell is shown is charged as the count of its rows.
        let rows = self.all_rows();
        for term in self.sums.iter().flat_map(|sum| &sum.terms).chain([&rows]) {
            let rows = match &term.measure {
                MeasureId::Count { of } => of,
                MeasureId::Sum { .. } | MeasureId::SumSquares { .. } => &self.rows,
            };
            let mut but_for_missing = term.conditions.clone();
            but_for_missing.columns.retain(|condition| !condition.is_filled(dataset));
            let alike = forms.entry(but_for_missing).or_default();
            alike.insert((rows, &term.conditions));
            if alike.len() > MAX_FILLED {
                let filled = alike.iter().flat_map(|(_, one)| &one.columns);
                let filled = filled.filter(|condition| condition.is_filled(dataset));
                let names: BTreeSet<&str> = filled.map(|one| one.column.as_str()).collect();
                let names = names.into_iter().collect::<Vec<_>>().join(", ");
                return Err(ExploreRefusal::new(ExploreReason::Missing, names));
            }
        }
        Ok(())
    }
}

impl ColumnCondition {
    /// Whether every value of the column meets it, so that it only asks that there is one.
    fn is_filled(&self, dataset: &Dataset) -> bool {
        let Some(column) = dataset.column(&self.table, &self.column) else { return false };
        match &self.values {
            ValueSet::Codes(codes) => {
                column.codes.iter().all(|code| codes.contains(&Some(code.value.to_string())))
            }
            ValueSet::Between { low, high } => {
                column.bounds.is_some_and(|bounds| *low <= bounds.min && bounds.max < *high)
            }
            ValueSet::Missing => false,
        }
    }
}
