//! All values of ten patients from ten sums of their powers, by Newton's identities.

use std::collections::BTreeMap;

use crate::attack::ask::{Ask, Told};
use crate::attack::world::Patient;

/// Patients of a group, and powers that are asked for.
const POWERS: usize = 10;

/// How many groups' values follow exactly, of how many.
pub(super) fn solved(
    ask: &mut dyn Ask,
    blocks: &BTreeMap<Vec<String>, Vec<&Patient>>,
) -> anyhow::Result<(usize, usize)> {
    let mut sums: BTreeMap<Vec<String>, Vec<i128>> = BTreeMap::new();
    for power in 1..=POWERS {
        let product = vec!["p.y"; power].join(" * ");
        let sql = format!(
            "SELECT p.hospital, p.block, sum({product}) AS s FROM patient p GROUP BY p.hospital, p.block"
        );
        take(&ask.ask(&sql, power)?, &mut sums);
    }
    let found = blocks.iter().filter(|(block, patients)| {
        let mut truth: Vec<i128> = patients.iter().map(|patient| i128::from(patient.y)).collect();
        truth.sort_unstable();
        sums.get(*block).and_then(|sums| values(sums)).is_some_and(|values| values == truth)
    });
    Ok((found.count(), blocks.len()))
}

/// Sums as whole numbers: a float is not exact.
fn take(told: &Told, sums: &mut BTreeMap<Vec<String>, Vec<i128>>) {
    let rows = told.answer.iter().flat_map(|answer| &answer.rows);
    for row in rows {
        let text = |column: usize| {
            row.get(column)
                .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        };
        let (Some(hospital), Some(block), Some(sum)) = (text(0), text(1), text(2)) else {
            continue;
        };
        if let Ok(sum) = sum.parse() {
            sums.entry(vec![hospital, block]).or_default().push(sum);
        }
    }
}

/// The values whose power sums these are, ascending, each from 0 to 100.
fn values(sums: &[i128]) -> Option<Vec<i128>> {
    if sums.len() != POWERS {
        return None;
    }
    let mut symmetric = vec![1_i128];
    for k in 1..=POWERS {
        let mut sum = 0_i128;
        for i in 1..=k {
            let term = symmetric.get(k - i)?.checked_mul(*sums.get(i - 1)?)?;
            sum = if i % 2 == 1 { sum.checked_add(term)? } else { sum.checked_sub(term)? };
        }
        symmetric.push(sum.checked_div(i128::try_from(k).ok()?)?);
    }
    // The polynomial whose roots they are, highest power first; roots are divided out one by one.
    let mut left: Vec<i128> =
        symmetric.iter().enumerate().map(|(k, e)| if k % 2 == 0 { *e } else { -e }).collect();
    let mut roots = Vec::new();
    for root in 0..=100 {
        while let Some(divided) = divided(&left, root) {
            roots.push(root);
            left = divided;
        }
    }
    (roots.len() == POWERS).then_some(roots)
}

/// The polynomial without this root, if it is one.
fn divided(polynomial: &[i128], root: i128) -> Option<Vec<i128>> {
    let mut carried = 0_i128;
    let mut quotient = Vec::new();
    for coefficient in polynomial {
        carried = carried.checked_mul(root)?.checked_add(*coefficient)?;
        quotient.push(carried);
    }
    let rest = quotient.pop()?;
    (rest == 0 && !quotient.is_empty()).then_some(quotient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_power_sums_give_ten_values() {
        let truth: Vec<i128> = vec![0, 3, 3, 17, 42, 42, 42, 58, 99, 99];
        let sums: Vec<i128> =
            (1..=10).map(|power| truth.iter().map(|y| y.pow(power)).sum()).collect();
        assert_eq!(values(&sums), Some(truth));
    }
}
