//! What all that was told leaves of what was hidden.

use super::sequences::{Asked, answer, names};
use super::*;
use crate::disclose::linked::left::{Left, left};
use crate::memory::{Memory, Room};

const GRADE: usize = 0;

fn snapshot() -> Digest {
    Digest::of(b"snapshot")
}

/// Tells a part with nothing hidden for others: what a node never does.
fn tell_alone(memory: &mut Memory, population: &Population, part: &Part) {
    let (protections, limits) = (protections(Zeros::Hidden, 10), Limits::DEFAULT);
    let rules = (&protections, &limits);
    let (fragments, footprints) = ([population.fragment(part)], [population.footprint(part)]);
    let judged = vec![verdicts(&fragments[0], &footprints[0].sums, rules)];
    let past = (&*memory, &snapshot(), Room::Shared);
    let earlier = Earlier::new(past, (&fragments, &footprints, &names()), rules);
    let mut charge = memory.charge();
    earlier.keep(&mut charge, (&fragments, &footprints), &judged, rules);
    memory.apply(&Charge::decode(&charge.encode().unwrap()).unwrap()).unwrap();
}

fn memory() -> Memory {
    Memory::new(*Digest::of(b"lineage").as_bytes())
}

#[test]
fn a_null_that_a_total_gives_away_is_solved_for() {
    let few = Population::living([3, 1], |grade, _| [4, 30, 50][grade as usize]);
    let mut memory = memory();
    tell_alone(&mut memory, &few, &by(&[GRADE]));
    // Alone no sum joins it to anything.
    assert_eq!(left(&memory, &snapshot()), Some(Left::default()));
    tell_alone(&mut memory, &few, &by(&[]));
    let expected = Left { hidden: 1, known: 1, ..Left::default() };
    assert_eq!(left(&memory, &snapshot()), Some(expected));
}

#[test]
fn a_null_between_close_limits_is_narrow() {
    // Two nulls of 4 and 3, and a total that leaves 7 for both: neither can be the 9 that is under the threshold.
    let few = Population::living([3, 1], |grade, _| [4, 3, 50][grade as usize]);
    let mut memory = memory();
    tell_alone(&mut memory, &few, &by(&[GRADE]));
    tell_alone(&mut memory, &few, &by(&[]));
    let expected = Left { hidden: 2, narrow: 2, ..Left::default() };
    assert_eq!(left(&memory, &snapshot()), Some(expected));
}

#[test]
fn what_a_node_tells_leaves_what_it_hides() {
    let few = Population::living([4, 1], |grade, _| [4, 12, 30, 50][grade as usize]);
    let mut asked = Asked::new(&few);
    asked.ask(&[by(&[])], Zeros::Hidden);
    asked.ask(&[by(&[GRADE])], Zeros::Hidden);
    let found = left(asked.memory(), &snapshot()).unwrap();
    assert_eq!((found.known, found.narrow, found.untried), (0, 0, 0));
    assert_eq!(found.hidden, 1);
}

#[test]
fn nothing_told_leaves_nothing() {
    assert_eq!(left(&memory(), &snapshot()), Some(Left::default()));
    let few = Population::living([2, 1], |grade, _| [4, 5][grade as usize]);
    let (mut memory, protections) = (memory(), protections(Zeros::Hidden, 10));
    let (fragments, footprints) = ([few.fragment(&by(&[GRADE]))], [few.footprint(&by(&[GRADE]))]);
    let rules = (&protections, &Limits::DEFAULT);
    answer((&mut memory, &snapshot()), (&fragments, &footprints, &names()), rules);
    // All of it is null: it is beside nothing.
    assert_eq!(left(&memory, &snapshot()), Some(Left::default()));
}
