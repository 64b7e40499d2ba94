//! What a witness knows of each log, and what it makes of the next checkpoint.
//!
//! A state machine without files: the latest cosigned checkpoint per log, of its latest origin. [`Witness::consider`] borrows the whole
//! state until the caller has made the new record durable, so no second checkpoint is judged in between (the race that
//! C2SP `tlog-witness` spells out), and a cosignature can only be made of what was [`Persisted`]. A log that shows
//! another root for a size that it had cosigned has forked; both signed notes are the evidence, and need no trust in
//! this witness.

use std::collections::BTreeMap;

use policies::HospitalCode;
use policies::dsse::PublicKey;

use super::checkpoint::{Checkpoint, CheckpointError, Origin, SignedCheckpoint};
use super::merkle::{BadProof, Consistency, Head};
use super::note::{Note, VerifierKey};

/// What this witness last cosigned, per log.
#[derive(Debug, Default)]
pub struct Witness {
    /// By the name that all origins of a log share, so that no log grows it with origins.
    seen: BTreeMap<String, SignedCheckpoint>,
}

/// A log shows two heads that do not go together. Both notes carry its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What the notes show.
    pub kind: Conflict,
    /// The checkpoint that was cosigned before.
    pub cosigned: SignedCheckpoint,
    /// The checkpoint that was offered after it.
    pub offered: SignedCheckpoint,
}

/// What two signed checkpoints of one log show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// One size, two roots: the log has forked. Anyone can see it from the two notes.
    Fork,
    /// The log offers a smaller head than it had cosigned: it was rolled back or its note was late. Kept, because with
    /// the entries of that size it may show a fork.
    Smaller,
    /// The log cannot prove that one head continues the other.
    NotProved,
    /// A head of an origin that the log gave up.
    OlderOrigin,
    /// The log gave up the history of its origin before and goes on under another.
    Gap,
}

impl Conflict {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Smaller => "smaller_than_cosigned",
            Self::NotProved => "not_proved",
            Self::OlderOrigin => "older_origin",
            Self::Gap => "gap_accepted",
        }
    }

    /// What has this code.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        let all = [Self::Fork, Self::Smaller, Self::NotProved, Self::OlderOrigin, Self::Gap];
        all.into_iter().find(|one| one.code() == code)
    }
}

/// Why a checkpoint is not cosigned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The proof starts elsewhere than where this witness stands.
    #[error("the proof starts at size {old}, but size {} was cosigned last", cosigned.size)]
    Stale {
        /// The older size of the offered proof.
        old: u64,
        /// What was cosigned last; size 0 if nothing was.
        cosigned: Head,
    },
    /// The proof does not hold.
    #[error("the proof of consistency does not hold")]
    Inconsistent(#[source] BadProof),
    /// The log shows a head that does not go with an earlier one.
    #[error("{}: size {} was cosigned, size {} is offered", .0.kind.code(), .0.cosigned.head().size, .0.offered.head().size)]
    Conflict(Box<Evidence>),
}

impl Refusal {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Stale { .. } => "witness_stale",
            Self::Inconsistent(error) => error.code(),
            Self::Conflict(evidence) => evidence.kind.code(),
        }
    }
}

/// A checkpoint that may be cosigned once it is on record. It holds the witness until then.
#[derive(Debug)]
pub struct Cosignable<'w> {
    witness: &'w mut Witness,
    checkpoint: SignedCheckpoint,
}

/// A checkpoint that is durably on record as the latest of its log: what a cosignature is made of.
///
/// ```compile_fail
/// let persisted = node::proof::witness::Persisted { checkpoint: todo!() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Persisted {
    checkpoint: SignedCheckpoint,
}

impl Witness {
    /// A witness that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes back a record that [`Cosignable::persist`] gave out, at start; of two of one log, that of the later
    /// origin counts, then the larger.
    ///
    /// # Errors
    /// `CheckpointError` when the record is not a checkpoint that this log signed.
    pub fn restore(&mut self, record: &str, key: &VerifierKey) -> Result<(), CheckpointError> {
        let read = SignedCheckpoint::open(record, key)?;
        let place = |one: &SignedCheckpoint| (one.checkpoint().origin.gaps(), one.head().size);
        let log = read.checkpoint().origin.log();
        if self.seen.get(log).is_none_or(|old| place(old) <= place(&read)) {
            self.seen.insert(log.to_owned(), read);
        }
        Ok(())
    }

    /// The head that was cosigned last of this origin; size 0 if none was.
    #[must_use]
    pub fn cosigned(&self, origin: &Origin) -> Head {
        let empty = Head { size: 0, root: super::merkle::empty_root() };
        self.latest(origin).map_or(empty, SignedCheckpoint::head)
    }

    /// The note that was cosigned last of this origin, if no later one followed it.
    #[must_use]
    pub fn latest(&self, origin: &Origin) -> Option<&SignedCheckpoint> {
        self.seen.get(origin.log()).filter(|known| known.checkpoint().origin == *origin)
    }

    /// The note that was cosigned last for a hospital's log: of its latest origin.
    #[must_use]
    pub fn latest_of(&self, hospital: &HospitalCode, key: &PublicKey) -> Option<&SignedCheckpoint> {
        self.seen.values().find(|known| known.checkpoint().origin.belongs_to(hospital, key))
    }

    /// Judges a checkpoint with the proof that it continues the one cosigned last. A later origin begins anew and ends the one
    /// before: whether it may is the caller's to know.
    ///
    /// # Errors
    /// `Refusal`; `Conflict` carries evidence that the caller keeps.
    pub fn consider(
        &mut self,
        offered: SignedCheckpoint,
        proof: &Consistency,
    ) -> Result<Cosignable<'_>, Refusal> {
        let Checkpoint { origin, head } = offered.checkpoint();
        let last = self.cosigned(origin);
        if let Some(evidence) = self.compare(&offered) {
            return Err(Refusal::Conflict(Box::new(evidence)));
        }
        if proof.old != last.size {
            return Err(Refusal::Stale { old: proof.old, cosigned: last });
        }
        proof.verify(&last, head).map_err(Refusal::Inconsistent)?;
        Ok(Cosignable { witness: self, checkpoint: offered })
    }

    /// What an offered or overheard checkpoint shows beside the one cosigned last, without a proof.
    #[must_use]
    pub fn compare(&self, offered: &SignedCheckpoint) -> Option<Evidence> {
        let origin = &offered.checkpoint().origin;
        let cosigned = self.seen.get(origin.log())?;
        let (last, head) = (cosigned.head(), offered.head());
        let (known, gaps) = (&cosigned.checkpoint().origin, origin.gaps());
        let kind = if gaps > known.gaps() {
            return None;
        } else if origin != known {
            Conflict::OlderOrigin
        } else if head.size < last.size {
            Conflict::Smaller
        } else if head.size == last.size && head.root != last.root {
            Conflict::Fork
        } else {
            return None;
        };
        Some(Evidence { kind, cosigned: cosigned.clone(), offered: offered.clone() })
    }
}

impl Cosignable<'_> {
    /// Makes the record durable with `write`, which gets the note to store for this log, in the place of that of an
    /// earlier origin, then takes the checkpoint as the latest. If `write` fails, nothing has changed.
    ///
    /// # Errors
    /// Those of `write`.
    pub fn persist<E>(
        self,
        write: impl FnOnce(&Origin, &Note) -> Result<(), E>,
    ) -> Result<Persisted, E> {
        let Self { witness, checkpoint } = self;
        write(&checkpoint.checkpoint().origin, checkpoint.note())?;
        let log = checkpoint.checkpoint().origin.log().to_owned();
        witness.seen.insert(log, checkpoint.clone());
        Ok(Persisted { checkpoint })
    }
}

impl Persisted {
    /// The checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }
}

#[cfg(test)]
mod tests;
