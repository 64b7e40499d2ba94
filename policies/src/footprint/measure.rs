//! Measures: what a patient contributes to a sum.
//!
//! A measure is the pair of condition and argument that sums share: `avg(x) FILTER (WHERE c)` counts and adds the rows that
//! meet `c` and have an `x`. Its contributors are the patients with such a row, decided before the value is read. A sum of
//! 0/1 flags is a count of the rows where the flag is 1, so a row with 0 contributes nothing. Rules speak about measures;
//! nothing here knows the SQL: conditions and arguments have numbers.

use serde::{Deserialize, Serialize};

use super::{FootprintError, FragmentFootprint, Sensitive, SumFootprint, SumKind};

/// Most rows that a sum must have room for, all hospitals together.
pub const MAX_ROWS: i128 = 10_000_000_000;
/// No sum reaches this: it has 38 digits on the wire, which is less than 127 bits.
pub const SUM_LIMIT: i128 = 100_000_000_000_000_000_000_000_000_000_000_000_000;
/// No row adds more than this: bounds of floats are rounded up, and so many rows of it still fit 127 bits.
const MOST_ADDED: i128 = SUM_LIMIT / MAX_ROWS + SUM_LIMIT / MAX_ROWS / 1_000_000;

/// One measure of a fragment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureFootprint {
    /// The number of its condition among those of the fragment; without one every row counts.
    pub condition: Option<u32>,
    /// The number of its argument among those of the fragment; without one it is the row itself.
    pub argument: Option<u32>,
    /// What a row adds to a patient's contribution.
    pub kind: MeasureKind,
    /// Digits behind the point of a contribution: the resolution of the figures made of it.
    pub scale: u8,
    /// Least that one row can add.
    pub least: Units,
    /// Most that one row can add.
    pub most: Units,
    /// Where its argument is computed: what its sums tell beside themselves.
    #[serde(default)]
    pub made: Option<MadeFootprint>,
    /// What of it the values of a sensitive column decide.
    #[serde(default, skip_serializing_if = "Sensitive::is_nothing")]
    pub sensitive: Sensitive,
}

/// What the sums of a computed argument tell beside themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeFootprint {
    /// The fewest values that a column of it can have, where it is a product or another function of columns, not a multiple
    /// of one: its sums are looked at like squares.
    pub fewest: Option<Units>,
    /// Places of measures that follow from its sums, in whole or in part: where one of these is not shown, they are not either.
    pub also: Vec<u32>,
    /// Places of measures of the rows that a part leaves of a whole beside it: where few patients make one up, its sums are not
    /// shown.
    #[serde(default)]
    pub rest: Vec<u32>,
}

/// What a row adds to a patient's contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasureKind {
    /// One.
    Rows,
    /// One if its key was not seen before.
    Keys,
    /// One if its flag is 1. A row with 0 is no contribution.
    Flag,
    /// The argument's value, clamped to the bounds.
    Value,
}

impl MeasureKind {
    /// Whether contributions count something: a small number of contributors is then a small figure.
    #[must_use]
    pub fn is_count_like(self) -> bool {
        match self {
            Self::Rows | Self::Keys | Self::Flag => true,
            Self::Value => false,
        }
    }
}

impl MeasureFootprint {
    /// Whether its contributors are all patients of a cell.
    #[must_use]
    pub fn is_of_everyone(&self) -> bool {
        self.condition.is_none() && self.argument.is_none()
    }

    /// Whether it has the same contributors as another measure of the fragment, whatever the data are.
    #[must_use]
    pub fn has_contributors_of(&self, other: &Self) -> bool {
        let flag = |measure: &Self| measure.kind == MeasureKind::Flag;
        self.condition == other.condition
            && self.argument == other.argument
            && flag(self) == flag(other)
    }

    /// Whether kind, argument, scale and bounds fit each other.
    fn holds(&self) -> bool {
        let (least, most) = (self.least.get(), self.most.get());
        let within = |limit: i128| -limit <= least && least <= most && most <= limit;
        match self.kind {
            MeasureKind::Value => self.argument.is_some() && within(MOST_ADDED),
            MeasureKind::Rows => self.scale == 0 && (least, most) == (0, 1),
            MeasureKind::Keys => {
                self.argument.is_some() && self.scale == 0 && (least, most) == (0, 1)
            }
            MeasureKind::Flag => {
                self.argument.is_some() && self.scale == 0 && least >= 0 && within(1)
            }
        }
    }

    /// Whether a sum can be made of its contributions or of their rows.
    fn is_of(&self, sum: &SumFootprint) -> bool {
        let digits = |times: u8| sum.scale == self.scale.saturating_mul(times);
        match sum.kind {
            SumKind::Rows => self.kind == MeasureKind::Rows && self.argument.is_none() && digits(1),
            SumKind::NonNull => {
                self.kind == MeasureKind::Rows && self.argument.is_some() && digits(1)
            }
            SumKind::Distinct => self.kind == MeasureKind::Keys && digits(1),
            SumKind::Sum | SumKind::SumProducts => self.is_added() && digits(1),
            SumKind::SumSquares => self.is_added() && digits(2),
        }
    }

    fn is_added(&self) -> bool {
        matches!(self.kind, MeasureKind::Flag | MeasureKind::Value)
    }
}

/// A number in units of a scale; text in JSON, where it can be longer than numbers are read everywhere.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Units(i128);

impl Units {
    /// So many.
    #[must_use]
    pub fn new(units: i128) -> Self {
        Self(units)
    }

    /// How many they are.
    #[must_use]
    pub fn get(self) -> i128 {
        self.0
    }
}

impl From<Units> for String {
    fn from(units: Units) -> Self {
        units.0.to_string()
    }
}

impl TryFrom<String> for Units {
    type Error = UnitsError;

    fn try_from(text: String) -> Result<Self, UnitsError> {
        let units = text.parse().map(Self).ok().filter(|units| String::from(*units) == text);
        units.ok_or(UnitsError)
    }
}

/// A text that is not a whole number of 128 bits in its shortest form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a whole number of 128 bits in its shortest form")]
pub struct UnitsError;

/// Checks that a fragment's sums and measures fit each other.
pub(super) fn check(fragment: &FragmentFootprint, index: usize) -> Result<(), FootprintError> {
    let FragmentFootprint { measures, sums, .. } = fragment;
    let mut named = vec![false; measures.len()];
    let fits = sums.iter().all(|sum| {
        let place = usize::try_from(sum.measure).ok();
        let measure = place.and_then(|place| measures.get(place));
        if let Some(named) = place.and_then(|place| named.get_mut(place)) {
            *named = true;
        }
        measure.is_some_and(|measure| measure.is_of(sum))
    });
    let once = measures.iter().enumerate().all(|(at, measure)| {
        let same = |other: &MeasureFootprint| {
            other.kind == measure.kind && other.has_contributors_of(measure)
        };
        measure.holds() && !measures.iter().take(at).any(same)
    });
    let made = measures.iter().filter_map(|measure| measure.made.as_ref());
    let also = made.flat_map(|made| made.also.iter().chain(&made.rest)).all(|place| {
        let named = usize::try_from(*place).ok().and_then(|place| named.get_mut(place));
        named.map(|named| *named = true).is_some()
    });
    if fits && once && also && named.iter().all(|named| *named) {
        return Ok(());
    }
    Err(FootprintError::Measures { fragment: index })
}

#[cfg(test)]
mod tests;
