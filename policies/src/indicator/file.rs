//! Reads `indicators/ID.sql`: every problem of the file at once.
//!
//! A line of the text may end in `-- by NAME, NAME` or `-- window NAME`: then only these variants have it. No other comment
//! is taken, so that a misspelt one does not leave its line in every variant, and none begins in a line of one variant and
//! ends in a line of all. Their marks, and `;`, are refused wherever they stand, in quotes too.

use std::collections::BTreeMap;

use crate::problem::{Problem, Problems};
use crate::reader::is_shown;
use crate::wire::MAX_SQL_BYTES;
use crate::{Digest, VariantName};

use super::header::Header;
use super::{Indicator, Line, Only};

/// Most bytes of an indicator's file: its text in several variants, and its head.
const MAX_INDICATOR_BYTES: usize = 64 * 1024;
/// What is said to a comment that names no variants.
const OTHER_COMMENT: &str = "a comment in the text is `-- by NAME` or `-- window NAME`, of variants; write notes as `-- note: ...` in the head";

/// Reads and checks an indicator's file by itself; what it names is compared with the charter elsewhere.
///
/// # Errors
/// Every problem.
pub fn parse(path: &str, text: &str) -> Result<Indicator, Vec<Problem>> {
    let mut problems = Problems::new(path, text);
    let found = read(text, &mut problems).filter(|_| problems.is_empty());
    found.ok_or_else(|| problems.into_vec())
}

fn read(text: &str, problems: &mut Problems<'_>) -> Option<Indicator> {
    if text.len() > MAX_INDICATOR_BYTES {
        let got = text.len();
        problems.add(format!("the file has {got} bytes, at most {MAX_INDICATOR_BYTES} are read"));
        return None;
    }
    let mut header = Header::default();
    let mut body: Vec<(usize, &str)> = Vec::new();
    let mut offset = 0;
    for line in text.split('\n') {
        if !is_shown(line) {
            problems.at(offset, "a line has visible characters and spaces only, and ends in \\n");
        } else if body.is_empty() && line.starts_with("--") {
            header.line(line, offset, problems);
        } else if !(body.is_empty() && line.trim().is_empty()) {
            body.push((offset, line));
        }
        offset = offset.saturating_add(line.len()).saturating_add(1);
    }
    while body.last().is_some_and(|(_, line)| line.trim().is_empty()) {
        body.pop();
    }
    header.finish(problems);
    let mut lines: Vec<Line> = Vec::with_capacity(body.len());
    for (at, line) in body {
        let Some(line) = tagged(line, at, &header, problems) else { continue };
        if line.text.contains(';') {
            problems.at(at, "the text is one statement, without `;`");
        }
        if line.text.contains("/*") || line.text.contains("*/") {
            problems.at(at, OTHER_COMMENT);
        }
        lines.push(line);
    }
    let Header { id, version, dataset, title, norm, source, by, window, year, opinions, .. } =
        header;
    let indicator = Indicator {
        id: id?,
        version: version?,
        dataset: dataset?,
        title,
        norm,
        source: source?,
        by,
        window,
        year,
        opinions,
        digest: Digest::of(text.as_bytes()),
        lines,
    };
    if problems.is_empty() {
        distinct(&indicator, problems);
    }
    Some(indicator)
}

/// A line of the text, without what says which variants have it.
fn tagged(line: &str, at: usize, header: &Header, problems: &mut Problems<'_>) -> Option<Line> {
    let Some((text, tag)) = line.split_once("--") else {
        return Some(Line { text: line.trim_end().to_owned(), only: None });
    };
    let text = text.trim_end().to_owned();
    let (which, names) = tag.trim().split_once(' ').unwrap_or((tag.trim(), ""));
    let known = match which {
        "by" => &header.by,
        "window" => &header.window,
        _ => {
            problems.at(at, OTHER_COMMENT);
            return None;
        }
    };
    let names: Vec<VariantName> =
        names.split(',').filter_map(|name| VariantName::new(name.trim()).ok()).collect();
    let unknown = names.is_empty() || names.iter().any(|name| !known.contains(name));
    if unknown || tag.matches(',').count().saturating_add(1) != names.len() {
        let known: Vec<_> = known.iter().map(VariantName::as_str).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        problems.at(
            at,
            format!("`-- {which}` names variants of the head's `{which}`, which are {known}"),
        );
        return None;
    }
    let only = if which == "by" { Only::By(names) } else { Only::Window(names) };
    Some(Line { text, only: Some(only) })
}

/// Every variant has a text of its own that can be asked.
fn distinct(indicator: &Indicator, problems: &mut Problems<'_>) {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for (by, window) in indicator.variants() {
        let names = [by, window].into_iter().flatten().map(VariantName::as_str);
        let names = names.collect::<Vec<_>>().join(" ");
        let text = indicator.kept(by, window);
        if text.trim().is_empty() {
            problems.add(format!("variant `{names}` has no text"));
        } else if text.len() > MAX_SQL_BYTES {
            problems.add(format!(
                "variant `{names}` has {} bytes, at most {MAX_SQL_BYTES} are read",
                text.len()
            ));
        }
        if let Some(other) = texts.insert(text, names.clone()) {
            problems.add(format!("variants `{other}` and `{names}` have the same text"));
            return;
        }
    }
}
