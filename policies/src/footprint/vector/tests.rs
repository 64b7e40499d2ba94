use super::*;
use crate::Digest;
use crate::explore::Explore;
use crate::footprint::SumFootprint;

fn fragment(kinds: &[SumKind], vectors: &[(u32, u32, Option<u32>)]) -> FragmentFootprint {
    let sum =
        |kind: &SumKind| SumFootprint { text: String::new(), kind: *kind, scale: 0, measure: 0 };
    let vector = |(first, bins, tail): &(u32, u32, Option<u32>)| VectorFootprint {
        first: *first,
        bins: *bins,
        tail: *tail,
    };
    FragmentFootprint {
        digest: Digest::of(b"fragment"),
        group_keys: Vec::new(),
        cells: 1,
        sums: kinds.iter().map(sum).collect(),
        measures: Vec::new(),
        explore: Explore::default(),
        links: Vec::new(),
        vectors: vectors.iter().map(vector).collect(),
        sensitive: false,
    }
}

const BIN: SumKind = SumKind::Bin;

#[test]
fn every_bin_is_in_one_vector_and_nothing_else_is() {
    let holds = |kinds: &[SumKind], vectors: &[(u32, u32, Option<u32>)]| {
        check(&fragment(kinds, vectors), 0).is_ok()
    };
    assert!(holds(&[], &[]));
    assert!(holds(&[SumKind::Rows, BIN, BIN], &[(1, 2, Some(2))]));
    assert!(holds(&[BIN, SumKind::Rows, BIN], &[(0, 1, None), (2, 1, Some(1))]));
    for (kinds, vectors) in [
        (&[BIN, BIN][..], &[(0, 1, Some(2))][..]),
        (&[BIN, BIN], &[(0, 2, Some(2)), (1, 1, Some(2))]),
        (&[SumKind::Rows, BIN], &[(0, 2, Some(2))]),
        (&[BIN], &[(0, 2, Some(2))]),
        (&[BIN], &[(0, 1, Some(7))]),
        (&[BIN], &[(0, 1, Some(2)), (0, 0, Some(2))]),
        (&[BIN], &[(0, 1, Some(2)), (u32::MAX, u32::MAX, Some(2))]),
        (&[BIN; 13], &[(0, 13, Some(2))]),
    ] {
        let error = check(&fragment(kinds, vectors), 3).unwrap_err();
        assert_eq!(error, FootprintError::Vectors { fragment: 3 }, "{kinds:?} {vectors:?}");
    }
}

#[test]
fn one_in_so_many_must_reach_the_threshold() {
    let least = |tail| VectorFootprint { first: 0, bins: 1, tail }.least(10);
    assert_eq!((least(Some(2)), least(Some(100)), least(None)), (Some(20), Some(1000), None));
}
