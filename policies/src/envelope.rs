//! From bytes of a stranger to a verified request: well formed, then signed, ours, fresh and never seen before.
//!
//! [`SignedRequest::decode`] trusts nothing and costs little; [`SignedRequest::verify`] takes keys from the charter
//! alone, never from the message. Both are pure: who the peer is, what time it is and which questions were seen are
//! arguments. There is no fence at a node's start: the replay record is durable before a question runs, so a
//! question from before a restart is as well known as any other. Replies are checked in [`reply`].

use crate::delegation::SignedDelegation;
use crate::dsse::{Envelope, EnvelopeError, PayloadType};
use crate::question::{FormError, parse_question, parse_request};
use crate::wire::{LayerRef, MAX_REQUEST_BYTES, Question, Request};
use crate::{Digest, NetworkId};

mod dutch;
mod error;
pub mod reply;
mod verify;

pub use error::VerifyError;
pub use verify::{SeenQuestions, Verdict, VerifiedRequest, VerifyContext};

/// A well-formed request. Nothing in it is trusted yet.
///
/// ```compile_fail
/// fn make(question: policies::wire::Question, request: policies::wire::Request) {
///     let signed = policies::SignedRequest { question, request, ..panic!() };
/// }
/// ```
#[derive(Clone, Debug)]
pub struct SignedRequest {
    outer: Envelope,
    request: Request,
    inner: Envelope,
    question: Question,
    delegation: Option<SignedDelegation>,
}

/// Why bytes are no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The request's envelope.
    #[error("the request is refused: {0}")]
    Request(#[source] EnvelopeError),
    /// The question's envelope.
    #[error("the question in the request is refused: {0}")]
    Question(#[source] EnvelopeError),
    /// The delegation's envelope.
    #[error("the delegation in the request is refused: {0}")]
    Delegation(#[source] EnvelopeError),
    /// Another number of signatures than one.
    #[error("the {what} has {got} signatures, expected one")]
    Signatures {
        /// Which envelope.
        what: &'static str,
        /// Signatures found.
        got: usize,
    },
    /// A payload's form.
    #[error(transparent)]
    Form(#[from] FormError),
}

impl DecodeError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Request(error) | Self::Question(error) | Self::Delegation(error) => error.code(),
            Self::Signatures { .. } => "signature_count",
            Self::Form(error) => error.code(),
        }
    }
}

impl SignedRequest {
    /// Reads a request of at most [`MAX_REQUEST_BYTES`].
    ///
    /// # Errors
    /// `DecodeError`, the first problem found.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let outer = Envelope::decode(bytes, MAX_REQUEST_BYTES).map_err(DecodeError::Request)?;
        outer.expect_type(PayloadType::Request).map_err(DecodeError::Request)?;
        one_signature("request", &outer)?;
        let request = parse_request(outer.unverified_payload())?;
        let inner = Envelope::decode(request.question.as_bytes(), MAX_REQUEST_BYTES)
            .map_err(DecodeError::Question)?;
        inner.expect_type(PayloadType::Question).map_err(DecodeError::Question)?;
        one_signature("question", &inner)?;
        let question = parse_question(inner.unverified_payload())?;
        let delegation = request.delegation.as_deref().map(SignedDelegation::decode).transpose()?;
        Ok(Self { outer, request, inner, question, delegation })
    }

    /// The network that it says it is asked in. Nothing is verified by this.
    #[must_use]
    pub fn network(&self) -> &NetworkId {
        &self.request.network
    }

    /// The charters that it names, from the root's to the one that it is asked under. Nothing is verified by this.
    #[must_use]
    pub fn layers(&self) -> &[LayerRef] {
        &self.request.layers
    }

    /// The digest that names the request in refusals and retries.
    #[must_use]
    pub fn request_digest(&self) -> Digest {
        self.outer.digest()
    }

    /// The digest that names the question: its replay id, whoever signed it.
    #[must_use]
    pub fn question_digest(&self) -> Digest {
        self.inner.digest()
    }
}

/// One signature each: a second one would be work for nothing, and a second set of bytes for one request.
pub(crate) fn one_signature(what: &'static str, envelope: &Envelope) -> Result<(), DecodeError> {
    match envelope.key_hints().len() {
        1 => Ok(()),
        got => Err(DecodeError::Signatures { what, got }),
    }
}
