use policies::footprint::SumKind;

use super::*;

#[track_caller]
fn check(n: &[u64], kind: SumKind, values: &[i128], ruled_out: bool, expected: bool) {
    let sum = SumFootprint { text: String::new(), kind, scale: 0 };
    let cells = RawFragment {
        n: n.to_vec(),
        ruled_out: vec![ruled_out; n.len()],
        sums: vec![(0, values.to_vec())],
    };
    assert_eq!(plausible(&cells, &[sum]), expected);
}

#[test]
fn figures_that_cannot_be_are_refused() {
    check(&[5, 0], SumKind::Rows, &[7, 0], false, true);
    check(&[5, 0], SumKind::Sum, &[-7, 0], false, true);
    check(&[5, 0], SumKind::Rows, &[-7, 0], false, false);
    check(&[5, 0], SumKind::NonNull, &[7, 1], false, false);
    check(&[5, 0], SumKind::Sum, &[7, 1], false, false);
    check(&[0, 0], SumKind::Sum, &[0, 0], true, true);
    check(&[u64::MAX, 0], SumKind::Sum, &[0, 0], false, false);
    check(&[5, 0], SumKind::Rows, &[MAX_COUNT + 1, 0], false, false);
}

#[test]
fn a_cell_with_patients_is_not_ruled_out_whatever_the_worker_says() {
    let batch = zeros(2, std::iter::empty()).unwrap();
    let n: ArrayRef = Arc::new(UInt64Array::from(vec![1, 0]));
    let ruled_out: ArrayRef = Arc::new(BooleanArray::from(vec![true, true]));
    let batch = RecordBatch::try_new(batch.schema(), vec![n, ruled_out]).unwrap();
    assert_eq!(figures(&batch, &[]).unwrap().ruled_out, [false, true]);
}

#[test]
fn a_figure_of_more_than_38_digits_is_refused() {
    let sum = SumFootprint { text: String::new(), kind: SumKind::Sum, scale: 0 };
    let batch = |value: i128| {
        let column = Decimal128Array::from(vec![value]).with_data_type(cell::sum_type(0));
        let mut columns = zeros(1, [0].into_iter()).unwrap().columns().to_vec();
        columns[2] = Arc::new(column);
        RecordBatch::try_new(raw_schema([0].into_iter()), columns).unwrap()
    };
    assert!(figures(&batch(5), std::slice::from_ref(&sum)).is_some());
    assert!(figures(&batch(10_i128.pow(38)), &[sum]).is_none());
}
