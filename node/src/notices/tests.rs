use std::time::Duration;

use super::*;

fn clock(ahead_s: i64) -> Option<Event> {
    Some(Event::Clock { against: ClockSource::Monotonic, ahead_s })
}

#[test]
fn a_clock_that_jumps_is_noticed_once_and_one_that_is_steered_is_not() {
    let (notices, start) = (Notices::default(), Instant::now());
    let after = |seconds| start + Duration::from_secs(seconds);
    assert_eq!(notices.clock(UnixTime(1000), start), None);
    assert_eq!(notices.clock(UnixTime(1060 + CLOCK_JUMP_S), after(60)), None);
    assert_eq!(notices.clock(UnixTime(5000), after(120)), clock(5000 - 1130));
    assert_eq!(notices.clock(UnixTime(5060), after(180)), None);
    assert_eq!(notices.clock(UnixTime(1000), after(240)), clock(-4120));
    assert_eq!(notices.clock(UnixTime(i64::MIN), after(300)), clock(i64::MIN));
}

#[test]
fn a_start_behind_the_last_entry_is_noticed() {
    assert_eq!(behind(UnixTime(1000), UnixTime(1000 - CLOCK_JUMP_S)), None);
    assert_eq!(behind(UnixTime(1000), UnixTime(9000)), None);
    let event = Event::Clock { against: ClockSource::LastEntry, ahead_s: -900 };
    assert_eq!(behind(UnixTime(1000), UnixTime(100)), Some(event));
}

#[test]
fn a_snapshot_is_said_once_also_over_starts() {
    let dataset = DatasetId::new("rotterdam").unwrap();
    let (first, second) = (Digest::of(b"first"), Digest::of(b"second"));
    let notices = Notices::new(BTreeMap::from([(dataset.clone(), first)]));
    assert_eq!(notices.snapshot(&dataset, 2, first), None);
    let event = Event::SnapshotUsed { dataset: dataset.clone(), version: 2, snapshot: second };
    assert_eq!(notices.snapshot(&dataset, 2, second), Some(event));
    assert_eq!(notices.snapshot(&dataset, 2, second), None);
}
