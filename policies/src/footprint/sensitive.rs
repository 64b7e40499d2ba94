//! Which measures R3 looks at: what the values of a sensitive column decide of who contributes.
//!
//! A board marks a column in the dataset. Condition and argument are told apart because two measures of one condition differ by
//! their arguments alone. How the values that are added are spread is not said here.

use serde::{Deserialize, Serialize};

/// What of a measure's contributors the values of a sensitive column decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sensitive {
    /// Which rows meet the condition.
    pub condition: bool,
    /// Whether there is a value or, of a flag, the 1.
    pub argument: bool,
}

impl Sensitive {
    /// Whether they decide nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        let Self { condition, argument } = *self;
        !condition && !argument
    }
}
