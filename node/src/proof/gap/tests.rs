use policies::{Digest, UnixTime};

use super::*;
use crate::log::{Entry, Event};
use crate::proof::merkle::{Frontier, leaf_hash};

fn key() -> PublicKey {
    PublicKey::of(&ed25519_dalek::SigningKey::from_bytes(&[1; 32])).unwrap()
}

fn origin(gaps: u32) -> Origin {
    Origin::of(&HospitalCode::new("NOORD").unwrap(), &key(), gaps).unwrap()
}

fn head(entries: u64) -> Head {
    let mut tree = Frontier::new();
    (0..entries).for_each(|index| tree.push(leaf_hash(&index.to_be_bytes())));
    tree.head()
}

fn entry(before: u32, after: u32, head: Head) -> Vec<u8> {
    let root = Digest::try_from(head.root.to_string()).unwrap();
    let (origin, before) = (origin(after).to_string(), origin(before).to_string());
    let event = Event::GapAccepted { origin, before, size: head.size, root, seen: 40, evidence: 3 };
    Entry::new(head.size, UnixTime(1_700_000_000), event).encode().unwrap()
}

fn lineage(first: u64) -> Lineage {
    Lineage::new(HospitalCode::new("NOORD").unwrap(), key(), first)
}

#[test]
fn what_the_node_writes_is_read() {
    let gap = read(&entry(0, 1, head(7))).unwrap().unwrap();
    assert_eq!(
        gap,
        Gap {
            origin: origin(1).to_string(),
            before: origin(0).to_string(),
            head: head(7),
            seen: 40
        }
    );
    let other = Entry::new(7, UnixTime(-5), Event::Stopped {}).encode().unwrap();
    assert_eq!(read(&other), Ok(None));
}

#[test]
fn there_is_one_form() {
    let good = entry(0, 1, head(7));
    let start = good.windows(13).position(|part| part == b"gap_accepted\"").unwrap() + 14;
    for place in start..good.len() {
        let mut bytes = good.clone();
        bytes[place] = b' ';
        assert!(read(&bytes).is_err(), "byte {place}");
    }
    assert!(read(&[&good[..], b" "].concat()).is_err());
    assert!(read(&good[..good.len() - 1]).is_err());
}

#[test]
fn an_origin_begins_with_its_entry_alone() {
    let mut log = lineage(0);
    log.checkpoint(&origin(0)).unwrap();
    assert!(log.clone().checkpoint(&origin(1)).is_err(), "no entry of a gap");
    assert!(log.clone().entry(&entry(0, 1, head(7)), || head(8)).is_err(), "another head");
    assert!(log.clone().entry(&entry(1, 2, head(7)), || head(7)).is_err(), "another origin");
    assert!(log.clone().entry(&entry(0, 0, head(7)), || head(7)).is_err(), "the same origin");
    log.entry(&entry(0, 1, head(7)), || head(7)).unwrap();
    assert!(log.clone().checkpoint(&origin(0)).is_err(), "the origin before");
    log.checkpoint(&origin(1)).unwrap();
    log.entry(&entry(1, 3, head(9)), || head(9)).unwrap();
    log.checkpoint(&origin(3)).unwrap();
    assert_eq!(log.gaps().len(), 2);
}

#[test]
fn a_part_of_a_log_takes_the_origin_that_it_finds() {
    let mut part = lineage(5);
    part.checkpoint(&origin(2)).unwrap();
    assert!(part.checkpoint(&origin(1)).is_err());
    let mut part = lineage(5);
    part.entry(&entry(2, 3, head(7)), || head(7)).unwrap();
    part.checkpoint(&origin(3)).unwrap();
    let mut part = lineage(5);
    let mut foreign = entry(0, 1, head(7));
    let place = foreign.windows(5).position(|part| part == b"NOORD").unwrap();
    foreign[place] = b'Z';
    assert!(part.entry(&foreign, || head(7)).is_err());
}
