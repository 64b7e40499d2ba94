//! `kring status`: what this hospital's node is doing.

use crate::api::{MemoryState, SyslogState};
use crate::cli::{Format, ProfileArg};
use crate::client::Client;
use crate::command::{Exit, print};
use crate::profile::Profile;

/// Asks the node and prints.
pub(crate) fn run(profile: &ProfileArg, format: Format) -> anyhow::Result<Exit> {
    let profile = Profile::load(profile.profile.as_deref())?;
    let status = Client::new(&profile)?.status()?;
    if format == Format::Json {
        print::line(serde_json::to_string(&status)?);
        return Ok(Exit::Done);
    }
    print::line(format!(
        "node of {} version {}, process {}",
        status.hospital, status.version, status.pid
    ));
    if let Some(state) = &status.paused {
        let reason = if state.reason.is_empty() { "" } else { ": " };
        print::line(format!("PAUSED since {}{reason}{}", state.since, state.reason));
    }
    let layer = &status.layer;
    print::line(format!(
        "charter {} version {} until {}",
        layer.network, layer.version, status.valid_until
    ));
    status.listen.iter().for_each(|address| print::line(format!("listens on {address}")));
    for (dataset, snapshot) in &status.snapshots {
        print::line(format!("dataset {dataset}: snapshot {}", snapshot.short()));
    }
    status.memories.iter().for_each(|(dataset, state)| {
        print::line(format!("dataset {dataset}: {}", memory(state)));
    });
    for (hospital, peer) in &status.peers {
        let reason =
            peer.last_error.as_deref().map_or_else(String::new, |error| format!(": {error}"));
        let state =
            if peer.connected { "connected".to_owned() } else { format!("not connected{reason}") };
        print::line(format!("hospital {hospital}: {state}"));
    }
    let log = &status.log;
    print::line(format!("log {}: {} entries, {}", log.origin, log.entries, log.standing));
    log.reason.iter().for_each(|reason| print::line(format!("nothing is answered: {reason}")));
    for (hospital, word) in &log.witnesses {
        print::line(format!("witness {hospital}: {word}"));
    }
    print::line(format!("idle workers: {}", status.idle_workers.len()));
    status.syslog.iter().for_each(|state| print::line(syslog(state)));
    status.worker_notes.iter().for_each(|note| print::line(format!("note: {note}")));
    Ok(Exit::Done)
}

fn memory(state: &MemoryState) -> String {
    let MemoryState { filled, problem } = state;
    match (problem, filled) {
        (Some(code), _) => format!("what was told is not known ({code}), and nothing is answered"),
        (None, Some(filled)) => format!("the memory of what was told is {filled} % full"),
        (None, None) => "nothing was told".to_owned(),
    }
}

fn syslog(state: &SyslogState) -> String {
    let SyslogState { to, connected: _, sent, received, entries, last_error } = state;
    let error = last_error.as_deref().map_or_else(String::new, |error| format!("; {error}"));
    format!("syslog {to}: {sent} of {entries} entries sent, {received} count as received{error}")
}
