//! What waits to be compared with what others say: checkpoints that came with questions, and those that were cosigned here.
//!
//! Of each log one checkpoint of a kind waits, the latest: a log that has forked shows it with that one too. They are taken in
//! turn, so whoever sends any number of its own delays those of others by a few of its own, and displaces none of them. Nobody
//! who says something waits. How long a comparison takes is not decided here.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use policies::{HospitalCode, UnixTime};
use tokio::sync::Notify;

use crate::proof::checkpoint::SignedCheckpoint;

/// Something to compare.
#[derive(Clone, Debug)]
pub enum Said {
    /// A member said in a request that this is its latest checkpoint.
    InRequest {
        /// The note, not looked at yet.
        note: String,
        /// When.
        at: UnixTime,
    },
    /// This node cosigned it.
    Cosigned(Box<SignedCheckpoint>),
    /// Another witness cosigned it, and it is more than this node did.
    Newer(Box<SignedCheckpoint>),
}

impl Said {
    fn kind(&self) -> Kind {
        match self {
            Self::InRequest { note: _, at: _ } => Kind::InRequest,
            Self::Cosigned(_) => Kind::Cosigned,
            Self::Newer(_) => Kind::Newer,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    InRequest,
    Cosigned,
    Newer,
}

/// What waits: at most three checkpoints a member.
#[derive(Debug, Default)]
pub struct Hearsay {
    waiting: Mutex<Waiting>,
    more: Notify,
    /// The last note of each member's requests: most requests carry the same one.
    last: Mutex<BTreeMap<HospitalCode, String>>,
}

#[derive(Debug, Default)]
struct Waiting {
    said: BTreeMap<(HospitalCode, Kind), Said>,
    /// The keys of `said`, in the order in which they are taken.
    turns: VecDeque<(HospitalCode, Kind)>,
}

impl Hearsay {
    /// Nothing waits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what there is to compare of a member's log. It takes the turn of what waits of the same kind.
    pub fn say(&self, owner: &HospitalCode, said: Said) {
        let key = (owner.clone(), said.kind());
        let mut waiting = self.waiting();
        if waiting.said.insert(key.clone(), said).is_none() {
            waiting.turns.push_back(key);
        }
        drop(waiting);
        self.more.notify_one();
    }

    /// Takes the checkpoint of a member's request, unless it is the one of its last request.
    pub fn in_request(&self, member: &HospitalCode, note: &str, at: UnixTime) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.get(member).is_some_and(|last| last == note) {
            return;
        }
        last.insert(member.clone(), note.to_owned());
        drop(last);
        self.say(member, Said::InRequest { note: note.to_owned(), at });
    }

    /// What is next, and the member whose log it is about; for one task alone.
    pub async fn next(&self) -> (HospitalCode, Said) {
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            self.more.notified().await;
        }
    }

    fn take(&self) -> Option<(HospitalCode, Said)> {
        let mut waiting = self.waiting();
        let key = waiting.turns.pop_front()?;
        let said = waiting.said.remove(&key)?;
        Some((key.0, said))
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
