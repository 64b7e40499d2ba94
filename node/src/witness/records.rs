//! The files of a witness: what it cosigned last of each log, and evidence against logs.

use std::path::Path;

use policies::Digest;
use query::snapshot::durable;

use super::{Desk, DeskError, Logs};
use crate::proof::checkpoint::{Checkpoint, Origin};
use crate::proof::note::{MAX_NOTE_BYTES, Note};
use crate::proof::witness::{Evidence, Witness};

/// Pairs of notes that are kept against one log: a member with a bad log could make any number.
pub(super) const MAX_EVIDENCE: usize = 16;
/// What a record's file name ends with.
pub(super) const RECORD: &str = "note";

impl Desk {
    /// Both notes, on disk for good; whether they were not there before. The first few of a log are proof enough.
    pub(super) fn keep(&self, evidence: &Evidence) -> bool {
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
}

pub(super) fn record_name(origin: &Origin) -> String {
    format!("{}.{RECORD}", Digest::of(origin.as_str().as_bytes()))
}

pub(super) fn restore(state: &mut Witness, path: &Path, logs: &Logs) -> Result<(), DeskError> {
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
