//! The charges are the state.

use super::*;
use crate::memory::tables::Table;

/// A small generator (splitmix64): the same numbers in every run.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn under(&mut self, sides: u32) -> u32 {
        u32::try_from(self.next() % u64::from(sides)).unwrap()
    }
}

/// One answer to random questions; what was ruled, and the bytes of the charge.
fn random_answer(memory: &mut Memory, dice: &mut Dice, person: &str) -> (Vec<String>, Vec<u8>) {
    let mut seen = vec![];
    let day = dice.under(5);
    let mut charge = memory.quota(&asker(person), &limits(9_999, 9_999), 3, day).unwrap();
    for _ in 0..dice.under(4) {
        let (from, size) = (dice.under(3) * 10 + dice.under(2), 10 + dice.under(4) * 10);
        let patients = set(from..from + size);
        if dice.under(2) == 0 {
            let measures = vec![part(set(from..from + size / 2)), sum(u64::from(dice.under(2)))];
            let asked =
                ExactCell { measures, day, ..cell(&format!("c{}", dice.under(8)), patients) };
            seen.push(format!("{:?}", memory.exact(&mut charge, asked, GAPS)));
        } else {
            let form = name(&format!("f{}", dice.under(8)));
            let columns = vec![name(&format!("column {}", dice.under(3)))];
            let asked = ExploredCell { set: patients, form, columns };
            let novelty = memory.explore(&mut charge, asked, RULES);
            if let Novelty::Over(patients) = &novelty {
                memory.retire(&mut charge, &Retiring(patients.clone()));
            }
            seen.push(format!("{novelty:?}"));
        }
    }
    seen.push(format!("{:?}", memory.left_out(90, Amounts::ONE, &Retiring::default())));
    let bytes = charge.encode().unwrap();
    memory.apply(&charge).unwrap();
    (seen, bytes)
}

/// A run of answers to persons in turn.
fn run(seed: u64, persons: &[&str]) -> (Memory, Vec<Vec<String>>, Vec<Vec<u8>>) {
    let (mut memory, mut dice) = (memory(), Dice(seed));
    let turns = persons.iter().cycle().take(40);
    let (seen, bytes) = turns.map(|person| random_answer(&mut memory, &mut dice, person)).unzip();
    (memory, seen, bytes)
}

#[test]
fn the_same_charges_in_order_make_the_same_state() {
    let mut all_seen = String::new();
    for seed in 0..12 {
        let (memory, seen, bytes) = run(seed, &["ann", "ben"]);
        let mut rebuilt = super::memory();
        for bytes in &bytes {
            let charge = Charge::decode(bytes).unwrap();
            assert_eq!(charge.encode().unwrap(), *bytes);
            rebuilt.apply(&charge).unwrap();
        }
        assert_eq!(rebuilt, memory);
        all_seen += &seen.concat().concat();
    }
    let cases = ["Released", "Stands", "Null", "Known", "New", "Over", "UpTo", "Closed"];
    assert!(cases.iter().all(|case| all_seen.contains(case)), "{all_seen}");
}

#[test]
fn who_asked_changes_nothing() {
    for seed in 0..6 {
        let (_, seen, _) = run(seed, &["ann", "ben", "cas"]);
        let (_, permuted, _) = run(seed, &["cas", "ann", "ben"]);
        let (_, alone, _) = run(seed, &["ann"]);
        assert_eq!((&permuted, &alone), (&seen, &seen));
    }
}

/// A charge of one table, and its bytes.
fn table_charge() -> (Charge, Vec<u8>) {
    let mut charge = Memory::new(name("lineage")).charge();
    charge.keep(Table {
        snapshot: name("snapshot"),
        name: name("fragment"),
        bases: vec![name("base"), name("other base")],
        body: vec![7; 40].into(),
    });
    let bytes = charge.encode().unwrap();
    (charge, bytes)
}

#[test]
fn tables_are_read_as_they_were_written_and_refused_where_they_are_damaged() {
    let (charge, bytes) = table_charge();
    let read = Charge::decode(&bytes).unwrap();
    assert_eq!(read, charge);
    let mut memory = Memory::new(name("lineage"));
    memory.apply(&read).unwrap();
    assert_eq!(memory.tables(&name("snapshot")).len(), 1);
    assert_eq!(memory.tables(&name("later")).len(), 0);
    for end in 1..bytes.len() {
        assert_eq!(Charge::decode(&bytes[..end]), Err(CodeError::Shape), "cut at {end}");
    }
}

#[test]
fn charges_of_the_first_format_hold_no_tables() {
    let (_, bytes) = table_charge();
    assert_eq!(Charge::decode(&[&[1], &bytes[1..]].concat()), Err(CodeError::Shape));
}

#[test]
fn bytes_that_are_not_a_charge_are_refused() {
    let (_, _, bytes) = run(1, &["ann"]);
    let bytes = bytes.into_iter().max_by_key(Vec::len).unwrap();
    for end in 0..bytes.len() {
        assert_eq!(Charge::decode(&bytes[..end]), Err(CodeError::Shape), "cut at {end}");
    }
    assert_eq!(Charge::decode(&[&bytes[..], &[0]].concat()), Err(CodeError::Shape));
    assert_eq!(Charge::decode(&[4]), Err(CodeError::Version { version: 4 }));
    // Any one bit but of the format: refused, or another charge that is written the same way.
    for at in 1..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        if let Ok(charge) = Charge::decode(&damaged) {
            assert_eq!(charge.encode().unwrap(), damaged);
        }
    }
    assert_eq!(CodeError::Shape.code(), "charge_damaged");
}

#[test]
fn in_the_first_format_a_form_has_those_who_retire_with_it() {
    let memory = memory();
    let mut charge = memory.charge();
    let cell = ExploredCell { set: set(0..50), form: name("f"), columns: vec![name("sex")] };
    memory.explore(&mut charge, cell, RULES);
    let retired = crate::memory::sets::bytes_of(&set(3..20));
    let length = u64::try_from(retired.len()).unwrap().to_le_bytes();
    let bytes = charge.encode().unwrap();
    let first = [&[1], &bytes[1..], &length, &retired].concat();
    let mut memory = memory;
    memory.apply(&Charge::decode(&first).unwrap()).unwrap();
    assert_eq!(*memory.retired(), set(3..20));
}
