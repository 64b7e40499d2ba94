//! What hospital IT tells its node.

use policies::UnixTime;
use serde::{Deserialize, Serialize};

/// Stops answering.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseBody {
    /// Why, in a line for the log and for `kring status`; it may be empty.
    pub reason: String,
}

/// Nothing is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseState {
    /// Since when.
    pub since: UnixTime,
    /// Why; it may be empty.
    pub reason: String,
}
