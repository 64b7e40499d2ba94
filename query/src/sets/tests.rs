use super::*;

fn set(patients: impl Iterator<Item = u32>) -> RoaringBitmap {
    patients.collect()
}

fn bytes(set: &RoaringBitmap) -> Vec<u8> {
    let mut bytes = Vec::new();
    if !set.is_empty() {
        set.serialize_into(&mut bytes).unwrap();
    }
    bytes
}

/// Two cells of two sets: few patients, nobody, many, and such that are far apart.
fn sets() -> [RoaringBitmap; 4] {
    [
        set([1, 5, 9].into_iter()),
        RoaringBitmap::new(),
        set((0..70_000).filter(|patient| patient % 3 > 0)),
        set([0, 1 << 20, u32::MAX - 1].into_iter()),
    ]
}

fn encoded(sets: &[RoaringBitmap]) -> Vec<u8> {
    let sets: Vec<Vec<u8>> = sets.iter().map(bytes).collect();
    encode(sets.iter().map(Vec::as_slice)).unwrap()
}

#[test]
fn sets_read_back_by_column() {
    let [a, b, c, d] = sets();
    let decoded = decode(&encoded(&sets()), 2, 2).unwrap();
    assert_eq!(decoded, [vec![a, c], vec![b, d]]);
    assert_eq!(decode(&[], 0, 2), Some(vec![Vec::new(); 2]));
}

#[test]
fn bytes_that_are_not_the_one_encoding_are_refused() {
    let whole = encoded(&sets());
    for (cells, columns) in [(1, 2), (2, 1), (2, 3), (3, 2), (usize::MAX, 2), (1 << 40, 2)] {
        assert_eq!(decode(&whole, cells, columns), None, "{cells} {columns}");
    }
    for cut in [0, 3, 4, 20, whole.len() - 1] {
        assert_eq!(decode(&whole[..cut], 2, 2), None, "{cut}");
    }
    let mut longer = whole.clone();
    longer.push(0);
    assert_eq!(decode(&longer, 2, 2), None);
    // Another bit is another set or none, and never a panic.
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x11;
        let read = decode(&changed, 2, 2);
        assert_ne!(read, decode(&whole, 2, 2), "{at}");
        if let Some(read) = read {
            let rows = (0..2).flat_map(|cell| read.iter().map(move |column| column[cell].clone()));
            assert_eq!(encoded(&rows.collect::<Vec<_>>()), changed, "{at}");
        }
    }
}

#[test]
fn runs_and_sets_in_disorder_are_refused() {
    let mut runs = set(10..5000);
    assert!(runs.optimize());
    let read = |set: &[u8]| decode(&encode([set].into_iter()).unwrap(), 1, 1);
    assert_eq!(read(&bytes(&runs)), None);
    let mut plain = bytes(&set([1, 5, 9].into_iter()));
    assert!(read(&plain).is_some());
    let end = plain.len();
    plain.swap(end - 2, end - 4);
    assert_eq!(read(&plain), None);
    // An empty set in long form.
    assert_eq!(read(&[0x3a, 0x30, 0, 0, 0, 0, 0, 0]), None);
}
