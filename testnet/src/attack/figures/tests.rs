use super::*;

#[test]
fn wilsons_interval_is_that_of_the_books() {
    // 15 of 20: Newcombe 1998 gives 0.531 to 0.888.
    let Measure { value, interval, .. } = Measure::share(15, 20);
    let (low, high) = interval.unwrap();
    assert!((value - 0.75).abs() < 1e-9);
    assert!((low - 0.531).abs() < 1e-3 && (high - 0.888).abs() < 1e-3, "{low} {high}");
}

#[test]
fn a_limit_is_a_limit() {
    assert!(Limit::AtMost(0.0).holds(&Measure::found(0, 10)));
    assert!(!Limit::AtMost(0.0).holds(&Measure::found(1, 10)));
    assert!(Limit::AtMost(0.62).holds(&Measure::share(62, 100)));
    assert!(!Limit::AtMost(0.62).holds(&Measure::share(63, 100)));
    assert!(Limit::AtLeast(0.7).holds(&Measure::deviation(&[0.7, -0.7])));
    assert!(!Limit::AtLeast(0.7).holds(&Measure::deviation(&[0.6, -0.6])));
}

#[test]
fn what_tells_is_learnt_and_what_does_not_is_a_coin() {
    let sample = |at: usize, told: bool| {
        let member = (at / 2).is_multiple_of(2);
        let seen = if told { f64::from(u8::from(member)) } else { 0.5 };
        Sample { seen: vec![f64::NAN, seen], member }
    };
    let told: Vec<Sample> = (0..200).map(|at| sample(at, true)).collect();
    assert!((guessed(&told).value - 1.0).abs() < 1e-9);
    let silent: Vec<Sample> =
        (0..200).map(|at| Sample { seen: vec![f64::NAN], ..sample(at, false) }).collect();
    let guessed = guessed(&silent);
    assert!((guessed.value - 0.5).abs() < 0.02, "{guessed}");
    assert_eq!(guessed.silent, 200);
}

#[test]
fn correlation_and_t_know_what_is_plain() {
    let pairs: Vec<(f64, f64)> = (0..50).map(|at| (f64::from(at), f64::from(2 * at))).collect();
    assert!((Measure::correlation(&pairs).value - 1.0).abs() < 1e-9);
    let (one, two) = ([1.0, 2.0, 3.0, 4.0], [11.0, 12.0, 13.0, 14.0]);
    assert!(Measure::t(&one, &two).value > 10.0);
    assert!(Measure::t(&one, &one).value < 1e-9);
}

#[test]
fn only_what_stands_out_is_above_what_is_beside_it() {
    let value = |windows| Measure::above_beside(windows, 1000).value;
    // A parabola, however steep, and a line.
    assert!(value([96, 99, 100, 99, 96]).abs() < 1e-9);
    assert!(value([60, 90, 100, 90, 60]).abs() < 1e-9);
    assert!(value([100, 110, 120, 130, 140]).abs() < 1e-9);
    assert!(value([100, 100, 160, 100, 100]) > 3.1);
    assert!(value([0, 0, 16, 0, 0]) > 3.1);
    assert!(value([0; 5]).abs() < 1e-9);
}
