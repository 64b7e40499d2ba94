//! `kring indicator`: lists, shows and asks what the board has approved.
//!
//! The text is made here, from the file that the charter holds, and its digest is what the person signs: a node that makes
//! another text of it refuses.

use std::collections::BTreeMap;

use anyhow::Context as _;
use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use policies::indicator::{self, Indicator};
use policies::wire::{Asks, IndicatorRef};
use policies::{IndicatorId, NetworkId, VariantName};
use serde_json::json;

use crate::cli::indicator::IndicatorCommand;
use crate::cli::{AskOptions, Format};
use crate::client::Client;
use crate::command::ask::{AtNode, Put, put};
use crate::command::{Exit, print};
use crate::profile::Profile;

#[cfg(test)]
mod tests;

/// What the person typed.
#[derive(Clone, Copy, Debug)]
struct Chosen<'c> {
    id: &'c IndicatorId,
    by: Option<&'c VariantName>,
    window: Option<&'c VariantName>,
}

/// Runs the command.
pub(crate) fn run(command: &IndicatorCommand) -> anyhow::Result<Exit> {
    match command {
        IndicatorCommand::List { profile, format } => {
            let profile = Profile::load(profile.profile.as_deref())?;
            list(&held(&Client::new(&profile)?, profile.scope.as_ref())?, *format)?;
            Ok(Exit::Done)
        }
        IndicatorCommand::Show { id, by, window, profile, format } => {
            let profile = Profile::load(profile.profile.as_deref())?;
            let client = Client::new(&profile)?;
            let chosen = Chosen { id, by: by.as_ref(), window: window.as_ref() };
            match chosen.of(&held(&client, profile.scope.as_ref())?) {
                Ok((indicator, named, text)) => show(indicator, &named, &text, *format)?,
                Err(problem) => return Ok(usage(&problem)),
            }
            Ok(Exit::Done)
        }
        IndicatorCommand::Run { id, by, window, options } => {
            ask(Chosen { id, by: by.as_ref(), window: window.as_ref() }, options)
        }
    }
}

fn ask(chosen: Chosen<'_>, options: &AskOptions) -> anyhow::Result<Exit> {
    let at = AtNode::open(&options.context)?;
    let scope = options.context.scope.as_ref().or(at.scope());
    let held = held(at.client(), scope)?;
    let (indicator, named, _text) = match chosen.of(&held) {
        Ok(found) => found,
        Err(problem) => return Ok(usage(&problem)),
    };
    let mut options = options.clone();
    options.context.dataset.get_or_insert_with(|| indicator.dataset.clone());
    let heading = heading(indicator, &named);
    put(&at, Put { asks: Asks::Indicator(named), profile: None, heading }, &options)
}

/// The indicators of a network, as the node holds them.
fn held(
    client: &Client,
    scope: Option<&NetworkId>,
) -> anyhow::Result<BTreeMap<IndicatorId, Indicator>> {
    read(client.indicators(scope)?.files)
}

/// Each file read under the name that the node gives it, which is the name inside it: a person who types one signs that one.
fn read(files: BTreeMap<IndicatorId, String>) -> anyhow::Result<BTreeMap<IndicatorId, Indicator>> {
    let mut held = BTreeMap::new();
    for (id, text) in files {
        let parsed = indicator::parse(&format!("indicators/{id}.sql"), &text);
        let indicator = parsed.ok().with_context(|| {
            format!("the node sent an indicator `{id}` that this version of kring cannot read")
        })?;
        anyhow::ensure!(
            indicator.id == id,
            "the node sent indicator `{}` under the name of `{id}`: nothing is asked; tell the node's operator",
            indicator.id
        );
        held.insert(id, indicator);
    }
    Ok(held)
}

impl Chosen<'_> {
    /// The indicator, what a question names of it, and its text.
    fn of(
        self,
        held: &BTreeMap<IndicatorId, Indicator>,
    ) -> Result<(&Indicator, IndicatorRef, String), String> {
        let Some(indicator) = held.get(self.id) else {
            return Err(format!(
                "there is no indicator `{}`: `kring indicator list` shows the {} that there are",
                self.id,
                held.len()
            ));
        };
        let (named, text) =
            indicator.refer(self.by, self.window).map_err(|fault| fault.to_string())?;
        Ok((indicator, named, text))
    }
}

fn usage(problem: &str) -> Exit {
    print::note(format!("kring: {problem}"));
    Exit::Usage
}

fn list(held: &BTreeMap<IndicatorId, Indicator>, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Json => {
            let all: Vec<_> = held.values().map(described).collect();
            print::line(serde_json::to_string(&all)?);
        }
        Format::Csv => {
            let mut out = csv::Writer::from_writer(std::io::stdout());
            out.write_record(COLUMNS)?;
            for indicator in held.values() {
                out.write_record(row(indicator))?;
            }
            out.flush()?;
        }
        Format::Table => {
            let mut table = Table::new();
            table.load_preset(UTF8_HORIZONTAL_ONLY);
            table.set_header(["id", "version", "title", "by", "window"]);
            for indicator in held.values() {
                let [id, version, _, nl, en, by, window, ..] = row(indicator);
                let title = if nl.is_empty() { en } else { nl };
                table.add_row([id, version, title, by, window]);
            }
            print::line(&table);
        }
    }
    Ok(())
}

/// Columns of the list as CSV.
const COLUMNS: [&str; 9] =
    ["id", "version", "dataset", "title_nl", "title_en", "by", "window", "norm", "source"];

fn row(indicator: &Indicator) -> [String; 9] {
    let title = |language: &str| indicator.title.get(language).cloned().unwrap_or_default();
    [
        indicator.id.to_string(),
        indicator.version.to_string(),
        indicator.dataset.to_string(),
        title("nl"),
        title("en"),
        names(&indicator.by),
        names(&indicator.window),
        indicator.norm.clone().unwrap_or_default(),
        indicator.source.clone(),
    ]
}

fn names(variants: &[VariantName]) -> String {
    variants.iter().map(VariantName::as_str).collect::<Vec<_>>().join(" ")
}

fn described(indicator: &Indicator) -> serde_json::Value {
    let Indicator { id, version, dataset, title, norm, source, by, window, digest, .. } = indicator;
    json!({
        "id": id, "version": version, "dataset": dataset, "title": title, "norm": norm,
        "source": source, "by": by, "window": window, "digest": digest,
    })
}

fn show(
    indicator: &Indicator,
    named: &IndicatorRef,
    text: &str,
    format: Format,
) -> anyhow::Result<()> {
    if format == Format::Json {
        let mut described = described(indicator);
        if let Some(fields) = described.as_object_mut() {
            fields.insert("variant".to_owned(), json!({"by": named.by, "window": named.window}));
            fields.insert("sql".to_owned(), json!(text));
        }
        print::line(serde_json::to_string(&described)?);
        return Ok(());
    }
    heading(indicator, named).into_iter().for_each(print::line);
    let also = |which: &str, variants: &[VariantName]| {
        if !variants.is_empty() {
            print::line(format!("--{which}: {}", names(variants)));
        }
    };
    also("by", &indicator.by);
    also("window", &indicator.window);
    print::line(format!("\n{text}"));
    Ok(())
}

/// What the figures are, where the definition comes from, and which variant it is.
fn heading(indicator: &Indicator, named: &IndicatorRef) -> Vec<String> {
    let mut lines: Vec<String> = indicator.title.values().rev().cloned().collect();
    lines.extend(indicator.norm.as_ref().map(|norm| format!("norm: {norm}")));
    lines.push(format!("source: {}", indicator.source));
    let variants = [("by", &named.by), ("window", &named.window)];
    let variants: Vec<String> = variants
        .into_iter()
        .filter_map(|(which, name)| Some(format!(", {which} {}", name.as_ref()?)))
        .collect();
    lines.push(format!("indicator {} version {}{}", named.id, named.version, variants.concat()));
    lines
}
