//! The pin of a network as people type it: the digest of version 1 of its charter, in digits or in words.
//!
//! The words are those of BIP39's English list, 24 of them: 256 bits and 8 bits of checksum, so a word that was heard
//! wrongly is found before it is looked for among charters. They hide nothing: everybody may know them.

use std::fmt;
use std::str::FromStr;

use bip39::{Language, Mnemonic};

use crate::Digest;

#[cfg(test)]
mod tests;

/// Words of one digest.
const WORDS: usize = 24;
/// Most characters of what somebody types: 24 words of at most eight, and room for spaces.
const MAX_CHARS: usize = 1024;

/// The digest of version 1 of a network's charter: what a hospital types in, and the one thing that it trusts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root(Digest);

/// Why a text is no pin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RootError {
    /// Neither 64 digits nor 24 words.
    #[error(
        "expected 64 hexadecimal digits or {WORDS} words, found {got} word(s): type in what the board published"
    )]
    Form {
        /// Words found.
        got: usize,
    },
    /// A word that the list does not have.
    #[error(
        "word {place}, `{word}`, is not in the list of words: compare it with what the board published"
    )]
    UnknownWord {
        /// Its place, from 1.
        place: usize,
        /// The word as typed, shortened to 80 characters.
        word: String,
    },
    /// Every word is in the list, but not all of them are right.
    #[error(
        "the words do not belong together: one of them is another word, or two have changed places"
    )]
    Checksum,
}

impl RootError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Form { .. } => "root_form",
            Self::UnknownWord { .. } => "root_unknown_word",
            Self::Checksum => "root_checksum",
        }
    }
}

impl Root {
    /// The pin of a network whose version 1 has this digest.
    #[must_use]
    pub fn of(digest: Digest) -> Self {
        Self(digest)
    }

    /// Reads 64 hexadecimal digits or 24 words, in any case and spacing.
    ///
    /// # Errors
    /// `RootError`.
    pub fn parse(text: &str) -> Result<Self, RootError> {
        if text.chars().count() > MAX_CHARS {
            return Err(RootError::Form { got: text.split_whitespace().count() });
        }
        let lower = text.to_lowercase();
        let typed: Vec<&str> = lower.split_whitespace().collect();
        if let Ok(digest) = Digest::try_from(typed.concat()) {
            return Ok(Self(digest));
        }
        if typed.len() != WORDS {
            return Err(RootError::Form { got: typed.len() });
        }
        let known = |word: &str| Language::English.find_word(word).is_some();
        if let Some((place, word)) = (1..).zip(&typed).find(|(_, word)| !known(word)) {
            let word = word.chars().take(80).collect();
            return Err(RootError::UnknownWord { place, word });
        }
        let mnemonic = Mnemonic::parse_in_normalized(Language::English, &typed.join(" "))
            .map_err(|_checksum| RootError::Checksum)?;
        let (bytes, length) = mnemonic.to_entropy_array();
        let bytes = bytes.get(..length).and_then(|bytes| bytes.try_into().ok());
        bytes.map(|bytes| Self(Digest::from_bytes(bytes))).ok_or(RootError::Checksum)
    }

    /// The digest.
    #[must_use]
    pub fn digest(self) -> Digest {
        self.0
    }

    /// The 24 words, each after a space.
    #[must_use]
    pub fn words(self) -> String {
        // 256 bits are one of the lengths that the list is made for.
        let words = Mnemonic::from_entropy_in(Language::English, self.0.as_bytes());
        words.map(|words| words.to_string()).unwrap_or_default()
    }
}

impl FromStr for Root {
    type Err = RootError;
    fn from_str(text: &str) -> Result<Self, RootError> {
        Self::parse(text)
    }
}

impl fmt::Display for Root {
    /// The 64 digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
