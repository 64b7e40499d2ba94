use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use libp2p::PeerId;
use libp2p::swarm::ConnectionId;

use super::{GOOD, Table, Wanted, YIELD, pause};
use crate::net::PeerKey;
use crate::net::address::Address;
use crate::net::limits::NetLimits;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);
const OWN: PeerKey = PeerKey([100; 32]);

fn one(key: u8) -> BTreeMap<PeerId, Wanted> {
    many([key].into_iter())
}

fn many(keys: impl Iterator<Item = u8>) -> BTreeMap<PeerId, Wanted> {
    let address = Address::parse("/ip4/127.0.0.1/tcp/1").expect("well formed");
    let addresses = vec![address];
    let one = |key| Wanted { addresses: addresses.clone(), ..Wanted::new(PeerKey([key; 32])) };
    keys.map(|key| (PeerId::random(), one(key))).collect()
}

fn table(wanted: &BTreeMap<PeerId, Wanted>, now: Instant) -> Table {
    let mut table = Table::new(OWN, &NetLimits::default());
    assert!(table.set(wanted.clone(), now).is_empty());
    table
}

#[test]
fn the_lower_key_dials_at_once_and_the_greater_waits() {
    let now = Instant::now();
    assert_eq!(table(&one(200), now).wake(), Some(now));
    assert_eq!(table(&one(1), now).wake(), Some(now + YIELD));
}

#[test]
fn failures_double_the_pause_up_to_the_longest() {
    let mut now = Instant::now();
    let wanted = one(200);
    let mut table = table(&wanted, now);
    let mut pauses = Vec::new();
    for _ in 0..10 {
        let due = table.due(now);
        assert_eq!(due.len(), 1);
        assert!(table.due(now).is_empty(), "one dial at a time");
        table.dialled(&due[0].0, Err("refused"), now, u32::MAX);
        let next = table.wake().expect("another try");
        pauses.push(next - now);
        now = next;
    }
    assert_eq!(pauses[0], FIRST);
    assert_eq!(pauses[1], FIRST * 2);
    assert_eq!(pauses[9], LONGEST);
    let status = table.status();
    assert_eq!(status.values().next().expect("one").last_error.as_deref(), Some("refused"));
}

#[test]
fn the_random_half_of_a_pause_spreads_dials() {
    assert_eq!(pause(FIRST, LONGEST, 1, 0), FIRST / 2);
    assert_eq!(pause(FIRST, LONGEST, 1, u32::MAX), FIRST);
    assert_eq!(pause(FIRST, LONGEST, u32::MAX, 0), LONGEST / 2);
}

#[test]
fn a_connection_that_breaks_at_once_keeps_backing_off() {
    let mut now = Instant::now();
    let wanted = one(200);
    let peer = *wanted.keys().next().expect("one");
    let mut table = table(&wanted, now);
    let mut pauses = Vec::new();
    for number in 0..4 {
        let connection = ConnectionId::new_unchecked(number);
        assert_eq!(table.due(now).len(), 1);
        table.dialled(&peer, Ok(()), now, 0);
        table.established(&peer, connection, "here".to_owned(), now);
        assert_eq!(table.wake(), None, "connected peers are not dialled");
        table.closed(&peer, connection, None, (now, u32::MAX));
        let next = table.wake().expect("another try");
        pauses.push(next - now);
        now = next;
    }
    assert_eq!(pauses, [FIRST, FIRST * 2, FIRST * 4, FIRST * 8]);
    let connection = ConnectionId::new_unchecked(9);
    table.established(&peer, connection, "here".to_owned(), now);
    now += GOOD;
    table.closed(&peer, connection, Some("gone"), (now, u32::MAX));
    assert_eq!(table.wake(), Some(now + FIRST), "a good connection starts over");
}

#[test]
fn a_second_connection_keeps_the_peer_connected() {
    let now = Instant::now();
    let wanted = one(200);
    let peer = *wanted.keys().next().expect("one");
    let mut table = table(&wanted, now);
    let (a, b) = (ConnectionId::new_unchecked(1), ConnectionId::new_unchecked(2));
    table.established(&peer, a, "first".to_owned(), now);
    table.established(&peer, b, "second".to_owned(), now);
    table.closed(&peer, a, None, (now, 0));
    let status = table.status();
    let status = status.values().next().expect("one");
    assert!(status.connected);
    assert_eq!(status.address.as_deref(), Some("second"));
    assert_eq!(table.wake(), None);
}

#[test]
fn removed_members_are_named_and_forgotten() {
    let now = Instant::now();
    let wanted = many(1..=3);
    let mut table = table(&wanted, now);
    let mut fewer = wanted.clone();
    let (gone, _) = fewer.pop_first().expect("three");
    assert_eq!(table.set(fewer, now), [gone]);
    assert!(!table.contains(&gone));
    table.established(&gone, ConnectionId::new_unchecked(1), "late".to_owned(), now);
    assert_eq!(table.status().len(), 2);
}

#[test]
fn dials_at_once_are_bounded_and_the_rest_follows() {
    let now = Instant::now();
    let wanted = many(101..=200);
    let mut table = table(&wanted, now);
    let limit = NetLimits::default().dials;
    let first = table.due(now);
    assert_eq!(first.len(), limit);
    assert_eq!(table.wake(), None);
    table.dialled(&first[0].0, Err("refused"), now, 0);
    assert_eq!(table.due(now).len(), 1);
}

#[test]
fn a_question_shortens_the_pause_but_not_below_the_first() {
    let mut now = Instant::now();
    let wanted = one(200);
    let peer = *wanted.keys().next().expect("one");
    let mut table = table(&wanted, now);
    for _ in 0..10 {
        table.due(now);
        table.dialled(&peer, Err("refused"), now, u32::MAX);
        now = table.wake().expect("another try");
    }
    let before = now - LONGEST;
    table.wanted(&peer, before);
    assert_eq!(table.wake(), Some(before + FIRST));
}

#[test]
fn a_member_with_two_keys_is_dialled_by_one_at_a_time_and_not_while_it_is_connected_by_either() {
    let now = Instant::now();
    let mut wanted = many(101..=102);
    let peers: Vec<PeerId> = wanted.keys().copied().collect();
    for (peer, one) in &mut wanted {
        one.others = peers.iter().filter(|other| *other != peer).copied().collect();
    }
    let mut table = table(&wanted, now);
    let first = table.due(now);
    assert_eq!(first.len(), 1);
    assert!(table.due(now).is_empty() && table.wake().is_none());
    // It is not known by that key: the other is tried at once.
    table.dialled(&first[0].0, Err("another key"), now, 0);
    let second = table.due(now);
    assert_eq!(second.len(), 1);
    assert_ne!(second[0].0, first[0].0);
    let connection = ConnectionId::new_unchecked(1);
    table.dialled(&second[0].0, Ok(()), now, 0);
    table.established(&second[0].0, connection, "here".to_owned(), now);
    assert!(table.due(now + LONGEST).is_empty() && table.wake().is_none());
    table.closed(&second[0].0, connection, None, (now + LONGEST, 0));
    assert_eq!(table.due(now + LONGEST)[0].0, first[0].0);
}
