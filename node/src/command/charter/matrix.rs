//! `kring charter matrix`: what the rules say to everybody about everything, or where two versions differ.

use std::collections::{BTreeMap, BTreeSet};

use policies::matrix::{About, Axes, Cell, Difference, Matrix, Only, TooManyCells, Verdict, Who};
use policies::{DatasetId, Profile};
use serde::Serialize;

use self::csv::{HEAD, columns, fields, listed};
use super::folder;
use crate::cli::Format;
use crate::cli::charter::MatrixArgs;
use crate::command::{Exit, print};

mod csv;

#[derive(Serialize)]
struct Decided<'c> {
    #[serde(flatten)]
    cell: &'c Cell,
    verdict: &'c Verdict,
}

/// Tries out and prints.
pub(crate) fn run(args: &MatrixArgs) -> anyhow::Result<Exit> {
    let MatrixArgs { charter, against, dataset, purpose, person, format } = args;
    let only = Only { dataset: dataset.clone(), purpose: purpose.clone(), person: person.clone() };
    let charter = folder::open(charter)?.charter;
    let Some(against) = against else {
        return match Matrix::of(&charter, &Axes::of(&[&charter], only)) {
            Ok(matrix) => whole(&matrix, *format),
            Err(error) => Ok(too_many(error)),
        };
    };
    let older = folder::open(against)?.charter;
    let axes = Axes::of(&[&older, &charter], only);
    match (Matrix::of(&older, &axes), Matrix::of(&charter, &axes)) {
        (Ok(old), Ok(new)) => differences(&old, &new, *format),
        (Err(error), _) | (_, Err(error)) => Ok(too_many(error)),
    }
}

fn too_many(error: TooManyCells) -> Exit {
    print::note(format!(
        "kring: {error}: --dataset ID, --purpose WORD or --person ID ({})",
        error.code()
    ));
    Exit::Usage
}

fn whole(matrix: &Matrix, format: Format) -> anyhow::Result<Exit> {
    match format {
        Format::Table => {
            let stands = |who: &Who| matrix.stands_for(who).map(ToString::to_string);
            let said = |verdict: &&Verdict| words(verdict);
            let totals = totals([matrix]);
            sections(matrix.cells(), &totals, stands, said).into_iter().for_each(print::line);
            let cells = matrix.cells().len();
            let allowed = matrix.cells().filter(|(_, verdict)| verdict.allows()).count();
            print::line(format!("{cells} cells, {allowed} allowed"));
        }
        Format::Csv => {
            let mut rows = vec![
                [&HEAD[..], &["decision", "by", "protections"]]
                    .concat()
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
            ];
            rows.extend(matrix.cells().map(|(cell, verdict)| {
                let mut row = columns(cell);
                row.extend(fields(verdict));
                row
            }));
            csv::print(&rows)?;
        }
        Format::Json => {
            let cells: Vec<_> =
                matrix.cells().map(|(cell, verdict)| Decided { cell, verdict }).collect();
            print::line(serde_json::to_string(&serde_json::json!({ "cells": cells }))?);
        }
    }
    Ok(Exit::Done)
}

fn differences(old: &Matrix, new: &Matrix, format: Format) -> anyhow::Result<Exit> {
    let found = old.against(new);
    match format {
        Format::Table => {
            let stands = |who: &Who| {
                new.stands_for(who).or_else(|| old.stands_for(who)).map(ToString::to_string)
            };
            let cells = found.iter().map(|difference| (&difference.cell, difference));
            let totals = totals([old, new]);
            sections(cells, &totals, stands, |difference| moved(difference))
                .into_iter()
                .for_each(print::line);
            let cells = old.cells().len().max(new.cells().len());
            print::line(format!("{cells} cells, {} differ", found.len()));
        }
        Format::Csv => {
            let more = [
                "before",
                "by_before",
                "protections_before",
                "after",
                "by_after",
                "protections_after",
            ];
            let mut rows =
                vec![[&HEAD[..], &more].concat().iter().map(ToString::to_string).collect()];
            rows.extend(found.iter().map(|Difference { cell, from, to }| {
                let mut row = columns(cell);
                row.extend(fields(from).into_iter().chain(fields(to)));
                row
            }));
            csv::print(&rows)?;
        }
        Format::Json => {
            print::line(serde_json::to_string(&serde_json::json!({ "differences": found }))?);
        }
    }
    Ok(Exit::Done)
}

/// A verdict in words.
fn words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Allow { rules, protections } => {
            format!("allow by {}: {}", rules.join(", "), listed(protections))
        }
        Verdict::Deny { code, rule: Some(rule) } => format!("deny by {rule} ({code})"),
        Verdict::Deny { code, rule: None } => format!("deny ({code})"),
        Verdict::Absent => "deny (not in the charter)".to_owned(),
    }
}

/// A difference in words; of protections only those that differ.
fn moved(Difference { from, to, .. }: &Difference) -> String {
    if let (Verdict::Allow { protections: old, .. }, Verdict::Allow { protections: new, .. }) =
        (from, to)
    {
        let words: BTreeSet<_> = old.keys().chain(new.keys()).collect();
        let value = |of: &BTreeMap<&'static str, String>, word: &str| {
            of.get(word).cloned().unwrap_or_else(|| "-".to_owned())
        };
        let differs = words.into_iter().filter(|word| old.get(*word) != new.get(*word));
        let told =
            differs.map(|word| format!("{word} {} -> {}", value(old, word), value(new, word)));
        return format!("still allowed: {}", told.collect::<Vec<_>>().join(", "));
    }
    format!("{} -> {}", words(from), words(to))
}

/// Most people, or kinds of people, that are named in one line.
const MAX_NAMED: usize = 8;

/// What is said of cells, each with the cells that it is said of.
type Said = BTreeMap<String, Vec<String>>;

/// Who asks what for, and how many cells that has.
type Totals<'c> = BTreeMap<(Profile, &'c DatasetId, &'c Who, String), usize>;

/// The cells of several matrices along the same axes; one that both have counts once.
fn totals<'c>(matrices: impl IntoIterator<Item = &'c Matrix>) -> Totals<'c> {
    let cells = matrices.into_iter().flat_map(Matrix::cells).map(|(cell, _)| cell);
    let mut totals = Totals::new();
    for cell in cells.collect::<BTreeSet<&Cell>>() {
        let section = (cell.profile, &cell.dataset, &cell.who, purpose(cell));
        let total = totals.entry(section).or_default();
        *total = total.saturating_add(1);
    }
    totals
}

/// What for, and as which tumour group.
fn purpose(cell: &Cell) -> String {
    let group = cell.group.as_ref().map(|group| format!(", as {group}")).unwrap_or_default();
    format!("{}{group}", cell.purpose)
}

/// Cells by what is asked for; people of whom the same is said stand together, and so do cells.
fn sections<'c, V>(
    cells: impl Iterator<Item = (&'c Cell, V)>,
    totals: &Totals<'c>,
    stands: impl Fn(&Who) -> Option<String>,
    said: impl Fn(&V) -> String,
) -> Vec<String> {
    type Section<'c> = (Profile, &'c DatasetId, String);
    let mut all: BTreeMap<Section<'c>, BTreeMap<&'c Who, Said>> = BTreeMap::new();
    for (cell, value) in cells {
        let section = (cell.profile, &cell.dataset, purpose(cell));
        let said_of = all.entry(section).or_default().entry(&cell.who).or_default();
        said_of.entry(said(&value)).or_default().push(short(&cell.about));
    }
    let mut lines = Vec::new();
    for ((profile, dataset, purpose), people) in all {
        lines.push(format!("{} {dataset} for {purpose}", profile.as_str()));
        let mut alike: BTreeMap<(Said, usize), Vec<String>> = BTreeMap::new();
        for (who, said) in people {
            let total = totals.get(&(profile, dataset, who, purpose.clone()));
            let said = (said, total.copied().unwrap_or_default());
            alike.entry(said).or_default().push(name(who, &stands));
        }
        let mut alike: Vec<((Said, usize), Vec<String>)> = alike.into_iter().collect();
        alike.sort_by(|one, other| one.1.cmp(&other.1));
        for ((said, total), names) in alike {
            lines.push(format!("  {}", shortened(&names)));
            lines.extend(said.into_iter().flat_map(|said| cells_of(said, total)));
        }
    }
    lines
}

/// What is said of which cells, which are named unless they are all that there are.
fn cells_of((said, cells): (String, Vec<String>), total: usize) -> Vec<String> {
    if cells.len() == total {
        return vec![format!("    all {total}: {said}")];
    }
    vec![format!("    {said}"), format!("      {}", cells.join(", "))]
}

/// The first names, and how many more there are.
fn shortened(names: &[String]) -> String {
    let first: Vec<&str> = names.iter().take(MAX_NAMED).map(String::as_str).collect();
    match names.len().checked_sub(MAX_NAMED) {
        Some(more) if more > 0 => format!("{}; and {more} more", first.join("; ")),
        Some(_) | None => first.join("; "),
    }
}

fn name(who: &Who, stands: &impl Fn(&Who) -> Option<String>) -> String {
    match who {
        Who::Named(person) => person.to_string(),
        Who::Alike { groups, roles, hospital } => {
            let like = stands(who).map(|person| format!(" (like {person})")).unwrap_or_default();
            let words: Vec<String> = roles
                .iter()
                .map(ToString::to_string)
                .chain(groups.iter().map(ToString::to_string))
                .collect();
            format!(
                "{} of {hospital}{like}",
                if words.is_empty() { "anybody".to_owned() } else { words.join("+") }
            )
        }
    }
}

fn short(about: &About) -> String {
    match about {
        About::Columns { table, class, column: None, usage } => format!("{table} {class}:{usage}"),
        About::Columns { table, column: Some(column), usage, .. } => {
            format!("{table}.{column}:{usage}")
        }
        About::Indicator { id, by, window } => {
            let variant: Vec<String> =
                [by, window].into_iter().flatten().map(ToString::to_string).collect();
            if variant.is_empty() {
                id.to_string()
            } else {
                format!("{id} ({})", variant.join(" "))
            }
        }
    }
}
