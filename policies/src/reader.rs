//! Reads the tables of a TOML file field by field, and keeps going after a problem.
//!
//! serde stops at the first field that is wrong; the person who writes the file wants all of them. A field that
//! nobody asked for is a problem too, as with `deny_unknown_fields`. What the values mean is not checked here.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::UnixTime;
use crate::dsse::PublicKey;
use crate::problem::Problems;

mod values;

pub(crate) use values::{integer, is_shown, table, text, wrong_type};
use values::{label, wrong_moment};

/// Most bytes of one file of a charter.
pub(crate) const MAX_FILE_BYTES: usize = 1024 * 1024;
/// Most characters of a title, name or unit: they are shown in one line.
pub(crate) const MAX_LABEL_CHARS: usize = 200;

/// A value and the byte offset where it stands.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    pub(crate) offset: usize,
    pub(crate) value: T,
}

/// The fields of one table.
#[derive(Debug)]
pub(crate) struct Fields<'d> {
    what: String,
    offset: usize,
    table: &'d DeTable<'d>,
    asked: Vec<&'static str>,
}

/// Reads a whole file; `None` when its text is no TOML, which is then reported.
pub(crate) fn document<T>(
    text: &str,
    problems: &mut Problems<'_>,
    read: impl FnOnce(Fields<'_>, &mut Problems<'_>) -> Option<T>,
) -> Option<T> {
    if text.len() > MAX_FILE_BYTES {
        problems
            .add(format!("the file has {} bytes, at most {MAX_FILE_BYTES} are read", text.len()));
        return None;
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let offset = error.span().map_or(0, |span| span.start);
        problems.at(offset, format!("not TOML: {}", error.message().replace('\n', ", ")));
    }
    if !errors.is_empty() {
        return None;
    }
    read(Fields::new("the file", 0, table.get_ref()), problems)
}

impl<'d> Fields<'d> {
    fn new(what: impl Into<String>, offset: usize, table: &'d DeTable<'d>) -> Self {
        Self { what: what.into(), offset, table, asked: Vec::new() }
    }

    /// Where the table stands.
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// The field, if it is there.
    pub(crate) fn get(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.table.get(key)
    }

    /// The field, whose absence is a problem.
    pub(crate) fn need(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<&'d Spanned<DeValue<'d>>> {
        let value = self.get(key);
        if value.is_none() {
            problems.at(self.offset, format!("`{key}` is missing from {}", self.what));
        }
        value
    }

    /// A text that must be there.
    pub(crate) fn text(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<At<&'d str>> {
        let value = self.need(key, problems)?;
        text(key, value, problems)
    }

    /// A text that may be absent.
    pub(crate) fn maybe_text(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<At<&'d str>> {
        let value = self.get(key)?;
        text(key, value, problems)
    }

    /// A text of a checked type that must be there.
    pub(crate) fn name<T>(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<At<T>>
    where
        T: FromStr<Err: Display>,
    {
        let found = self.text(key, problems)?;
        let value = problems.take(found.offset, found.value.parse())?;
        Some(At { offset: found.offset, value })
    }

    /// A text in one line that a person reads: not empty, not long, no control characters.
    pub(crate) fn label(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<String> {
        let found = self.text(key, problems)?;
        label(key, &found, problems)
    }

    /// A whole number that must be there.
    pub(crate) fn integer(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<At<i64>> {
        let value = self.need(key, problems)?;
        integer(key, value, problems)
    }

    /// A whole number that may be absent.
    pub(crate) fn maybe_integer(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<At<i64>> {
        let value = self.get(key)?;
        integer(key, value, problems)
    }

    /// `true` or `false`; absent is `false`.
    pub(crate) fn flag(&mut self, key: &'static str, problems: &mut Problems<'_>) -> bool {
        let Some(value) = self.get(key) else {
            return false;
        };
        value.get_ref().as_bool().unwrap_or_else(|| {
            problems.at(value.span().start, wrong_type(key, "true or false", value));
            false
        })
    }

    /// A moment with its offset from UTC.
    pub(crate) fn maybe_moment(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<At<UnixTime>> {
        let value = self.get(key)?;
        let offset = value.span().start;
        let parsed = value
            .get_ref()
            .as_datetime()
            .and_then(|moment| chrono::DateTime::parse_from_rfc3339(&moment.to_string()).ok());
        if let Some(moment) = parsed {
            return Some(At { offset, value: UnixTime(moment.timestamp()) });
        }
        problems.at(offset, wrong_moment(key, value));
        None
    }

    /// A moment that must be there.
    pub(crate) fn moment(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<At<UnixTime>> {
        if self.table.get(key).is_none() {
            self.need(key, problems)?;
        }
        self.maybe_moment(key, problems)
    }

    /// `valid_from` and `valid_until`, each optional.
    pub(crate) fn validity(
        &mut self,
        problems: &mut Problems<'_>,
    ) -> (Option<UnixTime>, Option<UnixTime>) {
        let from = self.maybe_moment("valid_from", problems);
        let until = self.maybe_moment("valid_until", problems);
        if let (Some(from), Some(until)) = (&from, &until)
            && from.value >= until.value
        {
            problems.at(until.offset, "`valid_until` must be later than `valid_from`");
        }
        (from.map(|at| at.value), until.map(|at| at.value))
    }

    /// A public key in hexadecimal digits.
    pub(crate) fn key(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<At<PublicKey>> {
        let found = self.text(key, problems)?;
        let value = problems.take(found.offset, PublicKey::from_hex(found.value))?;
        Some(At { offset: found.offset, value })
    }

    /// A table that must be there.
    pub(crate) fn table(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<Self> {
        let value = self.need(key, problems)?;
        table(key, value, problems)
    }

    /// A list of tables; absent is empty.
    pub(crate) fn tables(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Vec<Self> {
        let items = self.list(key, problems);
        items.into_iter().filter_map(|item| table(key, item, problems)).collect()
    }

    /// A list; absent is empty.
    pub(crate) fn list(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Vec<&'d Spanned<DeValue<'d>>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let Some(items) = value.get_ref().as_array() else {
            problems.at(value.span().start, wrong_type(key, "a list", value));
            return Vec::new();
        };
        items.iter().collect()
    }

    /// A list of texts of a checked type; absent is empty, a repeated one a problem.
    pub(crate) fn names<T>(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Vec<T>
    where
        T: FromStr<Err: Display> + PartialEq,
    {
        let mut found: Vec<T> = Vec::new();
        for item in self.list(key, problems) {
            let Some(At { offset, value }) = text(key, item, problems) else {
                continue;
            };
            let Some(name) = problems.take(offset, value.parse::<T>()) else {
                continue;
            };
            if found.contains(&name) {
                problems.at(offset, format!("`{value}` is in `{key}` twice"));
            }
            found.push(name);
        }
        found
    }

    /// Titles per language: `nl`, `en`, at least one where the table is there.
    pub(crate) fn titles(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> BTreeMap<String, String> {
        let Some(value) = self.get(key) else {
            return BTreeMap::new();
        };
        let Some(mut fields) = table(key, value, problems) else {
            return BTreeMap::new();
        };
        let found = fields.languages(problems);
        if found.is_empty() {
            problems.at(fields.offset, format!("`{key}` needs `nl` or `en`"));
        }
        fields.finish(problems);
        found
    }

    /// The fields `nl` and `en` of this table.
    pub(crate) fn languages(&mut self, problems: &mut Problems<'_>) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for language in ["nl", "en"] {
            let Some(text) = self.maybe_text(language, problems) else {
                continue;
            };
            if let Some(label) = label(language, &text, problems) {
                found.insert(language.to_owned(), label);
            }
        }
        found
    }

    /// Every entry of a table whose keys are names of the person's own.
    pub(crate) fn entries(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Vec<(At<&'d str>, Self)> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let Some(outer) = table(key, value, problems) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (name, value) in outer.table {
            let Some(inner) = table(name.get_ref(), value, problems) else {
                continue;
            };
            found.push((At { offset: name.span().start, value: name.get_ref().as_ref() }, inner));
        }
        found
    }

    /// Ends the reading: every field that nobody asked for is a problem.
    pub(crate) fn finish(self, problems: &mut Problems<'_>) {
        for key in self.table.keys() {
            if !self.asked.iter().any(|asked| *asked == key.get_ref().as_ref()) {
                let known = self.asked.join(", ");
                let got: String = key.get_ref().chars().take(80).collect();
                let message =
                    format!("`{got}` is not a field of {}; its fields are {known}", self.what);
                problems.at(key.span().start, message);
            }
        }
    }
}
