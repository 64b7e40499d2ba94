use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{
    BooleanArray, Decimal128Array, Float64Array, Int64Array, StringArray, UInt32Array,
};

use super::*;
use crate::pipe::Wanted;

mod grouped;
mod marks;
mod orders;
mod summaries;

/// Cells that rows are drawn for.
const CELLS: usize = 4;

/// Group, patient, number, decimal, float, key, condition.
type Row = (usize, u32, Option<i64>, Option<i128>, Option<f64>, Option<String>, Option<bool>);

fn specs() -> Vec<Spec> {
    let spec = |kind, value, filter, scale| Spec { kind, value, filter, scale, bounds: None };
    vec![
        spec(SumKind::Rows, None, None, 0),
        spec(SumKind::Rows, None, Some(5), 0),
        spec(SumKind::NonNull, Some(1), Some(5), 0),
        spec(SumKind::Sum, Some(1), None, 0),
        spec(SumKind::Sum, Some(2), Some(5), 2),
        spec(SumKind::SumSquares, Some(2), None, 4),
        spec(SumKind::Sum, Some(3), None, 9),
        spec(SumKind::Distinct, Some(4), None, 0),
        spec(SumKind::Distinct, Some(1), Some(5), 0),
    ]
}

/// What cells are made of that have these sums and no summaries.
fn without(sums: &[Spec]) -> CellSpec {
    let scales = sums.iter().map(|sum| sum.scale);
    let layout = Layout::new(scales, std::iter::empty(), Wanted::NONE);
    CellSpec { sums: sums.to_vec(), measures: Vec::new(), layout, keys: None }
}

/// The sums of so many cells over one batch.
fn sums_of(sums: &[Spec], values: &[ArrayRef], cells: &[usize]) -> Vec<Vec<i128>> {
    let spec = without(sums);
    let total = cells.iter().max().unwrap() + 1;
    let mut computed = Cells::new(&spec, total, Order::ByPatient);
    computed.update(values, cells).unwrap();
    computed.finish().unwrap().sums
}

fn rows(seed: u64, count: usize) -> Vec<Row> {
    let mut state = seed;
    let mut roll = move |sides: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % sides
    };
    let some = |missing: u64| missing > 0;
    (0..count)
        .map(|_| {
            let number = i64::try_from(roll(50)).unwrap() - 25;
            (
                usize::try_from(roll(4)).unwrap(),
                u32::try_from(roll(20)).unwrap(),
                some(roll(4)).then_some(number),
                some(roll(4)).then_some(i128::from(number) * 7),
                some(roll(4)).then_some(f64::from(i32::try_from(number).unwrap()) / 8.0),
                some(roll(4)).then(|| format!("k{}", number.rem_euclid(9))),
                some(roll(4)).then_some(number % 2 == 0),
            )
        })
        .collect()
}

fn arrays(rows: &[Row]) -> (Vec<ArrayRef>, Vec<usize>) {
    let values: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|row| Some(row.1)).collect::<UInt32Array>()),
        Arc::new(rows.iter().map(|row| row.2).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|row| row.3).collect::<Decimal128Array>()),
        Arc::new(rows.iter().map(|row| row.4).collect::<Float64Array>()),
        Arc::new(rows.iter().map(|row| row.5.clone()).collect::<StringArray>()),
        Arc::new(rows.iter().map(|row| row.6).collect::<BooleanArray>()),
    ];
    (values, rows.iter().map(|row| row.0).collect())
}

/// An eighth of a whole number, in units of 1e-9.
fn eighths(value: f64) -> i128 {
    let whole: i128 = format!("{}", value * 8.0).parse().unwrap();
    whole * 125_000_000
}

/// `n` and the sums of each group, one row at a time.
fn reference(rows: &[Row]) -> BTreeMap<usize, Vec<i128>> {
    let mut cells: BTreeMap<usize, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        cells.entry(row.0).or_default().push(row);
    }
    let count = |n: usize| i128::try_from(n).unwrap();
    let sums = |rows: Vec<&Row>| {
        let meets: Vec<&&Row> = rows.iter().filter(|row| row.6 == Some(true)).collect();
        vec![
            count(rows.iter().map(|row| row.1).collect::<BTreeSet<_>>().len()),
            count(rows.len()),
            count(meets.len()),
            count(meets.iter().filter(|row| row.2.is_some()).count()),
            rows.iter().filter_map(|row| row.2).map(i128::from).sum(),
            meets.iter().filter_map(|row| row.3).sum(),
            rows.iter().filter_map(|row| row.3).map(|v| v * v).sum(),
            rows.iter().filter_map(|row| row.4).map(eighths).sum(),
            count(rows.iter().filter_map(|row| row.5.clone()).collect::<BTreeSet<_>>().len()),
            count(meets.iter().filter_map(|row| row.2).collect::<BTreeSet<_>>().len()),
        ]
    };
    cells.into_iter().map(|(group, rows)| (group, sums(rows))).collect()
}

fn computed(rows: &[Row], batch: usize) -> BTreeMap<usize, Vec<i128>> {
    let spec = without(&specs());
    let mut cells = Cells::new(&spec, CELLS, Order::Any);
    for rows in rows.chunks(batch) {
        let (values, places) = arrays(rows);
        cells.update(&values, &places).unwrap();
    }
    assert!(cells.size() > 0);
    let Computed { counts, sums, sets } = cells.finish().unwrap();
    assert!(sets.is_empty() && counts.len() == 1);
    let of_cell = |cell: usize| {
        let sums = sums.iter().map(move |sum| sum[cell]);
        std::iter::once(i128::from(counts[0][cell])).chain(sums).collect()
    };
    (0..CELLS).map(|cell| (cell, of_cell(cell))).collect()
}

#[test]
fn cells_equal_a_naive_reference_in_any_order_and_batch_size() {
    for seed in 0..20 {
        let mut all = rows(seed, 300);
        let expected = reference(&all);
        assert_eq!(expected.len(), 4);
        for batch in [1, 7, 64, 300] {
            assert_eq!(computed(&all, batch), expected, "seed {seed}, batches of {batch}");
        }
        all.reverse();
        assert_eq!(computed(&all, 50), expected, "reversed");
        all.sort_by_key(|row| row.1);
        assert_eq!(computed(&all, 50), expected, "sorted by patient");
    }
}

#[test]
fn a_sum_that_leaves_its_range_stays_at_its_end() {
    let sum = |kind, scale| Spec { kind, value: Some(1), filter: None, scale, bounds: None };
    let specs = [sum(SumKind::Sum, 0), sum(SumKind::SumSquares, 0)];
    let most = 10_i128.pow(38) - 1;
    for (number, expected) in [(i128::MAX, most), (i128::MIN, -most), (10_i128.pow(38), most)] {
        let patients: ArrayRef = Arc::new(UInt32Array::from(vec![1, 2, 3]));
        let large: ArrayRef = Arc::new(Decimal128Array::from(vec![number; 3]));
        let sums = sums_of(&specs, &[patients, large], &[0, 0, 0]);
        assert_eq!(sums, [[expected], [most]], "{number}");
    }
}

#[test]
fn a_float_that_cannot_be_added_is_null_to_every_sum_and_count_of_it() {
    let spec = |kind, scale| Spec { kind, value: Some(1), filter: None, scale, bounds: None };
    let specs = [spec(SumKind::Sum, 9), spec(SumKind::SumSquares, 18), spec(SumKind::NonNull, 0)];
    for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e15, -1e300] {
        let patients: ArrayRef = Arc::new(UInt32Array::from(vec![1, 2, 3]));
        let floats: ArrayRef = Arc::new(Float64Array::from(vec![Some(float), None, Some(2.0)]));
        let sums = sums_of(&specs, &[patients, floats], &[0, 0, 0]);
        assert_eq!(sums, [[2_000_000_000], [4_000_000_000_000_000_000], [1]], "{float}");
    }
}

#[test]
fn floats_round_half_to_even_at_nine_digits() {
    let sum = Spec { kind: SumKind::Sum, value: Some(1), filter: None, scale: 9, bounds: None };
    let unit = 2_f64.powi(-10); // 976562.5 units of 1e-9, exactly
    let patients: ArrayRef = Arc::new(UInt32Array::from(vec![1, 2]));
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![unit, 3.0 * unit]));
    assert_eq!(sums_of(&[sum], &[patients, floats], &[0, 1]), [[976_562, 2_929_688]]);
}

#[test]
fn rows_without_a_patient_are_an_error() {
    let spec = without(&[]);
    let mut cells = Cells::new(&spec, 1, Order::ByPatient);
    let nobody: ArrayRef = Arc::new(UInt32Array::from(vec![Some(1), None]));
    assert!(cells.update(&[nobody], &[0, 0]).is_err());
    assert!(cells.update(&[], &[]).is_err());
}

#[test]
fn cells_without_rows_count_nobody() {
    let spec = without(&specs());
    let computed = Cells::new(&spec, 3, Order::ByPatient).finish().unwrap();
    assert_eq!(computed.counts, [[0, 0, 0]]);
    assert_eq!(computed.sums, vec![vec![0; 3]; specs().len()]);
}
