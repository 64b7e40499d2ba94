//! A14 and A22: the value of one patient from sums that it dominates, and by moving a condition along a column.

use std::collections::BTreeMap;

use super::ask::Ask;
use super::figures::{Limit, Measure, float};
use super::weak::Mechanism;
use super::world::{Patient, Shape, World};
use super::{Attack, Scale, Weakness};
use policies::Profile;

/// The attacks of this family.
pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "A14",
        name: "dominance: the largest contribution",
        how: "in every group one patient weighs heavily; the second largest takes its own part off sums, means and counts, reads roots of squares and spreads, and slides a condition around the patient; the worst of ten estimates, within 10 %",
        profile: Profile::Members,
        limit: Limit::AtMost(0.1),
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |scale| Shape { blocks: scale.pick(8, 60), size: 24, others: 0, twins: false },
        more: super::nothing_more,
        run: dominance,
    },
    Attack {
        id: "A22",
        name: "quantile search",
        how: "in every group a condition on a value is moved step by step, as FILTER, in WHERE and with quantiles; counted are groups in which the count is seen to change by fewer than a part may be: a value of a patient",
        profile: Profile::Members,
        limit: Limit::AtMost(0.0),
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |scale| Shape { blocks: scale.pick(4, 60), size: 40, others: 0, twins: false },
        more: super::nothing_more,
        run: search,
    },
];

/// The second largest amount of a block.
const OWN: f64 = 200.0;

/// An estimate of the largest amount: the figures, and what the second largest makes of them and the number of patients.
struct Estimate {
    figures: &'static [&'static str],
    of: fn(&[f64], f64) -> f64,
}

fn at(figures: &[f64], place: usize) -> f64 {
    figures.get(place).copied().unwrap_or(f64::NAN)
}

const ESTIMATES: &[Estimate] = &[
    Estimate { figures: &["sum(x)"], of: |f, _| at(f, 0) - OWN },
    Estimate { figures: &["sum(x)"], of: |f, _| at(f, 0) },
    Estimate { figures: &["avg(x)"], of: |f, n| at(f, 0) * n - OWN },
    Estimate { figures: &["stddev(x)"], of: |f, n| at(f, 0) * n.sqrt() },
    Estimate { figures: &["sum(x * x)"], of: |f, _| (at(f, 0) - OWN * OWN).max(0.0).sqrt() },
    Estimate {
        figures: &["sum(x * x * x)"],
        of: |f, _| (at(f, 0) - OWN * OWN * OWN).max(0.0).cbrt(),
    },
    Estimate {
        figures: &["stddev(x)", "avg(x)"],
        of: |f, n| {
            (at(f, 0) * at(f, 0) * (n - 1.0) + n * at(f, 1) * at(f, 1) - OWN * OWN).max(0.0).sqrt()
        },
    },
    Estimate {
        figures: &["sum(x)", "sum(x) FILTER (WHERE x < 250)"],
        of: |f, _| at(f, 0) - at(f, 1),
    },
    Estimate {
        figures: &["sum(x + 1000)", "count(*)"],
        of: |f, _| at(f, 0) - 1000.0 * at(f, 1) - OWN,
    },
    Estimate {
        figures: &["regr_slope(y, x)", "covar_pop(y, x)"],
        of: |f, n| (at(f, 1) / at(f, 0) * n).abs().sqrt(),
    },
];

fn dominance(ask: &mut dyn Ask, world: &World, _scale: Scale) -> anyhow::Result<Measure> {
    let blocks = world.blocks();
    let mut worst = Measure::share(0, blocks.len());
    for (turn, estimate) in ESTIMATES.iter().enumerate() {
        let figures = estimate.figures.join(", ");
        let sql =
            format!("SELECT hospital, block, {figures} FROM patient GROUP BY hospital, block");
        let told = ask.ask(&sql, turn)?;
        let columns: Vec<BTreeMap<Vec<String>, Option<f64>>> =
            (0..estimate.figures.len()).map(|column| told.by(2, column + 2)).collect();
        let close = |(block, patients): &(&Vec<String>, &Vec<&Patient>)| {
            let figures: Option<Vec<f64>> =
                columns.iter().map(|column| column.get(*block).copied().flatten()).collect();
            let largest = patients.iter().map(|patient| patient.x).max().unwrap_or_default();
            let largest = float(usize::try_from(largest).unwrap_or_default());
            figures.is_some_and(|figures| {
                let found = (estimate.of)(&figures, float(patients.len()));
                (found - largest).abs() <= 0.1 * largest
            })
        };
        let hits = blocks.iter().filter(close).count();
        let measure = Measure::share(hits, blocks.len()).example(Some(sql));
        if measure.value > worst.value {
            worst = measure;
        }
    }
    Ok(worst)
}

fn search(ask: &mut dyn Ask, world: &World, scale: Scale) -> anyhow::Result<Measure> {
    let blocks = world.blocks();
    let mut told: BTreeMap<&Vec<String>, String> = BTreeMap::new();
    let steps: Vec<i64> = (1..100).step_by(scale.pick(11, 1)).collect();
    for inside in [true, false] {
        let mut before: BTreeMap<Vec<String>, (i64, f64)> = BTreeMap::new();
        for (turn, step) in steps.iter().enumerate() {
            let (filter, condition) = match inside {
                true => (format!(" FILTER (WHERE y < {step})"), String::new()),
                false => (String::new(), format!(" WHERE y < {step}")),
            };
            let sql = format!(
                "SELECT hospital, block, count(*){filter} AS n FROM patient{condition} GROUP BY hospital, block"
            );
            for (block, figure) in ask.ask(&sql, turn)?.by(2, 2) {
                let Some(n) = figure else { continue };
                let last = before.insert(block.clone(), (*step, n));
                let few = last.filter(|(_, m)| n > *m && n - m < 5.0);
                if let (Some((from, m)), Some((known, _))) = (few, blocks.get_key_value(&block)) {
                    told.entry(known).or_insert_with(|| {
                        format!("{block:?}: {m} under {from}, {n} under {step}")
                    });
                }
            }
        }
    }
    for share in ["0.25", "0.5", "0.75"] {
        let sql = format!(
            "SELECT hospital, block, quantile(y, {share}) FROM patient GROUP BY hospital, block"
        );
        for (block, figure) in ask.ask(&sql, 0)?.by(2, 2) {
            let Some((known, patients)) = blocks.get_key_value(&block) else { continue };
            // A value between edges is no patient's; that of a patient would be whole.
            let exact =
                figure.filter(|figure| figure.fract().abs() < 1e-9 && *figure % 25.0 != 0.0);
            let is_value = |patient: &&Patient| {
                usize::try_from(patient.y)
                    .is_ok_and(|y| exact.is_some_and(|exact| (float(y) - exact).abs() < 1e-9))
            };
            if patients.iter().any(is_value) && is_order_statistic(patients, exact, share) {
                told.entry(known).or_insert_with(|| format!("{block:?}: {sql}"));
            }
        }
    }
    let example = told.values().next().cloned();
    Ok(Measure::found(told.len(), blocks.len()).example(example))
}

/// Whether a figure is the very value at this share of the sorted values.
fn is_order_statistic(patients: &[&Patient], figure: Option<f64>, share: &str) -> bool {
    let mut values: Vec<i64> = patients.iter().map(|patient| patient.y).collect();
    values.sort_unstable();
    let place = match share {
        "0.25" => values.len() / 4,
        "0.5" => values.len() / 2,
        _ => values.len() * 3 / 4,
    };
    let near = place.saturating_sub(1)..=place;
    let near = values.iter().enumerate().filter(|(at, _)| near.contains(at));
    let mut near = near.filter_map(|(_, y)| usize::try_from(*y).ok()).map(float);
    near.any(|y| figure.is_some_and(|figure| (figure - y).abs() < 1e-9))
}
