//! Single values of a TOML file, each of the type that its field asks for.

use toml::Spanned;
use toml::de::DeValue;

use crate::problem::Problems;

use super::{At, Fields, MAX_LABEL_CHARS};

/// The value as a table.
pub(crate) fn table<'d>(
    key: &str,
    value: &'d Spanned<DeValue<'d>>,
    problems: &mut Problems<'_>,
) -> Option<Fields<'d>> {
    let offset = value.span().start;
    if let Some(table) = value.get_ref().as_table() {
        return Some(Fields::new(format!("`{key}`"), offset, table));
    }
    problems.at(offset, wrong_type(key, "a table", value));
    None
}

/// The value as a text.
pub(crate) fn text<'d>(
    key: &str,
    value: &'d Spanned<DeValue<'d>>,
    problems: &mut Problems<'_>,
) -> Option<At<&'d str>> {
    let offset = value.span().start;
    if let Some(value) = value.get_ref().as_str() {
        return Some(At { offset, value });
    }
    problems.at(offset, wrong_type(key, "a text in quotes", value));
    None
}

/// The value as a whole number.
pub(crate) fn integer(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    problems: &mut Problems<'_>,
) -> Option<At<i64>> {
    let offset = value.span().start;
    let Some(number) = value.get_ref().as_integer() else {
        problems.at(offset, wrong_type(key, "a whole number", value));
        return None;
    };
    if let Ok(value) = i64::from_str_radix(number.as_str(), number.radix()) {
        return Some(At { offset, value });
    }
    problems.at(offset, format!("`{key}` is too large for a 64-bit number"));
    None
}

pub(super) fn label(key: &str, found: &At<&str>, problems: &mut Problems<'_>) -> Option<String> {
    let text = found.value;
    let good = !text.trim().is_empty() && text.chars().count() <= MAX_LABEL_CHARS && is_shown(text);
    if good {
        return Some(text.to_owned());
    }
    let form = format!("`{key}` is one line of 1 to {MAX_LABEL_CHARS} visible characters");
    problems.at(found.offset, form);
    None
}

pub(crate) fn wrong_type(key: &str, expected: &str, got: &Spanned<DeValue<'_>>) -> String {
    format!("`{key}` must be {expected}, not {}", article(got.get_ref().type_str()))
}

fn article(kind: &str) -> String {
    let vowel = kind.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {kind}", if vowel { "an" } else { "a" })
}

/// What a moment must look like; a date or a time without its offset is none.
pub(super) fn wrong_moment(key: &str, value: &Spanned<DeValue<'_>>) -> String {
    let form = "a moment with its offset, such as 2026-01-01T00:00:00Z";
    if value.get_ref().is_datetime() {
        return format!("`{key}` must be {form}");
    }
    wrong_type(key, form, value)
}

/// Whether a person sees the text as it is: no control characters, none that are invisible or turn the direction.
pub(crate) fn is_shown(text: &str) -> bool {
    !text.chars().any(|c| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    })
}
