//! What was sent, and what of it counts as received.
//!
//! Pure: the moment is an argument. Two numbers, `received <= sent`; what lies between may still be lost with its connection.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What is sent within this time counts as received together: it bounds what is remembered.
const TOGETHER: Duration = Duration::from_millis(250);

/// How far forwarding got.
#[derive(Debug)]
pub(super) struct Progress {
    received: u64,
    sent: u64,
    /// Oldest first.
    open: VecDeque<Group>,
}

/// Entries that were sent at about the same time.
#[derive(Clone, Copy, Debug)]
struct Group {
    first: Instant,
    last: Instant,
    /// The entry after them.
    next: u64,
}

impl Progress {
    pub(super) fn new(next: u64) -> Self {
        Self { received: next, sent: next, open: VecDeque::new() }
    }

    /// The entries before this one count as received.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// The next entry to send.
    pub(super) fn next(&self) -> u64 {
        self.sent
    }

    /// So many more entries left.
    pub(super) fn sent(&mut self, count: u64, now: Instant) {
        self.sent = self.sent.saturating_add(count);
        let next = self.sent;
        match self.open.back_mut() {
            Some(group) if now.duration_since(group.first) < TOGETHER => {
                (group.last, group.next) = (now, next);
            }
            Some(_) | None => self.open.push_back(Group { first: now, last: now, next }),
        }
    }

    /// What was sent at least `age` ago counts as received; whether that is anything more.
    pub(super) fn settle(&mut self, age: Duration, now: Instant) -> bool {
        let before = self.received;
        while let Some(group) = self.open.front().filter(|g| now.duration_since(g.last) >= age) {
            self.received = group.next;
            self.open.pop_front();
        }
        self.received > before
    }

    /// Everything that was sent counts as received.
    pub(super) fn settle_all(&mut self) {
        self.received = self.sent;
        self.open.clear();
    }

    /// The connection is gone: what does not count as received is to be sent again; whether that is anything.
    pub(super) fn broke(&mut self) -> bool {
        let again = self.sent > self.received;
        self.sent = self.received;
        self.open.clear();
        again
    }
}

#[cfg(test)]
mod tests;
