//! Passphrases: asked for on the terminal without echo, or read from a file by scripts.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use zeroize::{Zeroize as _, Zeroizing};

/// Fewest characters of a new passphrase.
const MIN_CHARS: usize = 12;
/// Most bytes of a passphrase.
const MAX_BYTES: usize = 1024;

/// A passphrase; wiped from memory when dropped and never printed.
pub struct Passphrase(Zeroizing<String>);

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase")
    }
}

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    /// Nobody can be asked.
    #[error(
        "the passphrase cannot be asked for, there is no terminal: write it to a file with mode 600 and name that with --passphrase-file or KRING_PASSPHRASE_FILE"
    )]
    NoTerminal(#[source] std::io::Error),
    /// The file cannot be read.
    #[error("passphrase file {} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Others may read it.
    #[error("passphrase file {} has mode {mode:03o}: others may have read it; choose another passphrase, and run `chmod 600` on its file", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not one line of text.
    #[error("a passphrase is one line of at most {MAX_BYTES} bytes of text")]
    NotALine,
    /// Too short for a new one.
    #[error("the passphrase has {got} characters, take at least {MIN_CHARS}: four words or more")]
    TooShort {
        /// Characters given.
        got: usize,
    },
    /// Typed differently the second time.
    #[error("the two passphrases differ: nothing was written")]
    Differ,
}

impl PassphraseError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoTerminal(_) => "no_terminal",
            Self::Unreadable { .. } => "passphrase_file",
            Self::OpenToOthers { .. } => "passphrase_file_open_to_others",
            Self::NotALine => "passphrase_form",
            Self::TooShort { .. } => "passphrase_too_short",
            Self::Differ => "passphrases_differ",
        }
    }
}

impl Passphrase {
    /// A passphrase as typed.
    ///
    /// # Errors
    /// `PassphraseError::NotALine`.
    pub fn new(text: Zeroizing<String>) -> Result<Self, PassphraseError> {
        let good =
            !text.is_empty() && text.len() <= MAX_BYTES && !text.chars().any(char::is_control);
        if good { Ok(Self(text)) } else { Err(PassphraseError::NotALine) }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The same, if it is long enough for a new key.
    fn strong(self) -> Result<Self, PassphraseError> {
        let got = self.0.chars().count();
        if got < MIN_CHARS { Err(PassphraseError::TooShort { got }) } else { Ok(self) }
    }
}

/// Where a passphrase comes from: a file where one is named, else the terminal.
#[derive(Clone, Copy, Debug)]
pub struct Source<'f>(pub Option<&'f Path>);

impl Source<'_> {
    /// The passphrase of a key file.
    ///
    /// # Errors
    /// `PassphraseError`.
    pub fn ask(self, key: &Path) -> Result<Passphrase, PassphraseError> {
        match self.0 {
            Some(file) => read(file),
            None => prompt(&format!("Passphrase of {}: ", key.display())),
        }
    }

    /// A passphrase for a new key, asked for twice.
    ///
    /// # Errors
    /// `PassphraseError`.
    pub fn choose(self) -> Result<Passphrase, PassphraseError> {
        match self.0 {
            Some(file) => read(file)?.strong(),
            None => {
                let first =
                    prompt("A passphrase for the new key, of four words or more: ")?.strong()?;
                let second = prompt("The same again: ")?;
                if *first.0 == *second.0 { Ok(first) } else { Err(PassphraseError::Differ) }
            }
        }
    }
}

fn prompt(text: &str) -> Result<Passphrase, PassphraseError> {
    let typed = rpassword::prompt_password(text).map_err(PassphraseError::NoTerminal)?;
    Passphrase::new(Zeroizing::new(typed))
}

/// The one line of a file that its owner alone may read; the line's end does not count.
fn read(path: &Path) -> Result<Passphrase, PassphraseError> {
    let unreadable = |source| PassphraseError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(PassphraseError::OpenToOthers { path: path.to_owned(), mode });
    }
    // One piece of memory from the start: one that grows would leave copies behind.
    let most = MAX_BYTES.saturating_add(2);
    let mut bytes = Zeroizing::new(Vec::with_capacity(most.saturating_add(1)));
    let limit = u64::try_from(most).unwrap_or(u64::MAX);
    file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    let mut text = match std::str::from_utf8(&bytes) {
        Ok(text) => Zeroizing::new(text.to_owned()),
        Err(_error) => return Err(PassphraseError::NotALine),
    };
    for end in ['\n', '\r'] {
        if text.ends_with(end) {
            text.pop();
        }
    }
    bytes.zeroize();
    Passphrase::new(text)
}

#[cfg(test)]
mod tests;
