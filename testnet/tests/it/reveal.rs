//! `@reveal` with real nodes: the same person is refused figures of single hospitals and gets totals, and what comes back says
//! of no hospital whether it answered.

use std::process::Output;

use node::api::FinishedDocument;
use policies::dsse::Envelope;
use serde_json::{Value, json};
use testnet::process::Nodes;

use crate::support::{Net, RawPeer, hospital, question, refused};

const TOTAL: &str = "SELECT count(*) AS n FROM patient";
const BY_HOSPITAL: &str =
    "SELECT hospital, count(*) AS n FROM patient GROUP BY hospital ORDER BY hospital";
const CODES: [&str; 4] = ["NOORD", "OOST", "ZUID", "WEST"];

/// Four hospitals: A. Jansen is told of none, C. Bakker of letters, and everybody else of all.
fn net() -> Net {
    let mut net = Net::create(4);
    let rules = net.network.dir.join("charter/rules/demo.cedar");
    let text = std::fs::read_to_string(&rules).unwrap();
    let none =
        text.replacen("@min_patients(\"10\")", "@min_patients(\"10\")\n@reveal(\"none\")", 1);
    let both =
        none.replacen("@min_patients(\"50\")", "@min_patients(\"50\")\n@reveal(\"pseudonym\")", 1);
    assert_eq!(both.matches("@reveal").count(), 2);
    std::fs::write(&rules, both).unwrap();
    net.network.seal().unwrap();
    net.nodes = Nodes::start(&net.network).unwrap().0;
    net
}

/// How a question ends, and its JSON.
fn ask(net: &Net, person: &str, sql: &str, more: &[&str]) -> (Option<i32>, Value) {
    let Output { status, stdout, stderr } = net.ask(person, sql, more);
    let said = serde_json::from_slice(&stdout);
    (status.code(), said.unwrap_or_else(|_| String::from_utf8_lossy(&stderr).into()))
}

/// Nothing of it names a hospital.
#[track_caller]
fn names_none(said: &Value) {
    let text = said.to_string();
    for code in CODES {
        assert!(!text.contains(code), "{code} is named in {text}");
    }
}

fn totals_are_told_without_hospitals(net: &Net) {
    let (code, answer) = ask(net, "a.jansen", TOTAL, &[]);
    assert_eq!(code, Some(0), "{answer}");
    assert_eq!(answer["rows"], json!([["2982"]]));
    assert_eq!((&answer["reveal"], &answer["missing"]), (&json!("none"), &json!("none")));
    for empty in ["coverage", "protections", "snapshots"] {
        assert_eq!(answer[empty], json!({}), "{empty}");
    }
    assert_eq!(answer["together"]["rules"], json!(["demo/exact-for-breast-group"]));
    assert_eq!(answer["together"]["protections"]["min_patients"], 10);
    assert_eq!(answer["together"]["protections"]["reveal"], "none");
    names_none(&answer);
    // The own hospital alone is no secret to those who work there.
    let (code, own) = ask(net, "a.jansen", BY_HOSPITAL, &["--to", "NOORD"]);
    assert_eq!(code, Some(0), "{own}");
    assert_eq!(
        (&own["rows"][0][0], &own["coverage"]["NOORD"]["state"]),
        (&json!("NOORD"), &json!("answered"))
    );
}

fn figures_of_one_hospital_are_refused(net: &Net) {
    for (sql, more, code) in [
        (BY_HOSPITAL, &[][..], "hospitals_not_revealed"),
        ("SELECT count(*) FROM patient WHERE hospital = 'OOST'", &[], "hospitals_not_revealed"),
        (
            "SELECT count(*) FILTER (WHERE hospital <> 'OOST') FROM patient",
            &[],
            "hospitals_not_revealed",
        ),
        (TOTAL, &["--to", "OOST"], "reveal_needs_all"),
        (TOTAL, &["--to", "NOORD,OOST,ZUID"], "reveal_needs_all"),
        // ZUID is in both networks, and WEST in the second one alone.
        ("SELECT network, count(*) AS n FROM patient GROUP BY network", &[], "reveal_too_few"),
    ] {
        let (exit, refusal) = ask(net, "a.jansen", sql, more);
        assert_eq!((exit, &refusal["code"]), (Some(2), &json!(code)), "{sql}: {refusal}");
        assert_eq!(refusal["rule"], "demo/exact-for-breast-group", "{refusal}");
        assert_eq!(refusal["layer"]["network"], "demo", "{refusal}");
        assert!(refusal["message"].as_str().unwrap().contains("; ask"), "{refusal}");
        assert!(refusal["message_nl"].as_str().unwrap().contains("; vraag"), "{refusal}");
    }
}

fn letters_stand_for_hospitals(net: &Net) {
    let (code, answer) = ask(net, "c.bakker", BY_HOSPITAL, &[]);
    assert_eq!(code, Some(0), "{answer}");
    names_none(&answer);
    let rows: Vec<(&str, u64)> = answer["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row[0].as_str().unwrap(), row[1].as_str().unwrap().parse().unwrap()))
        .collect();
    assert_eq!(rows.iter().map(|(letter, _)| *letter).collect::<Vec<_>>(), ["A", "B", "C", "D"]);
    assert_eq!(rows.iter().map(|(_, n)| n).sum::<u64>(), 2982);
    assert_eq!(answer["reveal"], "pseudonym");
    // Above the cut there are letters, and no hospital by its name.
    let having =
        "SELECT hospital, count(*) AS n FROM patient GROUP BY hospital HAVING hospital = 'OOST'";
    let (code, answer) = ask(net, "c.bakker", having, &[]);
    assert_eq!((code, &answer["rows"]), (Some(0), &json!([])), "{answer}");
    let named = "SELECT count(*) FROM patient WHERE hospital = 'OOST'";
    let (code, refusal) = ask(net, "c.bakker", named, &[]);
    assert_eq!((code, &refusal["code"]), (Some(2), &json!("hospitals_not_revealed")));
    assert!(refusal["message"].as_str().unwrap().contains("name it in GROUP BY"), "{refusal}");
}

fn a_saved_answer_holds_no_hospitals_figures(net: &Net) {
    let file = net.network.dir.join("saved.kring");
    let path = file.to_str().unwrap();
    let (code, _) = ask(net, "a.jansen", TOTAL, &["--save", path]);
    assert_eq!(code, Some(0));
    let envelope = Envelope::decode(&std::fs::read(&file).unwrap(), 1 << 20).unwrap();
    let document: FinishedDocument<'_> =
        serde_json::from_slice(envelope.unverified_payload()).unwrap();
    assert!(document.evidence.withheld);
    assert!(document.evidence.replies.is_empty() && document.evidence.unreachable.is_empty());
    let charter = net.network.charter();
    let args = [
        "answer",
        "verify",
        path,
        "--charter",
        charter.to_str().unwrap(),
        "--root",
        &net.network.root,
    ];
    let said = net.network.run(&args).unwrap();
    assert!(said.starts_with("verified as far as rules let it: question "), "{said}");
    assert!(said.contains("4 hospital(s) asked"), "{said}");
    // Another answer in its place does not verify, though nobody can add up again.
    let text = std::fs::read_to_string(&file).unwrap();
    let at = text.find("\"payload\":\"").unwrap() + 60;
    let mut bytes = text.into_bytes();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    std::fs::write(&file, bytes).unwrap();
    assert!(net.network.run(&args).is_err());
}

/// What a person reads, who has not asked for JSON.
fn a_table_says_it_in_words(net: &Net) {
    let mut kring = net.network.kring();
    kring.args(["ask", TOTAL, "--profile"]).arg(net.network.profile("a.jansen"));
    let said = String::from_utf8(kring.output().unwrap().stdout).unwrap();
    for part in ["rules let none be told apart", "no hospital told apart", "2982"] {
        assert!(said.contains(part), "no `{part}` in {said}");
    }
    for code in CODES {
        assert!(!said.contains(code), "{code} is named in {said}");
    }
}

/// Whoever is missing is not told, and too few give no answer.
fn missing_hospitals_are_told_in_a_word(net: &mut Net) {
    assert_eq!(net.take("WEST").stop().unwrap(), 0);
    let (code, answer) = ask(net, "a.jansen", TOTAL, &["--min-hospitals", "2"]);
    assert_eq!((code, &answer["missing"]), (Some(0), &json!("some")), "{answer}");
    names_none(&answer);
    // Three answered, and that is not told either: two did for certain.
    let (code, _) = ask(net, "a.jansen", TOTAL, &["--min-hospitals", "3"]);
    assert_eq!(code, Some(3));
    assert_eq!(net.take("OOST").stop().unwrap(), 0);
    let (code, refusal) = ask(net, "a.jansen", TOTAL, &[]);
    assert_eq!((code, &refusal["code"]), (Some(2), &json!("too_few_answered")), "{refusal}");
    names_none(&refusal);
}

#[test]
fn who_may_not_see_single_hospitals_gets_totals() {
    let mut net = net();
    totals_are_told_without_hospitals(&net);
    figures_of_one_hospital_are_refused(&net);
    letters_stand_for_hospitals(&net);
    a_saved_answer_holds_no_hospitals_figures(&net);
    a_table_says_it_in_words(&net);
    missing_hospitals_are_told_in_a_word(&mut net);
    // An asking node that does not look at the rule is refused by each responder.
    assert_eq!(net.take("NOORD").stop().unwrap(), 0);
    let noord = RawPeer::start(&net, "NOORD");
    for (sql, only, code) in
        [(BY_HOSPITAL, false, "hospitals_not_revealed"), (TOTAL, true, "reveal_needs_all")]
    {
        let asked = question(&net, "a.jansen", sql, |question| {
            if only {
                question.hospitals = vec![hospital("ZUID")];
            }
        });
        let request = noord.request(&net, &asked, |request| request.audience = hospital("ZUID"));
        refused(&noord.send(&net, "ZUID", &request.encode()).unwrap(), code);
    }
}
