//! How an answer or a refusal looks: a table for people, CSV, or one JSON object.

use std::collections::BTreeMap;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, Table};
use query::pipe::CellStatus;
use serde_json::Value;

use crate::api::{AnswerBody, Coverage, CoverageState, RefusalBody};
use crate::cli::Format;
use crate::command::print;

/// Prints an answer; `exact` is its text as the node signed it.
pub(super) fn answer(answer: &AnswerBody, exact: &str, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Json => print::line(exact),
        Format::Csv => csv(answer)?,
        Format::Table => table(answer),
    }
    Ok(())
}

/// Prints a refusal.
pub(in crate::command) fn refusal(refusal: &RefusalBody, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Json => print::line(serde_json::to_string(refusal)?),
        Format::Csv | Format::Table => {
            print::note(format!("refused ({}): {}", refusal.code, refusal.message));
            if let Some(rule) = &refusal.rule {
                print::note(format!("rule: {rule}"));
            }
            if let Some(layer) = &refusal.layer {
                print::note(format!("charter: {} version {}", layer.network, layer.version));
            }
            if !refusal.coverage.is_empty() {
                print::note(format!("hospitals: {}", coverage(&refusal.coverage)));
            }
        }
    }
    Ok(())
}

fn csv(answer: &AnswerBody) -> anyhow::Result<()> {
    let mut out = csv::Writer::from_writer(std::io::stdout());
    out.write_record(answer.columns.iter().map(|column| &column.name))?;
    for row in &answer.rows {
        out.write_record(row.iter().map(|value| text(value, "")))?;
    }
    out.flush()?;
    Ok(())
}

fn table(answer: &AnswerBody) {
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY);
    table.set_header(answer.columns.iter().map(|column| &column.name));
    let status: BTreeMap<_, _> =
        answer.cells.iter().map(|cell| ((cell.row, cell.column), cell.status)).collect();
    for (number, row) in answer.rows.iter().enumerate() {
        table.add_row(row.iter().enumerate().map(|(column, value)| {
            match status.get(&(number, column)) {
                Some(CellStatus::Hidden) => "hidden".to_owned(),
                Some(CellStatus::Incomplete) => "incomplete".to_owned(),
                Some(CellStatus::Shown) | None => text(value, "null"),
            }
        }));
    }
    for (number, column) in answer.columns.iter().enumerate() {
        if column.kind != "text"
            && let Some(column) = table.column_mut(number)
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    print::line(&table);
    print::line(format!("hospitals: {}", coverage(&answer.coverage)));
    print::line(format!("protections: {}", protections(answer)));
    if answer.undecided > 0 {
        print::line(format!(
            "undecided: {} row(s) kept out, because a HAVING or LIMIT would have had to know a value that is not shown",
            answer.undecided
        ));
    }
    let layers: Vec<_> = answer
        .layers
        .iter()
        .map(|layer| format!("{} version {}", layer.network, layer.version))
        .collect();
    print::line(format!(
        "charter: {}; data: {}; question {}",
        layers.join(", "),
        answer.status,
        answer.question_digest.short()
    ));
}

/// A value as a person reads it; floats with at most six digits behind the point.
fn text(value: &Value, null: &str) -> String {
    match value {
        Value::Null => null.to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() && null == "null" => {
            let text = format!("{:.6}", number.as_f64().unwrap_or(f64::NAN));
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Value::Number(_) | Value::Bool(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Who answered, and why the others did not.
fn coverage(coverage: &BTreeMap<policies::HospitalCode, Coverage>) -> String {
    let answered = coverage.values().filter(|part| part.state == CoverageState::Answered).count();
    let named = |(code, part): (&policies::HospitalCode, &Coverage)| {
        let reason = part.code.as_deref().unwrap_or_default();
        match part.state {
            CoverageState::Answered => code.to_string(),
            CoverageState::Refused => format!("{code} refused ({reason})"),
            CoverageState::Unreachable => format!("{code} not reached ({reason})"),
        }
    };
    let all: Vec<_> = coverage.iter().map(named).collect();
    format!("{answered} of {} answered: {}", coverage.len(), all.join(", "))
}

/// What was done to the figures; hospitals that did the same are named together.
fn protections(answer: &AnswerBody) -> String {
    let mut same: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (hospital, applied) in &answer.protections {
        let zeros = match applied.protections.zeros {
            policies::protections::Zeros::Shown => "empty cells shown",
            policies::protections::Zeros::Hidden => "empty cells hidden",
        };
        let text = format!(
            "cells under {} patients hidden, {zeros}, parts of a cell exact ({}; {})",
            applied.protections.min_patients.get(),
            applied.profile,
            applied.rules.join(", ")
        );
        let nulls = format!("{hospital} hid {} of {}", applied.nulls, applied.cells);
        same.entry(text).or_default().push(nulls);
    }
    let parts: Vec<_> =
        same.iter().map(|(text, nulls)| format!("{text}: {}", nulls.join(", "))).collect();
    parts.join("; ")
}
