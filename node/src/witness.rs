//! This node as a witness of the other members' logs.
//!
//! A member may offer checkpoints of its own log alone. What is cosigned is on disk first, one file a log whatever its
//! origin; a file that was changed or damaged stops the start, because a witness that forgets can be made to cosign a second history. A witness
//! learns sizes and roots, never an entry. It trusts no clock but its own and takes no key from the network.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use policies::dsse::PublicKey;
use policies::{HospitalCode, UnixTime};
use query::snapshot::durable;

use crate::keys::Key;
use crate::proof::checkpoint::{Checkpoint, Origin, SignedCheckpoint, witness_key};
use crate::proof::cosignature::cosign;
use crate::proof::merkle::{Consistency, Inclusion};
use crate::proof::note::{BadVerifierKey, Note, VerifierKey};
use crate::proof::submission::{Reply, Submission};
use crate::proof::witness::{Evidence, Refusal, Witness};

mod evidence;
mod gap;
pub mod hearsay;
mod overhear;
pub mod own;
mod records;

pub use overhear::Overheard;

use evidence::Kept;
use records::{RECORD, record_name, restore};

/// The witness.
#[derive(Debug)]
pub struct Desk {
    folder: PathBuf,
    verifier: VerifierKey,
    key: Key,
    logs: RwLock<Arc<Logs>>,
    state: Mutex<Witness>,
    /// When this run cosigned each member's log last, and the note: kept apart, because the state waits for the disk.
    cosigned: Mutex<BTreeMap<HospitalCode, (UnixTime, Arc<str>)>>,
    /// Evidence on disk that is on its way into the log of this node.
    logging: Mutex<BTreeSet<PathBuf>>,
}

/// The members' log keys, as the charter has them.
pub type Logs = BTreeMap<HospitalCode, PublicKey>;

/// What came of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handled {
    /// What the log is told.
    pub reply: Reply,
    /// Two heads that do not go together, on disk and not in the log of this node: [`Desk::logged`] is told what becomes of it.
    pub evidence: Option<Box<Evidence>>,
    /// What is worth comparing with others.
    pub heard: Option<Box<SignedCheckpoint>>,
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
        let told = logs.iter().filter_map(|(code, log)| {
            let note: Arc<str> = state.latest_of(code, log)?.note().to_string().into();
            // When that was is not on record, so nothing is concluded from it.
            Some((code.clone(), (UnixTime(i64::MAX), note)))
        });
        let cosigned = Mutex::new(told.collect());
        let (folder, state) = (folder.to_owned(), Mutex::new(state));
        let logs = RwLock::new(Arc::new(logs));
        let logging = Mutex::default();
        Ok(Self { folder, verifier, key, logs, state, cosigned, logging })
    }

    /// Follows a charter with other members or keys; what is on record of others stays on disk.
    pub fn set_logs(&self, logs: Logs) {
        *self.logs.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(logs);
    }

    fn logs(&self) -> Arc<Logs> {
        Arc::clone(&self.logs.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The member whose log has this origin.
    #[must_use]
    pub fn owner_of(&self, origin: &Origin) -> Option<HospitalCode> {
        let logs = self.logs();
        logs.iter().find(|(code, key)| origin.belongs_to(code, key)).map(|(code, _)| code.clone())
    }

    /// The note of a member's log that was cosigned last.
    #[must_use]
    pub fn cosigned(&self, member: &HospitalCode) -> Option<Arc<str>> {
        self.times().get(member).map(|(_, note)| Arc::clone(note))
    }

    /// Answers a member's message: about its own log, or what it heard of another one.
    #[must_use]
    pub fn handle(&self, member: &HospitalCode, message: &[u8], now: UnixTime) -> Handled {
        match Submission::parse(message) {
            Ok(Submission::Offer { old, path, note }) => {
                let Some((signed, origin)) = self.open_note(member, &note) else {
                    return refused("witness_checkpoint");
                };
                let proof = Consistency { old, new: signed.head().size, path };
                self.offered((member, &origin), signed, &proof, now)
            }
            Ok(Submission::Gap { index, path, entry, note }) => {
                let Some((signed, _)) = self.open_note(member, &note) else {
                    return refused("witness_checkpoint");
                };
                let proof = Inclusion { index, size: signed.head().size, path };
                self.after_gap(member, signed, (&entry, &proof), now)
            }
            Ok(Submission::Latest { origin }) => {
                let owned = |key| origin.belongs_to(member, key);
                if !self.logs().get(member).is_some_and(owned) {
                    return refused("witness_other_log");
                }
                told(self.stands(&self.state(), member))
            }
            Ok(Submission::Heard { note }) => self.heard(&note),
            Ok(Submission::Wanted { .. }) | Err(_) => refused("witness_message"),
        }
    }

    /// An offer of the origin that is known; another one is another log's, or needs its gap.
    fn offered(
        &self,
        (member, origin): (&HospitalCode, &Origin),
        signed: SignedCheckpoint,
        proof: &Consistency,
        now: UnixTime,
    ) -> Handled {
        let mut state = self.state();
        let known = self.logs().get(member).and_then(|key| state.latest_of(member, key));
        let known_gaps = known.map(|known| known.checkpoint().origin.gaps());
        if known_gaps.is_none_or(|gaps| gaps < origin.gaps()) && origin.gaps() > 0 {
            return refused("witness_gap");
        }
        self.consider(&mut state, member, (signed, proof), now)
    }

    fn consider(
        &self,
        state: &mut Witness,
        member: &HospitalCode,
        (signed, proof): (SignedCheckpoint, &Consistency),
        now: UnixTime,
    ) -> Handled {
        let cosignable = match state.consider(signed, proof) {
            Ok(cosignable) => cosignable,
            Err(Refusal::Stale { .. }) => return told(self.stands(state, member)),
            Err(Refusal::Conflict(evidence)) => return self.against(state, member, *evidence),
            Err(error @ Refusal::Inconsistent(_)) => return refused(error.code()),
        };
        let write = |origin: &Origin, note: &Note| {
            durable::replace(&self.folder.join(record_name(origin)), note.to_string().as_bytes())
        };
        let persisted = match cosignable.persist(write) {
            Ok(persisted) => persisted,
            Err(error) => {
                tracing::error!(%error, "a checkpoint cannot be recorded, so it is not cosigned");
                return refused("witness_records");
            }
        };
        let signed = persisted.checkpoint();
        self.times().insert(member.clone(), (now, signed.note().to_string().into()));
        match cosign(&persisted, &self.verifier, self.key.secret(), now) {
            Ok(line) => {
                let heard = Some(Box::new(signed.clone()));
                Handled { reply: Reply::Cosigned(line), evidence: None, heard }
            }
            Err(_time) => refused("witness_clock"),
        }
    }

    /// Keeps evidence and tells the log where this witness stands.
    fn against(&self, state: &Witness, member: &HospitalCode, evidence: Evidence) -> Handled {
        // Under the lock, so that the bound on files holds.
        let fresh = self.keep(&evidence) == Kept::Fresh;
        let evidence = fresh.then(|| Box::new(evidence));
        Handled { evidence, ..told(self.stands(state, member)) }
    }

    fn stands(&self, state: &Witness, member: &HospitalCode) -> Reply {
        let latest = self.logs().get(member).and_then(|key| state.latest_of(member, key));
        Reply::Stands(latest.map(|latest| latest.note().to_string()))
    }

    /// A checkpoint of a log of this member, without lines of others.
    fn open_note(&self, member: &HospitalCode, note: &str) -> Option<(SignedCheckpoint, Origin)> {
        let origin = Checkpoint::parse(Note::parse(note).ok()?.text()).ok()?.origin;
        let logs = self.logs();
        let key = logs.get(member).filter(|key| origin.belongs_to(member, key))?;
        let key = origin.key(key).ok()?;
        let signed = SignedCheckpoint::open(note, &key).ok()?;
        Some((signed.bare(&key), origin))
    }

    fn times(&self) -> std::sync::MutexGuard<'_, BTreeMap<HospitalCode, (UnixTime, Arc<str>)>> {
        self.cosigned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, Witness> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn told(reply: Reply) -> Handled {
    Handled { reply, evidence: None, heard: None }
}

fn refused(code: &str) -> Handled {
    told(Reply::Refused { code: code.to_owned() })
}

#[cfg(test)]
mod tests;
