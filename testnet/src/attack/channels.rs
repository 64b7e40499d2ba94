//! A15 to A17 and A25: what says something beside the figures: errors, sizes, times, refusals, receipts.
//!
//! The first two hospitals have the same patients, but for the target of block 1, whom the second one does not have.

use std::time::Instant;

use super::ask::{Ask, Said, Told};
use super::figures::{Limit, Measure};
use super::world::{Shape, World};
use super::{Attack, Scale, Weakness};
use policies::Profile;

mod neighbours;
mod texts;

const TWINS: Shape = Shape { blocks: 6, size: 40, others: 0, twins: true };

/// The attacks of this family.
pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "A15",
        name: "errors",
        how: "arithmetic that cannot be done with the values of one patient alone (division by zero, overflow, casts, roots), at a hospital that has the patient and at its twin that has not; counted are texts that are answered differently but for figures",
        profile: Profile::Members,
        limit: Limit::AtMost(0.0),
        weak: &[Weakness::Bare],
        shape: |_| TWINS,
        more: super::nothing_more,
        run: |ask, world, _scale| differences(ask, world, (texts::ERRORS, alike)),
    },
    Attack {
        id: "A16",
        name: "time",
        how: "the same text about a patient who is there and about one who is not, in random order; Welch's t of the times, of the worst text",
        profile: Profile::Members,
        limit: Limit::AtMost(4.5),
        weak: &[Weakness::Bare],
        shape: |scale| Shape { blocks: 8, size: scale.pick(40, 500), others: 0, twins: false },
        more: super::nothing_more,
        run: time,
    },
    Attack {
        id: "A17",
        name: "refusals, receipts, sizes, repeats",
        how: "texts that are answered, refused and repeated, at both twins; counted are those with another code, receipt, size or number of nulls",
        profile: Profile::Members,
        limit: Limit::AtMost(0.0),
        weak: &[Weakness::Bare],
        shape: |_| TWINS,
        more: super::nothing_more,
        run: |ask, world, _scale| differences(ask, world, (texts::STATE, same)),
    },
    Attack {
        id: "A25",
        name: "neighbours",
        how: "generated questions whose cells with the target have at least 25 patients, at both twins; counted are those with other rows, nulls, receipts, codes or sizes",
        profile: Profile::Explore,
        limit: Limit::AtMost(0.0),
        weak: &[Weakness::Bare],
        shape: |_| Shape { size: 80, ..TWINS },
        more: super::nothing_more,
        run: neighbours::ask_all,
    },
];

/// How the twins are compared.
type Same = fn(&Told, &World) -> bool;

/// Whether the twins answer in the same way, whatever is null: a part of one patient is, and that is a figure.
fn alike(told: &Told, world: &World) -> bool {
    let mut codes = world.hospitals.iter().map(|(code, _)| code);
    let mut said = || {
        let code = codes.next()?;
        let Said { code: refused, counts: [cells, ..], bytes: _, receipt } =
            told.hospitals.get(code)?;
        Some((refused, cells, receipt, rows(told, code).len()))
    };
    // Nothing is said of a hospital where the text was refused before any was asked.
    let (one, two) = (said(), said());
    one == two
}

/// Whether all that is said of the twins is the same, but for figures.
fn same(told: &Told, world: &World) -> bool {
    let mut codes = world.hospitals.iter().map(|(code, _)| code);
    let (Some(one), Some(two)) = (codes.next(), codes.next()) else { return false };
    told.hospitals.get(one) == told.hospitals.get(two) && rows(told, one) == rows(told, two)
}

/// Which rows and figures of a hospital are shown.
fn rows(told: &Told, code: &str) -> Vec<Vec<bool>> {
    let all = told.answer.iter().flat_map(|answer| &answer.rows);
    let own = all.filter(|row| row.first().and_then(|value| value.as_str()) == Some(code));
    own.map(|row| row.iter().map(serde_json::Value::is_null).collect()).collect()
}

fn differences(
    ask: &mut dyn Ask,
    world: &World,
    (texts, same): (&[&str], Same),
) -> anyhow::Result<Measure> {
    let mut different = Vec::new();
    for (turn, sql) in texts.iter().enumerate() {
        let told = ask.ask(sql, turn)?;
        if !same(&told, world) {
            let of = |said: &Said| format!("{:?} {:?} {:?}", said.code, said.counts, said.bytes);
            let said: Vec<String> = told.hospitals.values().map(of).collect();
            different.push(format!("{sql}: {}", said.join(" | ")));
        }
    }
    let example = different.first().cloned();
    Ok(Measure::found(different.len(), texts.len()).example(example))
}

fn time(ask: &mut dyn Ask, world: &World, scale: Scale) -> anyhow::Result<Measure> {
    let targets = world.targets();
    let block = |wanted: bool| {
        let found = targets.iter().find(|(_, target)| target.positive == wanted);
        found.map(|(_, target)| target.block).unwrap_or_default()
    };
    let (there, absent) = (block(true), block(false));
    let code = targets.keys().next().and_then(|name| name.first()).cloned().unwrap_or_default();
    let mut dice = crate::differential::dice::Dice::new(&[0x71_3e]);
    let mut worst = Measure::t(&[], &[]);
    for text in texts::SLOW {
        let of = |block: i64| text.replace("BLOCK", &block.to_string()).replace("CODE", &code);
        if ask.ask(&of(there), 0)?.answer.is_none() {
            continue;
        }
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..scale.pick(20, 10_000 / texts::SLOW.len()) {
            let side = dice.roll(2);
            let sql = of(if side == 0 { there } else { absent });
            let since = Instant::now();
            ask.ask(&sql, 0)?;
            let took = since.elapsed().as_secs_f64();
            if let Some(times) = times.get_mut(side) {
                times.push(took);
            }
        }
        let measure = Measure::t(&cropped(&times[0]), &cropped(&times[1])).example(Some(of(there)));
        if measure.value > worst.value {
            worst = measure;
        }
    }
    Ok(worst)
}

/// Without the slowest tenth, which other work on the machine makes (as dudect does).
fn cropped(times: &[f64]) -> Vec<f64> {
    let mut times = times.to_vec();
    times.sort_unstable_by(f64::total_cmp);
    times.truncate(times.len() * 9 / 10);
    times
}
