//! The asking node: checks a person's question by its own rules, sends it to every hospital named, verifies what comes
//! back, and lets a worker merge and finish.
//!
//! The own hospital is asked in the same way as the others, without the network. This node's check protects nobody else:
//! every responder checks again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use policies::dsse::Envelope;
use policies::wire::{LANGUAGE_VERSION, MAX_REQUEST_BYTES, Question, Request};
use policies::{
    DecodeError, Digest, Footprint, HospitalCode, SeenQuestions, SignedDelegation, SignedRequest,
    Verdict, VerifiedRequest, VerifyContext,
};

use crate::api::{AskBody, RefusalBody};
use crate::ask::collect::{Collected, Outcome, Sent};
use crate::ask::reveal::Revealing;
use crate::log::event::QuestionRecord;
use crate::log::{Event, LogError};
use crate::node::Node;
use crate::pool::{Access, Who};
use crate::refused::Refused;
use crate::rulebook::{Fault, Rulebook};

mod agree;
pub(crate) mod collect;
mod explain;
pub(crate) mod finish;
pub(crate) mod reveal;

/// How long a responder that is busy or on another charter is left alone before it is asked once more.
const SECOND_TRY_AFTER: Duration = Duration::from_millis(500);

/// Longest wait for one hospital: a question that runs to the longest deadline by default, after one that did too.
const PATIENCE: Duration = Duration::from_secs(90);

/// A person's question that this node may put.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) question: Question,
    pub(crate) envelope: Envelope,
    /// The envelope of the delegation under which it is signed, where it is one.
    pub(crate) delegation: Option<SignedDelegation>,
    pub(crate) fragments: Vec<Digest>,
    /// What it is decided by here.
    pub(crate) book: Arc<Rulebook>,
    /// The text that is asked: the person's own, or the indicator's as the charter has it.
    pub(crate) sql: String,
    pub(crate) dataset_text: String,
    /// What names who is in which network below, when it was asked.
    pub(crate) networks: Option<Digest>,
    /// What may be told of single hospitals, as far as this node's own rules say.
    pub(crate) revealing: Revealing,
}

impl Accepted {
    /// The question, as the log names it.
    fn record(&self) -> QuestionRecord {
        QuestionRecord::new(self.envelope.digest(), &self.question, self.sql.clone())
            .under(self.delegation.as_ref().map(SignedDelegation::digest))
    }

    /// For whom a worker works.
    pub(crate) fn who(&self) -> Who {
        let Question { asking_node, person, .. } = &self.question;
        Who::Signed { hospital: asking_node.clone(), person: person.clone() }
    }
}

impl Node {
    /// Puts a signed question to its hospitals and returns the finished answer's envelope.
    ///
    /// # Errors
    /// A refusal: by this node, or by every hospital.
    pub async fn ask(&self, body: AskBody) -> Result<String, Box<RefusalBody>> {
        let accepted = self.accept(body).await.map_err(|refused| own_refusal(&refused))?;
        self.log_asked(&accepted).await.map_err(|refused| own_refusal(&refused))?;
        let collected = self.collect(&accepted).await;
        self.still_valid(&accepted).map_err(|refused| own_refusal(&refused))?;
        if collected.answered().next().is_none() {
            return Err(Box::new(accepted.revealing.refusal(&collected)));
        }
        self.finish(&accepted, collected).await.map_err(|refused| own_refusal(&refused))
    }

    /// Whoever was revoked while hospitals answered gets nothing of it.
    fn still_valid(&self, accepted: &Accepted) -> Result<(), Refused> {
        let Question { person, asking_node, .. } = &accepted.question;
        let root = self.rulebook();
        let revoked = root.revoked_in(accepted.book.charter.network());
        if accepted.book.is_revoked(revoked, (person, asking_node)) {
            return Err(Refused::Charter(Fault::Asker));
        }
        Ok(())
    }

    /// Checks a question as the first responder would, then by this node's own rules, before anything is sent. Nobody else
    /// sees what is refused here, so this log is where it is kept: singly where its person's signature holds, and counted
    /// like the rubbish of a peer where not.
    async fn accept(&self, body: AskBody) -> Result<Accepted, Refused> {
        let bytes = body.question.as_bytes();
        let (mut accepted, verified) = match self.rehearse((bytes, body.delegation.as_deref())) {
            Ok(rehearsed) => rehearsed,
            Err(refused) => {
                self.count_rejected(&self.hospital, bytes, &refused.told().code).await;
                return Err(refused);
            }
        };
        if let Err(refused) = self.prepare(&mut accepted, verified).await {
            self.log_not_asked(&accepted, &refused).await?;
            return Err(refused);
        }
        Ok(accepted)
    }

    /// Records that a question of one of this node's people went to nobody.
    async fn log_not_asked(&self, accepted: &Accepted, refused: &Refused) -> Result<(), LogError> {
        let (question, code) = (accepted.record(), refused.told().code);
        self.log.append(Event::NotAsked { question, code }).await?;
        Ok(())
    }

    /// Records that a question is put, before anybody is asked.
    async fn log_asked(&self, accepted: &Accepted) -> Result<(), Refused> {
        let (question, hospitals) = (accepted.record(), accepted.question.hospitals.clone());
        let logged = self.log.append(Event::Asked { question, hospitals }).await;
        let Err(error) = logged else { return Ok(()) };
        let refused = Refused::from(error);
        // A full disk has room left for this; a log that cannot be written has none, and the asker is told so.
        self.log_not_asked(accepted, &refused).await?;
        Err(refused)
    }

    /// Splits the text and holds it against this node's own rules.
    async fn prepare(
        &self,
        accepted: &mut Accepted,
        verified: VerifiedRequest,
    ) -> Result<(), Refused> {
        self.own.confirmed().await?;
        let book = Arc::clone(&accepted.book);
        let admission = policies::admit(book.of_network(), verified, self.clock.now())?;
        admission.text().clone_into(&mut accepted.sql);
        let (dataset, text) = book.dataset(&accepted.question.dataset)?;
        let mut worker = self.pool.lease(Access::Nothing, accepted.who()).await?;
        let issued_at = accepted.question.issued_at;
        let planned = self.plan((&book, &mut worker), (text, &accepted.sql), issued_at).await?;
        let footprint = Footprint::check(planned.footprint, dataset)?;
        let granted = policies::explain(book.of_network(), admission.ask(), &footprint)?;
        let by_network = footprint.draft().shows.network;
        accepted.revealing = Revealing::of(granted.protections.reveal, by_network);
        accepted.fragments = footprint.fragment_digests();
        text.clone_into(&mut accepted.dataset_text);
        Ok(())
    }

    /// Takes the first responder's place: what it would not verify is not sent at all.
    fn rehearse(
        &self,
        (bytes, delegation): (&[u8], Option<&str>),
    ) -> Result<(Accepted, VerifiedRequest), Refused> {
        let envelope = Envelope::decode(bytes, MAX_REQUEST_BYTES).map_err(DecodeError::Question)?;
        let question = policies::question::parse_question(envelope.unverified_payload())
            .map_err(DecodeError::from)?;
        let delegation = delegation.map(SignedDelegation::decode).transpose()?;
        let book = self.book_in(&question.network)?;
        book.holds(self.clock.now())?;
        let fragments = vec![Digest::of(b"")];
        let sql = policies::indicator::text_of(&book.charter, &question).unwrap_or_default();
        let (dataset_text, networks) =
            (String::new(), book.charter.networks_digest(question.issued_at));
        let revealing = Revealing::default();
        let accepted = Accepted {
            book,
            question,
            envelope,
            delegation,
            fragments,
            sql,
            dataset_text,
            networks,
            revealing,
        };
        let own = accepted.question.hospitals.first().unwrap_or(&self.hospital);
        let request = self.request(&accepted, own);
        let context = VerifyContext {
            charter: &accepted.book.charter,
            own,
            peer: &self.hospital,
            revoked: &accepted.book.revoked,
            now: self.clock.now(),
            seen: &NothingSeen,
        };
        match SignedRequest::decode(&request.encode())?.verify(context)? {
            Verdict::New(verified) => Ok((accepted, *verified)),
            Verdict::Retry { .. } => Err(Refused::Interrupted),
        }
    }

    /// The request to one hospital, signed by this node.
    fn request(&self, accepted: &Accepted, audience: &HospitalCode) -> Envelope {
        let request = Request {
            network: accepted.question.network.clone(),
            from: self.hospital.clone(),
            audience: audience.clone(),
            question: String::from_utf8(accepted.envelope.encode()).unwrap_or_default(),
            layers: accepted.book.charter.path(),
            language: LANGUAGE_VERSION,
            fragments: accepted.fragments.clone(),
            checkpoint: self.own.signed().map(|note| note.to_string()),
            cosigned: self.desk.cosigned(audience).map(|note| note.to_string()),
            sent_at: self.clock.now(),
            delegation: accepted.delegation.as_ref().map(SignedDelegation::text),
            networks: accepted.networks,
        };
        policies::question::sign_request(&request, self.signer().key.secret())
    }

    /// Sends to every hospital at once and waits for all of them, within the question's life.
    async fn collect(&self, accepted: &Accepted) -> Collected {
        let left = accepted.question.expires_at.since(self.clock.now());
        let deadline = PATIENCE.min(Duration::from_secs(u64::try_from(left).unwrap_or(0)));
        let asking = accepted.question.hospitals.iter().map(|hospital| async move {
            (hospital.clone(), self.ask_one(accepted, hospital, deadline).await)
        });
        let replies: BTreeMap<_, _> = futures::future::join_all(asking).await.into_iter().collect();
        let collected = Collected::new(accepted.envelope.digest(), replies);
        self.log_received(&collected).await;
        collected
    }

    /// One hospital's frames, verified, with the request that they are the reply to; a responder that did not look at the
    /// question is asked once more.
    async fn ask_one(
        &self,
        accepted: &Accepted,
        hospital: &HospitalCode,
        deadline: Duration,
    ) -> (Envelope, Outcome) {
        let request = self.request(accepted, hospital);
        let first = self.exchange(accepted, hospital, &request, deadline).await;
        if !first.spared_the_question() {
            return (request, first);
        }
        let pause = tokio::time::sleep(SECOND_TRY_AFTER.min(deadline));
        let agreeing = async {
            if first.is_of_another_charter() {
                self.agree(accepted, hospital, deadline).await
            } else {
                None
            }
        };
        // One of both follows another version of the charter: meanwhile each gets what it lacks.
        let (newer, ()) = tokio::join!(agreeing, pause);
        match newer {
            Some(newer) => {
                let request = self.request(&newer, hospital);
                let second = self.exchange(&newer, hospital, &request, deadline).await;
                (request, second)
            }
            None => {
                let second = self.exchange(accepted, hospital, &request, deadline).await;
                (request, second)
            }
        }
    }

    async fn exchange(
        &self,
        accepted: &Accepted,
        hospital: &HospitalCode,
        request: &Envelope,
        deadline: Duration,
    ) -> Outcome {
        let bytes = request.encode();
        let frames = if *hospital == self.hospital {
            self.answer(&bytes, hospital).await
        } else {
            let Some(member) = accepted.book.charter.member(hospital) else {
                return Outcome::unreachable("not_a_member");
            };
            let keys = accepted.book.transports(member);
            let Some(key) = self.net.reach(&keys, deadline).await else {
                return Outcome::unreachable("not_a_member");
            };
            let asking = self.net.ask(key, bytes, deadline);
            match tokio::time::timeout(deadline, asking).await {
                Err(_elapsed) => return Outcome::unreachable("no_answer_in_time"),
                Ok(Ok(frames)) => frames,
                Ok(Err(error)) => {
                    tracing::info!(%hospital, %error, "no reply");
                    return Outcome::unreachable(error.code());
                }
            }
        };
        let (question, digest) = (&accepted.question, accepted.envelope.digest());
        let root = self.rulebook();
        let sent = Sent {
            charter: &accepted.book.charter,
            question,
            digest,
            hospital,
            revoked: root.revoked_in(&question.network),
            now: self.clock.now(),
        };
        Outcome::verify(sent, request, frames)
    }

    async fn log_received(&self, collected: &Collected) {
        for event in collected.events() {
            if let Err(error) = self.log.append(event).await {
                tracing::error!(%error, "a reply is not logged");
            }
        }
    }
}

/// The asking node's rehearsal comes before any replay record.
struct NothingSeen;

impl SeenQuestions for NothingSeen {
    fn find(&self, _question: &Digest) -> Option<Digest> {
        None
    }
}

fn own_refusal(refused: &Refused) -> Box<RefusalBody> {
    Box::new(refused.told().into())
}
