use std::collections::BTreeMap;

use super::*;

const STYLE: Style = Style { enterprise: 32_473, limit: MAX_STREAM_BYTES };

/// A message of RFC 5424, read by its grammar.
#[derive(Debug, Default)]
struct Parsed {
    priority: u32,
    header: Vec<String>,
    id: String,
    values: BTreeMap<String, String>,
    text: String,
}

/// Reads header, one element of structured data and the text; panics where the grammar is broken.
#[track_caller]
fn parse(message: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let rest = message.strip_prefix('<').unwrap();
    let (priority, rest) = rest.split_once('>').unwrap();
    parsed.priority = priority.parse().unwrap();
    assert!(parsed.priority <= 191);
    let mut rest = rest.strip_prefix("1 ").unwrap();
    for most in [32, 255, 48, 128, 32] {
        let (field, after) = rest.split_once(' ').unwrap();
        assert!(!field.is_empty() && field.len() <= most, "{field}");
        assert!(field.bytes().all(|byte| byte.is_ascii_graphic()), "{field}");
        parsed.header.push(field.to_owned());
        rest = after;
    }
    let rest = rest.strip_prefix('[').unwrap();
    let end = rest.find([' ', ']']).unwrap();
    let (id, mut rest) = rest.split_at(end);
    parsed.id = id.to_owned();
    while let Some(parameter) = rest.strip_prefix(' ') {
        let (name, after) = parameter.split_once("=\"").unwrap();
        assert!((1..=32).contains(&name.len()), "{name}");
        assert!(name.bytes().all(|b| b.is_ascii_graphic() && !b"=]\"".contains(&b)), "{name}");
        let (mut value, mut characters) = (String::new(), after.char_indices());
        let end = loop {
            match characters.next().unwrap() {
                (place, '"') => break place,
                (_, '\\') => {
                    let (_, escaped) = characters.next().unwrap();
                    assert!("\"\\]".contains(escaped), "{escaped}");
                    value.push(escaped);
                }
                (_, ']') => panic!("a bare ] in {name}"),
                (_, character) => value.push(character),
            }
        };
        assert!(parsed.values.insert(name.to_owned(), value).is_none(), "{name} twice");
        rest = after.split_at(end + 1).1;
    }
    let rest = rest.strip_prefix(']').unwrap();
    parsed.text = rest.strip_prefix(' ').unwrap_or_default().to_owned();
    parsed
}

fn record() -> Record {
    Record {
        log_index: 17,
        event_id: "question refused",
        event_type: "refused",
        action: "E",
        at: "2026-11-22T10:00:00Z".to_owned(),
        outcome: "4",
        user: "a.jansen".to_owned(),
        site: "NOORD".to_owned(),
        ..Record::default()
    }
}

#[test]
fn the_grammar_of_these_tests_reads_the_examples_of_the_rfc() {
    let example = r#"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"]"#;
    let parsed = parse(&format!("{example} An application event log entry..."));
    assert_eq!((parsed.priority, parsed.id.as_str()), (165, "exampleSDID@32473"));
    assert_eq!(parsed.values["eventSource"], "Application");
    assert_eq!(parsed.header[4], "ID47");
    assert_eq!(parse(example).text, "");
}

#[test]
fn a_record_is_one_message_with_its_fields_in_order() {
    assert_eq!(
        message(&record(), STYLE),
        "<108>1 2026-11-22T10:00:00Z NOORD kring - refused [nen7513@32473 logIndex=\"17\" \
         EventID=\"question refused\" EventTypeCode=\"refused\" EventActionCode=\"E\" \
         EventDateTime=\"2026-11-22T10:00:00Z\" EventOutcomeIndicator=\"4\" userID=\"a.jansen\" \
         AuditEnterpriseSiteID=\"NOORD\"] question refused"
    );
}

#[test]
fn the_priority_says_audit_and_how_it_ended() {
    for (outcome, priority) in [("0", 110), ("4", 108), ("8", 107)] {
        assert_eq!(parse(&message(&Record { outcome, ..record() }, STYLE)).priority, priority);
    }
}

#[test]
fn every_field_of_a_record_has_a_name_that_the_rfc_allows() {
    let json = serde_json::to_value(Record::default()).unwrap();
    let norm: Vec<&String> = json.as_object().unwrap().keys().collect();
    let record = Record::default();
    let names: Vec<_> = fields(&record).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), norm.len());
    for name in norm {
        let name = name.as_str();
        let sent = match name {
            "participantObjectPermissionPolicySet" => "permissionPolicySet",
            name => name,
        };
        assert!(names.contains(&sent) && sent.len() <= 32, "{name}");
    }
}

#[test]
fn a_value_cannot_end_its_field_or_its_line() {
    let hostile = "a\"] x=\"1\" [b@1 c=\"\\\"\\]\u{7}\r\n<13>1 - - - - - -\u{202e}\u{feff}é";
    let parsed = parse(&message(&Record { user: hostile.to_owned(), ..record() }, STYLE));
    let shown = "a\"] x=\"1\" [b@1 c=\"\\\"\\]\u{fffd}  <13>1 - - - - - -\u{fffd}\u{fffd}é";
    assert_eq!(parsed.values["userID"], shown);
    assert_eq!(parsed.id, "nen7513@32473");
    assert_eq!(parsed.text, "question refused");
    // As the RFC writes it, section 6.3.3.
    let text = message(&Record { user: "\"\\]".to_owned(), ..record() }, STYLE);
    assert!(text.contains(r#" userID="\"\\\]" "#), "{text}");
}

#[test]
fn what_does_not_fit_is_cut_and_said() {
    let sql = "SELECT \"é\" ".repeat(5_000);
    let long = Record { description: sql.clone(), ..record() };
    for limit in [MAX_STREAM_BYTES, MAX_DATAGRAM_BYTES] {
        let text = message(&long, Style { limit, ..STYLE });
        assert!(text.len() <= limit && text.len() > limit / 3, "{} of {limit}", text.len());
        let parsed = parse(&text);
        assert!(sql.starts_with(&parsed.values["participantObjectDescription"]));
        assert_eq!(parsed.values["cut"], "participantObjectDescription");
        assert_eq!(parsed.values["userID"], "a.jansen");
    }
    assert!(!parse(&message(&record(), STYLE)).values.contains_key("cut"));
}

#[test]
fn the_longest_record_fits_a_datagram() {
    const LONG: &str = "a text that the program itself wrote, of fewer than 64 bytes";
    let text = "]".repeat(3_000);
    let record = Record {
        log_index: u64::MAX,
        event_id: LONG,
        event_type: "charter_rejected",
        action: "E",
        at: "2026-11-22T10:00:00Z".to_owned(),
        outcome: "0",
        user: text.clone(),
        on_behalf_of: text.clone(),
        user_name: "",
        requestor: "false",
        role: text.clone(),
        purpose: text.clone(),
        access_type: "1",
        access_point: text.clone(),
        object_type: "2",
        object_role: "24",
        life_cycle: "6",
        object_id_type: LONG,
        policies: text.clone(),
        sensitivity: LONG,
        object_id: text.clone(),
        object_name: text.clone(),
        detail: text.clone(),
        description: text.clone(),
        authorisation: "charter",
        treatment_relation: LONG,
        consent: LONG,
        checks: text.clone(),
        site: "N".repeat(12),
        source: text,
        source_type: LONG,
    };
    let style = Style { limit: MAX_DATAGRAM_BYTES, enterprise: u32::MAX };
    let message = message(&record, style);
    assert!(message.len() <= MAX_DATAGRAM_BYTES, "{}", message.len());
    assert_eq!(parse(&message).values["logIndex"], u64::MAX.to_string());
}

#[test]
fn a_moment_that_the_rfc_cannot_write_is_left_out() {
    let text = message(&Record { at: "-9000000000000 s".to_owned(), ..record() }, STYLE);
    assert_eq!(parse(&text).header[0], "-");
}
