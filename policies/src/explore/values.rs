//! Values of one column that a condition allows, and whether the dataset registers them as one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ExploreReason;
use crate::dataset::{Class, Column};

/// The values of a column that a condition allows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueSet {
    /// These codes; null is the absence of one.
    Codes(BTreeSet<Option<String>>),
    /// Numbers from `low` up to, without, `high`, in units of the column's scale.
    Between {
        /// The least.
        low: i64,
        /// The least that is too great.
        high: i64,
    },
    /// No number.
    Missing,
}

impl ValueSet {
    /// What both allow.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Codes(one), Self::Codes(two)) => {
                Self::Codes(one.intersection(two).cloned().collect())
            }
            (Self::Between { low, high }, Self::Between { low: other, high: least }) => {
                Self::Between { low: *low.max(other), high: *high.min(least) }
            }
            (Self::Missing, Self::Missing) => Self::Missing,
            (Self::Codes(_) | Self::Between { .. } | Self::Missing, _) => {
                Self::Codes(BTreeSet::new())
            }
        }
    }

    /// Whether it allows nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Codes(codes) => codes.is_empty(),
            Self::Between { low, high } => low >= high,
            Self::Missing => false,
        }
    }

    /// Whether whatever it allows, the other one allows too.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        self.is_empty() || self.and(other) == *self
    }

    /// Bytes of its texts, about.
    pub(super) fn text_bytes(&self) -> usize {
        match self {
            Self::Codes(codes) => {
                codes.iter().map(|code| code.as_ref().map_or(4, String::len)).sum()
            }
            Self::Between { .. } => 32,
            Self::Missing => 8,
        }
    }

    /// Whether the dataset registers it as one condition on the column.
    ///
    /// # Errors
    /// Which part of the form it leaves.
    pub fn registered(&self, column: &Column) -> Result<(), ExploreReason> {
        let coded = !column.codes.is_empty();
        match (column.class, self) {
            (Class::Category | Class::Flag | Class::Quasi, Self::Codes(codes)) if coded => {
                if self.is_code_or_group(codes, column) {
                    Ok(())
                } else {
                    Err(ExploreReason::Group)
                }
            }
            (Class::Measure | Class::Quasi, Self::Missing) if !coded => {
                if column.nullable {
                    Ok(())
                } else {
                    Err(ExploreReason::Condition)
                }
            }
            (Class::Measure, Self::Between { low, high }) => {
                let edges = Self::edges(column);
                let registered = edges.contains(low) && edges.contains(high) && low < high;
                if registered { Ok(()) } else { Err(ExploreReason::Edges) }
            }
            (Class::Quasi, Self::Between { low, high }) if !coded => {
                if is_bin(*low, *high, column) { Ok(()) } else { Err(ExploreReason::Bins) }
            }
            (
                Class::Key
                | Class::Category
                | Class::Flag
                | Class::Measure
                | Class::Quasi
                | Class::Hidden,
                _,
            ) => Err(ExploreReason::Condition),
        }
    }

    fn is_code_or_group(&self, codes: &BTreeSet<Option<String>>, column: &Column) -> bool {
        let all: BTreeSet<Option<String>> =
            column.codes.iter().map(|code| Some(code.value.to_string())).collect();
        let group = |group: &crate::dataset::CodeGroup| {
            group.codes.iter().map(|code| Some(code.to_string())).collect::<BTreeSet<_>>()
        };
        let known = codes
            .iter()
            .all(|code| if code.is_some() { all.contains(code) } else { column.nullable });
        let one = codes.len() == 1 || *codes == all;
        known && (one || column.groups.iter().any(|registered| group(registered) == *codes))
    }

    /// The edges of a measure, the ends of its bounds with them.
    fn edges(column: &Column) -> BTreeSet<i64> {
        let ends = column.bounds.map(|bounds| [bounds.min, bounds.max.saturating_add(1)]);
        column.edges.iter().copied().chain(ends.into_iter().flatten()).collect()
    }
}

/// Whether these are the numbers of one quotient by a multiple of the column's step, truncated toward 0 as SQL does.
fn is_bin(low: i64, high: i64, column: &Column) -> bool {
    let (Some(bounds), Some(step)) = (column.bounds, column.step.filter(|step| *step > 0)) else {
        return false;
    };
    let end = bounds.max.saturating_add(1);
    if low < bounds.min || high > end || low >= high {
        return false;
    }
    let of_width = |width: i64| {
        let bin = |value: i64| value.checked_div(width);
        let last = high.saturating_sub(1);
        bin(low) == bin(last)
            && (low == bounds.min || bin(low.saturating_sub(1)) != bin(low))
            && (high == end || bin(high) != bin(last))
    };
    (1..=MAX_STEPS).any(|times| of_width(step.saturating_mul(times)))
}

/// Most steps of one bin: without a limit every half of the bounds would be a bin.
const MAX_STEPS: i64 = 10;
