//! How many of the groups of patients that are told say something that the others do not: the rank of who is in them, as rows of zeros
//! and ones, modulo a prime. It is never more than the rank over the rational numbers, and less only by chance in about 2^31.

use std::collections::BTreeMap;

/// A prime under 2^31, so that products fit.
const PRIME: u64 = (1 << 31) - 1;
/// Most groups that are looked at, beyond those that the rank cannot exceed.
const MAX_GROUPS: usize = 20_000;

/// The rank of groups of patients, each by their numbers.
pub(super) fn rank<'g>(groups: impl Iterator<Item = &'g [u32]> + Clone) -> usize {
    let mut places = BTreeMap::new();
    for patient in groups.clone().flatten() {
        let next = places.len();
        places.entry(*patient).or_insert(next);
    }
    let mut basis: Vec<(usize, Vec<u64>)> = Vec::new();
    for group in groups.take(MAX_GROUPS) {
        if basis.len() == places.len() {
            break;
        }
        let mut row = vec![0_u64; places.len()];
        for at in group.iter().filter_map(|patient| places.get(patient)) {
            row.get_mut(*at).into_iter().for_each(|value| *value = 1);
        }
        for (pivot, known) in &basis {
            let times = row.get(*pivot).copied().unwrap_or(0);
            subtract(&mut row, known, times);
        }
        let first = row.iter().position(|value| *value != 0);
        let value = first.and_then(|first| row.get(first)).copied();
        if let (Some(pivot), Some(value)) = (first, value) {
            let inverse = power(value, PRIME - 2);
            row.iter_mut().for_each(|value| *value = times(*value, inverse));
            basis.push((pivot, row));
        }
    }
    basis.len()
}

/// Takes so many times a row off another.
fn subtract(row: &mut [u64], known: &[u64], many: u64) {
    if many == 0 {
        return;
    }
    let minus = PRIME.saturating_sub(many);
    for (value, known) in row.iter_mut().zip(known) {
        *value = value.saturating_add(times(*known, minus)).checked_rem(PRIME).unwrap_or(0);
    }
}

fn times(one: u64, other: u64) -> u64 {
    one.saturating_mul(other).checked_rem(PRIME).unwrap_or(0)
}

fn power(base: u64, mut exponent: u64) -> u64 {
    let (mut base, mut result) = (base, 1);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, base);
        }
        base = times(base, base);
        exponent >>= 1;
    }
    result
}
