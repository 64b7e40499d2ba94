use policies::footprint::{MeasureFootprint, MeasureKind, Units};

use super::*;
use crate::disclose::fixture::rows;
use crate::receive::RawFragment;

/// A sum of values of the second argument, under a condition.
fn value(condition: Option<u32>) -> MeasureFootprint {
    let (argument, most) = (Some(1), Units::new(90));
    MeasureFootprint { argument, kind: MeasureKind::Value, most, ..rows(condition) }
}

/// Who contributes to the first of these measures of a cell of ten patients; each has the first so many.
fn of_first(measures: &[(MeasureFootprint, u32)]) -> Option<Vec<u32>> {
    let own = |of: u32| (0..of).map(|patient| (patient, 1)).collect();
    let own = measures.iter().map(|(measure, of)| (measure.clone(), own(*of))).collect();
    let fragment = RawFragment::of_contributions(10, Vec::new(), own);
    let all: Vec<Contribution<'_>> = fragment.cell(0).contributions().collect();
    contributors(fragment.cell(0), &all[0], &all).map(|set| set.iter().collect())
}

#[test]
fn those_whom_a_count_of_the_same_rows_has() {
    let six = Some((0..6).collect());
    let counted = MeasureFootprint { argument: Some(1), ..rows(Some(2)) };
    assert_eq!(of_first(&[(rows(Some(2)), 6)]), six);
    assert_eq!(of_first(&[(value(Some(2)), 6), (counted.clone(), 6)]), six);
    // All rows under the condition have the value, as their number says.
    assert_eq!(of_first(&[(value(Some(2)), 6), (rows(Some(2)), 6)]), six);
    assert_eq!(of_first(&[(value(None), 10)]), Some((0..10).collect()), "all patients");
}

#[test]
fn nobody_is_guessed() {
    let other = MeasureFootprint { argument: Some(3), ..rows(Some(2)) };
    let flag = MeasureFootprint { argument: Some(1), kind: MeasureKind::Flag, ..rows(Some(2)) };
    assert_eq!(of_first(&[(value(Some(2)), 6)]), None);
    for measure in [other, flag] {
        assert_eq!(of_first(&[(value(Some(2)), 6), (measure, 6)]), None);
    }
    assert_eq!(of_first(&[(value(Some(2)), 6), (rows(Some(2)), 7)]), None, "one has no value");
    assert_eq!(of_first(&[(value(Some(2)), 6), (rows(Some(4)), 6)]), None, "other rows");
}
