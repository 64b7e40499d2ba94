//! A board tries a draft out on what was really asked, before anybody signs it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::Value;
use testnet::demo::QUESTIONS;
use testnet::network::Amendment;

use crate::support::Net;

/// Longest time for something that has to come about by itself.
const PATIENCE: Duration = Duration::from_secs(60);
const EVERYBODY: &str = "SELECT count(*) AS n FROM patient";

fn simulate(net: &Net, args: &[&str]) -> Output {
    let mut kring = net.network.kring();
    kring.args(["charter", "simulate"]).args(args).output().unwrap()
}

#[track_caller]
fn text(net: &Net, args: &[&str]) -> String {
    let Output { status, stdout, stderr } = simulate(net, args);
    assert_eq!(status.code(), Some(0), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

#[track_caller]
fn json(net: &Net, args: &[&str]) -> Value {
    serde_json::from_str(&text(net, &[args, &["--format", "json"]].concat())).unwrap()
}

/// k from 10 to 20 for the breast group, C. Bakker withdrawn, and B. de Vries may ask like A. Jansen.
fn draft(net: &Net) -> Amendment<'_> {
    let amendment = net.network.amend(&net.network.first_version(), "draft").unwrap();
    let rules = "rules/demo.cedar";
    let shown = "\n@zeros(\"shown\")";
    let (ten, twenty) =
        (format!("@min_patients(\"10\"){shown}"), format!("@min_patients(\"20\"){shown}"));
    amendment.replace(rules, &ten, &twenty).unwrap();
    let jansen = "principal == Kring::Person::\"a.jansen\"";
    amendment.replace(rules, jansen, "principal in Kring::Role::\"analyst\"").unwrap();
    let name = "name = \"C. Bakker (counts for planning)\"";
    let withdrawn = format!("{name}\nvalid_until = 2026-01-02T00:00:00Z");
    amendment.replace("people.toml", name, &withdrawn).unwrap();
    amendment
}

/// What changes, by person: how often asked, and the first change in a few words.
fn changes(report: &Value) -> BTreeMap<String, Vec<(u64, String)>> {
    let mut found: BTreeMap<String, Vec<(u64, String)>> = BTreeMap::new();
    for item in report["questions"].as_array().unwrap() {
        let changes = item["changes"].as_array().unwrap();
        let [change] = changes.as_slice() else { panic!("{item}") };
        let word = |key: &str| change[key].as_str().unwrap_or("-").to_owned();
        let told = ["change", "word", "from", "to", "when", "code"].map(word).join(" ");
        let person = item["question"]["person"].as_str().unwrap().to_owned();
        found.entry(person).or_default().push((item["asked"].as_u64().unwrap(), told));
    }
    found.values_mut().for_each(|changes| changes.sort());
    found
}

/// Asks what the demo asks, everybody's number twice more, and lets C. Bakker count.
fn ask_all(net: &Net) {
    for question in &QUESTIONS {
        let code = net.ask(question.person, question.sql, &[]).status.code();
        assert_eq!(code, Some(if question.refused { 2 } else { 0 }), "{}", question.sql);
    }
    for person in ["a.jansen", "a.jansen", "c.bakker"] {
        assert_eq!(net.ask(person, EVERYBODY, &[]).status.code(), Some(0));
    }
}

fn node_of(net: &Net, code: &str) -> String {
    net.network.node_dir(code).join("config.toml").to_string_lossy().into_owned()
}

#[test]
fn a_draft_lists_exactly_the_questions_that_would_change() {
    let net = Net::start(3);
    ask_all(&net);
    let amendment = draft(&net);
    let folder = amendment.folder.to_string_lossy().into_owned();
    let first = net.network.charter().to_string_lossy().into_owned();

    // A responder's log has every permitted question; the nodes run on.
    let noord = node_of(&net, "NOORD");
    let report = json(&net, &[&folder, "--config", &noord]);
    let jansens = QUESTIONS.iter().filter(|one| one.person == "a.jansen" && !one.refused).count();
    let permitted = QUESTIONS.iter().filter(|one| !one.refused).count() + 3;
    let found = changes(&report);
    let stricter = "otherwise min_patients 10 20 at_once -".to_owned();
    let mut of_jansen = vec![(1, stricter.clone()); jansens];
    of_jansen.push((2, stricter));
    assert_eq!(found["a.jansen"], of_jansen);
    assert_eq!(found["c.bakker"], [(1, "denied - - - at_once person_not_valid".to_owned())]);
    assert!(!found.contains_key("d.visser"), "{found:?}");
    assert_eq!(report["replayed"]["questions"], permitted);
    assert_eq!(report["replayed"]["distinct"], permitted - 1);
    let changed = serde_json::json!({ "questions": jansens + 3, "distinct": jansens + 2 });
    assert_eq!(report["changed"], changed);
    assert_eq!(report["not_replayed"], serde_json::json!({}));
    assert_eq!(
        (&report["against"]["version"], &report["draft"]["version"]),
        (&1.into(), &2.into())
    );

    // B. de Vries was turned away by the own node: that one's log tells of it, and of no footprint.
    let own = json(&net, &[&folder, "--config", &node_of(&net, "OOST")]);
    let of_devries = &changes(&own)["b.devries"];
    assert_eq!(of_devries, &[(1, "let_in - - - after_notice no_rule_permits".to_owned())]);
    assert_eq!(own["refused"]["let_in"]["questions"], 1);

    // The same to read, and as a table of changes.
    let told = text(&net, &[&folder, "--config", &noord]);
    for line in [
        "2x ",
        "    min_patients 10 -> 20 (stricter, at once)",
        "    allowed -> denied, at once: person_not_valid: `c.bakker` may not ask",
    ] {
        assert!(told.contains(line), "{line} in\n{told}");
    }
    assert!(told.contains(&format!("\n{permitted} questions replayed, ")), "{told}");
    let told = text(&net, &[&folder, "--config", &noord, "--language", "nl"]);
    assert!(told.contains("    min_patients 10 -> 20 (strenger, meteen)"), "{told}");
    let told = text(&net, &[&folder, "--config", &noord, "--format", "csv"]);
    assert_eq!(told.lines().count(), 1 + jansens + 2, "{told}");

    // Nothing changes between a charter and itself, nor before anything was asked.
    let same = json(&net, &[&folder, "--config", &noord, "--against", &folder]);
    assert_eq!(same["changed"]["questions"], 0, "{same}");
    let none = json(&net, &[&folder, "--config", &noord, "--since", "2999-01-01"]);
    assert_eq!(none["replayed"]["questions"], 0, "{none}");

    an_export_says_the_same(&net, &report, &[&folder, "--against", &first]);
    questions_in_words_say_the_same(&net, &report, &[&folder, "--against", &first]);
}

/// Two exports of one log count each question once.
fn an_export_says_the_same(net: &Net, report: &Value, args: &[&str]) {
    let (export, noord) = (net.network.dir.join("a.audit"), node_of(net, "NOORD"));
    let path = export.to_string_lossy().into_owned();
    let since = Instant::now();
    let said = loop {
        // What is not under a checkpoint yet is not exported.
        let made = net.network.run(&["audit", "export", "--config", &noord, "--out", &path]);
        let both = [args, &["--export", &path, "--export", &path]].concat();
        let said = if made.is_ok() { json(net, &both) } else { Value::Null };
        if said["replayed"] == report["replayed"] {
            break said;
        }
        assert!(since.elapsed() < PATIENCE, "{said}");
        std::thread::sleep(Duration::from_millis(200));
    };
    assert_eq!(changes(&said), changes(report));
    let mut bytes = std::fs::read(&export).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&export, bytes).unwrap();
    let output = simulate(net, &[args, &["--export", &path]].concat());
    assert_ne!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("does not hold"));
}

/// What the report says of a question is a question in words.
fn questions_in_words_say_the_same(net: &Net, report: &Value, args: &[&str]) {
    let file = net.network.dir.join("questions.jsonl");
    let path = file.to_string_lossy().into_owned();
    let items = report["questions"].as_array().unwrap();
    let lines: Vec<String> = items.iter().map(|item| item["question"].to_string()).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let said = json(net, &[args, &["--questions", &path]].concat());
    assert_eq!(said["changed"]["distinct"], report["changed"]["distinct"], "{said}");
    for (one, other) in said["questions"].as_array().unwrap().iter().zip(items) {
        assert_eq!(one["changes"], other["changes"]);
    }

    let asked = r#"{"person": "b.devries", "purpose": "quality", "dataset": "rotterdam", "uses": ["patient.grade:group"], "cells": 3, "aggregates": ["count"]}"#;
    std::fs::write(&file, asked).unwrap();
    let said = json(net, &[args, &["--questions", &path]].concat());
    let of_devries = &changes(&said)["b.devries"];
    let expected = "allowed - - ask.members after_notice no_rule_permits";
    assert_eq!(of_devries, &[(1, expected.to_owned())]);

    refused(net, &file, args, "{\"person\": \"b.devries\"}\nnothing", &["line 1: ", "line 2: "]);
    let wrong = asked.replace("grade:group", "grade");
    refused(net, &file, args, &wrong, &["line 1: `patient.grade` is no use of a column"]);
}

#[track_caller]
fn refused(net: &Net, file: &Path, args: &[&str], text: &str, expected: &[&str]) {
    std::fs::write(file, text).unwrap();
    let path = file.to_string_lossy().into_owned();
    let Output { status, stderr, .. } = simulate(net, &[args, &["--questions", &path]].concat());
    let told = String::from_utf8_lossy(&stderr);
    assert_eq!(status.code(), Some(64), "{told}");
    assert!(expected.iter().all(|line| told.contains(line)), "{told}");
}
