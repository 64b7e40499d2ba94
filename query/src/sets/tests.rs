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
    encode(2, sets.iter().map(Vec::as_slice)).unwrap()
}

#[test]
fn sets_read_back_by_column() {
    let [a, b, c, d] = sets();
    let decoded = decode(&encoded(&sets()), 2, 2).unwrap();
    assert_eq!(decoded, [[a, c].map(Arc::new), [b, d].map(Arc::new)]);
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
            let rows = (0..2)
                .flat_map(|cell| read.iter().map(move |column| column[cell].as_ref().clone()));
            assert_eq!(encoded(&rows.collect::<Vec<_>>()), changed, "{at}");
        }
    }
}

#[test]
fn runs_and_sets_in_disorder_are_refused() {
    let mut runs = set(10..5000);
    assert!(runs.optimize());
    let read = |set: &[u8]| decode(&encode(1, [set].into_iter()).unwrap(), 1, 1);
    assert_eq!(read(&bytes(&runs)), None);
    let mut plain = bytes(&set([1, 5, 9].into_iter()));
    assert!(read(&plain).is_some());
    let end = plain.len();
    plain.swap(end - 2, end - 4);
    assert_eq!(read(&plain), None);
    // An empty set in long form.
    assert_eq!(read(&[0x3a, 0x30, 0, 0, 0, 0, 0, 0]), None);
}

#[test]
fn a_set_that_is_the_whole_cells_is_said_once() {
    let [a, nobody, many, _] = sets();
    let cells = [many.clone(), many.clone(), a.clone(), many.clone(), nobody.clone(), nobody];
    let bytes: Vec<Vec<u8>> = cells.iter().map(bytes).collect();
    let whole = encode(2, bytes.iter().map(Vec::as_slice)).unwrap();
    let apart = encode(1, bytes.iter().map(Vec::as_slice)).unwrap();
    assert_eq!(whole.len() + bytes[0].len(), apart.len());
    let read = decode(&whole, 3, 2).unwrap();
    assert!(Arc::ptr_eq(&read[0][0], &read[1][0]) && !Arc::ptr_eq(&read[0][1], &read[1][1]));
    for (at, set) in cells.iter().enumerate() {
        assert_eq!(*read[at % 2][at / 2], *set, "{at}");
    }
    assert_eq!(decode(&apart, 3, 2), None, "said again");
    // The first of a cell is no other's, and nobody is not said that way.
    let mark = WHOLE.to_le_bytes();
    assert_eq!(decode(&mark, 1, 1), None);
    assert_eq!(decode(&[[0; 4], mark].concat(), 1, 2), None);
}
