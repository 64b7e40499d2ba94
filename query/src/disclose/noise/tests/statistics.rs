//! What figures look like together. Seeds are fixed: a result is the same in every run.

#![expect(clippy::cast_precision_loss, reason = "noise and counts of draws are small")]

use super::super::table::{FORM_COUNT, SET_COUNT};
use super::*;

/// Probability of each sum of independent draws, from -19 to 19.
fn distribution(layers: &[Table<'_>]) -> Vec<f64> {
    let mut sums = vec![0.0; 39];
    sums[19] = 1.0;
    for Table(weights) in layers {
        let mut next = vec![0.0; 39];
        for (at, held) in sums.iter().enumerate().filter(|(_, held)| **held > 0.0) {
            for (step, weight) in weights.iter().enumerate() {
                let p = held * (*weight as f64) / 2_f64.powi(64);
                next[at - step] += p;
                next[at + step] += if step > 0 { p } else { 0.0 };
            }
        }
        sums = next;
    }
    sums
}

/// Chi-square of draws against probabilities, cells of less than five expected taken together; with its degrees of freedom.
fn chi_square(counts: &[u32], expected: &[f64]) -> (f64, f64) {
    let draws: f64 = counts.iter().copied().map(f64::from).sum();
    let (mut sum, mut cells, mut rare, mut rare_seen) = (0.0, 0.0, 0.0, 0.0);
    for (seen, p) in counts.iter().zip(expected) {
        let (seen, expect) = (f64::from(*seen), p * draws);
        if expect < 5.0 {
            rare += expect;
            rare_seen += seen;
        } else {
            sum += (seen - expect).powi(2) / expect;
            cells += 1.0;
        }
    }
    if rare > 0.0 {
        sum += (rare_seen - rare).powi(2) / rare;
    }
    (sum, cells)
}

/// Within four standard deviations of what chance gives.
#[track_caller]
fn by_chance((sum, freedom): (f64, f64)) {
    assert!(
        sum < freedom + 4.0 * (2.0 * freedom).sqrt(),
        "{sum} with {freedom} degrees of freedom"
    );
}

#[test]
fn counts_are_spread_as_the_tables_say() {
    let key = key(6);
    let noise = Noise::new(&key);
    for (variance, layers) in
        [(TWO, &[SET_COUNT, FORM_COUNT][..]), (FOUR, &[SET_COUNT, FORM_COUNT, FORM_COUNT])]
    {
        let mut dice = Dice(6);
        let mut counts = vec![0; 39];
        for _ in 0..5_000 {
            let set = dice.key();
            let e = noise.count(&figure(set, set, "f"), variance);
            counts[usize::try_from(e + 19).unwrap()] += 1;
        }
        by_chance(chi_square(&counts, &distribution(layers)));
        let (wrong, _) = chi_square(&counts, &distribution(&[SET_COUNT, SET_COUNT]));
        assert!(wrong > 300.0, "another variance is told apart: {wrong}");
    }
}

#[test]
fn thresholds_are_even() {
    let key = key(7);
    let noise = Noise::new(&key);
    let mut dice = Dice(7);
    let mut counts = [0; 5];
    for _ in 0..5_000 {
        counts[noise.threshold_extra(dice.key(), "f") as usize] += 1;
    }
    by_chance(chi_square(&counts, &[0.2; 5]));
}

#[test]
fn thresholds_of_two_forms_of_a_set_have_nothing_in_common() {
    let key = key(7);
    let noise = Noise::new(&key);
    let mut dice = Dice(7);
    let mut counts = [0; 25];
    for _ in 0..10_000 {
        let set = dice.key();
        let [one, other] = ["f", "g"].map(|form| noise.threshold_extra(set, form) as usize);
        assert_eq!(one, noise.threshold_extra(set, "f") as usize);
        counts[one * 5 + other] += 1;
    }
    by_chance(chi_square(&counts, &[0.04; 25]));
}

#[test]
fn no_remainder_of_a_sum_survives() {
    // With steps of whole units, every figure of a sum of 0 would be a multiple of 100.
    let key = key(8);
    let noise = Noise::new(&key);
    let unit = Unit::new(100, 1).unwrap();
    let mut dice = Dice(8);
    let (mut remainders, mut squares) = (vec![0; 100], 0.0);
    for _ in 0..10_000 {
        let set = dice.key();
        let figure = Figure { id: FigureId::Sum("size"), ..figure(set, set, "f") };
        let told = noise.sum(&figure, TWO, unit, 0);
        remainders[usize::try_from(told.rem_euclid(100)).unwrap()] += 1;
        squares += (told as f64).powi(2) / 10_000.0;
    }
    by_chance(chi_square(&remainders, &[0.01; 100]));
    assert!(
        (squares / (f64::from(TWO.total()) * 10_000.0) - 1.0).abs() < 0.06,
        "variance of 3 units squared: {squares}"
    );
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
    let (a, b) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let sum =
        |of: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|(x, y)| of(x - a, y - b)).sum::<f64>();
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
}

/// Noise of two parts together against noise of their union (attack A12).
fn unions(triples: usize) -> f64 {
    let key = key(10);
    let noise = Noise::new(&key);
    let mut dice = Dice(10);
    let of = |set: Field64| noise.count(&figure(set, set, "f"), TWO) as f64;
    let triples = (0..triples).map(|_| {
        let (s, t) = (dice.key(), dice.key());
        (of(s) + of(t), of(s.plus(t)))
    });
    correlation(&triples.collect::<Vec<_>>())
}

#[test]
fn noise_of_a_union_is_independent_of_its_parts() {
    let found = unions(4_000);
    assert!(found.abs() < 4.0 / 4_000_f64.sqrt(), "{found}");
}

#[test]
#[ignore = "long: 10^5 triples; run with --release -- --ignored"]
fn noise_of_a_union_is_independent_of_its_parts_over_many() {
    let found = unions(100_000);
    assert!(found.abs() < 0.02, "{found}");
}

#[test]
fn forms_of_a_set_share_the_set_layer_and_nothing_else() {
    let key = key(11);
    let noise = Noise::new(&key);
    let mut dice = Dice(11);
    let pairs = |variance, dice: &mut Dice| -> Vec<(f64, f64)> {
        let pairs = (0..4_000).map(|_| {
            let set = dice.key();
            let of = |form| noise.count(&figure(set, set, form), variance) as f64;
            (of("f"), of("g"))
        });
        pairs.collect()
    };
    // The set layer has a third of the variance, or a fifth.
    for (variance, share) in [(TWO, 1.0 / 3.0), (FOUR, 0.2)] {
        let found = correlation(&pairs(variance, &mut dice));
        assert!((found - share).abs() < 0.06, "{found}");
    }
}

#[test]
fn the_two_variances_are_nested() {
    // What `Four` adds is independent of what `Two` has: together they teach no more than `Two`.
    let key = key(12);
    let noise = Noise::new(&key);
    let mut dice = Dice(12);
    let pairs = (0..4_000).map(|_| {
        let set = dice.key();
        let of = |variance| noise.count(&figure(set, set, "f"), variance) as f64;
        (of(TWO), of(FOUR) - of(TWO))
    });
    let pairs: Vec<_> = pairs.collect();
    assert!(correlation(&pairs).abs() < 0.07);
    let more = pairs.iter().map(|(_, more)| more * more).sum::<f64>() / 4_000.0;
    assert!((more - 2.0).abs() < 0.2, "{more}");
}
