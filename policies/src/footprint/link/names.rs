//! What the numbers of axes and sums stand for, so that figures of two questions are known to be of the same thing.
//!
//! Within a question numbers are enough. Across questions an axis is a digest of its text, and what is counted or added is one of
//! its text and one of each condition. Nothing here knows the texts.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Digest;
use crate::footprint::{FootprintError, FragmentFootprint, LinkAxis, LinkFixed, LinkSum};

/// Names of a footprint's axes and sums.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkNames {
    /// Each axis, by its number.
    pub axes: Vec<LinkName>,
    /// What is counted or added, by its number.
    pub sums: Vec<LinkQuantity>,
}

/// What is counted or added, and under which conditions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkQuantity {
    /// What.
    pub what: LinkName,
    /// Each condition that is not a place on an axis.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub conditions: BTreeSet<LinkName>,
}

/// The name of a text: half of its digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LinkName(u128);

impl LinkName {
    /// The name of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let digest = Digest::of(text.as_bytes());
        let half = digest.as_bytes().first_chunk().copied();
        Self(u128::from_be_bytes(half.unwrap_or_default()))
    }
}

impl fmt::Display for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name is 32 digits of 0-9 and a-f")]
pub struct NotAName;

impl TryFrom<String> for LinkName {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, NotAName> {
        let name = u128::from_str_radix(&text, 16).map(Self).or(Err(NotAName))?;
        if name.to_string() == text { Ok(name) } else { Err(NotAName) }
    }
}

impl From<LinkName> for String {
    fn from(name: LinkName) -> Self {
        name.to_string()
    }
}

impl LinkNames {
    /// Whether nothing is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.axes.is_empty() && self.sums.is_empty()
    }

    /// How many names and conditions there are.
    pub(in crate::footprint) fn len(&self) -> usize {
        let sums = self.sums.iter().map(|sum| sum.conditions.len().saturating_add(1));
        sums.fold(self.axes.len(), usize::saturating_add)
    }

    /// Checks that every number has a name, and no name two numbers.
    pub(in crate::footprint) fn check(
        &self,
        fragments: &[FragmentFootprint],
    ) -> Result<(), FootprintError> {
        let axes: BTreeSet<&LinkName> = self.axes.iter().collect();
        let sums: BTreeSet<&LinkQuantity> = self.sums.iter().collect();
        let once = axes.len() == self.axes.len() && sums.len() == self.sums.len();
        let known = |number: u32, of: usize| usize::try_from(number).is_ok_and(|at| at < of);
        let has_axis = |axis: &LinkAxis| known(axis.axis, self.axes.len());
        let has_sum = |LinkSum { of, fixed, part_of }: &LinkSum| {
            let mut numbers = std::iter::once(of).chain(part_of);
            numbers.all(|of| known(*of, self.sums.len()))
                && fixed.iter().all(|LinkFixed { axis, .. }| has_axis(axis))
        };
        for (fragment, footprint) in fragments.iter().enumerate() {
            let mut links = footprint.links.iter();
            let named = links.all(|link| {
                link.keys.iter().all(|key| has_axis(&key.axis)) && link.sums.iter().all(has_sum)
            });
            if !once || !named {
                return Err(FootprintError::Links { fragment });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
