//! Key files: one Ed25519 secret each, readable by their owner only.
//!
//! A file that others may read is refused, not repaired: the key may be known already. Secrets are wiped from memory
//! when dropped and never printed. A node's keys are plain, so that it starts by itself; a person's may be encrypted by a
//! passphrase ([`sealed`](Key::create_sealed)).

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use policies::dsse::PublicKey;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

mod file;
pub mod noise;
pub mod passphrase;
pub mod record;
pub mod ring;
mod sealed;

use file::{FORMAT, KeyFile, is_sealed, plain, read_private};
use passphrase::{PassphraseError, Source};

/// What a key signs; a key file names its role, so one cannot stand in for another by a wrong path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyRole {
    /// A node's libp2p identity.
    Transport,
    /// A node's requests and replies.
    Envelope,
    /// A node's log checkpoints.
    Log,
    /// A node's cosignatures under other nodes' checkpoints.
    Witness,
    /// The record keys in a node's snapshots. It signs nothing and is in no charter.
    Record,
    /// The noise of figures under `ask.explore`. It signs nothing and is in no charter.
    Noise,
    /// A hospital's word that the newest charter is the newest.
    Freshness,
    /// A person's questions, or a board member's charters.
    Person,
}

/// A loaded key.
pub struct Key {
    /// Whose it is: a hospital code or a person id.
    pub id: String,
    /// Its public half.
    pub public: PublicKey,
    secret: SigningKey,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

/// Why a key file cannot be used or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be opened, read or written.
    #[error("key file {path}: {doing} failed")]
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
        "key file {path} has mode {mode:03o}: others may have read it; make a new key, or if you are sure that nobody did, \
         run `chmod 600 {path}`"
    )]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not a key file, or damaged.
    #[error("key file {path}: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A key for another use.
    #[error("key file {path} holds a {got:?} key, expected a {expected:?} key")]
    WrongRole {
        /// The file.
        path: PathBuf,
        /// The role asked for.
        expected: KeyRole,
        /// The role found.
        got: KeyRole,
    },
    /// Encrypted, where nobody can be asked.
    #[error(
        "key file {path} is encrypted by a passphrase: only `kring ask`, `kring login`, `kring indicator run` and `kring charter sign` ask for one"
    )]
    Encrypted {
        /// The file.
        path: PathBuf,
    },
    /// The passphrase is another one, or the file is damaged.
    #[error(
        "key file {path} does not open with this passphrase: type it again; if it is right, the file is damaged"
    )]
    WrongPassphrase {
        /// The file.
        path: PathBuf,
    },
    /// There is no passphrase.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
}

impl KeyError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "key_file",
            Self::OpenToOthers { .. } => "key_file_open_to_others",
            Self::Malformed { .. } => "key_file_malformed",
            Self::WrongRole { .. } => "key_file_role",
            Self::Encrypted { .. } => "key_file_encrypted",
            Self::WrongPassphrase { .. } => "wrong_passphrase",
            Self::Passphrase(error) => error.code(),
            Self::Random(_) => "no_randomness",
        }
    }
}

impl Key {
    /// Makes a key and writes it to `path`, which must not exist.
    ///
    /// # Errors
    /// `KeyError::Io` or `KeyError::Random`.
    pub fn create(path: &Path, role: KeyRole, id: &str) -> Result<Self, KeyError> {
        let secret = SigningKey::from_bytes(&*random_bytes().map_err(KeyError::Random)?);
        let malformed = |error: &dyn std::fmt::Display| KeyError::Malformed {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let public = PublicKey::of(&secret).map_err(|error| malformed(&error))?;
        let file = KeyFile {
            format: FORMAT.to_owned(),
            role,
            id: id.to_owned(),
            public: public.to_string(),
            secret: hex::encode(secret.as_bytes()),
        };
        let text = Zeroizing::new(toml::to_string(&file).map_err(|error| malformed(&error))?);
        write_private(path, text.as_bytes()).map_err(|source| KeyError::Io {
            path: path.to_owned(),
            doing: "writing",
            source,
        })?;
        Ok(Self { id: id.to_owned(), public, secret })
    }

    /// Reads the key at `path`, which is not encrypted.
    ///
    /// # Errors
    /// `KeyError`: unreadable, open to others, malformed, of another role or encrypted.
    pub fn load(path: &Path, role: KeyRole) -> Result<Self, KeyError> {
        let text = read_private(path)?;
        if is_sealed(path, &text)? {
            return Err(KeyError::Encrypted { path: path.to_owned() });
        }
        plain(path, &text, role)
    }

    /// Reads a person's key at `path`; the passphrase is asked for once if it is encrypted.
    ///
    /// # Errors
    /// `KeyError`.
    pub fn load_person(path: &Path, passphrase: Source<'_>) -> Result<Self, KeyError> {
        let text = read_private(path)?;
        if is_sealed(path, &text)? {
            return sealed::open(path, &text, || passphrase.ask(path));
        }
        plain(path, &text, KeyRole::Person)
    }

    /// Whose key a person's key file says it holds; it needs no passphrase and proves nothing.
    ///
    /// # Errors
    /// `KeyError`.
    pub fn id_of(path: &Path) -> Result<String, KeyError> {
        let text = read_private(path)?;
        if is_sealed(path, &text)? {
            return sealed::id(path, &text);
        }
        Ok(plain(path, &text, KeyRole::Person)?.id)
    }

    /// The secret half, to sign with.
    #[must_use]
    pub fn secret(&self) -> &SigningKey {
        &self.secret
    }

    /// The seed, for the transport.
    #[must_use]
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.secret.to_bytes())
    }
}

/// 32 random bytes from the system.
///
/// # Errors
/// The system's reason.
pub fn random_bytes() -> Result<Zeroizing<[u8; 32]>, getrandom::Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes)?;
    Ok(bytes)
}

/// Writes a new file that only its owner may read, durably.
///
/// # Errors
/// The system's reason; `AlreadyExists` when the file is there.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
