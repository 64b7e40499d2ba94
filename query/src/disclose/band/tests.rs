use std::collections::BTreeMap;

use super::*;

const LEAST: u64 = 5;

fn norm(in_ten_thousand: u32) -> Norm {
    Norm::new(in_ten_thousand).unwrap()
}

/// The numbers of each band.
fn bands(rate: u32, n: u64) -> Option<BTreeMap<i128, Vec<u64>>> {
    let mut found: BTreeMap<i128, Vec<u64>> = BTreeMap::new();
    for x in 0..=n {
        found.entry(band(norm(rate), LEAST, (n, x))?.code()).or_default().push(x);
    }
    Some(found)
}

#[test]
fn no_band_divides_small_parts_or_those_that_leave_few() {
    let mut told = 0;
    for n in (1..=70).chain([90, 130, 200, 400]) {
        for rate in [100, 250, 500, 1_000, 2_000, 5_000, 8_000, 9_500] {
            let Some(bands) = bands(rate, n) else { continue };
            told += 1;
            assert!(bands.len() > 1, "{n} {rate}: one band tells nothing");
            for numbers in bands.values() {
                let few = |x: &u64| *x < LEAST;
                let small = numbers.iter().filter(|x| few(x)).count();
                let left = numbers.iter().filter(|x| few(&(n - **x))).count();
                assert!(small == 0 || small == 5, "{n} {rate} {bands:?}");
                assert!(left == 0 || left == 5, "{n} {rate} {bands:?}");
                assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{bands:?}");
            }
        }
    }
    assert!(told > 100, "{told}");
}

#[test]
fn a_rare_event_at_few_patients_has_no_band_and_one_at_many_has() {
    // At 20 patients and 2.5 % the limit of 95 % is at 3.
    assert_eq!(bands(250, 20), None);
    let many = bands(250, 200).unwrap();
    // Nobody of 200 is below 95 %, which is not told.
    assert_eq!(many.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(many[&0], (0..=9).collect::<Vec<_>>());
    let common = bands(2_000, 200).unwrap();
    assert_eq!(common.keys().copied().collect::<Vec<_>>(), [-2, -1, 0, 1, 2]);
}

#[test]
fn whether_there_is_a_band_does_not_depend_on_the_part() {
    for n in 1..=90 {
        let one = band(norm(500), LEAST, (n, 0)).is_some();
        assert!((0..=n).all(|x| band(norm(500), LEAST, (n, x)).is_some() == one), "{n}");
    }
}

#[test]
fn words_and_numbers_are_one_each() {
    for (band, code, word) in Band::ALL {
        assert_eq!((Band::of(code), band.code(), band.word()), (Some(band), code, word));
    }
    assert_eq!([Band::of(3), Band::of(-3)], [None; 2]);
}
