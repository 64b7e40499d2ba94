//! Requests that do not verify, counted per peer and minute: a flood fills no disk.
//!
//! The first of a kind in a minute is logged at once, the rest as one number when the minute is over.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use policies::Digest;

use crate::log::Event;

/// Kinds counted at most; a peer cannot invent codes, so this is members times codes.
const MAX_KINDS: usize = 10_000;

/// The running minute.
#[derive(Debug, Default)]
pub(crate) struct Rejections {
    minute: Mutex<BTreeMap<(String, String), (u64, Digest)>>,
}

impl Rejections {
    /// Counts one; the event to log at once, if it is the first of its kind in this minute.
    pub(crate) fn count(&self, peer: &str, code: &str, first: Digest, count: u64) -> Option<Event> {
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = (peer.to_owned(), code.to_owned());
        if let Some((further, _)) = minute.get_mut(&kind) {
            *further = further.saturating_add(count);
            return None;
        }
        if minute.len() < MAX_KINDS {
            minute.insert(kind, (0, first));
        }
        Some(Event::Rejected { peer: peer.to_owned(), code: code.to_owned(), count, first })
    }

    /// Ends the minute: what was counted beyond the first of each kind.
    pub(crate) fn end_minute(&self) -> Vec<Event> {
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *minute)
            .into_iter()
            .filter(|(_, (further, _))| *further > 0)
            .map(|((peer, code), (count, first))| Event::Rejected { peer, code, count, first })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_logged_at_once_and_the_rest_as_a_number() {
        let rejections = Rejections::default();
        let digest = Digest::of(b"rubbish");
        assert!(rejections.count("NOORD", "expired", digest, 1).is_some());
        for _ in 0..1000 {
            assert!(rejections.count("NOORD", "expired", digest, 1).is_none());
        }
        assert!(rejections.count("ZUID", "expired", digest, 1).is_some());
        let events = rejections.end_minute();
        assert_eq!(
            events,
            [Event::Rejected {
                peer: "NOORD".into(),
                code: "expired".into(),
                count: 1000,
                first: digest
            }]
        );
        assert!(rejections.end_minute().is_empty());
        assert!(rejections.count("NOORD", "expired", digest, 1).is_some());
    }
}
