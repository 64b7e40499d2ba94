use super::*;
use crate::explore::Explore;
use crate::footprint::{LinkFootprint, LinkSet};

fn axis(axis: u32) -> LinkAxis {
    LinkAxis { axis, size: 2 }
}

fn fragment() -> FragmentFootprint {
    let fixed = vec![LinkFixed { axis: axis(1), places: LinkSet::one(1) }];
    FragmentFootprint {
        digest: Digest::of(b"fragment"),
        group_keys: vec!["grade".to_owned()],
        cells: 2,
        sums: Vec::new(),
        measures: Vec::new(),
        explore: Explore::default(),
        vectors: Vec::new(),
        links: vec![LinkFootprint {
            base: Digest::of(b"base"),
            keys: vec![axis(0).into()],
            sums: vec![LinkSum { of: 1, fixed, part_of: vec![0] }],
        }],
        sensitive: false,
    }
}

fn names() -> LinkNames {
    let sum = |text: &str| LinkQuantity { what: LinkName::of(text), conditions: BTreeSet::new() };
    LinkNames {
        axes: vec![LinkName::of("grade"), LinkName::of("size")],
        sums: vec![sum("rows"), sum("stay")],
    }
}

#[test]
fn every_number_has_one_name_and_every_name_one_number() {
    let refused = Err(FootprintError::Links { fragment: 0 });
    assert_eq!(names().check(&[fragment()]), Ok(()));
    let changes: [fn(&mut LinkNames); 4] = [
        |names| names.axes.truncate(1),
        |names| names.sums.truncate(1),
        |names| names.axes[1] = names.axes[0],
        |names| names.sums[1] = names.sums[0].clone(),
    ];
    for change in changes {
        let mut names = names();
        change(&mut names);
        assert_eq!(names.check(&[fragment()]), refused);
    }
}

#[test]
fn a_name_is_read_only_as_it_is_written() {
    let name = LinkName::of("grade");
    let text = serde_json::to_string(&name).unwrap();
    assert_eq!(text.len(), 34);
    assert_eq!(serde_json::from_str::<LinkName>(&text).unwrap(), name);
    for bad in ["", "0", "+0000000000000000000000000000000", &name.to_string().to_uppercase()] {
        assert_eq!(LinkName::try_from(bad.to_owned()), Err(NotAName));
    }
}
