//! Closed slots, group by group: what is added up of one group stays in registers then, and every measure has the same order.
//!
//! Only where rows come patient by patient, so that as many slots are closed at a time as a batch has rows, and where there are few
//! groups, so that each has many of them. The text and the dataset decide that, no row does. The sums are the same either way.

use super::slots::{Closed, Order};
use crate::record::RecordKey;

/// Most groups that slots are sorted by.
const MAX_GROUPS: usize = 256;

/// Slots in the order of their groups, and in each of their numbers.
#[derive(Debug)]
pub(super) struct ByGroup {
    slots: Vec<u32>,
    /// Where the slots of each group end.
    ends: Vec<usize>,
}

impl ByGroup {
    /// Of so many groups; none where slots are better taken as they come.
    pub(super) fn new(groups: usize, order: Order) -> Option<Self> {
        let sorted = order == Order::ByPatient && groups <= MAX_GROUPS;
        sorted.then(|| Self { slots: Vec::new(), ends: vec![0; groups] })
    }

    /// Takes the slots of these groups.
    pub(super) fn sort(&mut self, groups: &[usize]) {
        let Self { slots, ends } = self;
        ends.fill(0);
        for group in groups {
            if let Some(many) = ends.get_mut(*group) {
                *many = many.saturating_add(1);
            }
        }
        let mut before = 0_usize;
        for end in ends.iter_mut() {
            let many = *end;
            *end = before;
            before = before.saturating_add(many);
        }
        slots.clear();
        slots.resize(before, 0);
        for (slot, group) in (0_u32..).zip(groups) {
            if let Some(next) = ends.get_mut(*group) {
                if let Some(place) = slots.get_mut(*next) {
                    *place = slot;
                }
                *next = next.saturating_add(1);
            }
        }
    }

    /// Each group that has slots, with them.
    pub(super) fn runs(&self) -> impl Iterator<Item = (usize, &[u32])> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let runs = starts.zip(&self.ends).enumerate();
        runs.filter_map(|(group, (start, end))| {
            let slots = self.slots.get(start..*end)?;
            (!slots.is_empty()).then_some((group, slots))
        })
    }

    /// Bytes held, roughly.
    pub(super) fn size(&self) -> usize {
        let ends = self.ends.len().saturating_mul(size_of::<usize>());
        self.slots.capacity().saturating_mul(size_of::<u32>()).saturating_add(ends)
    }
}

/// What is folded: closed slots with what is known of their patients.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folded<'a> {
    /// The slots.
    pub(super) closed: Closed<'a>,
    /// The record key of each slot's patient, where record keys are wanted.
    pub(super) record: &'a [RecordKey],
    /// The same slots by group, where they are sorted.
    pub(super) by_group: Option<&'a ByGroup>,
}

impl Folded<'_> {
    /// Every slot with its group, in an order in which those of a group rise.
    #[inline]
    pub(super) fn visit(&self, mut visit: impl FnMut(usize, usize)) {
        match self.by_group {
            None => {
                let groups = self.closed.groups.iter().enumerate();
                groups.for_each(|(slot, group)| visit(slot, *group));
            }
            Some(by_group) => by_group.runs().for_each(|(group, slots)| {
                for slot in slots {
                    visit(usize::try_from(*slot).unwrap_or(usize::MAX), group);
                }
            }),
        }
    }
}
