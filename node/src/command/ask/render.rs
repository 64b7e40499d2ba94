//! How an answer looks: a table for people, CSV, or one JSON object.

use std::collections::{BTreeMap, BTreeSet};

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, Table};
use policies::Profile;
use policies::protections::Applied;
use policies::wire::NoiseReceipt;
use query::pipe::{CellStatus, FinishedInterval};
use serde_json::Value;

use crate::api::AnswerBody;
use crate::cli::Format;
use crate::command::{limits, print};
use crate::language::Language;

use super::refusal::of_each;

mod revealed;

/// Prints an answer; `exact` is its text as the node signed it.
pub(super) fn answer(answer: &AnswerBody, exact: &str, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Json => print::line(exact),
        Format::Csv => csv(answer)?,
        Format::Table => table(answer),
    }
    Ok(())
}

fn csv(answer: &AnswerBody) -> anyhow::Result<()> {
    rows(answer, std::io::stdout())?;
    if !answer.noisy.is_empty() {
        print::note("note: figures have noise; --format json says which, with its variance");
    }
    for note in &answer.notes {
        print::note(format!("note: {note}"));
    }
    Ok(())
}

/// The rows as CSV: what is not shown is empty, but for the band of a hidden figure.
fn rows(answer: &AnswerBody, out: impl std::io::Write) -> anyhow::Result<()> {
    let mut out = csv::Writer::from_writer(out);
    let (intervals, bands) = (intervals(answer), bands(answer));
    let with_interval: BTreeSet<usize> = intervals.keys().map(|(_, column)| *column).collect();
    for (number, column) in answer.columns.iter().enumerate() {
        out.write_field(&column.name)?;
        if with_interval.contains(&number) {
            out.write_field(format!("{}_low", column.name))?;
            out.write_field(format!("{}_high", column.name))?;
        }
    }
    out.write_record(None::<&[u8]>)?;
    for (row, values) in answer.rows.iter().enumerate() {
        for (number, value) in values.iter().enumerate() {
            match bands.get(&(row, number)) {
                Some(band) => out.write_field(limits::band(band))?,
                None => out.write_field(text(value, ""))?,
            }
            if with_interval.contains(&number) {
                let own = intervals.get(&(row, number));
                for end in [own.and_then(|own| own.low), own.and_then(|own| own.high)] {
                    out.write_field(end.map_or_else(String::new, |end| end.to_string()))?;
                }
            }
        }
        out.write_record(None::<&[u8]>)?;
    }
    out.flush()?;
    Ok(())
}

/// What is known of the values that are made of quantiles, by row and column.
fn intervals(answer: &AnswerBody) -> BTreeMap<At, &FinishedInterval> {
    answer.intervals.iter().map(|own| ((own.row, own.column), own)).collect()
}

/// The bands of hidden figures, by row and column.
fn bands(answer: &AnswerBody) -> BTreeMap<At, &str> {
    answer.bands.iter().map(|band| ((band.row, band.column), &*band.band)).collect()
}

/// Behind a value that is made of quantiles, the interval of the pooled one.
fn ends(interval: &FinishedInterval) -> String {
    let FinishedInterval { low, high, .. } = interval;
    let end = |end: &Option<f64>| end.map_or("?".to_owned(), |end| text(&Value::from(end), "null"));
    format!(" [{}..{}]", end(low), end(high))
}

/// A row and a column.
type At = (usize, usize);

/// What is known of the values of a table beside them.
struct Marks<'a> {
    status: BTreeMap<At, CellStatus>,
    intervals: BTreeMap<At, &'a FinishedInterval>,
    noisy: BTreeSet<At>,
    bands: BTreeMap<At, &'a str>,
}

impl<'a> Marks<'a> {
    fn of(answer: &'a AnswerBody) -> Self {
        Self {
            status: answer.cells.iter().map(|c| ((c.row, c.column), c.status)).collect(),
            intervals: intervals(answer),
            noisy: answer.noisy.iter().map(|noisy| (noisy.row, noisy.column)).collect(),
            bands: bands(answer),
        }
    }

    /// A value as a person reads it.
    fn shown(&self, at: At, value: &Value) -> String {
        match self.status.get(&at) {
            Some(CellStatus::Hidden) => match self.bands.get(&at) {
                Some(band) => limits::band(band).to_owned(),
                None => "hidden".to_owned(),
            },
            Some(CellStatus::Incomplete) => "incomplete".to_owned(),
            Some(CellStatus::Shown) | None => {
                let mark = if self.noisy.contains(&at) { "~" } else { "" };
                let interval = self.intervals.get(&at).map_or(String::new(), |own| ends(own));
                format!("{mark}{}{interval}", text(value, "null"))
            }
        }
    }
}

fn table(answer: &AnswerBody) {
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY);
    table.set_header(answer.columns.iter().map(|column| &column.name));
    let marks = Marks::of(answer);
    for (number, row) in answer.rows.iter().enumerate() {
        let row = row.iter().enumerate();
        table.add_row(row.map(|(column, value)| marks.shown((number, column), value)));
    }
    for (number, column) in answer.columns.iter().enumerate() {
        if column.kind != "text"
            && let Some(column) = table.column_mut(number)
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    print::line(&table);
    match answer.missing {
        Some(missing) => print::line(format!("hospitals: {}", revealed::missing(missing))),
        None => print::line(format!("hospitals: {}", of_each(&answer.coverage, Language::En))),
    }
    match &answer.together {
        Some(together) => print::line(format!("protections: {}", revealed::done(together))),
        None => print::line(format!("protections: {}", protections(answer))),
    }
    if answer.undecided > 0 {
        print::line(format!(
            "undecided: {} row(s) kept out, because a HAVING or LIMIT would have had to know a value that is not shown",
            answer.undecided
        ));
    }
    if !marks.intervals.is_empty() {
        print::line(
            "[low..high]: a quantile, made of counts between the dataset's edges; the pooled value lies in this interval, behind ~ in 19 of 20 \
             cases ([?..?]: none is known)",
        );
    }
    if !marks.noisy.is_empty() {
        print::line("~: a figure with noise; --format json gives its variance");
    }
    for note in &answer.notes {
        print::line(format!("note: {note}"));
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

/// What was done to figures with noise.
fn with_noise(least: u32, noise: &NoiseReceipt) -> String {
    let NoiseReceipt { mechanism, variance, left_out_percent, only_bins: _ } = noise;
    format!(
        "noise of variance {variance} in every count (mechanism {mechanism}), cells under {least} to {} patients hidden, up to \
         {left_out_percent} % of the patients left out",
        least.saturating_add(4)
    )
}

/// What was done to exact figures, and to quantiles beside them.
fn exact(applied: &Applied, noise: Option<&NoiseReceipt>) -> String {
    let zeros = match applied.zeros {
        policies::protections::Zeros::Shown => "empty cells shown",
        policies::protections::Zeros::Hidden => "empty cells hidden",
    };
    let least = applied.min_patients.get();
    let words = limits::words(applied);
    let mut text = format!("cells under {least} patients hidden, {zeros}, {words}");
    if let Some(NoiseReceipt { mechanism, variance, .. }) = noise {
        text.push_str(&format!(
            ", noise of variance {variance} in every bin of a quantile (mechanism {mechanism})"
        ));
    }
    text
}

/// What was done to figures under a profile.
fn done(applied: &Applied, noise: Option<&NoiseReceipt>, profile: &str) -> String {
    match noise {
        None => exact(applied, None),
        Some(noise) if noise.only_bins => exact(applied, Some(noise)),
        Some(noise) if profile == Profile::Explore.as_str() => {
            with_noise(applied.min_patients.get(), noise)
        }
        Some(noise) => {
            let NoiseReceipt { variance, mechanism, .. } = noise;
            let exact = exact(applied, Some(noise));
            format!("{exact} of variance {variance} (mechanism {mechanism})")
        }
    }
}

/// What was done to the figures; hospitals that did the same are named together.
fn protections(answer: &AnswerBody) -> String {
    let mut same: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (hospital, applied) in &answer.protections {
        let done = done(&applied.protections, applied.noise.as_ref(), &applied.profile);
        let text = format!("{done} ({}; {})", applied.profile, applied.rules.join(", "));
        let mut nulls = format!("{hospital} hid {} of {}", applied.nulls, applied.cells);
        if applied.figures > 0 {
            nulls.push_str(&format!(" and {} figures of the others", applied.figures));
        }
        if let Some(since) = applied.since {
            nulls.push_str(&format!(
                " (some figures as told on {since} or later, too few patients changed since)"
            ));
        }
        same.entry(text).or_default().push(nulls);
    }
    let parts: Vec<_> =
        same.iter().map(|(text, nulls)| format!("{text}: {}", nulls.join(", "))).collect();
    parts.join("; ")
}

#[cfg(test)]
mod tests;
