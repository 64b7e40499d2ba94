//! What is reserved for indicators.

use super::*;

/// Ten patients of their own.
fn one(number: u32) -> ExactCell {
    cell(&format!("cell {number}"), set(number * 100..number * 100 + 10))
}

/// What becomes of a cell of an answer that may use the room.
fn told(memory: &mut Memory, room: Room, cell: ExactCell) -> Ruling {
    let mut charge = memory.charge_of(Claim { room, adds: Amounts::ONE });
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

/// Which cells of one answer are told.
fn answered(memory: &mut Memory, room: Room, cells: std::ops::Range<u32>) -> Vec<bool> {
    let adds = Amounts { bytes: 0, ..Amounts::exact(cells.len(), cells.len()) };
    let mut charge = memory.charge_of(Claim { room, adds });
    let told = cells.map(|number| match memory.exact(&mut charge, one(number), GAPS) {
        Ruling::Released => true,
        Ruling::Full => false,
        other @ (Ruling::Stands(_) | Ruling::Null) => panic!("{other:?}"),
    });
    let told = told.collect();
    if !charge.is_empty() {
        memory.apply(&charge).unwrap();
    }
    told
}

#[test]
fn no_answer_begins_under_the_line_and_ends_over_it() {
    for most in [Amounts { sets: 10, ..Amounts::MOST }, Amounts { told: 10, ..Amounts::MOST }] {
        let mut memory = Memory::bounded(name("lineage"), most);
        assert_eq!(answered(&mut memory, Room::Shared, 0..6), [true; 6]);
        // Two have room: of three none is told, not the first two of them.
        assert_eq!(answered(&mut memory, Room::Shared, 6..9), [false; 3]);
        assert_eq!((memory.filled(), memory.charges()), (60, 1));
        // What was told is told, whatever is asked with it.
        assert_eq!(answered(&mut memory, Room::Shared, 4..9), [true, true, false, false, false]);
        assert_eq!(answered(&mut memory, Room::Shared, 6..8), [true; 2]);
        assert_eq!(answered(&mut memory, Room::Reserved, 8..11), [false; 3]);
        assert_eq!(answered(&mut memory, Room::Reserved, 8..10), [true; 2]);
        assert_eq!(memory.filled(), 100);
    }
}

#[test]
fn an_answer_claims_all_the_bytes_that_it_may_have() {
    let claim = |room| Claim { room, adds: Amounts::exact(1, 1) };
    let most = |bytes| Memory::bounded(name("lineage"), Amounts { bytes, ..Amounts::MOST });
    for (room, bytes) in [(Room::Shared, 20 << 20), (Room::Reserved, 16 << 20)] {
        assert!(!most(bytes).is_full(claim(room)) && most(bytes - 2).is_full(claim(room)));
    }
    // A charge holds no more than that.
    let (mut charge, mut cells) = (memory().charge(), 0);
    loop {
        let spread: RoaringBitmap = (0..60_000).step_by(2).map(|patient| patient + cells).collect();
        let event = charge::Event::Exact(cell(&format!("{cells}"), spread));
        if !charge.holds(&event) {
            break;
        }
        charge.draft(event);
        cells += 1;
    }
    let kept = charge.drafted().bytes();
    assert!(((15 << 20)..=(16 << 20)).contains(&kept), "{kept}");
}

#[test]
fn an_answer_with_noise_is_told_where_all_that_it_could_add_has_room() {
    let closed = |sets, figures| {
        let memory = Memory::bounded(name("lineage"), Amounts::of_sets(sets));
        let adds = Amounts::explored(figures);
        memory.left_out(1_000, adds, &Retiring::default()) == LeftOut::Closed
    };
    assert!(!closed(100, 80) && closed(100, 81));
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
