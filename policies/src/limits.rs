//! What holds for single figures of a cell that is shown: DISCLOSURE.md section 3, R2 and R4 to R6.
//!
//! Numbers only: which figure is null for them is decided where the figures are. Everything is a whole number, so that every
//! node decides the same.

use serde::{Deserialize, Serialize};

use crate::dataset::DatasetStatus;
use crate::protections::{MinPatients, Protections};

/// The limits in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// R2: a part of a cell that holds fewer patients than this, or all but fewer than this, is small; 0 switches it off.
    pub min_part: u32,
    /// What is done with small parts.
    pub parts: PartsTreatment,
    /// R4: most percent of a sum of absolute contributions that the two largest may be; 100 switches it off.
    pub dominance: u32,
    /// R5: least percent of the largest contribution that all but the two largest must be; 0 switches it off.
    pub p_percent: u32,
    /// R6: fewest patients beyond the parameters of a spread; 0 switches it off.
    pub min_df: u32,
    /// R6: fewest values that the declared bounds of a column leave where its squares are shown; 0 switches it off.
    pub min_values: u32,
}

/// What is done with a part of a cell that is too small; the order is from loose to strict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartsTreatment {
    /// It is shown exactly.
    Members,
    /// It is null.
    Hide,
}

impl Limits {
    /// Holds where nothing else is said.
    pub const DEFAULT: Self = Self {
        min_part: 5,
        parts: PartsTreatment::Hide,
        dominance: 85,
        p_percent: 10,
        min_df: 10,
        min_values: 20,
    };
    /// Nothing is hidden inside a cell that is shown.
    pub const OFF: Self = Self {
        min_part: 0,
        parts: PartsTreatment::Members,
        dominance: 100,
        p_percent: 0,
        min_df: 0,
        min_values: 0,
    };

    /// The limits under these protections: the built-in ones. A synthetic dataset whose cells of a single patient are shown
    /// has switched its protections off, and these with them.
    #[must_use]
    pub fn of(protections: &Protections, status: DatasetStatus) -> Self {
        match status {
            DatasetStatus::Synthetic if protections.min_patients <= MinPatients::new(1) => {
                Self::OFF
            }
            DatasetStatus::Real | DatasetStatus::Synthetic => Self::DEFAULT,
        }
    }

    /// The fewest patients of a part that is shown; 0 where parts of any size are.
    #[must_use]
    pub fn least_part(&self) -> u64 {
        match self.parts {
            PartsTreatment::Hide => u64::from(self.min_part),
            PartsTreatment::Members => 0,
        }
    }

    /// Whether nothing is hidden for them.
    #[must_use]
    pub fn is_off(&self) -> bool {
        let Self { min_part: _, parts: _, dominance, p_percent, min_df, min_values } = *self;
        let sums = dominance >= 100 && p_percent == 0;
        self.least_part() == 0 && sums && min_df == 0 && min_values == 0
    }
}

#[cfg(test)]
mod tests;
