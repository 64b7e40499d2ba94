//! A13, A26 and A27: texts that are made so that what is allowed adds up to what is not.

use std::collections::BTreeMap;

use super::ask::Ask;
use super::figures::{Limit, Measure, Sample, float, guessed};
use super::weak::Mechanism;
use super::world::{Patient, Shape, World};
use super::{Attack, Scale, Weakness};
use policies::Profile;

mod powers;
mod texts;

/// The attacks of this family.
pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "A13",
        name: "constructed vectors, covariance, one-hot, power sums",
        how: "in groups of ten the target is picked out by arithmetic, CASE, weights, covariance with a vector of one 1, and all values are solved for from ten power sums; counted are values found exactly",
        profile: Profile::Members,
        limit: Limit::AtMost(0.0),
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |scale| Shape { blocks: scale.pick(2, 60), size: 10, others: 0, twins: false },
        more: super::nothing_more,
        run: |ask, world, _scale| exact(ask, world, (texts::VECTORS, texts::PATIENTS)),
    },
    Attack {
        id: "A26",
        name: "oracles made of CASE",
        how: "figures that are shown or null, or one or another, by a bit of one patient: small parts, everybody alike, dominance; counted are texts that tell the bit in nine of ten cases",
        profile: Profile::Members,
        limit: Limit::AtMost(0.0),
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |scale| Shape { blocks: scale.pick(10, 60), size: 24, others: 0, twins: false },
        more: super::nothing_more,
        run: oracles,
    },
    Attack {
        id: "A27",
        name: "the same patients with other rows, or a zero",
        how: "one visit of one patient is left out or made zero while every patient stays in the figure; counted are doses found exactly",
        profile: Profile::Members,
        limit: Limit::AtMost(0.0),
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |scale| Shape { blocks: scale.pick(4, 60), size: 24, others: 0, twins: false },
        more: super::nothing_more,
        run: |ask, world, _scale| exact(ask, world, (texts::ROWS, texts::VISITS)),
    },
];

/// A way to a secret number of each block.
pub(super) struct Way {
    /// What is tried.
    pub(super) name: &'static str,
    /// The figures that are asked for.
    pub(super) figures: &'static [&'static str],
    /// The secret, from the figures.
    pub(super) solve: fn(&[f64]) -> f64,
    /// The truth.
    pub(super) secret: fn(&[&Patient]) -> Option<f64>,
}

/// Tables that are asked, and what the blocks are called.
type From = &'static str;

fn question(figures: &[&str], from: From) -> String {
    let figures: Vec<String> =
        figures.iter().enumerate().map(|(at, figure)| format!("{figure} AS f{at}")).collect();
    format!(
        "SELECT p.hospital, p.block, {} FROM {from} GROUP BY p.hospital, p.block",
        figures.join(", ")
    )
}

/// Every figure of every block, asked in one question and one by one; none where one is not shown.
fn figures(
    ask: &mut dyn Ask,
    way: &Way,
    (from, at_once): (From, bool),
) -> anyhow::Result<BTreeMap<Vec<String>, Vec<f64>>> {
    let mut all: BTreeMap<Vec<String>, Vec<Option<f64>>> = BTreeMap::new();
    let mut take = |told: &super::ask::Told, column: usize| {
        for (block, figure) in told.by(2, column) {
            all.entry(block).or_default().push(figure);
        }
    };
    if at_once {
        let told = ask.ask(&question(way.figures, from), 0)?;
        (0..way.figures.len()).for_each(|at| take(&told, at + 2));
    } else {
        for (at, figure) in way.figures.iter().enumerate() {
            take(&ask.ask(&question(&[figure], from), at)?, 2);
        }
    }
    let complete = all.into_iter().filter_map(|(block, figures)| {
        let figures: Option<Vec<f64>> = figures.into_iter().collect();
        Some((block, figures.filter(|figures| figures.len() == way.figures.len())?))
    });
    Ok(complete.collect())
}

/// Secrets that are found exactly.
fn exact(
    ask: &mut dyn Ask,
    world: &World,
    (ways, from): (&[Way], From),
) -> anyhow::Result<Measure> {
    let blocks = world.blocks();
    let (mut found, mut of, mut examples) = (0, 0, BTreeMap::new());
    for way in ways {
        for at_once in [true, false] {
            if !at_once && way.figures.len() < 2 {
                continue;
            }
            let told = figures(ask, way, (from, at_once))?;
            for (block, patients) in &blocks {
                let Some(secret) = (way.secret)(patients) else { continue };
                of += 1;
                let solved = told.get(block).map(|figures| (way.solve)(figures));
                if solved
                    .is_some_and(|solved| (solved - secret).abs() < 1e-6 * secret.abs().max(1.0))
                {
                    found += 1;
                    *examples.entry(way.name).or_insert(0) += 1;
                }
            }
        }
    }
    if from == texts::PATIENTS {
        let (more, all) = powers::solved(ask, &blocks)?;
        of += all;
        found += more;
        if more > 0 {
            examples.insert("power sums", more);
        }
    }
    let example = (!examples.is_empty()).then(|| format!("{examples:?}"));
    Ok(Measure::found(found, of).example(example))
}

/// Texts that tell the target's bit.
fn oracles(ask: &mut dyn Ask, world: &World, _scale: Scale) -> anyhow::Result<Measure> {
    let targets = world.targets();
    let (mut telling, mut worst) = (Vec::new(), 0.0_f64);
    for (turn, figure) in texts::ORACLES.iter().enumerate() {
        let told = ask.ask(&question(&[figure], texts::PATIENTS), turn)?;
        let shown = told.by(2, 2);
        let sample = |(block, target): (&Vec<String>, &&Patient)| {
            let figure = shown.get(block).copied().flatten();
            let is_shown = float(usize::from(figure.is_some()));
            Sample { seen: vec![is_shown, figure.unwrap_or(f64::NAN)], member: target.positive }
        };
        let samples: Vec<Sample> = targets.iter().map(sample).collect();
        let share = guessed(&samples).value;
        worst = worst.max(share);
        if share >= 0.9 {
            telling.push(format!("{figure} ({share:.2})"));
        }
    }
    let example = (!telling.is_empty()).then(|| telling.join("; "));
    Ok(Measure::found(telling.len(), texts::ORACLES.len()).example(example))
}
