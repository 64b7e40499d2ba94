//! What a person asks and how an asking node sends it: signing, and the form that bytes must have.
//!
//! A payload has one encoding: what parses but re-encodes differently is refused, so duplicate fields, other
//! spacing and other escapes cannot make two texts of one meaning. Nothing here says who signed.

use ed25519_dalek::SigningKey;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::charter::MAX_MEMBERS;
use crate::dsse::{Envelope, PayloadType};
use crate::footprint::MAX_FRAGMENTS;
use crate::wire::{Asks, MAX_CHECKPOINT_BYTES, MAX_SQL_BYTES, Question, Request};

/// Most layers of a charter chain: country, region, sub-network, and room.
pub const MAX_LAYERS: usize = 16;

/// A payload that does not have its form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Not the JSON text of such a payload.
    #[error("the {what} is not in its one encoding: {reason}")]
    Json {
        /// Which payload.
        what: &'static str,
        /// What was expected.
        reason: &'static str,
    },
    /// The question's id.
    #[error("a question's id is 32 lower-case hexadecimal digits")]
    QuestionId,
    /// The SQL text.
    #[error("the SQL text has {got} bytes, at most {MAX_SQL_BYTES} are read")]
    SqlTooLarge {
        /// Bytes given.
        got: usize,
    },
    /// The list of hospitals.
    #[error("a question names 1 to {MAX_MEMBERS} hospitals, each once, in order")]
    Hospitals,
    /// The list of layers.
    #[error("a request names {got} charter layers, between 1 and {MAX_LAYERS} are read")]
    Layers {
        /// Layers given.
        got: usize,
    },
    /// The list of fragments.
    #[error("a request names {got} fragments, between 1 and {MAX_FRAGMENTS} are answered")]
    Fragments {
        /// Fragments given.
        got: usize,
    },
    /// A delegation.
    #[error("this is no delegation: {reason}")]
    Delegation {
        /// What was expected.
        reason: &'static str,
    },
    /// A checkpoint that cannot be a signed note.
    #[error("a log checkpoint in a request is lines of text, 1 to {MAX_CHECKPOINT_BYTES} bytes")]
    Checkpoint,
}

impl FormError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json { .. } => "malformed_payload",
            Self::QuestionId => "bad_question_id",
            Self::SqlTooLarge { .. } => "sql_too_large",
            Self::Hospitals => "bad_hospitals",
            Self::Layers { .. } => "bad_layers",
            Self::Fragments { .. } => "bad_fragments",
            Self::Delegation { .. } => "bad_delegation",
            Self::Checkpoint => "bad_checkpoint",
        }
    }
}

/// Signs a question with the person's key.
#[must_use]
pub fn sign_question(question: &Question, key: &SigningKey) -> Envelope {
    Envelope::signed(PayloadType::Question, encode(question), key)
}

/// Signs a request with the asking node's envelope key.
#[must_use]
pub fn sign_request(request: &Request, key: &SigningKey) -> Envelope {
    Envelope::signed(PayloadType::Request, encode(request), key)
}

/// The one encoding of a payload.
pub(crate) fn encode(payload: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(payload).unwrap_or_default()
}

/// Reads a payload in its one encoding.
pub(crate) fn parse<T>(what: &'static str, payload: &[u8]) -> Result<T, FormError>
where
    T: Serialize + DeserializeOwned,
{
    let json = |reason| FormError::Json { what, reason };
    let parsed: T =
        serde_json::from_slice(payload).map_err(|_error| json("its fields, all of them, once"))?;
    if encode(&parsed) != payload {
        return Err(json("no other spacing, order or escapes"));
    }
    Ok(parsed)
}

/// Reads a question, whose form must hold in every field.
///
/// # Errors
/// `FormError`.
pub fn parse_question(payload: &[u8]) -> Result<Question, FormError> {
    let question: Question = parse("question", payload)?;
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if question.id.len() != 32 || !question.id.bytes().all(hex) {
        return Err(FormError::QuestionId);
    }
    match &question.asks {
        Asks::Sql(sql) if sql.len() > MAX_SQL_BYTES => {
            return Err(FormError::SqlTooLarge { got: sql.len() });
        }
        Asks::Sql(_) | Asks::Indicator(_) => {}
    }
    let hospitals = &question.hospitals;
    let counted = (1..=MAX_MEMBERS).contains(&hospitals.len());
    if !counted || !hospitals.is_sorted_by(|one, next| one < next) {
        return Err(FormError::Hospitals);
    }
    Ok(question)
}

/// Reads a request, whose form must hold in every field but the question's envelope.
pub(crate) fn parse_request(payload: &[u8]) -> Result<Request, FormError> {
    let request: Request = parse("request", payload)?;
    if !(1..=MAX_LAYERS).contains(&request.layers.len()) {
        return Err(FormError::Layers { got: request.layers.len() });
    }
    if !(1..=MAX_FRAGMENTS).contains(&request.fragments.len()) {
        return Err(FormError::Fragments { got: request.fragments.len() });
    }
    let notes = [&request.checkpoint, &request.cosigned];
    if !notes.into_iter().flatten().all(|note| is_bounded_text(note)) {
        return Err(FormError::Checkpoint);
    }
    Ok(request)
}

/// Whether text can be a checkpoint at all; what it says is for whoever knows logs.
fn is_bounded_text(note: &str) -> bool {
    let plain = |c: char| c == '\n' || !c.is_control();
    (1..=MAX_CHECKPOINT_BYTES).contains(&note.len()) && note.chars().all(plain)
}
