use super::*;

const SETTLE: Duration = Duration::from_secs(15);

fn second(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn only_what_is_old_enough_counts_as_received() {
    let start = Instant::now();
    let mut progress = Progress::new(7);
    progress.sent(3, start);
    progress.sent(2, start + second(10));
    assert_eq!((progress.next(), progress.received()), (12, 7));
    assert!(!progress.settle(SETTLE, start + second(14)));
    assert!(progress.settle(SETTLE, start + second(15)));
    assert_eq!(progress.received(), 10);
    assert!(progress.settle(SETTLE, start + second(25)));
    assert_eq!((progress.next(), progress.received()), (12, 12));
}

#[test]
fn a_group_is_as_old_as_its_last_entry_and_does_not_grow_for_ever() {
    let start = Instant::now();
    let mut progress = Progress::new(0);
    for step in 0..1000_u32 {
        progress.sent(1, start + Duration::from_millis(1) * step);
    }
    assert!(progress.open.len() <= 5, "{}", progress.open.len());
    assert!(!progress.settle(SETTLE, start + SETTLE));
    progress.settle(SETTLE, start + SETTLE + Duration::from_millis(600));
    assert!((250..=600).contains(&progress.received()), "{}", progress.received());
}

#[test]
fn what_broke_is_sent_again() {
    let start = Instant::now();
    let mut progress = Progress::new(0);
    progress.sent(5, start);
    assert!(progress.settle(SETTLE, start + second(20)));
    progress.sent(5, start + second(20));
    assert!(progress.broke());
    assert_eq!((progress.next(), progress.received()), (5, 5));
    assert!(!progress.settle(SETTLE, start + second(60)), "nothing of a broken connection settles");
    assert!(!progress.broke());
    progress.sent(1, start + second(61));
    progress.settle_all();
    assert_eq!((progress.next(), progress.received()), (6, 6));
}
