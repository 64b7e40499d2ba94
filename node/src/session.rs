//! A session on the person's own machine: a key of its own, and the person's delegation to it, in one private file.
//!
//! Whoever reads the file can ask in the person's name until the delegation ends, from the one node and for the purposes and
//! groups that it names. It holds nothing of the person's own key.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use policies::delegation::{DelegationError, MAX_DELEGATION_BYTES};
use policies::dsse::{Envelope, PublicKey};
use policies::wire::{Delegation, Question};
use policies::{SignedDelegation, UnixTime};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::keys::{Key, random_bytes};

#[cfg(test)]
mod tests;

/// The word at its beginning.
const FORMAT: &str = "kring-session-v1";
/// Most bytes of the file: a delegation, in a text that escapes its quotes, and a secret.
const MAX_FILE_BYTES: u64 = 2 * MAX_DELEGATION_BYTES as u64 + 1024;

/// A key that signs for a person, and the person's word for it.
pub struct Session {
    secret: SigningKey,
    delegation: SignedDelegation,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("delegation", &self.delegation).finish_non_exhaustive()
    }
}

/// Why a session cannot be used or kept.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The file cannot be opened, read, written or removed.
    #[error("session file {path}: {doing} failed")]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Others may read it.
    #[error(
        "session file {path} has mode {mode:03o}: others may have read it; `kring logout`, then `kring login` again"
    )]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not a session file, or damaged.
    #[error(
        "session file {path} is not one of `kring login`: `kring logout`, then `kring login` again"
    )]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
    /// What was to be delegated has no such form.
    #[error("a session cannot be begun: {0}")]
    Form(#[source] policies::DecodeError),
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionFile {
    format: String,
    secret: String,
    delegation: String,
}

impl Drop for SessionFile {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

impl Session {
    /// Makes a session key and signs for it with the person's key; `delegate` is what the session's public key may do.
    ///
    /// # Errors
    /// `SessionError::Random` or `SessionError::Form`.
    pub fn begin(
        person: &Key,
        delegate: impl FnOnce(&PublicKey) -> Delegation,
    ) -> Result<Self, SessionError> {
        let secret = SigningKey::from_bytes(&*random_bytes().map_err(SessionError::Random)?);
        let public = PublicKey::from_bytes(secret.verifying_key().as_bytes());
        let public = public.map_err(|_weak| {
            SessionError::Form(
                policies::question::FormError::Delegation { reason: "a key that is not weak" }
                    .into(),
            )
        })?;
        let envelope = SignedDelegation::sign(&delegate(&public), person.secret());
        let text = String::from_utf8(envelope.encode()).unwrap_or_default();
        let delegation = SignedDelegation::decode(&text).map_err(SessionError::Form)?;
        Ok(Self { secret, delegation })
    }

    /// Keeps it in a file that only its owner may read, in the place of one before.
    ///
    /// # Errors
    /// `SessionError::Io`.
    pub fn store(&self, path: &Path) -> Result<(), SessionError> {
        let io = |doing| move |source| SessionError::Io { path: path.to_owned(), doing, source };
        let file = SessionFile {
            format: FORMAT.to_owned(),
            secret: hex::encode(self.secret.as_bytes()),
            delegation: self.delegation.text(),
        };
        let text = toml::to_string(&file).map_err(std::io::Error::other).map_err(io("writing"))?;
        let text = Zeroizing::new(text);
        let beside = path.with_extension("session.partial");
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(io("writing")(error));
            }
            Ok(()) | Err(_) => {}
        }
        let mut options = File::options();
        let mut open = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)
            .map_err(io("writing"))?;
        open.write_all(text.as_bytes()).map_err(io("writing"))?;
        open.sync_all().map_err(io("writing"))?;
        std::fs::rename(&beside, path).map_err(io("writing"))
    }

    /// The session that is kept, whether or not it still holds; `None` where there is none.
    ///
    /// # Errors
    /// `SessionError`.
    pub fn load(path: &Path) -> Result<Option<Self>, SessionError> {
        let io = |doing| move |source| SessionError::Io { path: path.to_owned(), doing, source };
        let malformed = || SessionError::Malformed { path: path.to_owned() };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io("opening")(error)),
        };
        let mode = file.metadata().map_err(io("reading its mode"))?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(SessionError::OpenToOthers { path: path.to_owned(), mode });
        }
        let mut bytes = Zeroizing::new(Vec::new());
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(io("reading"))?;
        let text = std::str::from_utf8(&bytes).map_err(|_not_text| malformed())?;
        // The parser's own message could quote the secret.
        let file: SessionFile = toml::from_str(text).map_err(|_quotes_the_secret| malformed())?;
        if bytes.len() as u64 > MAX_FILE_BYTES || file.format != FORMAT {
            return Err(malformed());
        }
        let mut seed = Zeroizing::new([0; 32]);
        hex::decode_to_slice(&file.secret, &mut *seed).map_err(|_not_hex| malformed())?;
        let secret = SigningKey::from_bytes(&seed);
        let delegation =
            SignedDelegation::decode(&file.delegation).map_err(|_error| malformed())?;
        if delegation.key().as_bytes() != secret.verifying_key().as_bytes() {
            return Err(malformed());
        }
        Ok(Some(Self { secret, delegation }))
    }

    /// Ends the session on this machine; whether there was one.
    ///
    /// # Errors
    /// `SessionError::Io`.
    pub fn remove(path: &Path) -> Result<bool, SessionError> {
        match std::fs::remove_file(path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(source) => {
                Err(SessionError::Io { path: path.to_owned(), doing: "removing", source })
            }
        }
    }

    /// What it may do.
    #[must_use]
    pub fn delegation(&self) -> &Delegation {
        self.delegation.delegation()
    }

    /// Signs a question that it is for; its envelope, and the delegation's text.
    ///
    /// # Errors
    /// `DelegationError`: it is for others, or over.
    pub fn sign(
        &self,
        question: &Question,
        now: UnixTime,
    ) -> Result<(Envelope, String), DelegationError> {
        self.delegation.holds(now)?;
        self.delegation.covers(question)?;
        let envelope = policies::question::sign_question(question, &self.secret);
        Ok((envelope, self.delegation.text()))
    }
}
