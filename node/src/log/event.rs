//! The kinds of events, versioned by their names: a kind that says something else gets another name, and the one before it
//! stays readable. Nothing here holds a value of a cell.

use std::collections::BTreeMap;

use policies::footprint::FootprintDraft;
use policies::wire::{LayerRef, Receipt};
use policies::{DatasetId, Digest, HospitalCode, NetworkId, Profile, UnixTime};
use serde::{Deserialize, Serialize};

use super::blobs::Blobs;
use super::remembered::Remembered;
use super::text::Part;

mod moved;
mod question;

pub use moved::Archived;
pub use question::{Put, QuestionRecord};

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// The daemon is ready to answer.
    Started {
        /// Version of the software.
        version: String,
        /// This hospital.
        hospital: HospitalCode,
        /// Snapshots by dataset.
        snapshots: BTreeMap<DatasetId, Digest>,
    },
    /// The daemon has drained.
    Stopped {},
    /// Hospital IT stopped answering; the node goes on with everything else.
    Paused {
        /// Why, in a line; it may be empty.
        reason: String,
    },
    /// It answers again.
    Resumed {},
    /// A permitted text that people of this hospital are to approve first: once, as long as it waits.
    Held {
        /// The question that asked for it.
        question: QuestionRecord,
        /// What is to be approved: who asks what for which, and this text.
        approval: Digest,
        /// The profile.
        profile: Profile,
        /// The rules that permit it, and those of the hospital's own that add to them.
        rules: Vec<String>,
    },
    /// People of this hospital decided on such a text.
    ApprovalDecided {
        /// The question that asked for it.
        question: QuestionRecord,
        /// What is decided on.
        approval: Digest,
        /// The profile.
        profile: Profile,
        /// Whether it may be answered.
        granted: bool,
        /// Until when that holds.
        until: UnixTime,
        /// Why, in a line; it may be empty.
        reason: String,
    },
    /// A charter came into force here.
    CharterAccepted {
        /// Which one.
        layer: LayerRef,
        /// From when on it counts as accepted: a notice begins then. Entries of older versions have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<UnixTime>,
    },
    /// A key is revoked.
    Revoked {
        /// The network.
        network: NetworkId,
        /// Whose key it was.
        subject: String,
        /// Its fingerprint.
        key: Digest,
        /// Why, in a line.
        reason: String,
        /// The signers who revoked it; none where the key revoked itself.
        by: Vec<String>,
    },
    /// A charter's bundle was refused: at a start, or from somebody who brought it to the running node.
    CharterRejected {
        /// Digest of the bundle's bytes.
        bundle: Digest,
        /// Stable code.
        code: String,
    },
    /// The configuration at a start.
    Configured {
        /// Digest of the bytes of `config.toml`.
        config: Digest,
        /// The same at the start before, where it was another.
        before: Option<Digest>,
        /// Digest of the hospital's own rules, where it has any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        own: Option<Digest>,
    },
    /// The keys of this node, at a start where they are not those of the start before.
    KeysChanged {
        /// Their fingerprints.
        keys: KeyPrints,
        /// Those of the start before.
        before: Option<KeyPrints>,
    },
    /// A snapshot is answered from that was not answered from before.
    SnapshotUsed {
        /// The dataset.
        dataset: DatasetId,
        /// The dataset's version.
        version: u64,
        /// Digest of its manifest.
        snapshot: Digest,
    },
    /// The time of day does not go with what is known of it.
    Clock {
        /// What it was compared with.
        against: ClockSource,
        /// Seconds that it is ahead; negative where it is behind.
        ahead_s: i64,
    },
    /// A permitted question, before it is run.
    Intent {
        /// The question.
        question: QuestionRecord,
        /// Digest of the request: the retry key.
        request: Digest,
        /// The profile it runs under.
        profile: Profile,
        /// What it touches.
        footprint: Part<FootprintDraft>,
    },
    /// A released answer.
    Outcome {
        /// Digest of the question.
        question: Digest,
        /// Digest of the request.
        request: Digest,
        /// SHA-256 of the released frames.
        frames: Digest,
        /// The snapshot read.
        snapshot: Digest,
        /// Layers applied.
        layers: Vec<LayerRef>,
        /// What was done to the figures.
        receipt: Receipt,
        /// `real` or `synthetic`.
        status: String,
        /// How many figures are null by which rule: for this hospital alone, and in no answer.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        hidden_by: BTreeMap<String, u64>,
        /// What was remembered of it; none where the protections are off.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        memory: Option<Remembered>,
        /// 32 random bytes: who asked knows all else of this entry but `hidden_by`, and every member may be told the
        /// entry's hash. Entries of older versions, which hid nothing by rule, have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        salt: Option<Digest>,
    },
    /// A refused question of a known person; it is consumed.
    Refused {
        /// The question.
        question: QuestionRecord,
        /// Digest of the request: the retry key.
        request: Digest,
        /// Stable code.
        code: String,
        /// What the asker was told.
        message: String,
        /// The same in Dutch, where there is such a text. Missing in entries of older logs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_nl: Option<String>,
        /// The rule that refused.
        rule: Option<String>,
        /// The layer that refused.
        layer: Option<LayerRef>,
    },
    /// Requests of one peer that do not verify, or at the local interface without the token, within one minute.
    Rejected {
        /// The member that was connected, `local` for the local interface, or `unknown`.
        peer: String,
        /// Stable code.
        code: String,
        /// How many.
        count: u64,
        /// Digest of the first one's bytes.
        first: Digest,
    },
    /// A question that this node put for one of its people.
    #[serde(rename = "asked/2")]
    Asked {
        /// The question.
        question: QuestionRecord,
        /// To whom, in order.
        hospitals: Vec<HospitalCode>,
    },
    /// The same in its first form, which does not say to whom: read, and not written.
    #[serde(rename = "asked")]
    AskedV1 {
        /// The question.
        question: QuestionRecord,
    },
    /// A question of one of its people that this node refused before it asked anyone.
    NotAsked {
        /// The question.
        question: QuestionRecord,
        /// Stable code.
        code: String,
    },
    /// What another node said to it.
    Received {
        /// Digest of the question.
        question: Digest,
        /// Digest of the request.
        request: Digest,
        /// The hospital.
        responder: HospitalCode,
        /// `answered`, a refusal's code, or why it was not reached.
        outcome: String,
        /// Place in the responder's log.
        log_index: Option<u64>,
    },
    /// A permitted question failed while it ran; its answer is hidden altogether.
    Fault {
        /// Digest of the question.
        question: Digest,
        /// Stable code, for the hospital's own operators.
        code: String,
    },
    /// A member's log, or this one, showed two heads that do not go together.
    ForkEvidence {
        /// The log.
        origin: String,
        /// `fork`, `smaller_than_cosigned`, `not_proved`, `older_origin`, `gap_accepted`; `log_rolled_back` of the own log.
        shows: String,
        /// The note that was cosigned: by this node; of the own log, by the witness that showed it.
        cosigned: String,
        /// The note beside it; of the own log, its own latest one, empty if there is none.
        offered: String,
    },
    /// A segment of old entries was moved to an archive.
    Archived(Archived),
    /// A lost history of this log was given up: from this entry on the log has another origin. Its form is read by verifiers
    /// ([`crate::proof::gap`]).
    GapAccepted {
        /// The origin from here on.
        origin: String,
        /// The origin before.
        before: String,
        /// Entries before this one: those that are continued.
        size: u64,
        /// The root over them.
        root: Digest,
        /// Entries of the largest head of the lost history that a witness had shown.
        seen: u64,
        /// Place of the evidence in this log.
        evidence: u64,
    },
    /// Answers were given over these lineages that neither the log nor a memory holds: nothing is answered over them again.
    MemoryLost {
        /// The lineages.
        lineages: Vec<Digest>,
    },
    /// A worker was killed or died.
    WorkerLost {
        /// `deadline`, `died` or `protocol`.
        reason: String,
    },
}

impl Event {
    /// Moves parts that are too large for an entry beside the log, durably.
    ///
    /// # Errors
    /// The system's reason.
    pub(super) fn store_parts(&mut self, blobs: &Blobs) -> std::io::Result<()> {
        match self {
            Self::Intent { question, footprint, request: _, profile: _ } => {
                question.sql.store(blobs)?;
                footprint.store(blobs)
            }
            Self::Refused { question, .. }
            | Self::Asked { question, .. }
            | Self::AskedV1 { question }
            | Self::Held { question, .. }
            | Self::ApprovalDecided { question, .. }
            | Self::NotAsked { question, .. } => question.sql.store(blobs),
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
            | Self::WorkerLost { .. } => Ok(()),
        }
    }

    /// Whether the event is logged on a full disk too: whatever begins no answer.
    pub(super) fn may_use_reserve(&self) -> bool {
        match self {
            Self::Intent { .. } | Self::Asked { .. } | Self::AskedV1 { .. } | Self::Held { .. } => {
                false
            }
            Self::Started { .. }
            | Self::Stopped {}
            | Self::Paused { .. }
            | Self::Resumed {}
            | Self::ApprovalDecided { .. }
            | Self::CharterAccepted { .. }
            | Self::CharterRejected { .. }
            | Self::Revoked { .. }
            | Self::Configured { .. }
            | Self::KeysChanged { .. }
            | Self::SnapshotUsed { .. }
            | Self::Clock { .. }
            | Self::Outcome { .. }
            | Self::Refused { .. }
            | Self::Rejected { .. }
            | Self::NotAsked { .. }
            | Self::Received { .. }
            | Self::Fault { .. }
            | Self::ForkEvidence { .. }
            | Self::Archived(_)
            | Self::GapAccepted { .. }
            | Self::MemoryLost { .. }
            | Self::WorkerLost { .. } => true,
        }
    }
}

/// Fingerprints of a node's four keys: SHA-256 of each public half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyPrints {
    /// The libp2p identity.
    pub transport: Digest,
    /// Requests and replies.
    pub envelope: Digest,
    /// Checkpoints of the log.
    pub log: Digest,
    /// Cosignatures.
    pub witness: Digest,
}

/// What the time of day is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockSource {
    /// A clock of this process that nobody sets.
    Monotonic,
    /// The last entry of the log, at the start.
    LastEntry,
}
