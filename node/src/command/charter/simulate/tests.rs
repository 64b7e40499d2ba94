use std::collections::BTreeMap;
use std::sync::Arc;

use policies::{Charter, Digest, UnixTime, charter};
use serde_json::{Value, json};

use super::form::Form;
use super::question::{Known, Parts, first_line};
use super::sides::Sides;
use super::tally::{Count, Found, Tally};
use crate::log::blobs::Blobs;
use crate::log::medium::Disk;
use crate::log::{Entry, Event};

const NOW: UnixTime = UnixTime(1_782_900_000);
const RULES: &str = r#"
@id("count") @min_patients("10")
permit (principal, action == Kring::Action::"ask.members", resource)
when { context.purpose == "quality" && context.hospitals == 1 };
"#;

/// One hospital with one person and one table, under these rules.
fn charter_of(rules: &str) -> Charter {
    let key = |number: u8| {
        let key = ed25519_dalek::SigningKey::from_bytes(&[number; 32]);
        policies::dsse::PublicKey::of(&key).unwrap().to_string()
    };
    let head = format!(
        "network = \"demo\"\nversion = 1\ntitle = {{ en = \"Demo\" }}\nvalid_from = 2026-01-01T00:00:00Z\n\
         valid_until = 2030-01-01T00:00:00Z\nthreshold = 1\nnotice_days = 14\n\
         [[signers]]\nname = \"board\"\nkey = \"{}\"\n",
        key(1)
    );
    let members = format!(
        "[[members]]\ncode = \"NOORD\"\nname = \"Noord\"\nkind = \"umc\"\naddresses = [\"/ip4/127.0.0.1/tcp/4001\"]\n\
         keys = {{ transport = \"{}\", envelope = \"{}\", log = \"{}\", witness = \"{}\" }}\n",
        key(2),
        key(3),
        key(4),
        key(5)
    );
    let people = format!(
        "[[people]]\nid = \"a.jansen\"\nname = \"A. Jansen\"\nhospital = \"NOORD\"\nkey = \"{}\"\n",
        key(6)
    );
    let dataset = "id = \"made\"\nversion = 1\nstatus = \"synthetic\"\ntitle = { en = \"Made\" }\npatient = \"patient\"\n\
        [[tables]]\nname = \"patient\"\nkey = \"patient_key\"\n\
        [[tables.columns]]\nname = \"patient_key\"\ntype = \"integer\"\nclass = \"key\"\n\
        [[tables.columns]]\nname = \"age\"\ntype = \"integer\"\nclass = \"measure\"\nmin = 0\nmax = 120\n";
    let files = [
        ("charter.toml", head),
        ("members.toml", members),
        ("people.toml", people),
        ("datasets/made.toml", dataset.to_owned()),
        ("rules/demo.cedar", rules.to_owned()),
    ];
    let files: BTreeMap<String, String> =
        files.into_iter().map(|(path, text)| (path.to_owned(), text)).collect();
    charter::parse(&files).unwrap()
}

/// From a threshold of 10 to one of 20.
fn sides() -> Sides {
    let draft = charter_of(&RULES.replace("\"10\"", "\"20\""));
    Sides::new(Arc::new(charter_of(RULES)), draft, NOW)
}

fn form(change: impl FnOnce(&mut Value)) -> Value {
    let mut form = json!({
        "person": "a.jansen", "purpose": "quality", "dataset": "made", "uses": ["patient.age:aggregate"],
        "aggregates": ["avg"], "text": "SELECT avg(age) FROM patient",
    });
    change(&mut form);
    form
}

fn ask(tally: &mut Tally<'_>, sides: &Sides, form: Value) {
    let form: Form = serde_json::from_value(form).unwrap();
    let (asked, touched) = form.read(sides).unwrap();
    tally.add(asked, Known::Permitted(touched));
}

fn count(questions: u64, distinct: u64) -> Count {
    Count { questions, distinct }
}

fn of(forms: impl IntoIterator<Item = Value>) -> Found {
    let sides = sides();
    let mut tally = Tally::new(&sides);
    forms.into_iter().for_each(|form| ask(&mut tally, &sides, form));
    tally.finish()
}

#[test]
fn the_same_question_is_decided_once_and_counted_each_time() {
    let at = |at: &'static str| form(|form| form["at"] = at.into());
    let (early, late) = ("2026-06-01T00:00:00Z", "2026-06-03T00:00:00Z");
    let found = of([at(late), at(early), at(late)]);
    assert_eq!((found.replayed, found.changed), (count(3, 1), count(3, 1)));
    let [row] = found.rows.as_slice() else { panic!("{found:?}") };
    assert_eq!((row.asked, row.first.to_string()), (3, early.to_owned()));
    assert_eq!(row.last.to_string(), late);

    // Another text, purpose, use or number of hospitals is another question; what is denied by both does not change.
    let other = [
        form(|form| form["text"] = "SELECT avg(age) AS a FROM patient".into()),
        form(|form| form["uses"] = json!(["patient.age:count_values"])),
        form(|form| form["purpose"] = "research".into()),
        form(|form| form["hospitals"] = 2.into()),
    ];
    let found = of(other.into_iter().chain([form(|_| ())]));
    assert_eq!((found.replayed, found.changed), (count(5, 5), count(3, 3)));
}

#[test]
fn one_that_was_asked_counts_once_however_many_logs_have_it() {
    let signed = |number: &[u8]| {
        let digest = Digest::of(number).to_string();
        form(|form| form["digest"] = digest.into())
    };
    let found = of([signed(b"1"), signed(b"2"), signed(b"1")]);
    assert_eq!(found.replayed, count(2, 1));
}

#[test]
fn what_cannot_be_read_says_what_to_write() {
    let problem = |change: fn(&mut Value)| {
        let form: Form = serde_json::from_value(form(change)).unwrap();
        form.read(&sides()).unwrap_err()
    };
    assert!(problem(|form| form["at"] = "yesterday".into()).contains("2026-11-23T10:00:00Z"));
    assert!(problem(|form| form["person"] = "x.nobody".into()).contains("name `asking_node`"));
    assert!(problem(|form| form["uses"] = json!(["age"])).contains("table.column:use"));
    assert!(problem(|form| form["cells"] = 0.into()).contains("from 1 to 10000"));
    assert!(problem(|form| form["indicator"] = json!({"id": "b1_x"})).contains("neither charter"));
    let unknown = form(|form| form["sql"] = "SELECT 1".into());
    assert!(serde_json::from_value::<Form>(unknown).is_err());
}

#[test]
fn a_form_that_is_printed_is_read_as_the_same_question() {
    let sides = sides();
    let found = of([form(|form| form["at"] = "2026-06-01T00:00:00Z".into())]);
    let [row] = found.rows.as_slice() else { panic!("{found:?}") };
    let printed = serde_json::to_value(Form::of(&row.question, &row.touched)).unwrap();
    let read: Form = serde_json::from_value(printed.clone()).unwrap();
    let (asked, touched) = read.read(&sides).unwrap();
    assert_eq!((&asked.ask, asked.at), (&row.question.ask, row.question.at));
    assert_eq!(touched.in_words(), row.touched);
    let again = serde_json::to_value(Form::of(&asked, &touched.in_words())).unwrap();
    assert_eq!(again, printed);
}

fn entry(event: Value) -> Entry {
    let event: Event = serde_json::from_value(event).unwrap();
    Entry::new(7, NOW, event)
}

fn record(network: &str) -> Value {
    json!({
        "digest": Digest::of(b"a question"), "network": network, "person": "a.jansen", "asking_node": "NOORD",
        "purpose": "quality", "group": null, "dataset": "made", "sql": { "here": "SELECT 1" }, "expires_at": 900,
    })
}

#[test]
fn entries_are_questions_that_were_decided() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::read_only(Arc::new(Disk::read_only(folder.path())));
    let parts = Parts { folders: vec![blobs], hospitals: 5 };
    let blob = json!({ "blob": { "sha256": Digest::of(b"gone"), "bytes": 30_000 } });
    let intent = |network: &str| {
        entry(json!({
            "kind": "intent", "question": record(network), "request": Digest::of(b"r"), "profile": "ask.members",
            "footprint": blob,
        }))
    };
    // An entry of an older version does not say how many were asked.
    let (asked, known) = parts.question(intent("demo")).unwrap();
    assert_eq!((asked.ask.hospitals, asked.at), (5, NOW));
    assert!(matches!(known, Known::NotAtHand));
    let mut question = record("demo");
    question["put"] = json!({ "hospitals": 2, "to_itself": true, "profile": "ask.explore" });
    let put = entry(json!({ "kind": "not_asked", "question": question, "code": "x" }));
    let ask = parts.question(put).unwrap().0.ask;
    assert_eq!((ask.hospitals, ask.to_itself), (2, true));
    assert_eq!(ask.profile, Some(policies::Profile::Explore));
    let refused = entry(json!({ "kind": "not_asked", "question": record("demo"), "code": "x" }));
    let (asked, known) = parts.question(refused).unwrap();
    assert!(matches!(known, Known::Refused));
    let stopped = entry(json!({ "kind": "stopped" }));
    assert!(parts.question(stopped).is_none());

    let sides = sides();
    let mut tally = Tally::new(&sides);
    tally.add(asked, known);
    for network in ["demo", "elsewhere"] {
        let (mut asked, known) = parts.question(intent(network)).unwrap();
        asked.digest = None;
        tally.add(asked, known);
    }
    let found = tally.finish();
    assert_eq!(found.replayed, count(0, 0));
    let expected = [("footprint_not_at_hand", 1), ("other_network", 1)];
    assert_eq!(found.not_replayed, BTreeMap::from(expected));
    // The rules for a profile let the person in, whatever is asked.
    assert_eq!(found.refused, BTreeMap::from([("let_in_by_both", count(1, 1))]));
}

#[test]
fn a_text_is_shown_by_its_first_line_without_anything_for_the_terminal() {
    assert_eq!(first_line("\n  SELECT 1  \n"), "SELECT 1");
    assert_eq!(first_line("SELECT\u{1b}[2J 1\nFROM t"), "SELECT[2J 1 ..");
    assert_eq!(first_line(&"x".repeat(500)).len(), 123);
    assert_eq!(first_line(""), "");
}
