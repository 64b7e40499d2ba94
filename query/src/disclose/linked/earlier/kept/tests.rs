use policies::footprint::{
    LinkAxis, LinkFixed, LinkFootprint, LinkName, LinkQuantity, LinkSet, LinkSum, MadeFootprint,
    MeasureFootprint, MeasureKind, Sensitive, SumFootprint, SumKind, Units,
};
use policies::protections::{Opinions, Protections};
use policies::{Digest, Limits};

use super::*;
use crate::disclose::CellState;
use crate::disclose::rules::Rule;

fn measure(argument: Option<u32>, kind: MeasureKind) -> MeasureFootprint {
    let made = argument.map(|_| MadeFootprint { fewest: None, also: vec![0], rest: Vec::new() });
    MeasureFootprint {
        condition: None,
        argument,
        kind,
        scale: 0,
        least: Units::new(0),
        most: Units::new(if argument.is_some() { 90 } else { 1 }),
        made,
        whole: false,
        sensitive: Sensitive::default(),
    }
}

fn footprint() -> FragmentFootprint {
    let sum =
        |text: &str, kind, measure| SumFootprint { text: text.to_owned(), kind, scale: 0, measure };
    let axis = |axis| LinkAxis { axis, size: 2 };
    let place = |of| LinkSum {
        of,
        fixed: vec![LinkFixed { axis: axis(2), places: LinkSet::one(1) }],
        part_of: vec![0],
    };
    FragmentFootprint {
        digest: Digest::of(b"fragment"),
        group_keys: vec!["grade".to_owned()],
        cells: 2,
        sums: vec![sum("count(*)", SumKind::Rows, 0), sum("sum(stay)", SumKind::Sum, 1)],
        measures: vec![measure(None, MeasureKind::Rows), measure(Some(0), MeasureKind::Value)],
        explore: Explore::default(),
        vectors: Vec::new(),
        links: vec![LinkFootprint {
            base: Digest::of(b"rows"),
            keys: vec![axis(1).into()],
            sums: vec![place(3), place(5)],
        }],
        sensitive: false,
    }
}

fn names() -> LinkNames {
    let name = |of: &str, number: usize| LinkName::of(&format!("{of} {number}"));
    let sum = |number| LinkQuantity {
        what: name("sum", number),
        conditions: [name("condition", number)].into(),
    };
    LinkNames { axes: (0..4).map(|at| name("axis", at)).collect(), sums: (0..6).map(sum).collect() }
}

fn fragment(values: [i128; 2]) -> RawFragment {
    let rows =
        |value: i128| (0..20).map(move |patient| (patient, if patient == 0 { value } else { 1 }));
    let cell = |value: i128| {
        let of = footprint().measures;
        RawFragment::of_contributions(
            20,
            vec![(0, 20), (0, rows(value).map(|(_, value)| value).sum())],
            vec![(of[0].clone(), rows(1).collect()), (of[1].clone(), rows(value).collect())],
        )
    };
    RawFragment::joined(values.map(cell).into())
}

fn verdicts() -> Vec<Verdict> {
    vec![
        Verdict { state: CellState::Present, sums: vec![None, Some(Rule::Dominance)] },
        Verdict { state: CellState::Hidden, sums: vec![Some(Rule::Linked); 2] },
    ]
}

fn written(verdicts: &[Verdict]) -> Vec<u8> {
    let (protections, limits) = (Protections::from(Opinions::default()), Limits::DEFAULT);
    let thresholds = Thresholds::new(&protections, &limits);
    let bytes = Kept::write(thresholds, (&fragment([-70, 5]), &footprint(), &names()), verdicts);
    bytes.unwrap()
}

#[test]
fn a_fragment_comes_back_as_it_was_told() {
    let bytes = written(&verdicts());
    let kept = Kept::read(&bytes).unwrap();
    assert_eq!(kept.verdicts, verdicts());
    assert!(kept.is_of(&fragment([-70, 5])));
    assert!(!kept.is_of(&fragment([-70, 6])));
    let read = kept.fragment.cell(0).contributions().map(|of| (of.n, of.tops.unwrap().first));
    assert_eq!(read.collect::<Vec<_>>(), [(20, 1), (20, 70)]);
    let head = &kept.head;
    assert!(head.footprint.sums.iter().all(|sum| sum.text.is_empty()));
    // Numbers are its own, by the names that it uses.
    let (axes, sums) = (&head.names.axes, &head.names.sums);
    assert_eq!((axes.len(), sums.len()), (2, 2));
    let link = &head.footprint.links[0];
    let axis = |axis: LinkAxis| axes[axis.axis as usize];
    assert_eq!(axis(link.keys[0].axis), names().axes[1]);
    assert_eq!(axis(link.sums[0].fixed[0].axis), names().axes[2]);
    let of = link.sums.iter().map(|sum| sums[sum.of as usize].clone());
    assert_eq!(of.collect::<Vec<_>>(), [names().sums[3].clone(), names().sums[5].clone()]);
}

#[test]
fn a_table_has_as_many_bytes_whatever_was_null() {
    assert_eq!(written(&[]).len(), written(&verdicts()).len());
}

#[test]
fn bytes_that_are_no_table_are_not_read() {
    let bytes = written(&verdicts());
    for length in 0..bytes.len() {
        assert!(Kept::read(&bytes[..length]).is_none(), "{length}");
    }
    assert!(Kept::read(&[&bytes[..], &[0]].concat()).is_none());
}
