//! Which question an entry consumes or is about: what replay protection is derived from.

use policies::{Digest, UnixTime};

use super::{Entry, Event};

/// What the log says of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The question.
    pub question: Digest,
    /// The request that consumed it.
    pub request: Digest,
    /// When it ends; the last moment there is, where the entry does not say.
    pub expires_at: UnixTime,
    /// Place of the last entry about it.
    pub last: u64,
}

impl Use {
    /// What an entry says of a question; `None` for one that consumes none.
    #[must_use]
    pub fn of(entry: &Entry) -> Option<Self> {
        let last = entry.index;
        match &entry.event {
            Event::Intent { question, request, .. } | Event::Refused { question, request, .. } => {
                let (digest, expires_at) = (question.digest, question.expires_at);
                Some(Self { question: digest, request: *request, expires_at, last })
            }
            Event::Outcome { question, request, .. } => {
                let expires_at = UnixTime(i64::MAX);
                Some(Self { question: *question, request: *request, expires_at, last })
            }
            Event::Started { .. }
            | Event::Stopped {}
            | Event::Paused { .. }
            | Event::Resumed {}
            | Event::Held { .. }
            | Event::ApprovalDecided { .. }
            | Event::CharterAccepted { .. }
            | Event::CharterRejected { .. }
            | Event::Revoked { .. }
            | Event::Configured { .. }
            | Event::KeysChanged { .. }
            | Event::SnapshotUsed { .. }
            | Event::Clock { .. }
            | Event::Rejected { .. }
            | Event::Asked { .. }
            | Event::AskedV1 { .. }
            | Event::NotAsked { .. }
            | Event::Received { .. }
            | Event::Fault { .. }
            | Event::ForkEvidence { .. }
            | Event::Archived(_)
            | Event::GapAccepted { .. }
            | Event::MemoryLost { .. }
            | Event::WorkerLost { .. } => None,
        }
    }
}
