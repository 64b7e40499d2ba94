//! What stands in a key file that is not encrypted, and how any is opened.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use ed25519_dalek::SigningKey;
use policies::dsse::PublicKey;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use super::{Key, KeyError, KeyRole, sealed};

/// Most bytes of a key file.
const MAX_KEY_FILE_BYTES: u64 = 4096;

/// A key file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyFile {
    pub(super) format: String,
    pub(super) role: KeyRole,
    pub(super) id: String,
    pub(super) public: String,
    pub(super) secret: String,
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

/// The word at its beginning.
pub(super) const FORMAT: &str = "kring-key-v1";

/// How a key file begins, whatever its form.
#[derive(Deserialize)]
struct Begins {
    format: String,
}

/// The text of a key file that its owner alone may read.
pub(super) fn read_private(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let io = |doing| move |source| KeyError::Io { path: path.to_owned(), doing, source };
    let mut file = File::open(path).map_err(io("opening"))?;
    let metadata = file.metadata().map_err(io("reading its mode"))?;
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::OpenToOthers { path: path.to_owned(), mode });
    }
    if metadata.len() > MAX_KEY_FILE_BYTES {
        let reason = "too large for a key file".to_owned();
        return Err(KeyError::Malformed { path: path.to_owned(), reason });
    }
    let mut text = Zeroizing::new(String::new());
    file.read_to_string(&mut text).map_err(io("reading"))?;
    Ok(text)
}

/// Whether the file is one of those that are encrypted.
pub(super) fn is_sealed(path: &Path, text: &str) -> Result<bool, KeyError> {
    // The parser's own message could quote the secret.
    let begins: Begins = toml::from_str(text).map_err(|_quotes_the_secret| {
        let reason = "not a key file of `kring key new`".to_owned();
        KeyError::Malformed { path: path.to_owned(), reason }
    })?;
    Ok(begins.format == sealed::FORMAT)
}

/// The key of a file that is not encrypted.
pub(super) fn plain(path: &Path, text: &str, role: KeyRole) -> Result<Key, KeyError> {
    let malformed =
        |reason: &str| KeyError::Malformed { path: path.to_owned(), reason: reason.to_owned() };
    let file: KeyFile = toml::from_str(text)
        .map_err(|_quotes_the_secret| malformed("not a key file of `kring key new`"))?;
    if file.format != FORMAT {
        return Err(malformed("unknown format, expected kring-key-v1"));
    }
    if file.role != role {
        return Err(KeyError::WrongRole { path: path.to_owned(), expected: role, got: file.role });
    }
    let mut seed = Zeroizing::new([0; 32]);
    hex::decode_to_slice(&file.secret, &mut *seed)
        .map_err(|_quotes_the_secret| malformed("its secret is not 64 hexadecimal digits"))?;
    let secret = SigningKey::from_bytes(&seed);
    let public = PublicKey::of(&secret).map_err(|error| malformed(&error.to_string()))?;
    if public.to_string() != file.public {
        return Err(malformed("its public half does not belong to its secret"));
    }
    Ok(Key { id: file.id.clone(), public, secret })
}
