//! Every number of the tables again, in 120-bit fixed point, and their moments in whole numbers.

use super::super::table::{FORM_COUNT, FORM_SUM, SET_COUNT, SET_SUM, Table};

const ONE: u128 = 1 << 120;

/// a b / 2^120, cut off.
fn times(a: u128, b: u128) -> u128 {
    let (low, half) = (u128::from(u64::MAX), 64);
    let (a1, a0, b1, b0) = (a >> half, a & low, b >> half, b & low);
    let (cross1, cross2, lowest) = (a1 * b0, a0 * b1, a0 * b0);
    let middle = (lowest >> half) + (cross1 & low) + (cross2 & low);
    let high = a1 * b1 + (cross1 >> half) + (cross2 >> half) + (middle >> half);
    (high << 8) | ((middle & low) >> 56)
}

/// q^(i^2) for i from 0 to `furthest`.
fn powers(q: u128, furthest: usize) -> Vec<u128> {
    let (mut powers, mut step, square) = (vec![ONE], q, times(q, q));
    for _ in 0..furthest {
        powers.push(times(*powers.last().unwrap(), step));
        step = times(step, square);
    }
    powers
}

/// Twice the sum, but the first once.
fn both_sides(powers: &[u128]) -> u128 {
    powers[0] + 2 * powers[1..].iter().sum::<u128>()
}

/// Whether q gives at most the variance `over` / `under`, in steps squared.
fn at_most(q: u128, furthest: usize, over: u128, under: u128) -> bool {
    let powers = powers(q, furthest);
    // 2^120 times the squares of 112 steps is over 2^127: the lowest 16 bits go.
    let squares = (0_u128..).zip(&powers).map(|(i, p)| 2 * i * i * (p >> 20)).sum::<u128>();
    squares * under <= over * (both_sides(&powers) >> 20)
}

/// (number << 64) / by, rounded.
fn ratio(number: u128, by: u128) -> u64 {
    let (mut rest, mut whole) = (number % by, number / by);
    for _ in 0..64 {
        rest <<= 1;
        whole = (whole << 1) | u128::from(rest >= by);
        rest -= if rest >= by { by } else { 0 };
    }
    u64::try_from(whole + u128::from(2 * rest >= by)).unwrap()
}

fn derived(furthest: usize, over: u128, under: u128) -> Vec<u64> {
    let (mut below, mut above) = (0, ONE - 1);
    while above - below > 1 {
        let middle = below.midpoint(above);
        if at_most(middle, furthest, over, under) {
            below = middle;
        } else {
            above = middle;
        }
    }
    let powers = powers(below, furthest);
    let all = both_sides(&powers);
    let mut weights: Vec<u64> = powers.iter().map(|power| ratio(*power, all)).collect();
    weights[0] = u64::try_from((1 << 64) - 2 * total(&weights[1..])).unwrap();
    weights
}

fn total(weights: &[u64]) -> u128 {
    weights.iter().map(|weight| u128::from(*weight)).sum()
}

/// Largest distance between a weight and the same one derived again, in 2^-64.
#[track_caller]
fn check(table: Table<'_>, furthest: usize, over: u128, under: u128) {
    let weights: &[u64] = table.0;
    assert_eq!(weights.len(), furthest + 1);
    let off = weights.iter().zip(derived(furthest, over, under)).map(|(a, b)| a.abs_diff(b));
    assert!(off.max().unwrap() < 1 << 16, "{:?}", derived(furthest, over, under));
    // All that follows is exact.
    assert_eq!(u128::from(weights[0]) + 2 * total(&weights[1..]), 1 << 64);
    assert!(weights.is_sorted_by(|a, b| a > b), "further is rarer");
    assert!(*weights.last().unwrap() > 0);
    let squares: u128 = (0_u128..).zip(weights).map(|(i, w)| 2 * i * i * u128::from(*w)).sum();
    let (got, nominal) = (squares * under, over << 64);
    // |variance - nominal| < nominal / 10^6, in whole numbers.
    assert!(got.abs_diff(nominal) * 1_000_000 / nominal == 0, "{got} {nominal}");
}

#[test]
fn the_tables_are_what_their_definition_gives() {
    check(SET_COUNT, 5, 1, 1);
    check(FORM_COUNT, 7, 2, 1);
    // Sixteenths: the variance in steps is 256 V less the 1/12 of a place drawn evenly.
    check(SET_SUM, 80, 12 * 256 - 1, 12);
    check(FORM_SUM, 112, 24 * 256 - 1, 12);
}

#[test]
fn steps_are_the_inverse_of_the_distribution() {
    for table in [SET_COUNT, FORM_COUNT, SET_SUM, FORM_SUM] {
        let furthest = i64::try_from(table.0.len() - 1).unwrap();
        let weight = |step: i64| u128::from(table.0[usize::try_from(step.abs()).unwrap()]);
        let mut reached: u128 = 0;
        for step in -furthest..=furthest {
            let first = u64::try_from(reached).unwrap();
            reached += weight(step);
            let last = u64::try_from(reached - 1).unwrap();
            assert_eq!((table.steps(first), table.steps(last)), (step, step));
        }
        assert_eq!(reached, 1 << 64);
    }
}
