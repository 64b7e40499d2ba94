//! What waits to be compared with what others say: checkpoints that came with questions, and those that were cosigned here.
//!
//! A bounded queue, so that a question never waits for it. What does not fit is dropped: the next checkpoint comes soon.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use policies::{HospitalCode, UnixTime};
use tokio::sync::mpsc;

use crate::proof::checkpoint::SignedCheckpoint;

/// Checkpoints that wait; a member sends one every few seconds at most.
const QUEUE: usize = 256;

/// Something to compare.
#[derive(Clone, Debug)]
pub enum Said {
    /// A member said in a request that this is its latest checkpoint.
    InRequest {
        /// Whose log.
        member: HospitalCode,
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

/// The queue's end where things are said.
#[derive(Debug)]
pub struct Hearsay {
    queue: mpsc::Sender<Said>,
    /// The last note of each member's requests: most requests carry the same one.
    last: Mutex<BTreeMap<HospitalCode, String>>,
}

impl Hearsay {
    /// A queue and its other end.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<Said>) {
        let (queue, said) = mpsc::channel(QUEUE);
        (Self { queue, last: Mutex::default() }, said)
    }

    /// Takes what there is to compare.
    pub fn say(&self, said: Said) {
        if self.queue.try_send(said).is_err() {
            tracing::debug!("too many checkpoints to compare; one is left out");
        }
    }

    /// Takes the checkpoint of a member's request, unless it is the one of its last request.
    pub fn in_request(&self, member: &HospitalCode, note: &str, at: UnixTime) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.get(member).is_some_and(|last| last == note) {
            return;
        }
        last.insert(member.clone(), note.to_owned());
        drop(last);
        self.say(Said::InRequest { member: member.clone(), note: note.to_owned(), at });
    }
}
