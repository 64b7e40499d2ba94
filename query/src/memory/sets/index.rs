//! Which sets can be close to another: sets that differ in few patients have one of their first patients in common.
//!
//! Patients are put in one fixed order that has nothing to do with their numbers. Let two sets differ in at most `reach`
//! patients and one of them have more than that, so that they have somebody in common. Whoever of them comes before the first one in
//! common is in one of the sets alone, so they are `reach` at most: the first in common is among the first `reach + 1` of both.

use std::collections::{BinaryHeap, HashMap};

use roaring::RoaringBitmap;

/// First patients of a set that are looked up: distances up to one less are found.
const FIRST: usize = 16;

/// The places of sets by each of their first patients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Index(HashMap<u32, Vec<u32>>);

/// The first patients of a set, as their places in the order.
fn first(set: &RoaringBitmap, count: usize) -> Vec<u32> {
    let mut first = BinaryHeap::with_capacity(count.saturating_add(1));
    for patient in set {
        // An odd multiplier gives each patient a place of its own.
        let place = patient.wrapping_mul(0x9e37_79b9).rotate_left(16).wrapping_mul(0x85eb_ca6b);
        if first.len() < count {
            first.push(place);
        } else if first.peek().is_some_and(|last| place < *last) {
            first.pop();
            first.push(place);
        }
    }
    first.into_vec()
}

impl Index {
    /// Enters a set.
    pub(super) fn add(&mut self, set: &RoaringBitmap, at: usize) {
        let Ok(at) = u32::try_from(at) else { return };
        for patient in first(set, FIRST) {
            self.0.entry(patient).or_default().push(at);
        }
    }

    /// The places of all sets that differ from `set` in at most `reach` patients, among others and each once; none where this
    /// index cannot tell, or would look at more than `most` places.
    pub(super) fn candidates(
        &self,
        set: &RoaringBitmap,
        reach: u64,
        most: usize,
    ) -> Option<Vec<usize>> {
        let count = usize::try_from(reach).ok()?.checked_add(1)?;
        if set.len() <= reach || count > FIRST {
            return None;
        }
        let lists = first(set, count);
        let lists: Vec<&Vec<u32>> =
            lists.iter().filter_map(|patient| self.0.get(patient)).collect();
        if lists.iter().map(|list| list.len()).fold(0, usize::saturating_add) > most {
            return None;
        }
        let mut places: Vec<u32> = lists.into_iter().flatten().copied().collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(|at| usize::try_from(at).ok()).collect()
    }
}
