//! Which versions hold at a moment.

use policies::{Line, UnixTime};

use crate::boards::{Draft, T0, day, line};

/// The versions in force, the newest first.
#[track_caller]
fn held(line: &Line, at: UnixTime) -> Vec<u64> {
    let in_force = line.in_force(at).unwrap();
    in_force.all().map(|charter| charter.version()).collect()
}

#[test]
fn the_version_before_holds_beside_the_new_one_for_the_notice() {
    let first = Draft::first();
    let second = Draft { from: day(30), ..first.next() };
    let line = line(&[(&first, T0), (&second, day(20))]);
    assert_eq!(held(&line, T0), [1]);
    assert_eq!(held(&line, day(30).plus(-1)), [1]);
    assert_eq!(held(&line, day(30)), [2, 1]);
    assert_eq!(held(&line, day(44).plus(-1)), [2, 1]);
    assert_eq!(held(&line, day(44)), [2]);
    assert_eq!(line.in_force(day(30)).unwrap().besides[0].1, day(44));
}

#[test]
fn the_notice_runs_from_acceptance_where_a_version_comes_late() {
    let first = Draft::first();
    let second = Draft { from: day(30), ..first.next() };
    let line = line(&[(&first, T0), (&second, day(40))]);
    assert_eq!(held(&line, day(53)), [2, 1]);
    assert_eq!(held(&line, day(54)), [2]);
}

#[test]
fn a_lower_notice_waits_for_the_longer_one_and_a_higher_one_for_itself() {
    let first = Draft { notice_days: 30, ..Draft::first() };
    let second = Draft { notice_days: 0, from: day(10), ..first.next() };
    let third = Draft { notice_days: 5, from: day(50), ..second.next() };
    let line = line(&[(&first, T0), (&second, day(10)), (&third, day(50))]);
    assert_eq!(held(&line, day(39)), [2, 1]);
    assert_eq!(held(&line, day(40)), [2]);
    assert_eq!(held(&line, day(54)), [3, 2]);
    assert_eq!(held(&line, day(55)), [3]);
}

#[test]
fn two_quick_versions_do_not_skip_a_notice() {
    let first = Draft::first();
    let second = Draft { notice_days: 0, from: day(30), ..first.next() };
    let third = Draft { notice_days: 0, from: day(31), ..second.next() };
    let chain = line(&[(&first, T0), (&second, day(30)), (&third, day(31))]);
    assert_eq!(held(&chain, day(31)), [3, 2, 1]);
    assert_eq!(held(&chain, day(44).plus(-1)), [3, 2, 1]);
    // Version 1 held when version 3 began: the second step waits as long.
    assert_eq!(held(&chain, day(44)), [3, 2]);
    assert_eq!(held(&chain, day(45)), [3]);
    // Both of one second.
    let third = Draft { from: day(30), ..third };
    let chain = line(&[(&first, T0), (&second, day(30)), (&third, day(30))]);
    assert_eq!(held(&chain, day(44).plus(-1)), [3, 2, 1]);
    assert_eq!(held(&chain, day(44)), [3]);
}

#[test]
fn a_version_without_freshness_keys_does_not_end_freshness_at_once() {
    let first = Draft::first();
    let second = Draft { from: day(30), freshness: Vec::new(), ..first.next() };
    let line = line(&[(&first, T0), (&second, day(30))]);
    let asks = |at| {
        let in_force = line.in_force(at).unwrap();
        in_force.all().any(|charter| !charter.freshness().is_empty())
    };
    assert!(asks(day(43)) && !asks(day(44)));
}

#[test]
fn without_notice_the_new_version_stands_alone() {
    let first = Draft { notice_days: 0, ..Draft::first() };
    let second = Draft { from: day(30), ..first.next() };
    let line = line(&[(&first, T0), (&second, day(30))]);
    assert_eq!(held(&line, day(30).plus(-1)), [1]);
    assert_eq!(held(&line, day(30)), [2]);
}

#[test]
fn who_catches_up_at_the_first_start_holds_what_others_hold() {
    let first = Draft::first();
    let second = Draft { from: day(30), ..first.next() };
    let third = Draft { from: day(60), ..second.next() };
    let chain = line(&[(&first, T0), (&second, day(30)), (&third, day(60))]);
    assert_eq!(held(&chain, day(200)), [3]);
    assert_eq!(held(&chain, day(65)), [3, 2]);
}

#[test]
fn an_old_version_holds_to_the_end_of_the_notice_although_it_has_expired() {
    let first = Draft { until: day(35), ..Draft::first() };
    let second = Draft { from: day(30), until: day(365), ..first.next() };
    let line = line(&[(&first, T0), (&second, day(30))]);
    assert_eq!(held(&line, day(40)), [2, 1]);
    assert_eq!(held(&line, day(44)), [2]);
}

#[test]
fn nothing_holds_before_the_first_version_or_after_the_last_one() {
    let first = Draft::first();
    let second = Draft { from: day(30), until: day(60), ..first.next() };
    let line = line(&[(&first, T0), (&second, day(30))]);
    assert_eq!(line.in_force(T0.plus(-1)).unwrap_err().code(), "not_yet_valid");
    assert_eq!(held(&line, day(60)), [2]);
    // Not even version 1, which would still be valid: an expired version never falls back on an older one.
    assert_eq!(line.in_force(day(60).plus(1)).unwrap_err().code(), "expired");
}
