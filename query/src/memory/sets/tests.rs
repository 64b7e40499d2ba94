use super::*;

/// A set of patients at random, each with this chance of 256.
fn set(dice: &mut u64, chance: u64) -> RoaringBitmap {
    let mut roll = || {
        *dice =
            dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *dice >> 56
    };
    (0..60).filter(|_| roll() < chance).collect()
}

#[test]
fn whatever_is_near_is_found() {
    let (mut dice, mut sets, mut all) = (1, Sets::default(), Vec::new());
    for round in 0_u32..600 {
        let mut next = match all.get(round as usize / 2) {
            Some(earlier) if round % 3 > 0 => RoaringBitmap::clone(earlier),
            _ => set(&mut dice, u64::from(round % 200)),
        };
        for patient in set(&mut dice, u64::from(round % 40)) {
            if !next.remove(patient) {
                next.insert(patient);
            }
        }
        sets.keep(&next);
        all.push(next);
    }
    let mut found = 0;
    for of in &all {
        for gap in [1, 2, 5, 10, 16, 17, 30] {
            let near = sets.near(of, gap);
            let mut expected: Vec<(usize, u64)> = (0..sets.len())
                .map(|place| (place, sets.at(place).unwrap().symmetric_difference_len(of)))
                .filter(|(_, distance)| *distance < gap)
                .collect();
            expected.sort_unstable();
            assert_eq!(near, expected, "gap {gap} of {of:?}");
            found += near.len();
        }
    }
    assert!(found > 10_000, "{found}");
}

#[test]
fn a_set_has_one_name_and_one_encoding_however_large_it_is_and_however_it_was_made() {
    // Across the bytes that are hashed at a time, and across the two kinds of container.
    for many in [0_u32, 1, 1023, 1024, 1025, 5000, 70_000] {
        let patients: Vec<u32> = (0..many).map(|at| at * 3 + 1).collect();
        let bytes: Vec<u8> = patients.iter().flat_map(|patient| patient.to_le_bytes()).collect();
        let set: RoaringBitmap = patients.iter().copied().collect();
        let name: SetName = Sha256::digest(&bytes).into();
        assert_eq!(name_of(&set), name, "{many}");
        let (mut other, mut runs) = (RoaringBitmap::full(), set.clone());
        other &= &set;
        runs.optimize();
        let encoded = bytes_of(&set);
        assert!(bytes_of(&other) == encoded && bytes_of(&runs) == encoded, "{many}");
        assert_eq!(RoaringBitmap::deserialize_from(&*encoded).unwrap(), set, "{many}");
    }
}
