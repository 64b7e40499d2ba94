//! What the entries of a log say together: an honest node never writes some things, however it is killed, and these are
//! told here. Entry by entry, in order, with what earlier ones said remembered.
//!
//! That an entry is the one that was signed is not checked here ([`super::export::verify`] does); so whoever holds the
//! log's key can tell a story that agrees with itself. Kinds that are not known are passed over: a later version writes
//! more of them. What a crash leaves open is legal and counted as a note.

use std::collections::{BTreeMap, BTreeSet};

use policies::Digest;

mod read;

use read::{Read, read};

/// So many seconds are between two entries before a step back is told: what a node itself takes for a jump.
const STEP_S: i64 = 10;

/// What no honest node writes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// An entry that is no event, or one without what its kind says.
    #[error("the entry was signed and is no event: {reason}")]
    NotAnEvent {
        /// What was expected.
        reason: &'static str,
    },
    /// A question begins a second time.
    #[error("question {question} was begun or decided before: its id was used twice")]
    BegunTwice {
        /// The question.
        question: Digest,
    },
    /// A question is decided a second time.
    #[error("question {question} was decided before")]
    DecidedTwice {
        /// The question.
        question: Digest,
    },
    /// An answer or failure of a question that did not begin in this run of the node, or with another request.
    #[error("nothing says that question {question} was begun, as it must before it runs")]
    NeverBegun {
        /// The question.
        question: Digest,
    },
    /// A reply to a question that was not put to this hospital.
    #[error("nothing says that question {question} was put to {responder}")]
    NeverAsked {
        /// The question.
        question: Digest,
        /// The hospital, as the entry names it.
        responder: String,
    },
}

impl Contradiction {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAnEvent { .. } => "not_an_event",
            Self::BegunTwice { .. } => "begun_twice",
            Self::DecidedTwice { .. } => "decided_twice",
            Self::NeverBegun { .. } => "never_begun",
            Self::NeverAsked { .. } => "never_asked",
        }
    }
}

/// What is legal and worth a look: how often each was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Notes {
    /// Questions that the end of a process cut off here: begun, and never decided.
    pub cut_off: u64,
    /// Replies that the end of a process cut off: the question was put to a hospital, and nothing says what came.
    pub unanswered: u64,
    /// Questions and replies that are open at the end.
    pub under_way: u64,
    /// Steps of the time back by more than ten seconds that no `clock` entry behind them speaks of.
    pub steps_back: u64,
}

impl Notes {
    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A log as far as it was told.
#[derive(Clone, Debug, Default)]
pub(super) struct Story {
    /// Whether it was told from its first entry on.
    whole: bool,
    begun: BTreeMap<Digest, Begun>,
    /// To whom questions were put; to anybody where the entry does not say.
    put: BTreeMap<Digest, Option<BTreeSet<String>>>,
    /// Replies that are waited for.
    waiting: BTreeSet<(Digest, String)>,
    last: Option<i64>,
    steps: u64,
    notes: Notes,
}

/// Where a question stands at a responder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begun {
    /// It runs, for this request.
    Open(Digest),
    /// The process that ran it ended.
    CutOff,
    Decided,
}

impl Story {
    /// A story whose first entry has this index.
    pub(super) fn from(first: u64) -> Self {
        Self { whole: first == 0, ..Self::default() }
    }

    /// Takes the next entry.
    pub(super) fn entry(&mut self, entry: &[u8]) -> Result<(), Contradiction> {
        let (at, event) = read(entry).map_err(|reason| Contradiction::NotAnEvent { reason })?;
        if self.last.is_some_and(|last| at.saturating_add(STEP_S) < last) {
            self.steps = self.steps.saturating_add(1);
        }
        self.last = Some(at);
        match event {
            Read::Intent { question, request } => self.begin(question, request),
            Read::Outcome { question, request } => self.decide(question, Some(request)),
            Read::Refused { question } => self.decide(question, None),
            Read::Fault { question } => self.runs(question, None),
            Read::Asked { question, hospitals } => {
                self.ask(question, hospitals);
                Ok(())
            }
            Read::Received { question, responder } => self.receive(question, responder),
            Read::Started => {
                self.start();
                Ok(())
            }
            Read::Clock { ahead_s } => {
                if ahead_s < 0 {
                    self.steps = 0;
                }
                Ok(())
            }
            Read::Other => Ok(()),
        }
    }

    /// What is left to say.
    pub(super) fn end(&self) -> Notes {
        let open = self.begun.values().filter(|begun| matches!(begun, Begun::Open(_))).count();
        let under_way = count(open.saturating_add(self.waiting.len()));
        Notes { under_way, steps_back: self.steps, ..self.notes }
    }

    fn begin(&mut self, question: Digest, request: Digest) -> Result<(), Contradiction> {
        match self.begun.insert(question, Begun::Open(request)) {
            None => Ok(()),
            Some(_) => Err(Contradiction::BegunTwice { question }),
        }
    }

    /// A refusal needs no beginning; an answer does.
    fn decide(&mut self, question: Digest, answer: Option<Digest>) -> Result<(), Contradiction> {
        if self.begun.get(&question) == Some(&Begun::Decided) {
            return Err(Contradiction::DecidedTwice { question });
        }
        if let Some(request) = answer {
            self.runs(question, Some(request))?;
        }
        self.begun.insert(question, Begun::Decided);
        Ok(())
    }

    /// Whether the question is running, for this request where it is named.
    fn runs(&self, question: Digest, request: Option<Digest>) -> Result<(), Contradiction> {
        let runs = match self.begun.get(&question) {
            Some(Begun::Open(begun)) => request.is_none_or(|request| request == *begun),
            Some(Begun::CutOff | Begun::Decided) => false,
            None => !self.whole,
        };
        if runs { Ok(()) } else { Err(Contradiction::NeverBegun { question }) }
    }

    fn ask(&mut self, question: Digest, hospitals: Option<Vec<String>>) {
        let Some(hospitals) = hospitals else {
            self.put.insert(question, None);
            return;
        };
        self.waiting.extend(hospitals.iter().map(|hospital| (question, hospital.clone())));
        if let Some(put) = self.put.entry(question).or_insert_with(|| Some(BTreeSet::new())) {
            put.extend(hospitals);
        }
    }

    fn receive(&mut self, question: Digest, responder: String) -> Result<(), Contradiction> {
        let asked = match self.put.get(&question) {
            Some(Some(hospitals)) => hospitals.contains(&responder),
            Some(None) => true,
            None => !self.whole,
        };
        if !asked {
            return Err(Contradiction::NeverAsked { question, responder });
        }
        self.waiting.remove(&(question, responder));
        Ok(())
    }

    /// A process begins: whatever was open ended with the one before.
    fn start(&mut self) {
        self.notes.unanswered =
            self.notes.unanswered.saturating_add(count(std::mem::take(&mut self.waiting).len()));
        for begun in self.begun.values_mut().filter(|begun| matches!(begun, Begun::Open(_))) {
            *begun = Begun::CutOff;
            self.notes.cut_off = self.notes.cut_off.saturating_add(1);
        }
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
