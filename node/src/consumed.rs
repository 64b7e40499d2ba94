//! Questions whose id is consumed, and what became of them, derived from the log: by the index, and in memory for what came
//! since the index was brought up to date.
//!
//! A consumed question stays consumed for good. Its reply is deleted when it cannot be retried any more.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use policies::wire::MAX_SKEW_S;
use policies::{Digest, SeenQuestions, UnixTime};

use crate::index::Index;
use crate::log::used::Use;
use crate::log::{Event, Log, OpenError, Reader, Recorded};

/// A reply is kept at least so long, however the time of day jumps: a question's life and the skew of clocks.
const MEMORY: Duration = Duration::from_secs(30 * 60);

/// Consumed questions, by digest.
#[derive(Debug)]
pub struct Consumed {
    index: Index,
    recent: Mutex<Recent>,
    replies: Mutex<BTreeMap<Digest, Reply>>,
    turns: Mutex<BTreeMap<Digest, Arc<tokio::sync::Mutex<()>>>>,
}

/// What the index does not know yet.
#[derive(Debug, Default)]
struct Recent {
    /// By question: the request, and the place of the last entry.
    questions: BTreeMap<Digest, (Digest, u64)>,
    /// The question of each request.
    requests: BTreeMap<Digest, Digest>,
}

/// A reply that may be on disk.
#[derive(Clone, Copy, Debug)]
struct Reply {
    expires_at: UnixTime,
    /// When this process learnt of it, by a clock that nobody sets.
    noted: Instant,
}

impl Consumed {
    /// What the log says; `replies` are the requests whose replies are on disk.
    ///
    /// # Errors
    /// `OpenError::Index`.
    pub fn new(index: Index, replies: Vec<Digest>) -> Result<Self, OpenError> {
        let consumed = Self {
            index,
            recent: Mutex::default(),
            replies: Mutex::default(),
            turns: Mutex::default(),
        };
        for request in replies {
            let question = consumed.index.request(&request)?;
            let used = question.map(|question| consumed.index.question(&question)).transpose()?;
            // A reply without an entry was never released; it goes with the first that expire.
            let expires_at = used.flatten().map_or(UnixTime(0), |used| used.expires_at);
            consumed.keep_reply(request, expires_at);
        }
        Ok(consumed)
    }

    /// Takes notice of a durable entry.
    pub fn note(&self, recorded: &Recorded) {
        let entry = recorded.entry();
        let Some(Use { question, request, expires_at, last }) = Use::of(entry) else { return };
        if matches!(entry.event, Event::Intent { .. }) {
            self.keep_reply(request, expires_at);
        }
        let mut recent = self.recent();
        recent.questions.entry(question).or_insert((request, last)).1 = last;
        recent.requests.entry(request).or_insert(question);
    }

    /// The last entry about the question that `request` consumed.
    ///
    /// # Errors
    /// `OpenError`: then nobody knows, and there is no answer.
    pub fn last(&self, log: &Log, request: &Digest) -> Result<Option<Recorded>, OpenError> {
        let recent = {
            let recent = self.recent();
            let question = recent.requests.get(request);
            question.and_then(|question| recent.questions.get(question)).map(|(_, last)| *last)
        };
        let last = match recent {
            Some(last) => Some(last),
            None => {
                let question = self.index.request(request)?;
                let used = question.map(|question| self.index.question(&question)).transpose()?;
                used.flatten().map(|used| used.last)
            }
        };
        match last.map(|last| log.recorded(last)).transpose() {
            // It expired long ago, and nobody can ask for its reply again.
            Err(OpenError::Archived { .. }) => Ok(None),
            recorded => recorded,
        }
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

    /// Brings the index up to date and forgets what it knows.
    ///
    /// # Errors
    /// `OpenError`; nothing is forgotten then.
    pub fn catch_up(&self, log: &Reader) -> Result<(), OpenError> {
        let done = self.index.catch_up(log)?;
        let mut recent = self.recent();
        recent.questions.retain(|_, (_, last)| *last >= done);
        let Recent { questions, requests } = &mut *recent;
        requests.retain(|_, question| questions.contains_key(question));
        Ok(())
    }

    /// The requests whose replies cannot be asked for again at `now`; they are not named again.
    pub fn expired_replies(&self, now: UnixTime) -> Vec<Digest> {
        let mut replies = self.replies();
        let kept = |reply: &Reply| {
            reply.noted.elapsed() < MEMORY || now.since(reply.expires_at) <= 2 * MAX_SKEW_S
        };
        let gone = replies.iter().filter(|(_, reply)| !kept(reply)).map(|(request, _)| *request);
        let gone = gone.collect();
        replies.retain(|_, reply| kept(reply));
        gone
    }

    fn keep_reply(&self, request: Digest, expires_at: UnixTime) {
        self.replies().insert(request, Reply { expires_at, noted: Instant::now() });
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replies(&self) -> MutexGuard<'_, BTreeMap<Digest, Reply>> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SeenQuestions for Consumed {
    fn find(&self, question: &Digest) -> Option<Digest> {
        if let Some((request, _)) = self.recent().questions.get(question) {
            return Some(*request);
        }
        match self.index.question(question) {
            Ok(used) => used.map(|used| used.request),
            // Nobody knows whether it was seen: taken for consumed by a request that nobody can send.
            Err(error) => {
                tracing::error!(%error, "consumed questions cannot be looked up");
                Some(Digest::of(b"kring: the index cannot be read"))
            }
        }
    }
}

/// The right to look at and consume one question.
#[derive(Debug)]
pub struct Turn {
    _held: tokio::sync::OwnedMutexGuard<()>,
}
