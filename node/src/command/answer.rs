//! `kring answer verify`: a saved answer, without a network: every signature, then the arithmetic again.
//!
//! The file must be, byte for byte, what the asking node signed: its evidence holds the signed question, the requests and
//! every hospital's signed frames, and merging and finishing these again must give the very same answer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use policies::chain::Tree;
use policies::charter::Charter;
use policies::dsse::{Envelope, PayloadType};
use policies::wire::{MAX_REQUEST_BYTES, Question};
use policies::{
    Digest, HospitalCode, Revocations, SeenQuestions, SignedDelegation, SignedRequest, UnixTime,
    Verdict, VerifyContext,
};
use query::pipe::frame::Message;

use crate::api::{AnswerBody, Evidence, FinishedDocument};
use crate::ask::collect::{Collected, Outcome, Sent};
use crate::ask::finish::{answer_body, finish_work, finished};
use crate::charters;
use crate::clock::SystemClock;
use crate::command::ask::MAX_FINISHED_BYTES;
use crate::command::{Exit, print};
use crate::config::Workers;
use crate::node::job;
use crate::pool::{Access, Pool, Setup, Who};
use crate::reply::Frames;
use crate::tasks::Tasks;

/// The worker that merges and finishes again: the spare one alone.
const WORKERS: Workers =
    Workers { count: 0, asker_count: 0, deadline: Duration::from_secs(120), memory_mb: 2048 };

/// Verifies and says so.
pub(crate) fn verify(file: &Path, charter: &Path, root: Digest) -> anyhow::Result<Exit> {
    let read = |path: &Path| {
        std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
    };
    let (bytes, bundles) = (read(file)?, charters::folder::bundles(charter)?);
    match check(&bytes, &bundles, root) {
        Ok(verified) => {
            print::line(verified);
            Ok(Exit::Done)
        }
        Err(problem) => {
            print::note(format!("kring: the answer does not verify: {problem:#}"));
            Ok(Exit::Refused)
        }
    }
}

fn check(bytes: &[u8], bundles: &[Vec<u8>], root: Digest) -> anyhow::Result<String> {
    let envelope = Envelope::decode(bytes, MAX_FINISHED_BYTES)?;
    // Only to find out which charter to verify with, and which keys counted then.
    let document: FinishedDocument<'_> = serde_json::from_slice(envelope.unverified_payload())?;
    let tree = charters::open::tree_that_was(root, bundles)?;
    let charter = asked_under(&tree, &document.evidence, asked_at(&document.evidence)?)?;
    let asking = charter
        .member(&document.evidence.asking_node)
        .context("the asking node is not a member")?;
    anyhow::ensure!(envelope.key_hints().len() == 1, "expected one signature");
    // Signed before whatever was revoked since.
    let owner = (&asking.code, Revocations::none());
    let (at, kind) = (document.evidence.finished_at, PayloadType::Finished);
    let (key, payload) = asking.keys.envelope.verify((&envelope, kind), owner, at)?;
    let hint = envelope.key_hints().next().unwrap_or_default();
    anyhow::ensure!(hint == key.to_string(), "the key id names another key");
    let document: FinishedDocument<'_> = serde_json::from_slice(payload)?;
    let signed_by = signed_by(&document.evidence)?;
    if document.evidence.withheld {
        return withheld(&tree, &charter, &document, &signed_by);
    }
    let (question, collected) = replay(&tree, &document.evidence)?;
    let again = finish_again(&charter, &question, &collected)?;
    anyhow::ensure!(
        serde_json::to_string(&again)? == document.answer.get(),
        "merging the hospitals' figures again gives another answer"
    );
    Ok(format!(
        "verified: question {} by {} ({signed_by}) at {}, answered by {} of {} hospital(s), charter {} version {}",
        collected.question(),
        question.person,
        question.asking_node,
        collected.answered().count(),
        question.hospitals.len(),
        charter.network(),
        charter.version(),
    ))
}

/// Whose signature the question carries; verified with each request that holds it.
fn signed_by(evidence: &Evidence) -> anyhow::Result<String> {
    let mut found = BTreeSet::new();
    for text in evidence.requests.values() {
        let request = Envelope::decode(text.as_bytes(), MAX_REQUEST_BYTES)?;
        let wire: policies::wire::Request = serde_json::from_slice(request.unverified_payload())?;
        found.insert(wire.delegation);
    }
    anyhow::ensure!(found.len() == 1, "its requests name different delegations");
    let Some(delegation) = found.pop_first().flatten() else {
        return Ok("signed by their own key".to_owned());
    };
    let delegation = SignedDelegation::decode(&delegation)?;
    let until = delegation.delegation().expires_at;
    Ok(format!("signed in a session until {until}, delegation {}", delegation.digest().short()))
}

/// When the question was signed, as it says.
fn asked_at(evidence: &Evidence) -> anyhow::Result<UnixTime> {
    let envelope = Envelope::decode(evidence.question.as_bytes(), MAX_REQUEST_BYTES)?;
    Ok(policies::question::parse_question(envelope.unverified_payload())?.issued_at)
}

/// The newest charter that a request names: what the asking node decided by in the end. A node's layers only go on, so of two
/// paths the one with a later version in its first different layer is the newer one.
fn asked_under(
    tree: &Tree,
    evidence: &Evidence,
    asked_at: UnixTime,
) -> anyhow::Result<Arc<Charter>> {
    let versions = |charter: &Charter| -> Vec<u64> {
        charter.path().iter().map(|layer| layer.version).collect()
    };
    let mut newest: Option<Arc<Charter>> = None;
    for text in evidence.requests.values() {
        let request = Envelope::decode(text.as_bytes(), MAX_REQUEST_BYTES)?;
        let wire: policies::wire::Request = serde_json::from_slice(request.unverified_payload())?;
        let Some(charter) = named(tree, &wire, asked_at) else { continue };
        if newest.as_ref().is_none_or(|newest| versions(newest) < versions(&charter)) {
            newest = Some(charter);
        }
    }
    newest.context("none of its requests names charters that are given, those of networks below included: name the folder with the bundles of every version")
}

/// The charter that a request names, with those above it and the networks below it.
fn named(
    tree: &Tree,
    request: &policies::wire::Request,
    asked_at: UnixTime,
) -> Option<Arc<Charter>> {
    tree.named(&request.layers, (request.networks, asked_at)).map(Arc::new)
}

/// The question of the evidence, with requests to every hospital that it asks.
fn asked(evidence: &Evidence) -> anyhow::Result<(Envelope, Question)> {
    let envelope = Envelope::decode(evidence.question.as_bytes(), MAX_REQUEST_BYTES)?;
    let question = policies::question::parse_question(envelope.unverified_payload())?;
    let asked: Vec<_> = evidence.requests.keys().cloned().collect();
    anyhow::ensure!(
        asked == question.hospitals,
        "the requests are not to the hospitals of the question"
    );
    Ok((envelope, question))
}

/// An answer that reveals no hospitals: what hospitals replied is not in the file, so the figures rest on the asking node's
/// word. The question, the requests and that node's signature are checked.
fn withheld(
    tree: &Tree,
    charter: &Charter,
    document: &FinishedDocument<'_>,
    signed_by: &str,
) -> anyhow::Result<String> {
    let evidence = &document.evidence;
    let answer: AnswerBody = serde_json::from_str(document.answer.get())?;
    let (envelope, question) = asked(evidence)?;
    let nobody = evidence.replies.is_empty() && evidence.unreachable.is_empty();
    let told = answer.coverage.is_empty() && answer.protections.is_empty();
    anyhow::ensure!(
        nobody && told && answer.reveal.is_some() && answer.missing.is_some(),
        "it says that hospitals are not revealed, and tells of some"
    );
    anyhow::ensure!(
        answer.question_digest == envelope.digest(),
        "it is the answer to another question"
    );
    for (hospital, text) in &evidence.requests {
        check_request(tree, evidence, hospital, text)?;
    }
    Ok(format!(
        "verified as far as rules let it: question {} by {} ({signed_by}), charter {} version {}, signed by the node of {}, {} hospital(s) asked. Hospitals are not revealed, so their \
         signed figures are not in the file: that they were added up right rests on this node, whose log and theirs say what was sent",
        envelope.digest(),
        question.person,
        charter.network(),
        charter.version(),
        question.asking_node,
        question.hospitals.len(),
    ))
}

/// Every signature and reference, as the asking node and the responders checked them.
fn replay(tree: &Tree, evidence: &Evidence) -> anyhow::Result<(Question, Collected)> {
    let (envelope, question) = asked(evidence)?;
    let mut replies = BTreeMap::new();
    for (hospital, text) in &evidence.requests {
        let (request, charter) = check_request(tree, evidence, hospital, text)?;
        let charter = &*charter;
        let outcome = match (evidence.replies.get(hospital), evidence.unreachable.get(hospital)) {
            (Some(frames), None) => {
                let digest = envelope.digest();
                let now = evidence.finished_at;
                let revoked = Revocations::none();
                let sent = Sent { charter, question: &question, digest, hospital, revoked, now };
                let outcome = Outcome::verify(sent, &request, decode_frames(frames)?);
                if let Outcome::Unreachable { code } = &outcome {
                    anyhow::bail!("the reply of {hospital} does not verify ({code})");
                }
                outcome
            }
            (None, Some(code)) => Outcome::unreachable(code),
            (Some(_), Some(_)) | (None, None) => {
                anyhow::bail!("{hospital} needs one reply or one reason")
            }
        };
        replies.insert(hospital.clone(), (request, outcome));
    }
    let known = |code: &HospitalCode| evidence.requests.contains_key(code);
    anyhow::ensure!(
        evidence.replies.keys().all(known) && evidence.unreachable.keys().all(known),
        "there is a reply of a hospital that was not asked"
    );
    Ok((question, Collected::new(envelope.digest(), replies)))
}

fn check_request(
    tree: &Tree,
    evidence: &Evidence,
    hospital: &HospitalCode,
    text: &str,
) -> anyhow::Result<(Envelope, Arc<Charter>)> {
    let request = Envelope::decode(text.as_bytes(), MAX_REQUEST_BYTES)?;
    let signed = SignedRequest::decode(text.as_bytes())?;
    let wire: policies::wire::Request = serde_json::from_slice(request.unverified_payload())?;
    anyhow::ensure!(
        wire.question == evidence.question,
        "the request to {hospital} holds another question"
    );
    let charter = named(tree, &wire, asked_at(evidence)?).with_context(|| {
        format!("the request to {hospital} names another charter, or other networks below it")
    })?;
    let context = VerifyContext {
        charter: &charter,
        own: hospital,
        peer: &evidence.asking_node,
        // Signed before whatever was revoked since.
        revoked: Revocations::none(),
        now: wire.sent_at,
        seen: &NothingSeen,
    };
    match signed.verify(context)? {
        Verdict::New(_) => Ok((request, charter)),
        Verdict::Retry { .. } => anyhow::bail!("the request to {hospital} is a retry"),
    }
}

fn decode_frames(frames: &[String]) -> anyhow::Result<Frames> {
    frames.iter().map(|frame| Ok(BASE64.decode(frame)?)).collect()
}

/// A worker merges and finishes the verified frames once more.
fn finish_again(
    charter: &Charter,
    question: &Question,
    collected: &Collected,
) -> anyhow::Result<AnswerBody> {
    let dataset =
        charter.dataset_text(&question.dataset).context("the dataset is not in the charter")?;
    let (work, blobs) = finish_work(collected, &BTreeMap::new());
    let text = policies::indicator::text_of(charter, question)?;
    let head = job(charter, (dataset, &text), question.issued_at, work);
    let message = Message { head, blobs };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let reply = runtime.block_on(async {
        let pool = Pool::start(Setup {
            program: std::env::current_exe()?,
            snapshots: None,
            workers: WORKERS,
            clock: Arc::new(SystemClock),
            tasks: Tasks::new(),
        })?;
        anyhow::Ok(pool.lease(Access::Nothing, Who::Operator).await?.run(message).await?)
    })?;
    Ok(answer_body(finished(reply.head)?, collected))
}

struct NothingSeen;

impl SeenQuestions for NothingSeen {
    fn find(&self, _question: &Digest) -> Option<Digest> {
        None
    }
}
