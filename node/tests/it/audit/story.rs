//! What entries say together, re-signed with the log's own key: told alike by both verifiers, and nothing of an honest log.

use policies::Digest;
use serde_json::{Value, json};

use super::python::{Python, both};
use super::support::Book;

/// A log of these events, signed as it is.
fn log(events: &[Value]) -> Book {
    let count = events.len() as u64;
    let mut book = Book::new(count, &[count], &["OOST"]);
    let entry = |(index, event): (usize, &Value)| {
        format!(r#"{{"version":1,"index":{index},"at":{},"event":{event}}}"#, 1_700_000_000 + index)
    };
    book.entries = events.iter().enumerate().map(entry).collect();
    book
}

fn question(number: u64) -> Value {
    json!({ "digest": Digest::of(&number.to_be_bytes()), "sql": { "here": "SELECT 1" } })
}

fn event(kind: &str, number: u64) -> Value {
    let question = match kind {
        "outcome" | "fault" | "received" => question(number)["digest"].clone(),
        _ => question(number),
    };
    json!({ "kind": kind, "question": question, "request": Digest::of(b"request"), "responder": "ZUID",
        "hospitals": ["OOST", "ZUID"], "ahead_s": -5 })
}

/// Small numbers, always the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// What an honest node logs of some questions at a time, killed now and then.
fn honest(dice: &mut Dice, length: usize) -> Vec<Value> {
    let (mut events, mut open, mut next) = (vec![json!({ "kind": "started" })], Vec::new(), 0);
    while events.len() < length {
        let ready = (!open.is_empty()).then(|| dice.roll(open.len()));
        match (dice.roll(7), ready) {
            (0, _) => {
                open.clear();
                events.push(json!({ "kind": "started" }));
            }
            (1, Some(at)) => {
                let (kind, number) = open.swap_remove(at);
                events.push(event(if kind == "intent" { "refused" } else { "received" }, number));
            }
            (2 | 3, Some(at)) => {
                let (kind, number) = open.swap_remove(at);
                events.push(event(if kind == "intent" { "outcome" } else { "received" }, number));
            }
            (4, Some(at)) if open[at].0 == "intent" => events.push(event("fault", open[at].1)),
            (5, _) => events.push(event(["refused", "not_asked", "clock"][dice.roll(3)], next)),
            _ => {
                let kind = ["intent", "asked", "asked/2"][dice.roll(3)];
                events.push(event(kind, next));
                open.push((kind, next));
            }
        }
        next += 1;
    }
    events
}

#[test]
fn honest_logs_hold_from_anywhere_and_both_note_the_same() {
    let (mut python, mut dice, mut noted) = (Python::start(), Dice(1), 0);
    for length in [1, 5, 40, 300] {
        for _ in 0..4 {
            let book = log(&honest(&mut dice, length));
            for first in [0, 1, length / 2, length] {
                let verdict = both(&mut python, &book.export(first as u64), "");
                assert!(verdict.is_null() || verdict.is_object(), "{verdict}");
                noted += usize::from(verdict.is_object());
            }
        }
    }
    assert!(noted > 20, "{noted}");
}

#[test]
fn each_contradiction_is_told_with_its_place() {
    let mut python = Python::start();
    let start = || json!({ "kind": "started" });
    let (intent, outcome) = (event("intent", 1), event("outcome", 1));
    let with = |event: &Value, field: &str, value: Value| {
        let mut event = event.clone();
        event[field] = value;
        event
    };
    for (events, code) in [
        (vec![start(), outcome.clone()], "never_begun"),
        (vec![start(), event("fault", 1)], "never_begun"),
        (vec![intent.clone(), start(), outcome.clone()], "never_begun"),
        (vec![intent.clone(), with(&outcome, "request", json!(Digest::of(b"?")))], "never_begun"),
        (vec![intent.clone(), start(), intent.clone()], "begun_twice"),
        (vec![event("refused", 1), intent.clone()], "begun_twice"),
        (vec![intent.clone(), outcome.clone(), outcome.clone()], "decided_twice"),
        (vec![intent, outcome.clone(), event("refused", 1)], "decided_twice"),
        (vec![start(), event("received", 1)], "never_asked"),
        (
            vec![event("asked/2", 1), with(&event("received", 1), "responder", json!("WEST"))],
            "never_asked",
        ),
        (vec![start(), with(&outcome, "question", json!("AA"))], "not_an_event"),
        (vec![start(), with(&event("intent", 1), "request", Value::Null)], "not_an_event"),
        (vec![start(), with(&event("asked/2", 1), "hospitals", json!([1]))], "not_an_event"),
        (vec![start(), json!({ "kind": 7 })], "not_an_event"),
        (vec![start(), json!(["started"])], "not_an_event"),
    ] {
        let last = events.len() - 1;
        let verdict = both(&mut python, &log(&events).export(0), "");
        assert_eq!(verdict, json!([code, last + 2, last]), "{events:?}");
    }
    let mut twice = log(&[start(), outcome]);
    twice.entries[1] = twice.entries[1].replacen("\"kind\"", "\"kind\":\"intent\",\"kind\"", 1);
    assert_eq!(both(&mut python, &twice.export(0), ""), json!(["not_an_event", 3, 1]));
}

/// A log whose second entry has this moment and event.
fn written(at: &str, event: &str) -> Book {
    let mut book = log(&[json!({ "kind": "started" }), json!({ "kind": "?" })]);
    book.entries[1] = format!(r#"{{"version":1,"index":1,"at":{at},"event":{event}}}"#);
    book
}

/// Readers of JSON differ over what it leaves open; both verifiers say here what holds.
#[test]
fn what_readers_of_json_take_differently_is_taken_alike() {
    let mut python = Python::start();
    let (now, digest) = ("1700000001", Digest::of(b"question"));
    let nested = |deep: usize, open: &str, close: &str| {
        format!(r#"{{"kind":"x","deep":{}0{}}}"#, open.repeat(deep), close.repeat(deep))
    };
    let bad = [
        written("-0", r#"{"kind":"x"}"#),
        written(&"9".repeat(5_000), r#"{"kind":"x"}"#),
        written(now, r#"{"kind":"clock","ahead_s":-0}"#),
        written(now, r#"{"kind":"\ud800"}"#),
        written(now, r#"{"kind":"\ude00\ud83d"}"#),
        written(now, r#"{"kind":"x","\ud800":1}"#),
        written(
            now,
            &format!(r#"{{"kind":"received","question":"{digest}","responder":"\ud800"}}"#),
        ),
        written(
            now,
            &format!(
                r#"{{"kind":"asked/2","question":{{"digest":"{digest}"}},"hospitals":["\ud800"]}}"#
            ),
        ),
        written(
            now,
            &format!(r#"{{"kind":"refused","question":{{"digest":"{digest}","\ud800":1}}}}"#),
        ),
        // The entry and the event are two of the 64.
        written(now, &nested(63, "[", "]")),
        written(now, &nested(63, r#"{"a":"#, "}")),
        written(now, &nested(1_100, "[", "]")),
        written(now, &nested(30_000, "[", "]")),
    ];
    for book in bad {
        let verdict = both(&mut python, &book.export(0), "");
        assert_eq!(verdict, json!(["not_an_event", 3, 1]), "{}", book.entries[1]);
    }
    let good = [
        written(now, r#"{"kind":"\ud83d\ude00"}"#),
        written(now, r#"{"kind":"x","unread":["\ud800",{"\ud800":-0}]}"#),
        written(now, &format!(r#"{{"kind":"x","unread":{}}}"#, "9".repeat(5_000))),
        written(now, &nested(62, "[", "]")),
        written(now, &nested(62, r#"{"a":"#, "}")),
        written(
            now,
            &format!(r#"{{"kind":"x","unread":"{}\"{}"}}"#, "[".repeat(99), "{".repeat(99)),
        ),
    ];
    for book in good {
        let verdict = both(&mut python, &book.export(0), "");
        assert_eq!(verdict, Value::Null, "{}", book.entries[1]);
    }
}

/// One entry of an honest log is left out, doubled or swapped, and all signed again: whatever comes of it, both say the same.
#[test]
fn both_say_the_same_of_logs_that_were_rewritten() {
    let (mut python, mut dice, mut told) = (Python::start(), Dice(2), 0);
    for _ in 0..150 {
        let mut events = honest(&mut dice, 40);
        let at = dice.roll(events.len() - 1);
        match dice.roll(3) {
            0 => drop(events.remove(at)),
            1 => events.insert(dice.roll(events.len()), events[at].clone()),
            _ => events.swap(at, at + 1),
        }
        let verdict = both(&mut python, &log(&events).export(0), "");
        told += usize::from(verdict.is_array());
    }
    assert!(told > 30, "{told}");
}
