//! This node as a witness of the other members' logs.
//!
//! A member may offer checkpoints of its own log alone. What is cosigned is on disk first, one file a log; a file that was
//! changed or damaged stops the start, because a witness that forgets can be made to cosign a second history. A witness
//! learns sizes and roots, never an entry. It trusts no clock but its own and takes no key from the network.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use policies::dsse::PublicKey;
use policies::{Digest, HospitalCode, UnixTime};
use query::snapshot::durable;

use crate::keys::Key;
use crate::proof::checkpoint::{Checkpoint, Origin, SignedCheckpoint, witness_key};
use crate::proof::cosignature::cosign;
use crate::proof::merkle::Consistency;
use crate::proof::note::{BadVerifierKey, MAX_NOTE_BYTES, Note, VerifierKey};
use crate::proof::submission::{Reply, Submission};
use crate::proof::witness::{Evidence, Refusal, Witness};

pub mod own;

/// Pairs of notes that are kept against one log: a member with a bad log could make any number.
const MAX_EVIDENCE: usize = 16;
/// What a record's file name ends with.
const RECORD: &str = "note";

/// The witness.
#[derive(Debug)]
pub struct Desk {
    folder: PathBuf,
    verifier: VerifierKey,
    key: Key,
    logs: Logs,
    state: Mutex<Witness>,
}

/// The members' log keys, as the charter has them.
pub type Logs = BTreeMap<HospitalCode, PublicKey>;

/// What came of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handled {
    /// What the log is told.
    pub reply: Reply,
    /// Two heads that do not go together, not seen before and already on disk.
    pub evidence: Option<Box<Evidence>>,
}

/// Why the witness cannot start.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The folder or a record cannot be read or made.
    #[error("witness records {path}: {doing} failed")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A record is not what was written.
    #[error(
        "witness record {path}: {reason}; restore the file: without it this node could cosign a second history of that log"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The witness key cannot be used.
    #[error("the witness key cannot be used")]
    Key(#[from] BadVerifierKey),
}

impl DeskError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "witness_records",
            Self::Damaged { .. } => "witness_record_damaged",
            Self::Key(_) => "witness_key",
        }
    }
}

impl Desk {
    /// Opens the records. Those of logs that no member has are left alone.
    ///
    /// # Errors
    /// `DeskError`.
    pub fn open(
        folder: &Path,
        hospital: &HospitalCode,
        key: Key,
        logs: Logs,
    ) -> Result<Self, DeskError> {
        let io = |doing| {
            let path = folder.to_owned();
            move |source| DeskError::Io { path, doing, source }
        };
        durable::create_folder(folder).map_err(io("making the folder"))?;
        let verifier = witness_key(hospital, &key.public)?;
        let mut state = Witness::new();
        for file in std::fs::read_dir(folder).map_err(io("reading the folder"))? {
            let path = file.map_err(io("reading the folder"))?.path();
            if path.extension().is_some_and(|extension| extension == RECORD) {
                restore(&mut state, &path, &logs)?;
            }
        }
        Ok(Self { folder: folder.to_owned(), verifier, key, logs, state: Mutex::new(state) })
    }

    /// Answers a member's message about its own log.
    #[must_use]
    pub fn handle(&self, member: &HospitalCode, message: &[u8], now: UnixTime) -> Handled {
        match Submission::parse(message) {
            Ok(Submission::Offer { old, path, note }) => {
                let Some((signed, origin)) = self.open_note(member, &note) else {
                    return refused("witness_checkpoint");
                };
                let proof = Consistency { old, new: signed.head().size, path };
                self.consider(&origin, signed, &proof, now)
            }
            Ok(Submission::Latest { origin }) => {
                let owned = |key| origin.belongs_to(member, key);
                if !self.logs.get(member).is_some_and(owned) {
                    return refused("witness_other_log");
                }
                Handled { reply: stands(&self.state(), &origin), evidence: None }
            }
            Err(_bytes) => refused("witness_message"),
        }
    }

    fn consider(
        &self,
        origin: &Origin,
        signed: SignedCheckpoint,
        proof: &Consistency,
        now: UnixTime,
    ) -> Handled {
        let mut state = self.state();
        let cosignable = match state.consider(signed, proof) {
            Ok(cosignable) => cosignable,
            Err(Refusal::Stale { .. }) => {
                return Handled { reply: stands(&state, origin), evidence: None };
            }
            Err(Refusal::Conflict(evidence)) => {
                // Under the lock, so that the bound on files holds.
                let fresh = self.keep(&evidence);
                return Handled {
                    reply: stands(&state, origin),
                    evidence: fresh.then_some(evidence),
                };
            }
            Err(error @ Refusal::Inconsistent(_)) => return refused(error.code()),
        };
        let record = self.folder.join(record_name(origin));
        let write =
            |_: &Origin, note: &Note| durable::replace(&record, note.to_string().as_bytes());
        let persisted = match cosignable.persist(write) {
            Ok(persisted) => persisted,
            Err(error) => {
                tracing::error!(%error, "a checkpoint cannot be recorded, so it is not cosigned");
                return refused("witness_records");
            }
        };
        drop(state);
        match cosign(&persisted, &self.verifier, self.key.secret(), now) {
            Ok(line) => Handled { reply: Reply::Cosigned(line), evidence: None },
            Err(_time) => refused("witness_clock"),
        }
    }

    /// A checkpoint of a log of this member, without lines of others.
    fn open_note(&self, member: &HospitalCode, note: &str) -> Option<(SignedCheckpoint, Origin)> {
        let origin = Checkpoint::parse(Note::parse(note).ok()?.text()).ok()?.origin;
        let key = self.logs.get(member).filter(|key| origin.belongs_to(member, key))?;
        let key = origin.key(key).ok()?;
        let signed = SignedCheckpoint::open(note, &key).ok()?;
        Some((signed.bare(&key), origin))
    }

    /// Both notes, on disk for good; whether they were not there before. The first few of a log are proof enough.
    fn keep(&self, evidence: &Evidence) -> bool {
        let Evidence { kind, cosigned, offered } = evidence;
        let text = format!("{}\n\n{}\n{}", kind.code(), cosigned.note(), offered.note());
        let log = Digest::of(offered.checkpoint().origin.as_str().as_bytes());
        for number in 0..MAX_EVIDENCE {
            let path = self.folder.join(format!("{log}.{number}.evidence"));
            match std::fs::read(&path) {
                Ok(known) if known == text.as_bytes() => return false,
                Ok(_other) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    let written = durable::replace(&path, text.as_bytes());
                    return written
                        .inspect_err(|error| {
                            tracing::error!(%error, "evidence against a log cannot be stored");
                        })
                        .is_ok();
                }
                Err(error) => {
                    tracing::error!(%error, "evidence against a log cannot be read");
                    return false;
                }
            }
        }
        false
    }

    fn state(&self) -> std::sync::MutexGuard<'_, Witness> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stands(state: &Witness, origin: &Origin) -> Reply {
    Reply::Stands(state.latest(origin).map(|latest| latest.note().to_string()))
}

fn refused(code: &str) -> Handled {
    Handled { reply: Reply::Refused { code: code.to_owned() }, evidence: None }
}

fn record_name(origin: &Origin) -> String {
    format!("{}.{RECORD}", Digest::of(origin.as_str().as_bytes()))
}

fn restore(state: &mut Witness, path: &Path, logs: &Logs) -> Result<(), DeskError> {
    let damaged = |reason: String| DeskError::Damaged { path: path.to_owned(), reason };
    let io = |source| DeskError::Io { path: path.to_owned(), doing: "reading", source };
    if std::fs::metadata(path).map_err(io)?.len() > MAX_NOTE_BYTES as u64 {
        return Err(damaged("too large for a note".to_owned()));
    }
    let bytes = std::fs::read(path).map_err(io)?;
    let text = String::from_utf8(bytes).map_err(|error| damaged(error.to_string()))?;
    let note = Note::parse(&text).map_err(|error| damaged(error.to_string()))?;
    let origin = Checkpoint::parse(note.text()).map_err(|error| damaged(error.to_string()))?.origin;
    if path.file_name().is_none_or(|found| found != record_name(&origin).as_str()) {
        return Err(damaged("its name is not that of its log".to_owned()));
    }
    let owner = logs.iter().find(|(code, key)| origin.belongs_to(code, key));
    let Some((_, key)) = owner else { return Ok(()) };
    let key = origin.key(key)?;
    state.restore(&text, &key).map_err(|error| damaged(error.to_string()))
}

#[cfg(test)]
mod tests;
