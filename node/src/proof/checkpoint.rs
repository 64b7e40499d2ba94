//! Checkpoints: a log's statement of its size and root, as C2SP `tlog-checkpoint` defines it.
//!
//! The text is three lines: origin, size, root. Extension lines, which nobody can audit, are refused. A
//! [`SignedCheckpoint`] exists only if the log's key signed it; that the log signs no two that contradict each other is
//! what witnesses are for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::SigningKey;
use policies::dsse::PublicKey;
use policies::{HospitalCode, UnixTime};

use super::merkle::{Head, TreeHash};
use super::note::{
    BadVerifierKey, KeyName, Note, NoteError, SignatureKind, SignatureLine, VerifierKey,
};

/// The name of one log: `kring/<hospital>/<first 16 digits of the SHA-256 of its key>`, then `/<n>` after a gap.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin(KeyName);

impl Origin {
    /// The origin of a hospital's log under this key; `gaps` counts the times that a lost history was accepted.
    ///
    /// # Errors
    /// `BadVerifierKey::Name`, which no hospital code leads to.
    pub fn of(hospital: &HospitalCode, key: &PublicKey, gaps: u32) -> Result<Self, BadVerifierKey> {
        let log = format!("kring/{hospital}/{}", key.fingerprint().short());
        let name = if gaps == 0 { log } else { format!("{log}/{gaps}") };
        Ok(Self(KeyName::new(&name)?))
    }

    /// Reads an origin.
    ///
    /// # Errors
    /// `BadVerifierKey::Name`.
    pub fn parse(text: &str) -> Result<Self, BadVerifierKey> {
        Ok(Self(KeyName::new(text)?))
    }

    /// Whether it is an origin of this hospital's log under this key, after any number of gaps.
    #[must_use]
    pub fn belongs_to(&self, hospital: &HospitalCode, key: &PublicKey) -> bool {
        let log = format!("kring/{hospital}/{}", key.fingerprint().short());
        match self.as_str().strip_prefix(&log) {
            Some("") => true,
            Some(gaps) => gaps.strip_prefix('/').is_some_and(|gaps| {
                gaps.parse::<u32>().is_ok_and(|n| n > 0 && n.to_string() == gaps)
            }),
            None => false,
        }
    }

    /// How many lost histories were accepted before it, as its name says.
    #[must_use]
    pub fn gaps(&self) -> u32 {
        self.as_str().split('/').nth(3).and_then(|gaps| gaps.parse().ok()).unwrap_or(0)
    }

    /// The origin as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The name of the log, which all its origins share.
    #[must_use]
    pub fn log(&self) -> &str {
        let end = self.as_str().match_indices('/').nth(2).map(|(end, _)| end);
        end.and_then(|end| self.as_str().get(..end)).unwrap_or(self.as_str())
    }

    /// The log's key under this origin.
    ///
    /// # Errors
    /// `BadVerifierKey::Key`.
    pub fn key(&self, key: &PublicKey) -> Result<VerifierKey, BadVerifierKey> {
        VerifierKey::new(self.0.clone(), SignatureKind::Ed25519, key)
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The key of a hospital as a witness, under the name `kring/<hospital>/witness`.
///
/// # Errors
/// `BadVerifierKey`.
pub fn witness_key(
    hospital: &HospitalCode,
    key: &PublicKey,
) -> Result<VerifierKey, BadVerifierKey> {
    let name = KeyName::new(&format!("kring/{hospital}/witness"))?;
    VerifierKey::new(name, SignatureKind::Cosignature, key)
}

/// A log's size and root at some moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: Origin,
    /// Size and root.
    pub head: Head,
}

/// Why a checkpoint is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note, or not signed by the log.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text is not one of a checkpoint.
    #[error("not a checkpoint: {reason}")]
    Malformed {
        /// What was expected.
        reason: &'static str,
    },
    /// A checkpoint of another log.
    #[error("a checkpoint of `{got}`, expected `{expected}`")]
    OtherLog {
        /// The origin asked for.
        expected: String,
        /// The origin found.
        got: String,
    },
}

impl CheckpointError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Note(error) => error.code(),
            Self::Malformed { .. } => "checkpoint_malformed",
            Self::OtherLog { .. } => "checkpoint_other_log",
        }
    }
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { origin, head: Head { size, root } } = self;
        format!("{origin}\n{size}\n{}\n", BASE64.encode(root.as_bytes()))
    }

    /// Reads the text.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let malformed = |reason| CheckpointError::Malformed { reason };
        let mut lines =
            text.strip_suffix('\n').ok_or(malformed("a newline at the end"))?.split('\n');
        let (Some(origin), Some(size), Some(root), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(malformed("three lines: origin, size and root"));
        };
        let origin = Origin::parse(origin).map_err(|_name| malformed("an origin"))?;
        let number: u64 = size.parse().map_err(|_number| malformed("a size in decimal digits"))?;
        if number.to_string() != size || number > i64::MAX.unsigned_abs() {
            return Err(malformed("a size without sign or leading zeros, below 2^63"));
        }
        let bytes = BASE64.decode(root).map_err(|_bad| malformed("a root in canonical base64"))?;
        let root = bytes.try_into().map_err(|_length| malformed("a root of 32 bytes"))?;
        Ok(Self { origin, head: Head { size: number, root: TreeHash::from_bytes(root) } })
    }
}

/// A checkpoint that its log has signed: only [`SignedCheckpoint::sign`] and [`SignedCheckpoint::open`] make one.
///
/// ```compile_fail
/// let signed = node::proof::checkpoint::SignedCheckpoint { checkpoint: todo!(), note: todo!() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

impl SignedCheckpoint {
    /// Signs. The caller has made everything below this head durable and never signed another head of this size.
    ///
    /// # Errors
    /// `CheckpointError` when `signer` is not the secret half of `key` or `key` is not of this origin.
    pub fn sign(
        checkpoint: Checkpoint,
        key: &VerifierKey,
        signer: &SigningKey,
    ) -> Result<Self, CheckpointError> {
        same_log(key, &checkpoint)?;
        let note = Note::sign(&checkpoint.text(), key, signer)?;
        Ok(Self { checkpoint, note })
    }

    /// Reads a note and checks that the log with this key and origin signed it. Other lines are kept, not believed.
    ///
    /// # Errors
    /// `CheckpointError`.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let note = Note::parse(note)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        same_log(key, &checkpoint)?;
        match note.signed_by(key)? {
            Some(_no_time) => Ok(Self { checkpoint, note }),
            None => Err(NoteError::NotSigned { name: key.name().to_string() }.into()),
        }
    }

    /// What was signed.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Size and root.
    #[must_use]
    pub fn head(&self) -> Head {
        self.checkpoint.head
    }

    /// The note with every signature line.
    #[must_use]
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// The checkpoint with its log's line alone: what is worth keeping of a stranger's note.
    #[must_use]
    pub fn bare(&self, key: &VerifierKey) -> Self {
        Self { checkpoint: self.checkpoint.clone(), note: self.note.bare(key) }
    }

    /// When this witness cosigned it, or nothing if it did not.
    ///
    /// # Errors
    /// `NoteError` when its line is wrong.
    pub fn cosigned_by(&self, witness: &VerifierKey) -> Result<Option<UnixTime>, NoteError> {
        let time = self.note.signed_by(witness)?;
        Ok(time.map(|time| UnixTime(i64::try_from(time).unwrap_or(i64::MAX))))
    }

    /// Adds a witness's line, if it verifies.
    ///
    /// # Errors
    /// `NoteError` when it is not a valid cosignature of this witness over this checkpoint.
    pub fn add(
        &mut self,
        line: SignatureLine,
        witness: &VerifierKey,
    ) -> Result<UnixTime, NoteError> {
        let mut note = self.note.clone();
        let not_signed = || NoteError::NotSigned { name: witness.name().to_string() };
        if witness.kind() != SignatureKind::Cosignature || !line.claims(witness) {
            return Err(not_signed());
        }
        note.add(line);
        let time = note.signed_by(witness)?.ok_or_else(not_signed)?;
        self.note = note;
        Ok(UnixTime(i64::try_from(time).unwrap_or(i64::MAX)))
    }
}

fn same_log(key: &VerifierKey, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
    if key.name().as_str() == checkpoint.origin.as_str() && key.kind() == SignatureKind::Ed25519 {
        return Ok(());
    }
    Err(CheckpointError::OtherLog {
        expected: key.name().to_string(),
        got: checkpoint.origin.to_string(),
    })
}

#[cfg(test)]
mod tests;
