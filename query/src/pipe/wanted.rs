//! Which hidden summaries of a cell and its measures a worker computes.

use serde::{Deserialize, Serialize};

/// The summaries that are wanted beside the number of patients of a cell. Each costs time and memory for every patient and
/// measure, so only what the protections in force look at is asked for. With any of them come the contributors of every
/// measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// How many patients contribute to each measure.
    pub contributors: bool,
    /// The two largest absolute contributions to each measure, and the sum of all.
    pub tops: bool,
    /// Sums of record keys, of each cell and of the contributions to each measure, of which noise is made. The snapshot's record
    /// keys are read for them.
    pub keys: bool,
    /// Sums of record keys, of each cell, and marks of the contributions to each measure, by which a memory knows them again. The
    /// snapshot's record keys are read for them.
    pub marks: bool,
    /// The patients of each cell and of each measure that counts.
    pub bitmaps: bool,
}

impl Wanted {
    /// Nothing but the number of patients.
    pub const NONE: Self =
        Self { contributors: false, tops: false, keys: false, marks: false, bitmaps: false };
    /// Every summary.
    pub const ALL: Self =
        Self { contributors: true, tops: true, keys: true, marks: true, bitmaps: true };

    /// Whether anything of measures is wanted.
    #[must_use]
    pub fn any(self) -> bool {
        let Self { contributors, tops, keys, marks, bitmaps } = self;
        contributors || tops || keys || marks || bitmaps
    }

    /// Whether the snapshot's record keys are read.
    #[must_use]
    pub fn record_keys(self) -> bool {
        self.keys || self.marks
    }
}
