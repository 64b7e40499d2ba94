//! People who ask all the time, and what their nodes acknowledged to them.

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
use crate::topology::{PEOPLE, Person};

/// Most bytes of an answer with its evidence.
const MAX_BYTES: usize = 64 << 20;
/// Pause after a question that came to nothing.
const PAUSE: Duration = Duration::from_millis(20);
/// Refusals of the asking node that its log does not hold: it looked at nothing, or refused while it rehearsed the question.
const UNLOGGED: [&str; 3] = ["no_witness", "log_rolled_back", "no_rule_permits"];
/// What is asked.
const QUESTIONS: [&str; 4] = [
    "SELECT count(*) AS n FROM patient",
    "SELECT grade, count(*) AS n FROM patient GROUP BY grade",
    "SELECT count(*) AS n FROM patient WHERE age > 50",
    "SELECT * FROM patient",
];

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
    seed: u64,
    stop: &AtomicBool,
) -> anyhow::Result<Vec<Acknowledged>> {
    let asker = Asker::of(network, person)?;
    let hospital = network.hospitals.get(person.hospital).context("a hospital")?;
    let number = PEOPLE.iter().position(|other| other.id == person.id).unwrap_or(0);
    let mut dice = Dice::new(&[seed, number.try_into()?]);
    let mut all = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let question = asker.sign(dice.word(&QUESTIONS))?;
        match asker.put(&question) {
            Ok(reply) => answered(&hospital.code, &reply, &mut all)?,
            Err(ClientError::Refused(refusal)) => {
                refused(&hospital.code, &question, &refusal, &mut all)?;
                std::thread::sleep(PAUSE);
            }
            // Nothing was acknowledged.
            Err(_) => std::thread::sleep(PAUSE),
        }
    }
    Ok(all)
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
