//! `kring audit list` and `show`: entries for reading.

use std::io::Write;
use std::ops::Range;

use comfy_table::Table;
use comfy_table::presets::NOTHING;

use super::source::{Source, question_of};
use crate::cli::audit::ListFormat;
use crate::command::{Exit, print};
use crate::log::Entry;
use crate::nen7513::{self, Mapper, Record};

/// So many entries before the first are read too: an answer names its question by digest alone.
const LOOK_BACK: u64 = 200;

/// What is said of a question that a session key signed.
const SESSION: &str = "signed in a session";

/// Lists entries.
pub(crate) fn list(
    source: &Source,
    from: Option<u64>,
    limit: u64,
    format: ListFormat,
) -> anyhow::Result<Exit> {
    let size = source.reader.size();
    let latest = || size.saturating_sub(limit).max(source.reader.readable_from());
    let first = from.unwrap_or_else(latest).min(size);
    source.reader.readable(first)?;
    let range = first..first.saturating_add(limit).min(size);
    match format {
        ListFormat::Table => print::line(table(source, range)?),
        ListFormat::Json => {
            for index in range {
                print::line(String::from_utf8_lossy(&source.reader.bytes(index)?));
            }
        }
        ListFormat::Nen7513Csv | ListFormat::Nen7513Json => {
            let mut text = Vec::new();
            records(source, &mut text, range, format)?;
            print::line(String::from_utf8_lossy(text.trim_ascii_end()));
        }
    }
    Ok(Exit::Done)
}

/// Prints one entry, or all of one question.
pub(crate) fn show(id: &str, source: &Source) -> anyhow::Result<Exit> {
    for index in source.find(id)? {
        let value: serde_json::Value = serde_json::from_slice(&source.reader.bytes(index)?)?;
        print::line(serde_json::to_string_pretty(&value)?);
    }
    Ok(Exit::Done)
}

fn table(source: &Source, range: Range<u64>) -> anyhow::Result<Table> {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    table.set_header(["entry", "time", "what", "person", "for", "purpose", "question", "detail"]);
    let mut mapper = mapper(source, range.start)?;
    for index in range {
        let entry = source.entry(index)?;
        let question = question_of(&entry.event).map(|digest| digest.short()).unwrap_or_default();
        let Record { event_id, user, on_behalf_of, purpose, .. } = mapper.record(&entry);
        let detail = detail(&entry);
        table.add_row([
            index.to_string(),
            entry.at.to_string(),
            event_id.to_owned(),
            user,
            on_behalf_of,
            purpose,
            question,
            detail,
        ]);
    }
    Ok(table)
}

/// A code or name that tells entries of one kind apart.
fn detail(entry: &Entry) -> String {
    use crate::log::Event;
    use crate::log::event::Archived;
    match &entry.event {
        Event::Refused { code, .. } | Event::NotAsked { code, .. } | Event::Fault { code, .. } => {
            code.clone()
        }
        Event::Received { responder, outcome, .. } => format!("{responder} {outcome}"),
        Event::Rejected { peer, code, count, .. } => format!("{count} of {peer}: {code}"),
        Event::CharterAccepted { layer, .. } => format!("{} {}", layer.network, layer.version),
        Event::CharterRejected { code, .. } => code.clone(),
        Event::Revoked { subject, reason, .. } => format!("{subject}: {reason}"),
        Event::Configured { before, .. } => {
            if before.is_some() {
                "changed".to_owned()
            } else {
                String::new()
            }
        }
        Event::SnapshotUsed { dataset, snapshot, .. } => format!("{dataset} {}", snapshot.short()),
        Event::Clock { ahead_s, .. } => format!("{ahead_s} s ahead"),
        Event::WorkerLost { reason } | Event::Paused { reason } => reason.clone(),
        Event::Archived(Archived { first, count, .. }) => {
            format!("{count} entries from {first} on")
        }
        Event::ForkEvidence { origin, shows, .. } => format!("{origin}: {shows}"),
        Event::GapAccepted { origin, size, seen, .. } => {
            format!("{size} of {seen} entries kept, continued as {origin}")
        }
        Event::MemoryLost { lineages } => format!("{} lineages are over", lineages.len()),
        Event::Started { version, .. } => version.clone(),
        Event::Asked { question, hospitals } => match question.delegation {
            Some(_) => format!("{} ({SESSION})", nen7513::codes(hospitals)),
            None => nen7513::codes(hospitals),
        },
        Event::Intent { question, .. } => {
            question.delegation.map_or_else(String::new, |_digest| SESSION.to_owned())
        }
        Event::Held { approval, .. } => format!("approval {}", approval.short()),
        Event::ApprovalDecided { approval, granted, until, .. } => {
            let what = if *granted { "granted" } else { "denied" };
            format!("approval {} {what} until {until}", approval.short())
        }
        Event::Outcome { .. }
        | Event::AskedV1 { .. }
        | Event::KeysChanged { .. }
        | Event::Resumed {}
        | Event::Stopped {} => String::new(),
    }
}

/// Writes NEN 7513 records of the entries in a range; how many.
pub(super) fn records(
    source: &Source,
    to: &mut impl Write,
    range: Range<u64>,
    format: ListFormat,
) -> anyhow::Result<u64> {
    let mut mapper = mapper(source, range.start)?;
    let count = range.end.saturating_sub(range.start);
    let mut entries = range.clone().zip(source.reader.bytes_from(range.start));
    if format == ListFormat::Nen7513Csv {
        let mut csv = csv::Writer::from_writer(to);
        entries.try_for_each(|(index, bytes)| {
            let mut record = mapper.record(&source.reader.parse(index, &bytes?)?);
            record.description = no_formula(record.description);
            csv.serialize(record)?;
            anyhow::Ok(())
        })?;
        csv.flush()?;
    } else {
        entries.try_for_each(|(index, bytes)| {
            let record = mapper.record(&source.reader.parse(index, &bytes?)?);
            writeln!(to, "{}", serde_json::to_string(&record)?)?;
            anyhow::Ok(())
        })?;
    }
    Ok(count)
}

/// A question's text as a cell that no spreadsheet takes for a formula.
pub(crate) fn no_formula(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

fn mapper(source: &Source, first: u64) -> anyhow::Result<Mapper> {
    let hospital = source.config.hospital.clone();
    let note = source.reader.checkpoint();
    let origin = note.as_deref().and_then(|note| note.lines().next()).unwrap_or_default();
    let mut mapper = Mapper::new(nen7513::Source { hospital, origin: origin.to_owned() });
    let from = first.saturating_sub(LOOK_BACK).max(source.reader.readable_from());
    for index in from..first {
        mapper.record(&source.entry(index)?);
    }
    Ok(mapper)
}
