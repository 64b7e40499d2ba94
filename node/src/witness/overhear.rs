//! Checkpoints that were not offered: they came in a question's envelope, or from another witness.
//!
//! They are signed by their log, so two that contradict each other are evidence, but without a proof none is cosigned. One that
//! is larger than what was cosigned is asked for from the log itself, away from the question.

use policies::wire::MAX_SKEW_S;
use policies::{HospitalCode, UnixTime};

use super::evidence::Kept;
use super::{Desk, Handled, told};
use crate::proof::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::proof::note::Note;
use crate::proof::witness::{Conflict, Evidence, Witness};

/// What a checkpoint that was not offered shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overheard {
    /// Nothing that is not known.
    Known,
    /// Not a checkpoint of this member's log.
    Bad,
    /// Less than was cosigned; this note, which the log should know.
    Behind(String),
    /// More than was cosigned, without a proof.
    Newer(Box<SignedCheckpoint>),
    /// It does not go with what was cosigned; on disk, and to be logged as in [`Handled::evidence`].
    Evidence(Box<Evidence>),
}

impl Desk {
    /// Compares a checkpoint of a member's log with the one cosigned last; `at` is when the log itself said that it was its
    /// latest, if it did.
    #[must_use]
    pub fn overhear(&self, member: &HospitalCode, note: &str, at: Option<UnixTime>) -> Overheard {
        let Some((signed, _)) = self.open_note(member, note) else { return Overheard::Bad };
        let since = self.times().get(member).map(|(since, _)| *since);
        let late = at.zip(since).is_some_and(|(at, since)| at > since.plus(MAX_SKEW_S));
        self.compare(&self.state(), member, signed, late)
    }

    /// What another witness cosigned of some member's log; it is told where this one stands.
    pub(super) fn heard(&self, note: &str) -> Handled {
        let Some((signed, owner)) = self.open_any(note) else {
            return super::refused("witness_checkpoint");
        };
        let state = self.state();
        let reply = self.stands(&state, &owner);
        match self.compare(&state, &owner, signed, false) {
            Overheard::Known | Overheard::Bad | Overheard::Behind(_) => told(reply),
            Overheard::Newer(signed) => Handled { reply, evidence: None, heard: Some(signed) },
            Overheard::Evidence(evidence) => {
                Handled { reply, evidence: Some(evidence), heard: None }
            }
        }
    }

    /// A checkpoint of any member's log, without lines of others, and whose it is.
    pub(super) fn open_any(&self, note: &str) -> Option<(SignedCheckpoint, HospitalCode)> {
        let stated = Checkpoint::parse(Note::parse(note).ok()?.text()).ok()?;
        let owner = self.owner_of(&stated.origin)?;
        Some((self.open_note(&owner, note)?.0, owner))
    }

    /// Keeps that a log did not prove that this head continues the one cosigned last, where it is still newer.
    pub fn not_proved(
        &self,
        member: &HospitalCode,
        signed: &SignedCheckpoint,
    ) -> Option<Box<Evidence>> {
        let state = self.state();
        let known = self.logs().get(member).and_then(|key| state.latest_of(member, key))?;
        let newer = known.checkpoint().origin == signed.checkpoint().origin
            && known.head().size < signed.head().size;
        let kind = Conflict::NotProved;
        let evidence = Evidence { kind, cosigned: known.clone(), offered: signed.clone() };
        (newer && self.keep(&evidence) == Kept::Fresh).then(|| Box::new(evidence))
    }

    /// Size of what was cosigned last of a log, if that is of this checkpoint's origin and smaller.
    #[must_use]
    pub fn smaller_than(&self, member: &HospitalCode, signed: &SignedCheckpoint) -> Option<u64> {
        let state = self.state();
        let known = self.logs().get(member).and_then(|key| state.latest_of(member, key));
        let origin = &signed.checkpoint().origin;
        match known {
            None => (origin.gaps() == 0).then_some(0),
            Some(known) if known.checkpoint().origin == *origin => {
                Some(known.head().size).filter(|size| *size < signed.head().size)
            }
            Some(_) => None,
        }
    }

    fn compare(
        &self,
        state: &Witness,
        member: &HospitalCode,
        signed: SignedCheckpoint,
        late: bool,
    ) -> Overheard {
        let known = self.logs().get(member).and_then(|key| state.latest_of(member, key));
        let Some(known) = known else { return Overheard::Newer(Box::new(signed)) };
        let (old, new) = (known.checkpoint(), signed.checkpoint());
        let kind = match new.origin.gaps().cmp(&old.origin.gaps()) {
            std::cmp::Ordering::Greater => return Overheard::Newer(Box::new(signed)),
            std::cmp::Ordering::Less => Conflict::OlderOrigin,
            std::cmp::Ordering::Equal if new.head == old.head => return Overheard::Known,
            std::cmp::Ordering::Equal if new.head.size > old.head.size => {
                return Overheard::Newer(Box::new(signed));
            }
            std::cmp::Ordering::Equal if new.head.size == old.head.size => Conflict::Fork,
            std::cmp::Ordering::Equal => Conflict::Smaller,
        };
        // What is only behind may have been on its way; one size with two roots never goes together.
        let proves = late || kind == Conflict::Fork;
        let behind = known.note().to_string();
        let evidence = Evidence { kind, cosigned: known.clone(), offered: signed };
        if proves && self.keep(&evidence) == Kept::Fresh {
            return Overheard::Evidence(Box::new(evidence));
        }
        Overheard::Behind(behind)
    }
}
