//! What an answer says of hospitals together, where rules do not let it say it of each.

use policies::UnixTime;
use policies::protections::Applied;
use policies::wire::NoiseReceipt;
use serde::{Deserialize, Serialize};

/// How many of the hospitals that were asked did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Every one answered.
    None,
    /// One or more, and at most half of them.
    Some,
    /// More than half of them.
    MoreThanHalf,
}

impl Missing {
    /// Of so many that were asked, so many answered.
    #[must_use]
    pub fn of(asked: usize, answered: usize) -> Self {
        match asked.saturating_sub(answered) {
            0 => Self::None,
            missing if missing.saturating_mul(2) > asked => Self::MoreThanHalf,
            _ => Self::Some,
        }
    }

    /// How many of so many answered for certain.
    #[must_use]
    pub fn at_least(self, asked: usize) -> usize {
        match self {
            Self::None => asked,
            Self::Some => asked.div_ceil(2),
            Self::MoreThanHalf => policies::reveal::FEWEST.min(asked),
        }
    }
}

/// What the hospitals that answered did to their figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Together {
    /// The profiles that were granted.
    pub profiles: Vec<String>,
    /// The rules that granted it, but for those of hospitals' own.
    pub rules: Vec<String>,
    /// Of each protection the strictest that one of them applied.
    pub protections: Applied,
    /// Where figures stand as they were told before: the earliest day that one of them was told on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<UnixTime>,
    /// Where figures have noise, what kind of: the most of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<NoiseReceipt>,
}
