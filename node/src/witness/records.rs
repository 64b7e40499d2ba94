//! The records of a witness: what it cosigned last of each log.

use std::path::Path;

use policies::Digest;

use super::{DeskError, Logs};
use crate::proof::checkpoint::{Checkpoint, Origin};
use crate::proof::note::{MAX_NOTE_BYTES, Note};
use crate::proof::witness::Witness;

/// What a record's file name ends with.
pub(super) const RECORD: &str = "note";

/// The file of a log's record: one, whatever its origin.
pub(super) fn record_name(origin: &Origin) -> String {
    format!("{}.{RECORD}", Digest::of(origin.log().as_bytes()))
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
