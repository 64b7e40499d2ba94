//! Signed notes: text with signature lines below it, as C2SP `signed-note` defines them.
//!
//! A note is UTF-8 text that ends with a newline, an empty line, then lines `— name base64(key id || signature)`. Lines of
//! keys that the reader does not know are ignored, as the specification asks; a line of a known key must verify. Reading
//! is strict beyond that: sizes are limited, base64 is canonical, and nobody signs twice. What the text says is not
//! decided here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signer as _, SigningKey};

mod key;

pub(in crate::proof) use key::cosigned_text;
pub use key::{BadVerifierKey, KeyName, SignatureKind, VerifierKey};

/// Most bytes of a note: 16 signatures of the largest kind that C2SP names fit.
pub const MAX_NOTE_BYTES: usize = 128 * 1024;
/// Most signature lines; the specification asks for at least 16.
pub const MAX_SIGNATURES: usize = 64;
/// What a signature line starts with.
const DASH: &str = "\u{2014} ";

/// A parsed note, not trusted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLine {
    name: KeyName,
    id: [u8; 4],
    signature: Vec<u8>,
}

/// Why a note is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Larger than is read.
    #[error("the note has {got} bytes, at most {MAX_NOTE_BYTES} are read")]
    TooLarge {
        /// Bytes given.
        got: usize,
    },
    /// More signature lines than are read.
    #[error("the note has more than {MAX_SIGNATURES} signature lines")]
    TooManySignatures,
    /// Not a signed note.
    #[error("not a signed note: {reason}")]
    Malformed {
        /// What was expected.
        reason: &'static str,
    },
    /// A key signed more than once.
    #[error("two signature lines of key `{name}`")]
    Duplicate {
        /// The key's name.
        name: String,
    },
    /// A known key's signature does not verify.
    #[error("the signature line of `{name}` does not verify")]
    BadSignature {
        /// The key's name.
        name: String,
    },
    /// A key that had to sign did not.
    #[error("no signature line of `{name}`")]
    NotSigned {
        /// The key's name.
        name: String,
    },
}

impl NoteError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "note_too_large",
            Self::TooManySignatures => "note_signatures",
            Self::Malformed { .. } => "note_malformed",
            Self::Duplicate { .. } => "note_duplicate",
            Self::BadSignature { .. } => "note_bad_signature",
            Self::NotSigned { .. } => "note_not_signed",
        }
    }
}

fn malformed(reason: &'static str) -> NoteError {
    NoteError::Malformed { reason }
}

impl SignatureLine {
    /// A line from its parts; `signature` is what the kind of the key prescribes.
    #[must_use]
    pub fn new(key: &VerifierKey, signature: Vec<u8>) -> Self {
        Self { name: key.name().clone(), id: key.id(), signature }
    }

    /// Reads one line without its newline.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn parse(line: &str) -> Result<Self, NoteError> {
        let rest = line.strip_prefix(DASH).ok_or(malformed("a signature line starts with `— `"))?;
        let (name, signature) =
            rest.split_once(' ').ok_or(malformed("a signature line is `— name signature`"))?;
        let name =
            KeyName::new(name).map_err(|_name| malformed("a key name without spaces or +"))?;
        let bytes = BASE64.decode(signature).map_err(|_bad| malformed("canonical base64"))?;
        let (id, signature) =
            bytes.split_first_chunk::<4>().ok_or(malformed("a key id of four bytes"))?;
        if signature.is_empty() {
            return Err(malformed("a signature after the key id"));
        }
        Ok(Self { name, id: *id, signature: signature.to_vec() })
    }

    /// Whether the line claims to be by this key.
    #[must_use]
    pub fn claims(&self, key: &VerifierKey) -> bool {
        self.name == *key.name() && self.id == key.id()
    }

    /// The name of the key that it claims to be by.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }
}

impl std::fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes: Vec<u8> = self.id.iter().chain(&self.signature).copied().collect();
        write!(f, "{DASH}{} {}", self.name, BASE64.encode(bytes))
    }
}

impl Note {
    /// Signs `text`, which ends with a newline, with the key of a log.
    ///
    /// # Errors
    /// `Malformed` when the text cannot be one of a note, or `signer` is not the secret half of `key`.
    pub fn sign(text: &str, key: &VerifierKey, signer: &SigningKey) -> Result<Self, NoteError> {
        check_text(text)?;
        if !key.is_of(signer) || key.kind() != SignatureKind::Ed25519 {
            return Err(malformed("the secret half of the key that is named"));
        }
        let signature = signer.sign(text.as_bytes()).to_bytes().to_vec();
        let signatures = vec![SignatureLine::new(key, signature)];
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Reads a note.
    ///
    /// # Errors
    /// `TooLarge`, `TooManySignatures` or `Malformed`.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLarge { got: note.len() });
        }
        let (body, lines) =
            note.rsplit_once("\n\n").ok_or(malformed("an empty line before the signatures"))?;
        let text = format!("{body}\n");
        check_text(&text)?;
        let lines = lines.strip_suffix('\n').ok_or(malformed("a newline at the end"))?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            if signatures.len() == MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            signatures.push(SignatureLine::parse(line)?);
        }
        Ok(Self { text, signatures })
    }

    /// The signed text, with its last newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, in order.
    #[must_use]
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// Adds a signature line; one of the same key is replaced.
    pub fn add(&mut self, line: SignatureLine) {
        self.signatures.retain(|old| old.name != line.name || old.id != line.id);
        self.signatures.push(line);
    }

    /// The note with the lines of `key` alone.
    #[must_use]
    pub fn bare(&self, key: &VerifierKey) -> Self {
        let signatures = self.signatures.iter().filter(|line| line.claims(key)).cloned().collect();
        Self { text: self.text.clone(), signatures }
    }

    /// The time that `key` stated beside its signature (0 for a kind that states none), or nothing if it did not sign.
    ///
    /// # Errors
    /// `BadSignature` when its line does not verify, `Duplicate` when there are two.
    pub fn signed_by(&self, key: &VerifierKey) -> Result<Option<u64>, NoteError> {
        let mut lines = self.signatures.iter().filter(|line| line.claims(key));
        let Some(line) = lines.next() else { return Ok(None) };
        let name = || key.name().to_string();
        if lines.next().is_some() {
            return Err(NoteError::Duplicate { name: name() });
        }
        match key.verify(&self.text, &line.signature) {
            Some(time) => Ok(Some(time)),
            None => Err(NoteError::BadSignature { name: name() }),
        }
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') {
        return Err(malformed("a newline at the end of the text"));
    }
    if text.chars().any(|c| c < ' ' && c != '\n') {
        return Err(malformed("no control characters"));
    }
    Ok(())
}

#[cfg(test)]
pub(in crate::proof) mod tests;
