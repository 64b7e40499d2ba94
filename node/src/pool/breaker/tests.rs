use super::*;

/// Whether `a` has to pause at each of the moments, after losses at these.
#[track_caller]
fn check(losses: &[i64], pauses: &[(i64, Option<i64>)]) {
    let mut breaker = Breaker::default();
    for loss in losses {
        breaker.lost("a", UnixTime(*loss));
    }
    for (now, expected) in pauses {
        assert_eq!(breaker.pause(&"a", UnixTime(*now)), *expected, "at {now}");
    }
    assert_eq!(breaker.pause(&"b", UnixTime(0)), None);
}

#[test]
fn two_losses_are_an_accident() {
    check(&[0, 1], &[(1, None), (2, None)]);
}

#[test]
fn three_losses_make_a_pause_of_ten_minutes() {
    check(&[0, 1, 2], &[(2, Some(600)), (602 - 1, Some(1)), (602, None)]);
}

#[test]
fn losses_far_apart_do_not_count_together() {
    check(&[0, 500, 1099], &[(1100, None)]);
    check(&[0, 300, 599], &[(600, Some(599))]);
    check(&[0, 500, 550, 1000], &[(1000, Some(600))]);
}

#[test]
fn a_fourth_loss_renews_the_pause() {
    check(&[0, 1, 2, 300], &[(700, Some(200)), (900, None)]);
}

#[test]
fn a_clock_set_back_pauses_nobody_for_longer() {
    check(&[10_000, 10_001, 10_002], &[(0, None), (9_999, Some(600))]);
}

#[test]
fn so_many_people_are_known_and_no_more() {
    let mut breaker = Breaker::default();
    for person in 0..MAX_PEOPLE + 1 {
        let now = UnixTime(i64::try_from(person / 100).unwrap());
        (0..LOSSES).for_each(|_| breaker.lost(person, now));
    }
    assert_eq!(breaker.losses.len(), MAX_PEOPLE);
    let now = UnixTime(11);
    assert_eq!(breaker.pause(&0, now), None, "the oldest is forgotten");
    assert!(breaker.pause(&1, now).is_some() && breaker.pause(&MAX_PEOPLE, now).is_some());
}

#[test]
fn what_is_over_is_forgotten() {
    let mut breaker = Breaker::default();
    for person in 0..1000 {
        breaker.lost(person, UnixTime(i64::from(person)));
    }
    breaker.lost(5000, UnixTime(10_000));
    assert_eq!(breaker.losses.len(), 1);
}
