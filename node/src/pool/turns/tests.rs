use super::*;

/// Lets people come in order, then gives every turn that can be given.
#[track_caller]
fn check(turns: &mut Turns<&'static str>, arrivals: &[&'static str], granted: &[&str]) {
    for person in arrivals {
        assert!(matches!(turns.arrive(person), Arrival::Waits(_)));
    }
    let got: Vec<_> = std::iter::from_fn(|| turns.grant()).map(|(_, person)| person).collect();
    assert_eq!(got, granted);
}

#[test]
fn one_person_never_takes_the_last_turn() {
    for count in 2..10 {
        let mut turns = Turns::new(count);
        check(&mut turns, &["a"; 12], &["a"; 9][..(count - 1).min(MAX_PER_PERSON)]);
        check(&mut turns, &["b"], &["b"]);
    }
}

#[test]
fn a_single_turn_is_given_one_after_the_other() {
    let mut turns = Turns::new(1);
    check(&mut turns, &["a", "a", "b"], &["a"]);
    turns.end(&"a");
    check(&mut turns, &[], &["a"]);
    turns.end(&"a");
    check(&mut turns, &[], &["b"]);
}

#[test]
fn who_holds_least_goes_first_and_then_who_came_first() {
    let mut turns = Turns::new(3);
    check(&mut turns, &["a", "a", "b"], &["a", "b", "a"]);
    check(&mut turns, &["a", "c", "b", "d"], &[]);
    turns.end(&"b");
    // `c` came after `a`, who holds two already.
    check(&mut turns, &[], &["c"]);
    turns.end(&"a");
    check(&mut turns, &[], &["b"]);
    turns.end(&"a");
    // `a` holds as little as `d`, and came before.
    check(&mut turns, &[], &["a"]);
    turns.end(&"c");
    check(&mut turns, &[], &["d"]);
}

#[test]
fn who_leaves_is_not_served() {
    let mut turns = Turns::new(2);
    check(&mut turns, &["a"], &["a"]);
    let Arrival::Waits(ticket) = turns.arrive("a") else { panic!("the queue is empty") };
    turns.leave(ticket);
    turns.end(&"a");
    check(&mut turns, &[], &[]);
    check(&mut turns, &["b", "c"], &["b", "c"]);
}

#[test]
fn the_queue_has_an_end() {
    let mut turns = Turns::new(1);
    for _ in 0..MAX_WAITING {
        assert!(matches!(turns.arrive("a"), Arrival::Waits(_)));
    }
    assert_eq!(turns.arrive("b"), Arrival::Full);
}

#[test]
fn ends_of_turns_that_were_not_given_change_nothing() {
    let mut turns = Turns::new(2);
    turns.end(&"a");
    check(&mut turns, &["a", "b", "c"], &["a", "b"]);
}
