//! A04, A29 and A30 by parts with noise: what approved questions whose heads say `parts: noisy` tell of one patient's part.
//!
//! The number of each block's patients is exact. The attacker knows everybody's bit but the target's, so a part less what is known is
//! that bit, and noise.

use std::collections::{BTreeMap, BTreeSet};

use super::ask::Ask;
use super::figures::{Limit, Measure, float, guessed};
use super::membership::{Figures, mean, samples};
use super::noise::{most, sized};
use super::weak::Mechanism;
use super::world::{Patient, World};
use super::{Attack, Weakness};
use policies::Profile;

const HEAD: &str = "-- parts: noisy\n";

/// The attacks of this family.
pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "A04",
        name: "noisy parts, by several people",
        how: "approved questions with noisy parts that write one part in four ways, each put twice by three people; the greatest number of different figures of one group",
        profile: Profile::Indicator,
        limit: Limit::AtMost(1.0),
        weak: &[Weakness::Of(Mechanism::Fresh)],
        shape: |scale| sized(scale.pick(4, 50), 40, 0),
        more: |world| world.with(HEAD, SAME),
        run: |ask, _world, _scale| repeated(ask),
    },
    Attack {
        id: "A30",
        name: "a noisy part of an exact number",
        how: "who knows all others of a group, and its exact number, takes them off its noisy part",
        profile: Profile::Indicator,
        limit: Limit::AtMost(0.62),
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |scale| sized(scale.pick(60, 400), 40, 0),
        more: |world| planted(world, ONE),
        run: |ask, world, _scale| known(ask, world, ONE),
    },
    Attack {
        id: "A29",
        name: "noisy parts of four questions",
        how: "the same with four approved questions whose parts differ by a patient or a year: the mean of what each leaves, and what two differ by",
        profile: Profile::Indicator,
        limit: Limit::AtMost(0.7),
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |scale| sized(scale.pick(60, 400), 40, 0),
        more: |world| planted(world, FOUR),
        run: |ask, world, _scale| known(ask, world, FOUR),
    },
    Attack {
        id: "A29",
        name: "noisy parts of ten questions, both halves",
        how: "the same with five approved questions for those who have the bit and five for those who have not, each with another condition true of all: only the board limits how many there are",
        profile: Profile::Indicator,
        limit: Limit::Published,
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |scale| sized(scale.pick(40, 250), 40, 0),
        more: |world| planted(world, TEN),
        run: |ask, world, _scale| known(ask, world, TEN),
    },
];

/// One part in several ways.
const SAME: &[(&str, &str)] = &[
    (
        "a04_filter",
        "SELECT hospital, block, count(*) AS n, count(*) FILTER (WHERE positive = 1) AS p FROM patient GROUP BY hospital, block",
    ),
    (
        "a04_sum",
        "SELECT hospital, block, count(*) AS n, sum(positive) AS p FROM patient GROUP BY hospital, block",
    ),
    (
        "a04_case",
        "SELECT block, hospital, count(*) AS n, sum(CASE WHEN positive = 1 THEN 1 ELSE 0 END) AS p FROM patient GROUP BY block, hospital",
    ),
    (
        "a04_not",
        "SELECT hospital, block, count(*) AS n, count(CASE WHEN NOT (positive = 0) THEN 1 END) AS p FROM patient GROUP BY hospital, block",
    ),
];

/// An approved question: its id, the condition of its part, and who is in the part.
type Part = (&'static str, &'static str, fn(&Patient) -> bool);

const ONE: &[Part] = &[("a30_part", "positive = 1", |one| one.positive)];

const FOUR: &[Part] = &[
    ("a29_four_all", "positive = 1", |one| one.positive),
    ("a29_four_low", "positive = 1 AND m1 < 90", |one| one.positive && one.m[0] < 90),
    ("a29_four_to_2023", "positive = 1 AND year <= 2023", |one| one.positive && one.year <= 2023),
    ("a29_four_from_2019", "positive = 1 AND year >= 2019", |one| one.positive && one.year >= 2019),
];

const TEN: &[Part] = &[
    ("a29_ten_with", "positive = 1", |one| one.positive),
    ("a29_ten_with_1", "positive = 1 AND z1 = 1", |one| one.positive),
    ("a29_ten_with_2", "positive = 1 AND z2 = 1", |one| one.positive),
    ("a29_ten_with_3", "positive = 1 AND z3 = 1", |one| one.positive),
    ("a29_ten_with_4", "positive = 1 AND z4 = 1", |one| one.positive),
    ("a29_ten_rest", "positive = 0", |one| !one.positive),
    ("a29_ten_rest_1", "positive = 0 AND z1 = 1", |one| !one.positive),
    ("a29_ten_rest_2", "positive = 0 AND z2 = 1", |one| !one.positive),
    ("a29_ten_rest_3", "positive = 0 AND z3 = 1", |one| !one.positive),
    ("a29_ten_rest_4", "positive = 0 AND z4 = 1", |one| !one.positive),
];

/// With a question for each part.
fn planted(world: World, parts: &[Part]) -> World {
    let text = |(id, condition, _): &Part| {
        let sql = format!(
            "SELECT hospital, block, count(*) AS n, count(*) FILTER (WHERE {condition}) AS p FROM patient WHERE side = 1 GROUP BY hospital, block"
        );
        (*id, sql)
    };
    let texts: Vec<(&str, String)> = parts.iter().map(text).collect();
    let asked: Vec<(&str, &str)> = texts.iter().map(|(id, sql)| (*id, sql.as_str())).collect();
    world.with(HEAD, &asked)
}

fn repeated(ask: &mut dyn Ask) -> anyhow::Result<Measure> {
    let mut told: BTreeMap<Vec<String>, BTreeSet<String>> = BTreeMap::new();
    let mut numbers: BTreeMap<Vec<String>, BTreeSet<String>> = BTreeMap::new();
    for turn in 0..6 {
        for (id, _) in SAME {
            let answer = ask.indicator(id, turn)?;
            anyhow::ensure!(answer.answer.is_some(), "{id} is refused: {:?}", answer.refused);
            for (column, figures) in [(2, &mut numbers), (3, &mut told)] {
                for (mut block, figure) in answer.by(2, column) {
                    // One of the questions has its keys the other way round.
                    block.sort_by_key(|key| key.parse::<i64>().is_ok());
                    let Some(figure) = figure else { continue };
                    figures.entry(block).or_default().insert(format!("{figure:.2}"));
                }
            }
        }
    }
    let one = |(block, figures): (Vec<String>, BTreeSet<String>)| {
        (block, figures.len(), format!("{figures:?}"))
    };
    anyhow::ensure!(!told.is_empty(), "no part is told");
    Ok(most(told.into_iter().chain(numbers).map(one)))
}

/// What a part leaves of the target, of each block in which its bit decides whether it is in the part.
fn left(
    told: &BTreeMap<Vec<String>, Option<f64>>,
    world: &World,
    takes: fn(&Patient) -> bool,
) -> (Figures, Figures) {
    let (mut bits, mut noises) = (Figures::new(), Figures::new());
    for (block, patients) in world.blocks() {
        let Some(figure) = told.get(&block).copied().flatten() else { continue };
        let others = patients.iter().filter(|one| !one.is_target() && takes(one)).count();
        let Some(target) = patients.iter().find(|one| one.is_target()) else { continue };
        let be = |positive: bool| takes(&Patient { positive, ..Patient::clone(target) });
        let left = figure - float(others);
        match (be(true), be(false)) {
            (true, false) => bits.insert(block, left),
            (false, true) => bits.insert(block, 1.0 - left),
            (true, true) | (false, false) => noises.insert(block, left),
        };
    }
    (bits, noises)
}

fn known(ask: &mut dyn Ask, world: &World, parts: &[Part]) -> anyhow::Result<Measure> {
    let (mut bits, mut noises) = (Vec::new(), Vec::new());
    for (turn, (id, _, takes)) in parts.iter().enumerate() {
        let answer = ask.indicator(id, turn)?;
        anyhow::ensure!(answer.answer.is_some(), "{id} is refused: {:?}", answer.refused);
        let (bit, noise) = left(&answer.by(2, 3), world, *takes);
        bits.push(bit);
        noises.push(noise);
    }
    let of = |all: &[Figures], block: &Vec<String>| -> Vec<f64> {
        all.iter().filter_map(|figures| figures.get(block).copied()).collect()
    };
    let seen = |block: &Vec<String>| {
        let (own, noise) = (of(&bits, block), of(&noises, block));
        let first = own.first().copied().unwrap_or(f64::NAN);
        // Of the same patients a part of the noise is the same.
        let apart = first - mean(&noise);
        vec![mean(&own), first, mean(&own) - mean(&noise) / 5.0, (apart - 0.5).abs(), apart]
    };
    Ok(guessed(&samples(world, seen)))
}
