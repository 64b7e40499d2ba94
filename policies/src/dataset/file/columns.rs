//! Columns: what each class needs and may not have.

use std::collections::BTreeMap;

use crate::Ident;
use crate::dataset::{Bounds, Class, Code, CodeGroup, CodeValue, Column, ColumnType};
use crate::problem::Problems;
use crate::reader::{At, Fields};

use super::{CodeList, MAX_COLUMNS, codes, numbers};

/// Columns that the engine adds itself.
const RESERVED: [&str; 2] = ["hospital", "network"];

/// Reads `[[tables.columns]]`.
pub(super) fn read(
    table: &mut Fields<'_>,
    lists: &mut BTreeMap<String, CodeList>,
    problems: &mut Problems<'_>,
) -> Vec<Column> {
    let found = table.tables("columns", problems);
    if found.is_empty() {
        problems.at(table.offset(), "the table has no column: write [[tables.columns]]");
    }
    if found.len() > MAX_COLUMNS {
        let got = found.len();
        let message = format!("the table has {got} columns, at most {MAX_COLUMNS} are read");
        problems.at(table.offset(), message);
        return Vec::new();
    }
    let mut columns: Vec<Column> = Vec::new();
    for fields in found {
        let offset = fields.offset();
        let Some(column) = column(fields, lists, problems) else {
            continue;
        };
        if columns.iter().any(|known| known.name == column.name) {
            problems.at(offset, format!("column `{}` is declared twice", column.name));
        }
        columns.push(column);
    }
    columns
}

/// What a class may need besides name and type.
#[derive(Debug)]
struct Parts {
    offset: usize,
    kind: ColumnType,
    bounds: Option<Bounds>,
    bounded: bool,
    codes: Option<Vec<Code>>,
    groups: Vec<CodeGroup>,
    step: Option<At<i64>>,
    edges: Vec<i64>,
}

fn column(
    mut fields: Fields<'_>,
    lists: &mut BTreeMap<String, CodeList>,
    problems: &mut Problems<'_>,
) -> Option<Column> {
    let name = name(&mut fields, problems);
    let kind = kind(&mut fields, problems);
    let class = class(&mut fields, problems);
    let nullable = fields.flag("nullable", problems);
    let sensitive = fields.flag("sensitive", problems);
    let title = fields.titles("title", problems);
    let unit = fields.get("unit").is_some().then(|| fields.label("unit", problems)).flatten();
    // The other fields depend on the type; without one they are only known, not judged.
    let Some(kind) = kind else {
        for key in ["min", "max", "codes", "step", "edges"] {
            fields.get(key);
        }
        fields.finish(problems);
        return None;
    };
    let bounds = numbers::bounds(&mut fields, kind, problems);
    let (codes, groups) = code_list(&mut fields, kind, lists, problems).unzip();
    let mut parts = Parts {
        offset: fields.offset(),
        kind,
        bounds,
        bounded: fields.get("min").is_some() || fields.get("max").is_some(),
        codes,
        groups: groups.unwrap_or_default(),
        step: fields.maybe_integer("step", problems),
        edges: numbers::edges(&mut fields, kind, bounds, problems),
    };
    fields.finish(problems);
    let class = class?;
    check(class, &mut parts, problems);
    if sensitive && matches!(class, Class::Key | Class::Hidden) {
        let message =
            format!("a {} column is never shown, so it is not `sensitive`", class.as_str());
        problems.at(parts.offset, message);
    }
    Some(Column {
        name: name?.value,
        kind,
        class,
        nullable,
        sensitive,
        bounds: parts.bounds,
        codes: parts.codes.unwrap_or_default(),
        groups: parts.groups,
        step: parts.step.map(|step| step.value),
        edges: parts.edges,
        unit,
        title,
    })
}

fn name(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<At<Ident>> {
    let found = fields.text("name", problems)?;
    if RESERVED.contains(&found.value) || found.value.starts_with("__") {
        let message = format!("the column name `{}` is reserved for the engine", found.value);
        problems.at(found.offset, message);
        return None;
    }
    let value = problems.take(found.offset, Ident::new(found.value))?;
    Some(At { offset: found.offset, value })
}

fn kind(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<ColumnType> {
    let word = fields.text("type", problems);
    let scale = fields.maybe_integer("scale", problems);
    let word = word?;
    match (word.value, scale) {
        ("integer", None) => Some(ColumnType::Integer),
        ("text", None) => Some(ColumnType::Text),
        ("decimal", Some(At { value: scale @ 1..=9, .. })) => {
            u8::try_from(scale).ok().map(|scale| ColumnType::Decimal { scale })
        }
        ("decimal", Some(scale)) => {
            problems.at(scale.offset, "`scale` is 1 to 9 digits behind the point");
            None
        }
        ("decimal", None) => {
            problems.at(word.offset, "a decimal column needs `scale`, 1 to 9");
            None
        }
        ("integer" | "text", Some(scale)) => {
            problems.at(scale.offset, "only a decimal column has `scale`");
            None
        }
        (_, _) => {
            problems.at(word.offset, "`type` is \"integer\", \"decimal\" or \"text\"");
            None
        }
    }
}

fn class(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<Class> {
    let found = fields.text("class", problems)?;
    let classes =
        [Class::Key, Class::Category, Class::Flag, Class::Measure, Class::Quasi, Class::Hidden];
    let class = classes.into_iter().find(|class| class.as_str() == found.value);
    if class.is_none() {
        let known = classes.map(Class::as_str).join(", ");
        problems.at(found.offset, format!("`class` is one of {known}"));
    }
    class
}

fn code_list(
    fields: &mut Fields<'_>,
    kind: ColumnType,
    lists: &mut BTreeMap<String, CodeList>,
    problems: &mut Problems<'_>,
) -> Option<(Vec<Code>, Vec<CodeGroup>)> {
    let name = fields.maybe_text("codes", problems)?;
    let Some(list) = lists.get_mut(name.value) else {
        let got: String = name.value.chars().take(80).collect();
        problems.at(name.offset, format!("there is no code list `{got}`"));
        return Some((Vec::new(), Vec::new()));
    };
    list.used = true;
    let fits = list.codes.iter().all(|code| match kind {
        ColumnType::Integer => !codes::is_text(&code.value),
        ColumnType::Text => codes::is_text(&code.value),
        ColumnType::Decimal { .. } => false,
    });
    if !fits {
        let message = format!("the codes of `{}` are not of the column's type", name.value);
        problems.at(name.offset, message);
    }
    Some((list.codes.clone(), list.groups.clone()))
}

fn check(class: Class, parts: &mut Parts, problems: &mut Problems<'_>) {
    let at = parts.offset;
    let word = class.as_str();
    let mut without = |given: bool, field: &str| {
        if given {
            problems.at(at, format!("a {word} column has no {field}"));
        }
    };
    let numeric = parts.kind != ColumnType::Text;
    let bounds_allowed = matches!(class, Class::Measure | Class::Quasi | Class::Hidden);
    without(parts.bounded && !bounds_allowed, "`min` and `max`");
    let codes_allowed = matches!(class, Class::Category | Class::Quasi | Class::Hidden);
    without(parts.codes.is_some() && !codes_allowed, "`codes`");
    without(parts.step.is_some() && class != Class::Quasi, "`step`");
    without(!parts.edges.is_empty() && class != Class::Measure, "`edges`");
    match class {
        Class::Key => {
            if matches!(parts.kind, ColumnType::Decimal { .. }) {
                problems.at(at, "a key column is of type integer or text");
            }
        }
        Class::Category => {
            if parts.codes.is_none() {
                problems.at(at, "a category column needs `codes`, the name of a code list");
            }
        }
        Class::Flag => flag(parts, problems),
        Class::Measure => {
            if !numeric {
                problems.at(at, "a measure column is of type integer or decimal");
            } else if !parts.bounded {
                problems.at(at, "a measure column needs `min` and `max`");
            }
        }
        Class::Quasi => quasi(parts, problems),
        Class::Hidden => {}
    }
}

fn flag(parts: &mut Parts, problems: &mut Problems<'_>) {
    if parts.kind != ColumnType::Integer {
        problems.at(parts.offset, "a flag column is of type integer, with values 0 and 1");
    }
    let code = |value| Code { value: CodeValue::Integer(value), title: BTreeMap::new() };
    parts.bounds = Some(Bounds { min: 0, max: 1 });
    parts.codes = Some(vec![code(0), code(1)]);
}

fn quasi(parts: &Parts, problems: &mut Problems<'_>) {
    let at = parts.offset;
    if parts.codes.is_some() {
        if parts.bounded || parts.step.is_some() {
            problems.at(at, "a quasi column has `codes`, or `min`, `max` and `step`, not both");
        }
        return;
    }
    if parts.kind != ColumnType::Integer || !parts.bounded || parts.step.is_none() {
        problems
            .at(at, "a quasi column needs `codes`, or type integer with `min`, `max` and `step`");
    }
    if let Some(step) = parts.step.as_ref().filter(|step| step.value < 1) {
        problems.at(step.offset, "`step` is at least 1");
    }
}
