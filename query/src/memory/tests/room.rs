//! What is reserved for indicators.

use super::*;
use crate::memory::bounds::Amounts;

/// Ten patients of their own.
fn one(number: u32) -> ExactCell {
    cell(&format!("cell {number}"), set(number * 100..number * 100 + 10))
}

/// What becomes of a cell of an answer that may use the room.
fn told(memory: &mut Memory, room: Room, cell: ExactCell) -> Ruling {
    let mut charge = memory.charge_in(room);
    let ruling = memory.exact(&mut charge, cell, GAPS);
    if !charge.is_empty() {
        memory.apply(&charge).unwrap();
    }
    ruling
}

#[track_caller]
fn check(most: Amounts) {
    let mut memory = Memory::bounded(name("lineage"), most);
    for number in 0..8 {
        assert!(!memory.is_closed(1_000), "{number}");
        assert_eq!(told(&mut memory, Room::Shared, one(number)), Ruling::Released);
    }
    assert_eq!(memory.filled(), 80);
    // Anybody gets what was told, and nothing else; noise tells something of every figure.
    assert_eq!(told(&mut memory, Room::Shared, one(8)), Ruling::Full);
    assert_eq!(told(&mut memory, Room::Shared, one(3)), Ruling::Released);
    assert!(memory.is_closed(1_000));
    for number in 8..10 {
        assert_eq!(told(&mut memory, Room::Reserved, one(number)), Ruling::Released);
    }
    assert_eq!((memory.filled(), memory.charges()), (100, 10));
    assert_eq!(told(&mut memory, Room::Reserved, one(10)), Ruling::Full);
    assert_eq!(told(&mut memory, Room::Shared, one(9)), Ruling::Released);
}

#[test]
fn the_last_fifth_of_each_bound_is_for_indicators() {
    check(Amounts { sets: 10, ..Amounts::MOST });
    check(Amounts { told: 10, ..Amounts::MOST });
    let mut memory = memory();
    (0..8).for_each(|number| assert_eq!(answer(&mut memory, vec![one(number)]).len(), 1));
    check(Amounts { bytes: memory.bytes() / 8 * 10, ..Amounts::MOST });
}

#[test]
fn tables_leave_a_fifth_of_a_snapshot_to_indicators() {
    let mut memory = memory();
    let snapshot = name("snapshot");
    let room =
        |memory: &Memory, room: Room, tables| memory.has_room_for((&snapshot, room), tables, 1);
    for (room_of, most) in [(Room::Shared, 1_600), (Room::Reserved, 2_000)] {
        assert!(room(&memory, room_of, most) && !room(&memory, room_of, most + 1));
    }
    let mut charge = memory.charge();
    for number in 0..1_600 {
        let (name, body) = (name(&number.to_string()), [0; 8].as_slice().into());
        charge.keep(Table { snapshot, name, bases: Vec::new(), body });
    }
    memory.apply(&charge).unwrap();
    assert!(!room(&memory, Room::Shared, 1) && room(&memory, Room::Reserved, 400));
    assert!(!room(&memory, Room::Reserved, 401));
    // The next import begins with an empty table.
    assert!(memory.has_room_for((&name("later"), Room::Shared), 1_600, 1));
}
