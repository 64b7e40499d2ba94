//! Numbers of a column in units of its scale: bounds and edges.

use toml::Spanned;
use toml::de::DeValue;

use crate::dataset::{Bounds, ColumnType};
use crate::problem::Problems;
use crate::reader::{self, At, Fields};

use super::BOUND_LIMIT;

/// Reads `min` and `max`; `None` where both are absent or one is wrong.
pub(super) fn bounds(
    fields: &mut Fields<'_>,
    kind: ColumnType,
    problems: &mut Problems<'_>,
) -> Option<Bounds> {
    let (min, max) = (fields.get("min"), fields.get("max"));
    if min.is_some() != max.is_some() {
        problems.at(fields.offset(), "`min` and `max` are given together");
    }
    let min = min.and_then(|value| number("min", value, kind, problems));
    let max = max.and_then(|value| number("max", value, kind, problems));
    let (min, max) = (min?, max?);
    if min.value > max.value {
        problems.at(min.offset, "`min` is greater than `max`");
        return None;
    }
    Some(Bounds { min: min.value, max: max.value })
}

/// Reads `edges`: ascending, inside the bounds.
pub(super) fn edges(
    fields: &mut Fields<'_>,
    kind: ColumnType,
    bounds: Option<Bounds>,
    problems: &mut Problems<'_>,
) -> Vec<i64> {
    let mut found: Vec<i64> = Vec::new();
    for item in fields.list("edges", problems) {
        let Some(edge) = number("edges", item, kind, problems) else {
            continue;
        };
        if found.last().is_some_and(|last| *last >= edge.value) {
            problems.at(edge.offset, "`edges` must ascend");
        }
        if bounds.is_some_and(|bounds| edge.value < bounds.min || edge.value > bounds.max) {
            problems.at(edge.offset, "an edge lies outside `min` and `max`");
        }
        found.push(edge.value);
    }
    found
}

fn number(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    kind: ColumnType,
    problems: &mut Problems<'_>,
) -> Option<At<i64>> {
    let offset = value.span().start;
    let scale = match kind {
        ColumnType::Text => {
            problems.at(offset, format!("a text column has no `{key}`"));
            return None;
        }
        ColumnType::Integer => 0,
        ColumnType::Decimal { scale } => scale,
    };
    let units = if value.get_ref().is_integer() {
        reader::integer(key, value, problems)?.value.checked_mul(power(scale))
    } else if let (Some(text), true) = (value.get_ref().as_str(), scale > 0) {
        let Some(units) = decimal(text, scale) else {
            let form = format!("a decimal of at most {scale} digits behind the point");
            problems.at(offset, format!("`{key}` must be {form}, such as \"12.5\""));
            return None;
        };
        units
    } else {
        let form =
            if scale == 0 { "a whole number" } else { "a decimal in quotes, such as \"12.5\"" };
        problems.at(offset, reader::wrong_type(key, form, value));
        return None;
    };
    match units {
        Some(units) if (1 - BOUND_LIMIT..BOUND_LIMIT).contains(&units) => {
            Some(At { offset, value: units })
        }
        Some(_) | None => {
            let message = format!("`{key}` must stay under 10^15 in units of the last digit");
            problems.at(offset, message);
            None
        }
    }
}

fn power(scale: u8) -> i64 {
    10_i64.checked_pow(u32::from(scale)).unwrap_or(i64::MAX)
}

/// The decimal in units of 10^-scale; `None` for another form, `Some(None)` for one that is too large.
fn decimal(text: &str, scale: u8) -> Option<Option<i64>> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let scale = usize::from(scale);
    if !all_digits(whole) || !all_digits(fraction) || fraction.len() > scale || text.len() > 40 {
        return None;
    }
    let units = format!("{whole}{fraction:0<scale$}").parse::<i64>().ok();
    Some(units.map(|units| if negative { -units } else { units }))
}
