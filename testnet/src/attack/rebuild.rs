//! A09: the secret bits of everybody in a group, from many counts (Dinur and Nissim 2003), by least squares within 0 and 1.

use std::collections::BTreeMap;

use super::ask::Ask;
use super::figures::{Limit, Measure, float};
use super::noise::sized;
use super::weak::Mechanism;
use super::world::{Patient, World};
use super::{Attack, Scale, Weakness};
use policies::Profile;

/// The attacks of this family.
pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        profile: Profile::Members,
        name: "linear reconstruction from exact figures",
        limit: Limit::Published,
        ..REBUILD
    },
    REBUILD,
];

const REBUILD: Attack = Attack {
    id: "A09",
    name: "linear reconstruction",
    how: "counts of the positive in every crossing of two columns and under 120 free predicates, where these are answered; all bits of a group by least squares; the share that is right, above that of the more frequent bit",
    profile: Profile::Explore,
    limit: Limit::AtMost(0.05),
    weak: &[Weakness::Of(Mechanism::Threshold), Weakness::Of(Mechanism::Fresh)],
    shape: |scale| sized(scale.pick(1, 2), 200, 8),
    more: super::nothing_more,
    run: rebuild,
};

/// Steps of the descent.
const STEPS: usize = 1_000;

/// A column or bin that the form allows, and a patient's value of it.
type Key = (String, fn(&Patient) -> i64);

fn keys() -> Vec<Key> {
    let bins: [fn(&Patient) -> i64; 4] = [
        |patient| bin(patient.m[0]),
        |patient| bin(patient.m[1]),
        |patient| bin(patient.m[2]),
        |patient| bin(patient.m[3]),
    ];
    let mut keys: Vec<Key> = vec![
        ("a".to_owned(), |patient| patient.a),
        ("b".to_owned(), |patient| patient.b),
        ("c".to_owned(), |patient| patient.c),
        ("mark".to_owned(), |patient| patient.mark),
        ("died".to_owned(), |patient| i64::from(patient.died)),
    ];
    let of_measure = (1..).zip(bins);
    keys.extend(of_measure.map(|(at, of)| {
        (format!("CASE WHEN m{at} < 30 THEN 0 WHEN m{at} < 50 THEN 1 WHEN m{at} < 70 THEN 2 ELSE 3 END"), of)
    }));
    keys
}

fn bin(m: i64) -> i64 {
    [30, 50, 70].into_iter().filter(|edge| m >= *edge).count().try_into().unwrap_or_default()
}

/// What is known of one group: sets of its patients, and how many of each are positive.
type Equations = Vec<(Vec<usize>, f64)>;

fn rebuild(ask: &mut dyn Ask, world: &World, scale: Scale) -> anyhow::Result<Measure> {
    let blocks = world.blocks();
    let mut known: BTreeMap<Vec<String>, Equations> = BTreeMap::new();
    let keys = keys();
    for (turn, (one, two)) in pairs(&keys).into_iter().enumerate() {
        let sql = format!(
            "SELECT hospital, block, {}, {}, count(*) FROM patient WHERE side = 1 AND positive = 1 GROUP BY hospital, block, {}, {}",
            one.0, two.0, one.0, two.0
        );
        for (key, figure) in ask.ask(&sql, turn)?.by(4, 4) {
            let (Some(figure), Some((block, patients))) =
                (figure, key.get(..2).and_then(|name| blocks.get_key_value(name)))
            else {
                continue;
            };
            let inside = |patient: &&&Patient| {
                [(one.1)(patient).to_string(), (two.1)(patient).to_string()]
                    == key.get(2..).unwrap_or_default()
            };
            let set = patients
                .iter()
                .enumerate()
                .filter(|(_, patient)| inside(patient))
                .map(|(at, _)| at);
            known.entry(block.clone()).or_default().push((set.collect(), figure));
        }
    }
    free(ask, &blocks, (scale, &mut known))?;
    let (mut right, mut of, mut common) = (0, 0, 0);
    for (block, patients) in &blocks {
        let truth: Vec<bool> = patients.iter().map(|patient| patient.positive).collect();
        let positive = truth.iter().filter(|bit| **bit).count();
        let guess = bits(known.get(block).map(Vec::as_slice).unwrap_or_default(), truth.len());
        right += guess.iter().zip(&truth).filter(|(guess, truth)| guess == truth).count();
        common += positive.max(truth.len() - positive);
        of += truth.len();
    }
    let equations: usize = known.values().map(Vec::len).sum();
    let majority = float(common) / float(of.max(1));
    let measure = Measure::share(right, of);
    let interval = measure.interval.map(|(low, high)| (low - majority, high - majority));
    let example =
        Some(format!("{equations} counts; {:.3} right, {majority:.3} are alike", measure.value));
    Ok(Measure { value: measure.value - majority, interval, ..measure }.example(example))
}

fn pairs(keys: &[Key]) -> Vec<(&Key, &Key)> {
    let pairs = keys
        .iter()
        .enumerate()
        .flat_map(|(at, one)| keys.iter().skip(at + 1).map(move |two| (one, two)));
    pairs.collect()
}

/// Counts under predicates that are made of arithmetic; nothing where they are refused.
fn free(
    ask: &mut dyn Ask,
    blocks: &BTreeMap<Vec<String>, Vec<&Patient>>,
    (scale, known): (Scale, &mut BTreeMap<Vec<String>, Equations>),
) -> anyhow::Result<()> {
    for turn in 1..=scale.pick(40, 120) {
        let (p, q) = (3 + 2 * turn, 7 + 5 * turn);
        let sql = format!(
            "SELECT hospital, block, count(*) FROM patient WHERE side = 1 AND positive = 1 AND ({p} * y + {q} * m1 + 31 * m2 * m3 + m4) % 101 < 50 GROUP BY hospital, block"
        );
        let told = ask.ask(&sql, 0)?;
        if told.answer.is_none() {
            return Ok(());
        }
        let (p, q) = (i64::from(p), i64::from(q));
        for (block, figure) in told.by(2, 2) {
            let (Some(figure), Some(patients)) = (figure, blocks.get(&block)) else { continue };
            let inside = |one: &Patient| {
                (p * one.y + q * one.m[0] + 31 * one.m[1] * one.m[2] + one.m[3]) % 101 < 50
            };
            let set = patients.iter().enumerate().filter(|(_, one)| inside(one)).map(|(at, _)| at);
            known.entry(block).or_default().push((set.collect(), figure));
        }
    }
    Ok(())
}

/// The bits that fit best.
fn bits(equations: &[(Vec<usize>, f64)], n: usize) -> Vec<bool> {
    let mut x = vec![0.55_f64; n];
    // No step is longer than what the largest row and column allow.
    let most: usize = equations.iter().map(|(set, _)| set.len()).max().unwrap_or(1);
    let mut often = vec![0_usize; n];
    for at in equations.iter().flat_map(|(set, _)| set) {
        if let Some(often) = often.get_mut(*at) {
            *often += 1;
        }
    }
    let step =
        1.0 / (float(most.max(1)) * float(often.into_iter().max().unwrap_or(1).max(1))).max(1.0);
    for _ in 0..STEPS {
        let mut slope = vec![0.0; n];
        for (set, figure) in equations {
            let sum: f64 = set.iter().filter_map(|at| x.get(*at)).sum();
            for at in set {
                if let Some(slope) = slope.get_mut(*at) {
                    *slope += sum - figure;
                }
            }
        }
        for (x, slope) in x.iter_mut().zip(&slope) {
            *x = (*x - step * slope).clamp(0.0, 1.0);
        }
    }
    x.into_iter().map(|x| x > 0.5).collect()
}
