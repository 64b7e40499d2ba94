use super::*;

#[track_caller]
fn sum(a: u64, b: u64) {
    let key = |number| RecordKey::new(number).unwrap();
    let expected = (u128::from(a) + u128::from(b)) % u128::from(MODULUS);
    assert_eq!(u128::from(key(a).plus(key(b)).get()), expected, "{a} + {b}");
}

#[test]
fn sums_are_those_of_the_field() {
    let numbers = [0, 1, 2, WRAP - 1, WRAP, WRAP + 1, 1 << 63, MODULUS - 2, MODULUS - 1];
    for a in numbers {
        for b in numbers {
            sum(a, b);
        }
    }
    assert_eq!(RecordKey::new(MODULUS), None);
    assert_eq!(RecordKey::new(u64::MAX), None);
}

#[test]
fn bytes_that_are_no_element_are_passed_over() {
    let mut bytes = [0xff; 32];
    assert_eq!(RecordKey::of_uniform(&bytes).get(), 0);
    bytes[16..24].copy_from_slice(&7_u64.to_be_bytes());
    assert_eq!(RecordKey::of_uniform(&bytes).get(), 7);
    bytes[..8].copy_from_slice(&(MODULUS - 1).to_be_bytes());
    assert_eq!(RecordKey::of_uniform(&bytes).get(), MODULUS - 1);
}

#[test]
fn a_contribution_of_one_is_the_record_key_and_all_others_differ() {
    let key = RecordKey::new(123_456_789).unwrap();
    assert_eq!(key.of_contribution(1), key);
    let mut seen: Vec<u64> =
        [1, 0, -1, 2, 3, 256, i128::MIN, i128::MAX].map(|x| key.of_contribution(x).get()).into();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 8);
    // The hash outlives releases: domain, key and contribution, each of fixed length.
    let mut hasher = sha2::Sha256::new();
    hasher.update(b"kring contribution/1\x00\x00\x00\x00\x07\x5b\xcd\x15");
    hasher.update([0xff; 16]);
    assert_eq!(key.of_contribution(-1), RecordKey::of_uniform(&hasher.finalize().into()));
}

#[test]
fn a_mark_of_one_is_the_record_key_and_all_others_differ() {
    let key = RecordKey::new(123_456_789).unwrap();
    assert_eq!(key.mark(1), key);
    let far = i128::from(MODULUS) - 2;
    let few = [1, 0, -1, 2, 3, 256, -256, 1 << 62, -(1 << 62), far];
    let all: std::collections::BTreeSet<u64> = few.map(|x| key.mark(x).get()).into();
    assert_eq!(all.len(), few.len());
    for x in few {
        // Linear: each step adds the record key twice.
        assert_eq!(key.mark(x + 1), key.mark(x).plus(key).plus(key), "{x}");
        assert_ne!(key.mark(x), RecordKey::default(), "{x}");
    }
}

#[test]
fn what_is_reduced_is_the_element_that_it_is() {
    let modulus = i128::from(MODULUS);
    for number in [0, 1, -1, modulus, -modulus, modulus - 1, 5 - modulus, i128::MAX, i128::MIN] {
        let expected = u64::try_from(number.rem_euclid(modulus)).unwrap();
        assert_eq!(RecordKey::reduced(number).get(), expected, "{number}");
    }
    assert_eq!(u128::from(RecordKey::reduced_sum(u128::MAX).get()), u128::MAX % WIDE);
    let key = RecordKey::new(7).unwrap();
    assert_eq!(key.minus(key), RecordKey::default());
    assert_eq!(RecordKey::default().minus(key).get(), MODULUS - 7);
    assert_eq!(key.minus(RecordKey::default()), key);
}

#[test]
fn keys_are_found_by_number_and_only_in_order() {
    let sealed = Digest::of(b"file");
    let keys = RecordKeys::new(sealed, [(1, 10), (5, 50), (9, 90)].into_iter()).unwrap();
    assert_eq!(keys.of(5).map(RecordKey::get), Some(50));
    assert_eq!(keys.of(4), None);
    for rows in [[(5, 1), (5, 2)], [(5, 1), (4, 2)], [(5, 1), (6, MODULUS)]] {
        assert!(RecordKeys::new(sealed, rows.into_iter()).is_none(), "{rows:?}");
    }
    let printed = format!("{keys:?} {:?}", keys.of(9));
    assert!(!printed.contains("90,") && printed.contains("<redacted>"), "{printed}");
}
