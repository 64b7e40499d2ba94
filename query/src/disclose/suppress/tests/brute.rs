//! An attacker of its own: every whole table that agrees with what is shown, one after the other.

use super::tables::{Dice, crossed, uneven};
use super::*;

/// No figure of a test table and no end of a need is higher.
const CEILING: u64 = 30;

/// Seeks whole values of the nulls that meet every relation, with one null between two values.
struct Attacker<'a> {
    cells: &'a [Cell],
    relations: &'a [Relation],
    values: Vec<Option<u64>>,
    /// Steps left; a table that takes more is not judged.
    steps: u32,
}

impl<'a> Attacker<'a> {
    fn new(cells: &'a [Cell], relations: &'a [Relation], null: &[bool]) -> Self {
        let values = cells.iter().zip(null).map(|(cell, null)| (!null).then_some(cell.value));
        Self { cells, relations, values: values.collect(), steps: 20_000 }
    }

    fn could_be(&mut self, cell: usize, from: u64, to: u64) -> bool {
        let found = (from..=to).any(|value| {
            self.values[cell] = Some(value);
            self.completes()
        });
        self.values[cell] = None;
        found
    }

    /// Whether the open cells have values with which every relation holds.
    fn completes(&mut self) -> bool {
        self.steps = self.steps.saturating_sub(1);
        if self.steps == 0 {
            return false;
        }
        let mut open: Option<(Vec<usize>, Option<i64>)> = None;
        for relation in self.relations {
            let unknown = |cells: &[usize]| -> Vec<usize> {
                cells.iter().copied().filter(|cell| self.values[*cell].is_none()).collect()
            };
            let sum = |cells: &[usize]| -> i64 {
                cells
                    .iter()
                    .filter_map(|cell| self.values[*cell])
                    .map(|value| i64::try_from(value).unwrap())
                    .sum()
            };
            let (plus, minus) = (unknown(&relation.plus), unknown(&relation.minus));
            let rest = sum(&relation.plus) - sum(&relation.minus);
            if (plus.is_empty() && rest < 0)
                || (minus.is_empty() && rest > 0)
                || (plus.is_empty() && minus.is_empty() && rest != 0)
            {
                return false;
            }
            // A cell alone in a relation follows from the others.
            let alone = match (&plus[..], &minus[..]) {
                ([_], []) => Some(-rest),
                ([], [_]) => Some(rest),
                _ => None,
            };
            let unknown = [plus, minus].concat();
            let fewest = open.as_ref().is_none_or(|(fewest, _)| unknown.len() < fewest.len());
            if !unknown.is_empty() && fewest {
                open = Some((unknown, alone));
            }
        }
        let Some((unknown, alone)) = open else { return true };
        let cell = unknown[0];
        // The truth first: most worlds are near it.
        let truth = self.cells[cell].value;
        let mut order: Vec<u64> = match alone {
            Some(value) => {
                u64::try_from(value).ok().filter(|value| *value <= CEILING).into_iter().collect()
            }
            None => (0..=CEILING).collect(),
        };
        order.sort_by_key(|value| value.abs_diff(truth));
        let found = order.into_iter().any(|value| {
            self.values[cell] = Some(value);
            self.completes()
        });
        self.values[cell] = None;
        found
    }

    fn met(&mut self, cell: usize) -> bool {
        match self.cells[cell].need {
            Need::Range { low, high } => {
                self.could_be(cell, 0, low) && self.could_be(cell, high, CEILING)
            }
            Need::Wide(width) => {
                let could: Vec<u64> =
                    (0..=CEILING).filter(|at| self.could_be(cell, *at, *at)).collect();
                could.last().zip(could.first()).is_some_and(|(last, first)| last - first >= width)
            }
            Need::Nothing => true,
        }
    }
}

/// None where the attacker did not come to an end.
fn all_met(cells: &[Cell], relations: &[Relation], null: &[bool]) -> Option<bool> {
    let mut attacker = Attacker::new(cells, relations, null);
    let mut nulls = null.iter().enumerate().filter(|(_, null)| **null);
    let met = nulls.all(|(cell, _)| attacker.met(cell));
    (attacker.steps > 0).then_some(met)
}

fn suppress(cells: &[Cell], relations: &[Relation]) -> Suppression {
    LinkedTable::new(cells.to_vec(), relations).unwrap().suppress(250_000_000)
}

/// A random table: two ways or three, a few cells, k of 2 to 4.
fn random(dice: &mut Dice) -> (Vec<Cell>, Vec<Relation>) {
    let k = u32::try_from(2 + dice.under(3)).unwrap();
    let sizes: &[u32] =
        [&[3, 3][..], &[2, 2], &[5], &[2, 2, 2], &[3, 2]][usize::try_from(dice.under(5)).unwrap()];
    let (mut cells, relations) = crossed(sizes, k, |_| uneven(dice, 3).min(4));
    for cell in &mut cells {
        if cell.standing == Standing::Shown && dice.under(3) == 0 {
            cell.need = Need::Wide(u64::from(k) - 1);
        }
    }
    (cells, relations)
}

#[test]
fn no_null_is_known_more_closely_than_allowed_and_none_is_superfluous() {
    let mut dice = Dice(1);
    let (mut attacked, mut further, mut judged) = (0, 0, 0);
    for round in 0..60 {
        let (cells, relations) = random(&mut dice);
        let done = suppress(&cells, &relations);
        assert!(!done.limited);
        // Everything null is the last resort: then nothing is shown and nothing can be exposed.
        assert!(done.exposed.is_empty(), "round {round}");
        let met = all_met(&cells, &relations, &done.null);
        assert_ne!(met, Some(false), "round {round}: {cells:?} {:?}", done.null);
        judged += usize::from(met.is_some());
        for (at, cell) in cells.iter().enumerate() {
            assert!(cell.standing != Standing::Null || done.null[at], "a primary null is shown");
            if cell.standing == Standing::Shown && done.null[at] {
                let mut without = done.null.clone();
                without[at] = false;
                let met = all_met(&cells, &relations, &without);
                assert_ne!(met, Some(true), "round {round}: {at} is superfluous");
                further += usize::from(met.is_some());
            }
        }
        let primary: Vec<bool> = cells.iter().map(|cell| cell.standing == Standing::Null).collect();
        attacked += usize::from(all_met(&cells, &relations, &primary) == Some(false));
    }
    assert!(judged > 30 && attacked > 15 && further > 20, "{judged} {attacked} {further}");
}

#[test]
fn the_order_of_cells_and_relations_changes_nothing() {
    let mut dice = Dice(2);
    for _ in 0..40 {
        let (cells, relations) = random(&mut dice);
        let done = suppress(&cells, &relations);
        // A rotation of the cells, relations backwards and turned around.
        let (by, count) = (usize::try_from(dice.under(20)).unwrap() % cells.len(), cells.len());
        let mut turned = cells.clone();
        turned.rotate_left(by);
        let place = |cell: &usize| (cell + count - by) % count;
        let places = |of: &[usize]| of.iter().rev().map(place).collect::<Vec<_>>();
        let relations: Vec<Relation> = relations
            .iter()
            .rev()
            .map(|relation| Relation {
                plus: places(&relation.minus),
                minus: places(&relation.plus),
            })
            .collect();
        let again = suppress(&turned, &relations);
        let mut expected = done.null.clone();
        expected.rotate_left(by);
        assert_eq!((again.null, again.programs), (expected, done.programs));
    }
}

fn cell(label: u32, value: u64, standing: Standing) -> Cell {
    Cell {
        label: [label].into(),
        value,
        standing,
        cost: value,
        need: Need::small(10),
        follows: None,
    }
}

fn sum(total: usize, parts: &[usize]) -> Relation {
    Relation { plus: vec![total], minus: parts.to_vec() }
}

#[test]
fn a_lone_null_takes_the_cheapest_with_it() {
    use Standing::{Null, Shown};
    let cells = [cell(0, 103, Shown), cell(1, 3, Null), cell(2, 60, Shown), cell(3, 40, Shown)];
    let done = suppress(&cells, &[sum(0, &[1, 2, 3])]);
    assert_eq!(done.null, [false, true, false, true]);
    assert!(!done.limited);
}

#[test]
fn nulls_without_relations_need_nothing_more() {
    let done = suppress(&[cell(0, 3, Standing::Null), cell(1, 30, Standing::Shown)], &[]);
    assert_eq!((done.null, done.exposed), (vec![true, false], vec![]));
}

#[test]
fn earlier_figures_can_expose_a_null_and_it_is_said() {
    use Standing::{Null, Released};
    let cells = [cell(0, 63, Released), cell(1, 3, Null), cell(2, 60, Released)];
    let done = suppress(&cells, &[sum(0, &[1, 2])]);
    assert_eq!((done.null, done.exposed), (vec![false, true, false], vec![1]));
}

#[test]
fn followers_are_null_with_their_cell_and_shown_with_it_only() {
    use Standing::{Null, Shown};
    let follower = |label, value, follows| Cell {
        need: Need::Nothing,
        follows: Some(follows),
        ..cell(label, value, Shown)
    };
    let cells = [
        cell(0, 103, Shown),
        cell(1, 3, Null),
        cell(2, 60, Shown),
        cell(3, 40, Shown),
        follower(4, 1, 1),
        follower(5, 30, 2),
        follower(6, 20, 3),
    ];
    let done = suppress(&cells, &[sum(0, &[1, 2, 3])]);
    assert_eq!(done.null, [false, true, false, true, true, false, true]);
}

#[test]
fn a_small_complement_hides_its_part() {
    use Standing::{Null, Shown};
    // 48 of 50 have it: the two who have not are a cell that is never shown.
    let cells = [
        cell(0, 50, Shown),
        Cell { need: Need::Wide(4), cost: 48, ..cell(1, 48, Shown) },
        Cell { need: Need::small(5), ..cell(2, 2, Null) },
    ];
    let done = suppress(&cells, &[sum(0, &[1, 2])]);
    assert_eq!(done.null, [false, true, true]);
}

#[test]
fn tables_that_do_not_fit_together_are_refused() {
    use Standing::Shown;
    let two = || vec![cell(0, 1, Shown), cell(1, 2, Shown)];
    let refused =
        |cells: Vec<Cell>, relations: &[Relation]| LinkedTable::new(cells, relations).unwrap_err();
    assert_eq!(refused(two(), &[sum(0, &[1])]), TableError::Unequal { relation: 0 });
    assert_eq!(refused(two(), &[sum(0, &[7])]), TableError::Relation { relation: 0 });
    assert_eq!(refused(two(), &[sum(0, &[1, 1])]), TableError::Relation { relation: 0 });
    assert_eq!(
        refused(vec![cell(3, 1, Shown), cell(3, 1, Shown)], &[]),
        TableError::Label { cell: 1 }
    );
    assert_eq!(refused(vec![cell(3, u64::MAX, Shown)], &[]), TableError::Value { cell: 0 });
    let mut chain = two();
    chain[0].follows = Some(1);
    chain[1].follows = Some(0);
    assert_eq!(refused(chain, &[]), TableError::Follows { cell: 0 });
    let many = (0..=65_536).map(|label| cell(label, 1, Shown)).collect();
    assert_eq!(refused(many, &[]), TableError::Cells { cells: 65_537 });
    assert_eq!(TableError::Unequal { relation: 0 }.code(), "table_unequal");
}
