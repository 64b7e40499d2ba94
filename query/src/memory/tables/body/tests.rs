use super::*;
use crate::memory::tables::{MAX_READ, Table, Tables};

/// How often bytes are read, and what comes of them.
fn read(body: &Body) -> (usize, Vec<u8>) {
    let mut times = 0;
    let made = body.read(|bytes| {
        times += 1;
        Some(bytes.to_vec())
    });
    (times, made.unwrap().to_vec())
}

fn table(snapshot: u8, bytes: usize) -> Table {
    let body = vec![7; bytes].into();
    Table { snapshot: [snapshot; 32], name: [0; 32], bases: Vec::new(), body }
}

#[test]
fn what_was_read_is_kept_only_where_it_may() {
    let body = Body::from(vec![1, 2]);
    assert_eq!([read(&body), read(&body)], [(1, vec![1, 2]), (1, vec![1, 2])]);
    body.keep_read(true);
    assert_eq!([read(&body), read(&body)], [(1, vec![1, 2]), (0, vec![1, 2])]);
    // Whoever makes something else of it reads anew.
    assert_eq!(body.read(|bytes| Some(bytes.len())).as_deref(), Some(&2));
    body.keep_read(false);
    assert_eq!((read(&body).0, body.is_kept()), (1, false));
}

#[test]
fn what_cannot_be_read_is_not_kept() {
    let body = Body::from(vec![1]);
    body.keep_read(true);
    assert!(body.read(|_| None::<u8>).is_none() && !body.is_kept());
    assert_eq!(read(&body), (1, vec![1]));
}

#[test]
fn so_many_bytes_of_the_last_snapshot_are_kept_read() {
    let mut tables = Tables::default();
    let told = [table(1, MAX_READ / 2), table(1, MAX_READ), table(1, MAX_READ / 4), table(2, 1)];
    let kept = || told.each_ref().map(|table| read(&table.body).0 + read(&table.body).0);
    for table in &told[..3] {
        tables.keep(table);
    }
    assert_eq!(kept(), [1, 2, 1, 2]);
    // The next import: what was told of another is not looked at again.
    tables.keep(&told[3]);
    assert!(!told[0].body.is_kept());
    assert_eq!(kept(), [2, 2, 2, 1]);
}

#[test]
fn a_copy_has_the_same_and_equal_bytes_are_equal() {
    let (body, other) = (Body::from(vec![1]), Body::from([1].as_slice()));
    body.keep_read(true);
    let copy = body.clone();
    assert_eq!((read(&copy).0, read(&body).0), (1, 0));
    assert!(body == other && body != Body::from(vec![2]));
}
