//! A29 by bands: what approved questions whose heads say `parts: band` tell of one patient's part, where two of them differ by a patient.
//!
//! A band is of a hospital as one group, so each block has two questions of its own: the part, and the part without the target.

use std::collections::BTreeMap;

use super::ask::Ask;
use super::figures::{Limit, Measure, Sample, float, guessed};
use super::weak::Mechanism;
use super::world::{Asked, Patient, Shape, World};
use super::{Attack, Weakness};
use policies::Profile;

/// The least part.
const LEAST_PART: usize = 5;

/// The attacks of this family.
pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "A29",
        name: "bands that differ by a patient",
        how: "two approved questions with bands, of which one leaves the target out of its part, at the rate that divides groups of this size most evenly; the guess from whether the bands differ",
        profile: Profile::Indicator,
        limit: Limit::Published,
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |scale| Shape { blocks: scale.pick(5, 50), size: 40, others: 0, twins: false },
        more: |world| planted(world, &LARGE),
        run: |ask, world, _scale| changes(ask, world),
    },
    Attack {
        id: "A29",
        name: "bands of small parts",
        how: "the same where the part is of a few patients, at a rate one of whose limits lies there; counted are groups whose part is smaller than a part may be and whose bands differ",
        profile: Profile::Indicator,
        limit: Limit::AtMost(0.0),
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |scale| Shape { blocks: scale.pick(5, 50), size: 40, others: 0, twins: false },
        more: |world| planted(world, &SMALL),
        run: |ask, world, _scale| small(ask, world),
    },
];

/// A part: what ids begin with, its condition, who is in it, and the rate in the middle of the funnel.
struct Part {
    id: &'static str,
    condition: &'static str,
    takes: fn(&Patient) -> bool,
    rate: &'static str,
}

/// About 24 of 40 are positive; above a rate of 45 % the limit of 95 % is 25.
const LARGE: Part =
    Part { id: "a29_large", condition: "positive = 1", takes: |one| one.positive, rate: "45 %" };

/// About 3 of 40; below a rate of 20 % the limit of 95 % is 3.
const SMALL: Part = Part {
    id: "a29_small",
    condition: "positive = 1 AND mark IN (3, 9)",
    takes: |one| one.positive && [3, 9].contains(&one.mark),
    rate: "20 %",
};

/// The ids of a block's two questions.
fn ids(part: &Part, block: i64) -> [String; 2] {
    ["", "_less"].map(|end| format!("{}_{block}{end}", part.id))
}

fn planted(world: World, part: &Part) -> World {
    let question = |block: i64| {
        let texts = ids(part, block).into_iter().zip(["", " AND m1 < 90"]);
        texts.map(move |(id, less)| Asked {
            id,
            head: format!("-- parts: band\n-- band: {}\n-- window: 2018-2024\n", part.rate),
            sql: format!(
                "SELECT hospital, count(*) AS n, count(*) FILTER (WHERE {}{less}) AS p\nFROM patient\nWHERE block = {block}\n  AND year BETWEEN 2018 AND 2024 -- window 2018-2024\nGROUP BY hospital",
                part.condition
            ),
        })
    };
    let asked = (1..=world.shape.blocks).flat_map(question).collect();
    World { asked, ..world }
}

/// By how much the two figures of each block differ; none where one is not told.
fn apart(
    ask: &mut dyn Ask,
    world: &World,
    part: &Part,
) -> anyhow::Result<BTreeMap<Vec<String>, f64>> {
    let mut all = BTreeMap::new();
    for block in 1..=world.shape.blocks {
        let mut told = Vec::new();
        for (turn, id) in ids(part, block).into_iter().enumerate() {
            let answer = ask.indicator(&id, turn)?;
            anyhow::ensure!(answer.answer.is_some(), "{id} is refused: {:?}", answer.refused);
            told.push(answer.by(1, 2));
        }
        let [with, without] = told.as_slice() else { anyhow::bail!("two figures") };
        for (hospital, figure) in with {
            let other = without.get(hospital).copied().flatten();
            if let Some((one, two)) = figure.zip(other) {
                let name = [hospital.as_slice(), &[block.to_string()]].concat();
                all.insert(name, (one - two).abs());
            }
        }
    }
    anyhow::ensure!(!all.is_empty(), "no band is told");
    Ok(all)
}

fn changes(ask: &mut dyn Ask, world: &World) -> anyhow::Result<Measure> {
    let apart = apart(ask, world, &LARGE)?;
    let targets = world.targets();
    let sample = |(block, target): (&Vec<String>, &&Patient)| Sample {
        seen: vec![apart.get(block).copied().unwrap_or(f64::NAN)],
        member: target.positive,
    };
    let samples: Vec<Sample> = targets.iter().map(sample).collect();
    let told = apart.values().filter(|difference| **difference > 0.5).count();
    let example = format!("{} of {} groups differ", float(told), apart.len());
    Ok(guessed(&samples).example(Some(example)))
}

fn small(ask: &mut dyn Ask, world: &World) -> anyhow::Result<Measure> {
    let apart = apart(ask, world, &SMALL)?;
    let blocks = world.blocks();
    let of = blocks.iter().filter(|(_, patients)| {
        patients.iter().filter(|one| (SMALL.takes)(one)).count() < LEAST_PART
    });
    let of: Vec<&Vec<String>> = of.map(|(block, _)| block).collect();
    let told = of.iter().filter(|block| apart.get(**block).is_some_and(|apart| *apart > 0.5));
    let told: Vec<&&Vec<String>> = told.collect();
    let example = told.first().map(|block| format!("{block:?}"));
    Ok(Measure::found(told.len(), of.len()).example(example))
}
