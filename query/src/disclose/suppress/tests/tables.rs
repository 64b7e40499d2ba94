//! Tables to attack.
use super::*;

/// A small generator (splitmix64): the same numbers in every run.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn under(&mut self, sides: u64) -> u64 {
        self.next() % sides
    }
}

/// All cells of a table with every margin: a coordinate is 0 for the total over its dimension.
pub(super) fn crossed(
    sizes: &[u32],
    k: u32,
    mut inner: impl FnMut(&[u32]) -> u64,
) -> (Vec<Cell>, Vec<Relation>) {
    let mut labels: Vec<Vec<u32>> = vec![vec![]];
    for size in sizes {
        labels = labels
            .iter()
            .flat_map(|label| (0..=*size).map(|at| [&label[..], &[at]].concat()))
            .collect();
    }
    let mut values = std::collections::BTreeMap::new();
    for label in labels.iter().filter(|label| label.iter().all(|at| *at > 0)) {
        let value = inner(label);
        for margin in &labels {
            if margin.iter().zip(label).all(|(m, at)| *m == 0 || m == at) {
                *values.entry(margin.clone()).or_insert(0) += value;
            }
        }
    }
    let at = |label: &[u32]| labels.iter().position(|other| other == label).unwrap();
    let mut relations = vec![];
    for (place, label) in labels.iter().enumerate() {
        for (dimension, size) in
            sizes.iter().enumerate().filter(|(dimension, _)| label[*dimension] == 0)
        {
            let part = |value| {
                let mut part = label.clone();
                part[dimension] = value;
                at(&part)
            };
            relations.push(Relation { plus: vec![place], minus: (1..=*size).map(part).collect() });
        }
    }
    let cells = labels.iter().map(|label| {
        let value = values[label];
        let standing = if value < u64::from(k) { Standing::Null } else { Standing::Shown };
        Cell {
            label: label.clone().into(),
            value,
            standing,
            cost: value,
            need: Need::small(k),
            follows: None,
        }
    });
    (cells.collect(), relations)
}

/// Counts as a hospital's: a fifth of the cells empty, a third small.
pub(super) fn uneven(dice: &mut Dice, mean: u64) -> u64 {
    let shape = dice.under(100);
    let value = dice.under(2 * mean + 1);
    if shape < 20 {
        0
    } else if shape < 50 {
        value / 2
    } else {
        value
    }
}

#[test]
#[ignore = "a measurement: run with --release -- --ignored --nocapture"]
fn the_time_of_large_tables() {
    let tables = [
        (&[40_u32, 25][..], 25),
        (&[40, 25], 60),
        (&[100, 10], 20),
        (&[10, 10, 10], 40),
        (&[6, 5, 4, 5], 30),
        (&[40, 5, 3, 2], 30),
    ];
    for (sizes, mean) in tables {
        let mut dice = Dice(5);
        let (cells, relations) = crossed(sizes, 10, |_| uneven(&mut dice, mean));
        let start = std::time::Instant::now();
        let done = LinkedTable::new(cells.clone(), &relations).unwrap().suppress(250_000_000);
        let nulls = |null: &[bool]| null.iter().filter(|null| **null).count();
        let primary: Vec<bool> = cells.iter().map(|cell| cell.standing == Standing::Null).collect();
        println!(
            "{sizes:?}: {} cells, {} null at first, {} at last, {} programs, limited {}, {:?}",
            cells.len(),
            nulls(&primary),
            nulls(&done.null),
            done.programs,
            done.limited,
            start.elapsed(),
        );
        assert!(done.exposed.is_empty());
    }
}

/// A square of equal counts with its margins, of which so many cells, two by two in each row and column, are null.
fn square(side: u32, value: u64) -> (Vec<Cell>, Vec<Relation>) {
    let (mut cells, relations) = crossed(&[side, side], 10, |_| value);
    for cell in &mut cells {
        let [row, column] = cell.label[..] else { panic!("two coordinates") };
        let diagonal = row > 0 && column > 0 && (row == column || row % side + 1 == column);
        cell.standing = if diagonal { Standing::Null } else { Standing::Shown };
        cell.need = Need::Range { low: 0, high: 9 };
    }
    (cells, relations)
}

#[test]
fn nulls_in_a_ring_are_walked_to_without_a_program() {
    for side in [2, 3, 8, 20] {
        let (cells, relations) = square(side, 5);
        let done = LinkedTable::new(cells.clone(), &relations).unwrap().suppress(250_000_000);
        assert_eq!((done.programs, done.limited), (0, false), "{side}");
        let null: Vec<bool> = cells.iter().map(|cell| cell.standing == Standing::Null).collect();
        assert_eq!(done.null, null, "nothing more is hidden of {side}");
    }
    // Around a ring of more cells than a move has steps nothing is walked to, and programs find it.
    let (cells, relations) = square(30, 5);
    let done = LinkedTable::new(cells, &relations).unwrap().suppress(250_000_000);
    assert!(done.programs > 0 && done.exposed.is_empty() && !done.limited);
}

#[test]
fn what_a_ring_cannot_reach_is_not_walked_to() {
    // Nothing can be less than 0: two of the four go from 0 to 4 and no further.
    let (mut cells, relations) = square(2, 2);
    for cell in &mut cells {
        cell.need = Need::Range { low: 0, high: 5 };
    }
    let done = LinkedTable::new(cells, &relations).unwrap().suppress(250_000_000);
    assert!(!done.exposed.is_empty() || done.null.iter().filter(|null| **null).count() > 4);
}
