//! Code lists: the values that a category may have.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::DeValue;

use crate::Ident;
use crate::dataset::{Code, CodeValue};
use crate::problem::Problems;
use crate::reader::{self, Fields};

use super::{BOUND_LIMIT, CodeList, MAX_CODE_CHARS, MAX_CODES, groups};

/// Reads `[code_lists.*]`.
pub(super) fn read(
    fields: &mut Fields<'_>,
    problems: &mut Problems<'_>,
) -> BTreeMap<String, CodeList> {
    let mut lists = BTreeMap::new();
    for (name, mut list) in fields.entries("code_lists", problems) {
        problems.take(name.offset, Ident::new(name.value));
        let codes = codes(name.value, &mut list, problems);
        let groups = groups::read(name.value, &codes, &mut list, problems);
        list.finish(problems);
        let list = CodeList { offset: name.offset, codes, groups, used: false };
        lists.insert(name.value.to_owned(), list);
    }
    lists
}

fn codes(name: &str, list: &mut Fields<'_>, problems: &mut Problems<'_>) -> Vec<Code> {
    let items = list.tables("codes", problems);
    if items.is_empty() {
        problems.at(list.offset(), format!("code list `{name}` has no codes"));
    }
    if items.len() > MAX_CODES {
        let got = items.len();
        let message = format!("code list `{name}` has {got} codes, at most {MAX_CODES} are read");
        problems.at(list.offset(), message);
        return Vec::new();
    }
    let mut found: BTreeMap<CodeValue, Code> = BTreeMap::new();
    for mut item in items {
        let offset = item.offset();
        let value = item.need("code", problems).and_then(|value| code(value, problems));
        let title = item.languages(problems);
        item.finish(problems);
        let Some(value) = value else { continue };
        if found.keys().next().is_some_and(|first| is_text(first) != is_text(&value)) {
            problems.at(offset, format!("code list `{name}` mixes numbers and texts"));
        }
        if found.insert(value.clone(), Code { value, title }).is_some() {
            problems.at(offset, format!("code list `{name}` has this code twice"));
        }
    }
    found.into_values().collect()
}

/// The value of a code.
pub(crate) fn code(value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<CodeValue> {
    let offset = value.span().start;
    if value.get_ref().is_integer() {
        let number = reader::integer("code", value, problems)?.value;
        if (1 - BOUND_LIMIT..BOUND_LIMIT).contains(&number) {
            return Some(CodeValue::Integer(number));
        }
        problems.at(offset, "a code is a number of at most 15 digits");
        return None;
    }
    let Some(text) = value.get_ref().as_str() else {
        problems.at(offset, reader::wrong_type("code", "a text or a whole number", value));
        return None;
    };
    let good = !text.is_empty()
        && text.trim() == text
        && text.chars().count() <= MAX_CODE_CHARS
        && reader::is_shown(text);
    if good {
        return Some(CodeValue::Text(text.to_owned()));
    }
    let form = "1 to 64 characters, no spaces around, all visible";
    problems.at(offset, format!("a text code has {form}"));
    None
}

/// Whether a code is of a text column.
pub(super) fn is_text(value: &CodeValue) -> bool {
    match value {
        CodeValue::Integer(_) => false,
        CodeValue::Text(_) => true,
    }
}
