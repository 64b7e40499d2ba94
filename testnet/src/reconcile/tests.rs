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

fn asked() -> Value {
    json!({ "kind": "asked", "question": question() })
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
    let log = |events: Vec<Value>| -> Vec<Entry> {
        let entry = |(index, event)| {
            let entry = json!({ "version": 1, "index": index, "at": 1, "event": event });
            serde_json::from_value(entry).unwrap()
        };
        (0..).zip(events).map(|(index, event): (u64, _)| entry((index, event))).collect()
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
