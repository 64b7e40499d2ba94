use super::*;

fn spread(scale: u8, sample: bool, root: bool) -> Output {
    let (sum, squares) = (Linear::one(0, scale), Linear::one(1, 2 * scale));
    Output::Spread { sum, squares, values: 2, sample, root }
}

fn float(value: ScalarValue) -> Option<f64> {
    let ScalarValue::Float64(value) = value else { panic!("{value:?}") };
    value
}

#[test]
fn spread_is_exact_where_floats_would_cancel() {
    // 10^9 + 0, 1, 2: the variance is 1, whatever the offset.
    let values: [i128; 3] = [1_000_000_000, 1_000_000_001, 1_000_000_002];
    let sums = [values.iter().sum(), values.iter().map(|v| v * v).sum(), 3];
    assert_eq!(float(value(&spread(0, true, false), &sums).unwrap()), Some(1.0));
    let population = float(value(&spread(0, false, true), &sums).unwrap());
    assert_eq!(population, Some((2.0_f64 / 3.0).sqrt()));
    // The same figures in hundredths.
    let hundredths = float(value(&spread(2, true, true), &sums).unwrap()).unwrap();
    assert!((hundredths - 0.01).abs() < 1e-15);
}

#[test]
fn too_few_values_have_no_spread() {
    let one = [7, 49, 1];
    assert_eq!(float(value(&spread(0, true, false), &one).unwrap()), None);
    assert_eq!(float(value(&spread(0, false, false), &one).unwrap()), Some(0.0));
    let none = [0, 0, 0];
    assert_eq!(float(value(&spread(0, false, false), &none).unwrap()), None);
}

#[test]
fn sums_that_no_hospital_can_have_sent_are_an_error() {
    // A sum of squares smaller than the squared mean allows.
    assert!(value(&spread(0, true, false), &[100, 1, 2]).is_err());
}

#[test]
fn totals_over_64_bits_are_an_error_not_a_wrong_number() {
    let sum = Output::Sum { sum: Linear::one(0, 0), values: 2, data_type: DataType::Int64 };
    let large = i128::from(i64::MAX);
    let fits = value(&sum, &[large, 0, 1]).unwrap();
    assert_eq!(fits, ScalarValue::Int64(Some(i64::MAX)));
    let error = value(&sum, &[large + 1, 0, 1]).unwrap_err();
    assert_eq!(error.code(), "overflow");
    let none = value(&sum, &[0, 0, 0]).unwrap();
    assert_eq!(none, ScalarValue::Int64(None));
}

#[test]
fn an_interval_after_wilson_is_that_of_the_books() {
    // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29; 95 %, to four digits.
    for (part, whole, low, high) in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ] {
        let end = |figure| figures::share(part, whole, figure).unwrap();
        assert!((end(crate::cut::ShareFigure::Low) - low).abs() < 5e-5, "{part} of {whole}");
        assert!((end(crate::cut::ShareFigure::High) - high).abs() < 5e-5, "{part} of {whole}");
    }
}

#[test]
fn a_sum_of_multiples_is_put_together_after_merging() {
    // sum(2 x - 0.5) of 3 rows with sum(x) = 10: 18.5.
    let sum = Linear { terms: vec![(0, 20), (2, -5)], scale: 1 };
    let data_type = DataType::Decimal128(20, 1);
    let output = Output::Sum { sum, values: 2, data_type };
    let expected = ScalarValue::Decimal128(Some(185), 20, 1);
    assert_eq!(value(&output, &[10, 0, 3]).unwrap(), expected);
    assert_eq!(places(&output).collect::<Vec<_>>(), [0, 2, 2]);
    let error = value(&output, &[i128::MAX, 0, 3]).unwrap_err();
    assert_eq!(error.code(), "overflow");
}
