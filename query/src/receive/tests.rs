use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, BooleanArray, Decimal128Array, RecordBatch, UInt64Array,
};
use arrow::datatypes::Decimal128Type;
use policies::Digest;
use policies::explore::Explore;
use policies::footprint::{MeasureFootprint, MeasureKind, Sensitive, SumFootprint, SumKind, Units};
use roaring::RoaringBitmap;

use super::*;
use crate::cell::Layout;
use crate::{ipc, sets};

const MODULUS: i128 = (1 << 64) - (1 << 32) + 1;

/// Three cells of five measures: everyone's rows, rows of a condition, rows with an argument, its values, and a flag.
fn footprint() -> FragmentFootprint {
    let measure = |condition, argument, kind, scale, (least, most)| MeasureFootprint {
        condition,
        argument,
        kind,
        scale,
        least: Units::new(least),
        most: Units::new(most),
        made: None,
        whole: false,
        sensitive: Sensitive::default(),
    };
    let sum = |kind, scale, measure| SumFootprint { text: String::new(), kind, scale, measure };
    FragmentFootprint {
        digest: Digest::of(b"fragment"),
        group_keys: Vec::new(),
        cells: 3,
        sums: vec![
            sum(SumKind::Rows, 0, 0),
            sum(SumKind::Rows, 0, 1),
            sum(SumKind::NonNull, 0, 2),
            sum(SumKind::Sum, 1, 3),
            sum(SumKind::SumSquares, 2, 3),
            sum(SumKind::Sum, 0, 4),
        ],
        measures: vec![
            measure(None, None, MeasureKind::Rows, 0, (0, 1)),
            measure(Some(0), None, MeasureKind::Rows, 0, (0, 1)),
            measure(None, Some(0), MeasureKind::Rows, 0, (0, 1)),
            measure(None, Some(0), MeasureKind::Value, 1, (-50, 40)),
            measure(None, Some(1), MeasureKind::Flag, 0, (0, 1)),
        ],
        explore: Explore::default(),
        links: Vec::new(),
        vectors: Vec::new(),
        sensitive: false,
    }
}

/// Three patients, one of them with two rows; nobody; one patient.
fn figures() -> BTreeMap<&'static str, [i128; 3]> {
    BTreeMap::from([
        ("n", [3, 0, 1]),
        ("key", [111, 0, 7]),
        ("p0", [4, 0, 1]),
        ("p1", [2, 0, 0]),
        ("p2", [3, 0, 1]),
        ("p3", [40, 0, 30]),
        ("p4", [2200, 0, 900]),
        ("p5", [1, 0, 0]),
        ("m0_n", [3, 0, 1]),
        ("m0_key", [50, 0, 7]),
        ("m0_mark", [50, 0, 7]),
        ("m0_top1", [2, 0, 1]),
        ("m0_top2", [1, 0, 0]),
        ("m0_all", [4, 0, 1]),
        ("m1_n", [2, 0, 0]),
        ("m1_key", [9, 0, 0]),
        ("m1_mark", [9, 0, 0]),
        ("m1_rest", [2, 0, 1]),
        ("m1_top1", [1, 0, 0]),
        ("m1_top2", [1, 0, 0]),
        ("m1_all", [2, 0, 0]),
        ("m2_n", [2, 0, 1]),
        ("m2_key", [12, 0, 7]),
        ("m2_mark", [12, 0, 7]),
        ("m2_rest", [1, 0, 0]),
        ("m2_top1", [2, 0, 1]),
        ("m2_top2", [1, 0, 0]),
        ("m2_all", [3, 0, 1]),
        ("m3_n", [2, 0, 1]),
        ("m3_key", [13, 0, 14]),
        ("m3_mark", [13, 0, 14]),
        ("m3_top1", [60, 0, 30]),
        ("m3_top2", [20, 0, 0]),
        ("m3_all", [80, 0, 30]),
        ("m4_n", [1, 0, 0]),
        ("m4_key", [15, 0, 0]),
        ("m4_mark", [15, 0, 0]),
        ("m4_rest", [3, 0, 1]),
        ("m4_top1", [1, 0, 0]),
        ("m4_top2", [0, 0, 0]),
        ("m4_all", [1, 0, 0]),
    ])
}

fn patients() -> BTreeMap<&'static str, [&'static [u32]; 3]> {
    BTreeMap::from([
        ("patients", [&[1, 2, 5][..], &[], &[7]]),
        ("m1_patients", [&[1, 2][..], &[], &[]]),
        ("m2_patients", [&[1, 5][..], &[], &[7]]),
        ("m4_patients", [&[5][..], &[], &[]]),
    ])
}

/// A worker's reply that says so.
fn reply(
    wanted: Wanted,
    figures: &BTreeMap<&'static str, [i128; 3]>,
    patients: &BTreeMap<&'static str, [&[u32]; 3]>,
) -> Message<Reply> {
    let layout = Layout::of(&footprint(), wanted);
    let counts = layout.counts().into_iter().map(|name| -> ArrayRef {
        let counts = figures[name.as_str()].map(|count| u64::try_from(count).unwrap());
        Arc::new(UInt64Array::from(counts.to_vec()))
    });
    let mut columns: Vec<ArrayRef> = counts.collect();
    columns.insert(1, Arc::new(BooleanArray::from(vec![false; 3])));
    columns.extend(layout.sums().into_iter().map(|(name, scale)| -> ArrayRef {
        let sums = Decimal128Array::from(figures[name.as_str()].to_vec());
        Arc::new(sums.with_data_type(crate::cell::sum_type(scale)))
    }));
    let batch = RecordBatch::try_new(layout.raw_schema(), columns).unwrap();
    let mut blobs = vec![ipc::encode(&batch).unwrap()];
    if wanted.bitmaps {
        let names = layout.sets();
        let by_cell = (0..3).flat_map(|cell| names.iter().map(move |name| (cell, name)));
        let sets: Vec<Vec<u8>> = by_cell
            .map(|(cell, name)| {
                let set: RoaringBitmap = patients[name.as_str()][cell].iter().copied().collect();
                let mut bytes = Vec::new();
                if !set.is_empty() {
                    set.serialize_into(&mut bytes).unwrap();
                }
                bytes
            })
            .collect();
        blobs.push(sets::encode(names.len(), sets.iter().map(Vec::as_slice)).unwrap());
    }
    Message { head: Reply::Executed { fragments: vec![footprint().digest] }, blobs }
}

#[track_caller]
fn received(wanted: Wanted, reply: &Message<Reply>, code: Option<&str>) {
    let checked = check(&[footprint()], wanted, reply).map(|_cells| ());
    assert_eq!(checked.as_ref().err().map(ReceiveError::code), code);
}

/// With one figure changed, what comes of it with every summary.
#[track_caller]
fn changed(name: &'static str, cell: usize, value: i128, code: Option<&str>) {
    let mut figures = figures();
    figures.get_mut(name).unwrap()[cell] = value;
    let checked = check(&[footprint()], Wanted::ALL, &reply(Wanted::ALL, &figures, &patients()));
    let got = checked.as_ref().err().map(ReceiveError::code);
    assert_eq!(got, code, "{name}, cell {cell}: {value}");
}

#[test]
fn what_holds_is_received_with_and_without_summaries() {
    let none = Wanted::NONE;
    for wanted in [
        none,
        Wanted::ALL,
        Wanted { contributors: true, ..none },
        Wanted { tops: true, ..none },
        Wanted { keys: true, ..none },
        Wanted { marks: true, ..none },
        Wanted { bitmaps: true, ..none },
    ] {
        received(wanted, &reply(wanted, &figures(), &patients()), None);
    }
    // Undetectable, and harmless: the daemon makes noise of it and nothing else.
    changed("key", 0, 112, None);
}

#[test]
fn every_figure_that_cannot_be_is_refused() {
    let bad = Some("worker_figures");
    for (name, cell, value) in [
        ("n", 0, 4),
        ("n", 0, 2),
        ("n", 1, 1),
        ("n", 2, i128::from(u64::MAX)),
        ("key", 0, MODULUS),
        ("key", 1, 1),
        ("key", 2, 8),
        ("p0", 0, 5),
        ("p0", 0, 3),
        ("p0", 1, 1),
        ("p0", 0, -4),
        ("p1", 2, 1),
        ("p2", 0, 1_000_000_000_001),
        ("p3", 0, 81),
        ("p3", 1, -1),
        ("p4", 0, -1),
        ("p4", 1, 1),
        ("p5", 0, 2),
        ("p5", 0, 0),
        ("m0_n", 0, 2),
        ("m0_n", 1, 1),
        ("m0_key", 0, MODULUS),
        ("m0_key", 1, 3),
        ("m0_key", 2, 8),
        ("m0_top1", 0, 3),
        ("m0_all", 0, 5),
        ("m1_n", 0, 4),
        ("m1_n", 0, 1),
        ("m1_n", 2, 1),
        ("m1_key", 2, 1),
        ("m0_mark", 0, MODULUS),
        ("m0_mark", 1, 3),
        ("m0_mark", 2, 8),
        ("m1_mark", 2, 1),
        ("m1_rest", 0, 0),
        ("m1_rest", 0, 4),
        ("m1_rest", 1, 1),
        ("m1_rest", 2, 0),
        ("m4_rest", 0, 1),
        ("m1_top2", 0, 0),
        ("m1_top2", 0, 2),
        ("m2_n", 0, 3),
        ("m2_top1", 1, 1),
        ("m3_n", 0, 1),
        ("m3_n", 0, 3),
        ("m3_top1", 0, 61),
        ("m3_top1", 0, 19),
        ("m3_top2", 0, -1),
        ("m3_top2", 2, 1),
        ("m3_all", 0, 79),
        ("m3_all", 0, 81),
        ("m3_all", 1, 1),
        ("m4_n", 0, 0),
        ("m4_all", 0, 2),
    ] {
        changed(name, cell, value, bad);
    }
}

#[test]
fn a_sum_beyond_the_bounds_of_its_rows_is_refused() {
    // Three rows of at most 40 and at least -50 each, and contributions that would allow more.
    for (sum, code) in
        [(120, None), (121, Some("worker_figures")), (-150, None), (-151, Some("worker_figures"))]
    {
        let mut figures = figures();
        figures.get_mut("p3").unwrap()[0] = sum;
        for (name, value) in [("m3_top1", 100), ("m3_top2", 60), ("m3_all", 160)] {
            figures.get_mut(name).unwrap()[0] = value;
        }
        received(Wanted::ALL, &reply(Wanted::ALL, &figures, &patients()), code);
    }
}

#[test]
fn sets_that_do_not_fit_the_counts_or_each_other_are_refused() {
    let cases: [(&'static str, usize, &'static [u32]); 6] = [
        ("patients", 0, &[1, 2, 6]),
        ("patients", 0, &[1, 2]),
        ("patients", 1, &[3]),
        ("m1_patients", 0, &[1, 3]),
        ("m1_patients", 0, &[1]),
        ("m4_patients", 2, &[7]),
    ];
    for (name, cell, set) in cases {
        let mut patients = patients();
        patients.get_mut(name).unwrap()[cell] = set;
        received(Wanted::ALL, &reply(Wanted::ALL, &figures(), &patients), Some("worker_figures"));
    }
}

#[test]
fn another_form_than_what_is_wanted_is_refused() {
    let all = || reply(Wanted::ALL, &figures(), &patients());
    for fewer in [Wanted { keys: false, ..Wanted::ALL }, Wanted { marks: false, ..Wanted::ALL }] {
        received(fewer, &all(), Some("worker_cells"));
        received(Wanted::ALL, &reply(fewer, &figures(), &patients()), Some("worker_cells"));
    }
    received(Wanted::NONE, &all(), Some("worker_fragments"));
    let mut without = all();
    without.blobs.pop();
    received(Wanted::ALL, &without, Some("worker_fragments"));
    let mut more = all();
    more.blobs.push(Vec::new());
    received(Wanted::ALL, &more, Some("worker_fragments"));
    let mut cut = all();
    cut.blobs[1].pop();
    received(Wanted::ALL, &cut, Some("worker_sets"));
    let mut none = all();
    none.blobs.clear();
    received(Wanted::ALL, &none, Some("worker_fragments"));
}

#[test]
fn no_byte_of_a_reply_makes_the_daemon_panic() {
    let whole = reply(Wanted::ALL, &figures(), &patients());
    for blob in 0..2 {
        for at in 0..whole.blobs[blob].len() {
            let mut changed = whole.clone();
            changed.blobs[blob][at] ^= 0xa5;
            let _either = check(&[footprint()], Wanted::ALL, &changed);
        }
    }
}

#[test]
fn a_run_that_failed_stands_for_nobody() {
    for wanted in [Wanted::NONE, Wanted::ALL] {
        let nobody = RawFragment::of_nobody(&footprint(), wanted);
        assert!(plausible::holds(&nobody, &footprint().sums));
        assert_eq!(nobody.n, [0; 3]);
        let measures: Vec<usize> =
            nobody.cells().map(|cell| cell.contributions().count()).collect();
        assert_eq!(measures, [if wanted.any() { 5 } else { 0 }; 3]);
    }
}

#[test]
fn a_cell_with_patients_is_not_ruled_out_whatever_the_worker_says() {
    let zeros = cells::zeros(&footprint(), Wanted::NONE).unwrap();
    let mut columns = zeros.columns().to_vec();
    columns[0] = Arc::new(UInt64Array::from(vec![1, 0, 0]));
    columns[1] = Arc::new(BooleanArray::from(vec![true, true, false]));
    let batch = RecordBatch::try_new(zeros.schema(), columns).unwrap();
    let cells = RawFragment::new(&footprint(), Wanted::NONE, (&batch, None)).unwrap();
    assert_eq!(cells.ruled_out, [false, true, false]);
}

#[test]
fn a_figure_of_more_than_38_digits_is_refused() {
    let zeros = cells::zeros(&footprint(), Wanted::NONE).unwrap();
    let received = |value: i128| {
        let mut columns = zeros.columns().to_vec();
        let column = columns[5].as_primitive::<Decimal128Type>();
        let column =
            Decimal128Array::from(vec![value; 3]).with_data_type(column.data_type().clone());
        columns[5] = Arc::new(column);
        let batch = RecordBatch::try_new(zeros.schema(), columns).unwrap();
        RawFragment::new(&footprint(), Wanted::NONE, (&batch, None)).is_some()
    };
    assert!(received(5));
    assert!(!received(10_i128.pow(38)));
}
