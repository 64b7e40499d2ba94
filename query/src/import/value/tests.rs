//! Values that are taken and values that are not.

use std::collections::BTreeMap;

use policies::Ident;
use policies::dataset::{Bounds, Code};

use super::*;

fn column(kind: ColumnType) -> Column {
    Column {
        name: Ident::new("age").unwrap(),
        kind,
        class: Class::Measure,
        nullable: false,
        sensitive: false,
        bounds: None,
        codes: Vec::new(),
        groups: Vec::new(),
        step: None,
        edges: Vec::new(),
        unit: None,
        title: BTreeMap::new(),
    }
}

#[track_caller]
fn units(kind: ColumnType, raw: Raw<'_>, expected: i64, rounded: bool) {
    assert_eq!(
        check(&column(kind), raw),
        Ok(Value::Units { units: expected, rounded, clamped: false })
    );
}

#[track_caller]
fn refused(column: &Column, raw: Raw<'_>, code: &str) {
    assert_eq!(check(column, raw).unwrap_err().code(), code);
}

#[test]
fn integers_are_digits_and_nothing_else() {
    let kind = ColumnType::Integer;
    units(kind, Raw::Text("-12"), -12, false);
    units(kind, Raw::Text("007"), 7, false);
    units(kind, Raw::Text("9223372036854775807"), i64::MAX, false);
    units(kind, Raw::Integer(i64::MIN), i64::MIN, false);
    units(kind, Raw::Double(54.0), 54, false);
    units(kind, Raw::Decimal { units: 500, scale: 2 }, 5, false);
    units(kind, Raw::Decimal { units: 5, scale: -2 }, 500, false);
    units(kind, Raw::Boolean(true), 1, false);
    for text in ["", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "-", "--1", "١", "NA"] {
        refused(&column(kind), Raw::Text(text), "not_an_integer");
    }
    refused(&column(kind), Raw::Text("9223372036854775808"), "too_many_digits");
    refused(&column(kind), Raw::Double(0.5), "not_an_integer");
    refused(&column(kind), Raw::Double(f64::NAN), "not_an_integer");
    refused(&column(kind), Raw::Double(1e30), "too_many_digits");
    refused(&column(kind), Raw::Null, "value_missing");
}

#[test]
fn decimals_round_half_to_even_and_say_so() {
    let kind = ColumnType::Decimal { scale: 2 };
    units(kind, Raw::Text("1"), 100, false);
    units(kind, Raw::Text("1.5"), 150, false);
    units(kind, Raw::Text("1.2300"), 123, false);
    units(kind, Raw::Text("-0.01"), -1, false);
    units(kind, Raw::Text("1.225"), 122, true);
    units(kind, Raw::Text("1.235"), 124, true);
    units(kind, Raw::Text("-1.235"), -124, true);
    units(kind, Raw::Text("1.2250000000000000000000000000000000000000000001"), 123, true);
    units(kind, Raw::Text("0.001"), 0, true);
    units(kind, Raw::Double(0.1), 10, false);
    units(kind, Raw::Single(54.1), 5410, false);
    units(kind, Raw::Integer(3), 300, false);
    units(kind, Raw::Decimal { units: 12_345, scale: 3 }, 1234, true);
    units(kind, Raw::Text("9999999999999999.99"), 999_999_999_999_999_999, false);
    for text in ["", ".", "1.", ".5", "1,5", "1e2", "NaN", "inf", "1.2.3", "1.23x", "1.2x", "- 1"] {
        refused(&column(kind), Raw::Text(text), "not_a_decimal");
    }
    refused(&column(kind), Raw::Text("10000000000000000"), "too_many_digits");
    refused(&column(kind), Raw::Text(&"9".repeat(100)), "too_many_digits");
    refused(&column(kind), Raw::Double(f64::INFINITY), "not_a_decimal");
    refused(&column(kind), Raw::Boolean(true), "not_a_decimal");
}

#[test]
fn text_is_bounded_and_printable() {
    let mut text = column(ColumnType::Text);
    assert_eq!(check(&text, Raw::Text("é")), Ok(Value::Text("é".into())));
    assert_eq!(check(&text, Raw::Integer(7)), Ok(Value::Text("7".into())));
    refused(&text, Raw::Text("a\nb"), "control_character");
    refused(&text, Raw::Text("a\u{9b}b"), "control_character");
    refused(&text, Raw::Text(&"x".repeat(MAX_TEXT_BYTES + 1)), "text_too_long");
    refused(&text, Raw::Double(1.5), "not_text");
    text.codes = vec![Code { value: CodeValue::Text("<=20".into()), title: BTreeMap::new() }];
    assert_eq!(check(&text, Raw::Text("<=20")), Ok(Value::Text("<=20".into())));
    refused(&text, Raw::Text("<= 20"), "not_in_code_list");
}

#[test]
fn codes_flags_and_bounds_hold() {
    let mut column = column(ColumnType::Integer);
    column.bounds = Some(Bounds { min: 0, max: 5 });
    column.class = Class::Quasi;
    assert!(check(&column, Raw::Text("5")).is_ok());
    refused(&column, Raw::Text("6"), "out_of_bounds");
    refused(&column, Raw::Text("-1"), "out_of_bounds");
    column.codes = vec![Code { value: CodeValue::Integer(3), title: BTreeMap::new() }];
    refused(&column, Raw::Text("5"), "not_in_code_list");
    column.codes.clear();
    column.class = Class::Flag;
    refused(&column, Raw::Text("2"), "not_a_flag");
    let mut decimal = self::column(ColumnType::Decimal { scale: 1 });
    decimal.bounds = Some(Bounds { min: -5, max: 1000 });
    decimal.class = Class::Quasi;
    let bad = check(&decimal, Raw::Text("100.1")).unwrap_err();
    assert_eq!(bad.to_string(), "`100.1` is out of bounds: at least -0.5, at most 100.0");
}

#[test]
fn a_measure_beyond_its_bounds_is_the_nearer_bound() {
    let mut column = column(ColumnType::Decimal { scale: 1 });
    column.class = Class::Measure;
    column.bounds = Some(Bounds { min: -5, max: 1000 });
    for (text, expected, clamp, round) in [
        ("100.0", 1000, false, false),
        ("100.1", 1000, true, false),
        ("100.14", 1000, true, true),
        ("-0.5", -5, false, false),
        ("-0.6", -5, true, false),
        ("9999999999999999.9", 1000, true, false),
        ("99999999999999999999", 1000, true, false),
        ("-99999999999999999999.9", -5, true, false),
    ] {
        let value = Value::Units { units: expected, rounded: round, clamped: clamp };
        assert_eq!(check(&column, Raw::Text(text)), Ok(value), "{text}");
    }
    let most = Value::Units { units: 1000, rounded: false, clamped: true };
    assert_eq!(check(&column, Raw::Double(1e300)), Ok(most));
    column.kind = ColumnType::Integer;
    let least = Value::Units { units: -5, rounded: false, clamped: true };
    assert_eq!(check(&column, Raw::Text("-9223372036854775809")), Ok(least));
    column.bounds = None;
    refused(&column, Raw::Text("-9223372036854775809"), "too_many_digits");
}

#[test]
fn every_code_of_a_long_list_is_found() {
    let code = |value| Code { value, title: BTreeMap::new() };
    let mut number = column(ColumnType::Integer);
    number.codes = (-50..50).map(|value| code(CodeValue::Integer(value * 2))).collect();
    let mut text = column(ColumnType::Text);
    let mut texts: Vec<_> = (0..100).map(|value| format!("C{value}")).collect();
    texts.sort();
    text.codes = texts.iter().map(|text| code(CodeValue::Text(text.clone()))).collect();
    for (value, shown) in (-50..50).zip(&texts) {
        assert!(check(&number, Raw::Integer(value * 2)).is_ok());
        refused(&number, Raw::Integer(value * 2 + 1), "not_in_code_list");
        assert!(check(&text, Raw::Text(shown)).is_ok());
        refused(&text, Raw::Text(&format!("{shown}.")), "not_in_code_list");
    }
}

#[test]
fn an_opt_out_is_read_or_refused() {
    for (raw, said) in [
        (Raw::Null, Some(false)),
        (Raw::Text("JA"), Some(true)),
        (Raw::Text("yes"), Some(true)),
        (Raw::Text("1"), Some(true)),
        (Raw::Integer(1), Some(true)),
        (Raw::Double(1.0), Some(true)),
        (Raw::Boolean(false), Some(false)),
        (Raw::Text("nee"), Some(false)),
        (Raw::Integer(2), None),
        (Raw::Text("onbekend"), None),
    ] {
        assert_eq!(opted_out(raw), said, "{raw:?}");
    }
}

#[test]
fn shown_values_cannot_disturb_a_terminal() {
    assert_eq!(show(Raw::Text("\u{1b}[2J")), "\\u{1b}[2J");
}
