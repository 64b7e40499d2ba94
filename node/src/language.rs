//! The language that a person reads refusals in.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A language of people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English
    #[default]
    En,
    /// Dutch
    Nl,
}

impl Language {
    /// The text in this language.
    #[must_use]
    pub fn of<'t>(self, english: &'t str, dutch: &'t str) -> &'t str {
        match self {
            Self::En => english,
            Self::Nl => dutch,
        }
    }
}
