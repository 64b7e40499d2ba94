use super::*;

#[test]
fn pauses_double_to_their_longest_and_keep_their_lower_half() {
    let (first, longest) = (Duration::from_secs(1), Duration::from_secs(60));
    let at = |failures, random| pause(first, longest, failures, random);
    assert_eq!(at(1, 0), Duration::from_millis(500));
    assert_eq!(at(1, u32::MAX), Duration::from_secs(1));
    assert_eq!(at(4, u32::MAX), Duration::from_secs(8));
    assert_eq!(at(40, u32::MAX), longest);
    assert_eq!(at(u32::MAX, 0), longest / 2);
}

#[test]
fn the_system_gives_a_connection_up_before_anything_on_it_counts_as_received() {
    assert!(crate::syslog::link::UNACKNOWLEDGED < Pace::DEFAULT.settle);
}
