//! What a log and a witness say to each other, one request and one reply.
//!
//! A checkpoint is offered in the body of C2SP `tlog-witness` (`old N`, hashes in base64, an empty line, the note); a log that
//! starts asks `latest ORIGIN` for where the witness stands. `gap` offers the first checkpoint after a lost history. Witnesses
//! compare notes with `heard`, and ask a log for the proof between two with `wanted`. The reply is the cosignature, the note
//! that the witness cosigned last, hashes, or a code. Bytes are bounded by whoever read them; nothing here is believed.

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
    /// The first checkpoint of an origin that begins with a gap, with the entry that says so.
    Gap {
        /// Place of the entry.
        index: u64,
        /// The proof's hashes that it is under the checkpoint.
        path: Vec<TreeHash>,
        /// The entry's exact text.
        entry: String,
        /// The checkpoint's note.
        note: String,
    },
    /// Where does the witness stand with this log?
    Latest {
        /// The log.
        origin: Origin,
    },
    /// A witness asks a log: does your head of size `new` continue that of size `old`?
    Wanted {
        /// Size of the older head.
        old: u64,
        /// Size of the younger one.
        new: u64,
    },
    /// A witness tells what it cosigned: of any member's log, or of the receiver's own.
    Heard {
        /// The note.
        note: String,
    },
}

/// What a witness answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It cosigned.
    Cosigned(SignatureLine),
    /// It stands at this note, or nowhere.
    Stands(Option<String>),
    /// The hashes of the consistency proof that was wanted.
    Continues(Vec<TreeHash>),
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
            Self::Offer { old, path, note } => format!("old {old}\n{}\n{note}", lines_of(path)),
            Self::Gap { index, path, entry, note } => {
                format!("gap {index}\n{}\n{entry}\n{note}", lines_of(path))
            }
            Self::Latest { origin } => format!("latest {origin}\n"),
            Self::Wanted { old, new } => format!("wanted {old} {new}\n"),
            Self::Heard { note } => format!("heard\n{note}"),
        }
        .into_bytes()
    }

    /// Reads a submission.
    ///
    /// # Errors
    /// `BadMessage`.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadMessage> {
        let text = std::str::from_utf8(bytes).map_err(|_bytes| bad("UTF-8"))?;
        let ended = |rest: &str| {
            rest.strip_suffix('\n').ok_or(bad("a newline at the end")).map(str::to_owned)
        };
        if let Some(note) = text.strip_prefix("heard\n") {
            return Ok(Self::Heard { note: note.to_owned() });
        }
        let (word, rest) = text.split_once(' ').ok_or(bad("a word and its values"))?;
        match word {
            "latest" => {
                let origin = Origin::parse(&ended(rest)?).map_err(|_name| bad("an origin"))?;
                Ok(Self::Latest { origin })
            }
            "wanted" => {
                let sizes = ended(rest)?;
                let (old, new) = sizes.split_once(' ').ok_or(bad("two sizes"))?;
                Ok(Self::Wanted { old: size(old)?, new: size(new)? })
            }
            "old" => {
                let (old, path, note) = numbered(rest)?;
                Ok(Self::Offer { old, path, note: note.to_owned() })
            }
            "gap" => {
                let (index, path, rest) = numbered(rest)?;
                let (entry, note) = rest.split_once('\n').ok_or(bad("an entry before the note"))?;
                Ok(Self::Gap { index, path, entry: entry.to_owned(), note: note.to_owned() })
            }
            _ => Err(bad("`old`, `gap`, `latest`, `wanted` or `heard`")),
        }
    }
}

fn lines_of(path: &[TreeHash]) -> String {
    path.iter().map(|hash| format!("{}\n", BASE64.encode(hash.as_bytes()))).collect()
}

fn size(text: &str) -> Result<u64, BadMessage> {
    let number: u64 = text.parse().map_err(|_number| bad("a size"))?;
    if number.to_string() != text || number > i64::MAX.unsigned_abs() {
        return Err(bad("a size without sign or leading zeros"));
    }
    Ok(number)
}

fn hashes<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Vec<TreeHash>, BadMessage> {
    let mut path = Vec::new();
    for line in lines {
        let bytes = BASE64.decode(line).map_err(|_bad| bad("hashes in canonical base64"))?;
        let hash = bytes.try_into().map_err(|_length| bad("hashes of 32 bytes"))?;
        path.push(TreeHash::from_bytes(hash));
        if path.len() > MAX_PATH {
            return Err(bad("at most 63 hashes"));
        }
    }
    Ok(path)
}

/// A number, hashes, an empty line, and what follows.
fn numbered(rest: &str) -> Result<(u64, Vec<TreeHash>, &str), BadMessage> {
    let (head, rest) = rest.split_once("\n\n").ok_or(bad("an empty line behind the hashes"))?;
    let mut lines = head.split('\n');
    let number = size(lines.next().unwrap_or_default())?;
    Ok((number, hashes(lines)?, rest))
}

impl Reply {
    /// Whether it says that a proof does not hold or cannot be made. Any other refusal, such as that a disk failed, says nothing of it.
    #[must_use]
    pub fn denies_proof(&self) -> bool {
        matches!(self, Self::Refused { code } if code.starts_with("proof_"))
    }

    /// The bytes that travel.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Cosigned(line) => format!("cosigned\n{line}\n"),
            Self::Continues(path) => format!("continues\n{}", lines_of(path)),
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
            "continues" => {
                let lines = if rest.is_empty() { None } else { Some(line()?.split('\n')) };
                Ok(Self::Continues(hashes(lines.into_iter().flatten())?))
            }
            "refused" => {
                let code = line()?;
                let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
                if code.len() > MAX_CODE || !code.bytes().all(plain) {
                    return Err(bad("a code"));
                }
                Ok(Self::Refused { code: code.to_owned() })
            }
            _ => Err(bad("`cosigned`, `stands`, `continues` or `refused`")),
        }
    }
}

#[cfg(test)]
mod tests;
