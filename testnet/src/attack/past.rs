//! A28 and A29: the same question over the next snapshot, and approved questions held together.

use std::collections::BTreeMap;

use super::ask::Ask;
use super::figures::{Limit, Measure};
use super::weak::Mechanism;
use super::world::{Shape, World};
use super::{Attack, Scale, Weakness};
use policies::Profile;

/// The threshold of a part.
const LEAST_PART: f64 = 5.0;

/// The attacks of this family.
pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "A28",
        name: "snapshot against snapshot: opt-out and new patients",
        how: "half of the targets are gone from the next snapshot; counts, sums and parts of each group are asked over both, also in other words; counted are groups where a difference of a few patients, or of one value, is seen",
        profile: Profile::Members,
        limit: Limit::AtMost(0.0),
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |scale| Shape { blocks: scale.pick(4, 60), size: 24, others: 0, twins: false },
        more: |world| without_some(world),
        run: |ask, world, _scale| snapshots(ask, world, GONE),
    },
    Attack {
        id: "A28",
        name: "snapshot against snapshot: corrections",
        how: "the same patients, but a value of the target is corrected by 7 in half of the groups; sums and means before and after, also in other words; counted are groups where the correction is seen",
        profile: Profile::Members,
        limit: Limit::AtMost(0.0),
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |scale| Shape { blocks: scale.pick(4, 60), size: 24, others: 0, twins: false },
        more: |world| corrected(world),
        run: |ask, world, _scale| snapshots(ask, world, CORRECTED),
    },
    Attack {
        id: "A29",
        name: "all indicators together",
        how: "indicators that differ by a patient or a year, asked one after the other; counted are groups where two of them are shown and differ by fewer than a part may be",
        profile: Profile::Indicator,
        limit: Limit::AtMost(0.0),
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |scale| Shape { blocks: scale.pick(6, 60), size: 24, others: 0, twins: false },
        more: |world| world.with("", INDICATORS),
        run: indicators,
    },
];

/// Indicators whose figures are close.
const INDICATORS: &[(&str, &str)] = &[
    ("a29_all", "SELECT hospital, block, count(*) AS n FROM patient GROUP BY hospital, block"),
    (
        "a29_ordinary",
        "SELECT hospital, block, count(*) AS n FROM patient WHERE mark <> 9 GROUP BY hospital, block",
    ),
    (
        "a29_low",
        "SELECT hospital, block, count(*) AS n FROM patient WHERE m1 < 90 AND positive = 1 GROUP BY hospital, block",
    ),
    (
        "a29_positive",
        "SELECT hospital, block, count(*) AS n FROM patient WHERE positive = 1 GROUP BY hospital, block",
    ),
    (
        "a29_to_2023",
        "SELECT hospital, block, count(*) AS n FROM patient WHERE year <= 2023 GROUP BY hospital, block",
    ),
    (
        "a29_from_2019",
        "SELECT hospital, block, count(*) AS n FROM patient WHERE year >= 2019 GROUP BY hospital, block",
    ),
    (
        "a29_parts",
        "SELECT hospital, block, count(*) FILTER (WHERE m2 < 90) AS n FROM patient GROUP BY hospital, block",
    ),
];

fn is_changed(block: i64) -> bool {
    block % 2 == 0
}

/// A later population in which the targets of half of the blocks are gone.
fn without_some(world: World) -> World {
    let mut later = world.clone();
    for (_, patients) in &mut later.hospitals {
        patients.retain(|patient| !(patient.is_target() && is_changed(patient.block)));
    }
    World { later: Some(Box::new(later)), ..world }
}

/// A later population in which a value of these targets is another.
fn corrected(world: World) -> World {
    let mut later = world.clone();
    for patient in later.hospitals.iter_mut().flat_map(|(_, patients)| patients) {
        if patient.is_target() && is_changed(patient.block) {
            patient.y = (patient.y + 7) % 100;
        }
    }
    World { later: Some(Box::new(later)), ..world }
}

/// What is asked before, and after in the same or other words.
type Words = (&'static str, &'static [&'static str]);

const GONE: &[Words] = &[
    ("count(*)", &["count(*)", "count(patient_key)", "sum(z1)"]),
    ("sum(y)", &["sum(y)", "sum(y + 1) - count(*)", "avg(y) * count(*)"]),
    (
        "count(*) FILTER (WHERE positive = 1)",
        &["count(*) FILTER (WHERE positive = 1)", "sum(positive)"],
    ),
];
const CORRECTED: &[Words] = &[
    (
        "sum(y)",
        &[
            "sum(y)",
            "sum(y + 0)",
            "sum(2 * y) / 2",
            "sum(y) FILTER (WHERE y >= 0)",
            "avg(y) * count(*)",
        ],
    ),
    ("avg(y)", &["avg(y)", "avg(y + 1) - 1", "sum(CASE WHEN y >= 0 THEN y END) * 1.0 / count(*)"]),
];

fn figure(
    ask: &mut dyn Ask,
    figure: &str,
    who: usize,
) -> anyhow::Result<BTreeMap<Vec<String>, Option<f64>>> {
    let sql =
        format!("SELECT hospital, block, {figure} AS f FROM patient GROUP BY hospital, block");
    Ok(ask.ask(&sql, who)?.by(2, 2))
}

fn snapshots(ask: &mut dyn Ask, world: &World, words: &[Words]) -> anyhow::Result<Measure> {
    let mut before = Vec::new();
    for (turn, (first, _)) in words.iter().enumerate() {
        before.push(figure(ask, first, turn)?);
    }
    ask.next_snapshot()?;
    let (mut seen, mut texts): (BTreeMap<Vec<String>, usize>, BTreeMap<&str, usize>) =
        Default::default();
    for (before, (_, later)) in before.iter().zip(words) {
        for (turn, text) in later.iter().enumerate() {
            let after = figure(ask, text, turn + 1)?;
            for (block, n) in &after {
                let pair = n.zip(before.get(block).copied().flatten());
                // A thousandth is what rounding makes.
                if pair.is_some_and(|(n, m)| (n - m).abs() > 1e-3) {
                    *seen.entry(block.clone()).or_default() += 1;
                    *texts.entry(text).or_default() += 1;
                }
            }
        }
    }
    let changed = world.targets().values().filter(|target| is_changed(target.block)).count();
    let example = (!texts.is_empty()).then(|| format!("{texts:?}"));
    Ok(Measure::found(seen.len(), changed).example(example))
}

fn indicators(ask: &mut dyn Ask, world: &World, _scale: Scale) -> anyhow::Result<Measure> {
    let mut told = Vec::new();
    for (turn, (id, _)) in INDICATORS.iter().enumerate() {
        let answer = ask.indicator(id, turn)?;
        anyhow::ensure!(answer.answer.is_some(), "{id} is refused: {:?}", answer.refused);
        told.push((*id, answer.by(2, 2)));
    }
    let blocks = world.blocks();
    let (mut found, mut of, mut example) = (0, 0, None);
    for (at, (one, first)) in told.iter().enumerate() {
        for (two, second) in told.iter().skip(at + 1) {
            for block in blocks.keys() {
                of += 1;
                let figure =
                    |of: &BTreeMap<Vec<String>, Option<f64>>| of.get(block).copied().flatten();
                let few = figure(first).zip(figure(second)).map(|(n, m)| (n - m).abs());
                // Sets that hold one another: what they differ by is a group of so few.
                let nested =
                    nested(one, two) && few.is_some_and(|few| few > 0.5 && few < LEAST_PART);
                if nested {
                    found += 1;
                    example.get_or_insert_with(|| format!("{one} and {two} in {block:?}"));
                }
            }
        }
    }
    Ok(Measure::found(found, of).example(example))
}

/// Whether one of two indicators is of some of the other's patients.
fn nested(one: &str, two: &str) -> bool {
    let pair = |a: &str, b: &str| (one == a && two == b) || (one == b && two == a);
    let whole = one == "a29_all" || two == "a29_all";
    whole || pair("a29_low", "a29_positive")
}
