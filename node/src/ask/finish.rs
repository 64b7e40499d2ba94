//! From verified replies to the answer that a person reads, signed by the asking node with all of its evidence.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use policies::HospitalCode;
use policies::dsse::{Envelope, PayloadType};
use query::pipe::{Failure, Finished, Part, Reply, Work};

use crate::api::{AnswerBody, AppliedProtections, Evidence, FinishedDocument};
use crate::ask::Accepted;
use crate::ask::collect::{Collected, Outcome};
use crate::node::{Node, job};
use crate::pool::Access;
use crate::refused::Refused;

impl Node {
    pub(super) async fn finish(
        &self,
        accepted: &Accepted,
        mut collected: Collected,
    ) -> Result<String, Refused> {
        let open = accepted.revealing.with(&collected).is_open();
        let finished = match self.merge(accepted, &collected).await {
            Ok(finished) => finished,
            Err(refused) => {
                self.distrust(accepted, &mut collected).await?;
                if collected.answered().next().is_none() {
                    // What is wrong with an answer names its hospital.
                    let told = if open { refused } else { Refused::NobodyAnswered };
                    return Err(told);
                }
                self.merge(accepted, &collected).await?
            }
        };
        let revealing = accepted.revealing.with(&collected);
        revealing.enough(accepted, &collected)?;
        let open = revealing.is_open();
        let answer = revealing.told(answer_body(finished, &collected), accepted);
        let evidence = Evidence {
            asking_node: self.hospital.clone(),
            question: text(&accepted.envelope),
            requests: requests(&collected),
            replies: if open { replies(&collected) } else { BTreeMap::new() },
            unreachable: if open { unreachable(&collected) } else { BTreeMap::new() },
            finished_at: self.clock.now(),
            withheld: !open,
        };
        self.sign_finished(&answer, evidence)
    }

    /// Lets a worker merge and finish what the hospitals sent.
    async fn merge(&self, accepted: &Accepted, collected: &Collected) -> Result<Finished, Refused> {
        let letters = accepted.revealing.with(collected).letters(collected)?;
        let (work, blobs) = finish_work(collected, &letters);
        let mut worker = self.pool.lease(Access::Nothing, accepted.who()).await?;
        let Accepted { question, dataset_text, sql, .. } = accepted;
        let text = (dataset_text.as_str(), sql.as_str());
        let head = job(&accepted.book.charter, text, question.issued_at, work);
        finished(self.work(&mut worker, head, blobs).await?.head).map_err(Refused::Text)
    }

    /// Finishes every hospital's part alone, and gives up on those that cannot be: signed as they are, they are no
    /// answers to this question, and do not take the others' answers down with them.
    async fn distrust(
        &self,
        accepted: &Accepted,
        collected: &mut Collected,
    ) -> Result<(), Refused> {
        let answered: Vec<_> = collected.answered().map(|(code, ..)| code.clone()).collect();
        for hospital in answered {
            let alone = collected.only(&hospital);
            if self.merge(accepted, &alone).await.is_ok() {
                continue;
            }
            tracing::warn!(%hospital, "a signed answer cannot be merged");
            collected.distrust(&hospital);
            for event in collected.only(&hospital).events() {
                self.log.append(event).await?;
            }
        }
        Ok(())
    }

    fn sign_finished(&self, answer: &AnswerBody, evidence: Evidence) -> Result<String, Refused> {
        let fault = |error: serde_json::Error| {
            let dutch = format!("het antwoord kan niet worden opgeschreven: {error}");
            Refused::Text(Failure::new("fault", error.to_string(), dutch))
        };
        let answer = serde_json::value::to_raw_value(answer).map_err(fault)?;
        let document = FinishedDocument { answer: &answer, evidence };
        let payload = serde_json::to_vec(&document).map_err(fault)?;
        Ok(text(&Envelope::signed(PayloadType::Finished, payload, self.signer().key.secret())))
    }
}

/// The worker's job: who answered, what each is called where not by its code, and their frames in order.
pub(crate) fn finish_work(
    collected: &Collected,
    letters: &BTreeMap<HospitalCode, String>,
) -> (Work, Vec<Vec<u8>>) {
    let mut parts = Vec::new();
    let mut blobs = Vec::new();
    for (hospital, _, frames) in collected.answered() {
        let shown = letters.get(hospital).cloned();
        parts.push(Part { hospital: hospital.clone(), frames: frames.len(), shown });
        blobs.extend_from_slice(frames);
    }
    (Work::Finish { parts }, blobs)
}

/// The finished table, if that is what the worker says.
pub(crate) fn finished(reply: Reply) -> Result<Finished, Failure> {
    match reply {
        Reply::Finished(finished) => Ok(finished),
        Reply::Failed(failure) => Err(failure),
        Reply::Planned(_) | Reply::Executed { .. } => Err(other_job()),
    }
}

/// A worker that does not do what it is asked.
pub(crate) fn other_job() -> Failure {
    Failure::new(
        "worker_fault",
        "the worker answered another job",
        "de worker beantwoordde een andere opdracht",
    )
}

/// The answer with what every hospital did to its figures.
pub(crate) fn answer_body(finished: Finished, collected: &Collected) -> AnswerBody {
    let Finished { columns, rows, cells, undecided, intervals, noisy, bands, notes } = finished;
    let mut layers = Vec::new();
    let mut synthetic = false;
    for (_, answer, _) in collected.answered() {
        for layer in &answer.layers {
            if !layers.contains(layer) {
                layers.push(layer.clone());
            }
        }
        synthetic |= answer.status == "synthetic";
    }
    let applied = |answer: &policies::wire::Answer| AppliedProtections {
        profile: answer.receipt.profile.as_str().to_owned(),
        rules: answer.receipt.rules.clone(),
        own: answer.receipt.own,
        protections: answer.receipt.protections,
        cells: answer.receipt.cells.iter().sum(),
        nulls: answer.receipt.nulls.iter().sum(),
        figures: answer.receipt.figures.iter().sum(),
        since: answer.receipt.since,
        noise: answer.receipt.noise,
    };
    AnswerBody {
        columns,
        rows,
        cells,
        undecided,
        intervals,
        noisy,
        bands,
        notes,
        reveal: None,
        missing: None,
        together: None,
        coverage: collected.coverage(),
        protections: collected
            .answered()
            .map(|(code, answer, _)| (code.clone(), applied(answer)))
            .collect(),
        snapshots: collected
            .answered()
            .map(|(code, answer, _)| (code.clone(), answer.snapshot))
            .collect(),
        layers,
        question_digest: collected.question(),
        status: if synthetic { "synthetic" } else { "real" }.to_owned(),
    }
}

fn text(envelope: &Envelope) -> String {
    String::from_utf8(envelope.encode()).unwrap_or_default()
}

fn requests(collected: &Collected) -> BTreeMap<HospitalCode, String> {
    collected
        .replies
        .iter()
        .map(|(hospital, (request, _))| (hospital.clone(), text(request)))
        .collect()
}

fn replies(collected: &Collected) -> BTreeMap<HospitalCode, Vec<String>> {
    let encode = |frames: &Vec<Vec<u8>>| frames.iter().map(|frame| BASE64.encode(frame)).collect();
    let frames = |outcome: &Outcome| match outcome {
        Outcome::Answered { frames, .. } | Outcome::Refused { frames, .. } => Some(encode(frames)),
        Outcome::Unreachable { .. } => None,
    };
    let replied = collected.replies.iter();
    replied
        .filter_map(|(hospital, (_, outcome))| Some((hospital.clone(), frames(outcome)?)))
        .collect()
}

fn unreachable(collected: &Collected) -> BTreeMap<HospitalCode, String> {
    let code = |outcome: &Outcome| match outcome {
        Outcome::Unreachable { code } => Some(code.clone()),
        Outcome::Answered { .. } | Outcome::Refused { .. } => None,
    };
    let asked = collected.replies.iter();
    asked.filter_map(|(hospital, (_, outcome))| Some((hospital.clone(), code(outcome)?))).collect()
}
