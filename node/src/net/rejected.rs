//! What peers sent that was not worth an answer, counted.
//!
//! Unauthenticated or malformed input must not be able to fill a log, so it is counted per peer and code, and the daemon
//! takes the counts from time to time. Strangers share one line: their keys are theirs to invent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::PeerKey;

/// Lines kept between two calls of `take`; above it, counts lose their peer and keep their code.
const LINES: usize = 4096;

/// Why something was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RejectCode {
    /// The length of a request is over the limit.
    OversizeRequest,
    /// A request of no bytes, or a stream that ended before any.
    EmptyRequest,
    /// The stream ended inside a request.
    TruncatedRequest,
    /// Bytes after the request.
    TrailingBytes,
    /// The request did not arrive in time.
    StalledRequest,
    /// Too many streams at once, or the daemon did not take the request in time.
    Busy,
    /// A connection by a key that is no member's.
    Stranger,
    /// A handshake that failed.
    Handshake,
    /// More connections than allowed.
    TooManyConnections,
}

/// How often something was rejected since the last time that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The member that sent it; nobody for strangers and failed handshakes.
    pub peer: Option<PeerKey>,
    /// What was wrong.
    pub code: RejectCode,
    /// How often.
    pub count: u64,
}

type Counts = BTreeMap<(Option<PeerKey>, RejectCode), u64>;

#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    counts: Arc<Mutex<Counts>>,
}

impl RejectCode {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::OversizeRequest => "oversize_request",
            Self::EmptyRequest => "empty_request",
            Self::TruncatedRequest => "truncated_request",
            Self::TrailingBytes => "trailing_bytes",
            Self::StalledRequest => "stalled_request",
            Self::Busy => "busy",
            Self::Stranger => "stranger",
            Self::Handshake => "handshake",
            Self::TooManyConnections => "too_many_connections",
        }
    }
}

impl Counters {
    pub(super) fn add(&self, peer: Option<PeerKey>, code: RejectCode) {
        let mut counts = self.lock();
        let known = counts.contains_key(&(peer, code));
        let line = if known || counts.len() < LINES { peer } else { None };
        let count = counts.entry((line, code)).or_default();
        *count = count.saturating_add(1);
    }

    pub(super) fn take(&self) -> Vec<Rejected> {
        std::mem::take(&mut *self.lock())
            .into_iter()
            .map(|((peer, code), count)| Rejected { peer, code, count })
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_per_peer_and_code_and_are_taken_once() {
        let counters = Counters::default();
        let peer = Some(PeerKey([1; 32]));
        counters.add(peer, RejectCode::Busy);
        counters.add(peer, RejectCode::Busy);
        counters.add(None, RejectCode::Stranger);
        let taken = counters.take();
        assert_eq!(taken.len(), 2);
        assert_eq!(taken.iter().find(|line| line.peer == peer).map(|line| line.count), Some(2));
        assert!(counters.take().is_empty());
    }

    #[test]
    fn many_peers_take_bounded_memory_and_lose_no_count() {
        let counters = Counters::default();
        for number in 0..10_000_u32 {
            let mut key = [0; 32];
            key[..4].copy_from_slice(&number.to_be_bytes());
            counters.add(Some(PeerKey(key)), RejectCode::EmptyRequest);
        }
        let taken = counters.take();
        assert!(taken.len() <= LINES + 1);
        assert_eq!(taken.iter().map(|line| line.count).sum::<u64>(), 10_000);
    }
}
