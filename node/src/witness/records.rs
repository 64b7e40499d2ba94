//! The files of a witness: what it cosigned last of each log, and evidence against logs.

use std::path::Path;

use policies::Digest;
use query::snapshot::durable;

use super::{Desk, DeskError, Logs};
use crate::proof::checkpoint::{Checkpoint, Origin};
use crate::proof::note::{MAX_NOTE_BYTES, Note};
use crate::proof::witness::{Conflict, Evidence, Witness};

/// Pairs of notes that are kept against one log, beside those of its gaps: a member with a bad log could make any number.
pub(super) const MAX_EVIDENCE: usize = 16;
/// What a record's file name ends with.
pub(super) const RECORD: &str = "note";

/// What became of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is on disk for good, and was not before.
    Fresh,
    /// It was on disk before, or there is enough against this log.
    Enough,
    /// The disk failed.
    Failed,
}

impl Desk {
    /// Puts both notes on disk for good. The first few against a log are proof enough, whatever its origins.
    pub(super) fn keep(&self, evidence: &Evidence) -> Kept {
        let text = text_of(evidence);
        for name in names_of(evidence) {
            let path = self.folder.join(name);
            match std::fs::read(&path) {
                Ok(known) if known == text.as_bytes() => return Kept::Enough,
                Ok(_other) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    return match durable::replace(&path, text.as_bytes()) {
                        Ok(()) => Kept::Fresh,
                        Err(error) => failed(&error),
                    };
                }
                Err(error) => return failed(&error),
            }
        }
        Kept::Enough
    }
}

fn failed(error: &std::io::Error) -> Kept {
    tracing::error!(%error, "evidence against a log cannot be kept");
    Kept::Failed
}

fn text_of(evidence: &Evidence) -> String {
    let Evidence { kind, cosigned, offered } = evidence;
    format!("{}\n\n{}\n{}", kind.code(), cosigned.note(), offered.note())
}

/// The files that evidence may be in. A gap has its own, so that other evidence cannot keep it out.
fn names_of(evidence: &Evidence) -> Vec<String> {
    let origin = &evidence.offered.checkpoint().origin;
    let log = Digest::of(origin.log().as_bytes());
    match evidence.kind {
        Conflict::Gap => vec![format!("{log}.gap{}.evidence", origin.gaps())],
        Conflict::Fork | Conflict::Smaller | Conflict::NotProved | Conflict::OlderOrigin => {
            (0..MAX_EVIDENCE).map(|number| format!("{log}.{number}.evidence")).collect()
        }
    }
}

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
