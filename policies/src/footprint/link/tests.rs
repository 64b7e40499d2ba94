use super::*;
use crate::explore::Explore;
use crate::footprint::{SumFootprint, SumKind};

fn axis(axis: u32, size: u32) -> LinkAxis {
    LinkAxis { axis, size }
}

/// Two keys of three and four values, a count, and a count under a condition on a third axis.
fn fragment() -> FragmentFootprint {
    let sum = SumFootprint { text: String::new(), kind: SumKind::Rows, scale: 0, measure: 0 };
    let fixed = vec![LinkFixed { axis: axis(2, 2), places: LinkSet::one(1) }];
    FragmentFootprint {
        digest: Digest::of(b"fragment"),
        group_keys: vec!["grade".to_owned(), "size".to_owned()],
        cells: 12,
        sums: vec![sum.clone(), sum],
        measures: Vec::new(),
        explore: Explore::default(),
        links: vec![LinkFootprint {
            base: Digest::of(b"base"),
            keys: vec![axis(0, 3).into(), axis(1, 4).into()],
            sums: vec![
                LinkSum { of: 0, fixed: Vec::new(), part_of: vec![1, 2] },
                LinkSum { of: 0, fixed, part_of: Vec::new() },
            ],
        }],
        vectors: Vec::new(),
        sensitive: false,
    }
}

#[track_caller]
fn refused(change: impl FnOnce(&mut FragmentFootprint)) {
    let (one, mut other) = (fragment(), fragment());
    assert_eq!(check(&[one.clone(), other.clone()]), Ok(()));
    change(&mut other);
    assert_eq!(check(&[one, other]), Err(FootprintError::Links { fragment: 1 }));
}

#[test]
fn spaces_that_do_not_fit_their_fragment_are_refused() {
    refused(|fragment| fragment.links.clear());
    refused(|fragment| fragment.links = vec![fragment.links[0].clone(); 2]);
    refused(|fragment| fragment.links[0].keys.truncate(1));
    refused(|fragment| fragment.links[0].keys[1] = axis(0, 4).into());
    refused(|fragment| fragment.links[0].keys[1] = axis(1, 5).into());
    refused(|fragment| fragment.links[0].sums.truncate(1));
    refused(|fragment| fragment.links[0].sums[0].part_of = vec![2, 1]);
    refused(|fragment| fragment.links[0].sums[0].part_of = vec![0]);
    for wrong in [LinkSet::one(2), LinkSet::range(0, 2), LinkSet::default()] {
        refused(|fragment| fragment.links[0].sums[1].fixed[0].places = wrong);
    }
    refused(|fragment| fragment.links[0].sums[1].fixed[0].axis.size = 3);
    refused(|fragment| {
        let fixed = fragment.links[0].sums[1].fixed[0].clone();
        fragment.links[0].sums[1].fixed.push(fixed);
    });
}

#[test]
fn groups_of_a_key_lie_apart_on_its_axis() {
    let years = |cells: [LinkSet; 3]| LinkKey { axis: axis(0, 9), cells: cells.into() };
    let [one, two, last] = [(0, 2), (2, 3), (3, 9)].map(|(low, high)| LinkSet::range(low, high));
    let apart = years([one.clone(), last.clone(), two.clone()]);
    assert_eq!(apart.size(), 3);
    let of = |key: &LinkKey| {
        let mut other = fragment();
        other.links[0].keys[0] = key.clone();
        check(&[other])
    };
    assert_eq!(of(&apart), Ok(()));
    assert_eq!(of(&years([one.clone(), LinkSet::default(), last.clone()])), Ok(()));
    let refused = Err(FootprintError::Links { fragment: 0 });
    assert_eq!(of(&years([one.clone(), two.clone(), LinkSet::range(2, 4)])), refused);
    assert_eq!(of(&years([one, two, LinkSet::range(8, 10)])), refused);
    assert_eq!(of(&LinkKey { axis: axis(0, 9), cells: vec![last] }), refused);
}
