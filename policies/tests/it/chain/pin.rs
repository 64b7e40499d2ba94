//! Bad first versions, and chains that are stored wrongly.

use policies::statement::Revocations;
use policies::{ChainError, Digest, Line, UnixTime};

use crate::boards::{Draft, T0, World, day, line};

use super::Case;

/// What a node is given as version 1, and the digest that it pinned.
type First = (&'static str, &'static str, fn() -> (Vec<u8>, Digest));

const FIRST: [First; 8] = [
    ("first: another network's", "other_root", || {
        let other = Draft { network: "zuid".to_owned(), ..Draft::first() };
        (other.whole(), Draft::first().digest())
    }),
    ("first: the same words by another board", "other_root", || {
        (Draft::first().board(&["eva", "fae"], 2).whole(), Draft::first().digest())
    }),
    ("first: a later version", "other_root", || {
        let first = Draft::first();
        (first.next().whole(), first.digest())
    }),
    ("first: a later version is pinned", "not_first", || {
        let second = Draft::first().next();
        (second.whole(), second.digest())
    }),
    ("first: not signed", "too_few_signers", || {
        (Draft::first().signed(&[]), Draft::first().digest())
    }),
    ("first: signed by one of two", "too_few_signers", || {
        (Draft::first().signed(&["cas"]), Draft::first().digest())
    }),
    ("first: signed by strangers", "too_few_signers", || {
        (Draft::first().signed(&["eva", "fae"]), Draft::first().digest())
    }),
    ("first: with a version before it", "charter_problems", || {
        let first = Draft { previous: Some(Digest::of(b"zero")), ..Draft::first() };
        (first.whole(), first.digest())
    }),
];

/// A stored chain that somebody changed; the good one has three versions.
type Stored = (&'static str, &'static str, fn(&World) -> Vec<Vec<u8>>);

const STORED: [Stored; 7] = [
    ("stored: nothing", "no_version", |_world| Vec::new()),
    ("stored: without the first", "other_root", |world| vec![world.second.whole()]),
    ("stored: with a gap", "skipped_version", |world| vec![world.first.whole(), third(world)]),
    ("stored: two changed places", "skipped_version", |world| {
        vec![world.first.whole(), third(world), world.second.whole()]
    }),
    ("stored: one of them twice", "too_few_old_signers", |world| {
        // The first one says that it is version 1 again, and no board signs that after version 2.
        vec![world.first.whole(), world.second.signed(&["ann"])]
    }),
    ("stored: an unsigned one", "too_few_old_signers", |world| {
        vec![world.first.whole(), world.second.signed(&[])]
    }),
    ("stored: cut off", "malformed_envelope", |world| {
        let mut bytes = world.second.whole();
        bytes.truncate(bytes.len() / 2);
        vec![world.first.whole(), bytes]
    }),
];

fn third(world: &World) -> Vec<u8> {
    world.third().whole()
}

/// Every case of this file.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, expected, made) in FIRST {
        let (bytes, root) = made();
        let opened = Line::first(&bytes, root, T0, &Revocations::default());
        let got = opened.map_or_else(|error| error.code(), |_line| "good");
        cases.push(Case { name: name.to_owned(), expected, got });
    }
    let world = World::new();
    let read = |stored: Vec<Vec<u8>>| {
        let stored = stored.into_iter().map(|bytes| (bytes, day(60)));
        Line::read(stored, world.first.digest(), day(90))
    };
    assert!(read(vec![world.first.whole(), world.second.whole(), third(&world)]).is_ok());
    for (name, expected, stored) in STORED {
        let got = read(stored(&world)).map_or_else(|error| error.code(), |_line| "good");
        cases.push(Case { name: name.to_owned(), expected, got });
    }
    cases
}

#[test]
fn a_version_that_was_checked_before_another_came_is_checked_again() {
    let world = World::new();
    let mut line = world.line.clone();
    let none = Revocations::default();
    let (third, other) = (world.third(), Draft { title: "Other".to_owned(), ..world.third() });
    let (one, two) = (line.check(&third.whole(), &none), line.check(&other.whole(), &none));
    line.accept(one.unwrap(), day(60)).unwrap();
    let error = line.accept(two.unwrap(), day(60)).unwrap_err();
    assert_eq!(error, ChainError::Moved { version: 3 });
    assert_eq!(*line.tip(), third.layer());
}

#[test]
fn a_version_that_was_taken_before_a_revocation_stays_at_a_restart() {
    let world = World::new();
    let stored = [(world.first.signed(&["ann", "ben"]), T0), (world.second.whole(), day(30))];
    let read = Line::read(stored, world.first.digest(), day(90)).unwrap();
    assert_eq!(read.tip(), world.line.tip());
}

#[test]
fn a_bundle_of_some_size_is_read_once_and_whole() {
    // Version 2 weighs a megabyte of remarks; it is over at the start, and only its head is read.
    let first = Draft::first();
    let second = Draft { from: day(10), ..first.next() };
    let mut files = second.files();
    let people = files.get_mut("people.toml").unwrap();
    people.push_str(&"# a remark that nobody reads\n".repeat(20_000));
    // A problem of a file of a version that is over does not keep a node from starting.
    people.push_str("unknown = 1\n");
    let envelope = crate::boards::envelope(&files);
    let third = Draft { from: day(40), previous: Some(envelope.digest()), ..second.next() };
    let signers = ["ann", "ben"];
    let stored = [
        (first.whole(), T0),
        (crate::boards::signed(envelope, &signers), day(10)),
        (third.whole(), day(40)),
    ];
    let at: fn(UnixTime) -> _ = |now| now;
    let read = |now| Line::read(stored.clone(), first.digest(), at(now));
    assert_eq!(read(day(90)).unwrap().in_force(day(90)).unwrap().newest.version(), 3);
    assert_eq!(read(day(45)).unwrap_err().code(), "charter_problems");
    assert_eq!(line(&[(&first, T0)]).root(), first.digest());
}
