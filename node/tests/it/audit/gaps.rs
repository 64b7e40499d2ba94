//! Chains of checkpoints, and logs that gave up a history: both verifiers hold entries and origins against each other.

use super::python::{Python, both, holds};
use super::support::Book;
use node::proof::export::{Marks, header_line};
use node::proof::merkle::leaf_hash;
use serde_json::{Value, json};

fn book() -> Book {
    Book::new(12, &[3, 5, 7, 9, 12], &["OOST", "ZUID"]).with_gaps(&[5, 8])
}

/// An export of a log with these entries and the checkpoints of another: what a forger without marks to fear would write.
fn mixed(entries: &Book, signed: &Book) -> Vec<u8> {
    let mut text = header_line(&signed.header(0));
    let mut marks = Marks::default();
    for entry in &entries.entries {
        text.push_str(entry);
        text.push('\n');
        marks.push(&leaf_hash(entry.as_bytes()));
    }
    text.push_str(&marks.trailer_line(&signed.signed(0)));
    text.into_bytes()
}

#[test]
fn every_part_of_a_log_with_gaps_holds_and_says_so() {
    let (mut python, book) = (Python::start(), book());
    for first in 0..=12 {
        let file = book.export(first);
        assert_eq!(both(&mut python, &file, &book.policy(2)), Value::Null, "from {first}");
        let gaps: Vec<_> = holds(&file).gaps.iter().map(|gap| gap.head.size).collect();
        let expected: Vec<_> = [5, 8].into_iter().filter(|gap| *gap >= first).collect();
        assert_eq!(gaps, expected);
    }
    assert_eq!(both(&mut python, &book.proof(&[5, 11]), &book.policy(2)), Value::Null);
}

#[test]
fn an_origin_without_its_entry_is_found() {
    let (mut python, honest) = (Python::start(), book());
    // The log's own key signs whatever its holder likes: the entry of a gap left out, altered, or put where no origin begins.
    let mut check = |change: &dyn Fn(&mut Book), expected: Value| {
        let mut forged = book();
        change(&mut forged);
        let verdict = both(&mut python, &forged.export(0), "");
        assert_eq!(verdict, expected, "{}", forged.entries[5]);
    };
    let gap = honest.entries[5].clone();
    check(&|book| book.entries[5] = super::support::entry(5), json!(["gap", 14, null]));
    let entry_5 = json!(["gap", 7, 5]);
    check(&|book| book.entries[5] = gap.replace("\"size\":5", "\"size\":4"), entry_5.clone());
    check(&|book| book.entries[5] = gap.replace("\"seen\":12", "\"seen\": 12"), entry_5.clone());
    let root = gap.split("\"root\":\"").nth(1).unwrap().get(..64).unwrap().to_owned();
    check(&|book| book.entries[5] = gap.replace(&root, &"0".repeat(64)), entry_5.clone());
    check(&|book| book.entries[5] = gap.replace("/1\"", "\""), entry_5.clone());
    check(&|book| book.entries[5] = gap.replace("NOORD", "WEST"), entry_5);
    // Another gap than the one that the checkpoint behind it is signed under.
    check(&|book| book.entries[5] = gap.replace("/1\"", "/2\""), json!(["gap", 14, null]));
    let moved = Book::new(12, &[3, 5, 7, 9, 12], &["OOST", "ZUID"]).with_gaps(&[6, 8]);
    assert_eq!(both(&mut python, &mixed(&moved, &honest), "")[0], "root");
}

#[test]
fn every_checkpoint_of_the_chain_is_checked() {
    let mut python = Python::start();
    let book = Book::new(9, &[2, 4, 6, 9], &["OOST", "ZUID"]);
    let mut other = Book::new(9, &[2, 4, 6, 9], &["OOST", "ZUID"]);
    other.entries[3] = other.entries[3].replace("bad_signature", "bad_sagnature");
    // An older checkpoint of another history, signed and cosigned alike.
    let notes = |book: &Book| -> Vec<String> {
        book.signed(0).iter().map(|signed| signed.note().to_string()).collect()
    };
    let (own, foreign) = (notes(&book), notes(&other));
    let text = String::from_utf8(book.export(0)).unwrap();
    let json_of = |note: &String| serde_json::to_string(note).unwrap();
    for place in 1..3 {
        let mixed = text.replace(&json_of(&own[place]), &json_of(&foreign[place]));
        assert_ne!(mixed, text);
        assert_eq!(both(&mut python, mixed.as_bytes(), ""), json!(["root", 11, null]), "{place}");
    }
    // A cosignature of an older one that does not verify: the line of another size.
    let line = |note: &String| note.lines().last().unwrap().to_owned();
    let mixed = text.replace(&line(&own[1]), &line(&own[2]));
    assert_eq!(both(&mut python, mixed.as_bytes(), ""), json!(["checkpoint", 11, null]));
}
