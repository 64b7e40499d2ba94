//! What the log holds of a question, and the replies that follow from it.

use policies::charter::Charter;
use policies::wire::Question;
use policies::{Digest, Footprint, HospitalCode, Permit, UnixTime, VerifiedRequest, VerifyContext};
use query::Asker;
use query::pipe::Planned;

use crate::ledger::Charged;
use crate::log::event::QuestionRecord;
use crate::log::text::Part;
use crate::log::{Event, LogError, Recorded};
use crate::node::Node;
use crate::pool::Access;
use crate::pool::Who;
use crate::refused::{Refused, Told};
use crate::reply::{SignedReply, frames_digest};
use crate::rulebook::Rulebook;

/// A verified question, as the log names it.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) question: QuestionRecord,
    /// When it was asked: whose networks it means.
    pub(crate) issued_at: UnixTime,
    request: Digest,
    fragments: Vec<Digest>,
}

impl Asked {
    /// The record of a question; the text is what the charter makes of it, if anything.
    pub(crate) fn of(charter: &Charter, verified: &VerifiedRequest) -> Self {
        let question: &Question = verified.question();
        let text = policies::indicator::text_of(charter, question).unwrap_or_default();
        Self {
            question: QuestionRecord::new(verified.question_digest(), question, text)
                .under(verified.delegation()),
            issued_at: question.issued_at,
            request: verified.request_digest(),
            fragments: verified.request().fragments.clone(),
        }
    }

    /// For whom a worker works.
    pub(crate) fn who(&self) -> Who {
        let QuestionRecord { asking_node, person, .. } = &self.question;
        Who::Signed { hospital: asking_node.clone(), person: person.clone() }
    }

    /// Whose quota it counts in.
    pub(crate) fn asker(&self) -> Asker {
        let QuestionRecord { asking_node, person, purpose, .. } = &self.question;
        Asker::new(person.as_str(), purpose.as_str(), asking_node.as_str())
    }

    /// Whether this node's worker cuts the text as the asking node's did.
    pub(crate) fn same_cut(&self, footprint: &Footprint) -> Result<(), Refused> {
        if footprint.fragment_digests() == self.fragments {
            return Ok(());
        }
        Err(Refused::PlanMismatch)
    }
}

impl Node {
    pub(super) fn verify_context<'a>(
        &'a self,
        book: &'a Rulebook,
        peer: &'a HospitalCode,
    ) -> VerifyContext<'a> {
        VerifyContext {
            charter: &book.charter,
            own: &self.hospital,
            peer,
            revoked: &book.revoked,
            now: self.clock.now(),
            seen: &self.consumed,
        }
    }

    /// Makes the question durable, and so consumed, before anything is run.
    pub(super) async fn intend(&self, asked: &Asked, permit: &Permit) -> Result<(), Refused> {
        let intent = Event::Intent {
            question: asked.question.clone(),
            request: asked.request,
            profile: permit.profile(),
            footprint: Part::Here(permit.footprint().draft().clone()),
        };
        self.consumed.note(&self.log.append(intent).await?);
        Ok(())
    }

    /// Lets a worker that can read no snapshot split the text: what it says of the text goes to the asker.
    pub(super) async fn plan_apart(
        &self,
        book: &Rulebook,
        asked: &Asked,
        text: (&str, &str),
    ) -> Result<Planned, Refused> {
        let mut worker = self.pool.lease(Access::Nothing, asked.who()).await?;
        self.plan((book, &mut worker), text, asked.issued_at).await
    }

    /// Tells the hospital's own operators of a failure that the asker cannot see.
    pub(super) async fn alarm(&self, asked: &Asked, fault: Option<&str>) -> Result<(), Refused> {
        if let Some(code) = fault {
            let question = asked.question.digest;
            tracing::error!(question = %question.short(), %code, "a permitted question failed; its answer is hidden");
            self.log.append(Event::Fault { question, code: code.to_owned() }).await?;
        }
        Ok(())
    }

    /// Stores the frames, records the outcome, then signs.
    pub(super) async fn release(
        &self,
        asked: &Asked,
        charged: Charged,
        snapshot: Digest,
    ) -> SignedReply {
        match self.record_outcome(asked, &charged, snapshot).await {
            Ok(recorded) => match SignedReply::answer(self.signer(), &charged.safe, &recorded) {
                Some(reply) => reply,
                None => self.refuse(asked, Refused::Interrupted).await,
            },
            Err(refused) => self.refuse(asked, refused).await,
        }
    }

    async fn record_outcome(
        &self,
        asked: &Asked,
        Charged { safe, memory }: &Charged,
        snapshot: Digest,
    ) -> Result<Recorded, Refused> {
        let _open = self.pause.release().await?;
        let (replies, request) = (self.replies.clone(), asked.request);
        let frames = safe.frames().to_vec();
        let digest = frames_digest(&frames);
        let stored =
            self.tasks.spawn_blocking("store", move || replies.store(&request, &frames)).await;
        stored.map_err(std::io::Error::other).and_then(|stored| stored).map_err(Refused::Store)?;
        let random = crate::keys::random_bytes().map_err(std::io::Error::other);
        let permit = safe.permit();
        let outcome = Event::Outcome {
            question: asked.question.digest,
            request: asked.request,
            frames: digest,
            snapshot,
            layers: permit.layers().to_vec(),
            receipt: safe.receipt(),
            status: permit.status().as_str().to_owned(),
            hidden_by: safe.rules(),
            memory: *memory,
            salt: Some(Digest::from_bytes(*random.map_err(Refused::Store)?)),
        };
        let recorded = self.log.append(outcome).await?;
        self.consumed.note(&recorded);
        tracing::info!(question = %asked.question.digest.short(), person = %asked.question.person, "answered");
        Ok(recorded)
    }

    /// Records a refusal, then signs it.
    pub(super) async fn refuse(&self, asked: &Asked, refused: Refused) -> SignedReply {
        let told = refused.told();
        let question = asked.question.digest.short();
        tracing::info!(%question, person = %asked.question.person, code = %told.code, rule = told.rule, "refused");
        tracing::debug!(error = &refused as &dyn std::error::Error, "why");
        if refused.spares_the_question() {
            return SignedReply::rejection(self.signer(), asked.request, told, self.clock.now());
        }
        match self.record_refusal(asked, &told).await {
            Ok(reply) => reply,
            Err(error) => {
                let told = Refused::from(error).told();
                SignedReply::rejection(self.signer(), asked.request, told, self.clock.now())
            }
        }
    }

    async fn record_refusal(&self, asked: &Asked, told: &Told) -> Result<SignedReply, LogError> {
        let Told { code, message, message_nl, rule, layer } = told.clone();
        let (question, request) = (asked.question.clone(), asked.request);
        let recorded = self
            .log
            .append(Event::Refused { question, request, code, message, message_nl, rule, layer })
            .await?;
        self.consumed.note(&recorded);
        let unsigned =
            || SignedReply::rejection(self.signer(), request, told.clone(), self.clock.now());
        Ok(SignedReply::refusal(self.signer(), &recorded).unwrap_or_else(unsigned))
    }

    /// The stored reply of a retry: nothing is run twice.
    pub(super) async fn repeat(&self, request: Digest) -> SignedReply {
        match self.stored(&request).await {
            Ok(reply) => reply,
            Err(refused) => {
                SignedReply::rejection(self.signer(), request, refused.told(), self.clock.now())
            }
        }
    }

    async fn stored(&self, request: &Digest) -> Result<SignedReply, Refused> {
        let last = self.consumed.last(&self.log, request).map_err(|error| {
            tracing::error!(%error, "what became of a question cannot be read");
            Refused::Log(LogError::Failed { reason: error.to_string() })
        })?;
        let recorded = last.ok_or(Refused::Interrupted)?;
        if let Some(refusal) = SignedReply::refusal(self.signer(), &recorded) {
            return Ok(refusal);
        }
        let (replies, key) = (self.replies.clone(), *request);
        let loaded = self.tasks.spawn_blocking("load", move || replies.load(&key)).await;
        let loaded = loaded.map_err(std::io::Error::other).and_then(|loaded| loaded);
        let frames = loaded.map_err(Refused::Store)?.ok_or(Refused::Interrupted)?;
        SignedReply::stored(self.signer(), &frames, &recorded).ok_or(Refused::Interrupted)
    }

    /// Counts bytes that do not verify, per peer and minute; their digest.
    pub(crate) async fn count_rejected(
        &self,
        peer: &HospitalCode,
        bytes: &[u8],
        code: &str,
    ) -> Digest {
        tracing::info!(%peer, %code, "rejected");
        let first = Digest::of(bytes);
        if let Some(event) = self.rejections.count(peer.as_str(), code, first, 1)
            && let Err(error) = self.log.append(event).await
        {
            tracing::error!(%error, "a rejection is not logged");
        }
        first
    }

    /// Counts and signs the refusal of a request that does not verify. It consumes nothing.
    pub(super) async fn reject(
        &self,
        peer: &HospitalCode,
        bytes: &[u8],
        refused: Refused,
    ) -> SignedReply {
        let told = refused.told();
        let first = self.count_rejected(peer, bytes, &told.code).await;
        // The digest that the asker looks for, where the bytes are an envelope at all.
        let limit = policies::wire::MAX_REQUEST_BYTES;
        let request = policies::dsse::Envelope::decode(bytes, limit)
            .map_or(first, |envelope| envelope.digest());
        SignedReply::rejection(self.signer(), request, told, self.clock.now())
    }
}
