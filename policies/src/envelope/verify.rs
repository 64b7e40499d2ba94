//! The verification of a request, rule by rule; each rule has its own error.

use crate::charter::{Charter, Member, Person};
use crate::dsse::{PayloadType, PublicKey};
use crate::statement::Revocations;
use crate::wire::{LANGUAGE_VERSION, LayerRef, MAX_QUESTION_LIFE_S, MAX_SKEW_S, Question, Request};
use crate::{Digest, HospitalCode, UnixTime};

use super::{SignedRequest, VerifyError};

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
    /// The charter in force of the network that is asked in, as it holds below those above it.
    pub charter: &'c Charter,
    /// This node's hospital.
    pub own: &'c HospitalCode,
    /// The member whose transport key authenticated the connection.
    pub peer: &'c HospitalCode,
    /// Keys that are worth nothing any more.
    pub revoked: &'c Revocations,
    /// The moment.
    pub now: UnixTime,
    /// The replay record.
    pub seen: &'c dyn SeenQuestions,
}

impl std::fmt::Debug for VerifyContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { charter, own, peer, now, revoked: _, seen: _ } = self;
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
///     let verified = policies::VerifiedRequest { request, ..panic!() };
/// }
/// ```
#[derive(Debug)]
pub struct VerifiedRequest {
    question: Question,
    question_digest: Digest,
    request: Request,
    request_digest: Digest,
    sender_key: PublicKey,
    person: Person,
    delegation: Option<Digest>,
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

    /// The envelope key by which the asking node signed.
    #[must_use]
    pub fn sender_key(&self) -> &PublicKey {
        &self.sender_key
    }

    /// Who asks, as the charter says.
    #[must_use]
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// The delegation under which a session key signed the question; none where the person's own key did.
    #[must_use]
    pub fn delegation(&self) -> Option<Digest> {
        self.delegation
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
        let sender_key = self.signed(&context, (sender, person))?;
        self.asked(&context)?;
        self.fresh(context.now)?;
        if self.request.layers != context.charter.path() {
            return Err(VerifyError::CharterMismatch { held: layer.version });
        }
        if self.request.networks != context.charter.networks_digest(self.question.issued_at) {
            return Err(VerifyError::NetworksMismatch);
        }
        if self.request.language != LANGUAGE_VERSION {
            return Err(VerifyError::Language { got: self.request.language });
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
                sender_key,
                person: person.clone(),
                delegation: self.delegation.map(|delegation| delegation.digest()),
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
        let member = context.charter.member(from).filter(|member| member.valid_at(context.now));
        let member = member.ok_or_else(|| VerifyError::SenderNotAMember { got: from.clone() })?;
        if context.revoked.member(from, &member.keys, context.now) {
            return Err(VerifyError::SenderRevoked { got: from.clone() });
        }
        Ok(member)
    }

    fn person<'c>(&self, context: &VerifyContext<'c>) -> Result<&'c Person, VerifyError> {
        let id = &self.question.person;
        let Some(person) = context.charter.person(id) else {
            return Err(VerifyError::UnknownPerson { got: id.clone() });
        };
        if !person.valid_at(context.now) {
            return Err(VerifyError::PersonNotValid { got: id.clone() });
        }
        if context.revoked.person(id, &person.key) {
            return Err(VerifyError::PersonRevoked { got: id.clone() });
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

    /// Both signatures, the question's by the person's own key or by the session key of the one delegation beside it; by which
    /// key of the asking node.
    fn signed(
        &self,
        context: &VerifyContext<'_>,
        (sender, person): (&Member, &Person),
    ) -> Result<PublicKey, VerifyError> {
        let (outer, owner) = ((&self.outer, PayloadType::Request), (&sender.code, context.revoked));
        let verified = sender.keys.envelope.verify(outer, owner, context.now);
        let (sender_key, _payload) = verified.map_err(|_none_of_its_keys| {
            VerifyError::RequestSignature { from: sender.code.clone() }
        })?;
        let key = match &self.delegation {
            None => &person.key,
            Some(delegation) => {
                delegation.verify(&self.question, person, (context.charter, context.now))?
            }
        };
        if self.inner.verify(PayloadType::Question, key).is_err() {
            return Err(VerifyError::QuestionSignature { person: person.id.clone() });
        }
        Ok(sender_key)
    }

    fn asked(&self, context: &VerifyContext<'_>) -> Result<(), VerifyError> {
        if self.question.hospitals.contains(context.own) {
            return Ok(());
        }
        Err(VerifyError::NotAsked { own: context.own.clone() })
    }

    /// Clocks may differ by [`MAX_SKEW_S`] in both directions; the question's life is the person's own clock.
    fn fresh(&self, now: UnixTime) -> Result<(), VerifyError> {
        let Question { issued_at, expires_at, .. } = &self.question;
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
    let layer = context.charter.layer().ok_or(VerifyError::CharterNotSealed)?;
    let (from, until) = (context.charter.valid_from(), context.charter.valid_until());
    if context.now < from || context.now > until {
        return Err(VerifyError::CharterNotInForce { from, until });
    }
    Ok(layer)
}
