//! Damage of what was acknowledged is refused with file and place; a torn end is not damage.

use super::sim::{SECTOR, Sim};
use super::*;
use crate::log::OpenError;
use crate::log::record::SEGMENT_HEADER;

fn segments(disk: &Sim) -> Vec<String> {
    let names = disk.list("").unwrap();
    names.into_iter().filter(|name| name.ends_with(".seg")).collect()
}

/// Opens and reads everything; the error, if there is one.
fn problem(disk: &Sim) -> Option<OpenError> {
    match Store::open(Arc::new(disk.clone()), SIZES) {
        Err(error) => Some(error),
        Ok(store) => store.reader().check_bytes().err(),
    }
}

fn filled(groups: usize) -> (Sim, Trace) {
    let disk = Sim::default();
    let trace = workload(&disk, groups);
    assert_eq!(trace.error, None);
    (disk, trace)
}

#[test]
fn every_flipped_byte_of_what_was_acknowledged_is_found() {
    let (disk, trace) = filled(9);
    let mut flipped = 0;
    for name in segments(&disk) {
        let bytes = disk.bytes(&name);
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        for at in 0..used {
            let copy = disk.after_power_cut(sim::Unsynced::Kept);
            copy.damage(&name, |bytes| bytes[at] ^= 0x04);
            match problem(&copy) {
                Some(OpenError::Damaged { path, .. }) => {
                    assert!(path.ends_with(&name) || at < SEGMENT_HEADER, "{name} {at}: {path:?}");
                }
                other => panic!("byte {at} of {name}: {other:?}"),
            }
            flipped += 1;
        }
    }
    println!("{flipped} bytes flipped, all found");
    assert!(flipped > 10_000);
    assert!(problem(&disk).is_none(), "no false alarm");
    recovered(&disk, &trace);
}

#[test]
fn a_log_that_was_cut_off_or_lost_a_file_is_refused() {
    let (disk, _) = filled(20);
    let names = segments(&disk);
    let last = names.last().unwrap();
    for name in &names {
        let copy = disk.after_power_cut(sim::Unsynced::Kept);
        copy.remove_for_good(name);
        assert!(matches!(problem(&copy), Some(OpenError::Damaged { .. })), "{name}");
    }
    let copy = disk.after_power_cut(sim::Unsynced::Kept);
    copy.remove_for_good(crate::log::mark::NAME);
    assert!(matches!(problem(&copy), Some(OpenError::Damaged { .. })));
    let used = disk.bytes(last).iter().rposition(|byte| *byte != 0).unwrap() + 1;
    for end in (0..used).step_by(97) {
        let copy = disk.after_power_cut(sim::Unsynced::Kept);
        copy.damage(last, |bytes| bytes.truncate(end));
        assert!(matches!(problem(&copy), Some(OpenError::Damaged { .. })), "cut at {end}");
    }
}

#[test]
fn a_damaged_mark_never_costs_an_entry() {
    let (disk, trace) = filled(9);
    let mark = crate::log::mark::NAME;
    for at in 0..disk.bytes(mark).len() {
        let copy = disk.after_power_cut(sim::Unsynced::Kept);
        copy.damage(mark, |bytes| bytes[at] ^= 1);
        recovered(&copy, &trace);
    }
    let copy = disk.after_power_cut(sim::Unsynced::Kept);
    copy.damage(mark, |bytes| bytes.fill(0));
    assert!(
        matches!(problem(&copy), Some(OpenError::Damaged { path, .. }) if path.ends_with(mark))
    );
}

#[test]
fn a_group_behind_damage_proves_that_it_was_acknowledged_even_without_the_mark() {
    let disk = Sim::default();
    let mut store = Store::open(Arc::new(disk.clone()), SIZES).unwrap();
    let fresh = disk.bytes(crate::log::mark::NAME);
    for index in 0..3 {
        store.append(&[entry(index + 3)]).unwrap();
    }
    let name = segments(&disk).pop().unwrap();
    // The mark as it was before, as after a power cut.
    disk.damage(crate::log::mark::NAME, |bytes| *bytes = fresh);
    let used = disk.bytes(&name).iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let hurt = disk.after_power_cut(sim::Unsynced::Kept);
    hurt.damage(&name, |bytes| bytes[SEGMENT_HEADER + 100] ^= 1);
    let found = problem(&hurt);
    assert!(
        matches!(&found, Some(OpenError::Damaged { offset, .. }) if *offset == SEGMENT_HEADER as u64),
        "{found:?}"
    );
    // The last group has nothing behind it: it may be an end that nobody was told of.
    let torn = disk.after_power_cut(sim::Unsynced::Kept);
    torn.damage(&name, |bytes| bytes[used - SECTOR / 4] ^= 1);
    let store = Store::open(Arc::new(torn), SIZES).unwrap();
    assert_eq!(store.size(), 2);
}

#[test]
fn entries_that_a_checkpoint_signed_are_not_replaced_unseen() {
    let (disk, trace) = filled(10);
    // Another log of the same shape, with the signed checkpoint of the first.
    let other = Sim::default();
    let mut store = Store::open(Arc::new(other.clone()), SIZES).unwrap();
    for index in 0..trace.submitted.len() {
        let bytes = entry(index + 1);
        store.room(record_bytes(bytes.len() as u64)).unwrap();
        store.append(&[bytes]).unwrap();
    }
    store.append_checkpoint(trace.notes.last().unwrap()).unwrap();
    let found = problem(&other);
    assert!(
        matches!(&found, Some(OpenError::Damaged { reason, .. })
        if reason.contains("not those that a checkpoint was signed over")),
        "{found:?}"
    );
    assert!(problem(&disk).is_none());
}
