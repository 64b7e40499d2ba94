//! Marks follow from who contributes what alone: however wide the numbers are, and however rows and batches come.

use super::orders::{cell_of, within};
use super::summaries::{mark, rkey, sum_of_keys};
use super::*;

/// A patient and a value, if there is one.
type Given = (u32, Option<i128>);

/// The contributors of a cell of decimals within bounds, and the sum of their marks.
fn marked(most: i128, batches: &[&[Given]], order: Order) -> (u64, u64) {
    let wanted = Wanted { contributors: true, marks: true, ..Wanted::NONE };
    let keys = RecordKeys::new(policies::Digest::of(b"f"), (0..20).map(|p| (p, rkey(p))));
    let keys = Some(Arc::new(keys.unwrap()));
    let spec = CellSpec { keys, ..within(Bounds { least: -most, most }, wanted) };
    assert_eq!(spec.layout.counts(), ["n", "key", "m0_n", "m0_mark"]);
    let counts = cell_of(&spec, batches, order).counts;
    (counts[2][0], counts[3][0])
}

/// The same, added up one by one.
fn recounted(batches: &[&[Given]]) -> (u64, u64) {
    let mut contributions: BTreeMap<u32, i128> = BTreeMap::new();
    for (patient, value) in batches.iter().copied().flatten() {
        if let Some(value) = value {
            *contributions.entry(*patient).or_default() += value;
        }
    }
    let marks = contributions.iter().map(|(patient, x)| mark(*patient, *x));
    (contributions.len() as u64, sum_of_keys(marks))
}

#[test]
fn marks_are_the_same_in_64_and_in_128_bits_and_on_both_sides_of_the_step() {
    let large = i128::from(i64::MAX) / 5;
    for sign in [1, -1] {
        let x = Some(large * sign);
        let small = Some(-7 * sign);
        let batches: [&[Given]; 4] = [
            &[(1, x), (2, small), (3, Some(0))],
            &[(3, small), (3, small), (4, None)],
            &[(4, x), (4, x), (5, None)],
            &[(5, None), (6, x), (7, Some(1))],
        ];
        let expected = recounted(&batches);
        assert_eq!(expected.0, 6, "5 has no value");
        // The last bounds leave no room in 64 bits for the first batch already.
        for most in [large, large * 2, large * 5] {
            for order in [Order::ByPatient, Order::Any] {
                assert_eq!(marked(most, &batches, order), expected, "{most} {sign} {order:?}");
            }
        }
        let few: Vec<&[Given]> = batches.iter().flat_map(|batch| batch.chunks(1)).collect();
        assert_eq!(marked(large, &few, Order::ByPatient), expected, "row by row");
    }
}

#[test]
fn the_largest_sums_that_have_64_bits_have_their_marks() {
    // All of one batch is as far from 0 as the bounds allow, and fills what 64 bits hold.
    let most = i128::from(i64::MAX) / 16;
    for sign in [1, -1] {
        let batch: Vec<Given> = (4..20).map(|patient| (patient, Some(most * sign))).collect();
        assert_eq!(marked(most, &[&batch], Order::ByPatient), recounted(&[&batch]), "{sign}");
    }
}

#[test]
fn whoever_contributes_nothing_is_told_from_who_contributes_0_or_the_same_as_another() {
    let marks = |given: &[Given]| marked(100, &[given], Order::ByPatient).1;
    let all = [(1, Some(5)), (2, Some(0)), (3, Some(-5))];
    for other in [
        [(1, Some(5)), (2, None), (3, Some(-5))],
        [(1, Some(-5)), (2, Some(0)), (3, Some(5))],
        [(1, Some(0)), (2, Some(5)), (3, Some(-5))],
        [(1, Some(6)), (2, Some(-1)), (3, Some(-5))],
    ] {
        assert_ne!(marks(&other), marks(&all), "{other:?}");
    }
}
