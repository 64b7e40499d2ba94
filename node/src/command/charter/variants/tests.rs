use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use ed25519_dalek::SigningKey;
use policies::dsse::PublicKey;
use query::pipe::Failure;
use query::pipe::frame::{self, Message};

use super::*;
use crate::sandbox::Report;

const DATASET: &str = "\
id = \"made\"
version = 1
status = \"synthetic\"
title = { en = \"Generated patients\" }
patient = \"patient\"

[[tables]]
name = \"patient\"
key = \"patient_key\"

[[tables.columns]]
name = \"patient_key\"
type = \"text\"
class = \"key\"
";

const VOLUME: &str = "\
-- id: volume
-- version: 1
-- dataset: made
-- title_en: Patients
-- source: the board
-- by: a, b, c, d, e, f, g
SELECT 1 -- by a
SELECT 2 -- by b
SELECT 3 -- by c
SELECT 4 -- by d
SELECT 5 -- by e
SELECT 6 -- by f
SELECT 7 -- by g
";

fn key(number: u8) -> PublicKey {
    PublicKey::of(&SigningKey::from_bytes(&[number; 32])).unwrap()
}

fn charter() -> Charter {
    let head = format!(
        "network = \"noord\"\nversion = 1\ntitle = {{ en = \"North\" }}\nvalid_from = 2026-01-01T00:00:00Z\n\
         valid_until = 2027-01-01T00:00:00Z\nthreshold = 1\nnotice_days = 0\n[[signers]]\nname = \"Board\"\nkey = \"{}\"\n",
        key(1)
    );
    let members = format!(
        "[[members]]\ncode = \"ALFA\"\nname = \"Alfa\"\nkind = \"general\"\naddresses = [\"/ip4/127.0.0.1/tcp/4001\"]\n\
         keys = {{ transport = \"{}\", envelope = \"{}\", log = \"{}\", witness = \"{}\" }}\n",
        key(2),
        key(3),
        key(4),
        key(5)
    );
    let people = format!(
        "[[people]]\nid = \"a.jansen\"\nname = \"A. Jansen\"\nhospital = \"ALFA\"\nkey = \"{}\"\nroles = [\"analyst\"]\n",
        key(6)
    );
    let rules =
        "@id(\"all\") permit (principal, action == Kring::Action::\"ask.indicator\", resource);";
    let files = [
        ("charter.toml", head.as_str()),
        ("members.toml", &members),
        ("people.toml", &people),
        ("datasets/made.toml", DATASET),
        ("indicators/volume.sql", VOLUME),
        ("rules/network.cedar", rules),
    ];
    let files: BTreeMap<String, String> =
        files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    policies::charter::parse(&files).unwrap()
}

/// A program that says what a worker says, refuses the first text that it gets, and ends at the second.
fn dying_worker(folder: &Path) -> PathBuf {
    let hello = frame::encode(&Message { head: Report::default(), blobs: Vec::new() }).unwrap();
    let failure = Failure::new("not_sql", "a number is no question", "een getal is geen vraag");
    let reply = Message { head: Reply::Failed(failure), blobs: Vec::new() };
    std::fs::write(folder.join("hello"), hello).unwrap();
    std::fs::write(folder.join("reply"), frame::encode(&reply).unwrap()).unwrap();
    let dir = folder.display();
    let script = format!("#!/bin/sh\ncat {dir}/hello\nhead -c 1 >{dir}/$$\ncat {dir}/reply\n");
    let (draft, program) = (folder.join("draft"), folder.join("worker"));
    std::fs::write(&draft, script).unwrap();
    // Another process writes it: a file that this one had open for writing may not run while a thread forks.
    let made = Command::new("install").args(["-m", "755"]).arg(&draft).arg(&program).status();
    assert!(made.unwrap().success());
    program
}

#[test]
fn a_text_that_ends_its_worker_hides_no_other() {
    let folder = tempfile::Builder::new().prefix("kring-variants-").tempdir().unwrap();
    let problems = plan(&charter(), &dying_worker(folder.path())).unwrap().problems;
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let refused = "is refused (not_sql): a number is no question";
    let lost = "cannot be read (worker_lost): the worker that ran the question died; ask again";
    let expected = [
        ("a", refused),
        ("b", lost),
        ("c", refused),
        ("d", lost),
        ("e", refused),
        ("f", lost),
        // Who lost three workers has to pause.
        (
            "g",
            "and what comes after it are not read (too_many_lost_workers): repair the others and check again",
        ),
    ];
    let expected = expected.map(|(by, why)| format!("indicators/volume.sql: variant `{by}` {why}"));
    assert_eq!(told, expected);
}
