//! The asker's side: is this reply the one to my request, by the node that I asked, over the frames that I got?
//!
//! Frames are decoded only after the trailer holds. What a refusal says is shown to a person, so its texts are
//! bounded and hold no control characters.

use std::collections::BTreeSet;

use ed25519_dalek::SigningKey;

use crate::ask::profiles;
use crate::charter::{Charter, Member};
use crate::dataset::DatasetStatus;
use crate::dsse::{Envelope, EnvelopeError, PayloadType};
use crate::footprint::MAX_FRAGMENTS;
use crate::protections::{Applied, OwnFigures, Parts};
use crate::question::{FormError, encode, parse};
use crate::reader::is_shown;
use crate::wire::{Answer, LayerRef, MAX_SKEW_S, Question, Receipt, Refusal};
use crate::{Digest, HospitalCode, NetworkId, Profile, Revocations, UnixTime};

/// Most bytes of a trailer or a refusal.
pub const MAX_TRAILER_BYTES: usize = 64 * 1024;
/// Most characters of a refusal's message in each language, and of a rule's name.
const MAX_MESSAGE_CHARS: usize = 2_000;
/// Most rules that a receipt names.
const MAX_RULES: usize = 256;
/// Most versions of layers that an answer names.
const MAX_APPLIED: usize = 256;

/// What the asker sent and got.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedReply<'c> {
    /// The charter under which was asked.
    pub charter: &'c Charter,
    /// The hospital that was asked.
    pub responder: &'c HospitalCode,
    /// What was asked: its dataset, and the profiles that may answer it.
    pub asked: &'c Question,
    /// Digest of the request's envelope.
    pub request: Digest,
    /// Digest of the question's envelope.
    pub question: Digest,
    /// SHA-256 of the frames before the trailer, each with its length prefix.
    pub frames: Digest,
    /// Keys that are worth nothing any more; for a saved reply, those of that moment.
    pub revoked: &'c Revocations,
    /// The moment of the check; for a saved reply, the moment it was saved.
    pub now: UnixTime,
}

/// A reply whose signature and references hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trailer {
    /// The frames before it are the answer.
    Answer(Box<Answer>),
    /// There is no answer.
    Refusal(Box<Refusal>),
}

/// Why a reply is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// Its envelope or signature.
    #[error("the reply is refused: {0}")]
    Envelope(#[from] EnvelopeError),
    /// Its payload's form.
    #[error(transparent)]
    Form(#[from] FormError),
    /// Other than one signature.
    #[error("the reply has {got} signatures, expected one")]
    Signatures {
        /// Signatures found.
        got: usize,
    },
    /// The responder is not a member at this moment.
    #[error("`{responder}` is not a member of the network at this moment")]
    NotAMember {
        /// The hospital asked.
        responder: HospitalCode,
    },
    /// A field that does not match what was asked and received.
    #[error("the reply's {field} is not what was asked for or received")]
    Mismatch {
        /// The field.
        field: &'static str,
    },
    /// Signed later than clocks may differ.
    #[error("the reply was signed at {at}, it is {now}: check the clocks")]
    FromTheFuture {
        /// When it was signed.
        at: UnixTime,
        /// The moment.
        now: UnixTime,
    },
    /// A text or list that is not shown.
    #[error("the reply's {field} is too long or has characters that are not shown")]
    Unfit {
        /// The field.
        field: &'static str,
    },
}

impl ReplyError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Envelope(error) => error.code(),
            Self::Form(error) => error.code(),
            Self::Signatures { .. } => "signature_count",
            Self::NotAMember { .. } => "responder_not_a_member",
            Self::Mismatch { .. } => "reply_mismatch",
            Self::FromTheFuture { .. } => "reply_from_the_future",
            Self::Unfit { .. } => "reply_unfit",
        }
    }
}

/// Signs an answer with the responder's envelope key.
#[must_use]
pub fn sign_answer(answer: &Answer, key: &SigningKey) -> Envelope {
    Envelope::signed(PayloadType::Answer, encode(answer), key)
}

/// Signs a refusal with the responder's envelope key.
#[must_use]
pub fn sign_refusal(refusal: &Refusal, key: &SigningKey) -> Envelope {
    Envelope::signed(PayloadType::Refusal, encode(refusal), key)
}

impl Trailer {
    /// Verifies a trailer, which is an answer's or a refusal.
    ///
    /// # Errors
    /// `ReplyError`.
    pub fn verify(bytes: &[u8], expected: &ExpectedReply<'_>) -> Result<Self, ReplyError> {
        let envelope = Envelope::decode(bytes, MAX_TRAILER_BYTES)?;
        if envelope.expect_type(PayloadType::Refusal).is_ok() {
            return refusal(&envelope, expected).map(|refusal| Self::Refusal(Box::new(refusal)));
        }
        answer(&envelope, expected).map(|answer| Self::Answer(Box::new(answer)))
    }
}

/// Verifies an answer's trailer.
///
/// # Errors
/// `ReplyError`; a refusal is of the wrong type.
pub fn verify_answer(bytes: &[u8], expected: &ExpectedReply<'_>) -> Result<Answer, ReplyError> {
    answer(&Envelope::decode(bytes, MAX_TRAILER_BYTES)?, expected)
}

/// Whether these are the charters under which was asked, each first of its network, then older versions of it that hold beside
/// it at the responder; besides them, layers below that bind it.
fn applied(layers: &[LayerRef], charter: &Charter) -> bool {
    let (own, path) = (charter.layer(), charter.path());
    let asked = |network: &NetworkId| path.iter().find(|layer| layer.network == *network);
    let mut ended: BTreeSet<&NetworkId> = BTreeSet::new();
    for (layer, before) in layers.iter().zip(std::iter::once(None).chain(layers.iter().map(Some))) {
        let fits = match before.filter(|before| before.network == layer.network) {
            Some(newer) => newer.version > layer.version,
            None => asked(&layer.network).is_none_or(|asked| asked == layer),
        };
        let same = before.is_some_and(|before| before.network == layer.network);
        if !fits || (!same && !ended.insert(&layer.network)) {
            return false;
        }
    }
    own.is_some()
        && layers.first() == own.as_ref()
        && layers.len() <= MAX_APPLIED
        && path.iter().all(|layer| layers.contains(layer))
}

/// Whether the status is the dataset's: an older version may know that synthetic data are about people.
fn is_status(known: DatasetStatus, told: &str, layers: &[LayerRef]) -> bool {
    let pairs = layers.iter().zip(layers.iter().skip(1));
    let older = pairs.into_iter().any(|(one, next)| one.network == next.network);
    told == known.as_str() || (older && told == DatasetStatus::Real.as_str())
}

/// Verifies a refusal.
///
/// # Errors
/// `ReplyError`; an answer is of the wrong type.
pub fn verify_refusal(bytes: &[u8], expected: &ExpectedReply<'_>) -> Result<Refusal, ReplyError> {
    refusal(&Envelope::decode(bytes, MAX_TRAILER_BYTES)?, expected)
}

fn answer(envelope: &Envelope, expected: &ExpectedReply<'_>) -> Result<Answer, ReplyError> {
    let payload = signed(envelope, PayloadType::Answer, expected)?;
    let answer: Answer = parse("answer", payload)?;
    let Answer { request, question, responder, frames, layers, receipt, status, .. } = &answer;
    let Question { dataset, asks, profile, hospitals, asking_node, .. } = expected.asked;
    // A hospital's figures for its own staff are nobody else's, and in no sum with others'.
    let to_itself = responder == asking_node && hospitals.as_slice() == [responder.clone()];
    let dataset = expected.charter.dataset(dataset);
    let matches = [
        ("request", *request == expected.request),
        ("question", *question == expected.question),
        ("responder", responder == expected.responder),
        ("frames", *frames == expected.frames),
        ("layers", applied(layers, expected.charter)),
        ("status", dataset.is_some_and(|dataset| is_status(dataset.status, status, layers))),
        ("profile", profiles(asks, *profile).contains(&receipt.profile)),
        ("receipt", receipt.cells.len() == receipt.nulls.len()),
        ("noise", noise_fits(receipt)),
        ("own", receipt.protections.own != Some(OwnFigures::Exact) || to_itself),
    ];
    all_match(&matches)?;
    not_later(answer.answered_at, expected.now)?;
    let rules = &receipt.rules;
    fits("rules", rules.len() <= MAX_RULES && rules.iter().all(|rule| shown(rule)))?;
    fits("receipt", receipt.cells.len() <= MAX_FRAGMENTS)?;
    Ok(answer)
}

/// Whether figures under what a receipt says have this noise: all of them, those of parts, or bins at most.
fn noise_fits(receipt: &Receipt) -> bool {
    let Applied { parts, min_part, .. } = receipt.protections;
    let noisy = parts == Some(Parts::Noisy) && min_part.is_some_and(|least| least.get() > 0);
    let noisy = match receipt.profile {
        Profile::Explore => true,
        Profile::Indicator => noisy,
        Profile::Members | Profile::Network | Profile::Strict => false,
    };
    match receipt.noise {
        Some(noise) => noise.only_bins != noisy,
        None => !noisy,
    }
}

fn refusal(envelope: &Envelope, expected: &ExpectedReply<'_>) -> Result<Refusal, ReplyError> {
    let payload = signed(envelope, PayloadType::Refusal, expected)?;
    let refusal: Refusal = parse("refusal", payload)?;
    let matches = [
        ("request", refusal.request == expected.request),
        ("responder", refusal.responder == *expected.responder),
    ];
    all_match(&matches)?;
    not_later(refusal.refused_at, expected.now)?;
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    fits("code", (1..=64).contains(&refusal.code.len()) && refusal.code.bytes().all(word))?;
    fits("message", shown(&refusal.message))?;
    fits("message_nl", refusal.message_nl.as_deref().is_none_or(shown))?;
    fits("rule", refusal.rule.as_deref().is_none_or(shown))?;
    Ok(refusal)
}

/// The payload, if an envelope key of the responder that counts at that moment made the one signature.
fn signed<'e>(
    envelope: &'e Envelope,
    kind: PayloadType,
    expected: &ExpectedReply<'_>,
) -> Result<&'e [u8], ReplyError> {
    envelope.expect_type(kind)?;
    let got = envelope.key_hints().len();
    if got != 1 {
        return Err(ReplyError::Signatures { got });
    }
    let valid = |member: &&Member| member.valid_at(expected.now);
    let Some(member) = expected.charter.member(expected.responder).filter(valid) else {
        return Err(ReplyError::NotAMember { responder: expected.responder.clone() });
    };
    let owner = (expected.responder, expected.revoked);
    let (_key, payload) = member.keys.envelope.verify((envelope, kind), owner, expected.now)?;
    Ok(payload)
}

fn all_match(fields: &[(&'static str, bool)]) -> Result<(), ReplyError> {
    match fields.iter().find(|(_, matches)| !matches) {
        Some((field, _)) => Err(ReplyError::Mismatch { field }),
        None => Ok(()),
    }
}

fn not_later(at: UnixTime, now: UnixTime) -> Result<(), ReplyError> {
    if at > now.plus(MAX_SKEW_S) {
        return Err(ReplyError::FromTheFuture { at, now });
    }
    Ok(())
}

fn fits(field: &'static str, good: bool) -> Result<(), ReplyError> {
    if good { Ok(()) } else { Err(ReplyError::Unfit { field }) }
}

fn shown(text: &str) -> bool {
    text.chars().count() <= MAX_MESSAGE_CHARS && is_shown(text)
}
