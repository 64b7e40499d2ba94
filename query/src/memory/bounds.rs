//! How much a lineage's memory holds, and for whom.
//!
//! Nothing is ever dropped from a memory, so who asks much could use it up for everyone. The last fifth of each bound is for
//! approved indicators: they are the board's, and few. Whose answer it is follows from the profile, never from a figure.
//!
//! Whether an answer has room is decided once, for all of it, before any of its figures is looked at: by what the memory holds and
//! by the most that the answer's text could add ([`Claim`]). So no answer begins under a line and ends over it, and that there is no
//! room tells nothing of the figures that were asked for: had it been decided by what is shown, or cell by cell, what is null for
//! want of room would say how much of the rest was shown, and nothing would be charged for it.

use super::charge;

/// Sets of one lineage: 100,000 answered cells, each with a part and what that leaves. Past it nothing new is told and explore is closed.
const MAX_SETS: usize = 400_000;
/// Cells that were told of one lineage, each with its figures: some for each set. Past it nothing new is told.
const MAX_TOLD: usize = 500_000;
/// Bytes of the sets of one lineage: the largest hospital's lineage fits a small server.
const MAX_BYTES: usize = 512 << 20;
/// Per cent of each bound that anybody's answers may use.
const SHARED_PERCENT: usize = 80;

/// What room of a memory an answer may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// What is anybody's.
    Shared,
    /// That, and what is reserved for approved indicators.
    Reserved,
}

impl Room {
    /// How much of a bound it is.
    pub(super) fn of(self, most: usize) -> usize {
        match self {
            Self::Shared => most.saturating_mul(SHARED_PERCENT) / 100,
            Self::Reserved => most,
        }
    }
}

/// What an answer may use of a memory, and could need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// Whose it is.
    pub(crate) room: Room,
    /// The most that it adds.
    pub(crate) adds: Amounts,
}

/// How much of everything a memory has, or may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amounts {
    /// Sets of patients.
    pub(super) sets: usize,
    /// Cells.
    pub(super) told: usize,
    /// Bytes of the sets.
    pub(super) bytes: usize,
}

impl Amounts {
    /// What one lineage may have.
    pub(super) const MOST: Self = Self { sets: MAX_SETS, told: MAX_TOLD, bytes: MAX_BYTES };
    /// The least that anything new adds.
    pub(super) const ONE: Self = Self { sets: 1, told: 1, bytes: 1 };

    /// The most that so many exact cells of so many sets add. How many bytes the sets have no text says, so it is all that one
    /// answer may have.
    pub(crate) fn exact(cells: usize, sets: usize) -> Self {
        Self { sets, told: cells, bytes: charge::MAX_EXACT_BYTES }
    }

    /// The most that so many figures with noise add.
    pub(crate) fn explored(figures: usize) -> Self {
        Self { sets: figures, bytes: charge::MAX_BYTES, ..Self::ONE }
    }

    /// A lineage that may have so many sets, and of all else what any may.
    #[cfg(test)]
    pub(crate) fn of_sets(sets: usize) -> Self {
        Self { sets, ..Self::MOST }
    }

    /// Whether so much leaves no room for what is claimed.
    pub(super) fn fill(self, most: Self, Claim { room, adds }: Claim) -> bool {
        let added = adds.of(most).map(|(adds, _)| adds);
        let with = |((used, most), adds): ((usize, usize), usize)| {
            used.saturating_add(adds) > room.of(most)
        };
        self.of(most).zip(added).any(with)
    }

    /// So much in percent of the nearest bound.
    pub(super) fn percent(self, most: Self) -> u8 {
        let percent = |(used, most): (usize, usize)| {
            used.saturating_mul(100).checked_div(most).unwrap_or(100)
        };
        let nearest = self.of(most).map(percent).max().unwrap_or(0);
        u8::try_from(nearest.min(100)).unwrap_or(100)
    }

    /// Each amount with its bound.
    fn of(self, most: Self) -> impl Iterator<Item = (usize, usize)> {
        let Self { sets, told, bytes } = self;
        [(sets, most.sets), (told, most.told), (bytes, most.bytes)].into_iter()
    }
}
