//! A04, A05 with A32, and A12: what many questions about one set say of its noise.

use std::collections::{BTreeMap, BTreeSet};

use super::ask::Ask;
use super::figures::{Limit, Measure, float};
use super::weak::{Mechanism, bell};
use super::world::{Patient, Shape, World};
use super::{Attack, Scale, Weakness};
use policies::Profile;

/// The attacks of this family.
pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "A04",
        name: "rephrasing, by several people",
        how: "one form in twelve wordings by three people; the greatest number of different figures of one group",
        profile: Profile::Explore,
        limit: Limit::AtMost(1.0),
        weak: &[Weakness::Of(Mechanism::Fresh)],
        shape: |scale| sized(scale.pick(4, 50), 60, 0),
        more: super::nothing_more,
        run: rephrased,
    },
    Attack {
        id: "A04",
        name: "forms of one set",
        how: "the same patients by ten conditions that are true of all of them; the greatest number of figures of one group",
        profile: Profile::Explore,
        limit: Limit::AtMost(4.0),
        weak: &[Weakness::Of(Mechanism::Keyed)],
        shape: |scale| sized(scale.pick(3, 20), 60, 8),
        more: super::nothing_more,
        run: forms,
    },
    Attack {
        id: "A05",
        name: "averaging over partitions, with A32 over sizes",
        how: "a group's parts by up to 60 partitions in two to four parts, summed and averaged with the figures of the whole; the least deviation over all numbers of partitions",
        profile: Profile::Explore,
        limit: Limit::AtLeast(0.7),
        weak: &[Weakness::Of(Mechanism::Fresh), Weakness::Of(Mechanism::Set)],
        shape: |scale| sized(scale.pick(2, 50), 120, 7),
        more: super::nothing_more,
        run: averages,
    },
    Attack {
        id: "A12",
        name: "linearity of noise over unions",
        how: "noise of two halves against that of the whole: as a sum, and as the sum of positions modulo 1",
        profile: Profile::Explore,
        limit: Limit::AtMost(0.02),
        weak: &[Weakness::Of(Mechanism::Sum)],
        shape: |scale| sized(scale.pick(20, 1_500), 60, 0),
        more: super::nothing_more,
        run: linearity,
    },
];

/// Blocks of a size, and so many times as many patients beside them.
pub(super) fn sized(blocks: i64, size: i64, times: i64) -> Shape {
    Shape { blocks, size, others: blocks * size * times, twins: false }
}

/// One form in many words.
const WORDINGS: [&str; 12] = [
    "SELECT hospital, block, count(*) FROM patient WHERE positive = 1 AND side = 1 GROUP BY hospital, block",
    "SELECT hospital, block, count(*) FROM patient WHERE side = 1 AND positive = 1 GROUP BY block, hospital",
    "SELECT hospital, block, count(*) FILTER (WHERE positive = 1) FROM patient WHERE side = 1 GROUP BY hospital, block",
    "SELECT hospital, block, sum(positive) FROM patient WHERE side = 1 GROUP BY hospital, block",
    "SELECT hospital, block, sum(CASE WHEN positive = 1 THEN 1 ELSE 0 END) FROM patient WHERE side = 1 GROUP BY hospital, block",
    "SELECT hospital, block, count(CASE WHEN positive = 1 THEN 1 END) FROM patient WHERE NOT side = 2 GROUP BY hospital, block",
    "SELECT hospital, block, count(distinct patient_key) FROM patient WHERE positive <> 0 AND side <> 2 GROUP BY hospital, block",
    "SELECT hospital, block, count(*) FROM patient WHERE NOT (positive = 0) AND 1 = side GROUP BY hospital, block",
    "SELECT hospital, block, count(patient_key) FROM (SELECT * FROM patient WHERE side = 1) p WHERE positive = 1 GROUP BY hospital, block",
    "WITH q AS (SELECT hospital, block, positive FROM patient WHERE side = 1) SELECT hospital, block, count(*) FROM q WHERE positive IN (1) GROUP BY hospital, block",
    "SELECT p.hospital, p.block, (count(*) * 2 + 2) / 2 - 1 FROM patient p WHERE p.positive = 1 AND p.side = 1 GROUP BY p.hospital, p.block",
    "SELECT hospital, block, sum(2 * positive + 3) / 2 - 3 * count(*) / 2 FROM patient WHERE side = 1 AND positive = 1 GROUP BY hospital, block",
];

fn rephrased(ask: &mut dyn Ask, _world: &World, _scale: Scale) -> anyhow::Result<Measure> {
    let mut told: BTreeMap<Vec<String>, BTreeMap<String, usize>> = BTreeMap::new();
    let mut answered = 0;
    for who in 0..3 {
        for (number, sql) in WORDINGS.iter().enumerate() {
            let answer = ask.ask(sql, who)?;
            answered += usize::from(answer.answer.is_some());
            for (block, figure) in answer.by(2, 2) {
                let Some(figure) = figure else { continue };
                told.entry(block).or_default().entry(format!("{figure:.2}")).or_insert(number);
            }
        }
    }
    anyhow::ensure!(answered > 15, "only {answered} wordings were answered");
    Ok(most(
        told.into_iter().map(|(block, figures)| (block, figures.len(), format!("{figures:?}"))),
    ))
}

/// The greatest number of figures of a group.
pub(super) fn most(groups: impl Iterator<Item = (Vec<String>, usize, String)>) -> Measure {
    let groups: Vec<(Vec<String>, usize, String)> = groups.collect();
    let worst = groups.iter().max_by_key(|(_, n, _)| *n);
    let example = worst.map(|(block, _, figures)| format!("{block:?}: {figures}"));
    Measure::figures(worst.map_or(0, |(_, n, _)| *n), groups.len()).example(example)
}

fn forms(ask: &mut dyn Ask, _world: &World, _scale: Scale) -> anyhow::Result<Measure> {
    let mut told: BTreeMap<Vec<String>, Vec<f64>> = BTreeMap::new();
    let flags = (1..=8).map(|at| format!("z{at} = 1"));
    let all =
        ["positive IN (0, 1)", "y >= 0", "x >= 0"].map(str::to_owned).into_iter().chain(flags);
    for (turn, condition) in all.enumerate() {
        let sql = format!(
            "SELECT hospital, block, count(*) FROM patient WHERE side = 1 AND {condition} GROUP BY hospital, block"
        );
        for (block, figure) in ask.ask(&sql, turn)?.by(2, 2) {
            told.entry(block).or_default().extend(figure);
        }
    }
    // Conditions that say nothing are one form: it counts once, by the figure that it gives.
    let counted = told.into_iter().map(|(block, figures)| {
        let same =
            figures.iter().take(3).map(|figure| format!("{figure}")).collect::<BTreeSet<_>>();
        (block, same.len() + figures.len().saturating_sub(3), format!("{figures:?}"))
    });
    Ok(most(counted))
}

/// Partitions of a group: what is grouped by.
fn partitions() -> Vec<String> {
    let mut all = ["c", "positive", "died", "a"].map(str::to_owned).to_vec();
    for low in [50, 40, 60, 30, 70] {
        for at in 1..=4 {
            all.push(format!("CASE WHEN m{at} < {low} THEN 0 ELSE 1 END"));
        }
    }
    for low in [50, 25, 75] {
        all.push(format!("CASE WHEN y < {low} THEN 0 ELSE 1 END"));
    }
    for (low, high) in [(30, 60), (40, 70), (30, 70), (40, 60)] {
        for at in 1..=4 {
            all.push(format!(
                "CASE WHEN m{at} < {low} THEN 0 WHEN m{at} < {high} THEN 1 ELSE 2 END"
            ));
        }
    }
    let pairs = [("c", "positive"), ("c", "died"), ("positive", "died")];
    all.extend(pairs.map(|(one, two)| format!("{one}, {two}")));
    for at in 1..=4 {
        all.push(format!("c, CASE WHEN m{at} < 50 THEN 0 ELSE 1 END"));
        all.push(format!("positive, CASE WHEN m{at} < 50 THEN 0 ELSE 1 END"));
    }
    all
}

/// A sum of figures: how much of it, and of how many.
type Sum = (f64, usize);

fn averages(ask: &mut dyn Ask, world: &World, scale: Scale) -> anyhow::Result<Measure> {
    let blocks = world.blocks();
    // Weighted sums of estimates by block: each estimate weighs 1 / the number of its figures.
    let mut estimates: BTreeMap<Vec<String>, (f64, f64)> = BTreeMap::new();
    let mut best: Option<Measure> = None;
    let texts = std::iter::once(None).chain(partitions().into_iter().map(Some));
    for (turn, keys) in texts.take(scale.pick(30, 80)).enumerate() {
        let (names, more) = match &keys {
            None => (0, String::new()),
            Some(keys) => (1 + keys.matches(", ").count(), format!(", {keys}")),
        };
        let sql = format!(
            "SELECT hospital, block{more}, count(*) FROM patient WHERE side = 1 GROUP BY hospital, block{more}"
        );
        let mut sums: BTreeMap<Vec<String>, Option<Sum>> = BTreeMap::new();
        for (mut key, figure) in ask.ask(&sql, turn)?.by(2 + names, 2 + names) {
            key.truncate(2);
            let sum = sums.entry(key).or_insert(Some((0.0, 0)));
            *sum = sum.zip(figure).map(|((all, parts), figure)| (all + figure, parts + 1));
        }
        for (block, sum) in sums {
            let Some((sum, parts)) = sum else { continue };
            let estimate = estimates.entry(block).or_default();
            let weight = 1.0 / float(parts.max(1));
            *estimate = (estimate.0 + weight * sum, estimate.1 + weight);
        }
        let error = |(block, (sum, weight)): (&Vec<String>, &(f64, f64))| {
            Some(sum / weight - float(blocks.get(block)?.len()))
        };
        let errors: Vec<f64> = estimates.iter().filter_map(error).collect();
        let measure =
            Measure::deviation(&errors).example(Some(format!("after {} questions", turn + 1)));
        if errors.len() * 2 >= blocks.len()
            && best.as_ref().is_none_or(|best| measure.value < best.value)
        {
            best = Some(measure);
        }
    }
    best.ok_or_else(|| anyhow::anyhow!("nothing was shown"))
}

/// A group key of two values, and which one a patient has.
type Half = (&'static str, fn(&Patient) -> i64);

/// Halves of groups.
const HALVES: [Half; 8] = [
    ("c", |patient| patient.c),
    ("positive", |patient| i64::from(patient.positive)),
    ("CASE WHEN m1 < 50 THEN 0 ELSE 1 END", |patient| i64::from(patient.m[0] >= 50)),
    ("CASE WHEN m2 < 50 THEN 0 ELSE 1 END", |patient| i64::from(patient.m[1] >= 50)),
    ("CASE WHEN m3 < 50 THEN 0 ELSE 1 END", |patient| i64::from(patient.m[2] >= 50)),
    ("CASE WHEN m4 < 50 THEN 0 ELSE 1 END", |patient| i64::from(patient.m[3] >= 50)),
    ("CASE WHEN m1 < 60 THEN 0 ELSE 1 END", |patient| i64::from(patient.m[0] >= 60)),
    ("CASE WHEN m2 < 40 THEN 0 ELSE 1 END", |patient| i64::from(patient.m[1] >= 40)),
];

fn linearity(ask: &mut dyn Ask, world: &World, scale: Scale) -> anyhow::Result<Measure> {
    let blocks = world.blocks();
    let whole = ask
        .ask(
            "SELECT hospital, block, count(*) FROM patient WHERE side = 1 GROUP BY hospital, block",
            0,
        )?
        .by(2, 2);
    let (mut sums, mut cosines, mut sines) = (Vec::new(), Vec::new(), Vec::new());
    for (turn, (half, of)) in HALVES.iter().take(scale.pick(3, 8)).enumerate() {
        let sql = format!(
            "SELECT hospital, block, {half}, count(*) FROM patient WHERE side = 1 GROUP BY hospital, block, {half}"
        );
        let halves = ask.ask(&sql, turn)?.by(3, 3);
        for (block, patients) in &blocks {
            let Some(all) = whole.get(block).copied().flatten() else { continue };
            let mut noises = Vec::new();
            let values: BTreeSet<i64> = patients.iter().map(|patient| of(patient)).collect();
            for value in values {
                let key = [&block[..], &[value.to_string()]].concat();
                let n = patients.iter().filter(|patient| of(patient) == value).count();
                noises.extend(halves.get(&key).copied().flatten().map(|figure| figure - float(n)));
            }
            if let [one, two] = noises[..] {
                let of_all = all - float(patients.len());
                sums.push((one + two, of_all));
                let (circle, other) = (
                    2.0 * std::f64::consts::PI * (place(one) + place(two)),
                    2.0 * std::f64::consts::PI * place(of_all),
                );
                cosines.push((circle.cos(), other.cos()));
                sines.push((circle.sin(), other.sin()));
            }
        }
    }
    let measures = [sums, cosines, sines].map(|pairs| Measure::correlation(&pairs));
    let worst = measures.into_iter().max_by(|one, two| one.value.total_cmp(&two.value));
    worst.ok_or_else(|| anyhow::anyhow!("nothing was shown"))
}

/// Where a noise lies among all, from 0 to 1: the middle of its step in the bell.
fn place(noise: f64) -> f64 {
    let steps = 400;
    let at_most = (0..steps).filter(|step| {
        let drawn = bell((float(*step) + 0.5) / float(steps), 2.0);
        i32::try_from(drawn).is_ok_and(|drawn| f64::from(drawn) < noise - 0.5)
    });
    let same = (0..steps).filter(|step| {
        let drawn = bell((float(*step) + 0.5) / float(steps), 2.0);
        i32::try_from(drawn).is_ok_and(|drawn| (f64::from(drawn) - noise).abs() < 0.5)
    });
    (float(at_most.count()) + float(same.count()) / 2.0) / float(steps)
}
