//! Slots by group give what slots as they come give.

use super::summaries::{owned, spec};
use super::*;
use crate::cell::grouped::ByGroup;

#[test]
fn slots_are_sorted_by_group_and_rise_in_each() {
    let mut by_group = ByGroup::new(5, Order::ByPatient).unwrap();
    let mut state = 9_u64;
    for many in [0, 1, 7, 100, 3] {
        let groups: Vec<usize> = (0..many)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                // The last group but one has no slot.
                [0, 1, 2, 4][usize::try_from(state >> 40).unwrap() % 4]
            })
            .collect();
        by_group.sort(&groups);
        let mut expected: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for (slot, group) in (0..).zip(&groups) {
            expected.entry(*group).or_default().push(slot);
        }
        let sorted = by_group.runs().map(|(group, slots)| (group, slots.to_vec()));
        assert_eq!(sorted.collect::<BTreeMap<_, _>>(), expected);
    }
}

#[test]
fn only_few_groups_whose_patients_rise_are_sorted() {
    assert!(ByGroup::new(256, Order::ByPatient).is_some());
    assert!(ByGroup::new(257, Order::ByPatient).is_none());
    assert!(ByGroup::new(1, Order::Any).is_none());
}

/// The cells of rows among so many, of which the last have none.
fn among(total: usize, rows: &[Row], order: Order) -> Computed {
    let spec = spec(Wanted::ALL);
    let mut cells = Cells::new(&spec, total, order);
    for rows in rows.chunks(50) {
        let (values, places) = arrays(rows);
        cells.update(&values, &places).unwrap();
    }
    let Computed { mut counts, mut sums, sets } = cells.finish().unwrap();
    counts.iter_mut().for_each(|of| of.truncate(CELLS));
    sums.iter_mut().for_each(|of| of.truncate(CELLS));
    let first = |of: &Arc<Vec<Vec<u8>>>| Arc::new(of.iter().take(CELLS).cloned().collect());
    Computed { counts, sums, sets: sets.iter().map(first).collect() }
}

#[test]
fn a_domain_that_is_too_large_to_sort_has_the_same_cells() {
    for seed in 0..6 {
        let mut all = owned(seed, 250);
        all.sort_by_key(|row| row.1);
        let sorted = among(CELLS, &all, Order::ByPatient);
        assert_eq!(among(CELLS + 300, &all, Order::ByPatient), sorted, "{seed} as they come");
        assert_eq!(among(CELLS + 300, &all, Order::Any), sorted, "{seed} held");
    }
}
