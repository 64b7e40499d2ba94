//! The limit of work holds whatever a table looks like: steps are counted, not time.

use super::tables::{Dice, crossed};
use super::*;
use crate::disclose::suppress::work::LEAST_WORK;

fn terms(relations: &[Relation]) -> u64 {
    relations.iter().map(|relation| (relation.plus.len() + relation.minus.len()) as u64).sum()
}

fn cell(label: u32, value: u64, standing: Standing) -> Cell {
    Cell {
        label: vec![label].into(),
        value,
        standing,
        cost: value,
        need: Need::small(10),
        follows: None,
    }
}

/// Every cell null, half of them on each side of every relation: another half in each.
fn dense(cells: u32, relations: u32) -> (Vec<Cell>, Vec<Relation>) {
    let mut dice = Dice(11);
    let all = (0..cells).map(|label| cell(label, 5, Standing::Null)).collect();
    let relation = |_| {
        let mut places: Vec<usize> = (0..cells as usize).collect();
        places.sort_by_cached_key(|_| dice.next());
        let minus = places.split_off(places.len() / 2);
        Relation { plus: places, minus }
    };
    (all, (0..relations).map(relation).collect())
}

/// Pairs of nulls at the end of relations of very many shown cells.
fn long(pairs: u32, shown: u32) -> (Vec<Cell>, Vec<Relation>) {
    let mut cells: Vec<Cell> = (0..shown).map(|label| cell(label, 20, Standing::Shown)).collect();
    let mut relations = vec![];
    for pair in 0..pairs {
        let first = cells.len();
        let label = shown + 3 * pair;
        cells.push(cell(label, 5, Standing::Null));
        cells.push(cell(label + 1, 5, Standing::Null));
        cells.push(cell(label + 2, 20 * u64::from(shown) + 10, Standing::Released));
        let parts = (0..shown as usize).chain([first, first + 1]).collect();
        relations.push(Relation { plus: vec![first + 2], minus: parts });
    }
    (cells, relations)
}

/// Nulls of one relation, of which none can be as high as it should seem, and shown cells of nobody.
fn crowd(nulls: u32, shown: u32) -> (Vec<Cell>, Vec<Relation>) {
    let of = |label: u32| match label {
        0 => cell(label, 9, Standing::Released),
        1 => cell(label, 9, Standing::Null),
        _ if label <= nulls => cell(label, 0, Standing::Null),
        _ => cell(label, 0, Standing::Shown),
    };
    let cells: Vec<Cell> = (0..=nulls + shown).map(of).collect();
    let minus = (1..cells.len()).collect();
    let need = |cell: Cell| Cell { need: Need::small(11), ..cell };
    (cells.into_iter().map(need).collect(), vec![Relation { plus: vec![0], minus }])
}

#[track_caller]
fn check((cells, relations): (Vec<Cell>, Vec<Relation>), limit: u64, more: u64) {
    let table = LinkedTable::new(cells.clone(), &relations).unwrap();
    let done = table.suppress(limit);
    assert!(done.limited);
    // Past the limit each relation is gone through a few times, to hide what is left.
    assert!(done.work <= limit + more, "{} of {limit}", done.work);
    // What is not judged is null.
    let null = cells.iter().zip(&done.null);
    assert!(null.filter(|(cell, _)| cell.standing == Standing::Shown).all(|(_, null)| *null));
}

#[test]
fn a_dense_table_comes_to_its_limit() {
    for (cells, relations) in [(64, 24), (300, 150), (1_000, 20)] {
        let table = dense(cells, relations);
        let all = terms(&table.1);
        // The goal at which the limit is passed is walked to its end.
        let goal = 100_000 + 2_000 * u64::from(relations);
        check(table, LEAST_WORK + 4 * all, goal + 4 * all);
    }
}

#[test]
fn a_relation_of_very_many_unsafe_nulls_comes_to_its_limit() {
    // Together they are 9: nothing that is hidden with them makes any of them safe, and for each of them all are looked at.
    let table = crowd(300, 30);
    let all = terms(&table.1);
    check(table, LEAST_WORK + 1_000 * all, 10 * all);
}

#[test]
fn what_is_gone_through_is_counted() {
    // One step of a walk mends each relation; that is little beside reading them.
    let (cells, relations) = long(40, 500);
    let done = LinkedTable::new(cells, &relations).unwrap().suppress(250_000_000);
    assert!(!done.limited);
    assert!(done.work >= terms(&relations), "{} of {}", done.work, terms(&relations));
}

#[test]
fn the_limit_is_looked_at_before_a_goal_and_not_after_the_last() {
    let (mut cells, relations) = crossed(&[8, 8], 10, |_| 5);
    for cell in &mut cells {
        let [row, column] = cell.label[..] else { panic!("two coordinates") };
        let diagonal = row > 0 && column > 0 && (row == column || row % 8 + 1 == column);
        cell.standing = if diagonal { Standing::Null } else { Standing::Shown };
    }
    let table = LinkedTable::new(cells, &relations).unwrap();
    let enough = table.suppress(250_000_000);
    assert_eq!((enough.programs, enough.limited), (0, false));
    // The last goal of the walk is begun under this limit and ends over it.
    let limit = enough.work + LEAST_WORK - 40;
    assert_eq!(table.suppress(limit), enough);
}

#[test]
fn choosing_worlds_is_counted_by_their_differences() {
    let cells = (0..6).map(|label| cell(label, 5, Standing::Null)).collect();
    let relation = Relation { plus: vec![0, 2, 4], minus: vec![1, 3, 5] };
    let table = LinkedTable::new(cells, &[relation]).unwrap();
    let mut worlds = worlds::Worlds::new(&table);
    for differences in [vec![(0, 1), (1, 1)], vec![(2, 1), (3, 1)], vec![(0, 1), (3, 1)]] {
        worlds.add(worlds::World::of(&table, &[true; 6], differences).unwrap().into());
    }
    // All cells, three worlds, and the two differences of each that stays.
    for (cell, kept, looked) in [(5, 3, 6 + 3 + 6), (1, 2, 6 + 3 + 4), (0, 1, 6 + 3 + 2)] {
        let (left, counted) = worlds.without(cell);
        assert_eq!((left.len(), counted), (kept, looked), "{cell}");
    }
}
