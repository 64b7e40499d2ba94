//! A25: generated questions at the twins.

use super::same;
use std::collections::BTreeMap;

use crate::attack::Scale;
use crate::attack::ask::Ask;
use crate::attack::figures::Measure;
use crate::attack::world::{Patient, World};
use crate::differential::dice::Dice;

/// Fewest patients of a figure that the target is in: fewer can be null at one of the twins, and that is a figure.
const LEAST: usize = 25;
/// Patients of a cell that one hospital shows and another does not.
const NEAR: std::ops::RangeInclusive<usize> = 9..=15;
/// What is grouped by or compared.
const COLUMNS: [(&str, &[i64]); 7] = [
    ("a", &[1, 2, 3]),
    ("b", &[1, 2, 3, 4]),
    ("c", &[1, 2]),
    ("block", &[1, 2, 3]),
    ("positive", &[0, 1]),
    ("died", &[0, 1]),
    ("mark", &[0, 1, 9]),
];
/// What is asked.
const FIGURES: [&str; 5] =
    ["count(*)", "count(*), avg(y)", "sum(y)", "sum(m1), count(*)", "avg(m2), count(*)"];

struct Question {
    keys: Vec<&'static str>,
    conditions: Vec<(&'static str, i64)>,
    figures: &'static str,
}

impl Question {
    fn random(dice: &mut Dice) -> Self {
        let mut left = COLUMNS.to_vec();
        let (mut keys, mut conditions) = (Vec::new(), Vec::new());
        for _ in 0..dice.roll(3) {
            keys.push(left.swap_remove(dice.roll(left.len())).0);
        }
        for _ in 0..dice.roll(3) {
            let (column, values) = left.swap_remove(dice.roll(left.len()));
            conditions.push((column, dice.pick(values).copied().unwrap_or(1)));
        }
        Self { keys, conditions, figures: dice.word(&FIGURES) }
    }

    fn sql(&self) -> String {
        let keys: String = self.keys.iter().map(|key| format!(", {key}")).collect();
        let conditions: Vec<String> =
            self.conditions.iter().map(|(column, value)| format!("{column} = {value}")).collect();
        let condition = match conditions.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", conditions.join(" AND ")),
        };
        let figures = self.figures;
        format!("SELECT hospital{keys}, {figures} FROM patient{condition} GROUP BY hospital{keys}")
    }

    fn takes(&self, patient: &Patient) -> bool {
        self.conditions.iter().all(|(column, value)| patient.get(column) == Some(*value))
    }

    /// Whether every figure is of far more patients than the threshold, or of far fewer: around it, whether a figure is shown is drawn by
    /// each hospital's own secret.
    fn is_fair(&self, patients: &[Patient]) -> bool {
        let mut cells: BTreeMap<Vec<Option<i64>>, (usize, bool)> = BTreeMap::new();
        for one in patients.iter().filter(|one| self.takes(one)) {
            let key = self.keys.iter().map(|key| one.get(key)).collect();
            let (n, has_target) = cells.entry(key).or_default();
            *n += 1;
            *has_target |= one.is_target() && one.block == 1;
        }
        let fair = |(n, has_target): &(usize, bool)| match has_target {
            true => *n >= LEAST,
            false => !NEAR.contains(n),
        };
        cells.values().all(fair)
    }
}

/// Asks all of them.
pub(super) fn ask_all(ask: &mut dyn Ask, world: &World, scale: Scale) -> anyhow::Result<Measure> {
    let mut dice = Dice::new(&[25]);
    let patients =
        world.hospitals.first().map(|(_, patients)| patients.as_slice()).unwrap_or_default();
    let (mut different, mut example, mut asked) = (0, None, 0);
    while asked < scale.pick(60, 10_000) {
        let question = Question::random(&mut dice);
        if !question.is_fair(patients) {
            continue;
        }
        asked += 1;
        let sql = question.sql();
        if !same(&ask.ask(&sql, asked)?, world) {
            different += 1;
            example.get_or_insert(sql);
        }
    }
    Ok(Measure::found(different, asked).example(example))
}
