//! A01 and A02: figures about few patients, and groups in which everybody is the same, by asking for every crossing.

use std::collections::BTreeMap;

use super::ask::Ask;
use super::figures::{Limit, Measure};
use super::weak::Mechanism;
use super::world::{Patient, Shape, World};
use super::{Attack, Scale, Weakness};
use policies::Profile;

/// The threshold of a cell.
const LEAST: usize = 10;
/// The threshold of a part.
const LEAST_PART: usize = 5;
/// What is crossed.
const COLUMNS: [&str; 6] = ["mark", "a", "b", "c", "year", "positive"];

const SHAPE: Shape = Shape { blocks: 8, size: 40, others: 0, twins: false };

/// The attacks of this family.
pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "A01",
        name: "small cells over all crossings of up to four columns",
        how: "every GROUP BY of up to four of six columns, over patients and over visits, of which some have forty; counted are shown figures of fewer patients than the threshold, or parts of fewer",
        profile: Profile::Members,
        limit: Limit::AtMost(0.0),
        weak: &[Weakness::Of(Mechanism::Rows)],
        shape: |_| SHAPE,
        more: super::nothing_more,
        run: |ask, world, scale| crossings(ask, world, (scale, true)),
    },
    Attack {
        id: "A01",
        name: "the same with noise",
        how: "as above",
        profile: Profile::Explore,
        limit: Limit::AtMost(0.0),
        weak: &[Weakness::Of(Mechanism::Rows)],
        shape: |_| SHAPE,
        more: super::nothing_more,
        run: |ask, world, scale| crossings(ask, world, (scale, false)),
    },
    Attack {
        id: "A02",
        name: "everyone or no one",
        how: "a sensitive flag by block, of which two in five are all alike; counted are blocks in which the figures say so",
        profile: Profile::Members,
        limit: Limit::AtMost(0.0),
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |scale| Shape { blocks: scale.pick(10, 70), size: 24, others: 0, twins: false },
        more: super::nothing_more,
        run: everyone,
    },
];

/// Every choice of 1 to `most` columns.
fn choices(most: usize) -> Vec<Vec<&'static str>> {
    let all = 1_usize..1 << COLUMNS.len();
    let chosen = |bits: usize| -> Vec<&'static str> {
        COLUMNS
            .iter()
            .enumerate()
            .filter(|(at, _)| bits >> at & 1 == 1)
            .map(|(_, name)| *name)
            .collect()
    };
    all.map(chosen).filter(|names| names.len() <= most).collect()
}

/// How many there are, and how many of them are positive.
type Group = (usize, usize);

/// The truth about each group of a hospital's patients.
fn groups(
    world: &World,
    columns: &[&str],
    chosen: impl Fn(&Patient) -> bool,
) -> BTreeMap<Vec<String>, Group> {
    let mut groups: BTreeMap<Vec<String>, Group> = BTreeMap::new();
    for (code, patients) in &world.hospitals {
        for patient in patients.iter().filter(|patient| chosen(patient)) {
            let values = columns.iter().map(|name| patient.get(name).unwrap_or(-1).to_string());
            let key = std::iter::once(code.clone()).chain(values).collect();
            let group = groups.entry(key).or_default();
            group.0 += 1;
            group.1 += usize::from(patient.positive);
        }
    }
    groups
}

/// Whether a part, or what it leaves, is small.
fn is_small_part(part: usize, all: usize) -> bool {
    let rest = all.saturating_sub(part);
    (part > 0 && part < LEAST_PART) || (rest > 0 && rest < LEAST_PART)
}

fn crossings(
    ask: &mut dyn Ask,
    world: &World,
    (scale, exact): (Scale, bool),
) -> anyhow::Result<Measure> {
    let (mut found, mut of, mut example) = (0, 0, None);
    for columns in choices(scale.pick(1, 4)) {
        let names = columns.join(", ");
        let sql = format!(
            "SELECT hospital, {names}, count(*) AS n, count(*) FILTER (WHERE positive = 1) AS p \
             FROM patient GROUP BY hospital, {names}"
        );
        let truth = groups(world, &columns, |_| true);
        let keys = columns.len() + 1;
        let told = ask.ask(&sql, of)?;
        let (all, parts) = (told.by(keys, keys), told.by(keys, keys + 1));
        for (key, figure) in &all {
            let (n, positive) = truth.get(key).copied().unwrap_or_default();
            // In a group by the same column, what the text rules out is 0 for everybody to see.
            let ruled_out = columns.contains(&"positive");
            let part = !ruled_out && parts.get(key).copied().flatten().is_some();
            let small = match exact {
                true => is_small_part(positive, n),
                false => positive < LEAST,
            };
            of += 1;
            if (figure.is_some() && n < LEAST) || (part && (small || n < LEAST)) {
                found += 1;
                example.get_or_insert_with(|| format!("{key:?} ({n}, {positive}): {sql}"));
            }
        }
        let (more, all) = visits(ask, world, &columns)?;
        of += all;
        if let Some(first) = more.first() {
            example.get_or_insert_with(|| first.clone());
        }
        found += more.len();
    }
    Ok(Measure::found(found, of).example(example))
}

/// The same over visits: patients with many.
fn visits(
    ask: &mut dyn Ask,
    world: &World,
    columns: &[&str],
) -> anyhow::Result<(Vec<String>, usize)> {
    let names: Vec<String> = columns.iter().map(|name| format!("p.{name}")).collect();
    let names = names.join(", ");
    let sql = format!(
        "SELECT p.hospital, {names}, count(*) AS n FROM visit v JOIN patient p \
         ON p.patient_key = v.patient_key WHERE v.kind = 4 GROUP BY p.hospital, {names}"
    );
    let truth = groups(world, columns, |patient| patient.visits.iter().any(|(kind, _)| *kind == 4));
    let keys = columns.len() + 1;
    let told = ask.ask(&sql, 1)?.by(keys, keys);
    let of = told.len();
    let small = told.into_iter().filter(|(key, figure)| {
        figure.is_some() && truth.get(key).copied().unwrap_or_default().0 < LEAST
    });
    Ok((small.map(|(key, _)| format!("{key:?}: {sql}")).collect(), of))
}

fn everyone(ask: &mut dyn Ask, world: &World, _scale: Scale) -> anyhow::Result<Measure> {
    let texts = [
        "SELECT hospital, block, count(*) AS n, count(*) FILTER (WHERE died = 1) AS p FROM patient GROUP BY hospital, block",
        "SELECT hospital, block, count(*) AS n, count(*) - count(*) FILTER (WHERE died = 0) AS p FROM patient GROUP BY hospital, block",
        "SELECT hospital, block, count(*) AS n, sum(died) AS p FROM patient GROUP BY hospital, block",
        "SELECT hospital, block, count(*) AS n, avg(died) * count(*) AS p FROM patient GROUP BY hospital, block",
    ];
    let blocks = world.blocks();
    let mut told: BTreeMap<&Vec<String>, &str> = BTreeMap::new();
    for (turn, sql) in texts.into_iter().enumerate() {
        let answer = ask.ask(sql, turn)?;
        let (all, parts) = (answer.by(2, 2), answer.by(2, 3));
        for (block, patients) in &blocks {
            let died = patients.iter().filter(|patient| patient.died).count();
            let alike = died == 0 || died == patients.len();
            let figure = |of: &BTreeMap<Vec<String>, Option<f64>>| of.get(block).copied().flatten();
            if let (true, Some(n), Some(part)) = (alike, figure(&all), figure(&parts))
                && (part.abs() < 0.5 || (n - part).abs() < 0.5)
            {
                told.entry(block).or_insert(sql);
            }
        }
    }
    let example = told.iter().next().map(|(block, sql)| format!("{block:?}: {sql}"));
    Ok(Measure::found(told.len(), blocks.len()).example(example))
}
