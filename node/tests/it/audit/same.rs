//! Deeds on entries, header and keys: found by both verifiers, at the same place.

use super::python::{Python, both};
use super::support::{Book, code, entry, public};
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

const ENTRIES: u64 = 60;

fn book() -> Book {
    Book::new(ENTRIES, &[20, 41, 60], &["OOST", "ZUID"])
}

/// The file's lines after `deed` on them.
fn after(file: &[u8], deed: impl FnOnce(&mut Vec<String>)) -> Vec<u8> {
    let text = String::from_utf8(file.to_vec()).unwrap();
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    deed(&mut lines);
    (lines.join("\n") + "\n").into_bytes()
}

#[test]
fn every_deletion_swap_insertion_and_cut_is_found_where_it_is() {
    let (mut python, whole) = (Python::start(), book().export(0));
    let mut check = |deed: &dyn Fn(&mut Vec<String>), expected: Value| {
        assert_eq!(both(&mut python, &after(&whole, |lines| deed(lines)), ""), expected);
    };
    // Entry n stands on line n + 2 and, counted from 0, is lines[n + 1].
    for n in 0..ENTRIES {
        let (line, at) = (n + 2, usize::try_from(n).unwrap() + 1);
        let removed = if n + 1 < ENTRIES {
            json!(["entries_missing", line, n])
        } else {
            json!(["entries_cut", line, null])
        };
        check(&|lines| drop(lines.remove(at)), removed);
        let doubled = match n + 1 {
            ENTRIES => json!(["entry_added", line + 1, ENTRIES]),
            next => json!(["entry_out_of_place", line + 1, next]),
        };
        check(&|lines| lines.insert(at, lines[at].clone()), doubled);
        let strange = "{\"version\":1,\"index\":x}".to_owned();
        check(&|lines| lines.insert(at, strange.clone()), json!(["entry_unreadable", line, n]));
        let forged = entry(n).replace("bad_signature", "bad_sagnature");
        check(&|lines| lines[at].clone_from(&forged), json!(["entry_changed", line, n]));
        check(&|lines| drop(lines.drain(at..lines.len() - 1)), json!(["entries_cut", line, null]));
        if n + 1 < ENTRIES {
            check(&|lines| lines.swap(at, at + 1), json!(["entries_missing", line, n]));
        }
    }
}

#[test]
fn entries_renumbered_by_hand_are_found() {
    let (mut python, whole) = (Python::start(), book().export(0));
    // Entry 10 is gone, all later ones moved up and one more invented at the end.
    let moved = after(&whole, |lines| {
        for n in 10..ENTRIES {
            let later = entry(n + 1).replacen(&format!(":{},", n + 1), &format!(":{n},"), 1);
            lines[usize::try_from(n).unwrap() + 1] = later;
        }
    });
    assert_eq!(both(&mut python, &moved, ""), json!(["entry_changed", 12, 10]));
    // The marks made again as well: what was signed no longer fits, and only the range is known.
    let mut forger = book();
    forger.entries[25] = entry(25).replace("bad_signature", "bad_sagnature");
    let honest = String::from_utf8(whole.clone()).unwrap();
    let forged = String::from_utf8(forger.export(0)).unwrap();
    let marks = |text: &str| text.rsplit_once("\"marks\":").unwrap().1.to_owned();
    let mixed = after(&whole, |lines| {
        lines[26].clone_from(&forger.entries[25]);
        let last = lines.len() - 1;
        lines[last] = lines[last].replace(marks(&honest).trim_end(), marks(&forged).trim_end());
    });
    assert_eq!(both(&mut python, &mixed, ""), json!(["root", 62, null]));
}

#[test]
fn a_stolen_log_key_without_witnesses_is_found_by_who_asks_for_witnesses() {
    let mut python = Python::start();
    let honest = book();
    let mut forged = book();
    forged.entries[7] = entry(7).replace("bad_signature", "fine");
    forged.witnesses.clear();
    let file = forged.export(0);
    // The file agrees with itself: that is all that a stolen key can reach.
    assert_eq!(both(&mut python, &file, ""), Value::Null);
    assert_eq!(both(&mut python, &file, &honest.policy(1)), json!(["quorum", 62, null]));
    assert_eq!(both(&mut python, &forged.proof(&[7]), &honest.policy(1))[0], "quorum");

    // Invented witnesses under the names of real ones do not help.
    for seed in [50, 51] {
        let name = ["OOST", "ZUID"][usize::from(seed) - 50];
        forged.witnesses.insert(code(name), SigningKey::from_bytes(&[seed; 32]));
    }
    let file = forged.export(0);
    assert_eq!(both(&mut python, &file, ""), Value::Null);
    assert_eq!(both(&mut python, &file, &honest.policy(1)), json!(["quorum", 62, null]));

    // Nor do real cosignatures of another tree, with or without their keys.
    let (real, wrong) = (honest.signed(0), forged.signed(0));
    let line = |note: &str| note.lines().last().unwrap().to_owned();
    let (real, wrong) = (line(&real[2].note().to_string()), line(&wrong[2].note().to_string()));
    let text = String::from_utf8(file).unwrap().replace(&wrong, &real);
    assert_eq!(both(&mut python, text.as_bytes(), "")[0], "unknown_signature");
    let keys = |book: &Book| public(&book.witnesses[&code("ZUID")]).to_string();
    let text = text.replace(&keys(&forged), &keys(&honest));
    assert_eq!(both(&mut python, text.as_bytes(), "")[0], "unknown_signature");
}

#[test]
fn names_and_keys_are_bound_to_the_signatures() {
    let (mut python, whole) = (Python::start(), book().export(0));
    let text = String::from_utf8(whole).unwrap();
    let other = public(&SigningKey::from_bytes(&[90; 32])).to_string();
    let ours = public(&book().log).to_string();
    let witness = public(&book().witnesses[&code("ZUID")]).to_string();
    let weak = format!("01{}", "0".repeat(62));
    let second = format!("ec{}7f", "f".repeat(60));
    for (from, to, expected) in [
        ("kring-audit/1", "kring-audit/2", json!(["header", 1, null])),
        ("\"hospital\":\"NOORD\"", "\"hospital\":\"WEST\"", json!(["origin", 1, null])),
        ("\"hospital\":\"NOORD\"", "\"hospital\":\"noord\"", json!(["header", 1, null])),
        (ours.as_str(), other.as_str(), json!(["origin", 1, null])),
        (ours.as_str(), weak.as_str(), json!(["key", 1, null])),
        (ours.as_str(), second.as_str(), json!(["key", 1, null])),
        (witness.as_str(), other.as_str(), json!(["unknown_signature", 62, null])),
        ("\"ZUID\":", "\"ZUIE\":", json!(["unknown_signature", 62, null])),
        ("\"first\":0", "\"first\":1", json!(["header", 1, null])),
        ("\"first\":0", "\"first\":0.0", json!(["header", 1, null])),
        ("\"first\":0", "\"first\": 0", json!(["header", 1, null])),
        ("\"first\":0,", "", json!(["header", 1, null])),
        ("\"count\":60", "\"count\":61", json!(["not_covered", 1, null])),
        ("\"count\":60", "\"count\":59", json!(["not_covered", 1, null])),
        ("\"before\":[]", "\"before\":[],\"more\":1", json!(["header", 1, null])),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert_eq!(both(&mut python, changed.as_bytes(), ""), expected, "{from} to {to}");
    }
}

#[test]
fn a_witness_that_signed_nothing_is_not_named() {
    let (mut python, mut alone) = (Python::start(), book());
    alone.witnesses.clear();
    let text = String::from_utf8(alone.export(0)).unwrap();
    let key = public(&SigningKey::from_bytes(&[90; 32]));
    let named = text.replacen("{},\"first\"", &format!("{{\"OOST\":\"{key}\"}},\"first\""), 1);
    assert_ne!(named, text);
    assert_eq!(both(&mut python, named.as_bytes(), ""), json!(["unused_witness", 1, null]));
}

#[test]
fn the_hashes_before_a_later_export_are_held_by_the_root() {
    let (mut python, book) = (Python::start(), book());
    let text = String::from_utf8(book.export(19)).unwrap();
    let before = &book.header(19).before[1];
    let flipped = before.replacen(before.get(..1).unwrap(), "", 1) + "0";
    let changed = text.replacen(before, &flipped, 1);
    assert_eq!(both(&mut python, changed.as_bytes(), ""), json!(["root", 43, null]));
    let fewer = text.replacen(&format!("\"{before}\","), "", 1);
    assert_eq!(both(&mut python, fewer.as_bytes(), ""), json!(["header", 1, null]));
}

#[test]
fn the_hashes_after_a_part_are_held_by_the_root_and_by_their_number() {
    let (mut python, book) = (Python::start(), book());
    let text = String::from_utf8(book.part(19, 30)).unwrap();
    assert_eq!(both(&mut python, text.as_bytes(), ""), Value::Null);
    let behind = text.split("\"after\":[\"").nth(1).unwrap().get(..64).unwrap().to_owned();
    let flipped = behind.replacen(behind.get(..1).unwrap(), "", 1) + "0";
    for (from, to, expected) in [
        (behind.as_str(), flipped.as_str(), json!(["root", 13, null])),
        (&format!("\"{behind}\","), "", json!(["header", 1, null])),
        ("\"after\":[", "\"after\":[\"00\",", json!(["header", 1, null])),
        ("kring-audit/2", "kring-audit/1", json!(["header", 1, null])),
        ("kring-audit/2", "kring-audit/3", json!(["header", 1, null])),
        ("\"count\":11", "\"count\":13", json!(["header", 1, null])),
        ("\"count\":11", "\"count\":12", json!(["trailer", 13, null])),
        ("\"first\":19", "\"first\":21", json!(["checkpoint", 13, null])),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert_eq!(both(&mut python, changed.as_bytes(), ""), expected, "{from} to {to}");
    }
    // A whole export that says it is a part has nothing after it.
    let whole = String::from_utf8(book.part(19, 60)).unwrap();
    assert!(whole.contains("\"after\":[]"), "{whole}");
    assert_eq!(both(&mut python, whole.as_bytes(), ""), Value::Null);
    let bare = whole.replacen(",\"after\":[]", "", 1);
    assert_eq!(both(&mut python, bare.as_bytes(), ""), json!(["header", 1, null]));
    // Of the checkpoints, only the last may cover more than the entries.
    let all = String::from_utf8(book.export(19)).unwrap();
    let notes = |text: &str| {
        let (_, trailer) = text.split_once("{\"checkpoints\":").unwrap();
        trailer.split_once(",\"marks\"").unwrap().0.to_owned()
    };
    let more = text.replacen(&notes(&text), &notes(&all), 1);
    assert_ne!(more, text);
    assert_eq!(both(&mut python, more.as_bytes(), ""), json!(["not_covered", 1, null]));
}
