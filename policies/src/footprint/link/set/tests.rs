use super::*;

/// Sets of eight places, by the bits of a number.
fn set(bits: u32) -> LinkSet {
    LinkSet::of((0..8).filter(|place| bits >> place & 1 == 1))
}

#[test]
fn sets_compute_as_sets_of_numbers_do() {
    for one in 0..256_u32 {
        for other in (0..256_u32).step_by(3) {
            assert_eq!(set(one).and(&set(other)), set(one & other));
            assert_eq!(set(one).without(&set(other)), set(one & !other));
            assert_eq!(LinkSet::all([&set(one), &set(other)]), set(one | other));
            assert_eq!(set(one).within(&set(other)), one & other == one, "{one:b} {other:b}");
        }
        assert_eq!(set(one).len(), u64::from(one.count_ones()));
        assert_eq!((set(one).is_empty(), set(one).end()), (one == 0, 32 - one.leading_zeros()));
    }
}

#[test]
fn ranges_that_touch_or_overlap_or_are_empty_are_no_set() {
    let text = serde_json::to_string(&set(0b1011)).unwrap();
    assert_eq!(text, "[[0,2],[3,4]]");
    assert_eq!(serde_json::from_str::<LinkSet>(&text).unwrap(), set(0b1011));
    for bad in ["[[0,2],[2,4]]", "[[3,4],[0,2]]", "[[0,3],[2,4]]", "[[2,2]]", "[[3,2]]"] {
        let refused = serde_json::from_str::<LinkSet>(bad).unwrap_err().to_string();
        assert!(refused.contains("ascend"), "{refused}");
    }
}
