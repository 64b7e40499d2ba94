use serde_json::{Value, json};

use super::*;

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn about(kind: &str, question: &str) -> Value {
    let question = digest(question);
    let question = match kind {
        "outcome" | "fault" | "received" => json!(question),
        _ => json!({ "digest": question, "sql": { "here": "SELECT 1" } }),
    };
    json!({ "kind": kind, "question": question, "request": digest("r"), "hospitals": ["OOST", "ZUID"],
        "responder": "OOST", "code": "x" })
}

fn told(first: u64, events: &[Value]) -> Result<Notes, &'static str> {
    timed(first, &events.iter().map(|event| (7, event.clone())).collect::<Vec<_>>())
}

fn timed(first: u64, events: &[(i64, Value)]) -> Result<Notes, &'static str> {
    let mut story = Story::from(first);
    for (at, event) in events {
        let line = json!({ "version": 1, "index": 0, "at": at, "event": event }).to_string();
        story.entry(line.as_bytes()).map_err(|contradiction| contradiction.code())?;
    }
    Ok(story.end())
}

fn started() -> Value {
    json!({ "kind": "started" })
}

#[test]
fn an_honest_log_holds_whole_and_from_anywhere_also_after_kills() {
    let log = [
        started(),
        about("asked/2", "a"),
        about("intent", "a"),
        about("fault", "a"),
        about("outcome", "a"),
        about("received", "a"),
        about("refused", "b"),
        about("intent", "c"),
        about("refused", "c"),
        about("asked/2", "a"),
        about("not_asked", "a"),
        json!({ "kind": "asked/3", "question": 7, "hospitals": {} }),
    ];
    for first in 0..log.len() {
        let index = first.try_into().unwrap();
        assert!(told(index, &log[first..]).is_ok(), "from {first}");
    }
    // Killed at any entry, and started again.
    for end in 0..log.len() {
        let mut killed = log[..end].to_vec();
        killed.push(started());
        assert!(told(0, &killed).is_ok(), "killed after {end}");
    }
    let notes = told(0, &log).unwrap();
    assert_eq!(notes, Notes { under_way: 2, ..Notes::default() });
    let killed = [about("asked/2", "a"), about("intent", "a"), started()];
    let notes = Notes { cut_off: 1, unanswered: 2, ..Notes::default() };
    assert_eq!(told(0, &killed), Ok(notes));
}

#[test]
fn what_no_honest_node_writes_is_told() {
    let with_request = |mut event: Value, request: &str| {
        event["request"] = json!(digest(request));
        event
    };
    let from = |mut event: Value, hospital: &str| {
        event["responder"] = hospital.into();
        event
    };
    let (intent, outcome) = (about("intent", "a"), about("outcome", "a"));
    for (log, code) in [
        (vec![outcome.clone()], "never_begun"),
        (vec![about("fault", "a")], "never_begun"),
        (vec![intent.clone(), started(), outcome.clone()], "never_begun"),
        (vec![intent.clone(), with_request(outcome.clone(), "other")], "never_begun"),
        (vec![intent.clone(), intent.clone()], "begun_twice"),
        (vec![intent.clone(), started(), intent.clone()], "begun_twice"),
        (vec![about("refused", "a"), intent.clone()], "begun_twice"),
        (vec![intent.clone(), outcome.clone(), outcome.clone()], "decided_twice"),
        (vec![intent.clone(), outcome.clone(), about("refused", "a")], "decided_twice"),
        (vec![about("refused", "a"), about("refused", "a")], "decided_twice"),
        (vec![about("received", "a")], "never_asked"),
        (vec![about("asked/2", "a"), from(about("received", "a"), "WEST")], "never_asked"),
        (vec![about("asked/2", "b"), about("received", "a")], "never_asked"),
        (vec![json!({ "kind": "intent" })], "not_an_event"),
        (
            vec![json!({ "kind": "asked/2", "question": about("asked", "a")["question"] })],
            "not_an_event",
        ),
        (vec![json!({})], "not_an_event"),
        (vec![json!(7)], "not_an_event"),
    ] {
        assert_eq!(told(0, &log), Err(code), "{log:?}");
    }
    // The first form does not say to whom; and what stands before an excerpt is not known.
    assert!(told(0, &[about("asked", "a"), from(about("received", "a"), "WEST")]).is_ok());
    assert!(told(5, &[outcome.clone(), about("received", "a")]).is_ok());
    assert_eq!(told(5, &[outcome.clone(), outcome]), Err("decided_twice"));
}

#[test]
fn steps_back_are_counted_unless_a_clock_entry_speaks_of_them() {
    let other = || json!({ "kind": "stopped" });
    let clock =
        |ahead_s: i64| json!({ "kind": "clock", "against": "monotonic", "ahead_s": ahead_s });
    let steps = |log: &[(i64, Value)]| timed(0, log).unwrap().steps_back;
    assert_eq!(steps(&[(100, other()), (90, other()), (85, other())]), 0);
    assert_eq!(steps(&[(100, other()), (89, other()), (70, other())]), 2);
    assert_eq!(steps(&[(100, other()), (40, other()), (45, clock(-60))]), 0);
    assert_eq!(steps(&[(100, other()), (40, clock(-60))]), 0);
    assert_eq!(steps(&[(100, other()), (40, other()), (45, clock(60))]), 1);
    assert_eq!(steps(&[(100, clock(-60)), (40, other())]), 1);
}
