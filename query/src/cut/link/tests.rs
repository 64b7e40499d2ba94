use std::collections::BTreeMap;

use policies::footprint::Footprint;

use super::*;
use crate::cut;

const DATASET: &str = r#"id = "small"
version = 1
status = "synthetic"
title = { en = "Small" }
patient = "patient"

[code_lists.grade]
codes = [{ code = 1 }, { code = 2 }, { code = 3 }]

[code_lists.size]
codes = [{ code = "small" }, { code = "large" }]

[[tables]]
name = "patient"
key = "patient_key"
columns = [
  { name = "patient_key", type = "text", class = "key" },
  { name = "grade", type = "integer", class = "category", codes = "grade", nullable = true },
  { name = "size", type = "text", class = "category", codes = "size" },
  { name = "died", type = "integer", class = "flag" },
  { name = "stay", type = "integer", class = "measure", min = 0, max = 90 },
]
"#;

/// The footprints of a text.
#[track_caller]
fn footprints(sql: &str) -> Vec<FragmentFootprint> {
    let dataset = policies::dataset::file::parse("small", DATASET).unwrap();
    let split = cut::split(&dataset, &BTreeMap::new(), sql).expect(sql);
    let checked = Footprint::check(split.footprint, &dataset).expect(sql);
    checked.draft().fragments.clone()
}

/// The space of the plan, or of the explore form, of the part at a place.
fn space(footprints: &[FragmentFootprint], part: usize, space: usize) -> &LinkFootprint {
    &footprints[part].links[space]
}

const PLAN: usize = 0;
const FORM: usize = 1;

#[test]
fn grouping_sets_share_rows_axes_and_sums() {
    let parts = footprints(
        "SELECT grade, size, count(*), sum(stay) FROM patient GROUP BY ROLLUP (grade, size)",
    );
    assert_eq!(parts.len(), 3);
    for of in [PLAN, FORM] {
        let [all, grades, total] = [0, 1, 2].map(|part| space(&parts, part, of));
        assert_eq!((all.base, all.base), (grades.base, total.base));
        assert_eq!(all.keys.iter().map(|key| key.size).collect::<Vec<_>>(), [4, 2]);
        assert_eq!(all.keys[..1], grades.keys);
        assert_eq!((total.keys.len(), &all.sums, &all.sums), (0, &grades.sums, &total.sums));
        assert_ne!(all.sums.first(), all.sums.last());
    }
}

#[test]
fn aggregates_of_the_same_rows_are_in_one_space_and_others_are_not() {
    let both = |one: &str, other: &str| {
        let parts = footprints(&format!("SELECT count(*) FROM ({one}) a CROSS JOIN ({other}) b"));
        (space(&parts, 0, PLAN).base, space(&parts, 1, PLAN).base)
    };
    let (one, other) = both(
        "SELECT count(*) AS n FROM patient WHERE stay > 5",
        "SELECT size, count(*) AS n FROM patient WHERE stay > 5 GROUP BY size",
    );
    assert_eq!(one, other);
    let (one, other) = both(
        "SELECT count(*) AS n FROM patient WHERE stay > 5",
        "SELECT size, count(*) AS n FROM patient WHERE stay > 6 GROUP BY size",
    );
    assert_eq!(one, other);
    let (one, other) = both(
        "SELECT count(*) AS n FROM patient p WHERE stay > 5",
        "SELECT size, count(*) AS n FROM patient WHERE stay > 5 GROUP BY size",
    );
    assert_ne!(one, other);
}

#[test]
fn more_conditions_make_a_part() {
    let parts = footprints(
        "SELECT a.n, b.n, c.n, d.n FROM (SELECT count(*) AS n FROM patient) a \
         CROSS JOIN (SELECT count(*) AS n FROM patient WHERE stay > 5) b \
         CROSS JOIN (SELECT count(*) FILTER (WHERE died = 1) AS n FROM patient WHERE stay > 5) c \
         CROSS JOIN (SELECT count(*) AS n FROM patient WHERE stay > 6) d",
    );
    let [all, stay, dead, other] = [0, 1, 2, 3].map(|part| &space(&parts, part, PLAN).sums[0]);
    assert_eq!((&all.part_of, &stay.part_of), (&Vec::new(), &vec![all.of]));
    assert_eq!(other.part_of, [all.of]);
    assert_eq!(dead.part_of, [all.of, stay.of]);
}

#[test]
fn a_code_that_a_condition_names_is_a_place_on_the_axis_of_its_column() {
    let parts = footprints(
        "SELECT * FROM (SELECT grade, size, count(*) AS n FROM patient GROUP BY grade, size) a \
         JOIN (SELECT p.size, count(*) AS n, count(*) FILTER (WHERE died = 1) AS d, sum(died) AS s \
         FROM patient p WHERE p.grade = 2 GROUP BY p.size) b ON a.size = b.size",
    );
    let (all, slice) = (space(&parts, 0, FORM), space(&parts, 1, FORM));
    assert_ne!(space(&parts, 0, PLAN).base, space(&parts, 1, PLAN).base);
    assert_eq!((all.base, all.keys[1]), (slice.base, slice.keys[0]));
    let grade = LinkFixed { axis: all.keys[0], place: 1 };
    assert_eq!((slice.sums[0].of, &slice.sums[0].fixed), (all.sums[0].of, &vec![grade]));
    // The dead are at a place of their flag's axis, in whichever words they are counted.
    let dead: Vec<&LinkSum> = slice.sums.iter().filter(|sum| sum.fixed.len() == 2).collect();
    let [counted, added] = dead.as_slice() else { panic!("{slice:?}") };
    assert_eq!((counted.of, *counted), (all.sums[0].of, *added));
    assert!(counted.fixed.contains(&grade));
}

#[test]
fn every_other_condition_belongs_to_what_is_counted() {
    let of = |condition: &str| {
        let parts = footprints(&format!(
            "SELECT count(*), count(*) FILTER (WHERE {condition}) FROM patient GROUP BY size"
        ));
        let sums = &space(&parts, 0, PLAN + usize::from(parts[0].links.len() > 1)).sums;
        (sums[0].of == sums[1].of, sums[1].fixed.len())
    };
    assert_eq!(of("grade = 3"), (true, 1));
    assert_eq!(of("grade IS NULL"), (true, 1));
    assert_eq!(of("grade IN (1, 2, 3)"), (false, 0));
    assert_eq!(of("stay > 5"), (false, 0));
    // On the axis of a key there is a place already.
    assert_eq!(of("size = 'large'"), (false, 0));
}
