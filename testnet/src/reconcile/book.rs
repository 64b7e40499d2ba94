//! The logs, sorted by question and hospital: the asker's side and the responder's.

use std::collections::BTreeMap;

use node::log::{Entry, Event};
use policies::Digest;

use super::begins;

/// What a hospital decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decided {
    /// It released an answer.
    Released,
    /// It refused, with this code.
    Refused(String),
}

/// What an asker says that it received.
#[derive(Clone, Debug)]
pub(super) struct Received {
    request: Digest,
    pub(super) outcome: String,
    pub(super) index: Option<u64>,
}

/// Both sides of a question at one hospital.
#[derive(Clone, Debug, Default)]
pub(super) struct Sides {
    /// Who put it, as either side says.
    pub(super) asker: Option<String>,
    pub(super) received: Vec<Received>,
    /// Entries of the responder.
    pub(super) intents: Vec<u64>,
    pub(super) decided: Vec<(u64, Decided)>,
}

impl Sides {
    /// Replies that name an entry which the responder's log does not hold, or holds as something else.
    pub(super) fn faults(&self, responder: &[Entry]) -> Vec<String> {
        let mut faults = Vec::new();
        for received in &self.received {
            let Some(index) = received.index else {
                if received.outcome == "answered" {
                    faults.push("an answer without a place in the log".to_owned());
                }
                continue;
            };
            let entry = usize::try_from(index).ok().and_then(|at| responder.get(at));
            let Some((request, decided)) = entry.and_then(|entry| decision(&entry.event)) else {
                faults.push(format!("entry {index} of the responder is no decision"));
                continue;
            };
            let told = match &decided {
                Decided::Released => "answered",
                Decided::Refused(code) => code,
            };
            let here = self.decided.iter().any(|(at, _)| *at == index);
            if !here || request != received.request || told != received.outcome {
                let outcome = &received.outcome;
                faults.push(format!(
                    "received `{outcome}`, entry {index} says `{told}` to {request}"
                ));
            }
        }
        faults
    }
}

/// One node's log.
#[derive(Debug)]
pub(super) struct NodeBook<'a> {
    pub(super) entries: &'a [Entry],
    /// Questions that it put, and where it says so.
    pub(super) asked: BTreeMap<Digest, u64>,
    /// Where its last process begins.
    last_start: Option<u64>,
}

/// Every log.
#[derive(Debug)]
pub(super) struct Book<'a> {
    pub(super) nodes: BTreeMap<String, NodeBook<'a>>,
    pub(super) parts: BTreeMap<(Digest, String), Sides>,
}

impl<'a> Book<'a> {
    pub(super) fn read(logs: &'a BTreeMap<String, Vec<Entry>>) -> Self {
        let mut book = Self { nodes: BTreeMap::new(), parts: BTreeMap::new() };
        for (code, entries) in logs {
            let last = entries.iter().rfind(|entry| begins(&entry.event));
            let last_start = last.map(|entry| entry.index);
            let node = NodeBook { entries, asked: BTreeMap::new(), last_start };
            book.nodes.insert(code.clone(), node);
            for entry in entries {
                book.enter(code, entry);
            }
        }
        book
    }

    fn enter(&mut self, code: &str, entry: &Entry) {
        let index = entry.index;
        match &entry.event {
            Event::Asked { question } => {
                if let Some(node) = self.nodes.get_mut(code) {
                    node.asked.entry(question.digest).or_insert(index);
                }
            }
            Event::Received { question, request, responder, outcome, log_index } => {
                let sides = self.part(*question, responder.as_str());
                sides.asker = Some(code.to_owned());
                let (outcome, index) = (outcome.clone(), *log_index);
                sides.received.push(Received { request: *request, outcome, index });
            }
            Event::Intent { question, .. } => {
                let sides = self.part(question.digest, code);
                sides.asker = Some(question.asking_node.to_string());
                sides.intents.push(index);
            }
            Event::Refused { question, code: refused, .. } => {
                let sides = self.part(question.digest, code);
                sides.asker = Some(question.asking_node.to_string());
                sides.decided.push((index, Decided::Refused(refused.clone())));
            }
            Event::Outcome { question, .. } => {
                self.part(*question, code).decided.push((index, Decided::Released));
            }
            Event::Started { .. }
            | Event::Stopped {}
            | Event::CharterAccepted { .. }
            | Event::Rejected { .. }
            | Event::NotAsked { .. }
            | Event::Fault { .. }
            | Event::CharterRejected { .. }
            | Event::Configured { .. }
            | Event::KeysChanged { .. }
            | Event::SnapshotUsed { .. }
            | Event::Clock { .. }
            | Event::ForkEvidence { .. }
            | Event::GapAccepted { .. }
            | Event::WorkerLost { .. } => {}
        }
    }

    fn part(&mut self, question: Digest, responder: &str) -> &mut Sides {
        self.parts.entry((question, responder.to_owned())).or_default()
    }

    /// Where a node says that it put a question.
    pub(super) fn asked(&self, asker: &str, question: &Digest) -> Option<u64> {
        self.nodes.get(asker)?.asked.get(question).copied()
    }

    /// Whether the process that wrote an entry has ended since: another one has begun.
    pub(super) fn ended_after(&self, code: &str, index: u64) -> bool {
        let last = self.nodes.get(code).and_then(|node| node.last_start);
        last.is_some_and(|last| last > index)
    }

    /// Questions of which no hospital and no reply is known: who put them, which, and where it says so.
    pub(super) fn asked_alone(&self) -> impl Iterator<Item = (&str, &Digest, u64)> {
        self.nodes.iter().flat_map(|(code, node)| {
            let alone = node.asked.iter().filter(|(question, _)| !self.is_known(question));
            alone.map(move |(question, at)| (code.as_str(), question, *at))
        })
    }

    fn is_known(&self, question: &Digest) -> bool {
        let from = (*question, String::new());
        self.parts.range(from..).next().is_some_and(|((next, _), _)| next == question)
    }
}

/// The request and what was decided, if an event is a decision.
fn decision(event: &Event) -> Option<(Digest, Decided)> {
    match event {
        Event::Outcome { request, .. } => Some((*request, Decided::Released)),
        Event::Refused { request, code, .. } => Some((*request, Decided::Refused(code.clone()))),
        Event::Started { .. }
        | Event::Stopped {}
        | Event::CharterAccepted { .. }
        | Event::Intent { .. }
        | Event::Rejected { .. }
        | Event::Asked { .. }
        | Event::NotAsked { .. }
        | Event::Received { .. }
        | Event::Fault { .. }
        | Event::CharterRejected { .. }
        | Event::Configured { .. }
        | Event::KeysChanged { .. }
        | Event::SnapshotUsed { .. }
        | Event::Clock { .. }
        | Event::ForkEvidence { .. }
        | Event::GapAccepted { .. }
        | Event::WorkerLost { .. } => None,
    }
}

/// Whether a code is one of a signed refusal that the responder does not log singly.
pub(super) fn is_refusal(code: &str) -> bool {
    matches!(code, "busy" | "charter_mismatch" | "interrupted" | "no_witness" | "log_rolled_back")
}
