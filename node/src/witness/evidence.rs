//! Evidence against logs: pairs of notes that a witness keeps for good, and which of them its own log holds.
//!
//! A file is `.unlogged` until the log of this node holds its pair, and `.evidence` from then on; whatever ends the node between
//! the two, the next start logs it, at worst a second time. Nothing is ever removed here.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use policies::Digest;
use query::snapshot::durable;

use super::Desk;
use crate::proof::note::MAX_NOTE_BYTES;
use crate::proof::witness::{Conflict, Evidence};

/// Pairs of notes that are kept against one log, beside those of its gaps: a member with a bad log could make any number.
pub(super) const MAX_EVIDENCE: usize = 16;
/// What the name of evidence ends with.
const EVIDENCE: &str = "evidence";
/// The same before it is in the log.
const UNLOGGED: &str = "unlogged";

/// What became of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is on disk for good, and has to be logged.
    Fresh,
    /// It is logged or on its way there, or there is enough against this log.
    Enough,
    /// The disk failed.
    Failed,
}

impl Desk {
    /// Puts both notes on disk for good. The first few against a log are proof enough, whatever its origins. For one at a time.
    pub(super) fn keep(&self, evidence: &Evidence) -> Kept {
        let text = text_of(evidence);
        for path in self.places(evidence) {
            let kept = match known(&path) {
                Ok(None) => durable::replace(&path.with_extension(UNLOGGED), text.as_bytes())
                    .map(|()| self.begin(&path)),
                Ok(Some((known, _))) if known != text.as_bytes() => continue,
                Ok(Some((_, true))) => Ok(false),
                Ok(Some((_, false))) => Ok(self.begin(&path)),
                Err(error) => Err(error),
            };
            return match kept {
                Ok(true) => Kept::Fresh,
                Ok(false) => Kept::Enough,
                Err(error) => {
                    tracing::error!(%error, "evidence against a log cannot be kept");
                    Kept::Failed
                }
            };
        }
        Kept::Enough
    }

    /// Takes whether evidence is in the log of this node; if not, it is given out again when it is seen again.
    pub fn logged(&self, evidence: &Evidence, done: bool) {
        // So that nothing is kept while a file changes its name.
        let _state = self.state();
        let text = text_of(evidence);
        let same = |path: &PathBuf| matches!(known(path), Ok(Some((known, false))) if known == text.as_bytes());
        let Some(path) = self.places(evidence).into_iter().find(same) else { return };
        if done {
            let renamed = std::fs::rename(path.with_extension(UNLOGGED), &path)
                .and_then(|()| durable::sync_folder_of(&path));
            if let Err(error) = renamed {
                // It is not given out again in this run.
                tracing::error!(%error, "evidence is logged, and the next start logs it again");
                return;
            }
        }
        self.logging.lock().unwrap_or_else(PoisonError::into_inner).remove(&path);
    }

    /// The evidence that an earlier run did not log. What cannot be read stays where it is, and is said.
    #[must_use]
    pub fn unlogged(&self) -> Vec<Evidence> {
        let _state = self.state();
        let files =
            std::fs::read_dir(&self.folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let files = files.inspect_err(|error| tracing::error!(%error, "evidence cannot be listed"));
        let mut found = Vec::new();
        for file in files.unwrap_or_default() {
            let path = file.path();
            if path.extension().is_none_or(|extension| extension != UNLOGGED) {
                continue;
            }
            match self.read(&path) {
                Some(evidence) if self.begin(&path.with_extension(EVIDENCE)) => {
                    found.push(evidence)
                }
                Some(_) => {}
                None => {
                    tracing::error!(path = %path.display(), "not evidence against a member's log")
                }
            }
        }
        found
    }

    fn read(&self, path: &Path) -> Option<Evidence> {
        let most = (2 * MAX_NOTE_BYTES + 64) as u64;
        if std::fs::metadata(path).ok()?.len() > most {
            return None;
        }
        let text = std::fs::read_to_string(path).ok()?;
        let parts: Vec<&str> = text.split("\n\n").collect();
        let [code, stated, signed, beside, by] = parts.as_slice() else { return None };
        let kind = Conflict::of_code(code)?;
        let (cosigned, _) = self.open_any(&format!("{stated}\n\n{signed}\n"))?;
        let (offered, _) = self.open_any(&format!("{beside}\n\n{by}"))?;
        let evidence = Evidence { kind, cosigned, offered };
        (text_of(&evidence) == text).then_some(evidence)
    }

    /// Whether evidence is not on its way into the log already; it is then.
    fn begin(&self, path: &Path) -> bool {
        self.logging.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned())
    }

    /// The files that evidence may be in. A gap has its own, so that other evidence cannot keep it out.
    fn places(&self, evidence: &Evidence) -> Vec<PathBuf> {
        let origin = &evidence.offered.checkpoint().origin;
        let log = Digest::of(origin.log().as_bytes());
        let path = |name: String| self.folder.join(format!("{log}.{name}.{EVIDENCE}"));
        match evidence.kind {
            Conflict::Gap => vec![path(format!("gap{}", origin.gaps()))],
            Conflict::Fork | Conflict::Smaller | Conflict::NotProved | Conflict::OlderOrigin => {
                (0..MAX_EVIDENCE).map(|number| path(number.to_string())).collect()
            }
        }
    }
}

/// What is in a file of evidence, and whether it is logged.
fn known(path: &Path) -> std::io::Result<Option<(Vec<u8>, bool)>> {
    for (path, logged) in [(path, true), (&path.with_extension(UNLOGGED), false)] {
        match std::fs::read(path) {
            Ok(bytes) => return Ok(Some((bytes, logged))),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn text_of(evidence: &Evidence) -> String {
    let Evidence { kind, cosigned, offered } = evidence;
    format!("{}\n\n{}\n{}", kind.code(), cosigned.note(), offered.note())
}
