use policies::explore::Explore;
use policies::protections::{MinPatients, Opinions, Variance};

use super::*;
use crate::disclose::NoiseKey;
use crate::disclose::fixture::{binned, dataset, vector};

/// What the sums of a fragment are.
#[derive(Clone, Copy)]
enum Form {
    /// As the explore form has them.
    Canonical,
    /// In another text.
    Text(&'static str),
}

fn of(tail: Option<u32>, form: Form) -> FragmentFootprint {
    let mut footprint = vector(tail);
    if let Form::Text(text) = form {
        footprint.explore = Explore::default();
        footprint.sums.iter_mut().for_each(|sum| sum.text.push_str(text));
    }
    footprint
}

/// Patients from a number on, so many in each bin.
fn bins(from: u32, sizes: [u32; 4]) -> Vec<RoaringBitmap> {
    let mut next = from;
    let bin = |size: u32| {
        let own = next..next + size;
        next += size;
        own.collect()
    };
    sizes.map(bin).into()
}

fn protections(variance: Variance) -> Protections {
    let min_patients = Some(MinPatients::new(10));
    Protections::from(Opinions { min_patients, variance: Some(variance), ..Opinions::default() })
}

/// The bins as they are told, or nothing.
fn told(
    key: u64,
    bins: &[RoaringBitmap],
    footprint: &FragmentFootprint,
    variance: Variance,
) -> Option<Vec<i128>> {
    let mut secret = [0; 32];
    secret[..8].copy_from_slice(&key.to_le_bytes());
    let (key, dataset) = (NoiseKey::new(&mut secret), dataset());
    let explorer = Explorer { key: &key, dataset: &dataset, patients: 0 };
    let teller = Teller::with(explorer, &protections(variance));
    let fragment = binned(bins);
    let shown = Verdict { state: CellState::Present, sums: vec![None; 4] };
    let mut verdicts = vec![shown];
    let figures = teller.fragment(&fragment, footprint, &mut verdicts).remove(0).unwrap();
    let [verdict] = verdicts.as_slice() else { panic!("one cell") };
    if verdict.state == CellState::Hidden {
        assert_eq!(verdict.sums, [Some(Rule::Quantile); 4]);
        return None;
    }
    assert_eq!(verdict.sums, [None; 4]);
    Some(figures.into_iter().map(Option::unwrap).collect())
}

const THREE: Variance = Variance::Three;

#[test]
fn the_noise_of_every_bin_has_the_declared_variance_and_is_its_own() {
    let sizes = [30, 0, 12, 3];
    for (variance, expected) in [(THREE, 3.0), (Variance::Five, 5.0)] {
        let (footprint, of) = (vector(Some(2)), bins(0, sizes));
        let keys = 6_000_u32;
        let n = f64::from(keys);
        let all: Vec<Vec<f64>> = (0..keys)
            .map(|key| {
                let told = told(u64::from(key), &of, &footprint, variance).unwrap();
                told.iter().zip(sizes).map(|(told, size)| off(*told, size)).collect()
            })
            .collect();
        for one in 0..4 {
            let mean = all.iter().map(|noise| noise[one]).sum::<f64>() / n;
            assert!(mean.abs() < 5.0 * (expected / n).sqrt(), "{one}: {mean}");
            for other in 0..4 {
                let found = all.iter().map(|noise| noise[one] * noise[other]).sum::<f64>() / n;
                let wanted = if one == other { expected } else { 0.0 };
                // Five standard deviations of the mean of a product of two such draws.
                let away = 5.0 * expected * (2.0 / n).sqrt();
                assert!((found - wanted).abs() < away, "{one} {other}: {found}");
            }
        }
    }
}

/// How far what is told is off a bin's size.
fn off(told: i128, size: u32) -> f64 {
    f64::from(i32::try_from(told - i128::from(size)).unwrap())
}

#[test]
fn asked_again_a_vector_is_the_same_and_other_patients_have_other_noise() {
    let of = bins(0, [20, 20, 20, 20]);
    for form in [Form::Canonical, Form::Text(" where a")] {
        let footprint = self::of(Some(2), form);
        let first = told(1, &of, &footprint, THREE);
        assert_eq!(told(1, &of, &footprint, THREE), first);
        // How far out a quantile lies is no other condition.
        assert_eq!(told(1, &of, &self::of(Some(4), form), THREE), first);
        let differs = |key: u64, of: &[RoaringBitmap], footprint: &FragmentFootprint| {
            told(key, of, footprint, THREE) != first
        };
        assert!(differs(2, &of, &footprint));
        assert!(differs(1, &bins(500, [20, 20, 20, 20]), &footprint));
        assert!(differs(1, &of, &self::of(Some(2), Form::Text(" where b"))));
    }
}

#[test]
fn another_condition_never_draws_the_noise_of_the_set_anew() {
    // Over many texts of one condition the mean of a figure is the set's: off by noise of variance 1 and no less.
    const TEXTS: [&str; 40] = [
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r",
        "s", "t", "aa", "bb", "cc", "dd", "ee", "ff", "gg", "hh", "ii", "jj", "kk", "ll", "mm",
        "nn", "oo", "pp", "qq", "rr", "ss", "tt",
    ];
    let of = bins(0, [30, 30, 30, 30]);
    let mut squares = 0.0;
    let keys = 150_u32;
    for key in 0..keys {
        let mut sum = 0.0;
        for text in TEXTS {
            let footprint = self::of(Some(2), Form::Text(text));
            sum += off(told(u64::from(key), &of, &footprint, THREE).unwrap()[0], 30);
        }
        squares += (sum / 40.0) * (sum / 40.0);
    }
    // Variance 1 of the set, and 2 / 40 of forms.
    let found = squares / f64::from(keys);
    assert!((0.65..1.5).contains(&found), "{found}");
}

#[test]
fn a_vector_is_told_of_as_many_patients_as_its_quantile_needs() {
    let mut told_between = [0, 0];
    for (tail, least) in [(Some(1), 10), (Some(2), 20), (Some(10), 100)] {
        for n in least - 3..least + 8 {
            for key in 0..20 {
                let of = bins(7 * n, [n / 2, n - n / 2, 0, 0]);
                let shown = told(key, &of, &vector(tail), THREE).is_some();
                match n {
                    n if n < least => assert!(!shown, "{tail:?} {n}"),
                    n if n >= least + 4 => assert!(shown, "{tail:?} {n}"),
                    _ => told_between[usize::from(shown)] += 1,
                }
            }
        }
    }
    assert!(told_between.iter().all(|count| *count > 30), "{told_between:?}");
    for n in [10, 1_000, 100_000] {
        assert_eq!(told(1, &bins(0, [n, n, 0, 0]), &vector(None), THREE), None);
    }
}

#[test]
fn without_noise_bins_are_null_and_what_stands_beside_them_is_not() {
    let mut footprint = vector(Some(2));
    let mut verdicts = vec![Verdict { state: CellState::Present, sums: vec![None; 4] }];
    hide(&footprint, &mut verdicts);
    assert_eq!(verdicts[0], Verdict::all(CellState::Hidden, &footprint.sums, Some(Rule::Fault)));
    footprint.sums[3].kind = SumKind::Rows;
    let mut verdicts = vec![Verdict { state: CellState::Present, sums: vec![None; 4] }];
    hide(&footprint, &mut verdicts);
    assert_eq!(verdicts[0].state, CellState::Present);
    assert_eq!(verdicts[0].sums[2..], [Some(Rule::Fault), None]);
}
