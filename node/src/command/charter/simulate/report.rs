//! What is printed: a block for each question for which something changes, and the totals.

use std::collections::BTreeMap;

use policies::replay::{self, AtDoor, Change, Difference, Reason, What};
use policies::{Charter, UnixTime};
use serde::Serialize;

use super::form::Form;
use super::sides::Sides;
use super::tally::{Changed, Count, Found, Row};
use crate::cli::Format;
use crate::command::print;
use crate::language::Language;

mod totals;

/// One change of one question.
#[derive(Debug, Serialize)]
struct Told {
    /// `denied`, `allowed`, `otherwise`, `paused` or `let_in`.
    change: &'static str,
    /// `profile`, `status`, `norm`, or the word of a protection.
    #[serde(skip_serializing_if = "Option::is_none")]
    word: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stricter: Option<bool>,
    /// `at_once`, or `after_notice`.
    when: &'static str,
    /// Why the one of both that refuses does so.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    en: String,
    nl: String,
}

#[derive(Serialize)]
struct Item {
    asked: u64,
    first: String,
    last: String,
    question: Form,
    changes: Vec<Told>,
}

#[derive(Serialize)]
struct Side {
    network: String,
    version: u64,
    valid_from: String,
    notice_s: i64,
}

#[derive(Serialize)]
struct Document<'f> {
    against: Side,
    draft: Side,
    begins: String,
    alone_from: String,
    questions: Vec<Item>,
    replayed: Count,
    changed: Count,
    refused: &'f BTreeMap<&'static str, Count>,
    not_replayed: &'f BTreeMap<&'static str, u64>,
}

/// Prints what was found.
pub(super) fn print(
    found: &Found,
    sides: &Sides,
    (format, language): (Format, Language),
) -> anyhow::Result<()> {
    match format {
        Format::Table => table(found, sides, language),
        Format::Csv => {
            print::line(csv(found)?.trim_end());
            totals::lines(found, language).into_iter().for_each(print::note);
        }
        Format::Json => {
            let document = Document {
                against: side(&sides.old),
                draft: side(&sides.draft),
                begins: sides.begins.to_string(),
                alone_from: sides.alone_from().to_string(),
                questions: found.rows.iter().map(item).collect(),
                replayed: found.replayed,
                changed: found.changed,
                refused: &found.refused,
                not_replayed: &found.not_replayed,
            };
            print::line(serde_json::to_string(&document)?);
        }
    }
    Ok(())
}

fn side(charter: &Charter) -> Side {
    Side {
        network: charter.network().to_string(),
        version: charter.version(),
        valid_from: charter.valid_from().to_string(),
        notice_s: charter.notice_s(),
    }
}

fn item(row: &Row) -> Item {
    Item {
        asked: row.asked,
        first: row.first.to_string(),
        last: row.last.to_string(),
        question: Form::of(&row.question, &row.touched),
        changes: told(&row.changed),
    }
}

/// Every change of a question, in the order of its lines.
fn told(changed: &Changed) -> Vec<Told> {
    match changed {
        Changed::Whole(change) => {
            let lines = |language| change.lines(language).into_iter();
            let both = lines(replay::Language::English).zip(lines(replay::Language::Dutch));
            parts(change)
                .into_iter()
                .zip(both)
                .map(|(one, (en, nl))| Told { en, nl, ..one })
                .collect()
        }
        Changed::AtDoor(change) => {
            let line = |language| change.line(language).unwrap_or_default();
            let (en, nl) = (line(replay::Language::English), line(replay::Language::Dutch));
            match change {
                AtDoor::Refused(_) | AtDoor::Inside => Vec::new(),
                AtDoor::LetIn { was, waits } => {
                    vec![Told { en, nl, ..refused("let_in", *waits, was) }]
                }
            }
        }
    }
}

fn parts(change: &Change) -> Vec<Told> {
    let mut parts = match &change.what {
        What::Same | What::Unknown(_) => Vec::new(),
        What::Denied(reason) => vec![refused("denied", false, reason)],
        What::Allowed { was, granted, waits } => {
            let to = Some(granted.profile.as_str().to_owned());
            vec![Told { to, ..refused("allowed", *waits, was) }]
        }
        What::Otherwise(found) => found.iter().map(otherwise).collect(),
    };
    parts.extend(change.pause.as_ref().map(|reason| refused("paused", false, reason)));
    parts
}

fn otherwise(difference: &Difference) -> Told {
    let Difference { word, from, to, stricter, waits } = difference.clone();
    Told { word: Some(word), from, to, stricter, ..bare("otherwise", waits) }
}

fn refused(change: &'static str, waits: bool, reason: &Reason) -> Told {
    Told { code: Some(reason.code), rule: reason.rule.clone(), ..bare(change, waits) }
}

fn bare(change: &'static str, waits: bool) -> Told {
    let when = if waits { "after_notice" } else { "at_once" };
    let (word, from, to, stricter, code, rule) = Default::default();
    let (en, nl) = Default::default();
    Told { change, word, from, to, stricter, when, code, rule, en, nl }
}

fn table(found: &Found, sides: &Sides, language: Language) {
    heading(sides, language).into_iter().for_each(print::line);
    for row in &found.rows {
        print::line("");
        print::line(title(row));
        for told in told(&row.changed) {
            let text = match language {
                Language::En => told.en,
                Language::Nl => told.nl,
            };
            print::line(format!("    {text}"));
        }
    }
    print::line("");
    totals::lines(found, language).into_iter().for_each(print::line);
}

fn heading(sides: &Sides, language: Language) -> Vec<String> {
    let Sides { old, draft, begins, .. } = sides;
    let (network, from, to) = (draft.network(), old.version(), draft.version());
    let alone = sides.alone_from();
    vec![match language {
        Language::En => format!(
            "{network}: version {from} in force, draft of version {to}; it begins {begins} and holds alone from {alone}"
        ),
        Language::Nl => format!(
            "{network}: versie {from} geldt, ontwerp van versie {to}; het begint {begins} en geldt alleen vanaf {alone}"
        ),
    }]
}

/// Who asked what, how often, in a line.
fn title(row: &Row) -> String {
    let ask = &row.question.ask;
    let mut words = vec![format!("{}x", row.asked), day(row.first)];
    if day(row.first) != day(row.last) {
        words.push(format!(".. {}", day(row.last)));
    }
    words.extend([ask.person.to_string(), ask.purpose.to_string()]);
    words.extend(ask.group.as_ref().map(ToString::to_string));
    words.push(ask.dataset.to_string());
    words.push(format!("{}:", row.question.digest.map(|one| one.short()).unwrap_or_default()));
    words.push(subject(row));
    words.join(" ")
}

/// The indicator, or the first line of the text.
fn subject(row: &Row) -> String {
    let Some(named) = &row.question.ask.indicator else { return row.question.text.clone() };
    let variant = named.by.iter().chain(&named.window).map(ToString::to_string);
    let variant: Vec<String> = variant.collect();
    format!("{} {} {}", named.id, named.version, variant.join(" ")).trim_end().to_owned()
}

fn day(at: UnixTime) -> String {
    at.to_string().chars().take(10).collect()
}

const COLUMNS: [&str; 20] = [
    "asked",
    "first",
    "last",
    "digest",
    "person",
    "asking_node",
    "purpose",
    "group",
    "dataset",
    "question",
    "change",
    "word",
    "from",
    "to",
    "stricter",
    "when",
    "code",
    "rule",
    "en",
    "nl",
];

/// A row for each change; texts are no formulas.
fn csv(found: &Found) -> anyhow::Result<String> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(COLUMNS)?;
    for row in &found.rows {
        let ask = &row.question.ask;
        for told in told(&row.changed) {
            let text = |text: Option<String>| text.unwrap_or_default();
            let record = [
                row.asked.to_string(),
                row.first.to_string(),
                row.last.to_string(),
                text(row.question.digest.map(|digest| digest.to_string())),
                ask.person.to_string(),
                ask.asking_node.to_string(),
                ask.purpose.to_string(),
                text(ask.group.as_ref().map(ToString::to_string)),
                ask.dataset.to_string(),
                subject(row),
                told.change.to_owned(),
                told.word.unwrap_or_default().to_owned(),
                text(told.from),
                text(told.to),
                text(told.stricter.map(|stricter| stricter.to_string())),
                told.when.to_owned(),
                told.code.unwrap_or_default().to_owned(),
                text(told.rule),
                told.en,
                told.nl,
            ];
            csv.write_record(record.map(crate::command::audit::no_formula))?;
        }
    }
    Ok(String::from_utf8(csv.into_inner()?)?)
}
