//! One value against its column: type, code list, bounds. Strict: what is not exactly a value of the type is refused; only
//! what is beyond the bounds of a measure is taken as the nearer bound.

use std::borrow::Cow;
use std::cmp::Ordering;

use policies::dataset::{Class, Code, CodeValue, Column, ColumnType};

use crate::import::raw::Raw;

#[cfg(test)]
mod tests;

/// Most bytes of a text value: codes and keys are short, and a snapshot holds no free text.
pub(crate) const MAX_TEXT_BYTES: usize = 1024;
/// Most digits of a decimal, the point's both sides together.
const DECIMAL_LIMIT: i64 = 1_000_000_000_000_000_000;

/// A checked value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null,
    /// An integer, or a decimal in units of its scale; and what was done to it.
    Units {
        units: i64,
        /// Digits beyond the scale were rounded away.
        rounded: bool,
        /// It was beyond the bounds of its measure, and is the nearer one.
        clamped: bool,
    },
    Text(Cow<'a, str>),
}

/// Why a value is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadValue {
    #[error("there is no value, and the column needs one")]
    Missing,
    #[error("`{got}` is not a whole number: digits with an optional minus and nothing else")]
    NotInteger { got: String },
    #[error(
        "`{got}` is not a decimal number: digits with an optional minus and point and nothing else"
    )]
    NotDecimal { got: String },
    #[error("`{got}` is not text")]
    NotText { got: String },
    #[error("`{got}` has too many digits for the column")]
    TooLarge { got: String },
    #[error("the text has {got} bytes, at most {MAX_TEXT_BYTES} are taken")]
    TooLong { got: usize },
    #[error("the text `{got}` holds a control character")]
    ControlCharacter { got: String },
    #[error("`{got}` is not in the column's code list")]
    NotInCodeList { got: String },
    #[error("`{got}` is not a flag: 0 or 1")]
    NotAFlag { got: String },
    #[error("`{got}` is out of bounds: at least {min}, at most {max}")]
    OutOfBounds { got: String, min: String, max: String },
}

impl BadValue {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Missing => "value_missing",
            Self::NotInteger { .. } => "not_an_integer",
            Self::NotDecimal { .. } => "not_a_decimal",
            Self::NotText { .. } => "not_text",
            Self::TooLarge { .. } => "too_many_digits",
            Self::TooLong { .. } => "text_too_long",
            Self::ControlCharacter { .. } => "control_character",
            Self::NotInCodeList { .. } => "not_in_code_list",
            Self::NotAFlag { .. } => "not_a_flag",
            Self::OutOfBounds { .. } => "out_of_bounds",
        }
    }
}

/// Checks one value.
pub(crate) fn check<'a>(column: &Column, raw: Raw<'a>) -> Result<Value<'a>, BadValue> {
    if raw == Raw::Null {
        return if column.nullable { Ok(Value::Null) } else { Err(BadValue::Missing) };
    }
    match column.kind {
        ColumnType::Text => text(column, raw),
        ColumnType::Integer => {
            let units = match integer(raw) {
                Err(BadValue::TooLarge { got }) => return beyond(column, raw, got),
                units => units?,
            };
            listed(column, units)?;
            bounded(column, units, false)
        }
        ColumnType::Decimal { scale } => {
            let (units, rounded) = match decimal(raw, scale) {
                Err(BadValue::TooLarge { got }) => return beyond(column, raw, got),
                units => units?,
            };
            bounded(column, units, rounded)
        }
    }
}

/// Whether the value says that a patient opted out; none where it says neither yes nor no.
pub(crate) fn opted_out(raw: Raw<'_>) -> Option<bool> {
    let shown = match raw {
        Raw::Null => return Some(false),
        Raw::Boolean(flag) => return Some(flag),
        Raw::Text(_) | Raw::Integer(_) | Raw::Decimal { .. } | Raw::Single(_) | Raw::Double(_) => {
            show(raw)
        }
    };
    match shown.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "ja" | "yes" | "j" | "y" => Some(true),
        "" | "0" | "false" | "nee" | "no" | "n" => Some(false),
        _ => None,
    }
}

/// The value for a person, shortened, without control characters.
pub(crate) fn show(raw: Raw<'_>) -> String {
    match raw {
        Raw::Null => String::new(),
        Raw::Text(text) => text.chars().take(60).flat_map(char::escape_debug).collect(),
        Raw::Integer(number) => number.to_string(),
        Raw::Decimal { units, scale } => decimal_text(units, i16::from(scale)),
        Raw::Single(number) => number.to_string(),
        Raw::Double(number) => number.to_string(),
        Raw::Boolean(flag) => flag.to_string(),
    }
}

fn text<'a>(column: &Column, raw: Raw<'a>) -> Result<Value<'a>, BadValue> {
    let text = match raw {
        Raw::Text(text) => Cow::Borrowed(text),
        Raw::Integer(number) => Cow::Owned(number.to_string()),
        Raw::Null | Raw::Decimal { .. } | Raw::Single(_) | Raw::Double(_) | Raw::Boolean(_) => {
            return Err(BadValue::NotText { got: show(raw) });
        }
    };
    if text.len() > MAX_TEXT_BYTES {
        return Err(BadValue::TooLong { got: text.len() });
    }
    if text.chars().any(char::is_control) {
        return Err(BadValue::ControlCharacter { got: show(raw) });
    }
    let order = |code: &Code| match &code.value {
        CodeValue::Text(known) => known.as_str().cmp(&text),
        CodeValue::Integer(_) => Ordering::Less,
    };
    if !column.codes.is_empty() && column.codes.binary_search_by(order).is_err() {
        return Err(BadValue::NotInCodeList { got: show(raw) });
    }
    Ok(Value::Text(text))
}

fn integer(raw: Raw<'_>) -> Result<i64, BadValue> {
    if let Raw::Text(text) = raw {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BadValue::NotInteger { got: show(raw) });
        }
        return text.parse().map_err(|_overflow| BadValue::TooLarge { got: show(raw) });
    }
    match decimal(raw, 0) {
        Ok((units, false)) => Ok(units),
        Err(BadValue::TooLarge { got }) => Err(BadValue::TooLarge { got }),
        Ok((_, true)) | Err(_) => Err(BadValue::NotInteger { got: show(raw) }),
    }
}

/// Units of 10^-scale, and whether digits were rounded away.
fn decimal(raw: Raw<'_>, scale: u8) -> Result<(i64, bool), BadValue> {
    let shown;
    let text = match raw {
        Raw::Text(text) => text,
        Raw::Integer(number) if scale == 0 => return Ok((number, false)),
        Raw::Boolean(flag) if scale == 0 => return Ok((i64::from(flag), false)),
        Raw::Null | Raw::Boolean(_) => return Err(BadValue::NotDecimal { got: show(raw) }),
        // The shortest text that names the same float: what a person typed, not its binary expansion.
        Raw::Integer(_) | Raw::Decimal { .. } | Raw::Single(_) | Raw::Double(_) => {
            shown = show(raw);
            &shown
        }
    };
    let (units, rounded) = parse_decimal(text, scale).ok_or_else(|| not_decimal(raw, text))?;
    let fits = |units: &i64| scale == 0 || units.abs() < DECIMAL_LIMIT;
    let units = i64::try_from(units).ok().filter(fits);
    Ok((units.ok_or_else(|| BadValue::TooLarge { got: show(raw) })?, rounded))
}

fn not_decimal(raw: Raw<'_>, text: &str) -> BadValue {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if all(whole) && all(fraction) {
        BadValue::TooLarge { got: show(raw) }
    } else {
        BadValue::NotDecimal { got: show(raw) }
    }
}

/// `-?digits(.digits)?` in units of 10^-scale, rounded half to even; none when it is something else or overflows.
fn parse_decimal(text: &str, scale: u8) -> Option<(i128, bool)> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (digits, "0"),
    };
    if whole.is_empty() || fraction.is_empty() {
        return None;
    }
    let kept = usize::from(scale);
    let padded = fraction.bytes().chain(std::iter::repeat(b'0'));
    let mut units = 0_i128;
    for byte in whole.bytes().chain(padded.take(kept)) {
        let digit = char::from(byte).to_digit(10)?;
        units = units.checked_mul(10)?.checked_add(i128::from(digit))?;
    }
    let rest: Vec<u8> = fraction.bytes().skip(kept).collect();
    if !rest.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let half = rest.first().copied().unwrap_or(b'0').cmp(&b'5');
    let more = rest.iter().skip(1).any(|byte| *byte != b'0');
    let up = half.is_gt() || (half.is_eq() && (more || units % 2 != 0));
    let units = if up { units.checked_add(1)? } else { units };
    let rounded = rest.iter().any(|byte| *byte != b'0');
    Some((if negative { units.checked_neg()? } else { units }, rounded))
}

fn listed(column: &Column, units: i64) -> Result<(), BadValue> {
    if column.class == Class::Flag && !matches!(units, 0 | 1) {
        return Err(BadValue::NotAFlag { got: units.to_string() });
    }
    let order = |code: &Code| match &code.value {
        CodeValue::Integer(known) => known.cmp(&units),
        CodeValue::Text(_) => Ordering::Greater,
    };
    if column.codes.is_empty() || column.codes.binary_search_by(order).is_ok() {
        return Ok(());
    }
    Err(BadValue::NotInCodeList { got: units.to_string() })
}

/// A value inside the declared bounds. One of a measure is clamped to them: what is extreme is told as extreme, and its
/// patient stays. One of another class is refused: another age or year is another patient's.
fn bounded<'a>(column: &Column, units: i64, rounded: bool) -> Result<Value<'a>, BadValue> {
    let Some(bounds) = column.bounds.filter(|bounds| !(bounds.min..=bounds.max).contains(&units))
    else {
        return Ok(Value::Units { units, rounded, clamped: false });
    };
    if column.class == Class::Measure {
        let units = units.max(bounds.min).min(bounds.max);
        return Ok(Value::Units { units, rounded, clamped: true });
    }
    let scale = i16::from(column.kind.scale());
    let show = |units: i64| decimal_text(i128::from(units), scale);
    let (got, min, max) = (show(units), show(bounds.min), show(bounds.max));
    Err(BadValue::OutOfBounds { got, min, max })
}

/// A number of more digits than any column holds: a measure with bounds takes the bound on its side.
fn beyond<'a>(column: &Column, raw: Raw<'a>, got: String) -> Result<Value<'a>, BadValue> {
    let Some(bounds) = column.bounds.filter(|_| column.class == Class::Measure) else {
        return Err(BadValue::TooLarge { got });
    };
    let units = if show(raw).starts_with('-') { bounds.min } else { bounds.max };
    Ok(Value::Units { units, rounded: false, clamped: true })
}

/// Units of 10^-scale as text without an exponent.
fn decimal_text(units: i128, scale: i16) -> String {
    let digits = units.unsigned_abs().to_string();
    let sign = if units < 0 { "-" } else { "" };
    let Ok(scale) = usize::try_from(scale) else {
        let zeros = "0".repeat(usize::from(scale.unsigned_abs()));
        return format!("{sign}{digits}{zeros}");
    };
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = scale.saturating_add(1));
    let (whole, fraction) = padded.split_at(padded.len().saturating_sub(scale));
    format!("{sign}{whole}.{fraction}")
}
