//! Questions whose id is consumed, and what became of them, derived from the log.
//!
//! An entry may be forgotten once its question cannot pass the freshness check any more.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use policies::wire::MAX_SKEW_S;
use policies::{Digest, SeenQuestions, UnixTime};

use crate::log::{Event, Recorded};

/// A question is remembered at least so long, however the time of day jumps: its life and the skew of clocks.
const MEMORY: Duration = Duration::from_secs(30 * 60);

/// Consumed questions, by digest.
#[derive(Debug, Default)]
pub struct Consumed {
    questions: Mutex<BTreeMap<Digest, Use>>,
    turns: Mutex<BTreeMap<Digest, Arc<tokio::sync::Mutex<()>>>>,
}

#[derive(Clone, Debug)]
struct Use {
    request: Digest,
    expires_at: UnixTime,
    /// The intent until there is an outcome or refusal.
    last: Recorded,
    /// When this process learnt of it, by a clock that nobody sets.
    noted: Instant,
}

impl Consumed {
    /// What the log says.
    #[must_use]
    pub fn from_log(recorded: &[Recorded]) -> Self {
        let consumed = Self::default();
        recorded.iter().for_each(|recorded| consumed.note(recorded));
        consumed
    }

    /// Takes notice of a durable entry.
    pub fn note(&self, recorded: &Recorded) {
        let last = || recorded.clone();
        match &recorded.entry().event {
            Event::Intent { question, request, .. } | Event::Refused { question, request, .. } => {
                let used = Use {
                    request: *request,
                    expires_at: question.expires_at,
                    last: last(),
                    noted: Instant::now(),
                };
                self.questions().entry(question.digest).or_insert(used).last = last();
            }
            Event::Outcome { question, .. } => {
                if let Some(used) = self.questions().get_mut(question) {
                    used.last = last();
                }
            }
            Event::Started { .. }
            | Event::Stopped {}
            | Event::CharterAccepted { .. }
            | Event::Rejected { .. }
            | Event::Asked { .. }
            | Event::Received { .. }
            | Event::Fault { .. }
            | Event::WorkerLost { .. } => {}
        }
    }

    /// The last entry about the question that `request` consumed.
    #[must_use]
    pub fn last(&self, request: &Digest) -> Option<Recorded> {
        self.questions()
            .values()
            .find(|used| used.request == *request)
            .map(|used| used.last.clone())
    }

    /// Waits for the question's turn: of two envelopes of one question, the second sees what the first did.
    pub async fn turn(&self, question: Digest) -> Turn {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(turns.entry(question).or_default())
        };
        Turn { _held: turn.lock_owned().await }
    }

    /// Forgets questions that cannot pass the freshness check at `now`, and returns the requests that consumed them.
    pub fn forget_expired(&self, now: UnixTime) -> Vec<Digest> {
        let mut questions = self.questions();
        let kept = |used: &Use| {
            used.noted.elapsed() < MEMORY || now.since(used.expires_at) <= 2 * MAX_SKEW_S
        };
        let gone = questions.values().filter(|used| !kept(used)).map(|used| used.request).collect();
        questions.retain(|_, used| kept(used));
        gone
    }

    fn questions(&self) -> MutexGuard<'_, BTreeMap<Digest, Use>> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SeenQuestions for Consumed {
    fn find(&self, question: &Digest) -> Option<Digest> {
        self.questions().get(question).map(|used| used.request)
    }
}

/// The right to look at and consume one question.
#[derive(Debug)]
pub struct Turn {
    _held: tokio::sync::OwnedMutexGuard<()>,
}
