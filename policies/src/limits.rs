//! What holds for single figures of a cell that is shown: DISCLOSURE.md section 3, R2 and R4 to R6, as plain numbers.
//!
//! Which figure is null for them is decided where the figures are. Everything is a whole number, so that every node decides
//! the same.

use crate::protections::{Kind, Parts, Protections};

/// R6: fewest values that the declared bounds of a column leave where its squares are shown.
const MIN_VALUES: u32 = 20;

/// The limits in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// R2: a part of a cell that holds fewer patients than this, or all but fewer than this, is small; 0 switches it off.
    pub min_part: u32,
    /// What is done with small parts.
    pub parts: Parts,
    /// R2: whether what a part leaves is looked at like a part.
    pub complement: bool,
    /// R4: most percent of a sum of absolute contributions that the two largest may be; 100 switches it off.
    pub dominance: u32,
    /// R5: least percent of the largest contribution that all but the two largest must be; 0 switches it off.
    pub p_percent: u32,
    /// R6: fewest patients beyond the parameters of a spread; 0 switches it off.
    pub min_df: u32,
    /// R6: fewest values that the declared bounds of a column leave where its squares are shown; 0 switches it off.
    pub min_values: u32,
}

impl Limits {
    /// Holds where nothing else is said.
    pub const DEFAULT: Self = Self {
        min_part: 5,
        parts: Parts::Hide,
        complement: true,
        dominance: 85,
        p_percent: 10,
        min_df: 10,
        min_values: MIN_VALUES,
    };
    /// Nothing is hidden inside a cell that is shown.
    pub const OFF: Self = Self {
        min_part: 0,
        parts: Parts::Members,
        complement: false,
        dominance: 100,
        p_percent: 0,
        min_df: 0,
        min_values: 0,
    };

    /// The limits under these protections.
    #[must_use]
    pub fn of(protections: &Protections) -> Self {
        let Protections { min_part, parts, dominance, p_percent, min_df, kind, .. } = *protections;
        Self {
            min_part: min_part.get(),
            parts,
            complement: kind != Kind::Completeness,
            dominance: dominance.get(),
            p_percent: p_percent.get(),
            min_df: min_df.get(),
            min_values: if min_df.get() == 0 { 0 } else { MIN_VALUES },
        }
    }

    /// The fewest patients of a part that is shown; 0 where parts of any size are. What another treatment would do with a
    /// smaller part is not done yet, so it is null.
    #[must_use]
    pub fn least_part(&self) -> u64 {
        match self.parts {
            Parts::Hide | Parts::Band | Parts::AskerNode | Parts::Noisy => u64::from(self.min_part),
            Parts::Members => 0,
        }
    }

    /// Whether nothing is hidden for them.
    #[must_use]
    pub fn is_off(&self) -> bool {
        let Self { min_part: _, parts: _, complement: _, dominance, p_percent, min_df, min_values } =
            *self;
        let sums = dominance >= 100 && p_percent == 0;
        self.least_part() == 0 && sums && min_df == 0 && min_values == 0
    }
}

#[cfg(test)]
mod tests;
