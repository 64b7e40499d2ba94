//! What each kind of event says of itself.

use policies::Digest;
use policies::wire::{LayerRef, Receipt};

use super::Record;
use crate::log::Event;
use crate::log::event::{Archived, ClockSource, KeyPrints};

/// Refused: the norm's "minor failure".
const REFUSED: &str = "4";
/// Failed: the norm's "serious failure".
const FAILED: &str = "8";
/// Done.
const DONE: &str = "0";

/// An event's own part of a record, and the question that it is about.
pub(super) struct What {
    pub(super) question: Option<Digest>,
    pub(super) record: Record,
}

impl What {
    #[expect(clippy::too_many_lines, reason = "one arm for each kind")]
    pub(super) fn of(event: &Event) -> Self {
        match event {
            Event::Intent { question, request, profile, footprint: _ } => {
                let mut record = query("question received", "intent", DONE);
                record.detail = format!("request {request}");
                record.checks = format!("profile {}", profile.as_str());
                Self { question: Some(question.digest), record }
            }
            Event::Outcome {
                question,
                request,
                frames,
                snapshot,
                layers,
                receipt,
                status,
                hidden_by: _,
                memory: _,
                salt: _,
            } => {
                let mut record = query("answer released", "outcome", DONE);
                record.object_role = "3";
                record.detail = format!(
                    "request {request}, answer {frames}, snapshot {snapshot}, data {status}, {}",
                    counts(receipt)
                );
                record.policies = policy(layers, &receipt.rules);
                record.checks = format!("profile {}", receipt.profile.as_str());
                Self { question: Some(*question), record }
            }
            Event::Refused { question, request, code, message: _, message_nl: _, rule, layer } => {
                let mut record = query("question refused", "refused", REFUSED);
                record.detail = format!("request {request}, code {code}");
                let rules: Vec<_> = rule.iter().cloned().collect();
                record.policies = policy(layer.as_slice(), &rules);
                Self { question: Some(question.digest), record }
            }
            Event::Asked { question, hospitals } => {
                let mut record = query("question sent", "asked/2", DONE);
                record.detail = format!("to {}", super::codes(hospitals));
                Self { question: Some(question.digest), record }
            }
            Event::AskedV1 { question } => Self {
                question: Some(question.digest),
                record: query("question sent", "asked", DONE),
            },
            Event::NotAsked { question, code } => {
                let mut record = query("question refused before it was sent", "not_asked", REFUSED);
                record.detail = format!("code {code}");
                Self { question: Some(question.digest), record }
            }
            Event::Received { question, request, responder, outcome, log_index } => {
                let outcome_indicator = if outcome == "answered" { DONE } else { REFUSED };
                let mut record = query("answer received", "received", outcome_indicator);
                record.object_role = "3";
                record.access_type = "1";
                record.access_point = responder.to_string();
                let place = log_index.map(|index| format!(", entry {index} of its log"));
                record.detail =
                    format!("request {request}, {outcome}{}", place.unwrap_or_default());
                Self { question: Some(*question), record }
            }
            Event::Fault { question, code } => {
                let mut record = query("question failed", "fault", FAILED);
                record.detail = format!("code {code}");
                Self { question: Some(*question), record }
            }
            Event::Held { .. } | Event::ApprovalDecided { .. } => approval(event),
            Event::Rejected { .. }
            | Event::Started { .. }
            | Event::Stopped {}
            | Event::Paused { .. }
            | Event::Resumed {}
            | Event::CharterAccepted { .. }
            | Event::CharterRejected { .. }
            | Event::Revoked { .. }
            | Event::Configured { .. }
            | Event::KeysChanged { .. }
            | Event::SnapshotUsed { .. }
            | Event::Clock { .. }
            | Event::ForkEvidence { .. }
            | Event::Archived(_)
            | Event::GapAccepted { .. }
            | Event::MemoryLost { .. }
            | Event::WorkerLost { .. } => Self { question: None, record: of_the_node(event) },
        }
    }
}

/// A text that people of this hospital approve first, and what they decided.
fn approval(event: &Event) -> What {
    if let Event::Held { question, approval, profile, rules } = event {
        let mut record = query("question held for approval", "held", REFUSED);
        record.detail = format!("approval {approval}");
        record.policies = rules.join("; ");
        record.checks = format!("profile {}", profile.as_str());
        return What { question: Some(question.digest), record };
    }
    let Event::ApprovalDecided { question, approval, profile, granted, until, reason } = event
    else {
        return What { question: None, record: Record::default() };
    };
    let (id, outcome) =
        if *granted { ("text approved", DONE) } else { ("text not approved", REFUSED) };
    let mut record = query(id, "approval_decided", outcome);
    record.detail = format!("approval {approval}, until {until}: {reason}");
    record.checks = format!("profile {}", profile.as_str());
    What { question: Some(question.digest), record }
}

/// What the node noticed about itself and others.
fn noticed(event: &Event) -> Record {
    let changed = |before: bool| if before { ", changed" } else { "" };
    match event {
        Event::CharterRejected { bundle, code } => {
            let mut record = system("charter rejected", "charter_rejected", "U");
            record.outcome = REFUSED;
            record.detail = format!("code {code}, bundle {bundle}");
            record
        }
        Event::Revoked { .. } => revoked(event),
        Event::Configured { config, before, own } => {
            let mut record = system("configuration read", "configured", "R");
            let own = own.map_or_else(String::new, |own| format!(", own rules {own}"));
            record.detail = format!("config {config}{own}{}", changed(before.is_some()));
            record
        }
        Event::KeysChanged { keys, before } => {
            let record = system("keys of the node", "keys_changed", "U");
            Record { detail: format!("{}{}", prints(keys), changed(before.is_some())), ..record }
        }
        Event::SnapshotUsed { dataset, version, snapshot } => {
            let mut record = system("snapshot taken into use", "snapshot_used", "U");
            record.object_name = dataset.to_string();
            record.detail = format!("snapshot {snapshot}, version {version} of the dataset");
            record
        }
        Event::Clock { against, ahead_s } => {
            let mut record = system("clock jumped", "clock", "E");
            record.outcome = FAILED;
            let against = match against {
                ClockSource::Monotonic => "the time that passed",
                ClockSource::LastEntry => "the last entry",
            };
            record.detail = format!("{ahead_s} s ahead of {against}");
            record
        }
        Event::Started { .. }
        | Event::Stopped {}
        | Event::Paused { .. }
        | Event::Resumed {}
        | Event::CharterAccepted { .. }
        | Event::Rejected { .. }
        | Event::Archived(_)
        | Event::WorkerLost { .. }
        | Event::Intent { .. }
        | Event::Outcome { .. }
        | Event::Refused { .. }
        | Event::Asked { .. }
        | Event::AskedV1 { .. }
        | Event::NotAsked { .. }
        | Event::Received { .. }
        | Event::ForkEvidence { .. }
        | Event::GapAccepted { .. }
        | Event::MemoryLost { .. }
        | Event::Fault { .. }
        | Event::Held { .. }
        | Event::ApprovalDecided { .. } => Record::default(),
    }
}

/// Fingerprints of the node's keys.
fn prints(keys: &KeyPrints) -> String {
    let KeyPrints { transport, envelope, log, witness } = keys;
    format!("transport {transport}, envelope {envelope}, log {log}, witness {witness}")
}

/// A key that is worth nothing any more.
fn revoked(event: &Event) -> Record {
    let Event::Revoked { network, subject, key, reason, by } = event else {
        return Record::default();
    };
    let mut record = system("key revoked", "revoked", "U");
    record.object_name.clone_from(subject);
    let by = if by.is_empty() { "itself".to_owned() } else { by.join(", ") };
    record.detail = format!("network {network}, key {key}, by {by}: {reason}");
    record
}

/// Lineages over which nothing is answered again.
fn memory_lost(lineages: &[policies::Digest]) -> Record {
    let mut record = system("answers are not remembered", "memory_lost", "U");
    let named: Vec<_> = lineages.iter().map(ToString::to_string).collect();
    record.detail = format!("nothing is answered over lineages {}", named.join(" "));
    record
}

/// Events that are about no question.
fn of_the_node(event: &Event) -> Record {
    match event {
        Event::CharterRejected { .. }
        | Event::Revoked { .. }
        | Event::Configured { .. }
        | Event::KeysChanged { .. }
        | Event::SnapshotUsed { .. }
        | Event::Clock { .. } => noticed(event),
        Event::Started { version, hospital: _, snapshots } => {
            let mut record = system("node started", "started", "E");
            let held = snapshots.iter().map(|(dataset, digest)| format!(", {dataset} {digest}"));
            record.detail = format!("version {version}{}", held.collect::<String>());
            record
        }
        Event::Stopped {} => system("node stopped", "stopped", "E"),
        Event::Paused { reason } => {
            Record { detail: reason.clone(), ..system("answering paused", "paused", "E") }
        }
        Event::Resumed {} => system("answering resumed", "resumed", "E"),
        Event::CharterAccepted { layer, .. } => {
            let policies = policy(std::slice::from_ref(layer), &[]);
            Record { policies, ..system("charter accepted", "charter_accepted", "U") }
        }
        Event::Rejected { peer, code, count, first } => {
            let mut record = system("requests rejected", "rejected", "E");
            record.outcome = REFUSED;
            record.access_type = "1";
            record.access_point.clone_from(peer);
            record.detail = format!("{count} requests, code {code}, first {first}");
            record
        }
        Event::ForkEvidence { origin, shows, cosigned: _, offered: _ } => {
            let record = system("a log contradicts itself", "fork_evidence", "R");
            Record { outcome: FAILED, detail: format!("log {origin}: {shows}"), ..record }
        }
        Event::Archived(Archived { first, count, latest, file, folder, .. }) => {
            let last = first.saturating_add(*count).saturating_sub(1);
            let to = format!("entries {first} to {last}, up to {latest}, to {folder}, file {file}");
            Record { detail: to, ..system("entries archived", "archived", "E") }
        }
        Event::GapAccepted { origin, before, size, root: _, seen, evidence: _ } => {
            let kept = format!("log {before}: {size} entries kept of {seen} seen, now {origin}");
            let what = "a lost history of the log was given up";
            Record { detail: kept, ..system(what, "gap_accepted", "U") }
        }
        Event::MemoryLost { lineages } => memory_lost(lineages),
        Event::WorkerLost { reason } => {
            let detail = reason.clone();
            Record { outcome: FAILED, detail, ..system("worker lost", "worker_lost", "E") }
        }
        Event::Intent { .. }
        | Event::Outcome { .. }
        | Event::Refused { .. }
        | Event::Asked { .. }
        | Event::AskedV1 { .. }
        | Event::NotAsked { .. }
        | Event::Received { .. }
        | Event::Fault { .. }
        | Event::Held { .. }
        | Event::ApprovalDecided { .. } => Record::default(),
    }
}

fn query(event_id: &'static str, event_type: &'static str, outcome: &'static str) -> Record {
    Record {
        event_id,
        event_type,
        action: "E",
        outcome,
        object_role: "24",
        requestor: "true",
        ..Record::default()
    }
}

fn system(event_id: &'static str, event_type: &'static str, action: &'static str) -> Record {
    Record { event_id, event_type, action, outcome: DONE, requestor: "false", ..Record::default() }
}

fn policy(layers: &[LayerRef], rules: &[String]) -> String {
    let layers = layers.iter().map(|layer| {
        let LayerRef { network, version, digest } = layer;
        format!("{network} version {version} ({digest})")
    });
    layers.chain(rules.iter().cloned()).collect::<Vec<_>>().join("; ")
}

fn counts(receipt: &Receipt) -> String {
    let list =
        |counts: &[u64]| counts.iter().map(ToString::to_string).collect::<Vec<_>>().join("+");
    let figures = match receipt.figures.iter().any(|figures| *figures > 0) {
        true => format!(", figures hidden in the others {}", list(&receipt.figures)),
        false => String::new(),
    };
    format!("cells {}, hidden or empty {}{figures}", list(&receipt.cells), list(&receipt.nulls))
}
