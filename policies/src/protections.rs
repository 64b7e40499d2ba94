//! The protections that rules ask for, as a lattice: joined strictest first, never loosened by adding a rule.

use serde::{Deserialize, Serialize};

/// Fewest distinct patients of a cell that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MinPatients(u32);

impl MinPatients {
    /// Holds where no rule speaks.
    pub const DEFAULT: Self = Self(10);
    /// No charter may go under this for real data.
    pub const FLOOR: Self = Self(5);

    /// Any threshold; floors are checked where the status of the dataset is known.
    #[must_use]
    pub fn new(patients: u32) -> Self {
        Self(patients)
    }

    /// The number of patients.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

/// Whether a cell without any patient is told from a small one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zeros {
    /// An empty cell is shown as 0.
    Shown,
    /// An empty cell is the same null as a small one.
    Hidden,
}

/// Whose signature a question must carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureKind {
    /// The person's own key or a session key that the person delegated to.
    Delegated,
    /// The person's own key.
    Direct,
}

/// What rules say; `None` where none speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opinions {
    /// `@min_patients`.
    pub min_patients: Option<MinPatients>,
    /// `@zeros`.
    pub zeros: Option<Zeros>,
    /// `@signature`.
    pub signature: Option<SignatureKind>,
}

impl Opinions {
    /// The strictest of both, opinion by opinion.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let Self { min_patients, zeros, signature } = other;
        Self {
            min_patients: self.min_patients.max(min_patients),
            zeros: self.zeros.max(zeros),
            signature: self.signature.max(signature),
        }
    }
}

/// What a node must do to an answer: every opinion decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protections {
    /// A cell with fewer distinct patients is null.
    pub min_patients: MinPatients,
    /// Whether empty cells are shown.
    pub zeros: Zeros,
    /// Whose signature was asked for.
    pub signature: SignatureKind,
}

impl From<Opinions> for Protections {
    /// The built-in default holds where no rule speaks.
    fn from(opinions: Opinions) -> Self {
        let Opinions { min_patients, zeros, signature } = opinions;
        Self {
            min_patients: min_patients.unwrap_or(MinPatients::DEFAULT),
            zeros: zeros.unwrap_or(Zeros::Hidden),
            signature: signature.unwrap_or(SignatureKind::Delegated),
        }
    }
}
