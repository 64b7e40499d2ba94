//! What is whole is accepted, and what a verdict says is right.

use super::python::{Python, both, holds};
use super::support::{Book, code};
use node::proof::receipt;
use policies::UnixTime;
use serde_json::{Value, json};

#[test]
fn whole_exports_raise_no_alarm() {
    let mut python = Python::start();
    for (entries, checkpoints) in
        [(0, vec![0]), (1, vec![1]), (2, vec![1, 2]), (33, vec![5, 16, 17, 33]), (130, vec![130])]
    {
        for witnesses in [&[][..], &["ZUID"], &["OOST", "WEST", "ZUID"]] {
            let book = Book::new(entries, &checkpoints, witnesses);
            for policy in [String::new(), book.policy(0), book.policy(witnesses.len())] {
                for first in [0, 1, 5, 17, entries] {
                    if first <= entries && checkpoints.last() == Some(&entries) {
                        let verdict = both(&mut python, &book.export(first), &policy);
                        assert_eq!(verdict, Value::Null, "{first} of {entries}");
                    }
                }
            }
        }
    }
}

#[test]
fn whole_parts_raise_no_alarm() {
    let mut python = Python::start();
    for (entries, checkpoints) in [(1, vec![1]), (21, vec![5, 16, 21]), (33, vec![33])] {
        let book = Book::new(entries, &checkpoints, &["OOST", "ZUID"]);
        for first in 0..=entries {
            for end in (first..=entries).step_by(if entries > 30 { 4 } else { 1 }) {
                let verdict = both(&mut python, &book.part(first, end), &book.policy(2));
                assert_eq!(verdict, Value::Null, "{first} to {end} of {entries}");
            }
        }
        let verdict = holds(&book.part(0, entries - 1));
        assert_eq!((verdict.first, verdict.count), (0, entries - 1));
        assert_eq!(verdict.head.size, entries);
    }
}

#[test]
fn a_verdict_says_what_was_proved() {
    let book = Book::new(20, &[7, 20], &["OOST", "ZUID"]);
    let verdict = holds(&book.export(3));
    assert_eq!((verdict.first, verdict.count, verdict.checkpoints), (3, 17, 2));
    assert_eq!(verdict.hospital, code("NOORD"));
    assert_eq!(verdict.origin, book.origin().to_string());
    assert_eq!(verdict.head, book.signed(0).last().unwrap().head());
    let at = UnixTime(1_700_000_000);
    assert_eq!(verdict.cosigned, [(code("OOST"), at), (code("ZUID"), at)].into());
}

#[test]
fn proof_files_of_every_entry_hold() {
    let mut python = Python::start();
    let book = Book::new(21, &[21], &["OOST", "ZUID"]);
    for index in 0..21 {
        let file = book.proof(&[index]);
        assert_eq!(both(&mut python, &file, &book.policy(2)), Value::Null);
        let shown = receipt::verify(&file, None).unwrap();
        assert_eq!(shown.entries[&index], book.entries[usize::try_from(index).unwrap()]);
    }
    assert_eq!(both(&mut python, &book.proof(&[3, 9, 20]), ""), Value::Null);
}

#[test]
fn a_policy_decides_whom_to_trust() {
    let mut python = Python::start();
    let mut book = Book::new(6, &[6], &["OOST", "WEST", "ZUID"]);
    let (all, two) = (book.policy(3), book.policy(2));
    book.witnesses.remove(&code("WEST"));
    let (export, proof) = (book.export(0), book.proof(&[4]));
    for file in [&export, &proof] {
        assert_eq!(both(&mut python, file, &two), Value::Null);
        assert_eq!(both(&mut python, file, &all)[0], "quorum");
    }
    let mut stranger = Book::new(6, &[6], &[]);
    stranger.log = ed25519_dalek::SigningKey::from_bytes(&[77; 32]);
    for file in [stranger.export(0), stranger.proof(&[4])] {
        assert_eq!(both(&mut python, &file, &two), json!(["log_not_trusted", 1, null]));
    }
    let witness = book.policy(0).replace("quorum none", "quorum ZUID");
    assert_eq!(both(&mut python, &export, &witness), Value::Null);
    let absent = all.replace("quorum witnesses", "quorum WEST");
    assert_eq!(both(&mut python, &export, &absent)[0], "quorum");
}

#[test]
fn both_read_policies_alike() {
    let (mut python, book) = (Python::start(), Book::new(3, &[3], &["OOST", "ZUID"]));
    let (file, good) = (book.export(0), book.policy(2));
    for (from, to) in [
        ("quorum witnesses\n", ""),
        ("quorum witnesses", "quorum none"),
        ("quorum witnesses", "quorum nobody"),
        ("quorum witnesses", "quorum OOST ZUID"),
        ("quorum witnesses", "\t quorum \t witnesses \t"),
        ("quorum witnesses", "quorum witnesses\r"),
        ("quorum witnesses", "quorum\u{b}witnesses"),
        ("quorum witnesses", "quorum\u{a0}witnesses"),
        ("group witnesses 2", "group witnesses all"),
        ("group witnesses 2", "group witnesses any"),
        ("group witnesses 2", "group witnesses +2"),
        ("group witnesses 2", "group witnesses 02"),
        ("group witnesses 2", "group witnesses -2"),
        ("group witnesses 2", "group witnesses 3"),
        ("group witnesses 2", "group none 2"),
        ("witness OOST", "witness ZUID"),
        ("witness OOST", "log"),
        ("log kring/NOORD", "log kring/WEST"),
        ("log kring", "#log kring"),
        ("log kring", "  # log kring"),
        ("log kring", "logs kring"),
        ("+", "+0"),
    ] {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good, "{from}");
        both(&mut python, &file, &changed);
    }
    let mut verdicts = |quorum| both(&mut python, &file, &book.policy(quorum));
    assert_eq!([verdicts(0), verdicts(1), verdicts(2)], [Value::Null, Value::Null, Value::Null]);
    assert_eq!(verdicts(3), json!(["usage"]));
}
