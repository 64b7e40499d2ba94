use super::*;

#[test]
fn sums_products_and_quotients_of_bounded_integers_are_bounded() {
    let age = Range::exact(18, 95, 0);
    let day = Range::exact(-10, 4000, 0);
    assert_eq!(age.arithmetic(Operator::Plus, day), Some(Range::exact(8, 4095, 0)));
    assert_eq!(age.arithmetic(Operator::Minus, day), Some(Range::exact(-3982, 105, 0)));
    assert_eq!(age.arithmetic(Operator::Multiply, day), Some(Range::exact(-950, 380_000, 0)));
    let ten = Range::exact(10, 10, 0);
    assert_eq!(age.arithmetic(Operator::Divide, ten), Some(Range::exact(1, 9, 0)));
    assert_eq!(age.arithmetic(Operator::Divide, day), Some(Range::exact(-95, 95, 0)));
    assert_eq!(age.arithmetic(Operator::Modulo, ten), Some(Range::exact(0, 10, 0)));
}

#[test]
fn decimals_align_before_they_are_added() {
    let bmi = Range::exact(100, 800, 1);
    assert_eq!(
        bmi.arithmetic(Operator::Plus, Range::exact(5, 5, 0)),
        Some(Range::exact(150, 850, 1))
    );
}

#[test]
fn what_does_not_fit_its_type_is_seen() {
    let big = Range::full(&DataType::Int64);
    let sum = big.arithmetic(Operator::Plus, Range::exact(1, 1, 0)).unwrap();
    assert!(!sum.fits(&DataType::Int64));
    assert!(Range::exact(0, 127, 0).fits(&DataType::Int8));
    assert!(!Range::exact(0, 128, 0).fits(&DataType::Int8));
    assert!(!Range::exact(0, 1, 1).fits(&DataType::Int64));
}

#[test]
fn a_quotient_of_casts_of_integers_is_bounded_and_of_floats_is_not() {
    let int = Range::exact(-50, 50, 0).cast(&DataType::Float64);
    assert_eq!(int.arithmetic(Operator::Divide, int).unwrap().most(), 50.0);
    let sum = int.arithmetic(Operator::Plus, int).unwrap();
    assert!(int.arithmetic(Operator::Divide, sum).unwrap().most().is_infinite());
}
