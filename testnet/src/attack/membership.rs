//! A06 to A08, A10, A24 and A30: whether a known person is in a set, from figures with noise.
//!
//! The attacker knows everything about the target but whether it is positive, and can name the set without it: nobody else in its
//! block has 90 or more in `m1` to `m4`. The set *S* is the positive of the block, *S'* the same with `m < 90`: one patient less, or the same.

use std::collections::BTreeMap;

use super::ask::Ask;
use super::figures::{Limit, Measure, Sample, float, guessed};
use super::noise::sized;
use super::weak::Mechanism;
use super::world::{Patient, World};
use super::{Attack, Scale, Weakness};
use policies::Profile;

/// The attacks of this family.
pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "A06",
        name: "one difference",
        how: "the count of S less that of S'; the guess from the difference or its size",
        profile: Profile::Explore,
        limit: Limit::AtMost(0.62),
        weak: &[
            Weakness::Of(Mechanism::Threshold),
            Weakness::Of(Mechanism::Value),
            Weakness::Of(Mechanism::Set),
        ],
        shape: |scale| sized(scale.pick(20, 400), 40, 0),
        more: super::nothing_more,
        run: |ask, world, _scale| differences(ask, world, &[FIRST]),
    },
    Attack {
        id: "A06",
        name: "one difference of exact figures",
        how: "the same where figures are exact: the guess also from whether the second one is null",
        profile: Profile::Members,
        limit: Limit::Published,
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |scale| sized(scale.pick(20, 100), 40, 0),
        more: super::nothing_more,
        run: |ask, world, _scale| differences(ask, world, &[FIRST]),
    },
    Attack {
        id: "A07",
        name: "many differences",
        how: "up to 20 pairs of S and S' with the target's own categories and with conditions true of all, until nothing more comes; the guess from means over the first pairs",
        profile: Profile::Explore,
        limit: Limit::AtMost(0.7),
        weak: &[Weakness::Of(Mechanism::Threshold), Weakness::Of(Mechanism::Fresh)],
        shape: |scale| sized(scale.pick(20, 250), 60, 7),
        more: super::nothing_more,
        run: |ask, world, _scale| differences(ask, world, PAIRS),
    },
    Attack {
        id: "A08",
        name: "tracker",
        how: "the count of S less that of S outside the target's category and of S' inside, over four columns (Denning, Denning and Schwartz 1979)",
        profile: Profile::Explore,
        limit: Limit::AtMost(0.7),
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |scale| sized(scale.pick(20, 250), 60, 7),
        more: super::nothing_more,
        run: tracker,
    },
    Attack {
        id: "A10",
        name: "noise exploitation: clones",
        how: "pairs of S and S', each with one of eight conditions true of all; the guess from how much the differences spread and how often they are 0, not from their mean (Gadotti and others 2019)",
        profile: Profile::Explore,
        limit: Limit::AtMost(0.55),
        weak: &[Weakness::Of(Mechanism::Set), Weakness::Of(Mechanism::Value)],
        shape: |scale| sized(scale.pick(20, 250), 60, 7),
        more: super::nothing_more,
        run: clones,
    },
    Attack {
        id: "A24",
        name: "equality of two forms",
        how: "whether S and S' have the same figure",
        profile: Profile::Explore,
        limit: Limit::AtMost(0.62),
        weak: &[Weakness::Of(Mechanism::Set)],
        shape: |scale| sized(scale.pick(20, 400), 40, 0),
        more: super::nothing_more,
        run: |ask, world, _scale| equality(ask, world, 1),
    },
    Attack {
        id: "A24",
        name: "equality of four forms",
        how: "four forms of S' beside S: their mean, their spread, and how many are equal",
        profile: Profile::Explore,
        limit: Limit::AtMost(0.7),
        weak: &[Weakness::Of(Mechanism::Set)],
        shape: |scale| sized(scale.pick(20, 250), 60, 7),
        more: super::nothing_more,
        run: |ask, world, _scale| equality(ask, world, 4),
    },
    Attack {
        id: "A30",
        name: "exact less noisy",
        how: "the exact count of S under ask.members less the noisy one of S', which three people ask",
        profile: Profile::Explore,
        limit: Limit::AtMost(0.62),
        weak: &[Weakness::Of(Mechanism::Threshold), Weakness::Of(Mechanism::Fresh)],
        shape: |scale| sized(scale.pick(20, 400), 40, 0),
        more: super::nothing_more,
        run: |ask, world, scale| exact_less_noisy(ask, world, (scale, 1)),
    },
    Attack {
        id: "A30",
        name: "exact less noisy, four forms",
        how: "the same with four forms of S'",
        profile: Profile::Explore,
        limit: Limit::AtMost(0.7),
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |scale| sized(scale.pick(20, 250), 60, 7),
        more: super::nothing_more,
        run: |ask, world, scale| exact_less_noisy(ask, world, (scale, 4)),
    },
    Attack {
        id: "A30",
        name: "burn, then ask",
        how: "groups are asked in ten forms, until their patients are left out of figures with noise; then exact figures are asked; counted are groups of ten or more that have none for it",
        profile: Profile::Explore,
        limit: Limit::AtMost(0.0),
        weak: &[],
        shape: |scale| sized(scale.pick(4, 50), 40, 7),
        more: super::nothing_more,
        run: burn,
    },
];

/// What S and S' have besides, and how S' leaves the target out. A column is one whose value of the target is chosen.
struct Pair {
    column: Option<&'static str>,
    condition: &'static str,
    without: &'static str,
}

const fn pair(
    column: Option<&'static str>,
    condition: &'static str,
    without: &'static str,
) -> Pair {
    Pair { column, condition, without }
}

const FIRST: Pair = pair(None, "", "m1 < 90");

const PAIRS: &[Pair] = &[
    FIRST,
    pair(None, "", "m2 < 90"),
    pair(Some("c"), "", "m1 < 90"),
    pair(Some("a"), "", "m1 < 90"),
    pair(Some("died"), "", "m1 < 90"),
    pair(Some("b"), "", "m1 < 90"),
    pair(Some("c"), "", "m2 < 90"),
    pair(Some("died"), "", "m2 < 90"),
    pair(Some("a"), "", "m2 < 90"),
    pair(None, " AND z1 = 1", "m1 < 90"),
    pair(None, " AND z2 = 1", "m2 < 90"),
    pair(None, " AND z3 = 1", "m3 < 90"),
    pair(None, " AND z4 = 1", "m4 < 90"),
    pair(None, "", "m3 < 90"),
    pair(None, "", "m4 < 90"),
    pair(None, " AND m1 >= 10", "m3 < 90"),
    pair(Some("c"), "", "m3 < 90"),
    pair(Some("died"), "", "m3 < 90"),
    pair(Some("a"), "", "m4 < 90"),
    pair(None, "", "mark IN (0, 1, 2, 3)"),
];

/// A figure of each target's block.
pub(super) type Figures = BTreeMap<Vec<String>, f64>;

/// The count of the positive of each block; with a column, in the target's value of it, or in all others together.
pub(super) fn count(
    ask: &mut dyn Ask,
    targets: &BTreeMap<Vec<String>, &Patient>,
    (column, outside): (Option<&str>, bool),
    condition: &str,
    who: usize,
) -> anyhow::Result<Figures> {
    let more = column.map(|column| format!(", {column}")).unwrap_or_default();
    let sql = format!(
        "SELECT hospital, block{more}, count(*) FROM patient WHERE side = 1 AND positive = 1{condition} GROUP BY hospital, block{more}"
    );
    let keys = if column.is_some() { 3 } else { 2 };
    let told = ask.ask(&sql, who)?.by(keys, keys);
    let mut figures = Figures::new();
    for (block, target) in targets {
        let own = column.and_then(|column| target.get(column)).map(|value| value.to_string());
        let of_block = told.iter().filter(|(key, _)| key.starts_with(block));
        let chosen = of_block.filter(|(key, _)| match &own {
            None => true,
            Some(own) => (key.get(2) == Some(own)) != outside,
        });
        let chosen: Option<Vec<f64>> = chosen.map(|(_, figure)| *figure).collect();
        let sum = chosen.filter(|figures| !figures.is_empty()).map(|figures| figures.iter().sum());
        figures.extend(sum.map(|sum: f64| (block.clone(), sum)));
    }
    Ok(figures)
}

/// The difference of two figures of each block.
pub(super) fn less(one: &Figures, two: &Figures) -> Figures {
    let pairs = one.iter().filter_map(|(block, n)| Some((block.clone(), n - two.get(block)?)));
    pairs.collect()
}

/// The differences of each pair.
fn asked(ask: &mut dyn Ask, world: &World, pairs: &[Pair]) -> anyhow::Result<Vec<Figures>> {
    let targets = world.targets();
    let mut all = Vec::new();
    for (turn, Pair { column, condition, without }) in pairs.iter().enumerate() {
        let with = count(ask, &targets, (*column, false), condition, turn)?;
        let without = count(
            ask,
            &targets,
            (*column, false),
            &format!("{condition} AND {without}"),
            turn + 1,
        )?;
        all.push(less(&with, &without));
    }
    Ok(all)
}

/// Targets with what was seen of each, by block.
pub(super) fn samples(world: &World, seen: impl Fn(&Vec<String>) -> Vec<f64>) -> Vec<Sample> {
    let sample = |(block, target): (&Vec<String>, &&Patient)| Sample {
        seen: seen(block),
        member: target.positive,
    };
    world.targets().iter().map(sample).collect()
}

pub(super) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { f64::NAN } else { values.iter().sum::<f64>() / float(values.len()) }
}

fn spread(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    if values.len() < 2 { f64::NAN } else { squares / float(values.len() - 1) }
}

fn of(all: &[Figures], block: &Vec<String>) -> Vec<f64> {
    all.iter().filter_map(|figures| figures.get(block).copied()).collect()
}

fn differences(ask: &mut dyn Ask, world: &World, pairs: &[Pair]) -> anyhow::Result<Measure> {
    let all = asked(ask, world, pairs)?;
    Ok(guessed(&samples(world, |block| seen(&all, block))))
}

/// What differences say of a block.
pub(super) fn seen(all: &[Figures], block: &Vec<String>) -> Vec<f64> {
    let own = of(all, block);
    let mut seen = vec![own.first().map_or(f64::NAN, |first| (first - 0.5).abs())];
    // Whether figures are shown says something too.
    seen.push(float(own.len()));
    seen.push(all.first().map_or(0.0, |first| float(usize::from(first.contains_key(block)))));
    for first in [1, 2, 4, 8, all.len()] {
        seen.push(mean(own.get(..first.min(own.len())).unwrap_or_default()));
    }
    seen
}

fn clones(ask: &mut dyn Ask, world: &World, _scale: Scale) -> anyhow::Result<Measure> {
    let conditions = [
        "",
        " AND z1 = 1",
        " AND z2 = 1",
        " AND z3 = 1",
        " AND z4 = 1",
        " AND z5 = 1",
        " AND z6 = 1",
        " AND z7 = 1",
    ];
    let pairs = conditions.map(|condition| pair(None, condition, "m1 < 90"));
    let all = asked(ask, world, &pairs)?;
    let seen = |block: &Vec<String>| {
        let own = of(&all, block);
        let zeros = own.iter().filter(|difference| difference.abs() < 0.5).count();
        let share = if own.is_empty() { f64::NAN } else { float(zeros) / float(own.len()) };
        let few = own.get(..own.len().min(4)).unwrap_or_default();
        vec![spread(&own), spread(few), share]
    };
    Ok(guessed(&samples(world, seen)))
}

fn equality(ask: &mut dyn Ask, world: &World, forms: usize) -> anyhow::Result<Measure> {
    let targets = world.targets();
    let whole = count(ask, &targets, (None, false), "", 0)?;
    let mut all = Vec::new();
    for form in 1..=forms {
        let without = count(ask, &targets, (None, false), &format!(" AND m{form} < 90"), form)?;
        all.push(less(&whole, &without));
    }
    let seen = |block: &Vec<String>| {
        let own = of(&all, block);
        let equal = own.iter().filter(|difference| difference.abs() < 0.5).count();
        let equal = if own.is_empty() { f64::NAN } else { float(equal) };
        vec![equal, mean(&own), spread(&own), mean(&own).abs()]
    };
    Ok(guessed(&samples(world, seen)))
}

fn tracker(ask: &mut dyn Ask, world: &World, _scale: Scale) -> anyhow::Result<Measure> {
    let targets = world.targets();
    let whole = count(ask, &targets, (None, false), "", 0)?;
    let mut all = Vec::new();
    for (turn, column) in ["c", "died", "z1", "a"].into_iter().enumerate() {
        let column = Some(column).filter(|column| *column != "z1");
        let Some(column) = column else { continue };
        let outside = count(ask, &targets, (Some(column), true), "", turn)?;
        let inside = count(ask, &targets, (Some(column), false), " AND m1 < 90", turn + 1)?;
        all.push(less(&less(&whole, &outside), &inside));
    }
    let seen = |block: &Vec<String>| {
        let own = of(&all, block);
        vec![own.first().copied().unwrap_or(f64::NAN), mean(&own)]
    };
    Ok(guessed(&samples(world, seen)))
}

fn exact_less_noisy(
    ask: &mut dyn Ask,
    world: &World,
    (_scale, forms): (Scale, usize),
) -> anyhow::Result<Measure> {
    let targets = world.targets();
    let sql = "SELECT hospital, block, count(*) FROM patient WHERE side = 1 AND positive = 1 GROUP BY hospital, block";
    let exact: Figures = ask
        .exact(sql, 0)?
        .by(2, 2)
        .into_iter()
        .filter_map(|(block, n)| Some((block, n?)))
        .collect();
    let mut all = Vec::new();
    for form in 1..=forms {
        // By three people, for noise that is drawn anew.
        for who in 0..3 {
            let without = count(ask, &targets, (None, false), &format!(" AND m{form} < 90"), who)?;
            all.push(less(&exact, &without));
        }
    }
    let seen = |block: &Vec<String>| {
        let own = of(&all, block);
        vec![own.first().copied().unwrap_or(f64::NAN), mean(&own), spread(&own)]
    };
    Ok(guessed(&samples(world, seen)))
}

fn burn(ask: &mut dyn Ask, world: &World, _scale: Scale) -> anyhow::Result<Measure> {
    for at in 1..=8 {
        let sql = format!(
            "SELECT hospital, block, count(*) FROM patient WHERE side = 1 AND z{at} = 1 GROUP BY hospital, block"
        );
        ask.ask(&sql, at)?;
    }
    let sql =
        "SELECT hospital, block, count(*) FROM patient WHERE side = 1 GROUP BY hospital, block";
    ask.ask(sql, 0)?;
    let exact = ask.exact(sql, 1)?.by(2, 2);
    let blocks = world.blocks();
    let wrong = blocks.iter().filter(|(block, patients)| {
        let figure = exact.get(*block).copied().flatten();
        figure.is_none_or(|figure| (figure - float(patients.len())).abs() > 0.5)
    });
    Ok(Measure::found(wrong.count(), blocks.len()))
}
