//! Contributions by slot while they are open, and what is kept of those that are closed, group by group.
//!
//! Numbers have 64 bits as long as bounds and rows leave room for all that was added, which holds nearly always; then 128.

use arrow::buffer::BooleanBuffer;

use super::super::marks::Marks;
use super::super::slots::Places;
use crate::record::RecordKey;

/// A whole number that contributions are added in.
pub(in super::super) trait Number: Copy + Default + Ord {
    /// The number, which is known to fit.
    fn of(number: i128) -> Self;
    /// The nearest number.
    fn nearest(number: i128) -> Self;
    /// The sum of both.
    #[must_use]
    fn plus(self, other: Self) -> Self;
    /// Without its sign.
    #[must_use]
    fn size(self) -> Self;
    /// In 128 bits.
    fn wide(self) -> i128;
    /// Adds its mark.
    fn mark(self, key: RecordKey, marks: &mut Marks);
}

impl Number for i64 {
    #[inline]
    fn of(number: i128) -> Self {
        Self::try_from(number).unwrap_or_default()
    }

    #[inline]
    fn nearest(number: i128) -> Self {
        let end = if number < 0 { Self::MIN } else { Self::MAX };
        Self::try_from(number).unwrap_or(end)
    }

    #[inline]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline]
    fn size(self) -> Self {
        self.wrapping_abs()
    }

    fn wide(self) -> i128 {
        i128::from(self)
    }

    #[inline]
    fn mark(self, key: RecordKey, marks: &mut Marks) {
        marks.add(key, self);
    }
}

impl Number for i128 {
    fn of(number: i128) -> Self {
        number
    }

    fn nearest(number: i128) -> Self {
        number
    }

    #[inline]
    fn plus(self, other: Self) -> Self {
        self.saturating_add(other)
    }

    #[inline]
    fn size(self) -> Self {
        self.saturating_abs()
    }

    fn wide(self) -> i128 {
        self
    }

    fn mark(self, key: RecordKey, marks: &mut Marks) {
        marks.add_wide(key, self);
    }
}

/// What is kept of the contributions of a group.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Tally<N> {
    /// Contributors.
    pub(in super::super) n: u64,
    /// Sum of their contributions.
    pub(in super::super) sum: N,
    /// Sum of the absolute ones.
    pub(in super::super) all: N,
    /// The largest of these.
    pub(in super::super) first: N,
    /// The largest but one.
    pub(in super::super) second: N,
}

impl<N: Number> Tally<N> {
    #[inline]
    pub(super) fn add(&mut self, contribution: N) {
        self.n = self.n.wrapping_add(1);
        self.sum = self.sum.plus(contribution);
        let size = contribution.size();
        self.all = self.all.plus(size);
        if size > self.second {
            self.second = size.min(self.first);
            self.first = size.max(self.first);
        }
    }

    fn wide(&self) -> Tally<i128> {
        let Self { n, sum, all, first, second } = *self;
        let (sum, all) = (sum.wide(), all.wide());
        Tally { n, sum, all, first: first.wide(), second: second.wide() }
    }
}

/// Numbers of one width.
#[derive(Clone, Debug)]
pub(super) struct Part<N> {
    /// Of each open slot.
    pub(super) open: Vec<N>,
    /// Of each group.
    pub(super) tallies: Vec<Tally<N>>,
}

impl<N: Number> Part<N> {
    fn new(groups: usize) -> Self {
        Self { open: Vec::new(), tallies: vec![Tally::default(); groups] }
    }

    /// Adds one for each row that counts.
    pub(super) fn count(&mut self, rows: &Added<'_>) {
        let one = N::of(1);
        match (rows.places, rows.chosen) {
            (Places::From(_), None) => self.open.resize(rows.slots, one),
            (Places::From(_), Some(_)) | (Places::Of(_), _) => {
                self.open.resize(rows.slots, N::default());
                rows.visit(|_row, slot| {
                    if let Some(open) = self.open.get_mut(slot) {
                        *open = open.plus(one);
                    }
                });
            }
        }
    }

    /// Adds the value of each row that counts.
    #[inline]
    pub(super) fn add<T: Copy>(&mut self, rows: &Added<'_>, values: &[T], of: impl Fn(T) -> N) {
        if let (Places::From(_), None) = (rows.places, rows.chosen) {
            self.open.extend(values.iter().map(|value| of(*value)));
            return;
        }
        self.open.resize(rows.slots, N::default());
        if let (Places::Of(slots), None) = (rows.places, rows.chosen) {
            for (slot, value) in slots.iter().zip(values) {
                if let Some(open) = usize::try_from(*slot).ok().and_then(|at| self.open.get_mut(at))
                {
                    *open = open.plus(of(*value));
                }
            }
            return;
        }
        rows.visit(|row, slot| {
            if let (Some(open), Some(value)) = (self.open.get_mut(slot), values.get(row)) {
                *open = open.plus(of(*value));
            }
        });
    }

    fn wide(&self) -> Part<i128> {
        Part {
            open: self.open.iter().map(|open| open.wide()).collect(),
            tallies: self.tallies.iter().map(Tally::wide).collect(),
        }
    }

    fn size(&self) -> usize {
        let open = self.open.capacity().saturating_mul(size_of::<N>());
        open.saturating_add(self.tallies.len().saturating_mul(size_of::<Tally<N>>()))
    }
}

/// The rows of a batch that count.
#[derive(Clone, Copy)]
pub(super) struct Added<'a> {
    /// Their slots.
    pub(super) places: Places<'a>,
    /// How many slots are open now.
    pub(super) slots: usize,
    /// Those that count; without it all do.
    pub(super) chosen: Option<&'a BooleanBuffer>,
}

impl Added<'_> {
    /// Every row that counts, with its slot.
    #[inline]
    pub(super) fn visit(&self, mut visit: impl FnMut(usize, usize)) {
        match (self.places, self.chosen) {
            (Places::From(first), None) => {
                let rows = self.slots.saturating_sub(first);
                (0..rows).for_each(|row| visit(row, first.saturating_add(row)));
            }
            (Places::From(first), Some(chosen)) => {
                chosen.set_indices().for_each(|row| visit(row, first.saturating_add(row)));
            }
            (Places::Of(slots), None) => {
                for (row, slot) in slots.iter().enumerate() {
                    visit(row, usize::try_from(*slot).unwrap_or(usize::MAX));
                }
            }
            (Places::Of(slots), Some(chosen)) => chosen.set_indices().for_each(|row| {
                if let Some(slot) = slots.get(row).and_then(|slot| usize::try_from(*slot).ok()) {
                    visit(row, slot);
                }
            }),
        }
    }
}

/// Which slots hold a contribution.
#[derive(Clone, Copy)]
pub(super) enum Has<'a> {
    /// All.
    All,
    /// Those with something counted.
    Counted,
    /// Those with a flag.
    Flagged(&'a [bool]),
}

impl Has<'_> {
    /// Whether a slot with this contribution does.
    pub(super) fn at(self, slot: usize, contribution: i128) -> bool {
        match self {
            Self::All => true,
            Self::Counted => contribution > 0,
            Self::Flagged(flags) => flags.get(slot).copied().unwrap_or_default(),
        }
    }
}

/// Numbers as short as they can be.
#[derive(Clone, Debug)]
pub(super) enum Width {
    /// All that was added fits 64 bits.
    Short(Part<i64>),
    /// It may not.
    Long(Part<i128>),
}

/// The contributions to one measure.
#[derive(Clone, Debug)]
pub(super) struct Store {
    pub(super) width: Width,
    /// No number is further from 0.
    reach: i128,
}

impl Store {
    /// Of so many groups.
    pub(super) fn new(groups: usize) -> Self {
        Self { width: Width::Short(Part::new(groups)), reach: 0 }
    }

    /// Makes room for so many rows that add at most so much each.
    pub(super) fn make_room(&mut self, rows: usize, most: i128) {
        let rows = i128::try_from(rows).unwrap_or(i128::MAX);
        self.reach = self.reach.saturating_add(rows.saturating_mul(most));
        if let Width::Short(short) = &self.width
            && self.reach > i128::from(i64::MAX)
        {
            self.width = Width::Long(short.wide());
        }
    }

    /// How many slots are open.
    pub(super) fn slots(&self) -> usize {
        match &self.width {
            Width::Short(part) => part.open.len(),
            Width::Long(part) => part.open.len(),
        }
    }

    /// The contribution of an open slot.
    pub(super) fn open(&self, slot: usize) -> i128 {
        let open = match &self.width {
            Width::Short(part) => part.open.get(slot).map(|open| open.wide()),
            Width::Long(part) => part.open.get(slot).copied(),
        };
        open.unwrap_or_default()
    }

    /// What is kept of each group.
    pub(super) fn tallies(&self) -> Vec<Tally<i128>> {
        match &self.width {
            Width::Short(part) => part.tallies.iter().map(Tally::wide).collect(),
            Width::Long(part) => part.tallies.clone(),
        }
    }

    /// Bytes held, roughly.
    pub(super) fn size(&self) -> usize {
        match &self.width {
            Width::Short(part) => part.size(),
            Width::Long(part) => part.size(),
        }
    }
}
