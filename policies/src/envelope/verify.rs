//! The verification of a request, rule by rule; each rule has its own error.

use crate::charter::{Charter, Member, Person};
use crate::dsse::PayloadType;
use crate::wire::{LANGUAGE_VERSION, LayerRef, MAX_QUESTION_LIFE_S, MAX_SKEW_S, Question, Request};
use crate::{Digest, HospitalCode, NetworkId, PersonId, UnixTime};

use super::SignedRequest;

/// Which questions a node has run, durably.
///
/// Entries may be dropped [`MAX_SKEW_S`] seconds after the question's expiry, no earlier. `verify` only looks: the
/// caller must record the question, if it is still unseen, in one step before anything runs.
pub trait SeenQuestions {
    /// The digest of the request that ran this question.
    fn find(&self, question: &Digest) -> Option<Digest>;
}

/// What a request is verified against.
#[derive(Clone, Copy)]
pub struct VerifyContext<'c> {
    /// The charter in force.
    pub charter: &'c Charter,
    /// This node's hospital.
    pub own: &'c HospitalCode,
    /// The member whose transport key authenticated the connection.
    pub peer: &'c HospitalCode,
    /// The moment.
    pub now: UnixTime,
    /// The replay record.
    pub seen: &'c dyn SeenQuestions,
}

impl std::fmt::Debug for VerifyContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            charter,
            own,
            peer,
            now,
            seen: _,
        } = self;
        let layer = charter.layer();
        f.debug_struct("VerifyContext")
            .field("layer", &layer)
            .field("own", own)
            .field("peer", peer)
            .field("now", now)
            .finish_non_exhaustive()
    }
}

/// What a verified request is.
#[derive(Debug)]
pub enum Verdict {
    /// A question that this node has not run.
    New(Box<VerifiedRequest>),
    /// The same request again, from its asking node, before its expiry: the stored reply is the answer.
    Retry {
        /// The request's digest.
        request: Digest,
        /// The question's digest.
        question: Digest,
    },
}

/// A request that is signed by a person and a node of the charter, meant for this node, fresh, and not seen before.
///
/// ```compile_fail
/// fn make(request: policies::wire::Request) {
///     let verified = policies::VerifiedRequest { request };
/// }
/// ```
#[derive(Debug)]
pub struct VerifiedRequest {
    question: Question,
    question_digest: Digest,
    request: Request,
    request_digest: Digest,
    person: Person,
}

impl VerifiedRequest {
    /// What is asked.
    #[must_use]
    pub fn question(&self) -> &Question {
        &self.question
    }

    /// The question's digest: its replay id.
    #[must_use]
    pub fn question_digest(&self) -> Digest {
        self.question_digest
    }

    /// How it was sent.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The request's digest.
    #[must_use]
    pub fn request_digest(&self) -> Digest {
        self.request_digest
    }

    /// Who asks, as the charter says.
    #[must_use]
    pub fn person(&self) -> &Person {
        &self.person
    }
}

/// The rule that a request breaks. None of them consumes the question's id: only a question that runs does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// This node's charter is not sealed, so it names no layer.
    #[error("this node's charter is not sealed")]
    CharterNotSealed,
    /// This node's charter does not hold at this moment.
    #[error("this node's charter holds from {from} until {until}")]
    CharterNotInForce {
        /// First moment.
        from: UnixTime,
        /// Last moment.
        until: UnixTime,
    },
    /// Request or question of another network.
    #[error("this is for network `{got}`, expected `{expected}`")]
    WrongNetwork {
        /// This node's network.
        expected: NetworkId,
        /// The network named.
        got: NetworkId,
    },
    /// For another node.
    #[error("this request is for `{got}`, this is `{expected}`")]
    WrongAudience {
        /// This node's hospital.
        expected: HospitalCode,
        /// The audience named.
        got: HospitalCode,
    },
    /// Sent by another member than it says.
    #[error("this request is from `{got}`, the connection is of `{expected}`")]
    SenderIsNotPeer {
        /// The peer.
        expected: HospitalCode,
        /// The sender named.
        got: HospitalCode,
    },
    /// Sent by another member than the question allows.
    #[error("this question may be put by `{expected}`, not by `{got}`")]
    NotTheAskingNode {
        /// The asking node that the person signed.
        expected: HospitalCode,
        /// The sender.
        got: HospitalCode,
    },
    /// The sender is not a member at this moment.
    #[error("`{got}` is not a member of the network at this moment")]
    SenderNotAMember {
        /// The sender.
        got: HospitalCode,
    },
    /// The person is not in the charter.
    #[error("`{got}` is not in people.toml")]
    UnknownPerson {
        /// The person named.
        got: PersonId,
    },
    /// The person may not act at this moment.
    #[error("`{got}` may not ask at this moment: see the validity in people.toml")]
    PersonNotValid {
        /// The person.
        got: PersonId,
    },
    /// A person asks from their own hospital's node.
    #[error("`{person}` asks from the node of `{expected}`, not of `{got}`")]
    PersonOfAnotherHospital {
        /// The person.
        person: PersonId,
        /// The person's hospital.
        expected: HospitalCode,
        /// The asking node.
        got: HospitalCode,
    },
    /// Not signed by the sender's envelope key.
    #[error("the request is not signed by the envelope key of `{from}`")]
    RequestSignature {
        /// The sender.
        from: HospitalCode,
    },
    /// Not signed by the person's key.
    #[error("the question is not signed by the key of `{person}`")]
    QuestionSignature {
        /// The person.
        person: PersonId,
    },
    /// The question does not name this hospital.
    #[error("the question does not ask `{own}`")]
    NotAsked {
        /// This node's hospital.
        own: HospitalCode,
    },
    /// Ends before it begins, or lives too long.
    #[error("a question lives 1 to {MAX_QUESTION_LIFE_S} seconds, not {got}")]
    Lifetime {
        /// Seconds from issue to expiry.
        got: i64,
    },
    /// Issued later than clocks may differ.
    #[error("the question was signed at {issued}, it is {now}: check the clocks")]
    FromTheFuture {
        /// When it was signed.
        issued: UnixTime,
        /// The moment.
        now: UnixTime,
    },
    /// Past its expiry.
    #[error("the question ended at {expired}, it is {now}")]
    Expired {
        /// When it ended.
        expired: UnixTime,
        /// The moment.
        now: UnixTime,
    },
    /// Sent before it was asked, or later than clocks may differ.
    #[error("the request was sent at {sent}, outside {from} to {until}: check the clocks")]
    SentAt {
        /// When it was sent.
        sent: UnixTime,
        /// Earliest moment.
        from: UnixTime,
        /// Latest moment.
        until: UnixTime,
    },
    /// The sender holds other layers.
    #[error("the sender holds another charter than this node, which holds version {held}")]
    CharterMismatch {
        /// The version that this node holds.
        held: u64,
    },
    /// Another version of the language.
    #[error("the request speaks language version {got}, expected {LANGUAGE_VERSION}")]
    Language {
        /// The version named.
        got: u32,
    },
    /// The question ran already, for another request.
    #[error("this question was answered already; ask it anew")]
    Replayed {
        /// The request that ran it.
        first: Digest,
    },
}

impl VerifyError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::CharterNotSealed => "charter_not_sealed",
            Self::CharterNotInForce { .. } => "charter_not_in_force",
            Self::WrongNetwork { .. } => "wrong_network",
            Self::WrongAudience { .. } => "wrong_audience",
            Self::SenderIsNotPeer { .. } => "sender_is_not_peer",
            Self::NotTheAskingNode { .. } => "not_the_asking_node",
            Self::SenderNotAMember { .. } => "sender_not_a_member",
            Self::UnknownPerson { .. } => "unknown_person",
            Self::PersonNotValid { .. } => "person_not_valid",
            Self::PersonOfAnotherHospital { .. } => "person_of_another_hospital",
            Self::RequestSignature { .. } => "bad_request_signature",
            Self::QuestionSignature { .. } => "bad_question_signature",
            Self::NotAsked { .. } => "hospital_not_asked",
            Self::Lifetime { .. } => "question_lifetime",
            Self::FromTheFuture { .. } => "question_from_the_future",
            Self::Expired { .. } => "question_expired",
            Self::SentAt { .. } => "request_sent_at",
            Self::CharterMismatch { .. } => "charter_mismatch",
            Self::Language { .. } => "language_version",
            Self::Replayed { .. } => "replayed",
        }
    }

    /// Whether both signatures held: such a refusal is logged singly; the others are counted by peer.
    #[must_use]
    pub fn is_authenticated(&self) -> bool {
        match self {
            Self::CharterNotSealed
            | Self::CharterNotInForce { .. }
            | Self::WrongNetwork { .. }
            | Self::WrongAudience { .. }
            | Self::SenderIsNotPeer { .. }
            | Self::NotTheAskingNode { .. }
            | Self::SenderNotAMember { .. }
            | Self::UnknownPerson { .. }
            | Self::PersonNotValid { .. }
            | Self::PersonOfAnotherHospital { .. }
            | Self::RequestSignature { .. }
            | Self::QuestionSignature { .. } => false,
            Self::NotAsked { .. }
            | Self::Lifetime { .. }
            | Self::FromTheFuture { .. }
            | Self::Expired { .. }
            | Self::SentAt { .. }
            | Self::CharterMismatch { .. }
            | Self::Language { .. }
            | Self::Replayed { .. } => true,
        }
    }
}

impl SignedRequest {
    /// Verifies the request; the rules are checked in the order of [`VerifyError`].
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn verify(self, context: VerifyContext<'_>) -> Result<Verdict, VerifyError> {
        let layer = own_layer(&context)?;
        self.addressed(&context)?;
        let sender = self.sender(&context)?;
        let person = self.person(&context)?;
        self.signed(sender, person)?;
        self.asked(&context)?;
        self.fresh(context.now)?;
        if self.request.layers.as_slice() != std::slice::from_ref(&layer) {
            return Err(VerifyError::CharterMismatch {
                held: layer.version,
            });
        }
        if self.request.language != LANGUAGE_VERSION {
            return Err(VerifyError::Language {
                got: self.request.language,
            });
        }
        let (request, question) = (self.request_digest(), self.question_digest());
        match context.seen.find(&question) {
            Some(first) if first == request => Ok(Verdict::Retry { request, question }),
            Some(first) => Err(VerifyError::Replayed { first }),
            None => Ok(Verdict::New(Box::new(VerifiedRequest {
                question: self.question,
                question_digest: question,
                request: self.request,
                request_digest: request,
                person: person.clone(),
            }))),
        }
    }

    fn addressed(&self, context: &VerifyContext<'_>) -> Result<(), VerifyError> {
        let expected = context.charter.network();
        for got in [&self.request.network, &self.question.network] {
            if got != expected {
                let (expected, got) = (expected.clone(), got.clone());
                return Err(VerifyError::WrongNetwork { expected, got });
            }
        }
        let Request { audience, from, .. } = &self.request;
        if audience != context.own {
            let (expected, got) = (context.own.clone(), audience.clone());
            return Err(VerifyError::WrongAudience { expected, got });
        }
        if from != context.peer {
            let (expected, got) = (context.peer.clone(), from.clone());
            return Err(VerifyError::SenderIsNotPeer { expected, got });
        }
        if *from != self.question.asking_node {
            let (expected, got) = (self.question.asking_node.clone(), from.clone());
            return Err(VerifyError::NotTheAskingNode { expected, got });
        }
        Ok(())
    }

    fn sender<'c>(&self, context: &VerifyContext<'c>) -> Result<&'c Member, VerifyError> {
        let from = &self.request.from;
        let member = context
            .charter
            .member(from)
            .filter(|member| member.valid_at(context.now));
        member.ok_or_else(|| VerifyError::SenderNotAMember { got: from.clone() })
    }

    fn person<'c>(&self, context: &VerifyContext<'c>) -> Result<&'c Person, VerifyError> {
        let id = &self.question.person;
        let Some(person) = context.charter.person(id) else {
            return Err(VerifyError::UnknownPerson { got: id.clone() });
        };
        if !person.valid_at(context.now) {
            return Err(VerifyError::PersonNotValid { got: id.clone() });
        }
        if person.hospital != self.question.asking_node {
            return Err(VerifyError::PersonOfAnotherHospital {
                person: id.clone(),
                expected: person.hospital.clone(),
                got: self.question.asking_node.clone(),
            });
        }
        Ok(person)
    }

    fn signed(&self, sender: &Member, person: &Person) -> Result<(), VerifyError> {
        if self
            .outer
            .verify(PayloadType::Request, &sender.keys.envelope)
            .is_err()
        {
            return Err(VerifyError::RequestSignature {
                from: sender.code.clone(),
            });
        }
        if self
            .inner
            .verify(PayloadType::Question, &person.key)
            .is_err()
        {
            return Err(VerifyError::QuestionSignature {
                person: person.id.clone(),
            });
        }
        Ok(())
    }

    fn asked(&self, context: &VerifyContext<'_>) -> Result<(), VerifyError> {
        if self.question.hospitals.contains(context.own) {
            return Ok(());
        }
        Err(VerifyError::NotAsked {
            own: context.own.clone(),
        })
    }

    /// Clocks may differ by [`MAX_SKEW_S`] in both directions; the question's life is the person's own clock.
    fn fresh(&self, now: UnixTime) -> Result<(), VerifyError> {
        let Question {
            issued_at,
            expires_at,
            ..
        } = &self.question;
        let (issued, expired, sent) = (*issued_at, *expires_at, self.request.sent_at);
        let got = expired.since(issued);
        if !(1..=MAX_QUESTION_LIFE_S).contains(&got) {
            return Err(VerifyError::Lifetime { got });
        }
        if issued > now.plus(MAX_SKEW_S) {
            return Err(VerifyError::FromTheFuture { issued, now });
        }
        if now > expired.plus(MAX_SKEW_S) {
            return Err(VerifyError::Expired { expired, now });
        }
        let (from, until) = (issued.plus(-MAX_SKEW_S), now.plus(MAX_SKEW_S));
        if sent < from || sent > until {
            return Err(VerifyError::SentAt { sent, from, until });
        }
        Ok(())
    }
}

fn own_layer(context: &VerifyContext<'_>) -> Result<LayerRef, VerifyError> {
    let layer = context
        .charter
        .layer()
        .ok_or(VerifyError::CharterNotSealed)?;
    let (from, until) = (context.charter.valid_from(), context.charter.valid_until());
    if context.now < from || context.now > until {
        return Err(VerifyError::CharterNotInForce { from, until });
    }
    Ok(layer)
}
