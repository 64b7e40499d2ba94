//! No bit of what is signed, and of its signatures, can change unseen.

use policies::statement::{Freshness, Revocation, Revocations, Subject};

use crate::boards::{World, day, fresh, revocation};
use crate::fixture::key;

/// Flips a bit of every byte in turn; nothing of that may be taken.
#[track_caller]
fn check(bytes: &[u8], step: usize, taken: impl Fn(&[u8]) -> bool) {
    assert!(taken(bytes));
    for place in (0..bytes.len()).step_by(step) {
        let mut broken = bytes.to_vec();
        broken[place] ^= 1 << (place % 8);
        assert!(!taken(&broken), "byte {place} is not covered");
    }
}

#[test]
fn every_flipped_bit_of_a_version_is_refused() {
    let world = World::new();
    let none = Revocations::default();
    let bytes = world.third().signed(&["ann", "ben"]);
    check(&bytes, 5, |bytes| world.line.check(bytes, &none).is_ok());
}

#[test]
fn every_flipped_bit_of_a_statement_is_refused() {
    let world = World::new();
    let none = Revocations::default();
    let statement = fresh(&world.second, day(40)).sign(&key("ALFA freshness")).encode();
    check(&statement, 1, |bytes| Freshness::verify(bytes, &world.line, &none, day(40)).is_ok());
    let revocation = revocation(Subject::Signer, "cas", &["ann", "ben"]);
    check(&revocation, 1, |bytes| Revocation::verify(bytes, &world.line, &none, day(40)).is_ok());
    check(&revocation, 1, |bytes| Revocation::stored(bytes, &world.line).is_ok());
}
