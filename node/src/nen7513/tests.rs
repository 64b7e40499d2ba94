use serde_json::Value;

use super::*;

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn question() -> Value {
    serde_json::json!({
        "digest": digest("q"), "network": "noord", "person": "a.jansen", "asking_node": "ZUID",
        "purpose": "quality", "group": "borst", "dataset": "oncology",
        "sql": {"here": "SELECT count(*) FROM patient"}, "expires_at": 1_700_000_900,
    })
}

fn entry(index: u64, event: &Value) -> Entry {
    let text =
        serde_json::json!({"version": 1, "index": index, "at": 1_700_000_000, "event": event});
    serde_json::from_value(text).unwrap()
}

fn mapper() -> Mapper {
    let hospital = HospitalCode::new("NOORD").unwrap();
    Mapper::new(Source { hospital, origin: "kring/NOORD/0123456789abcdef".to_owned() })
}

fn refused() -> Value {
    serde_json::json!({
        "kind": "refused", "question": question(), "request": digest("r"), "code": "quota",
        "message": "m", "rule": "noord/quota", "layer": null,
    })
}

fn received() -> Value {
    serde_json::json!({
        "kind": "received", "question": digest("q"), "request": digest("r"), "responder": "OOST",
        "outcome": "answered", "log_index": 7,
    })
}

#[test]
fn a_record_says_who_asked_why_on_whose_behalf_and_what_came_of_it() {
    let record = mapper().record(&entry(4, &refused()));
    let json = serde_json::to_value(&record).unwrap();
    for (field, expected) in [
        ("EventTypeCode", "refused"),
        ("EventDateTime", "2023-11-14T22:13:20Z"),
        ("EventOutcomeIndicator", "4"),
        ("userID", "a.jansen"),
        ("alternateUserID", "ZUID"),
        ("roleIDCode", "borst"),
        ("purposeOfUse", "quality"),
        ("participantObjectName", "noord/oncology"),
        ("participantObjectPermissionPolicySet", "noord/quota"),
        ("participantObjectDescription", "SELECT count(*) FROM patient"),
        ("AuditEnterpriseSiteID", "NOORD"),
        ("AuditSourceID", "kring/NOORD/0123456789abcdef"),
    ] {
        assert_eq!(json[field], expected, "{field}");
    }
    assert_eq!(json["logIndex"], 4);
    assert_eq!(json["participantObjectID"], digest("q").to_string());
}

#[test]
fn a_later_entry_is_about_the_question_that_it_names() {
    let first = serde_json::json!({"kind": "asked", "question": question()});
    let asked = serde_json::json!({"kind": "asked/2", "question": question(), "hospitals": ["OOST", "ZUID"]});
    for (asked, detail) in [(asked, "to OOST ZUID"), (first, "")] {
        let mut mapper = mapper();
        assert_eq!(mapper.record(&entry(0, &received())).user, "");
        assert_eq!(mapper.record(&entry(1, &asked)).detail, detail);
        let record = mapper.record(&entry(2, &received()));
        assert_eq!((record.user.as_str(), record.access_point.as_str()), ("a.jansen", "OOST"));
        assert_eq!(record.outcome, "0");
    }
}

#[test]
fn records_have_one_column_for_each_field() {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.serialize(mapper().record(&entry(4, &refused()))).unwrap();
    let text = String::from_utf8(csv.into_inner().unwrap()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0].split(',').count(), 31);
    assert!(lines[0].starts_with("logIndex,EventID,EventTypeCode,EventActionCode,EventDateTime"));
    assert_eq!(lines.len(), 2);
}

#[test]
fn what_a_node_notices_is_a_record_of_its_own_without_a_person() {
    let digest = digest("d");
    let keys = serde_json::json!({"transport": digest, "envelope": digest, "log": digest, "witness": digest});
    for (kind, rest, outcome) in [
        ("charter_rejected", serde_json::json!({"bundle": digest, "code": "expired"}), "4"),
        ("configured", serde_json::json!({"config": digest, "before": digest}), "0"),
        ("keys_changed", serde_json::json!({"keys": keys, "before": null}), "0"),
        (
            "snapshot_used",
            serde_json::json!({"dataset": "oncology", "version": 3, "snapshot": digest}),
            "0",
        ),
        ("clock", serde_json::json!({"against": "monotonic", "ahead_s": -900}), "8"),
        (
            "fork_evidence",
            serde_json::json!({
                "origin": "kring/ZUID/0123456789abcdef", "shows": "fork", "cosigned": "a",
                "offered": "b",
            }),
            "8",
        ),
    ] {
        let mut event = rest;
        event["kind"] = kind.into();
        let entry = entry(3, &event);
        assert_eq!(serde_json::to_value(&entry.event).unwrap(), event, "{kind}");
        let record = mapper().record(&entry);
        assert_eq!((record.event_type, record.outcome), (kind, outcome));
        assert!(!record.event_id.is_empty() && !record.detail.is_empty(), "{kind}");
        assert!(record.user.is_empty() && record.requestor == "false", "{kind}");
    }
}
