//! A14 and A22: the value of one patient from sums that it dominates, by moving a condition along a column, and from quantiles.

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
        how: "in every group a condition on a value is moved step by step, as FILTER and in WHERE; counted are groups in which the count is seen to change by fewer than a part may be: a value of a patient",
        profile: Profile::Members,
        limit: Limit::AtMost(0.0),
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |scale| Shape { blocks: scale.pick(4, 60), size: 40, others: 0, twins: false },
        more: super::nothing_more,
        run: search,
    },
    Attack {
        id: "A22",
        name: "quantiles with noise: hits above chance",
        how: "quartiles and medians of five columns in every group; how many more are told within half a unit of the true one than one and two units beside it lead to expect (a parabola through these numbers), in standard deviations of chance: 3.1 is exceeded by chance once in a thousand runs",
        profile: Profile::Members,
        limit: Limit::AtMost(3.1),
        weak: &[Weakness::Bare],
        shape: |scale| Shape { blocks: scale.pick(6, 60), size: 80, others: 0, twins: false },
        more: super::nothing_more,
        run: hits,
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
    let example = told.values().next().cloned();
    Ok(Measure::found(told.len(), blocks.len()).example(example))
}

/// The value at a share of the sorted values, as `percentile_cont` has it: at place `share * (n - 1)`.
fn value_at(values: &[i64], share: f64) -> Option<f64> {
    let place = share * float(values.len().checked_sub(1)?);
    let (below, above) = (place.floor(), place.ceil());
    let at = |wanted: f64| {
        let found = values.iter().enumerate().find(|(at, _)| (float(*at) - wanted).abs() < 0.5);
        found.and_then(|(_, value)| usize::try_from(*value).ok()).map(float)
    };
    Some((at(above)? - at(below)?).mul_add(place - below, at(below)?))
}

/// Who is asked for quantiles, in which columns.
const COLUMNS: [Measured; 5] = [
    ("y", |patient| patient.y),
    ("m1", |patient| patient.m[0]),
    ("m2", |patient| patient.m[1]),
    ("m3", |patient| patient.m[2]),
    ("m4", |patient| patient.m[3]),
];

/// A column and what a patient has there.
type Measured = (&'static str, fn(&Patient) -> i64);

fn hits(ask: &mut dyn Ask, world: &World, _scale: Scale) -> anyhow::Result<Measure> {
    let blocks = world.blocks();
    // How many are told so many units from the value: it, and two on either side, each half a unit around.
    let (mut off_by, mut of_all, mut example) = ([0; 5], 0, None);
    for (turn, (column, of)) in COLUMNS.into_iter().enumerate() {
        for (word, share) in [("0.25", 0.25), ("0.5", 0.5), ("0.75", 0.75)] {
            let sql = format!(
                "SELECT hospital, block, percentile_cont({word}) WITHIN GROUP (ORDER BY {column}) FROM patient WHERE side = 1 GROUP BY hospital, block"
            );
            for (block, told) in ask.ask(&sql, turn)?.by(2, 2) {
                let Some((told, patients)) = told.zip(blocks.get(&block)) else { continue };
                let mut values: Vec<i64> = patients.iter().map(|patient| of(patient)).collect();
                values.sort_unstable();
                let Some(value) = value_at(&values, share) else { continue };
                of_all += 1;
                let steps = (-2..=2).map(f64::from).zip(&mut off_by);
                for (off, number) in steps {
                    let lies = (off - 0.5..off + 0.5).contains(&(told - value));
                    *number += usize::from(lies);
                }
                if (told - value).abs() < 0.5 {
                    example.get_or_insert_with(|| format!("{block:?}: {told} of {value}: {sql}"));
                }
            }
        }
    }
    anyhow::ensure!(off_by.iter().sum::<usize>() > 0, "no quantile was told near its value");
    Ok(Measure::above_beside(off_by, of_all).example(example))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_lies_between_the_values_beside_it() {
        let at = |values: &[i64], share| value_at(values, share);
        assert_eq!(at(&[1, 2, 4, 9], 0.5), Some(3.0));
        assert_eq!(at(&[1, 2, 4], 0.5), Some(2.0));
        assert_eq!(at(&[0, 4], 0.25), Some(1.0));
        assert_eq!(at(&[7], 0.75), Some(7.0));
        assert_eq!(at(&[], 0.5), None);
    }
}
