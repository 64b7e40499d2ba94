//! What a log and a witness say to each other, one request and one reply.
//!
//! A checkpoint is offered in the body of C2SP `tlog-witness` (`old N`, hashes in base64, an empty line, the note); a log that
//! starts asks `latest ORIGIN` for where the witness stands. The reply is the cosignature, or the note that the witness
//! cosigned last, or a code. Bytes are bounded by whoever read them; nothing here is believed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::checkpoint::Origin;
use super::merkle::{MAX_PATH, TreeHash};
use super::note::SignatureLine;

/// Most characters of a refusal's code.
const MAX_CODE: usize = 64;

/// What a log sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submission {
    /// A checkpoint, with the proof that it continues the one of size `old`.
    Offer {
        /// Size of the checkpoint that the witness cosigned last.
        old: u64,
        /// The proof's hashes.
        path: Vec<TreeHash>,
        /// The checkpoint's note.
        note: String,
    },
    /// Where does the witness stand with this log?
    Latest {
        /// The log.
        origin: Origin,
    },
}

/// What a witness answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It cosigned.
    Cosigned(SignatureLine),
    /// It stands at this note, or nowhere.
    Stands(Option<String>),
    /// It does not cosign.
    Refused {
        /// Why.
        code: String,
    },
}

/// Bytes that are no submission or reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a message between a log and a witness: {reason}")]
pub struct BadMessage {
    /// What was expected.
    pub reason: &'static str,
}

fn bad(reason: &'static str) -> BadMessage {
    BadMessage { reason }
}

impl Submission {
    /// The bytes that travel.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Offer { old, path, note } => {
                let hashes =
                    path.iter().map(|hash| format!("{}\n", BASE64.encode(hash.as_bytes())));
                format!("old {old}\n{}\n{note}", hashes.collect::<String>()).into_bytes()
            }
            Self::Latest { origin } => format!("latest {origin}\n").into_bytes(),
        }
    }

    /// Reads a submission.
    ///
    /// # Errors
    /// `BadMessage`.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadMessage> {
        let text = std::str::from_utf8(bytes).map_err(|_bytes| bad("UTF-8"))?;
        if let Some(rest) = text.strip_prefix("latest ") {
            let origin = rest.strip_suffix('\n').ok_or(bad("a newline at the end"))?;
            let origin = Origin::parse(origin).map_err(|_name| bad("an origin"))?;
            return Ok(Self::Latest { origin });
        }
        let rest = text.strip_prefix("old ").ok_or(bad("`old` or `latest`"))?;
        let (head, note) = rest.split_once("\n\n").ok_or(bad("an empty line before the note"))?;
        let mut lines = head.split('\n');
        let old = lines.next().unwrap_or_default();
        let number: u64 = old.parse().map_err(|_number| bad("a size"))?;
        if number.to_string() != old || number > i64::MAX.unsigned_abs() {
            return Err(bad("a size without sign or leading zeros"));
        }
        let mut path = Vec::new();
        for line in lines {
            let bytes = BASE64.decode(line).map_err(|_bad| bad("hashes in canonical base64"))?;
            let hash = bytes.try_into().map_err(|_length| bad("hashes of 32 bytes"))?;
            path.push(TreeHash::from_bytes(hash));
            if path.len() > MAX_PATH {
                return Err(bad("at most 63 hashes"));
            }
        }
        Ok(Self::Offer { old: number, path, note: note.to_owned() })
    }
}

impl Reply {
    /// The bytes that travel.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Cosigned(line) => format!("cosigned\n{line}\n"),
            Self::Stands(note) => format!("stands\n{}", note.as_deref().unwrap_or_default()),
            Self::Refused { code } => format!("refused\n{code}\n"),
        }
        .into_bytes()
    }

    /// Reads a reply.
    ///
    /// # Errors
    /// `BadMessage`.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadMessage> {
        let text = std::str::from_utf8(bytes).map_err(|_bytes| bad("UTF-8"))?;
        let (word, rest) = text.split_once('\n').ok_or(bad("a first line"))?;
        let line = || rest.strip_suffix('\n').ok_or(bad("a newline at the end"));
        match word {
            "cosigned" => {
                let line =
                    SignatureLine::parse(line()?).map_err(|_line| bad("a signature line"))?;
                Ok(Self::Cosigned(line))
            }
            "stands" => Ok(Self::Stands((!rest.is_empty()).then(|| rest.to_owned()))),
            "refused" => {
                let code = line()?;
                let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
                if code.len() > MAX_CODE || !code.bytes().all(plain) {
                    return Err(bad("a code"));
                }
                Ok(Self::Refused { code: code.to_owned() })
            }
            _ => Err(bad("`cosigned`, `stands` or `refused`")),
        }
    }
}

#[cfg(test)]
mod tests;
