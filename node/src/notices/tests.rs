use std::time::Duration;

use super::*;

/// Its event, which is logged.
fn said(notices: &Notices, notice: Option<Notice>) -> Option<Event> {
    let (event, known) = notice?.into_parts();
    notices.said(known);
    Some(event)
}

/// Its event, whose entry cannot be written.
fn lost(notice: Option<Notice>) -> Option<Event> {
    let (event, _known) = notice?.into_parts();
    Some(event)
}

fn clock(ahead_s: i64) -> Option<Event> {
    Some(Event::Clock { against: ClockSource::Monotonic, ahead_s })
}

#[test]
fn a_clock_that_jumps_is_noticed_once_and_one_that_is_steered_is_not() {
    let (notices, start) = (Notices::default(), Instant::now());
    let after = |seconds| start + Duration::from_secs(seconds);
    let look = |now, seconds| said(&notices, notices.clock(UnixTime(now), after(seconds)));
    assert_eq!(look(1000, 0), None);
    assert_eq!(look(1060 + CLOCK_JUMP_S, 60), None);
    assert_eq!(look(5000, 120), clock(5000 - 1130));
    assert_eq!(look(5060, 180), None);
    assert_eq!(look(1000, 240), clock(-4120));
    assert_eq!(look(i64::MIN, 300), clock(i64::MIN));
}

#[test]
fn a_jump_of_the_clock_that_could_not_be_logged_is_noticed_until_it_is() {
    let (notices, start) = (Notices::default(), Instant::now());
    let look = |now, seconds| notices.clock(UnixTime(now), start + Duration::from_secs(seconds));
    assert_eq!(lost(look(1000, 0)), None);
    assert_eq!(lost(look(5060, 60)), clock(4000));
    assert_eq!(lost(look(5121, 120)), clock(4001));
    assert_eq!(said(&notices, look(5180, 180)), clock(4000));
    assert_eq!(lost(look(5240, 240)), None);
}

#[test]
fn a_start_behind_the_last_entry_is_noticed() {
    assert_eq!(behind(UnixTime(1000), UnixTime(1000 - CLOCK_JUMP_S)), None);
    assert_eq!(behind(UnixTime(1000), UnixTime(9000)), None);
    let event = Event::Clock { against: ClockSource::LastEntry, ahead_s: -900 };
    assert_eq!(behind(UnixTime(1000), UnixTime(100)), Some(event));
}

#[test]
fn a_snapshot_is_said_once_and_until_it_is_logged_also_over_starts() {
    let dataset = DatasetId::new("rotterdam").unwrap();
    let (first, second) = (Digest::of(b"first"), Digest::of(b"second"));
    let notices = Notices::new(BTreeMap::from([(dataset.clone(), first)]));
    assert_eq!(lost(notices.snapshot(&dataset, 2, first)), None);
    let event = Event::SnapshotUsed { dataset: dataset.clone(), version: 2, snapshot: second };
    assert_eq!(lost(notices.snapshot(&dataset, 2, second)), Some(event.clone()));
    assert_eq!(said(&notices, notices.snapshot(&dataset, 2, second)), Some(event));
    assert_eq!(lost(notices.snapshot(&dataset, 2, second)), None);
}
