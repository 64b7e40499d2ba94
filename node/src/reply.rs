//! What leaves a node: signed, and in the log before it is signed.
//!
//! A reply is a function of its durable log entry and the frames that the entry names, so a retry rebuilds the very
//! same bytes; where the node has gone over to its next key since, under a signature of that.

use policies::dsse::{Envelope, PayloadType};
use policies::wire::{Answer, Refusal};
use policies::{Digest, HospitalCode, UnixTime};
use query::SafeAnswer;

use crate::keys::Key;
use crate::log::{Event, Recorded};
use crate::refused::Told;

/// The frames of a reply as they travel; the last one is the signed trailer.
pub type Frames = Vec<Vec<u8>>;

/// Who signs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signer<'a> {
    pub(crate) hospital: &'a HospitalCode,
    pub(crate) key: &'a Key,
}

/// A signed reply. It is made from a safe answer or a refusal only, and only after the log holds it.
///
/// ```compile_fail
/// let reply = node::reply::SignedReply { frames: Vec::new() };
/// ```
#[derive(Debug)]
pub struct SignedReply {
    frames: Frames,
}

impl SignedReply {
    /// Signs a safe answer whose outcome is recorded; `None` where the entry is not this answer's outcome.
    pub(crate) fn answer(
        signer: Signer<'_>,
        safe: &SafeAnswer,
        recorded: &Recorded,
    ) -> Option<Self> {
        Self::of_outcome(signer, safe.frames(), recorded)
    }

    /// Signs a recorded refusal; `None` where the entry is no refusal.
    pub(crate) fn refusal(signer: Signer<'_>, recorded: &Recorded) -> Option<Self> {
        let entry = recorded.entry();
        let Event::Refused { question: _, request, code, message, message_nl, rule, layer } =
            &entry.event
        else {
            return None;
        };
        let told = Told {
            code: code.clone(),
            message: message.clone(),
            message_nl: message_nl.clone(),
            rule: rule.clone(),
            layer: layer.clone(),
        };
        Some(Self::refusing(signer, *request, told, (Some(entry.index), entry.at)))
    }

    /// Signs the refusal of a request that did not verify; such requests are counted, not logged singly.
    pub(crate) fn rejection(signer: Signer<'_>, request: Digest, told: Told, at: UnixTime) -> Self {
        Self::refusing(signer, request, told, (None, at))
    }

    /// Rebuilds the reply of a recorded outcome from its stored frames; `None` where they are not the frames that the
    /// entry names.
    pub(crate) fn stored(
        signer: Signer<'_>,
        frames: &[Vec<u8>],
        recorded: &Recorded,
    ) -> Option<Self> {
        Self::of_outcome(signer, frames, recorded)
    }

    /// The frames, ready to be sent.
    #[must_use]
    pub fn into_frames(self) -> Frames {
        self.frames
    }

    fn of_outcome(signer: Signer<'_>, frames: &[Vec<u8>], recorded: &Recorded) -> Option<Self> {
        let entry = recorded.entry();
        // Which rule made how many nulls stays here.
        let Event::Outcome {
            question,
            request,
            frames: named,
            snapshot,
            layers,
            receipt,
            status,
            hidden_by: _,
            memory: _,
            salt: _,
        } = &entry.event
        else {
            return None;
        };
        if frames_digest(frames) != *named {
            return None;
        }
        let answer = Answer {
            request: *request,
            question: *question,
            responder: signer.hospital.clone(),
            frames: *named,
            snapshot: *snapshot,
            layers: layers.clone(),
            receipt: receipt.clone(),
            status: status.clone(),
            log_index: entry.index,
            answered_at: entry.at,
        };
        let mut all = frames.to_vec();
        all.push(sign(signer, PayloadType::Answer, &answer));
        Some(Self { frames: all })
    }

    fn refusing(
        signer: Signer<'_>,
        request: Digest,
        told: Told,
        place: (Option<u64>, UnixTime),
    ) -> Self {
        let Told { code, message, message_nl, rule, layer } = told;
        let (log_index, refused_at) = place;
        let responder = signer.hospital.clone();
        let refusal = Refusal {
            request,
            responder,
            code,
            message,
            message_nl,
            rule,
            layer,
            log_index,
            refused_at,
        };
        Self { frames: vec![sign(signer, PayloadType::Refusal, &refusal)] }
    }
}

/// SHA-256 of the frames before a trailer, each with its length as it travels.
#[must_use]
pub fn frames_digest(frames: &[Vec<u8>]) -> Digest {
    let mut bytes = Vec::new();
    for frame in frames {
        bytes.extend_from_slice(&(frame.len() as u64).to_be_bytes());
        bytes.extend_from_slice(frame);
    }
    Digest::of(&bytes)
}

fn sign(signer: Signer<'_>, kind: PayloadType, payload: &impl serde::Serialize) -> Vec<u8> {
    let payload = serde_json::to_vec(payload).unwrap_or_default();
    Envelope::signed(kind, payload, signer.key.secret()).encode()
}
