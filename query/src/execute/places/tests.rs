use std::sync::Arc;

use arrow::array::{BooleanArray, Int64Array, StringArray};

use super::*;

fn texts<'t>(values: impl IntoIterator<Item = &'t str>) -> Vec<ScalarValue> {
    values.into_iter().map(|text| ScalarValue::Utf8(Some(text.to_owned()))).collect()
}

fn place(values: &[ScalarValue], data_type: &DataType, nullable: bool) -> Place {
    let null = nullable.then_some(values.len());
    let count = values.len() + usize::from(nullable);
    Place { of: Lookup::new(values, data_type), null, count }
}

/// The places of every value of a domain, and of NULL, are those of the list.
#[track_caller]
fn each(values: &[ScalarValue], data_type: &DataType) {
    let key = place(values, data_type, true);
    let null = ScalarValue::try_from(data_type).unwrap();
    let all = values.iter().cloned().chain([null]);
    let column = ScalarValue::iter_to_array(all).unwrap();
    let mut cells = vec![3; column.len()];
    key.add(&column, &mut cells).unwrap();
    let expected: Vec<usize> = (0..column.len()).map(|at| 3 * column.len() + at).collect();
    assert_eq!(cells, expected);
    let strict = place(values, data_type, false);
    assert!(matches!(strict.add(&column, &mut cells), Err(RunError::BadData)), "NULL is none");
}

#[test]
fn every_value_has_its_place() {
    each(&texts(["", "A", "AB", "AC", "B", "\u{e9}", "\u{e9}t\u{e9}"]), &DataType::Utf8);
    let many: Vec<String> = (0..500).map(|number| format!("C{number}")).collect();
    each(&texts(many.iter().map(String::as_str)), &DataType::Utf8);
    let integers = |values: &[i64]| values.iter().map(|v| ScalarValue::Int64(Some(*v))).collect();
    let lists: [Vec<ScalarValue>; 3] =
        [integers(&[-3, -2, 0, 7]), integers(&[i64::MIN, 0, i64::MAX]), integers(&[0, 1_000_000])];
    for values in lists {
        each(&values, &DataType::Int64);
    }
    let flags = [false, true].map(|flag| ScalarValue::Boolean(Some(flag)));
    each(&flags, &DataType::Boolean);
    let tenths = [5, 7].map(|units| ScalarValue::Decimal128(Some(units), 5, 1));
    each(&tenths, &DataType::Decimal128(5, 1));
}

#[test]
fn a_value_outside_its_domain_has_no_place() {
    let codes = place(&texts(["A", "AB"]), &DataType::Utf8, true);
    for outside in ["", "B", "AC", "ABC", "a"] {
        let column: ArrayRef = Arc::new(StringArray::from(vec!["A", outside]));
        let found = codes.add(&column, &mut [0, 0]);
        assert!(matches!(found, Err(RunError::BadData)), "{outside}");
    }
    let values = [ScalarValue::Int64(Some(2)), ScalarValue::Int64(Some(4))];
    let numbers = place(&values, &DataType::Int64, true);
    for outside in [1, 3, 5, i64::MIN, i64::MAX] {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![2, outside]));
        let found = numbers.add(&column, &mut [0, 0]);
        assert!(matches!(found, Err(RunError::BadData)), "{outside}");
    }
    let flags = place(&[ScalarValue::Boolean(Some(true))], &DataType::Boolean, false);
    let column: ArrayRef = Arc::new(BooleanArray::from(vec![false]));
    assert!(matches!(flags.add(&column, &mut [0]), Err(RunError::BadData)));
}

#[test]
fn the_last_key_is_the_fastest() {
    let first = place(&texts(["x", "y"]), &DataType::Utf8, false);
    let values = [ScalarValue::Int64(Some(1)), ScalarValue::Int64(Some(2))];
    let second = place(&values, &DataType::Int64, true);
    let places = Places { keys: vec![first, second], cells: 6, ruled_out: vec![false; 6] };
    let columns: [ArrayRef; 2] = [
        Arc::new(StringArray::from(vec!["x", "y", "y"])),
        Arc::new(Int64Array::from(vec![Some(2), Some(1), None])),
    ];
    assert_eq!(places.of_rows(&columns, 3).unwrap(), [1, 3, 5]);
    assert!(places.of_rows(&columns, 2).is_err() && places.of_rows(&columns[..1], 3).is_err());
    let none = Places { keys: Vec::new(), cells: 1, ruled_out: vec![false] };
    assert_eq!(none.of_rows(&[], 2).unwrap(), [0, 0]);
}
