//! What a question shows of single hospitals: whether its text names the columns `hospital` and `network`, and how.
//!
//! A hospital's cells go to the asking node in any case; this is for what that node may tell whoever asks.

use serde::{Deserialize, Serialize};

/// How a text uses the columns `hospital` and `network`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shows {
    /// The column `hospital`.
    pub hospital: HospitalUse,
    /// Whether it groups by `network`, or looks at it.
    pub network: bool,
}

/// How a text uses the column `hospital`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HospitalUse {
    /// Not at all.
    Unused,
    /// As a group key, unchanged: there is a figure for each hospital.
    Grouped,
    /// In a condition or an expression: figures may be of one hospital that the text names.
    Compared,
    /// Nobody has looked: what this may be used for, the others may be.
    #[default]
    Unknown,
}

impl Shows {
    /// Of a text that uses neither.
    pub const NOTHING: Self = Self { hospital: HospitalUse::Unused, network: false };

    /// Whether nobody has looked.
    pub(crate) fn is_unknown(&self) -> bool {
        self.hospital == HospitalUse::Unknown
    }
}
