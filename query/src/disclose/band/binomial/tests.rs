use super::*;

/// The distribution function in floats, for numbers where they are good.
fn by_floats(rate: f64, n: u32) -> [u64; 4] {
    let mut term = (1.0 - rate).powf(f64::from(n));
    let (mut sum, mut found) = (0.0, [None; 4]);
    for x in 0..=n {
        sum += term;
        for (first, limit) in found.iter_mut().zip([0.001, 0.025, 0.975, 0.999]) {
            if first.is_none() && sum >= limit {
                *first = Some(u64::from(x));
            }
        }
        term *= f64::from(n - x) / f64::from(x + 1) * rate / (1.0 - rate);
    }
    found.map(Option::unwrap)
}

#[test]
fn limits_are_those_of_the_distribution() {
    for n in [2, 7, 20, 60, 100, 200] {
        for ten_thousandths in [5, 250, 500, 2_000, 5_001, 9_000] {
            let rate = f64::from(ten_thousandths) / 10_000.0;
            let expected = by_floats(rate, n);
            assert_eq!(limits((ten_thousandths, 10_000), n.into()), Some(expected), "{n} {rate}");
        }
    }
}

#[test]
fn limits_of_a_fair_coin_are_those_of_the_tables() {
    // Ten throws: F(0) = 1/1024 < 0.001, F(1) = 11/1024, F(2) = 56/1024, F(7) = 968/1024, F(8) = 1013/1024, F(9) = 1023/1024.
    assert_eq!(limits((1, 2), 10), Some([1, 2, 8, 9]));
    // Equal to a limit is not below it, nor above it: F(0) = 1/40 = 0.025.
    assert_eq!(limits((39, 40), 1), Some([0, 0, 1, 1]));
    assert_eq!(limits((1, 40), 1), Some([0, 0, 1, 1]), "F(0) = 0.975");
}

#[test]
fn no_limits_without_a_rate_or_of_too_many() {
    assert_eq!([limits((0, 10), 5), limits((10, 10), 5), limits((11, 10), 5)], [None; 3]);
    assert_eq!([limits((1, 10), 0), limits((1, 10), MAX_PATIENTS + 1)], [None; 2]);
}
