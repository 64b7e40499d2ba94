use super::*;

mod derivation;
mod statistics;

/// A small generator (splitmix64): the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn key(&mut self) -> Field64 {
        Field64::new(self.next() >> 1).unwrap()
    }
}

fn key(seed: u8) -> NoiseKey {
    NoiseKey::new(&mut [seed; 32])
}

fn figure<'a>(key: Field64, key_m: Field64, form: &'a str) -> Figure<'a> {
    Figure { key, key_m, id: FigureId::Count, form }
}

const TWO: FormVariance = FormVariance::Two;
const FOUR: FormVariance = FormVariance::Four;

#[test]
fn the_field_adds_modulo_its_prime() {
    let modulus = 0xffff_ffff_0000_0001_u64;
    let mut dice = Dice(1);
    let mut cases: Vec<u64> = vec![0, 1, 2, modulus - 1, modulus - 2, 1 << 63, 0xffff_ffff];
    cases.extend((0..200).map(|_| dice.next() % modulus));
    for a in &cases {
        for b in &cases {
            let sum = Field64::new(*a).unwrap().plus(Field64::new(*b).unwrap());
            let expected = (u128::from(*a) + u128::from(*b)) % u128::from(modulus);
            assert_eq!(u128::from(sum.get()), expected, "{a} + {b}");
        }
        assert_eq!(Field64::new(*a).unwrap().to_bytes(), a.to_le_bytes());
    }
    assert_eq!([modulus, modulus + 1, u64::MAX].map(Field64::new), [None; 3]);
}

#[test]
fn a_digest_becomes_a_key_without_bias() {
    let mut digest = [0xff; 32];
    digest[8..16].copy_from_slice(&7_u64.to_le_bytes());
    assert_eq!(
        Field64::of_digest(&digest).get(),
        7,
        "the first number is over the modulus and is skipped"
    );
    digest[..8].copy_from_slice(&0xffff_ffff_0000_0000_u64.to_le_bytes());
    assert_eq!(Field64::of_digest(&digest).get(), 0xffff_ffff_0000_0000);
    assert_eq!(Field64::of_digest(&[0xff; 32]).get(), 0xffff_fffe);
}

#[test]
fn the_key_of_a_set_does_not_depend_on_order_or_partition() {
    let mut dice = Dice(2);
    let keys: Vec<Field64> = (0..50).map(|_| dice.key()).collect();
    let all: Field64 = keys.iter().copied().sum();
    assert_eq!(keys.iter().rev().copied().sum::<Field64>(), all);
    let parts: Field64 = keys.chunks(7).map(|part| part.iter().copied().sum::<Field64>()).sum();
    assert_eq!(parts, all);
    assert_ne!(keys.iter().skip(1).copied().sum::<Field64>(), all);
}

#[test]
fn draws_are_hmac_over_the_documented_bytes() {
    // RFC 2104 written out, so that neither the padding nor the encoding can move unnoticed.
    use sha2::{Digest as _, Sha256};
    let mut message = Vec::new();
    for part in [&b"kring/noise/1"[..], b"form more", b"abc", b""] {
        message.extend((part.len() as u64).to_le_bytes());
        message.extend(part);
    }
    let pad = |byte: u8| [[9 ^ byte; 32], [byte; 32]].concat();
    let inner = Sha256::digest([pad(0x36), message].concat());
    let expected = Sha256::digest([pad(0x5c), inner.to_vec()].concat());
    let draw = key(9).draw(Layer::FormMore, &[b"abc", b""]);
    assert_eq!([draw.high.to_le_bytes(), draw.low.to_le_bytes()].concat(), expected[..16]);
}

#[test]
fn inputs_cannot_be_moved_from_one_to_the_next() {
    let key = key(1);
    let draw = |inputs: &[&[u8]]| key.draw(Layer::Form, inputs).high;
    let draws = [draw(&[b"ab", b"c"]), draw(&[b"a", b"bc"]), draw(&[b"abc"]), draw(&[b"abc", b""])];
    for (at, one) in draws.iter().enumerate() {
        assert!(!draws[..at].contains(one), "{draws:?}");
    }
}

#[test]
fn a_secret_is_wiped_where_it_came_from() {
    let mut secret = [3; 32];
    let _key = NoiseKey::new(&mut secret);
    assert_eq!(secret, [0; 32]);
}

#[test]
fn the_same_figure_has_the_same_noise_and_any_other_has_its_own() {
    let (one, other) = (key(1), key(2));
    let (noise, elsewhere) = (Noise::new(&one), Noise::new(&other));
    let mut dice = Dice(3);
    let (mut same, mut differ) = (0, [0; 8]);
    for _ in 0..400 {
        let (s, t) = (dice.key(), dice.key());
        let base = figure(s, s, "f");
        let e = noise.count(&base, TWO);
        same += usize::from(noise.count(&base, TWO) == e);
        let others = [
            noise.count(&figure(t, s, "f"), TWO),
            noise.count(&figure(s, t, "f"), TWO),
            noise.count(&figure(s, s, "g"), TWO),
            noise.count(&Figure { id: FigureId::Sum("f"), ..base }, TWO),
            noise.count(&Figure { id: FigureId::Squares("f"), ..base }, TWO),
            noise.count(&base, FOUR),
            elsewhere.count(&base, TWO),
            noise.count(&figure(s, s, "f "), TWO),
        ];
        for (differ, other) in differ.iter_mut().zip(others) {
            *differ += usize::from(other != e);
        }
    }
    assert_eq!(same, 400);
    // Independent figures of variance 3 are equal about one time in six.
    for differ in differ {
        assert!((280..400).contains(&differ), "{differ}");
    }
}

#[test]
fn counts_move_within_their_bound() {
    let key = key(4);
    let noise = Noise::new(&key);
    let mut dice = Dice(4);
    for _ in 0..2_000 {
        let set = dice.key();
        assert!(noise.count(&figure(set, set, "f"), TWO).abs() <= 12);
        assert!(noise.count(&figure(set, set, "f"), FOUR).abs() <= MAX_COUNT_NOISE);
        assert!(noise.threshold_extra(set, "f") <= MAX_THRESHOLD_EXTRA);
    }
}

#[test]
fn units_are_checked() {
    assert_eq!(Unit::new(0, 0), None);
    assert_eq!(Unit::new(5, 0), None);
    assert_eq!(Unit::new(5, 6), None);
    assert_eq!(Unit::new(-5, -6), None);
    assert!(Unit::new(1, 1).is_some());
}

#[test]
fn sums_are_told_in_their_resolution_only() {
    let key = key(5);
    let noise = Noise::new(&key);
    let unit = Unit::new(5_000, 100).unwrap();
    let mut dice = Dice(5);
    for sum in [0_i128, 12_345, -12_345, 7] {
        let set = dice.key();
        let figure = Figure { id: FigureId::Sum("size"), ..figure(set, set, "f") };
        let told = noise.sum(&figure, TWO, unit, sum);
        assert_eq!(told % 100, 0);
        assert!((told - sum).abs() <= 12 * 5_000 + 5_000 / 16 + 100);
    }
    assert_eq!(unit.release(i128::MAX, i128::MAX), i128::MAX / 100 * 100, "nothing fails");
}

#[test]
fn noise_of_sums_is_symmetric() {
    let unit = Unit::new(1_000, 1).unwrap();
    for (step, place) in [(0, 0), (3, u64::MAX), (-7, 1 << 40), (80, 0x1234_5678_9abc_def0)] {
        let (up, down) = (sums::fine(step, place), sums::fine(-step, !place));
        assert_eq!(up, -down);
        assert_eq!(unit.release(0, up), -unit.release(0, down));
    }
}
