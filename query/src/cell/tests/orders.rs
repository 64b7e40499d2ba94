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

#[test]
fn contributions_that_leave_64_bits_are_whole_all_the_same() {
    let most = i128::from(i64::MAX);
    let bounds = Bounds { least: -most * 4, most: most * 4 };
    let rows =
        Spec { kind: SumKind::Sum, value: Some(1), filter: None, scale: 0, bounds: Some(bounds) };
    let measure = MeasureSpec {
        kind: MeasureKind::Value,
        rows: Spec { bounds: None, ..rows.clone() },
        bounds,
        has_set: false,
    };
    let wanted = Wanted { contributors: true, tops: true, ..Wanted::NONE };
    let footprint = policies::footprint::MeasureFootprint {
        condition: None,
        argument: Some(0),
        kind: MeasureKind::Value,
        scale: 0,
        least: policies::footprint::Units::new(bounds.least),
        most: policies::footprint::Units::new(bounds.most),
    };
    let layout = Layout::new([0].into_iter(), [&footprint].into_iter(), wanted);
    let spec = CellSpec { sums: vec![rows], measures: vec![measure], layout, keys: None };
    for order in [Order::ByPatient, Order::Any] {
        let mut cells = Cells::new(&spec, 1, order);
        for (patients, values) in [([1, 1], [most * 3, most * 3]), ([1, 2], [most * 9, -most * 9])]
        {
            let patients: ArrayRef = Arc::new(UInt32Array::from(patients.to_vec()));
            let values: ArrayRef = Arc::new(Decimal128Array::from(values.to_vec()));
            cells.update(&[patients, values], &[0, 0]).unwrap();
        }
        let computed = cells.finish().unwrap();
        assert_eq!(computed.counts, [[2], [2]]);
        let tops = [10, 4, 14].map(|times| vec![most * times]);
        assert_eq!(computed.sums[0], [most * 6]);
        assert_eq!(computed.sums[1..], tops);
    }
}
