//! The form of questions that `ask.explore` answers, without SQL: which conditions each figure is under.
//!
//! A fragment is in the form if every figure of it is a count of patients or of rows of a table, or a sum of one declared
//! column, under an AND of conditions that the dataset registers. [`ExploreForm`] is the same whatever words the question
//! was asked in, so what was asked before can be looked up by it ([`ExploreForm::figure`]). A worker makes it of the plan;
//! [`ExploreForm::check`] holds it against the dataset again. Noise and memory are not here.

use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;

mod answerable;
mod check;
mod conditions;
mod refusal;
mod text;
mod values;

pub use answerable::answerable;
pub use conditions::{ChildCondition, ColumnCondition, Conditions};
pub use refusal::{ExploreReason, ExploreRefusal};
pub use text::Figure;
pub use values::ValueSet;

/// Most conditions of one figure, those of FILTER and of EXISTS with them; group keys are not counted.
pub const MAX_CONDITIONS: usize = 4;
/// Most bytes of text of one form: the log keeps it with the footprint.
pub const MAX_FORM_BYTES: usize = 64 * 1024;
/// Most quasi-identifying columns of a fragment, group keys with them.
pub const MAX_QUASI: usize = 3;

/// Whether a fragment is in the explore form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Explore {
    /// It is.
    Form(ExploreForm),
    /// It is not: other profiles may still answer it.
    Refused(ExploreRefusal),
}

impl Default for Explore {
    /// Nothing is known of it, so it is in no form.
    fn default() -> Self {
        Self::Refused(ExploreRefusal::new(ExploreReason::Rows, ""))
    }
}

impl Explore {
    /// The form, or why there is none.
    ///
    /// # Errors
    /// The clause that is not in the form.
    pub fn form(&self) -> Result<&ExploreForm, &ExploreRefusal> {
        match self {
            Self::Form(form) => Ok(form),
            Self::Refused(refusal) => Err(refusal),
        }
    }
}

/// A fragment in the explore form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExploreForm {
    /// The table whose rows are grouped; each has one row of every table that it leads to.
    pub rows: String,
    /// The group keys, in the order of the fragment.
    pub keys: Vec<ExploreKey>,
    /// Which rows: WHERE alone.
    #[serde(default, skip_serializing_if = "Conditions::is_of_all")]
    pub conditions: Conditions,
    /// What each additive sum is made of, in the order of the wire.
    pub sums: Vec<ExploreSum>,
}

/// One group key: the conditions of each of its values, in the order of its domain, NULL last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExploreKey {
    /// A column with a code list: each code, then its absence where the column allows it.
    Codes {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// Anything else; what says nothing of patients has no condition.
    Cells(Vec<Conditions>),
}

/// An additive sum as whole multiples of measures, in units of its scale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExploreSum {
    /// Its parts; none is always 0.
    pub terms: Vec<ExploreTerm>,
    /// Whether it is of its one part as it stands, so that patients contribute to it what they contribute to the part. A sum of
    /// other parts has no noise that is the same in every wording. Missing in entries of older logs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub plain: bool,
}

/// One part of an additive sum.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExploreTerm {
    /// What is added or counted.
    pub measure: MeasureId,
    /// Of which rows: WHERE and FILTER together.
    pub conditions: Conditions,
    /// How often, in units of the sum's scale for each unit of the measure's.
    pub factor: i64,
}

/// What a measure is of, whatever its conditions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasureId {
    /// How many rows of a table there are.
    Count {
        /// The table.
        of: String,
    },
    /// The sum of a column, in units of its scale.
    Sum {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// The sum of its squares, in units of twice its scale.
    SumSquares {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
}

impl ExploreKey {
    /// The conditions of each value; of a column that the dataset does not have, none.
    #[must_use]
    pub fn cells(&self, dataset: &Dataset) -> Vec<Conditions> {
        let (table, column) = match self {
            Self::Codes { table, column } => (table, column),
            Self::Cells(cells) => return cells.clone(),
        };
        let known = dataset.column(table, column);
        let codes = known.iter().flat_map(|column| &column.codes);
        let codes = codes.map(|code| Some(code.value.to_string()));
        let missing = known.filter(|column| column.nullable).map(|_| None);
        let one = |code| Conditions::of(table, column, ValueSet::Codes([code].into()));
        codes.chain(missing).map(one).collect()
    }
}

impl ExploreForm {
    /// Bytes of its texts, about.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        let keys = self.keys.iter().map(|key| match key {
            ExploreKey::Codes { table, column } => table.len().saturating_add(column.len()),
            ExploreKey::Cells(cells) => cells.iter().map(Conditions::text_bytes).sum(),
        });
        let terms = self.sums.iter().flat_map(|sum| &sum.terms);
        let terms = terms.map(|term| term.conditions.text_bytes().saturating_add(32));
        let own = self.conditions.text_bytes().saturating_add(self.rows.len());
        keys.chain(terms).chain([own]).fold(0, usize::saturating_add)
    }
}

#[cfg(test)]
mod tests;
