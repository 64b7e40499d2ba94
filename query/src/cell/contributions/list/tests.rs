use std::collections::BTreeMap;

use super::*;

#[track_caller]
fn check(rows: &[(u32, i128)]) {
    let mut list = List::default();
    let mut expected = BTreeMap::new();
    for (patient, value) in rows {
        list.add(*patient, *value);
        let sum: &mut i128 = expected.entry(*patient).or_default();
        *sum = sum.saturating_add(*value);
    }
    assert!(list.size() >= size_of::<List>());
    let got: Vec<(u32, i128)> = list.contributions().collect();
    assert_eq!(got, expected.into_iter().collect::<Vec<_>>());
}

#[test]
fn each_patient_is_listed_once_whatever_the_order_of_rows() {
    check(&[]);
    check(&[(1, 5), (1, -5), (2, 0), (7, 1)]);
    check(&[(7, 1), (1, 5), (7, 2), (1, -5), (0, 3), (7, 4)]);
    check(&[(1, 1), (3, 1), (2, 1), (3, 1)]);
}

#[test]
fn long_numbers_among_short_ones_keep_their_places() {
    let long = i128::from(i64::MAX);
    check(&[(1, 5), (2, long), (2, 1), (3, 7), (3, 1)]);
    check(&[(1, 5), (2, long * 9), (3, -7), (1, 1), (3, -long * 9)]);
    check(&[(1, i128::MAX), (1, 1), (2, i128::MIN), (2, -1)]);
}

#[test]
fn a_list_in_disorder_stays_as_long_as_its_patients_are_many() {
    let rows: Vec<(u32, i128)> =
        (0..200_000_u32).map(|row| (row.wrapping_mul(2_654_435_761) % 1000, 1)).collect();
    check(&rows);
    let mut list = List::default();
    for (patient, value) in rows {
        list.add(patient, value);
        assert!(list.patients.len() <= FIRST_ORDER, "{}", list.patients.len());
    }
}
