//! `kring charter show`: what a bundle says, whether or not it is signed.

use std::path::Path;

use policies::Root;
use policies::bundle::Inspected;
use policies::charter::Charter;
use policies::charter::rules::Effect;

use super::{folder, summary};
use crate::command::{Exit, print};

/// Seconds of a day.
const DAY_S: i64 = 24 * 60 * 60;

/// Prints it.
pub(super) fn run(path: &Path) -> anyhow::Result<Exit> {
    let Inspected { charter, envelope, signed_by, .. } = folder::inspect(path)?;
    print::line(summary(&charter));
    let digest = envelope.digest();
    print::line(format!("  digest {digest}"));
    print::line(format!("  words {}", Root::of(digest).words()));
    if let Some(previous) = charter.previous() {
        print::line(format!("  after {previous}"));
    }
    let (days, needed) = (charter.notice_s() / DAY_S, charter.threshold());
    print::line(format!("  notice {days} day(s); {needed} of these signers:"));
    for signer in charter.signers() {
        let signed = signed_by.iter().any(|by| by.key == signer.key);
        let state = if signed { "signed" } else { "not signed" };
        print::line(format!("  signer {} {} ({state})", signer.name, signer.key.fingerprint()));
    }
    for key in charter.freshness() {
        print::line(format!("  freshness key of {} {}", key.hospital, key.key.fingerprint()));
    }
    members(&charter);
    contents(&charter);
    Ok(Exit::Done)
}

/// Hospitals, sub-networks and people.
fn members(charter: &Charter) {
    for member in charter.members() {
        print::line(format!("  hospital {} {}", member.code, member.name));
    }
    for (id, name) in charter.networks() {
        let members = charter.members().filter(|member| member.networks.contains_key(id));
        let members: Vec<_> = members.map(|member| member.code.as_str()).collect();
        print::line(format!("  network {id} {name}: {}", members.join(", ")));
    }
    for person in charter.people() {
        let groups: Vec<_> = person.groups.iter().map(ToString::to_string).collect();
        print::line(format!(
            "  person {} {} of {}; groups: {}",
            person.id,
            person.name,
            person.hospital,
            groups.join(", ")
        ));
    }
}

/// Datasets, indicators, rules and cases.
fn contents(charter: &Charter) {
    for dataset in charter.datasets() {
        print::line(format!(
            "  dataset {} version {} ({})",
            dataset.id,
            dataset.version,
            dataset.status.as_str()
        ));
    }
    for indicator in charter.indicators() {
        let title = indicator.title.values().next_back().map_or("", String::as_str);
        print::line(format!(
            "  indicator {} version {} of {}: {title}",
            indicator.id, indicator.version, indicator.dataset
        ));
    }
    for rule in charter.rules().iter() {
        let effect = match rule.effect {
            Effect::Permit => "permits",
            Effect::Forbid => "forbids",
        };
        let explained = rule.explain.get("en").map_or_else(String::new, |text| format!(": {text}"));
        print::line(format!(
            "  rule {} {effect} ({}, line {}){explained}",
            rule.id, rule.file, rule.line
        ));
    }
    for case in charter.cases() {
        print::line(format!("  case {} ({})", case.name, case.expect.as_str()));
    }
}
