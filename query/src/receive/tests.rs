use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, UInt64Array};
use policies::footprint::SumKind;

use super::*;
use crate::cell::sum_type;

fn batch(n: &[u64], values: &[i128]) -> RecordBatch {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(UInt64Array::from(n.to_vec())),
        Arc::new(Decimal128Array::from(values.to_vec()).with_data_type(sum_type(0))),
    ];
    RecordBatch::try_new(raw_schema([0].into_iter()), columns).unwrap()
}

#[track_caller]
fn check(n: &[u64], kind: SumKind, values: &[i128], empty: bool, expected: bool) {
    let sum = SumFootprint { text: String::new(), kind, scale: 0 };
    assert_eq!(plausible(&batch(n, values), &[sum], empty), expected);
}

#[test]
fn figures_that_cannot_be_are_refused() {
    check(&[5, 0], SumKind::Rows, &[7, 0], false, true);
    check(&[5, 0], SumKind::Sum, &[-7, 0], false, true);
    check(&[5, 0], SumKind::Rows, &[-7, 0], false, false);
    check(&[5, 0], SumKind::NonNull, &[7, 1], false, false);
    check(&[5, 0], SumKind::Sum, &[7, 1], false, false);
    check(&[0, 0], SumKind::Sum, &[0, 0], true, true);
    check(&[1, 0], SumKind::Sum, &[0, 0], true, false);
    check(&[u64::MAX, 0], SumKind::Sum, &[0, 0], false, false);
    check(&[5, 0], SumKind::Rows, &[MAX_COUNT + 1, 0], false, false);
    check(&[5, 0], SumKind::Sum, &[10_i128.pow(38), 0], false, false);
}
