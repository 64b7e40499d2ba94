use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{AsArray as _, Float64Array, Int64Array, StringArray, UInt32Array};
use arrow::datatypes::{Decimal128Type, UInt64Type};

use super::*;
use crate::pipe::Wanted;

mod summaries;

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

/// Cells of these sums, without summaries.
fn without(sums: &[Spec]) -> Cells {
    let scales = sums.iter().map(|sum| sum.scale);
    let layout = Layout::new(scales, std::iter::empty(), Wanted::NONE);
    let spec = CellSpec { sums: sums.to_vec(), measures: Vec::new(), layout, keys: None };
    Cells::new(&Arc::new(spec))
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
    let mut cells = without(&specs());
    for rows in rows.chunks(batch) {
        let (values, groups) = arrays(rows);
        let total = cells.patients.len().max(groups.iter().max().unwrap() + 1);
        cells.update_batch(&values, &groups, None, total).unwrap();
    }
    assert!(cells.size() > 0);
    let result = cells.evaluate(EmitTo::All).unwrap();
    let result = result.as_struct();
    (0..result.column(0).len())
        .map(|group| {
            let n = result.column(0).as_primitive::<UInt64Type>().value(group);
            let sums = result.columns().iter().skip(1);
            let sums = sums.map(|sum| sum.as_primitive::<Decimal128Type>().value(group));
            (group, std::iter::once(i128::from(n)).chain(sums).collect())
        })
        .collect()
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
fn groups_can_be_emitted_one_part_after_the_other() {
    let all = rows(5, 200);
    let expected = reference(&all);
    let (values, groups) = arrays(&all);
    let mut cells = without(&specs());
    cells.update_batch(&values, &groups, None, 4).unwrap();
    let first = cells.evaluate(EmitTo::First(3)).unwrap();
    let rest = cells.evaluate(EmitTo::All).unwrap();
    assert_eq!((first.len(), rest.len()), (3, 1));
    let n = rest.as_struct().column(0).as_primitive::<UInt64Type>().value(0);
    assert_eq!(i128::from(n), expected[&3][0]);
}

#[test]
fn a_sum_that_leaves_its_range_stays_at_its_end() {
    let sum = |kind, scale| Spec { kind, value: Some(1), filter: None, scale, bounds: None };
    let specs = [sum(SumKind::Sum, 0), sum(SumKind::SumSquares, 0)];
    let most = 10_i128.pow(38) - 1;
    for (number, expected) in [(i128::MAX, most), (i128::MIN, -most), (10_i128.pow(38), most)] {
        let patients: ArrayRef = Arc::new(UInt32Array::from(vec![1, 2, 3]));
        let large: ArrayRef = Arc::new(Decimal128Array::from(vec![number; 3]));
        let mut cells = without(&specs);
        cells.update_batch(&[patients, large], &[0, 0, 0], None, 1).unwrap();
        let result = cells.evaluate(EmitTo::All).unwrap();
        let sums = result.as_struct().columns()[1..].iter();
        let sums: Vec<i128> =
            sums.map(|sum| sum.as_primitive::<Decimal128Type>().value(0)).collect();
        assert_eq!(sums, [expected, most], "{number}");
    }
}

#[test]
fn a_float_that_cannot_be_added_is_null_to_every_sum_and_count_of_it() {
    let spec = |kind, scale| Spec { kind, value: Some(1), filter: None, scale, bounds: None };
    let specs = [spec(SumKind::Sum, 9), spec(SumKind::SumSquares, 18), spec(SumKind::NonNull, 0)];
    for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e15, -1e300] {
        let patients: ArrayRef = Arc::new(UInt32Array::from(vec![1, 2, 3]));
        let floats: ArrayRef = Arc::new(Float64Array::from(vec![Some(float), None, Some(2.0)]));
        let mut cells = without(&specs);
        cells.update_batch(&[patients, floats], &[0, 0, 0], None, 1).unwrap();
        let result = cells.evaluate(EmitTo::All).unwrap();
        let sums = result.as_struct().columns()[1..].iter();
        let sums: Vec<i128> =
            sums.map(|sum| sum.as_primitive::<Decimal128Type>().value(0)).collect();
        assert_eq!(sums, [2_000_000_000, 4_000_000_000_000_000_000, 1], "{float}");
    }
}

#[test]
fn floats_round_half_to_even_at_nine_digits() {
    let sum = Spec { kind: SumKind::Sum, value: Some(1), filter: None, scale: 9, bounds: None };
    let unit = 2_f64.powi(-10); // 976562.5 units of 1e-9, exactly
    let patients: ArrayRef = Arc::new(UInt32Array::from(vec![1, 2]));
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![unit, 3.0 * unit]));
    let mut cells = without(&[sum]);
    cells.update_batch(&[patients, floats], &[0, 1], None, 2).unwrap();
    let result = cells.evaluate(EmitTo::All).unwrap();
    let sums = result.as_struct().column(1).as_primitive::<Decimal128Type>();
    assert_eq!((sums.value(0), sums.value(1)), (976_562, 2_929_688));
}

#[test]
fn rows_without_a_patient_and_intermediate_states_are_errors() {
    let mut cells = without(&[]);
    let nobody: ArrayRef = Arc::new(UInt32Array::from(vec![Some(1), None]));
    assert!(cells.update_batch(&[nobody], &[0, 0], None, 1).is_err());
    assert!(cells.update_batch(&[], &[], None, 1).is_err());
    assert!(cells.state(EmitTo::All).is_err());
    assert!(cells.merge_batch(&[], &[], 1).is_err());
    assert!(cells.convert_to_state(&[], None).is_err());
}

#[test]
fn one_cell_without_rows_counts_nobody() {
    let mut cell = OneCell(without(&specs()));
    let ScalarValue::Struct(cell) = cell.evaluate().unwrap() else { panic!("a struct") };
    assert_eq!(cell.column(0).as_primitive::<UInt64Type>().value(0), 0);
    assert_eq!(cell.columns().len(), specs().len() + 1);
}
