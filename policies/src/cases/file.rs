//! Reads `tests/*.toml`: every problem of every case, with its line.

use std::collections::{BTreeMap, BTreeSet};

use crate::footprint::{HospitalUse, Shows};
use crate::problem::{Problem, Problems, line_of};
use crate::protections::{self, Opinions, Word};
use crate::reader::{self, Fields, document};
use crate::wire::MAX_SQL_BYTES;
use crate::{DatasetId, GroupId, IndicatorId, PersonId, Profile, Purpose, VariantName};

use super::words::{self, Words};
use super::{AskedIndicator, Case, Expect, MAX_CASES, Touches};

/// Most words of one list: as many as a wide question has columns.
const MAX_WORDS: usize = 256;

/// Reads the cases of all files, in order; a name is used once in all of them.
pub(crate) fn read<'f>(
    files: &'f BTreeMap<String, String>,
    paths: impl Iterator<Item = &'f str>,
    found: &mut Vec<Problem>,
) -> Vec<Case> {
    let mut all: Vec<Case> = Vec::new();
    for path in paths {
        let Some(text) = files.get(path) else { continue };
        let mut problems = Problems::new(path, text);
        let file = File { path, text };
        let cases =
            document(text, &mut problems, |fields, problems| Some(file.cases(fields, problems)));
        for (offset, case) in cases.unwrap_or_default() {
            if let Some(first) = all.iter().find(|known| known.name == case.name) {
                let message =
                    format!("a case of this name stands in {}:{}", first.file, first.line);
                problems.at(offset, message);
            }
            all.push(case);
        }
        if all.len() > MAX_CASES {
            problems.add(format!("the charter has more than {MAX_CASES} cases"));
        }
        found.extend(problems.into_vec());
    }
    all
}

struct File<'f> {
    path: &'f str,
    text: &'f str,
}

impl File<'_> {
    fn cases(&self, mut fields: Fields<'_>, problems: &mut Problems<'_>) -> Vec<(usize, Case)> {
        let found = fields.tables("cases", problems);
        fields.finish(problems);
        let mut cases = Vec::new();
        for mut fields in found.into_iter().take(MAX_CASES.saturating_add(1)) {
            let offset = fields.offset();
            let case = self.case(&mut fields, problems);
            fields.finish(problems);
            cases.extend(case.map(|case| (offset, case)));
        }
        cases
    }

    fn case(&self, fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<Case> {
        let offset = fields.offset();
        let name = fields.label("name", problems);
        let person = fields.name::<PersonId>("person", problems);
        let purpose = fields.name::<Purpose>("purpose", problems);
        let group = maybe_name::<GroupId>("group", fields, problems);
        let dataset = fields.name::<DatasetId>("dataset", problems);
        let profile = maybe_name::<Profile>("profile", fields, problems);
        let indicator = indicator(fields, problems);
        let touches = touches(fields, indicator.is_some(), problems);
        let expect = expect(fields, problems);
        let rule = word("rule", fields, problems);
        let code = word("code", fields, problems);
        let protections = protections(fields, problems);
        if expect == Some(Expect::Allow) && code.is_some() {
            problems.at(offset, "`code` is of a denial: remove it, or expect \"deny\"");
        }
        if expect == Some(Expect::Deny) && !protections.is_empty() {
            problems.at(offset, "a denial has no protections: remove them, or expect \"allow\"");
        }
        Some(Case {
            name: name?,
            file: self.path.to_owned(),
            line: line_of(self.text, offset),
            person: person?.value,
            purpose: purpose?.value,
            group,
            dataset: dataset?.value,
            profile,
            indicator,
            touches: touches?,
            expect: expect?,
            rule,
            code,
            protections,
        })
    }
}

fn maybe_name<T>(
    key: &'static str,
    fields: &mut Fields<'_>,
    problems: &mut Problems<'_>,
) -> Option<T>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let found = fields.maybe_text(key, problems)?;
    problems.take(found.offset, found.value.parse())
}

fn indicator(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<AskedIndicator> {
    let value = fields.get("indicator")?;
    let mut fields = reader::table("indicator", value, problems)?;
    let id = fields.name::<IndicatorId>("id", problems);
    let by = maybe_name::<VariantName>("by", &mut fields, problems);
    let window = maybe_name::<VariantName>("window", &mut fields, problems);
    fields.finish(problems);
    Some(AskedIndicator { id: id?.value, by, window })
}

/// A text, or words; an indicator may have its own text.
fn touches(
    fields: &mut Fields<'_>,
    indicator: bool,
    problems: &mut Problems<'_>,
) -> Option<Touches> {
    let offset = fields.offset();
    let sql = fields.maybe_text("sql", problems);
    let tables = list("tables", fields, problems, |text| {
        crate::Ident::new(text).is_ok().then(|| text.to_owned())
    });
    let columns = list("columns", fields, problems, words::column);
    let uses = list("uses", fields, problems, words::used);
    let functions = list("functions", fields, problems, plain);
    let aggregates = list("aggregates", fields, problems, plain);
    let empty = tables.is_empty() && columns.is_empty() && uses.is_empty();
    let shows = shows(fields, problems);
    let empty = empty && functions.is_empty() && aggregates.is_empty() && shows.is_none();
    match (sql, empty) {
        (Some(sql), _) if indicator => {
            problems.at(sql.offset, "an indicator has a text of its own: remove `sql`");
            None
        }
        (Some(sql), false) => {
            problems.at(sql.offset, "say what the case touches by `sql` or in words, not by both");
            None
        }
        (Some(sql), true) if sql.value.len() > MAX_SQL_BYTES => {
            let message = format!("`sql` has more than {MAX_SQL_BYTES} bytes");
            problems.at(sql.offset, message);
            None
        }
        (Some(sql), true) => Some(Touches::Sql(sql.value.to_owned())),
        (None, true) if indicator => Some(Touches::Indicator),
        (None, true) => {
            problems.at(
                offset,
                "say what the case touches: uses = [\"patient.age:group\"], columns, tables, functions, aggregates, hospital, network, or sql = \"SELECT ..\"",
            );
            None
        }
        (None, false) => {
            Some(Touches::Words(Words { tables, columns, uses, functions, aggregates, shows }))
        }
    }
}

/// What it shows of single hospitals and of networks, where it says so.
fn shows(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<Shows> {
    let hospital = fields.maybe_text("hospital", problems);
    let network = fields.flag("network", problems);
    let hospital = match hospital {
        None => None,
        Some(found) => match found.value {
            "grouped" => Some(HospitalUse::Grouped),
            "compared" => Some(HospitalUse::Compared),
            _other => {
                problems.at(found.offset, "`hospital` is \"grouped\" or \"compared\"");
                return None;
            }
        },
    };
    let hospital = hospital.unwrap_or(HospitalUse::Unused);
    Some(Shows { hospital, network }).filter(|shows| *shows != Shows::NOTHING)
}

/// A list of words of one form.
fn list<T: Ord>(
    key: &'static str,
    fields: &mut Fields<'_>,
    problems: &mut Problems<'_>,
    read: impl Fn(&str) -> Option<T>,
) -> BTreeSet<T> {
    let items = fields.list(key, problems);
    if items.len() > MAX_WORDS {
        problems.at(fields.offset(), format!("`{key}` has more than {MAX_WORDS} words"));
        return BTreeSet::new();
    }
    let mut found = BTreeSet::new();
    for item in items {
        let Some(text) = reader::text(key, item, problems) else { continue };
        match read(text.value) {
            Some(word) => {
                found.insert(word);
            }
            None => {
                let form = match key {
                    "columns" => "a column, such as \"patient.age\"",
                    "uses" => {
                        "a use, such as \"patient.age:group\": join, count_distinct, group, filter, count_values or aggregate"
                    }
                    "tables" => "a table's name",
                    _ => "1 to 64 characters of a-z, 0-9 and signs, without spaces",
                };
                let got: String = text.value.chars().take(80).collect();
                problems.at(text.offset, format!("`{got}` in `{key}` is not {form}"));
            }
        }
    }
    found
}

fn plain(text: &str) -> Option<String> {
    let good = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    good.then(|| text.to_owned())
}

fn expect(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<Expect> {
    let found = fields.text("expect", problems)?;
    let word = [Expect::Allow, Expect::Deny].into_iter().find(|word| word.as_str() == found.value);
    if word.is_none() {
        problems.at(found.offset, "`expect` is \"allow\" or \"deny\"");
    }
    word
}

/// The name of a rule or code.
fn word(key: &'static str, fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<String> {
    let found = fields.maybe_text(key, problems)?;
    let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_/".contains(&b);
    let good = (2..=97).contains(&found.value.len()) && found.value.bytes().all(known);
    if !good {
        problems.at(found.offset, format!("`{key}` is 2 to 97 characters of a-z, 0-9, -, _ and /"));
        return None;
    }
    Some(found.value.to_owned())
}

fn protections(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let Some(value) = fields.get("protections") else { return found };
    let Some(mut fields) = reader::table("protections", value, problems) else { return found };
    for word in Word::ALL {
        let Some(text) = fields.maybe_text(word.as_str(), problems) else { continue };
        let read = protections::read(word, text.value, &mut Opinions::default());
        if let Err(message) = read {
            problems.at(text.offset, message.replace('@', ""));
        }
        found.insert(word.as_str().to_owned(), text.value.to_owned());
    }
    fields.finish(problems);
    found
}
