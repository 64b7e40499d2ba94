//! Folding as rows come equals holding them to the end, whatever the rows, their order inside a patient, and the batches.

use super::summaries::{folded, owned, spec};
use super::*;

/// A generator of its own: which rows are whose, and in which order.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn shuffle(&mut self, rows: &mut [Row]) {
        for at in (1..rows.len()).rev() {
            let other = self.below(at + 1);
            rows.swap(at, other);
        }
    }
}

#[track_caller]
fn same(wanted: Wanted, rows: &[Row], batch: usize) {
    let spec = spec(wanted);
    let come = folded(&spec, rows, (Order::ByPatient, batch)).expect("patient by patient");
    let held = folded(&spec, rows, (Order::Any, batch)).unwrap();
    assert_eq!(come, held, "{wanted:?}, batches of {batch}");
    // Any order of all rows, in other batches.
    let mut shuffled = rows.to_vec();
    Dice(batch as u64).shuffle(&mut shuffled);
    assert_eq!(folded(&spec, &shuffled, (Order::Any, 13)).unwrap(), held, "shuffled");
}

#[test]
fn both_ways_give_the_same_bytes_whatever_the_order_inside_a_patient() {
    let mut dice = Dice(7);
    for seed in 0..12 {
        let mut all = owned(seed, 160);
        dice.shuffle(&mut all);
        all.sort_by_key(|row| row.1);
        for batch in [1, 2, 9, 160] {
            same(Wanted::ALL, &all, batch);
            same(Wanted { contributors: true, tops: true, ..Wanted::NONE }, &all, batch);
        }
    }
}

#[test]
fn one_row_a_patient_and_many_take_turns() {
    let mut dice = Dice(3);
    for seed in 0..12 {
        let mut all: Vec<Row> = Vec::new();
        // Of some patients one row is kept, of others all, so batches of single rows follow others.
        for row in owned(seed, 200) {
            let single = row.1 % 3 != 0;
            if !single || all.iter().all(|known| known.1 != row.1) {
                all.push(row);
            }
        }
        all.sort_by_key(|row| row.1);
        let batch = 1 + dice.below(12);
        same(Wanted::ALL, &all, batch);
        all.dedup_by_key(|row| row.1);
        same(Wanted::ALL, &all, batch);
    }
}

#[test]
fn the_first_null_may_come_in_any_batch() {
    for first in 0..20 {
        let mut all = owned(5, 20);
        all.sort_by_key(|row| row.1);
        for (at, row) in all.iter_mut().enumerate() {
            row.2 = (at < first).then_some(3);
            row.3 = (at < first).then_some(3);
        }
        for batch in [1, 3, 4] {
            same(Wanted::ALL, &all, batch);
        }
    }
}

/// Who contributes, and the largest contributions.
const TOPS: Wanted = Wanted { contributors: true, tops: true, ..Wanted::NONE };

/// One sum of decimals within these bounds, and what is wanted of those who contribute to it.
pub(super) fn within(bounds: Bounds, wanted: Wanted) -> CellSpec {
    let rows =
        Spec { kind: SumKind::Sum, value: Some(1), filter: None, scale: 0, bounds: Some(bounds) };
    let measure = MeasureSpec {
        kind: MeasureKind::Value,
        rows: Spec { bounds: None, ..rows.clone() },
        bounds,
        has_set: false,
    };
    let footprint = policies::footprint::MeasureFootprint {
        condition: None,
        argument: Some(0),
        kind: MeasureKind::Value,
        scale: 0,
        least: policies::footprint::Units::new(bounds.least),
        most: policies::footprint::Units::new(bounds.most),
        made: None,
        whole: false,
        sensitive: Default::default(),
    };
    let layout = Layout::new([0].into_iter(), [&footprint].into_iter(), wanted);
    CellSpec { sums: vec![rows], measures: vec![measure], layout, keys: None }
}

/// One cell, from batches of a patient and a value a row.
pub(super) fn cell_of(
    spec: &CellSpec,
    batches: &[&[(u32, Option<i128>)]],
    order: Order,
) -> Computed {
    let mut cells = Cells::new(spec, 1, order);
    for batch in batches {
        let patients: UInt32Array = batch.iter().map(|row| Some(row.0)).collect();
        let values: Decimal128Array = batch.iter().map(|row| row.1).collect();
        let columns: [ArrayRef; 2] = [Arc::new(patients), Arc::new(values)];
        cells.update(&columns, &vec![0; batch.len()]).unwrap();
    }
    cells.finish().unwrap()
}

/// Its contributors, sum and tops.
fn one_cell(spec: &CellSpec, batches: &[&[(u32, Option<i128>)]], order: Order) -> Vec<i128> {
    let Computed { counts, sums, .. } = cell_of(spec, batches, order);
    std::iter::once(i128::from(counts[1][0])).chain(sums.iter().map(|sum| sum[0])).collect()
}

#[test]
fn contributions_that_leave_64_bits_are_whole_all_the_same() {
    let most = i128::from(i64::MAX);
    let spec = within(Bounds { least: -most * 4, most: most * 4 }, TOPS);
    for order in [Order::ByPatient, Order::Any] {
        let first = [(1, Some(most * 3)), (1, Some(most * 3))];
        let second = [(1, Some(most * 9)), (2, Some(-most * 9))];
        let cell = one_cell(&spec, &[&first, &second], order);
        assert_eq!(cell, [2, most * 6, most * 10, most * 4, most * 14]);
    }
}

/// The first batches have room in 64 bits, a later one does not: what was folded and what is open stay.
#[test]
fn the_step_to_128_bits_may_come_in_any_batch() {
    let most = i128::from(i64::MAX) / 5;
    for (bounds, sign) in [(Bounds { least: 0, most }, 1), (Bounds { least: -most, most: 0 }, -1)] {
        let spec = within(bounds, TOPS);
        let x = Some(most * sign);
        for order in [Order::ByPatient, Order::Any] {
            // Patient 2 has rows on both sides of the step, and 3 has no value.
            let cell = one_cell(
                &spec,
                &[&[(1, x), (2, x)], &[(2, x), (2, x)], &[(2, x), (3, None), (4, x)]],
                order,
            );
            assert_eq!(cell, [3, most * 6 * sign, most * 4, most, most * 6], "{sign} {order:?}");
            let whole =
                one_cell(&spec, &[&[(1, x), (2, x)], &[(2, x), (2, x), (4, x), (5, x)]], order);
            assert_eq!(whole, [4, most * 6 * sign, most * 3, most, most * 6], "{sign} {order:?}");
        }
    }
}
