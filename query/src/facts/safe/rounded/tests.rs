//! The half goes away from zero, whatever the types are.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;

use super::constant;

#[track_caller]
fn check(value: ScalarValue, to: &DataType, expected: &str) {
    let rounded = constant(&value, to).map_or("none".to_owned(), |rounded| rounded.to_string());
    assert_eq!(rounded, expected, "{value:?}");
}

fn decimal(units: i128, scale: i8) -> ScalarValue {
    ScalarValue::Decimal128(Some(units), 18, scale)
}

#[test]
fn decimals_become_whole_numbers_as_postgresql_rounds_them() {
    for (units, expected) in
        [(304, "30"), (305, "31"), (295, "30"), (294, "29"), (-305, "-31"), (-304, "-30"), (4, "0")]
    {
        check(decimal(units, 1), &DataType::Int64, expected);
    }
    check(decimal(327_685, 1), &DataType::Int16, "none");
    check(decimal(327_674, 1), &DataType::Int16, "32767");
}

#[test]
fn decimals_lose_digits_by_rounding_once() {
    let to = DataType::Decimal128(4, 1);
    for (units, expected) in [(4_005, "40.1"), (4_004, "40.0"), (-4_005, "-40.1"), (4_149, "41.5")]
    {
        check(decimal(units, 2), &to, expected);
    }
    check(decimal(99_995, 2), &to, "none");
}

#[test]
fn floats_become_decimals_by_fifteen_digits() {
    let float = |value| ScalarValue::Float64(Some(value));
    let to = DataType::Decimal128(10, 2);
    for (value, expected) in
        [(1.005, "1.01"), (2.675, "2.68"), (-1.005, "-1.01"), (0.0, "0.00"), (1e-30, "0.00")]
    {
        check(float(value), &to, expected);
    }
    for value in [1e8, -1e300, f64::NAN, f64::INFINITY] {
        check(float(value), &to, "none");
    }
    check(float(2.5), &DataType::Int64, "3");
    check(float(-2.5), &DataType::Int64, "-3");
    check(ScalarValue::Float64(None), &to, "NULL");
}
