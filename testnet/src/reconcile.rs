//! Double-entry over the logs of a network: what an asker says that it sent, to whom, and received, against what every
//! hospital says that it decided and released.
//!
//! [`reconcile`] is pure; [`run`] reads the logs of a folder and prints the table. A process that was killed says nothing, so
//! its next `started` is the reason for what it left open. It does not check that a log is whole: that is [`check_log`]
//! and `kring audit verify`. Questions of which the log is in its first form name no hospitals: there one that neither side
//! knows of is not missed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::Context as _;
use node::log::{Entry, Event, Reader};
use policies::Digest;

use crate::cli::Folder;
use crate::network::Network;
use crate::print;

mod book;

use book::{Book, Sides, Wrong};

/// Further looks at logs that do not match, for questions that are under way.
const LOOKS: usize = 5;
/// Pause before each.
const PAUSE: Duration = Duration::from_secs(1);

/// Something that has neither counterpart nor reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which part of which question it is about.
    pub part: String,
    /// What is wrong with it: the same at every look, while the words may count on.
    pub kind: &'static str,
    /// What is wrong with it, in words.
    pub words: String,
}

/// What the two sides say together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Questions that were put.
    pub sent: u64,
    /// Questions that the own node refused before it asked anyone.
    pub not_asked: u64,
    /// Parts: each question that was put, at each hospital that it was for.
    pub addressed: u64,
    /// Parts that the asker holds an answer to.
    pub answered: u64,
    /// Parts that the asker holds a refusal to.
    pub refused: u64,
    /// Parts that the asker holds no valid reply to, and says why.
    pub unreachable: u64,
    /// Parts that the end of the asker left open.
    pub unfinished: u64,
    /// Parts that may be under way: unmatched at the last look alone.
    pub under_way: u64,
    /// Answers that hospitals released.
    pub released: u64,
    /// Of these, those that the asker holds.
    pub received: u64,
    /// Of these, those that did not reach the asker: it says why, or its end does.
    pub undelivered: u64,
    /// Questions that a hospital began, and that its end cut off.
    pub cut_off: u64,
    /// What has neither counterpart nor reason.
    pub unmatched: Vec<Fault>,
    /// Questions that a hospital began or decided more than once, in words.
    pub duplicates: Vec<String>,
}

impl Table {
    /// Prints the figures, and every fault.
    pub fn print(&self) {
        let count = |all: usize| u64::try_from(all).unwrap_or(u64::MAX);
        for (name, figure) in [
            ("questions sent", self.sent),
            ("questions not sent", self.not_asked),
            ("parts: question x hospital", self.addressed),
            ("  answered", self.answered),
            ("  refused", self.refused),
            ("  unreachable", self.unreachable),
            ("  unfinished at a kill", self.unfinished),
            ("  under way", self.under_way),
            ("answers released", self.released),
            ("  received", self.received),
            ("  undelivered", self.undelivered),
            ("begun, cut off by a kill", self.cut_off),
            ("run twice", count(self.duplicates.len())),
            ("unmatched", count(self.unmatched.len())),
        ] {
            print::line(format!("{name:<28} {figure:>8}"));
        }
        for Fault { part, words, .. } in &self.unmatched {
            print::line(format!("  {part}: {words}"));
        }
        for fault in &self.duplicates {
            print::line(format!("  {fault}"));
        }
    }

    /// Whether everything has its counterpart or a reason, and nothing was run twice.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.unmatched.is_empty() && self.duplicates.is_empty()
    }

    /// Takes what was matched a moment ago, or was not there, for under way.
    fn after(mut self, before: &Self) -> Self {
        let all = self.unmatched.len();
        let of = |fault: &Fault| (fault.part.clone(), fault.kind);
        let before: BTreeSet<_> = before.unmatched.iter().map(of).collect();
        self.unmatched.retain(|fault| before.contains(&of(fault)));
        let new = all.saturating_sub(self.unmatched.len());
        self.under_way = u64::try_from(new).unwrap_or(u64::MAX);
        self
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
    // The logs of a running network are not read at one moment, and questions are under way. What stays is a fault.
    for _ in 0..LOOKS {
        if table.holds() {
            break;
        }
        std::thread::sleep(PAUSE);
        table = reconcile(&logs(&network)?).after(&table);
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
    for node in book.nodes.values() {
        table.sent = table.sent.saturating_add(node.asked.len().try_into().unwrap_or(u64::MAX));
        table.not_asked = table.not_asked.saturating_add(node.not_asked);
    }
    for (place, sides) in &book.parts {
        let name = format!("{} at {}", place.0.short(), place.1);
        let faults = part(&book, place, sides, &mut table);
        let fault = |(kind, words)| Fault { part: name.clone(), kind, words };
        table.unmatched.extend(faults.into_iter().map(fault));
        if sides.intents.len() > 1 || sides.decided.len() > 1 {
            let (begun, decided) = (&sides.intents, &sides.decided);
            table.duplicates.push(format!("{name}: begun {begun:?}, decided {decided:?}"));
        }
    }
    for (code, question, at) in book.asked_alone() {
        // Nobody else ever heard of it, and the asker says nothing more: only the end of the asker explains that.
        if book.ended_after(code, at) {
            more(&mut table.unfinished);
        } else {
            table.unmatched.push(Fault {
                part: format!("{} by {code}", question.short()),
                kind: "alone",
                words: format!("entry {at}: was put, nothing came"),
            });
        }
    }
    table
}

fn more(count: &mut u64) {
    *count = count.saturating_add(1);
}

/// Counts one question at one hospital; what has no counterpart.
fn part(book: &Book<'_>, place: &(Digest, String), sides: &Sides, table: &mut Table) -> Vec<Wrong> {
    let responder = &place.1;
    let entries = book.nodes.get(responder).map_or(&[][..], |node| node.entries);
    let mut faults = sides.faults(entries);
    if sides.askers.len() != 1 {
        faults.push(("askers", format!("it has the askers {:?}", sides.askers)));
    }
    if sides.put.is_empty() {
        let words = "no node says that it put the question to this hospital".to_owned();
        faults.push(("not put", words));
    } else {
        more(&mut table.addressed);
    }
    let asker = sides.askers.first().map_or("", String::as_str);
    let silent = silent(book, asker, sides);
    if silent > 0 {
        let words = format!("{silent} times put, without an answer, a refusal or a reason");
        faults.push(("silent", words));
    }
    match (sides.answered(), sides.refused(), sides.received.is_empty()) {
        (true, _, _) => more(&mut table.answered),
        (false, true, _) => more(&mut table.refused),
        (false, false, false) => more(&mut table.unreachable),
        (false, false, true) if silent == 0 => more(&mut table.unfinished),
        (false, false, true) => {}
    }
    if sides.released() {
        more(&mut table.released);
        let delivered = if sides.answered() { &mut table.received } else { &mut table.undelivered };
        more(delivered);
    }
    if let Some(begun) = sides.intents.first()
        && sides.decided.is_empty()
    {
        if book.ended_after(responder, *begun) {
            more(&mut table.cut_off);
        } else {
            faults.push(("begun", format!("entry {begun} was begun and never ended")));
        }
    }
    faults
}

/// How often an asker put the question and has neither a reply nor its own end as a reason, process by process.
fn silent(book: &Book<'_>, asker: &str, sides: &Sides) -> usize {
    let mut lives: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for put in &sides.put {
        let (open, excused) = lives.entry(book.life(asker, *put)).or_default();
        *open = open.saturating_add(1);
        *excused = excused.saturating_add(usize::from(book.ended_after(asker, *put)));
    }
    for received in &sides.received {
        if let Some((open, _)) = lives.get_mut(&book.life(asker, received.at)) {
            *open = open.saturating_sub(1);
        }
    }
    lives.values().map(|(open, excused)| open.saturating_sub(*excused)).sum()
}

/// Whether an event is the beginning of a process.
fn begins(event: &Event) -> bool {
    matches!(event, Event::Started { .. })
}

#[cfg(test)]
mod tests;
