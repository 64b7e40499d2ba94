//! The asking node: checks a person's question by its own rules, sends it to every hospital named, verifies what comes
//! back, and lets a worker merge and finish.
//!
//! The own hospital is asked in the same way as the others, without the network. This node's check protects nobody else:
//! every responder checks again.

use std::collections::BTreeMap;
use std::time::Duration;

use policies::dsse::Envelope;
use policies::wire::{LANGUAGE_VERSION, MAX_REQUEST_BYTES, Question, Request};
use policies::{
    Admission, DecodeError, Digest, Footprint, HospitalCode, Limits, SeenQuestions, SignedRequest,
    Verdict, VerifyContext,
};

use crate::api::{ExplainBody, Explanation, RefusalBody};
use crate::ask::collect::{Collected, Outcome, Sent};
use crate::log::Event;
use crate::log::event::QuestionRecord;
use crate::net::PeerKey;
use crate::node::Node;
use crate::pool::{Access, Who};
use crate::refused::Refused;

pub(crate) mod collect;
pub(crate) mod finish;

/// How long a responder that is busy or on another charter is left alone before it is asked once more.
const SECOND_TRY_AFTER: Duration = Duration::from_millis(500);

/// Longest wait for one hospital: a question that runs to the longest deadline by default, after one that did too.
const PATIENCE: Duration = Duration::from_secs(90);

/// A person's question that this node may put.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) question: Question,
    pub(crate) envelope: Envelope,
    pub(crate) fragments: Vec<Digest>,
    pub(crate) dataset_text: String,
}

impl Accepted {
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
    pub async fn ask(&self, question: &[u8]) -> Result<String, Box<RefusalBody>> {
        let accepted = self.accept(question).await.map_err(|refused| own_refusal(&refused))?;
        let record = QuestionRecord::new(accepted.envelope.digest(), &accepted.question);
        let logged = self.log.append(Event::Asked { question: record }).await;
        logged.map_err(|error| own_refusal(&error.into()))?;
        let collected = self.collect(&accepted).await;
        if collected.answered().next().is_none() {
            return Err(Box::new(collected.refusal()));
        }
        self.finish(&accepted, collected).await.map_err(|refused| own_refusal(&refused))
    }

    /// What a question would do, without asking it.
    ///
    /// # Errors
    /// A refusal by this node's rules.
    pub async fn explain(&self, body: ExplainBody) -> Result<Explanation, Box<RefusalBody>> {
        self.try_explain(body).await.map_err(|refused| own_refusal(&refused))
    }

    async fn try_explain(&self, body: ExplainBody) -> Result<Explanation, Refused> {
        self.charter_holds()?;
        let ExplainBody { person, purpose, group, dataset, hospitals, sql } = body;
        let ask = policies::Ask {
            person,
            purpose,
            group,
            dataset,
            asking_node: self.hospital.clone(),
            direct_signature: true,
            hospitals,
        };
        let (dataset, text) = self.dataset(&ask.dataset)?;
        let named = Who::Named { person: ask.person.clone() };
        let mut worker = self.pool.lease(Access::Nothing, named).await?;
        let planned = self.plan(&mut worker, (text, &sql), self.clock.now()).await?;
        let footprint = Footprint::check(planned.footprint, dataset)?;
        let cells = footprint.draft().fragments.iter().map(|fragment| fragment.cells).collect();
        let granted = policies::explain(self.charter(), &ask, &footprint)?;
        let limits = Limits::of(&granted.protections, granted.status);
        Ok(Explanation {
            explained: planned.explained,
            limits: (!limits.is_off()).then_some(limits),
            cells,
            rules: granted.rules,
            protections: granted.protections,
            layers: vec![self.layer.clone()],
        })
    }

    /// Checks a question as the first responder would, then by this node's own rules, before anything is sent.
    async fn accept(&self, bytes: &[u8]) -> Result<Accepted, Refused> {
        self.charter_holds()?;
        self.own.confirmed().await?;
        let envelope = Envelope::decode(bytes, MAX_REQUEST_BYTES).map_err(DecodeError::Question)?;
        let question = policies::question::parse_question(envelope.unverified_payload())
            .map_err(DecodeError::from)?;
        let mut accepted = Accepted {
            question,
            envelope,
            fragments: vec![Digest::of(b"")],
            dataset_text: String::new(),
        };
        let admission = self.rehearse(&accepted)?;
        if let Err(refused) = self.prepare(&mut accepted, &admission).await {
            // Nobody else sees it, so this log is where it is kept.
            let record = QuestionRecord::new(accepted.envelope.digest(), &accepted.question);
            let code = refused.told().code;
            self.log.append(Event::NotAsked { question: record, code }).await?;
            return Err(refused);
        }
        Ok(accepted)
    }

    /// Splits the text and holds it against this node's own rules.
    async fn prepare(&self, accepted: &mut Accepted, admission: &Admission) -> Result<(), Refused> {
        let (dataset, text) = self.dataset(&accepted.question.dataset)?;
        let mut worker = self.pool.lease(Access::Nothing, accepted.who()).await?;
        let Question { sql, issued_at, .. } = &accepted.question;
        let planned = self.plan(&mut worker, (text, sql), *issued_at).await?;
        let footprint = Footprint::check(planned.footprint, dataset)?;
        policies::explain(self.charter(), admission.ask(), &footprint)?;
        accepted.fragments = footprint.fragment_digests();
        text.clone_into(&mut accepted.dataset_text);
        Ok(())
    }

    /// Takes the first responder's place: what it would not verify or admit is not sent at all.
    fn rehearse(&self, accepted: &Accepted) -> Result<Admission, Refused> {
        let own = accepted.question.hospitals.first().unwrap_or(&self.hospital);
        let request = self.request(accepted, own);
        let context = VerifyContext {
            charter: self.charter(),
            own,
            peer: &self.hospital,
            now: self.clock.now(),
            seen: &NothingSeen,
        };
        match SignedRequest::decode(&request.encode())?.verify(context)? {
            Verdict::New(verified) => {
                Ok(policies::admit(self.charter(), *verified, self.clock.now())?)
            }
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
            layers: vec![self.layer.clone()],
            language: LANGUAGE_VERSION,
            fragments: accepted.fragments.clone(),
            sent_at: self.clock.now(),
        };
        policies::question::sign_request(&request, self.envelope_key.secret())
    }

    /// Sends to every hospital at once and waits for all of them, within the question's life.
    async fn collect(&self, accepted: &Accepted) -> Collected {
        let left = accepted.question.expires_at.since(self.clock.now());
        let deadline = PATIENCE.min(Duration::from_secs(u64::try_from(left).unwrap_or(0)));
        let asking = accepted.question.hospitals.iter().map(|hospital| async move {
            let request = self.request(accepted, hospital);
            let reply = self.ask_one(accepted, hospital, &request, deadline).await;
            (hospital.clone(), (request, reply))
        });
        let replies: BTreeMap<_, _> = futures::future::join_all(asking).await.into_iter().collect();
        let collected = Collected::new(accepted.envelope.digest(), replies);
        self.log_received(&collected).await;
        collected
    }

    /// One hospital's frames, verified; a responder that did not look at the question is asked once more.
    async fn ask_one(
        &self,
        accepted: &Accepted,
        hospital: &HospitalCode,
        request: &Envelope,
        deadline: Duration,
    ) -> Outcome {
        let first = self.exchange(accepted, hospital, request, deadline).await;
        if !first.spared_the_question() {
            return first;
        }
        tokio::time::sleep(SECOND_TRY_AFTER.min(deadline)).await;
        self.exchange(accepted, hospital, request, deadline).await
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
            let Some(member) = self.charter.member(hospital) else {
                return Outcome::unreachable("not_a_member");
            };
            let key = PeerKey(*member.keys.transport.as_bytes());
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
        let sent =
            Sent { charter: self.charter(), question, digest, hospital, now: self.clock.now() };
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
    let told = refused.told();
    Box::new(RefusalBody {
        code: told.code,
        message: told.message,
        rule: told.rule,
        layer: told.layer,
        coverage: BTreeMap::new(),
    })
}
