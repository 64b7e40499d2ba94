use std::sync::Arc;

use super::charges::{Chain, Charges};
use super::*;
use crate::keys::{Key, KeyRole};
use crate::log::medium::Medium;
use crate::log::remembered::Head;
use crate::log::store::tests::sim::{Sim, Unsynced};

mod beside;
mod disk;

fn key(id: &str) -> Key {
    let folder = tempfile::tempdir().unwrap();
    Key::create(&folder.path().join("key"), KeyRole::Envelope, id).unwrap()
}

fn lineage() -> Digest {
    Digest::of(b"lineage")
}

fn over(sim: &Sim, key: &Key) -> Charges {
    let medium: Arc<dyn Medium> = Arc::new(sim.clone());
    Charges::over(medium, [key]).unwrap()
}

/// The bytes of a charge that adds nothing, on a memory of so many charges.
fn empty_charge(number: u64) -> Vec<u8> {
    // Version, lineage, number, no events: as `query` writes it.
    let lineage = lineage();
    [&[1_u8][..], lineage.as_bytes(), &number.to_le_bytes(), &[0; 8]].concat()
}

/// Writes one more charge.
fn add(charges: &Charges, chain: &mut Chain) -> std::io::Result<()> {
    let bytes = empty_charge(chain.memory.charges());
    let last = charges.put(&lineage(), chain, bytes.clone())?;
    chain.memory.apply(&query::Charge::decode(&bytes).unwrap()).unwrap();
    chain.last = Some(last);
    Ok(())
}

fn head(chain: &Chain) -> Head {
    Head { charges: chain.memory.charges(), last: chain.last.unwrap() }
}

/// A lineage of so many charges.
fn filled(sim: &Sim, key: &Key, count: u64) -> (Charges, Chain) {
    let charges = over(sim, key);
    let mut chain = charges.read(&lineage(), None).unwrap();
    (0..count).for_each(|_| add(&charges, &mut chain).unwrap());
    (charges, chain)
}

fn file(number: u64) -> String {
    format!("{}/{number:020}.charge", lineage())
}

#[track_caller]
fn refused(charges: &Charges, head: &Head, code: &str) {
    let error = charges.read(&lineage(), Some(head)).unwrap_err();
    assert_eq!(error.code(), code, "{error}");
}

#[test]
fn charges_are_read_as_they_were_written() {
    let (sim, key) = (Sim::default(), key("a"));
    let (charges, chain) = filled(&sim, &key, 5);
    let head = head(&chain);
    let read = over(&sim, &key).read(&lineage(), Some(&head)).unwrap();
    assert_eq!((read.memory, read.last), (chain.memory, chain.last));
    assert_eq!(charges.all(&lineage()).unwrap().len(), 5);
    // Of another lineage there is nothing.
    let other = charges.read(&Digest::of(b"other"), None).unwrap();
    assert_eq!((other.memory.charges(), other.last), (0, None));
}

#[test]
fn nothing_of_a_charge_can_be_read_in_its_file() {
    let (sim, key) = (Sim::default(), key("a"));
    filled(&sim, &key, 1);
    let bytes = sim.bytes(&file(0));
    assert!(bytes.starts_with(b"KRINGCH1"));
    assert!(!bytes.windows(32).any(|window| window == lineage().as_bytes()));
}

#[test]
fn a_charge_that_is_missing_damaged_or_another_breaks_the_memory() {
    let (sim, key, stranger) = (Sim::default(), key("a"), self::key("b"));
    let (charges, chain) = filled(&sim, &key, 4);
    let head = head(&chain);
    refused(&over(&sim, &stranger), &head, "ledger_damaged");
    for number in 0..4 {
        let cut = sim.after_power_cut(Unsynced::Kept);
        cut.remove_for_good(&file(number));
        refused(&over(&cut, &key), &head, "ledger_missing");
        let damaged = sim.after_power_cut(Unsynced::Kept);
        damaged.damage(&file(number), |bytes| bytes[30] ^= 1);
        refused(&over(&damaged, &key), &head, "ledger_damaged");
        // A whole file of another number, and one of another history.
        let swapped = sim.after_power_cut(Unsynced::Kept);
        let other = sim.bytes(&file((number + 1) % 4));
        swapped.damage(&file(number), |bytes| *bytes = other);
        refused(&over(&swapped, &key), &head, "ledger_damaged");
        let (second, again) = (Sim::default(), self::filled);
        again(&second, &key, 4);
        let foreign = sim.after_power_cut(Unsynced::Kept);
        foreign.damage(&file(number), |bytes| *bytes = second.bytes(&file(number)));
        refused(&over(&foreign, &key), &head, "ledger_of_another_log");
    }
    // No folder at all is no empty memory.
    refused(&over(&Sim::default(), &key), &head, "ledger_missing");
    assert!(charges.read(&lineage(), Some(&head)).is_ok());
}

#[test]
fn a_charge_whose_figures_cannot_be_read_breaks_the_memory() {
    let (sim, key) = (Sim::default(), key("a"));
    let (charges, mut chain) = filled(&sim, &key, 1);
    // One fragment of no base, as `query` writes it, with figures in a form that nobody knows.
    let (lineage, name, body) = (lineage(), [5; 32], [1, 2, 3]);
    let number = |number: u64| number.to_le_bytes();
    let begin = [&[3_u8][..], lineage.as_bytes(), &number(1), &number(1), &[4]].concat();
    let bytes = [&begin[..], &name, &name, &number(0), &number(3), &body].concat();
    let charge = query::Charge::decode(&bytes).unwrap();
    assert_eq!(charge.encode().unwrap(), bytes);
    chain.last = Some(charges.put(&self::lineage(), &chain, bytes).unwrap());
    chain.memory.apply(&charge).unwrap();
    let error = charges.read(&self::lineage(), Some(&head(&chain))).unwrap_err();
    assert_eq!(error.code(), "ledger_damaged");
    let said = error.to_string();
    assert!(said.contains("cannot read: use the version that wrote it"), "{said}");
    assert!(said.contains(&file(1)) && said.contains("from a backup"), "{said}");
}

#[test]
fn a_charge_that_no_entry_names_is_charged_without_an_answer() {
    let (sim, key) = (Sim::default(), key("a"));
    let (charges, mut chain) = filled(&sim, &key, 2);
    let named = head(&chain);
    add(&charges, &mut chain).unwrap();
    let mut read = charges.read(&lineage(), Some(&named)).unwrap();
    assert_eq!(read.memory.charges(), 3);
    // The next one follows it, and nothing is charged twice.
    add(&charges, &mut read).unwrap();
    assert_eq!(charges.read(&lineage(), Some(&head(&read))).unwrap().memory.charges(), 4);
}

#[test]
fn after_a_power_cut_every_charge_that_was_acknowledged_is_there() {
    for unsynced in [Unsynced::Kept, Unsynced::Lost] {
        let (sim, key) = (Sim::default(), key("a"));
        let (_, chain) = filled(&sim, &key, 3);
        let after = sim.after_power_cut(unsynced);
        let read = over(&after, &key).read(&lineage(), Some(&head(&chain))).unwrap();
        assert_eq!(read.memory.charges(), 3);
    }
}
