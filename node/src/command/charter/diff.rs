//! `kring charter diff`: what changes between two charters, grouped.

use std::path::Path;

use policies::compare::{self, Change, Moved, Part, Subject, What};
use serde::Serialize;

use super::folder::{self, Opened};
use crate::cli::charter::DiffFormat;
use crate::command::{Exit, print};
use crate::language::Language;

/// A charter of the two.
#[derive(Serialize)]
struct Side {
    network: String,
    version: u64,
    digest: Option<String>,
}

#[derive(Serialize)]
struct Told<'c> {
    part: Part,
    subject: &'c Subject,
    what: &'c What,
    moved: &'c Moved,
    en: String,
    nl: String,
}

#[derive(Serialize)]
struct Document<'c> {
    from: Side,
    to: Side,
    changes: Vec<Told<'c>>,
}

/// Compares and prints.
pub(crate) fn run(
    (old, new): (&Path, &Path),
    format: DiffFormat,
    language: Language,
) -> anyhow::Result<Exit> {
    let (old, new) = (folder::open(old)?, folder::open(new)?);
    let changes = compare::between(&old.charter, &new.charter);
    match format {
        DiffFormat::Text => lines(&changes, language).into_iter().for_each(print::line),
        DiffFormat::Json => {
            let changes = changes.iter().map(told).collect();
            let document = Document { from: side(&old), to: side(&new), changes };
            print::line(serde_json::to_string(&document)?);
        }
    }
    Ok(Exit::Done)
}

fn side(opened: &Opened) -> Side {
    Side {
        network: opened.charter.network().to_string(),
        version: opened.charter.version(),
        digest: opened.envelope.as_ref().map(|envelope| envelope.digest().to_string()),
    }
}

fn told(change: &Change) -> Told<'_> {
    let Change { subject, what, moved } = change;
    let (en, nl) = (change.english(), change.dutch());
    Told { part: subject.part(), subject, what, moved, en, nl }
}

/// The changes as people read them: part by part, a sentence each.
pub(super) fn lines(changes: &[Change], language: Language) -> Vec<String> {
    let mut lines = Vec::new();
    let mut heading = None;
    for change in changes {
        let part = change.subject.part();
        if heading != Some(part) {
            heading = Some(part);
            lines.push(match language {
                Language::En => part.english().to_owned(),
                Language::Nl => part.dutch().to_owned(),
            });
        }
        let sentence = match language {
            Language::En => change.english(),
            Language::Nl => change.dutch(),
        };
        lines.push(format!("  {sentence}"));
    }
    if lines.is_empty() {
        lines.push(match language {
            Language::En => "Nothing changes.".to_owned(),
            Language::Nl => "Er verandert niets.".to_owned(),
        });
    }
    lines
}
