//! What a node takes.

use policies::statement::Revocations;
use policies::{Line, UnixTime};

use crate::boards::{Draft, T0, World, day, line};

/// Checks and accepts a version; it is the tip then.
#[track_caller]
fn taken(line: &mut Line, draft: &Draft, signers: &[&str], at: UnixTime) {
    let next = line.check(&draft.signed(signers), &Revocations::default()).unwrap();
    assert_eq!(*next.layer(), draft.layer());
    assert_eq!(next.bytes(), draft.signed(signers));
    line.accept(next, at).unwrap();
    assert_eq!(*line.tip(), draft.layer());
}

#[test]
fn two_of_three_sign_the_next_version() {
    let world = World::new();
    for pair in [["ann", "ben"], ["ann", "cas"], ["ben", "cas"]] {
        taken(&mut world.line.clone(), &world.third(), &pair, day(60));
    }
}

#[test]
fn a_board_hands_over_to_another_one() {
    let world = World::new();
    let third = world.third().board(&["dov", "eva"], 2);
    taken(&mut world.line.clone(), &third, &["ann", "cas", "dov", "eva"], day(60));
}

#[test]
fn three_of_five_go_on_with_one_rotated() {
    let first = Draft::first().board(&["ann", "ben", "cas", "dov", "eva"], 3);
    let second = first.next().board(&["ann", "ben", "cas", "dov", "fae"], 3);
    taken(&mut line(&[(&first, T0)]), &second, &["ann", "ben", "dov"], T0);
    taken(&mut line(&[(&first, T0)]), &second, &["ann", "ben", "eva", "fae"], T0);
}

#[test]
fn a_higher_and_a_lower_threshold_are_both_reached() {
    let world = World::new();
    let higher = Draft { threshold: 3, ..world.third() };
    let mut line = world.line.clone();
    taken(&mut line, &higher, &["ann", "ben", "cas"], day(60));
    let lower = Draft { threshold: 1, from: day(61), ..higher.next() };
    taken(&mut line, &lower, &["ann", "ben", "cas"], day(61));
    let last = Draft { from: day(62), ..lower.next() };
    taken(&mut line, &last, &["ben"], day(62));
}

#[test]
fn a_version_that_has_expired_lies_in_the_middle() {
    let first = Draft::first();
    let second = Draft { from: day(1), until: day(2), ..first.next() };
    let third = Draft { from: day(3), until: day(300), ..second.next() };
    let mut line = line(&[(&first, T0), (&second, day(100))]);
    assert_eq!(line.in_force(day(100)).unwrap_err().code(), "expired");
    taken(&mut line, &third, &["ann", "ben"], day(100));
    assert_eq!(line.in_force(day(100)).unwrap().newest.version(), 3);
}

#[test]
fn a_version_of_the_future_waits() {
    let world = World::new();
    let third = Draft { from: day(90), ..world.third() };
    let mut line = world.line.clone();
    taken(&mut line, &third, &["ann", "ben"], day(60));
    assert_eq!(line.in_force(day(90).plus(-1)).unwrap().newest.version(), 2);
    assert_eq!(line.in_force(day(90)).unwrap().newest.version(), 3);
}

#[test]
fn history_says_who_signed_as_what_and_when_it_was_taken() {
    let world = World::new();
    let third = world.third().board(&["ann", "dov"], 1);
    let mut line = world.line.clone();
    taken(&mut line, &third, &["ann", "ben", "dov"], day(61));
    let third = line.history().last().unwrap();
    assert_eq!(third.accepted_at(), day(61));
    assert_eq!((third.valid_from(), third.valid_until()), (day(60), day(365)));
    let signed: Vec<(u64, &str)> =
        third.signed_by().iter().map(|by| (by.version, by.signer.name.as_str())).collect();
    assert_eq!(signed, [(2, "ann"), (2, "ben"), (3, "ann"), (3, "dov")]);
    let versions: Vec<u64> = line.history().map(|version| version.layer().version).collect();
    assert_eq!(versions, [1, 2, 3]);
}

#[test]
fn a_stored_chain_is_read_with_the_charters_that_can_hold() {
    let drafts: Vec<Draft> = std::iter::successors(Some(Draft::first()), |before| {
        Some(Draft { from: before.from.plus(10 * 24 * 60 * 60), ..before.next() })
    })
    .take(12)
    .collect();
    let versions: Vec<(&Draft, UnixTime)> =
        drafts.iter().map(|draft| (draft, draft.from)).collect();
    let whole = line(&versions);
    let root = drafts[0].digest();
    for at in [T0, day(15), day(64), day(100), day(200)] {
        let stored = drafts.iter().map(|draft| (draft.whole(), draft.from));
        let read = Line::read(stored, root, at).unwrap();
        assert_eq!(read.tip(), whole.tip());
        let moments = [at, at.plus(1), at.plus(86_400), day(109), day(110), day(130), day(300)];
        for moment in moments.into_iter().filter(|moment| *moment >= at) {
            let (read, whole) = (read.in_force(moment).unwrap(), whole.in_force(moment).unwrap());
            assert_eq!(read.layers(), whole.layers(), "{moment}");
        }
    }
    // Only the newest one is whole, and the clock going back is told.
    let stored = drafts.iter().map(|draft| (draft.whole(), draft.from));
    let read = Line::read(stored, root, day(200)).unwrap();
    assert_eq!(read.history().filter(|version| version.charter().is_some()).count(), 1);
    assert_eq!(read.in_force(day(50)).unwrap_err().code(), "charter_not_loaded");
    let mut forgetting = whole;
    forgetting.forget(day(200));
    assert_eq!(forgetting.history().filter(|version| version.charter().is_some()).count(), 1);
    assert_eq!(forgetting.in_force(day(200)).unwrap().newest.version(), 12);
}
