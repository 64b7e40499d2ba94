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
  { name = "wait", type = "integer", class = "measure", min = 0, max = 90 },
  { name = "year", type = "integer", class = "quasi", min = 2000, max = 2019, step = 1 },
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
const ROWS: usize = 1;

#[test]
fn grouping_sets_share_rows_axes_and_sums() {
    let parts = footprints(
        "SELECT grade, size, count(*), sum(stay) FROM patient GROUP BY ROLLUP (grade, size)",
    );
    assert_eq!(parts.len(), 3);
    for of in [PLAN, ROWS] {
        let [all, grades, total] = [0, 1, 2].map(|part| space(&parts, part, of));
        assert_eq!((all.base, all.base), (grades.base, total.base));
        assert_eq!(all.keys.iter().map(|key| key.size()).collect::<Vec<_>>(), [4, 2]);
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
    let (all, slice) = (space(&parts, 0, ROWS), space(&parts, 1, ROWS));
    assert_ne!(space(&parts, 0, PLAN).base, space(&parts, 1, PLAN).base);
    assert_eq!((all.base, &all.keys[1]), (slice.base, &slice.keys[0]));
    let grade = LinkFixed { axis: all.keys[0].axis, places: LinkSet::one(1) };
    assert_eq!((slice.sums[0].of, &slice.sums[0].fixed), (all.sums[0].of, &vec![grade.clone()]));
    // The dead are at a place of their flag's axis, in whichever words they are counted.
    let dead: Vec<&LinkSum> = slice.sums.iter().filter(|sum| sum.fixed.len() == 2).collect();
    let [counted, added] = dead.as_slice() else { panic!("{slice:?}") };
    assert_eq!((counted.of, *counted), (all.sums[0].of, *added));
    assert!(counted.fixed.contains(&grade));
}

#[test]
fn conditions_on_one_column_are_places_and_others_belong_to_what_is_counted() {
    let of = |condition: &str| {
        let parts = footprints(&format!(
            "SELECT count(*), count(*) FILTER (WHERE {condition}) FROM patient GROUP BY size"
        ));
        let sums = &space(&parts, 0, ROWS).sums;
        let fixed = sums[1].fixed.iter().map(|fixed| fixed.places.ranges().to_vec());
        (sums[0].of == sums[1].of, fixed.collect::<Vec<_>>())
    };
    assert_eq!(of("grade = 3"), (true, vec![vec![(2, 3)]]));
    assert_eq!(of("grade IS NULL"), (true, vec![vec![(3, 4)]]));
    assert_eq!(of("grade IN (1, 2, 3)"), (true, vec![vec![(0, 3)]]));
    assert_eq!(of("grade <> 2"), (true, vec![vec![(0, 1), (2, 3)]]));
    assert_eq!(of("grade IS DISTINCT FROM 2"), (true, vec![vec![(0, 1), (2, 4)]]));
    assert_eq!(of("stay > 5"), (true, vec![vec![(6, 91)]]));
    assert_eq!(of("stay BETWEEN 5 AND 8 OR stay = 20"), (true, vec![vec![(5, 9), (20, 21)]]));
    assert_eq!(of("stay > 5 AND stay < 9 AND died = 1"), (true, vec![vec![(1, 2)], vec![(6, 9)]]));
    // On the axis of a key it is what both leave.
    assert_eq!(of("size = 'large'"), (true, vec![vec![(0, 1)]]));
    // What looks at two columns at once is in no form, and everything else of it has its place.
    assert_eq!(of("died = 1 OR stay > 5"), (false, vec![]));
    assert_eq!(of("(died = 1 OR stay > 5) AND grade = 3"), (false, vec![vec![(2, 3)]]));
}

#[test]
fn keys_of_one_column_lie_on_its_axis_however_they_take_it_apart() {
    let keys = |key: &str| {
        let parts = footprints(&format!("SELECT {key}, count(*) FROM patient GROUP BY 1"));
        space(&parts, 0, ROWS).keys[0].clone()
    };
    let [single, fives, cases] = [
        keys("year"),
        keys("year / 5"),
        keys("CASE WHEN year < 2003 THEN 'old' WHEN year > 2010 THEN 'late' ELSE 'other' END"),
    ];
    assert_eq!((single.axis, single.axis), (fives.axis, cases.axis));
    assert_eq!((single.cells.len(), single.axis.size), (0, 20));
    assert_eq!((fives.cells.len(), &fives.cells[1]), (4, &LinkSet::range(5, 10)));
    let mut sizes: Vec<u64> = cases.cells.iter().map(LinkSet::len).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [3, 8, 9]);
    let lists = keys("CASE WHEN grade IN (1, 3) THEN 'low' ELSE 'high' END");
    let mut cells: Vec<Vec<(u32, u32)>> =
        lists.cells.iter().map(|cell| cell.ranges().to_vec()).collect();
    cells.sort();
    assert_eq!(cells, [vec![(0, 1), (2, 3)], vec![(1, 2), (3, 4)]]);
}

#[test]
fn what_is_added_has_its_place_where_it_is_in_no_form() {
    let sql = |values: &str, rows: &str| {
        footprints(&format!("SELECT {values} FROM patient WHERE {rows}"))
    };
    // A sum of two columns at once leaves the form; it and the count beside it lie where they would lie alone.
    let mixed = sql("count(*), sum(stay * wait)", "stay >= 3");
    let alone = sql("count(*), sum(stay)", "stay < 3");
    let (mixed, alone) = (space(&mixed, 0, ROWS), space(&alone, 0, ROWS));
    assert_eq!(mixed.base, alone.base);
    assert_eq!(mixed.sums[0].fixed[0].places, LinkSet::range(3, 91));
    assert_eq!(alone.sums[0].fixed[0].places, LinkSet::range(0, 3));
    let product = mixed.sums.last().unwrap();
    assert_eq!((product.fixed.len(), product.of != mixed.sums[0].of), (1, true));
    assert_eq!(product.fixed[0].places, LinkSet::range(3, 91));
}

#[test]
fn of_two_keys_of_one_column_the_finer_lies_on_its_axis() {
    for keys in ["year, year / 5", "year / 5, year"] {
        let parts = footprints(&format!("SELECT {keys}, count(*) FROM patient GROUP BY 1, 2"));
        let window = footprints("SELECT count(*) FROM patient WHERE year BETWEEN 2001 AND 2003");
        let (both, window) = (space(&parts, 0, ROWS), space(&window, 0, ROWS));
        assert_eq!(both.base, window.base);
        let fine = both.keys.iter().find(|key| key.size() == 20).unwrap();
        assert_eq!((fine.axis.size, fine.cells.len()), (20, 0));
        assert_eq!(window.sums[0].fixed[0].places, LinkSet::range(1, 4));
        assert_ne!(both.keys[0].axis, both.keys[1].axis);
    }
}
