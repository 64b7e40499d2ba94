use arrow::array::AsArray as _;
use arrow::datatypes::{Decimal128Type, UInt8Type};
use policies::footprint::SumKind;
use policies::protections::{MinPatients, Opinions};

use super::*;

fn protections(k: u32, zeros: Zeros) -> Protections {
    let said = Opinions {
        min_patients: Some(MinPatients::new(k)),
        zeros: Some(zeros),
        ..Opinions::default()
    };
    Protections::from(said)
}

fn raw(n: &[u64], ruled_out: bool) -> RawFragment {
    let sums = n.iter().map(|n| i128::from(*n) * 3).collect();
    RawFragment::of_figures(n, ruled_out, vec![(2, sums)])
}

/// The one sum of the cells.
fn sums() -> [SumFootprint; 1] {
    [SumFootprint { text: String::new(), kind: SumKind::Sum, scale: 2, measure: 0 }]
}

/// The cells as they leave, without a memory.
fn protect(fragment: &RawFragment, protections: &Protections) -> Protected {
    let verdicts = verdicts(fragment, &sums(), (protections, &Limits::OFF));
    Protected::new(fragment, &verdicts, &[]).unwrap()
}

#[track_caller]
fn check(fragment: &RawFragment, protections: &Protections, expected: &[(u8, Option<i128>)]) {
    let safe = protect(fragment, protections).batch;
    assert_eq!(safe.schema(), safe_schema([2].into_iter()));
    let states = safe.column(0).as_primitive::<UInt8Type>();
    let sums = safe.column(1).as_primitive::<Decimal128Type>();
    let got: Vec<(u8, Option<i128>)> = states.values().iter().copied().zip(sums.iter()).collect();
    assert_eq!(got, expected);
}

#[test]
fn cells_under_the_threshold_are_null_and_nothing_else_is() {
    let cells = raw(&[0, 1, 9, 10, 11], false);
    let hidden = (2, None);
    let shown = [(1, Some(30)), (1, Some(33))];
    check(&cells, &protections(10, Zeros::Hidden), &[&[hidden; 3][..], &shown].concat());
    check(
        &cells,
        &protections(10, Zeros::Shown),
        &[&[(0, Some(0)), hidden, hidden][..], &shown].concat(),
    );
    check(
        &cells,
        &protections(0, Zeros::Hidden),
        &[&[hidden, (1, Some(3)), (1, Some(27))][..], &shown].concat(),
    );
}

#[test]
fn what_the_text_empties_is_shown_as_empty() {
    check(&raw(&[0, 0], true), &protections(10, Zeros::Hidden), &[(0, Some(0)); 2]);
}

#[test]
fn hidden_values_are_not_in_the_frames_bytes() {
    // 0x2b2a2928 would be seen in the buffer of values if hiding only set a null bit.
    let secret = 0x2b2a_2928_u64;
    let figures = vec![(2, vec![i128::from(secret), 5])];
    let fragment = RawFragment::of_figures(&[3, 20], false, figures);
    let frames = |k| {
        let protections = protections(k, Zeros::Hidden);
        let safe = protect(&fragment, &protections);
        super::frames(&[safe.batch], (None, None)).unwrap().remove(1)
    };
    let needle = 0x2b2a_2928_u32.to_le_bytes();
    let holds = |bytes: &[u8]| bytes.windows(4).any(|window| window == needle);
    assert!(holds(&frames(3)), "the needle is seen where it is shown");
    assert!(!holds(&frames(10)));
}
