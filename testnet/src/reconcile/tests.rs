//! Small logs, whole and with one entry missing or changed.

use serde_json::{Value, json};

use super::*;

const DIGEST: &str = "00000000000000000000000000000000000000000000000000000000000000aa";
const REQUEST: &str = "00000000000000000000000000000000000000000000000000000000000000bb";

fn question() -> Value {
    json!({ "digest": DIGEST, "network": "demo", "person": "a.jansen", "asking_node": "NOORD", "purpose": "quality",
        "group": null, "dataset": "rotterdam", "sql": { "here": "SELECT 1" }, "expires_at": 9 })
}

fn started(hospital: &str) -> Value {
    json!({ "kind": "started", "version": "1", "hospital": hospital, "snapshots": {} })
}

/// As it is written: to whom.
fn asked_of(hospitals: &[&str]) -> Value {
    json!({ "kind": "asked/2", "question": question(), "hospitals": hospitals })
}

fn asked() -> Value {
    asked_of(&["OOST"])
}

/// In the first form, which names no hospitals.
fn asked_v1() -> Value {
    json!({ "kind": "asked", "question": question() })
}

fn released() -> Value {
    json!({ "kind": "outcome", "question": DIGEST, "request": REQUEST, "frames": DIGEST, "snapshot": DIGEST, "layers": [],
        "receipt": { "profile": "ask.members", "rules": [], "protections": { "min_patients": 10, "zeros": "shown", "signature": "direct" },
            "cells": [1], "nulls": [0] }, "status": "synthetic" })
}

/// A sign of life after so many seconds.
fn alive_at(seconds: i64) -> (i64, Value) {
    (seconds, json!({ "kind": "worker_lost", "reason": "died" }))
}

fn received(outcome: &str, index: Option<u64>) -> Value {
    json!({ "kind": "received", "question": DIGEST, "request": REQUEST, "responder": "OOST", "outcome": outcome,
        "log_index": index })
}

fn refused(code: &str) -> Value {
    json!({ "kind": "refused", "question": question(), "request": REQUEST, "code": code, "message": "no", "rule": null,
        "layer": null })
}

fn table(noord: Vec<Value>, oost: Vec<Value>) -> Table {
    let at_once = |events: Vec<Value>| events.into_iter().map(|event| (1, event)).collect();
    timed(at_once(noord), at_once(oost))
}

fn timed(noord: Vec<(i64, Value)>, oost: Vec<(i64, Value)>) -> Table {
    let log = |events: Vec<(i64, Value)>| -> Vec<Entry> {
        let entry = |(index, (at, event)): (u64, (i64, Value))| {
            let entry = json!({ "version": 1, "index": index, "at": at, "event": event });
            serde_json::from_value(entry).unwrap()
        };
        (0..).zip(events).map(entry).collect()
    };
    let logs = [("NOORD".to_owned(), log(noord)), ("OOST".to_owned(), log(oost))];
    reconcile(&logs.into_iter().collect())
}

#[test]
fn a_refusal_on_both_sides_matches() {
    let table = table(
        vec![started("NOORD"), asked(), received("no_rule", Some(1))],
        vec![started("OOST"), refused("no_rule")],
    );
    assert!(table.holds(), "{table:?}");
    assert_eq!((table.sent, table.refused, table.unfinished), (1, 1, 0));
}

#[test]
fn another_code_place_or_silence_does_not_match() {
    for (noord, oost) in [
        (vec![asked(), received("other", Some(0))], vec![refused("no_rule")]),
        (vec![asked(), received("no_rule", Some(1))], vec![refused("no_rule"), started("OOST")]),
        (vec![asked(), received("no_rule", Some(7))], vec![refused("no_rule")]),
        (vec![asked(), received("answered", Some(0))], vec![refused("no_rule")]),
        (vec![asked()], vec![refused("no_rule")]),
        (vec![asked()], vec![]),
        (vec![], vec![refused("no_rule")]),
    ] {
        let table = table(noord.clone(), oost);
        assert!(!table.unmatched.is_empty(), "{noord:?}");
    }
}

#[test]
fn the_end_of_the_asker_after_the_question_is_a_reason_and_before_it_is_none() {
    let after = table(vec![asked(), started("NOORD")], vec![refused("no_rule")]);
    assert!(after.holds(), "{after:?}");
    assert_eq!(after.unfinished, 1);
    let before = table(vec![started("NOORD"), asked()], vec![refused("no_rule")]);
    assert!(!before.holds());
    let responder = table(vec![asked()], vec![refused("no_rule"), started("OOST")]);
    assert!(!responder.holds());
}

#[test]
fn two_decisions_on_one_question_are_found() {
    let table = table(
        vec![asked(), received("no_rule", Some(0))],
        vec![refused("no_rule"), refused("no_rule")],
    );
    assert_eq!(table.duplicates.len(), 1);
}

#[test]
fn a_hospital_that_neither_side_mentions_is_missed() {
    let two = asked_of(&["OOST", "ZUID"]);
    let missed = table(vec![two.clone(), received("no_rule", Some(0))], vec![refused("no_rule")]);
    assert_eq!(missed.unmatched.len(), 1, "{missed:?}");
    assert!(missed.unmatched[0].part.contains("at ZUID"), "{missed:?}");
    assert_eq!((missed.addressed, missed.refused), (2, 1));
    // The end of the asker is a reason, for both.
    let killed = table(vec![two.clone(), started("NOORD")], vec![]);
    assert!(killed.holds() && killed.unfinished == 2, "{killed:?}");
    // The first form cannot miss it; a hospital that was not asked has no business to decide.
    let first = table(vec![asked_v1(), received("no_rule", Some(0))], vec![refused("no_rule")]);
    assert!(first.holds() && first.addressed == 1, "{first:?}");
    let other = table(vec![asked_of(&["ZUID"]), started("NOORD")], vec![refused("no_rule")]);
    assert_eq!(other.unmatched.len(), 1, "{other:?}");
}

#[test]
fn every_released_answer_has_a_receiver_or_a_reason() {
    let answer = vec![released()];
    let good = table(vec![asked(), received("answered", Some(0))], answer.clone());
    assert!(good.holds() && (good.released, good.received) == (1, 1), "{good:?}");
    let lost = table(vec![asked(), received("no_answer_in_time", None)], answer.clone());
    assert!(lost.holds() && (lost.released, lost.undelivered) == (1, 1), "{lost:?}");
    let killed = table(vec![asked(), started("NOORD")], answer.clone());
    assert!(killed.holds() && (killed.undelivered, killed.unfinished) == (1, 1), "{killed:?}");
    let silent = table(vec![asked()], answer.clone());
    assert!(!silent.holds(), "{silent:?}");
    let invented = table(vec![asked(), received("answered", Some(0))], vec![started("OOST")]);
    assert!(!invented.holds(), "{invented:?}");
}

#[test]
fn each_time_that_a_question_is_put_needs_its_own_reply() {
    let (no, again) = (received("no_rule", Some(0)), received("replayed", None));
    let oost = vec![refused("no_rule")];
    let twice = table(vec![asked(), no.clone(), asked(), again.clone()], oost.clone());
    assert!(twice.holds() && (twice.sent, twice.addressed) == (1, 1), "{twice:?}");
    assert!(!table(vec![asked(), no.clone(), asked()], oost.clone()).holds());
    assert!(table(vec![asked(), no.clone(), asked(), started("NOORD")], oost.clone()).holds());
    assert!(table(vec![asked(), started("NOORD"), asked(), again.clone()], oost.clone()).holds());
    // The reply of one process is none for another.
    assert!(!table(vec![asked(), no, again, started("NOORD"), asked()], oost).holds());
}

#[test]
fn a_process_that_lived_long_after_had_to_end_it() {
    let log = |alive: i64| {
        let end = (1000, json!({ "kind": "configured", "config": DIGEST, "before": null }));
        vec![(10, asked()), alive_at(alive), end, (1000, started("NOORD"))]
    };
    // It waits for a hospital twice at most, 90 s each.
    assert!(timed(log(20), vec![]).holds());
    assert!(timed(log(195), vec![]).holds());
    assert!(!timed(log(500), vec![]).holds());
}

#[test]
fn what_is_new_at_another_look_may_be_under_way() {
    let open = table(vec![asked()], vec![]);
    let after = open.clone().after(&Table::default());
    assert!(after.holds() && after.under_way == 1, "{after:?}");
    assert!(!open.clone().after(&open).holds());
    // What counts on from look to look stays the same fault.
    let once = table(vec![asked()], vec![refused("no_rule")]);
    let twice = table(vec![asked(), asked()], vec![refused("no_rule")]);
    assert_ne!(once.unmatched, twice.unmatched);
    assert!(!twice.after(&once).holds());
}
