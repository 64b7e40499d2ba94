//! The logs, sorted by question and hospital: the asker's side and the responder's.

use std::collections::{BTreeMap, BTreeSet};

use node::log::{Entry, Event};
use policies::Digest;

use super::begins;

/// The longest that a question takes at an asker, and a little more: a process that lived longer had to end it. An asker
/// waits at most 90 s for a hospital, and as long once more for one that it puts the question to again.
const QUESTION_S: i64 = 200;

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
    /// Where the asker says so.
    pub(super) at: u64,
    request: Digest,
    pub(super) outcome: String,
    pub(super) index: Option<u64>,
}

/// What kind of fault, and in words.
pub(super) type Wrong = (&'static str, String);

/// Both sides of a question at one hospital.
#[derive(Clone, Debug, Default)]
pub(super) struct Sides {
    /// Who put it, as either side says.
    pub(super) askers: BTreeSet<String>,
    /// Entries of the asker that put the question to this hospital: one, and one more for every retry.
    pub(super) put: Vec<u64>,
    pub(super) received: Vec<Received>,
    /// Entries of the responder.
    pub(super) intents: Vec<u64>,
    pub(super) decided: Vec<(u64, Decided)>,
}

impl Sides {
    /// Whether the asker holds an answer; one that could not be merged is none.
    pub(super) fn answered(&self) -> bool {
        let has = |outcome| self.received.iter().any(|received| received.outcome == outcome);
        has("answered") && !has("bad_answer")
    }

    /// Whether the asker holds a refusal by the hospital.
    pub(super) fn refused(&self) -> bool {
        let signed =
            |received: &Received| received.index.is_some() || is_refusal(&received.outcome);
        self.received.iter().any(signed)
    }

    /// Whether the hospital released an answer.
    pub(super) fn released(&self) -> bool {
        self.decided.iter().any(|(_, decided)| *decided == Decided::Released)
    }

    /// Replies that name an entry which the responder's log does not hold, or holds as something else.
    pub(super) fn faults(&self, responder: &[Entry]) -> Vec<Wrong> {
        let mut faults = Vec::new();
        for received in &self.received {
            let Some(index) = received.index else {
                if received.outcome == "answered" {
                    let words = "an answer without a place in the log".to_owned();
                    faults.push(("no place", words));
                }
                continue;
            };
            let entry = usize::try_from(index).ok().and_then(|at| responder.get(at));
            let Some((request, decided)) = entry.and_then(|entry| decision(&entry.event)) else {
                let words = format!("entry {index} of the responder is no decision");
                faults.push(("no decision", words));
                continue;
            };
            let told = match &decided {
                Decided::Released => "answered",
                Decided::Refused(code) => code,
            };
            let here = self.decided.iter().any(|(at, _)| *at == index);
            if !here || request != received.request || told != received.outcome {
                let outcome = &received.outcome;
                let words =
                    format!("received `{outcome}`, entry {index} says `{told}` to {request}");
                faults.push(("another decision", words));
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
    pub(super) asked: BTreeMap<Digest, Vec<u64>>,
    /// Those that its log does not say the hospitals of.
    unnamed: BTreeSet<Digest>,
    /// Questions that it put to nobody.
    pub(super) not_asked: u64,
    /// Where its processes begin.
    starts: Vec<u64>,
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
            let starts = entries.iter().filter(|entry| begins(&entry.event));
            let node = NodeBook {
                entries,
                asked: BTreeMap::new(),
                unnamed: BTreeSet::new(),
                not_asked: 0,
                starts: starts.map(|entry| entry.index).collect(),
            };
            book.nodes.insert(code.clone(), node);
            for entry in entries {
                book.enter(code, entry);
            }
        }
        book.name_hospitals();
        book
    }

    fn enter(&mut self, code: &str, entry: &Entry) {
        let index = entry.index;
        match &entry.event {
            Event::Asked { question, hospitals } => {
                self.ask(code, question.digest, index);
                for hospital in hospitals {
                    let sides = self.part(question.digest, hospital.as_str());
                    sides.askers.insert(code.to_owned());
                    sides.put.push(index);
                }
            }
            Event::AskedV1 { question } => {
                self.ask(code, question.digest, index);
                if let Some(node) = self.nodes.get_mut(code) {
                    node.unnamed.insert(question.digest);
                }
            }
            Event::NotAsked { .. } => {
                let node = self.nodes.get_mut(code).into_iter();
                node.for_each(|node| node.not_asked = node.not_asked.saturating_add(1));
            }
            Event::Received { question, request, responder, outcome, log_index } => {
                let sides = self.part(*question, responder.as_str());
                sides.askers.insert(code.to_owned());
                let (request, outcome, index) = (*request, outcome.clone(), *log_index);
                sides.received.push(Received { at: entry.index, request, outcome, index });
            }
            Event::Intent { question, .. } => {
                let sides = self.part(question.digest, code);
                sides.askers.insert(question.asking_node.to_string());
                sides.intents.push(index);
            }
            Event::Refused { question, code: refused, .. } => {
                let sides = self.part(question.digest, code);
                sides.askers.insert(question.asking_node.to_string());
                sides.decided.push((index, Decided::Refused(refused.clone())));
            }
            Event::Outcome { question, .. } => {
                self.part(*question, code).decided.push((index, Decided::Released));
            }
            Event::Started { .. }
            | Event::Stopped {}
            | Event::Paused { .. }
            | Event::Resumed {}
            | Event::Held { .. }
            | Event::ApprovalDecided { .. }
            | Event::CharterAccepted { .. }
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

    fn ask(&mut self, code: &str, question: Digest, index: u64) {
        if let Some(node) = self.nodes.get_mut(code) {
            node.asked.entry(question).or_default().push(index);
        }
    }

    fn part(&mut self, question: Digest, responder: &str) -> &mut Sides {
        self.parts.entry((question, responder.to_owned())).or_default()
    }

    /// Where an asker does not say to whom it put a question, that is told by who is known to have heard of it.
    fn name_hospitals(&mut self) {
        for ((question, _), sides) in &mut self.parts {
            for asker in &sides.askers {
                let node = self.nodes.get(asker).filter(|node| node.unnamed.contains(question));
                sides
                    .put
                    .extend(node.and_then(|node| node.asked.get(question)).into_iter().flatten());
            }
        }
    }

    /// How many processes of a node had begun when an entry was written.
    pub(super) fn life(&self, code: &str, index: u64) -> usize {
        let starts = self.nodes.get(code).map_or(&[][..], |node| &node.starts);
        starts.partition_point(|start| *start <= index)
    }

    /// Whether the end of the process that wrote an entry is a reason for what the entry left open: another process has
    /// begun since, and this one wrote nothing more at a time when the question had to be over.
    pub(super) fn ended_after(&self, code: &str, index: u64) -> bool {
        let Some(node) = self.nodes.get(code) else { return false };
        let Some(next) = node.starts.get(self.life(code, index)) else { return false };
        let place = |index: u64| usize::try_from(index).unwrap_or(usize::MAX);
        let written = node.entries.get(place(index)..place(*next)).unwrap_or_default();
        let last = written.iter().rfind(|entry| !is_of_a_start(&entry.event));
        written.first().zip(last).is_some_and(|(open, last)| last.at.since(open.at) <= QUESTION_S)
    }

    /// Questions of which no hospital and no reply is known: who put them, which, and where it says so.
    pub(super) fn asked_alone(&self) -> impl Iterator<Item = (&str, &Digest, u64)> {
        self.nodes.iter().flat_map(|(code, node)| {
            let alone = node.asked.iter().filter(|(question, _)| !self.is_known(question));
            let last = alone.filter_map(|(question, at)| Some((question, at.last()?)));
            last.map(move |(question, at)| (code.as_str(), question, *at))
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
        | Event::Paused { .. }
        | Event::Resumed {}
        | Event::Held { .. }
        | Event::ApprovalDecided { .. }
        | Event::CharterAccepted { .. }
        | Event::Intent { .. }
        | Event::Rejected { .. }
        | Event::Asked { .. }
        | Event::AskedV1 { .. }
        | Event::NotAsked { .. }
        | Event::Received { .. }
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
        | Event::WorkerLost { .. } => None,
    }
}

/// Whether an event is logged by a start before it says that it has begun.
fn is_of_a_start(event: &Event) -> bool {
    matches!(
        event,
        Event::CharterAccepted { .. }
            | Event::CharterRejected { .. }
            | Event::Revoked { .. }
            | Event::Configured { .. }
            | Event::KeysChanged { .. }
            | Event::Clock { .. }
    )
}

/// Whether a code is one of a signed refusal that the responder does not log singly.
fn is_refusal(code: &str) -> bool {
    matches!(
        code,
        "busy" | "charter_mismatch" | "interrupted" | "no_witness" | "log_rolled_back" | "replayed"
    )
}
