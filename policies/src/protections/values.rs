//! One type for each protection, with its unit, default and floor.
//!
//! Where nothing else is said, the greatest value is the strictest. Defaults and floors are those of DISCLOSURE.md section 3.

use serde::{Deserialize, Serialize};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(u32);

        impl $name {
            /// Any number; floors are checked where the status of the dataset is known.
            #[must_use]
            pub fn new(number: u32) -> Self {
                Self(number)
            }

            /// The number.
            #[must_use]
            pub fn get(self) -> u32 {
                self.0
            }
        }
    };
}

number!(
    /// R1: fewest distinct patients of a cell that is shown; 0 switches it off.
    MinPatients
);
number!(
    /// R2: fewest patients of a part of a cell, and of what is not in that part; 0 switches it off.
    MinPart
);
number!(
    /// R4: most percent of a sum that its two largest contributions may be; 100 switches it off. The *least* is the
    /// strictest.
    Dominance
);
number!(
    /// R5: the rest of a sum, without its two largest contributions, is at least so many percent of the largest; 0
    /// switches it off.
    PPercent
);
number!(
    /// R6: fewest patients beyond the parameters of a spread or cross product; 0 switches it off.
    MinDf
);
number!(
    /// Most questions within a time. The *least* is the strictest.
    Quota
);

impl MinPatients {
    /// Holds where no rule speaks.
    pub const DEFAULT: Self = Self(10);
    /// No charter may go under this for real data.
    pub const FLOOR: Self = Self(5);
}

impl MinPart {
    /// Holds where no rule speaks. For real data only an indicator may go under it: the board decides each time.
    pub const DEFAULT: Self = Self(5);
}

impl Dominance {
    /// Holds where no rule speaks.
    pub const DEFAULT: Self = Self(85);
    /// No charter may go over this for real data.
    pub const FLOOR: Self = Self(95);
}

impl PPercent {
    /// Holds where no rule speaks.
    pub const DEFAULT: Self = Self(10);
    /// No charter may go under this for real data.
    pub const FLOOR: Self = Self(5);
}

impl MinDf {
    /// Holds where no rule speaks.
    pub const DEFAULT: Self = Self(10);
    /// No charter may go under this for real data.
    pub const FLOOR: Self = Self(5);
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

/// What is done with a part of a cell that is too small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parts {
    /// It is shown exactly: hospitals have agreed, each by a rule of its own.
    Members,
    /// It is shown with keyed noise.
    Noisy,
    /// The asking node adds it up in memory and shows totals only.
    AskerNode,
    /// Only where the hospital lies in the funnel is shown.
    Band,
    /// It is null.
    Hide,
}

/// Variance of the noise of a count: that of the set and that of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variance {
    /// 1 and 2.
    Three,
    /// 1 and 4.
    Five,
}

impl Variance {
    /// Where nothing is said, and of data of people always: under less, attacks of `testnet attack` are at their limits.
    pub const FLOOR: Self = Self::Five;
}

/// What figures are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Patients and how they fared: every rule holds.
    Quality,
    /// Procedures by hospital and closed year: R1 is off.
    Volume,
    /// How much of a column is filled in: R2 is off on the complement.
    Completeness,
}

impl Kind {
    /// Whatever either of them keeps is kept.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        if self == other { self } else { Self::Quality }
    }
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

/// Whether people of the hospital approve a text before it is answered there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// Rules alone decide.
    None,
    /// Somebody who runs the node has approved the very text, for this person.
    Required,
}

/// What a hospital's staff see of their own hospital's patients, on their own node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnFigures {
    /// Figures as they are, marked as the own ones and never merged.
    Exact,
    /// What everybody sees.
    Protected,
}

/// What the answer of the asking node tells of single hospitals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reveal {
    /// Everything: who answered what, by name.
    Named,
    /// Figures by hospital under letters that are drawn for each answer.
    Pseudonym,
    /// Totals only, of all hospitals or of networks.
    None,
}

impl Reveal {
    /// The word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Pseudonym => "pseudonym",
            Self::None => "none",
        }
    }
}
