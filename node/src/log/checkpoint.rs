//! The log's own checkpoints: signed with the log's key under its origin.

use policies::HospitalCode;

use super::OpenError;
use crate::keys::Key;
use crate::proof::checkpoint::{Checkpoint, CheckpointError, Origin, SignedCheckpoint};
use crate::proof::merkle::Head;
use crate::proof::note::{BadVerifierKey, Note, VerifierKey};

/// Signs the heads of one log. The one writer holds it, so no two heads of one size are signed.
#[derive(Debug)]
pub struct Signer {
    hospital: HospitalCode,
    origin: Origin,
    verifier: VerifierKey,
    key: Key,
}

impl Signer {
    /// Signs for a hospital's log; `latest` is the last checkpoint that the log holds, whose origin it continues.
    ///
    /// # Errors
    /// `OpenError::OtherKey` where that checkpoint is of another hospital or key.
    pub fn new(hospital: &HospitalCode, key: Key, latest: Option<&str>) -> Result<Self, OpenError> {
        let foreign = |reason: String| OpenError::OtherKey { reason };
        let origin = match latest {
            None => {
                Origin::of(hospital, &key.public, 0).map_err(|error| foreign(error.to_string()))?
            }
            Some(note) => {
                let origin = stated(note).map_err(|error| foreign(error.to_string()))?.origin;
                if !origin.belongs_to(hospital, &key.public) {
                    return Err(foreign(format!("it is of the log `{origin}`")));
                }
                origin
            }
        };
        let verifier = origin.key(&key.public).map_err(|error| foreign(error.to_string()))?;
        let signer = Self { hospital: hospital.clone(), origin, verifier, key };
        if let Some(note) = latest {
            signer.open(note).map_err(|error| foreign(error.to_string()))?;
        }
        Ok(signer)
    }

    /// Signs for the same log after so many gaps.
    ///
    /// # Errors
    /// `BadVerifierKey`, which no origin of a log leads to.
    pub(super) fn after(self, gaps: u32) -> Result<Self, BadVerifierKey> {
        let Self { hospital, key, origin: _, verifier: _ } = self;
        let origin = Origin::of(&hospital, &key.public, gaps)?;
        let verifier = origin.key(&key.public)?;
        Ok(Self { hospital, origin, verifier, key })
    }

    /// Reads a checkpoint that this log's key signed, under this origin or another one of the same log. Lines of others are
    /// left out: whoever shows it may have added any number, and it must fit into an entry.
    ///
    /// # Errors
    /// `CheckpointError`.
    pub fn open_any(&self, note: &str) -> Result<SignedCheckpoint, CheckpointError> {
        let origin = stated(note)?.origin;
        let other = origin.belongs_to(&self.hospital, &self.key.public);
        match origin.key(&self.key.public) {
            Ok(key) if other => Ok(SignedCheckpoint::open(note, &key)?.bare(&key)),
            Ok(_) | Err(_) => Ok(self.open(note)?.bare(&self.verifier)),
        }
    }

    /// The log's origin.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The key that verifies this log's checkpoints.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Reads a checkpoint of this log.
    ///
    /// # Errors
    /// `CheckpointError` where this log did not sign it.
    pub fn open(&self, note: &str) -> Result<SignedCheckpoint, CheckpointError> {
        SignedCheckpoint::open(note, &self.verifier)
    }

    pub(super) fn sign(&self, head: Head) -> Result<SignedCheckpoint, CheckpointError> {
        let checkpoint = Checkpoint { origin: self.origin.clone(), head };
        SignedCheckpoint::sign(checkpoint, &self.verifier, self.key.secret())
    }
}

/// What a note says, its signatures not looked at.
pub(super) fn stated(note: &str) -> Result<Checkpoint, CheckpointError> {
    Checkpoint::parse(Note::parse(note)?.text())
}
