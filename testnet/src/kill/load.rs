//! People who ask all the time, and what their nodes acknowledged to them: kept here, outside every node.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use node::api::{AskBody, AskReply, FinishedDocument, RefusalBody};
use node::client::ClientError;
use policies::Digest;
use policies::dsse::{Envelope, PayloadType};
use policies::wire::{Answer, Refusal};

use crate::asker::Asker;
use crate::differential::dice::Dice;
use crate::network::Network;
use crate::topology::{self, Person};

/// Most bytes of an answer with its evidence.
const MAX_BYTES: usize = 64 << 20;
/// Pause after a question that came to nothing.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a question is put again that came to nothing: a node that was killed is back meanwhile.
const RETRIES: usize = 100;
/// Refusals of the asking node that no log can hold: of a log that cannot be written.
const UNLOGGED: [&str; 2] = ["no_log", "log_full"];
/// What is asked. Not everybody may ask all of it.
const QUESTIONS: [&str; 6] = [
    // Cells of ever other patients, many of them a few apart: what was told before decides.
    "SELECT count(*) AS n FROM patient WHERE age > YEARS",
    "SELECT count(*) AS n FROM patient",
    "SELECT grade, count(*) AS n FROM patient GROUP BY grade",
    "SELECT count(*) AS n FROM patient WHERE age > 50",
    "SELECT avg(age) AS mean FROM patient",
    "SELECT * FROM patient",
];

/// The people of the network, and two more at every hospital: each node asks for several at once, and answers all others.
pub(super) fn people() -> Vec<Person> {
    let more = [
        ("p.noord", 0),
        ("q.noord", 0),
        ("p.oost", 1),
        ("q.oost", 1),
        ("p.zuid", 2),
        ("q.zuid", 2),
        ("p.west", 3),
        ("q.west", 3),
        ("p.midden", 4),
        ("q.midden", 4),
    ];
    let more = more.map(|(id, hospital)| Person::planner(id, "asks without a pause", hospital));
    topology::PEOPLE.into_iter().chain(more).collect()
}

/// What one person did, and has been told.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Questions that were put, each counted once.
    pub(super) questions: u64,
    /// How often one was put again: because nothing came, or because the person does not believe it.
    pub(super) again: u64,
    /// How often nothing came.
    pub(super) nothing: u64,
    pub(super) acknowledged: Vec<Acknowledged>,
}

/// What a node acknowledged.
#[derive(Clone, Debug)]
pub(super) struct Acknowledged {
    /// Whose log must hold it.
    pub(super) node: String,
    pub(super) question: Digest,
    pub(super) what: What,
}

/// The record that the log must hold.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// A released answer at this place.
    Answer(Box<Answer>),
    /// A signed refusal at this place.
    Refusal(u64, Box<Refusal>),
    /// What the asking node received from a hospital.
    Received(String, String),
    /// That the asking node put the question, or refused to with this code.
    Put(Option<String>),
}

/// One person's questions until `stop`.
///
/// # Errors
/// A reply that is not in the form of one.
pub(super) fn ask_on(
    network: &Network,
    person: &Person,
    mut dice: Dice,
    stop: &AtomicBool,
) -> anyhow::Result<Asked> {
    let asker = Asker::of(network, person)?;
    let node = &network.hospitals.get(person.hospital).context("a hospital")?.code;
    let mut asked = Asked::default();
    while !stop.load(Ordering::Relaxed) {
        let years = dice.between(40, 85).to_string();
        let question = asker.sign(&dice.word(&QUESTIONS).replace("YEARS", &years))?;
        asked.questions = asked.questions.saturating_add(1);
        let mut left = RETRIES;
        while !asked.put(&asker, node, &question)? && left > 0 && !stop.load(Ordering::Relaxed) {
            left = left.saturating_sub(1);
            asked.again = asked.again.saturating_add(1);
            std::thread::sleep(PAUSE);
        }
        // An id is used once, whatever became of it: the second time every hospital refuses.
        if dice.one_in(8) {
            asked.again = asked.again.saturating_add(1);
            asked.put(&asker, node, &question)?;
        }
    }
    Ok(asked)
}

impl Asked {
    /// Puts a question; false where nothing came back.
    fn put(&mut self, asker: &Asker, node: &str, question: &AskBody) -> anyhow::Result<bool> {
        match asker.put(question) {
            Ok(reply) => answered(node, &reply, &mut self.acknowledged)?,
            Err(ClientError::Refused(refusal)) => {
                refused(node, question, &refusal, &mut self.acknowledged)?;
                std::thread::sleep(PAUSE);
            }
            // Nothing was acknowledged.
            Err(ClientError::Unreachable { .. }) => {
                self.nothing = self.nothing.saturating_add(1);
                return Ok(false);
            }
            Err(
                error @ (ClientError::File { .. }
                | ClientError::Certificate { .. }
                | ClientError::Reply { .. }),
            ) => return Err(error.into()),
        }
        Ok(true)
    }
}

/// Everything that an answer's evidence says is in a log.
fn answered(node: &str, reply: &AskReply, all: &mut Vec<Acknowledged>) -> anyhow::Result<()> {
    let envelope = Envelope::decode(reply.finished.as_bytes(), MAX_BYTES)?;
    let document: FinishedDocument<'_> = serde_json::from_slice(envelope.unverified_payload())?;
    let evidence = document.evidence;
    let question = Envelope::decode(evidence.question.as_bytes(), MAX_BYTES)?.digest();
    let mut add = |node: &str, what| {
        all.push(Acknowledged { node: node.to_owned(), question, what });
    };
    add(node, What::Put(None));
    for (responder, frames) in &evidence.replies {
        let trailer = BASE64.decode(frames.last().context("a trailer")?)?;
        let trailer = Envelope::decode(&trailer, MAX_BYTES)?;
        let outcome = if trailer.expect_type(PayloadType::Answer).is_ok() {
            let answer: Answer = serde_json::from_slice(trailer.unverified_payload())?;
            add(responder.as_str(), What::Answer(Box::new(answer)));
            "answered".to_owned()
        } else {
            let refusal: Refusal = serde_json::from_slice(trailer.unverified_payload())?;
            let code = refusal.code.clone();
            if let Some(index) = refusal.log_index {
                add(responder.as_str(), What::Refusal(index, Box::new(refusal)));
            }
            code
        };
        add(node, What::Received(responder.to_string(), outcome));
    }
    for (responder, code) in &evidence.unreachable {
        add(node, What::Received(responder.to_string(), code.clone()));
    }
    Ok(())
}

/// What a refusal says is in the asking node's log.
fn refused(
    node: &str,
    body: &AskBody,
    refusal: &RefusalBody,
    all: &mut Vec<Acknowledged>,
) -> anyhow::Result<()> {
    let question = Envelope::decode(body.question.as_bytes(), MAX_BYTES)?.digest();
    let mut add = |what| all.push(Acknowledged { node: node.to_owned(), question, what });
    if refusal.coverage.is_empty() {
        if !UNLOGGED.contains(&refusal.code.as_str()) {
            add(What::Put(Some(refusal.code.clone())));
        }
        return Ok(());
    }
    add(What::Put(None));
    for (responder, coverage) in &refusal.coverage {
        let outcome = coverage.code.clone().unwrap_or_else(|| "answered".to_owned());
        add(What::Received(responder.to_string(), outcome));
    }
    Ok(())
}
