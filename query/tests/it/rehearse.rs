//! Indicators of a charter over made-up patients, through the real worker: what is counted, and that nothing is an answer.

#![expect(clippy::panic, reason = "test code")]

use std::collections::BTreeMap;

use policies::charter::{self, Charter};
use policies::dsse::PublicKey;
use policies::rehearsal::{Askers, Granted, granted};
use policies::{Digest, Footprint, HospitalCode, UnixTime};
use query::pipe::frame::Message;
use query::pipe::{Job, PIPE_VERSION, Reply, Wanted, Work};
use query::receive;
use query::rehearse::{Hospital, Shown, snapshot};

use crate::sql::network::{Worker, hospital, key};

const NOW: UnixTime = UnixTime(1_782_900_000);
const DATASET: &str = r#"
id = "made"
version = 1
status = "real"
title = { en = "Generated patients" }
patient = "patient"
[code_lists.grade]
codes = [{ code = 2 }, { code = 3 }]
[[tables]]
name = "patient"
key = "patient_key"
columns = [
  { name = "patient_key", type = "integer", class = "key" },
  { name = "grade", type = "integer", class = "category", codes = "grade" },
  { name = "dead", type = "integer", class = "flag" },
]
"#;
const RULES: &str = "@id(\"all\") @explain_en(\"all\") @explain_nl(\"alles\")\npermit (principal, action == Kring::Action::\"ask.indicator\", resource);";

/// A charter of one hospital, one analyst and one indicator with this head and text.
fn charter(head: &str, sql: &str) -> Charter {
    let public = |owner: &str| PublicKey::of(&key(owner)).unwrap();
    let network = format!(
        "network = \"noord\"\nversion = 1\ntitle = {{ en = \"North\" }}\nvalid_from = 2026-01-01T00:00:00Z\nvalid_until = 2026-12-31T23:59:59Z\nthreshold = 1\nnotice_days = 0\n[[signers]]\nname = \"Board\"\nkey = \"{}\"\n",
        public("board")
    );
    let keys = ["transport", "envelope", "log", "witness"]
        .map(|kind| format!("{kind} = \"{}\"", public(kind)))
        .join(", ");
    let members = format!(
        "[[members]]\ncode = \"ALFA\"\nname = \"Alfa\"\nkind = \"general\"\nkeys = {{ {keys} }}\n"
    );
    let people = format!(
        "[[people]]\nid = \"a.jansen\"\nname = \"A\"\nhospital = \"ALFA\"\nkey = \"{}\"\nroles = [\"analyst\"]\n",
        public("a.jansen")
    );
    let indicator = format!(
        "-- id: one\n-- version: 1\n-- dataset: made\n-- title_en: One\n-- source: the board\n{head}{sql}\n"
    );
    let files = BTreeMap::from([
        ("charter.toml".to_owned(), network),
        ("members.toml".to_owned(), members),
        ("people.toml".to_owned(), people),
        ("datasets/made.toml".to_owned(), DATASET.to_owned()),
        ("indicators/one.sql".to_owned(), indicator),
        ("rules/all.cedar".to_owned(), RULES.to_owned()),
    ]);
    charter::parse(&files).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// What a rehearsal of one indicator over so many patients works with.
struct Rehearsal {
    _folder: tempfile::TempDir,
    granted: Granted,
    reply: Message<Reply>,
    hospital: Hospital,
}

async fn rehearse(head: &str, sql: &str, patients: u32) -> Rehearsal {
    let charter = charter(head, sql);
    let code: HospitalCode = hospital("ALFA");
    let dataset = charter.datasets().next().unwrap();
    let (named, text) = charter.indicators().next().unwrap().refer(None, None).unwrap();
    let mut worker = Worker::start();
    let mut send = |work: Work| {
        let (dataset, sql) = (DATASET.to_owned(), text.clone());
        let networks = BTreeMap::new();
        worker.send(Job { version: PIPE_VERSION, whom: None, dataset, sql, networks, work }, vec![])
    };
    let Reply::Planned(planned) = send(Work::Plan).head else { panic!("it is planned") };
    let footprint = Footprint::check(planned.footprint, dataset).unwrap();
    let askers = Askers::of(&charter, 1);
    let mut all = granted(&charter, &askers, (&dataset.id, &named), &footprint);
    assert_eq!(all.len(), 1);
    let folder = tempfile::tempdir().unwrap();
    let (own, out) = (folder.path().join("own"), folder.path().join("snapshots"));
    let sealed = snapshot(dataset, (&code, patients), (&own, &out)).await.unwrap();
    let reply = send(Work::Execute {
        snapshot: sealed.folder.clone(),
        hospital: code.clone(),
        fragments: footprint.fragment_digests(),
        wanted: Wanted::ALL,
        not_given: Vec::new(),
    });
    let hospital = Hospital::new(&code, dataset, sealed);
    Rehearsal { _folder: folder, granted: all.remove(0), reply, hospital }
}

const DEAD: &str = "SELECT count(*) AS n, count(*) FILTER (WHERE dead = 1) AS dead FROM patient";

#[tokio::test]
async fn what_nobody_asked_makes_no_raw_answer() {
    let Rehearsal { granted, reply, .. } = rehearse("", DEAD, 60).await;
    let refused = receive(granted.permit(), Wanted::ALL, &reply).unwrap_err();
    assert_eq!(refused.code(), "rehearsed");
}

#[tokio::test]
async fn the_very_same_question_is_told_once() {
    let Rehearsal { granted, reply, mut hospital, .. } = rehearse("", DEAD, 60).await;
    assert_eq!(hospital.repeats(&granted), None);
    let shown = hospital.answer(&granted, &reply, NOW).unwrap();
    let figures = (shown.cells, shown.figures, shown.exact, shown.hidden);
    assert_eq!(figures, (1, 2, 2, 0));
    let again = hospital.repeats(&granted).unwrap();
    assert_eq!(again, Shown { repeated: true, ..shown });
    let sums = hospital.sums().unwrap();
    assert_eq!((sums.patients, sums.about, sums.shown.figures), (60, 60, 2));
    // Everybody, and the dead among them.
    assert_eq!((sums.groups, sums.equations), (2, 2));
    assert!(sums.smallest.unwrap() < 60);
}

#[tokio::test]
async fn parts_with_noise_are_no_exact_figures() {
    let head = "-- parts: noisy\n";
    let Rehearsal { granted, reply, mut hospital, .. } = rehearse(head, DEAD, 60).await;
    let shown = hospital.answer(&granted, &reply, NOW).unwrap();
    assert_eq!((shown.figures, shown.exact, shown.noisy, shown.hidden), (2, 1, 1, 0));
    let sums = hospital.sums().unwrap();
    assert_eq!((sums.groups, sums.equations, sums.smallest), (1, 1, Some(60)));
}

#[tokio::test]
async fn a_failed_run_counts_nothing() {
    let Rehearsal { granted, mut hospital, .. } = rehearse("", DEAD, 20).await;
    let reply =
        Message { head: Reply::Executed { fragments: vec![Digest::of(b"other")] }, blobs: vec![] };
    let failed = hospital.answer(&granted, &reply, NOW).unwrap_err();
    assert_eq!(failed.code(), "worker_fragments");
    assert_eq!(hospital.sums().unwrap().shown, Shown::default());
    assert_eq!(hospital.repeats(&granted), None);
}
