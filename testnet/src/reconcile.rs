//! Double-entry over the logs of a network: what an asker says that it sent and received against what every hospital says
//! that it decided and released.
//!
//! [`reconcile`] is pure; [`run`] reads the logs of a folder and prints the table. A process that was killed says nothing, so
//! its next `started` is the reason for what it left open. It does not check that a log is whole: that is [`check_log`]
//! and `kring audit verify`. A log does not name the hospitals of a question, so one that neither side knows of is not missed.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use node::log::{Entry, Event, Reader};
use policies::Digest;

use crate::cli::Folder;
use crate::network::Network;
use crate::print;

mod book;

use book::{Book, Decided, Sides};

/// Further looks at logs that do not match, for questions that are under way.
const LOOKS: usize = 5;
/// Pause before each.
const PAUSE: Duration = Duration::from_secs(1);

/// What the two sides say together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Questions that were put.
    pub sent: u64,
    /// Replies that askers hold as answers.
    pub answered: u64,
    /// Replies that askers hold as refusals.
    pub refused: u64,
    /// Hospitals that gave an asker no valid reply; the asker says why.
    pub unreachable: u64,
    /// Parts that a node's end left open, at an asker or at a responder.
    pub unfinished: u64,
    /// Answers that responders released.
    pub released: u64,
    /// Of these, those that an asker holds as answers.
    pub received: u64,
    /// What has neither counterpart nor reason, in words.
    pub unmatched: Vec<String>,
    /// Questions that a hospital began or decided more than once, in words.
    pub duplicates: Vec<String>,
}

impl Table {
    /// Prints the figures, and every fault.
    pub fn print(&self) {
        let count = |all: &[String]| u64::try_from(all.len()).unwrap_or(u64::MAX);
        for (name, figure) in [
            ("sent", self.sent),
            ("answered", self.answered),
            ("refused", self.refused),
            ("unreachable", self.unreachable),
            ("unfinished at a kill", self.unfinished),
            ("released", self.released),
            ("received", self.received),
            ("run twice", count(&self.duplicates)),
            ("unmatched", count(&self.unmatched)),
        ] {
            print::line(format!("{name:<22} {figure:>8}"));
        }
        for fault in self.unmatched.iter().chain(&self.duplicates) {
            print::line(format!("  {fault}"));
        }
    }

    /// Whether everything has its counterpart or a reason, and nothing was run twice.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.unmatched.is_empty() && self.duplicates.is_empty()
    }
}

/// Runs the command.
///
/// # Errors
/// A log that cannot be read or is damaged, or entries without counterpart.
pub fn run(folder: &Folder) -> anyhow::Result<()> {
    let network = Network::open(&folder.dir)?.with_context(|| {
        format!("{} holds no network; make one with `testnet up`", folder.dir.display())
    })?;
    let mut table = reconcile(&logs(&network)?);
    // A question may be under way: it has ended at one of the next looks.
    for _ in 0..LOOKS {
        if table.holds() {
            break;
        }
        std::thread::sleep(PAUSE);
        table = reconcile(&logs(&network)?);
    }
    table.print();
    anyhow::ensure!(table.holds(), "the logs do not match");
    Ok(())
}

/// Every node's entries, each log checked in full.
///
/// # Errors
/// A log that cannot be read or is damaged.
pub fn logs(network: &Network) -> anyhow::Result<BTreeMap<String, Vec<Entry>>> {
    let read = |hospital: &crate::topology::Hospital| {
        Ok((hospital.code.clone(), check_log(network, &hospital.code)?))
    };
    network.hospitals.iter().map(read).collect()
}

/// One node's entries, after the full check of its log.
///
/// # Errors
/// The log cannot be read or is damaged.
pub fn check_log(network: &Network, code: &str) -> anyhow::Result<Vec<Entry>> {
    let reader = Reader::open(&network.node_dir(code).join("state/log"))?;
    let mut entries = Vec::new();
    reader
        .check(|entry| entries.push(entry.clone()))
        .with_context(|| format!("the log of {code}"))?;
    Ok(entries)
}

/// Matches the logs of a network.
#[must_use]
pub fn reconcile(logs: &BTreeMap<String, Vec<Entry>>) -> Table {
    let book = Book::read(logs);
    let mut table = Table::default();
    for asker in book.nodes.values() {
        table.sent = table.sent.saturating_add(asker.asked.len().try_into().unwrap_or(u64::MAX));
    }
    for (place, sides) in &book.parts {
        part(&book, place, sides, &mut table);
    }
    for (code, question, at) in book.asked_alone() {
        // Nobody else ever heard of it, and the asker says nothing more: only the end of the asker explains that.
        if book.ended_after(code, at) {
            table.unfinished = table.unfinished.saturating_add(1);
        } else {
            table.unmatched.push(format!("{code} entry {at}: {question} was put, nothing came"));
        }
    }
    table
}

/// One question at one hospital.
fn part(book: &Book<'_>, place: &(Digest, String), sides: &Sides, table: &mut Table) {
    let (question, responder) = place;
    let name = format!("{} at {responder}", question.short());
    let more = |count: &mut u64| *count = count.saturating_add(1);
    let faults = sides.faults(logs_entry(book, responder));
    table.unmatched.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
    if sides.intents.len() > 1 || sides.decided.len() > 1 {
        table
            .duplicates
            .push(format!("{name}: begun {:?}, decided {:?}", sides.intents, sides.decided));
    }
    let asked = sides.asker.as_ref().and_then(|asker| Some((asker, book.asked(asker, question)?)));
    let gone = asked.is_some_and(|(asker, at)| book.ended_after(asker, at));
    if asked.is_none() {
        table.unmatched.push(format!("{name}: no node says that it put the question"));
    }
    if let Some(begun) = sides.intents.first()
        && sides.decided.is_empty()
    {
        if book.ended_after(responder, *begun) {
            more(&mut table.unfinished);
        } else {
            table.unmatched.push(format!("{name}: entry {begun} was begun and never ended"));
        }
    }
    let released = sides.decided.iter().any(|(_, decided)| matches!(decided, Decided::Released));
    if released {
        more(&mut table.released);
    }
    match sides.received.last() {
        Some(received) if received.outcome == "answered" => {
            more(&mut table.answered);
            if released {
                more(&mut table.received);
            }
        }
        Some(received) if received.index.is_some() || book::is_refusal(&received.outcome) => {
            more(&mut table.refused);
        }
        Some(_) => more(&mut table.unreachable),
        None if gone => more(&mut table.unfinished),
        None => table.unmatched.push(format!("{name}: decided, and the asker says nothing of it")),
    }
}

fn logs_entry<'a>(book: &'a Book<'_>, responder: &str) -> &'a [Entry] {
    book.nodes.get(responder).map_or(&[], |node| node.entries)
}

/// Whether an event is the beginning of a process.
fn begins(event: &Event) -> bool {
    matches!(event, Event::Started { .. })
}

#[cfg(test)]
mod tests;
