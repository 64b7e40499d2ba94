use super::*;
use crate::Digest;
use crate::explore::Explore;

/// `count(*)`, and sum, sum of squares and count of one bounded column.
fn fragment() -> FragmentFootprint {
    let units = Units::new;
    let measure = |argument: Option<u32>, kind, scale, least, most| MeasureFootprint {
        condition: argument.map(|_| 0),
        argument,
        kind,
        scale,
        least: units(least),
        most: units(most),
        made: None,
        whole: false,
        sensitive: Sensitive::default(),
    };
    let sum = |kind, scale, measure| SumFootprint { text: String::new(), kind, scale, measure };
    FragmentFootprint {
        digest: Digest::of(b"fragment"),
        group_keys: Vec::new(),
        cells: 1,
        sums: vec![
            sum(SumKind::Rows, 0, 0),
            sum(SumKind::NonNull, 0, 1),
            sum(SumKind::Sum, 1, 2),
            sum(SumKind::SumSquares, 2, 2),
        ],
        measures: vec![
            measure(None, MeasureKind::Rows, 0, 0, 1),
            measure(Some(0), MeasureKind::Rows, 0, 0, 1),
            measure(Some(0), MeasureKind::Value, 1, -50, 600),
        ],
        explore: Explore::default(),
        links: Vec::new(),
        vectors: Vec::new(),
        sensitive: false,
    }
}

#[track_caller]
fn refused(change: impl FnOnce(&mut FragmentFootprint)) {
    let mut fragment = fragment();
    assert_eq!(check(&fragment, 3), Ok(()));
    change(&mut fragment);
    assert_eq!(check(&fragment, 3), Err(FootprintError::Measures { fragment: 3 }));
}

#[test]
fn sums_and_measures_that_do_not_fit_each_other_are_refused() {
    refused(|fragment| fragment.sums[0].measure = 3);
    refused(|fragment| fragment.sums[0].measure = 1);
    refused(|fragment| fragment.sums[1].measure = 2);
    refused(|fragment| fragment.sums[2].measure = 0);
    refused(|fragment| fragment.sums[2].scale = 2);
    refused(|fragment| fragment.sums[3].scale = 1);
    refused(|fragment| fragment.sums[0].kind = SumKind::Distinct);
    refused(|fragment| fragment.sums.truncate(2));
    refused(|fragment| fragment.measures.truncate(2));
    refused(|fragment| fragment.measures[2].argument = None);
    refused(|fragment| fragment.measures[2].kind = MeasureKind::Flag);
    refused(|fragment| fragment.measures[2].least = Units::new(601));
    refused(|fragment| fragment.measures[1].most = Units::new(2));
    refused(|fragment| fragment.measures[0].scale = 1);
    // Ten thousand million rows of it leave 127 bits.
    refused(|fragment| fragment.measures[2].most = Units::new(2 * 10_i128.pow(28)));
    // The same measure twice.
    refused(|fragment| {
        let twice = fragment.measures[1].clone();
        fragment.measures.push(twice);
        fragment.sums.push(SumFootprint { measure: 3, ..fragment.sums[1].clone() });
    });
}

#[test]
fn a_flag_has_other_contributors_than_the_count_of_its_values() {
    let FragmentFootprint { measures, .. } = fragment();
    let flag = MeasureFootprint { kind: MeasureKind::Flag, ..measures[1].clone() };
    assert!(measures[2].has_contributors_of(&measures[1]));
    assert!(!flag.has_contributors_of(&measures[1]));
    assert!(measures[0].is_of_everyone() && !measures[1].is_of_everyone());
}

#[test]
fn units_are_text_in_one_form() {
    let text = |units| serde_json::to_string(&Units::new(units)).unwrap();
    assert_eq!(text(i128::MIN), "\"-170141183460469231731687303715884105728\"");
    for units in [i128::MIN, -1, 0, 7, i128::MAX] {
        assert_eq!(serde_json::from_str::<Units>(&text(units)).unwrap(), Units::new(units));
    }
    for text in ["7", "\"+7\"", "\"07\"", "\"-0\"", "\"\"", "\"7.0\"", "\"1e9\""] {
        assert!(serde_json::from_str::<Units>(text).is_err(), "{text}");
    }
}
