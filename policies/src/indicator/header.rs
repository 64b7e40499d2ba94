//! The head of an indicator's file: `-- key: value`, a line each.

use std::collections::{BTreeMap, BTreeSet};

use crate::problem::Problems;
use crate::protections::{Opinions, Word, read};
use crate::reader::{MAX_LABEL_CHARS, is_shown};
use crate::{DatasetId, Ident, IndicatorId, VariantName};

use super::YearColumn;

/// Most characters of `norm`, `source` and `note`.
const MAX_TEXT_CHARS: usize = 600;
/// Most variants of one kind.
const MAX_VARIANTS: usize = 16;
/// Keys that are no protection, in the order of messages.
const KEYS: [&str; 11] = [
    "id", "version", "dataset", "title_nl", "title_en", "norm", "source", "by", "window", "year",
    "note",
];

/// What the head says; what is missing was told.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) id: Option<IndicatorId>,
    pub(super) version: Option<u32>,
    pub(super) dataset: Option<DatasetId>,
    pub(super) title: BTreeMap<String, String>,
    pub(super) norm: Option<String>,
    pub(super) source: Option<String>,
    pub(super) by: Vec<VariantName>,
    pub(super) window: Vec<VariantName>,
    pub(super) year: Option<YearColumn>,
    pub(super) opinions: Opinions,
    seen: BTreeSet<String>,
}

impl Header {
    /// Takes one line of the head, which begins with `--` at this offset.
    pub(super) fn line(&mut self, line: &str, offset: usize, problems: &mut Problems<'_>) {
        let pair = line.strip_prefix("-- ").and_then(|rest| rest.split_once(": "));
        let Some((key, value)) = pair else {
            problems.at(offset, "a line of the head is `-- key: value`");
            return;
        };
        let value = value.trim_end();
        if key != "note" && !self.seen.insert(key.to_owned()) {
            problems.at(offset, format!("`{}` is in the head twice", short(key)));
            return;
        }
        if let Err(message) = self.take(key, value) {
            problems.at(offset, message);
        }
    }

    fn take(&mut self, key: &str, value: &str) -> Result<(), String> {
        let name = |error: crate::BadName| error.to_string();
        match key {
            "id" => self.id = Some(IndicatorId::new(value).map_err(name)?),
            "dataset" => self.dataset = Some(DatasetId::new(value).map_err(name)?),
            "version" => {
                let version = value
                    .parse()
                    .ok()
                    .filter(|version: &u32| *version >= 1 && version.to_string() == value);
                self.version = Some(version.ok_or("`version` counts from 1")?);
            }
            "title_nl" | "title_en" => {
                let title = text(key, value, MAX_LABEL_CHARS)?;
                self.title.insert(key.replace("title_", ""), title);
            }
            "norm" => self.norm = Some(text(key, value, MAX_TEXT_CHARS)?),
            "source" => self.source = Some(text(key, value, MAX_TEXT_CHARS)?),
            "note" => drop(text(key, value, MAX_TEXT_CHARS)?),
            "by" => self.by = variants(key, value)?,
            "year" => self.year = Some(year(value)?),
            "window" => {
                self.window = variants(key, value)?;
                let wrong = self.window.iter().find(|window| !is_window(window.as_str()));
                if let Some(window) = wrong {
                    return Err(format!(
                        "`{window}` is no window: write `all`, a year such as `2024`, or years such as `2022-2024`"
                    ));
                }
            }
            _ => self.protection(key, value)?,
        }
        Ok(())
    }

    fn protection(&mut self, key: &str, value: &str) -> Result<(), String> {
        match Word::of(key) {
            Some(Word::Own) => {
                Err("`own` is for a hospital's own rules, not for an indicator".to_owned())
            }
            Some(word) => {
                read(word, value, &mut self.opinions).map_err(|told| told.replace('@', ""))
            }
            None => {
                let words = Word::ALL.iter().filter(|word| **word != Word::Own);
                let known: Vec<_> =
                    KEYS.into_iter().chain(words.map(|word| word.as_str())).collect();
                Err(format!(
                    "`{}` is not a key of the head: known are {}",
                    short(key),
                    known.join(", ")
                ))
            }
        }
    }

    /// Says what is missing.
    pub(super) fn finish(&self, problems: &mut Problems<'_>) {
        for key in ["id", "version", "dataset", "source"] {
            if !self.seen.contains(key) {
                problems.at(0, format!("`{key}` is missing from the head: write `-- {key}: ...`"));
            }
        }
        if !["title_nl", "title_en"].iter().any(|key| self.seen.contains(*key)) {
            problems.at(0, "the head needs `title_nl` or `title_en`");
        }
    }
}

fn variants(key: &str, value: &str) -> Result<Vec<VariantName>, String> {
    let mut found = Vec::new();
    for name in value.split(", ") {
        let name = VariantName::new(name).map_err(|error| error.to_string())?;
        if found.contains(&name) {
            return Err(format!("`{name}` is in `{key}` twice"));
        }
        found.push(name);
    }
    if found.len() > MAX_VARIANTS {
        return Err(format!("`{key}` has {} variants, at most {MAX_VARIANTS}", found.len()));
    }
    Ok(found)
}

fn year(value: &str) -> Result<YearColumn, String> {
    let named = value.split_once('.').and_then(|(table, column)| {
        Some(YearColumn { table: Ident::new(table).ok()?, column: Ident::new(column).ok()? })
    });
    named.ok_or_else(|| "`year` is a column, as TABLE.COLUMN".to_owned())
}

/// `all`, a year, or the first and last of several.
fn is_window(name: &str) -> bool {
    let year = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    match name.split_once('-') {
        Some((first, last)) => year(first) && year(last) && first < last,
        None => name == "all" || year(name),
    }
}

fn text(key: &str, value: &str, most: usize) -> Result<String, String> {
    let good = !value.trim().is_empty() && value.chars().count() <= most && is_shown(value);
    if good {
        return Ok(value.to_owned());
    }
    Err(format!("`{key}` is one line of 1 to {most} visible characters"))
}

fn short(text: &str) -> String {
    text.chars().take(40).filter(|c| !c.is_control()).collect()
}
