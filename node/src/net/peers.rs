//! Who should be connected, who is, and when to dial again.
//!
//! A pure table: the time and the randomness are arguments, so every schedule can be tested without a clock. It holds members
//! only. The swarm's task tells it what happened and does what [`Table::due`] says.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use libp2p::PeerId;
use libp2p::swarm::ConnectionId;

use super::PeerKey;
use super::address::Address;
use super::limits::NetLimits;

/// A connection that lived this long was a good one: the next pause is a first pause again. One that breaks at once (the other
/// side does not know us, or its node dies at start) keeps backing off.
const GOOD: Duration = Duration::from_secs(10);
/// The side with the greater key waits this long before its first dial, so that two nodes seldom dial each other at once.
const YIELD: Duration = Duration::from_millis(150);
/// The doubling of pauses ends here; the longest pause is reached far earlier.
const DOUBLINGS: u32 = 16;
/// Characters kept of a library's error text: it may repeat a peer's words.
const ERROR_CHARS: usize = 300;

/// One member as it is seen from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    /// The member's transport key.
    pub key: PeerKey,
    /// Whether a question can be sent without waiting for a connection.
    pub connected: bool,
    /// Since when there has been a connection without a break.
    pub connected_since: Option<Instant>,
    /// The other end of the oldest connection.
    pub address: Option<String>,
    /// Why the last dial failed or the last connection broke; kept until a connection has been made.
    pub last_error: Option<String>,
}

/// Who is to be connected, under one key.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) key: PeerKey,
    pub(super) addresses: Vec<Address>,
    /// The same member under its other keys: one connection is enough.
    pub(super) others: Vec<PeerId>,
}

impl Wanted {
    pub(super) fn new(key: PeerKey) -> Self {
        Self { key, addresses: Vec::new(), others: Vec::new() }
    }
}

#[derive(Debug)]
pub(super) struct Table {
    own: PeerKey,
    first: Duration,
    longest: Duration,
    dials: usize,
    members: BTreeMap<PeerId, Member>,
    changed: bool,
}

#[derive(Debug)]
struct Member {
    key: PeerKey,
    addresses: Vec<Address>,
    others: Vec<PeerId>,
    connections: BTreeMap<ConnectionId, String>,
    since: Option<Instant>,
    dialling: bool,
    next: Option<Instant>,
    failures: u32,
    error: Option<String>,
}

impl Table {
    pub(super) fn new(own: PeerKey, limits: &NetLimits) -> Self {
        Self {
            own,
            first: limits.redial_first,
            longest: limits.redial_longest,
            dials: limits.dials,
            members: BTreeMap::new(),
            changed: false,
        }
    }

    /// Whether the status may be another one than at the last call.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    pub(super) fn contains(&self, peer: &PeerId) -> bool {
        self.members.contains_key(peer)
    }

    /// Takes over a list of members. Returns those that are gone; what stays keeps its connections.
    pub(super) fn set(&mut self, wanted: BTreeMap<PeerId, Wanted>, now: Instant) -> Vec<PeerId> {
        self.changed = true;
        let gone: Vec<PeerId> =
            self.members.keys().filter(|peer| !wanted.contains_key(peer)).copied().collect();
        for peer in &gone {
            self.members.remove(peer);
        }
        for (peer, Wanted { key, addresses, others }) in wanted {
            let start = if self.own < key { now } else { now + YIELD };
            let member = self.members.entry(peer).or_insert_with(|| Member::new(key, start));
            member.others = others;
            if member.addresses != addresses {
                member.addresses = addresses;
                member.failures = 0;
                if member.idle() {
                    member.next = Some(start);
                }
            }
        }
        gone
    }

    /// The members to dial now, at most as many as fit beside the dials under way. They count as being dialled.
    pub(super) fn due(&mut self, now: Instant) -> Vec<(PeerId, Vec<Address>)> {
        let under_way = self.members.values().filter(|member| member.dialling).count();
        let mut due: Vec<(Instant, PeerId)> = self
            .members
            .iter()
            .filter(|(_, member)| self.waits(member))
            .filter_map(|(peer, member)| {
                member.next.filter(|next| *next <= now).map(|next| (next, *peer))
            })
            .collect();
        due.sort_unstable();
        due.truncate(self.dials.saturating_sub(under_way));
        due.into_iter()
            .filter_map(|(_, peer)| {
                // One dial for a member at a time, by whichever key.
                if !self.members.get(&peer).is_some_and(|member| self.waits(member)) {
                    return None;
                }
                let member = self.members.get_mut(&peer)?;
                member.dialling = true;
                member.next = None;
                Some((peer, member.addresses.clone()))
            })
            .collect()
    }

    /// When [`Table::due`] will have something to say; nothing while all dials are under way or nobody waits.
    pub(super) fn wake(&self) -> Option<Instant> {
        let under_way = self.members.values().filter(|member| member.dialling).count();
        if under_way >= self.dials {
            return None;
        }
        let waiting = self.members.values().filter(|member| self.waits(member));
        waiting.filter_map(|member| member.next).min()
    }

    /// Whether this member is neither connected nor being dialled, by any of its keys.
    fn waits(&self, member: &Member) -> bool {
        let idle = |peer: &PeerId| self.members.get(peer).is_none_or(Member::idle);
        member.idle() && !member.addresses.is_empty() && member.others.iter().all(idle)
    }

    pub(super) fn established(
        &mut self,
        peer: &PeerId,
        connection: ConnectionId,
        address: String,
        now: Instant,
    ) {
        self.changed = true;
        let Some(member) = self.members.get_mut(peer) else {
            return;
        };
        member.connections.insert(connection, address);
        member.since.get_or_insert(now);
        member.next = None;
        member.error = None;
    }

    /// A dial ended, well or badly.
    pub(super) fn dialled(
        &mut self,
        peer: &PeerId,
        result: Result<(), &str>,
        now: Instant,
        random: u32,
    ) {
        self.changed = true;
        let (first, longest) = (self.first, self.longest);
        let Some(member) = self.members.get_mut(peer) else {
            return;
        };
        member.dialling = false;
        let Err(problem) = result else { return };
        member.error = Some(shorten(problem));
        member.failures = member.failures.saturating_add(1);
        if member.connections.is_empty() {
            member.next = Some(now + pause(first, longest, member.failures, random));
        }
    }

    pub(super) fn closed(
        &mut self,
        peer: &PeerId,
        connection: ConnectionId,
        cause: Option<&str>,
        (now, random): (Instant, u32),
    ) {
        self.changed = true;
        let (first, longest) = (self.first, self.longest);
        let Some(member) = self.members.get_mut(peer) else {
            return;
        };
        member.connections.remove(&connection);
        if !member.connections.is_empty() {
            return;
        }
        let lived = member
            .since
            .take()
            .map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        member.failures = if lived >= GOOD { 0 } else { member.failures.saturating_add(1) };
        member.error = Some(shorten(cause.unwrap_or("the connection was closed")));
        member.next = Some(now + pause(first, longest, member.failures.max(1), random));
    }

    /// Somebody wants to ask this member: the pause is cut to the shortest one.
    pub(super) fn wanted(&mut self, peer: &PeerId, now: Instant) {
        let first = self.first;
        if let Some(member) = self.members.get_mut(peer).filter(|member| member.idle()) {
            let soon = now + first;
            member.next = Some(member.next.map_or(soon, |next| next.min(soon)));
        }
    }

    pub(super) fn status(&self) -> BTreeMap<PeerKey, PeerStatus> {
        let one = |member: &Member| PeerStatus {
            key: member.key,
            connected: !member.connections.is_empty(),
            connected_since: member.since,
            address: member.connections.values().next().cloned(),
            last_error: member.error.clone(),
        };
        self.members.values().map(|member| (member.key, one(member))).collect()
    }
}

impl Member {
    fn new(key: PeerKey, start: Instant) -> Self {
        Self {
            key,
            addresses: Vec::new(),
            others: Vec::new(),
            connections: BTreeMap::new(),
            since: None,
            dialling: false,
            next: Some(start),
            failures: 0,
            error: None,
        }
    }

    fn idle(&self) -> bool {
        self.connections.is_empty() && !self.dialling
    }
}

/// Exponential backoff with the upper half random, so that nodes that lost each other together do not return together.
fn pause(first: Duration, longest: Duration, failures: u32, random: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(DOUBLINGS);
    let whole = first.saturating_mul(1 << doublings).min(longest);
    let half = whole / 2;
    half + half.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

fn shorten(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(ERROR_CHARS).collect()
}
