//! What becomes of an event when its segment is archived.

use std::collections::BTreeSet;

use policies::{Digest, UnixTime};
use serde::{Deserialize, Serialize};

use super::Event;
use crate::log::text::Part;

/// A segment that was moved to an archive: what the log itself says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archived {
    /// Index of its first entry.
    pub first: u64,
    /// Its entries.
    pub count: u64,
    /// The earliest moment of an entry in it.
    pub earliest: UnixTime,
    /// The latest.
    pub latest: UnixTime,
    /// SHA-256 of the file in the archive.
    pub file: Digest,
    /// SHA-256 of the stub that the node keeps in its place.
    pub stub: Digest,
    /// The folder that it was moved to.
    pub folder: String,
}

impl Event {
    /// Whether the entry stays on the node, word for word, when its segment is archived: whatever a start looks up by place.
    ///
    /// This is where a kind of event that later state is derived from is named. What is derived from every question
    /// (`super::super::used`) is carried along as a table instead.
    #[must_use]
    pub fn stays(&self) -> bool {
        match self {
            Self::CharterAccepted { .. }
            | Self::Revoked { .. }
            | Self::Configured { .. }
            | Self::KeysChanged { .. }
            | Self::Paused { .. }
            | Self::Resumed {}
            | Self::ApprovalDecided { .. }
            | Self::SnapshotUsed { .. }
            | Self::ForkEvidence { .. }
            | Self::GapAccepted { .. }
            | Self::Archived(_) => true,
            Self::Started { .. }
            | Self::MemoryLost { .. }
            | Self::Stopped {}
            | Self::CharterRejected { .. }
            | Self::Clock { .. }
            | Self::Intent { .. }
            | Self::Outcome { .. }
            | Self::Refused { .. }
            | Self::Rejected { .. }
            | Self::Asked { .. }
            | Self::AskedV1 { .. }
            | Self::NotAsked { .. }
            | Self::Held { .. }
            | Self::Received { .. }
            | Self::Fault { .. }
            | Self::WorkerLost { .. } => false,
        }
    }

    /// The texts beside the log that the event names: they go where it goes.
    pub fn blobs(&self, into: &mut BTreeSet<Digest>) {
        match self {
            Self::Intent { question, footprint, request: _, profile: _ } => {
                into.extend(blob(&question.sql));
                into.extend(blob(footprint));
            }
            Self::Refused { question, .. }
            | Self::Asked { question, .. }
            | Self::AskedV1 { question }
            | Self::Held { question, .. }
            | Self::ApprovalDecided { question, .. }
            | Self::NotAsked { question, .. } => into.extend(blob(&question.sql)),
            Self::Started { .. }
            | Self::Stopped {}
            | Self::Paused { .. }
            | Self::Resumed {}
            | Self::CharterAccepted { .. }
            | Self::CharterRejected { .. }
            | Self::Revoked { .. }
            | Self::Configured { .. }
            | Self::KeysChanged { .. }
            | Self::SnapshotUsed { .. }
            | Self::Clock { .. }
            | Self::Outcome { .. }
            | Self::Rejected { .. }
            | Self::Received { .. }
            | Self::Fault { .. }
            | Self::ForkEvidence { .. }
            | Self::Archived(_)
            | Self::GapAccepted { .. }
            | Self::MemoryLost { .. }
            | Self::WorkerLost { .. } => {}
        }
    }
}

fn blob<T>(part: &Part<T>) -> Option<Digest> {
    match part {
        Part::Here(_) => None,
        Part::Blob { sha256, .. } => Some(*sha256),
    }
}
