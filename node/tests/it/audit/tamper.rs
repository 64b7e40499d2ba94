//! Every byte of exports and proof files changed: found each time.
//!
//! What is exhaustive: in header and trailer of a small log, and in a proof file, each byte is flipped and the whole file
//! verified. In the entries of a larger log each byte is flipped and the verifier run, from its state before that line,
//! until it reports a fault or marks the changed entry as suspect; that a suspect always ends in a fault, whatever
//! follows, is checked for a sample of flips over the whole file. Both verifiers see the sample.
//!
//! `KRING_TAMPER_ENTRIES` (600) sizes the log and `KRING_TAMPER_BITS` (1) says how many bits of each byte are flipped one after
//! the other, `KRING_TAMPER_STEP` (1/400 of the file) how far apart the flips are that both verifiers see. With 10000, 8 and 1 in
//! release mode this is the full suite, see docs/AUDIT.md.

use super::python::{Python, both, own_verdict};
use super::support::Book;
use node::proof::export::verify::Verifier;
use serde_json::Value;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Bit masks that are tried on the byte at this place.
fn masks(place: usize) -> impl Iterator<Item = u8> {
    let bits = usize::try_from(number("KRING_TAMPER_BITS", 1)).unwrap().min(8);
    (0..bits).map(move |bit| 1 << ((place + bit) % 8))
}

fn flipped(file: &[u8], place: usize, mask: u8) -> Vec<u8> {
    let mut changed = file.to_vec();
    changed[place] ^= mask;
    changed
}

#[test]
fn no_byte_of_header_trailer_or_proof_file_changes_unseen() {
    let (mut python, mut flips) = (Python::start(), 0);
    let (whole, book) = (Book::new(3, &[3], &["ZUID"]), Book::new(3, &[1, 2, 3], &["ZUID"]));
    let gap = Book::new(4, &[1, 2, 3, 4], &["ZUID"]).with_gaps(&[2]);
    let parts = [whole.part(0, 2), whole.part(1, 2)];
    let exports = [book.export(0), book.export(1), gap.export(0), gap.export(3)];
    for file in parts.into_iter().chain(exports).chain([book.proof(&[2])]) {
        assert_eq!(both(&mut python, &file, ""), Value::Null);
        for place in 0..file.len() {
            for mask in masks(place) {
                let changed = flipped(&file, place, mask);
                assert_ne!(own_verdict(&changed, ""), Value::Null, "byte {place}, mask {mask}");
                if place % 7 == 0 {
                    both(&mut python, &changed, "");
                }
                flips += 1;
            }
        }
    }
    println!("small files: {flips} flips, {flips} found");
}

#[test]
fn no_byte_of_an_entry_changes_unseen() {
    let entries = number("KRING_TAMPER_ENTRIES", 600);
    let checkpoints: Vec<u64> = (1..=4).map(|part| entries * part / 4).collect();
    let file = Book::new(entries, &checkpoints, &["OOST", "ZUID"]).export(0);
    let lines: Vec<&[u8]> = file.split_inclusive(|byte| *byte == b'\n').collect();
    let bare = |line: &[u8]| line.strip_suffix(b"\n").unwrap().to_vec();
    let (header, trailer) = (bare(lines[0]), bare(lines[lines.len() - 1]));
    let mut verifier = Verifier::begin(&header, &trailer, lines.len() as u64, None).unwrap();
    let mut flips = 0_u64;
    for (index, line) in (0..).zip(&lines[1..lines.len() - 1]) {
        let next = lines[usize::try_from(index).unwrap() + 2];
        for place in 0..line.len() {
            for mask in masks(place) {
                assert!(found(&verifier, flipped(line, place, mask), next, index));
                flips += 1;
            }
        }
        verifier.entry(&bare(line)).unwrap();
    }
    verifier.finish().unwrap();
    println!("{entries} entries: {flips} flips of {} bytes, {flips} found", file.len());
}

#[test]
fn both_verifiers_find_every_change_of_a_part() {
    let mut python = Python::start();
    let book = Book::new(29, &[9, 29], &["ZUID"]);
    let file = book.part(5, 18);
    for place in (0..file.len()).step_by(3) {
        for mask in masks(place) {
            let verdict = both(&mut python, &flipped(&file, place, mask), "");
            assert_ne!(verdict, Value::Null, "byte {place}, mask {mask}");
        }
    }
    for length in (0..file.len()).step_by(11) {
        assert_ne!(both(&mut python, &file[..length], ""), Value::Null, "{length} bytes");
    }
}

/// Whether changed bytes in the place of entry `index` lead to a fault or make exactly that entry a suspect.
fn found(before: &Verifier, mut changed: Vec<u8>, next: &[u8], index: u64) -> bool {
    let mut verifier = before.clone();
    if changed.last() != Some(&b'\n') {
        // The line runs on into the next one.
        changed.extend_from_slice(next);
    }
    changed.pop();
    let first = changed.split(|byte| *byte == b'\n').next().unwrap();
    match verifier.entry(first) {
        Err(fault) => fault.index == Some(index),
        Ok(()) => verifier.suspect() == Some(index),
    }
}

#[test]
fn both_verifiers_find_a_sample_of_flips_at_the_same_place() {
    let mut python = Python::start();
    let file = Book::new(80, &[10, 30, 50, 80], &["ZUID"]).with_gaps(&[40]).export(0);
    let line_of = |place: usize| 1 + file[..place].iter().filter(|b| **b == b'\n').count();
    let step = usize::try_from(number("KRING_TAMPER_STEP", file.len() as u64 / 400)).unwrap();
    for place in (0..file.len()).step_by(step) {
        for mask in masks(place) {
            let verdict = both(&mut python, &flipped(&file, place, mask), "");
            assert_ne!(verdict, Value::Null, "byte {place}, mask {mask}");
            let line = line_of(place) as u64;
            if line > 1 && line < 82 {
                assert_eq!(verdict[1], line, "byte {place}, mask {mask}: {verdict}");
            }
        }
    }
}

#[test]
fn both_verifiers_find_every_cut_of_the_file() {
    let mut python = Python::start();
    let file = Book::new(12, &[12], &["ZUID"]).export(0);
    for length in 0..file.len() {
        let verdict = both(&mut python, &file[..length], "");
        assert_ne!(verdict, Value::Null, "{length} bytes");
    }
}
