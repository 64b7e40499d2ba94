//! Whether the logs still hold what was acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use node::log::{Entry, Event};
use policies::Digest;

use super::load::{Acknowledged, What};

/// What an asking node's log says about questions.
#[derive(Debug, Default)]
struct Said<'a> {
    put: BTreeSet<Digest>,
    not_put: BTreeSet<(Digest, &'a str)>,
    received: BTreeSet<(Digest, &'a str, &'a str)>,
}

/// The records that no log holds, in words.
pub(super) fn lost(logs: &BTreeMap<String, Vec<Entry>>, all: &[Acknowledged]) -> Vec<String> {
    let said: BTreeMap<&str, Said<'_>> =
        logs.iter().map(|(code, entries)| (code.as_str(), said(entries))).collect();
    let gone = all.iter().filter(|one| {
        let entries = logs.get(&one.node).map_or(&[][..], Vec::as_slice);
        !said.get(one.node.as_str()).is_some_and(|said| is_kept(one, entries, said))
    });
    gone.map(|one| format!("{}: {} {:?}", one.node, one.question, one.what)).collect()
}

fn said(entries: &[Entry]) -> Said<'_> {
    let mut said = Said::default();
    for entry in entries {
        match &entry.event {
            Event::Asked { question, .. } | Event::AskedV1 { question } => {
                said.put.insert(question.digest);
            }
            Event::NotAsked { question, code } => {
                said.not_put.insert((question.digest, code));
            }
            Event::Received { question, responder, outcome, .. } => {
                said.received.insert((*question, responder.as_str(), outcome));
            }
            Event::Started { .. }
            | Event::Stopped {}
            | Event::Paused { .. }
            | Event::Resumed {}
            | Event::Held { .. }
            | Event::ApprovalDecided { .. }
            | Event::CharterAccepted { .. }
            | Event::Intent { .. }
            | Event::Outcome { .. }
            | Event::Refused { .. }
            | Event::Rejected { .. }
            | Event::Fault { .. }
            | Event::CharterRejected { .. }
            | Event::Revoked { .. }
            | Event::Configured { .. }
            | Event::KeysChanged { .. }
            | Event::SnapshotUsed { .. }
            | Event::Clock { .. }
            | Event::ForkEvidence { .. }
            | Event::Archived(_)
            | Event::GapAccepted { .. }
            | Event::MemoryLost { .. }
            | Event::WorkerLost { .. } => {}
        }
    }
    said
}

fn is_kept(one: &Acknowledged, entries: &[Entry], said: &Said<'_>) -> bool {
    let at = |index: u64| usize::try_from(index).ok().and_then(|index| entries.get(index));
    match &one.what {
        What::Answer(answer) => at(answer.log_index).is_some_and(|entry| {
            let Event::Outcome { hidden_by, memory, salt, .. } = &entry.event else { return false };
            entry.at == answer.answered_at
                && entry.event
                    == Event::Outcome {
                        question: one.question,
                        request: answer.request,
                        frames: answer.frames,
                        snapshot: answer.snapshot,
                        layers: answer.layers.clone(),
                        receipt: answer.receipt.clone(),
                        status: answer.status.clone(),
                        hidden_by: hidden_by.clone(),
                        memory: *memory,
                        salt: *salt,
                    }
        }),
        What::Refusal(index, told) => at(*index).is_some_and(|entry| {
            let Event::Refused { question, request, code, message, message_nl, rule, layer } =
                &entry.event
            else {
                return false;
            };
            entry.at == told.refused_at
                && (question.digest, request, code) == (one.question, &told.request, &told.code)
                && (message, message_nl) == (&told.message, &told.message_nl)
                && (rule, layer) == (&told.rule, &told.layer)
        }),
        What::Received(responder, outcome) => {
            said.received.contains(&(one.question, responder.as_str(), outcome.as_str()))
        }
        What::Put(None) => said.put.contains(&one.question),
        What::Put(Some(code)) => {
            said.put.contains(&one.question)
                || said.not_put.contains(&(one.question, code.as_str()))
        }
    }
}
