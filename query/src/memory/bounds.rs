//! How much a lineage's memory holds, and for whom.
//!
//! Nothing is ever dropped from a memory, so who asks much could use it up for everyone. The last fifth of each bound is for
//! approved indicators: they are the board's, and few. Whose answer it is follows from the profile, never from a figure.

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

/// How much of everything a memory has, or may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Amounts {
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

    /// Whether so much leaves no room.
    pub(super) fn fill(self, most: Self, room: Room) -> bool {
        self.of(most).any(|(used, most)| used >= room.of(most))
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
