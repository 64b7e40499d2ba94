//! Why a question is not in the explore form, and how it can be asked all the same.

use serde::{Deserialize, Serialize};

use super::{MAX_CONDITIONS, MAX_QUASI};

mod dutch;

/// Most characters of the clause that a refusal names.
const MAX_CLAUSE: usize = 200;

/// Why a fragment is not in the explore form. The text alone decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(deny_unknown_fields)]
#[error(
    "`{clause}` is not in the form that ask.explore answers: {}. {}, or ask it as an indicator: the board can approve the exact text (kring indicator list)",
    reason.why(),
    reason.instead()
)]
pub struct ExploreRefusal {
    /// Which part of the form it leaves.
    pub reason: ExploreReason,
    /// Where.
    pub clause: String,
}

/// Which part of the form is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExploreReason {
    /// Rows that are not those of one table with what they belong to.
    Rows,
    /// A condition over several columns, or with arithmetic.
    Condition,
    /// Codes that are no registered group.
    Group,
    /// A number not between registered edges.
    Edges,
    /// A quasi-identifier not in a bin.
    Bins,
    /// EXISTS that is not of one child with such conditions.
    Exists,
    /// Too many conditions.
    TooManyConditions,
    /// Too many quasi-identifying columns.
    TooManyQuasi,
    /// A group key whose values are not such conditions.
    Key,
    /// A sum of something else than one declared column.
    Measure,
    /// A sum of a column with factors, other sums or other rows in it.
    Mixed,
    /// Too many columns whose missing values make other patients count.
    Missing,
}

impl ExploreRefusal {
    /// A refusal that names a clause.
    #[must_use]
    pub fn new(reason: ExploreReason, clause: impl std::fmt::Display) -> Self {
        let clause: String = clause.to_string().chars().take(MAX_CLAUSE).collect();
        Self { reason, clause }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.reason.code()
    }
}

impl ExploreReason {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Rows => "explore_rows",
            Self::Condition => "explore_condition",
            Self::Group => "explore_group",
            Self::Edges => "explore_edges",
            Self::Bins => "explore_bins",
            Self::Exists => "explore_exists",
            Self::TooManyConditions => "explore_conditions",
            Self::TooManyQuasi => "explore_quasi",
            Self::Key => "explore_key",
            Self::Measure => "explore_measure",
            Self::Mixed => "explore_mixed",
            Self::Missing => "explore_missing",
        }
    }

    fn why(self) -> String {
        match self {
            Self::Rows => "its rows are not those of one table and of what they belong to".to_owned(),
            Self::Condition => {
                "a condition is about one column, compared with constants; several are joined by AND"
                    .to_owned()
            }
            Self::Group => "these codes are no group that the dataset registers".to_owned(),
            Self::Edges => "a measure is asked for between edges that the dataset registers".to_owned(),
            Self::Bins => {
                "a quasi-identifier is asked for in one bin, at most ten times the dataset's step wide"
                    .to_owned()
            }
            Self::Exists => "EXISTS is of one child table under such conditions".to_owned(),
            Self::TooManyConditions => {
                format!("a figure is under at most {MAX_CONDITIONS} conditions, FILTER and EXISTS with them")
            }
            Self::TooManyQuasi => {
                format!("at most {MAX_QUASI} quasi-identifying columns are looked at, group keys with them")
            }
            Self::Key => "the values of a group key are such conditions on one column".to_owned(),
            Self::Measure => {
                "a figure counts patients or rows, or is of one declared column with exact factors"
                    .to_owned()
            }
            Self::Mixed => {
                "noise is added to counts and to sums of a column as it stands, not to sums of several parts".to_owned()
            }
            Self::Missing => {
                "each of these columns is missing of other patients, and of one group only four such figures are told".to_owned()
            }
        }
    }

    fn instead(self) -> &'static str {
        match self {
            Self::Rows => "Join along the keys to the patient, or write EXISTS",
            Self::Condition => "Write column = code, IN (a registered group) or BETWEEN edges",
            Self::Group => "Write column = code, or GROUP BY the column",
            Self::Edges => "Take the edges of the dataset, or CASE WHEN with them as group key",
            Self::Bins => "Write column / step = number, or GROUP BY column / step",
            Self::Exists => {
                "Write EXISTS (SELECT 1 FROM child WHERE child.key = outer.key AND child.column = code)"
            }
            Self::TooManyConditions => "Leave conditions out, or GROUP BY a column",
            Self::TooManyQuasi => "Leave a column out",
            Self::Key => "Group by a category, by column / step, or by CASE WHEN with edges",
            Self::Measure => {
                "Write count, sum, avg or stddev of one column, with FILTER (WHERE ...)"
            }
            Self::Mixed => {
                "Write sum(column) FILTER (WHERE ...) and count(*) FILTER (WHERE ...), with what they are multiplied by outside"
            }
            Self::Missing => "Ask for the columns that matter most",
        }
    }
}
