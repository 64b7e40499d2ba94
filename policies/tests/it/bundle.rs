//! Which sealed charters a node believes.

use std::collections::BTreeMap;

use policies::bundle::{BundleError, Trust, inspect, open, seal};
use policies::dsse::{Envelope, PayloadType};
use policies::wire::LayerRef;
use policies::{Charter, Digest, NetworkId};

use crate::fixture::{NOW, files, key, public, sealed, trust};

fn signed(files: &BTreeMap<String, String>, signers: &[&str]) -> Vec<u8> {
    let mut envelope = seal(files).unwrap();
    for signer in signers {
        envelope.add_signature(&key(signer));
    }
    envelope.encode()
}

fn with_head(find: &str, put: &str) -> BTreeMap<String, String> {
    let mut files = files();
    let head = files["charter.toml"].replacen(find, put, 1);
    assert_ne!(head, files["charter.toml"]);
    files.insert("charter.toml".to_owned(), head);
    files
}

#[track_caller]
fn check(bytes: &[u8], trust: &Trust, expected: &BundleError) {
    assert_eq!(open(bytes, trust).unwrap_err(), *expected);
}

#[test]
fn a_signed_charter_opens_and_names_its_layer() {
    let charter = sealed(&files());
    let digest = seal(&files()).unwrap().digest();
    let network = NetworkId::new("noord").unwrap();
    assert_eq!(charter.layer(), Some(LayerRef { network, version: 3, digest }));
    assert_eq!(charter.datasets().count(), 2);
    let dataset = charter.datasets().last().unwrap();
    let text = charter.dataset_text(&dataset.id).unwrap();
    assert_eq!(text, files()["datasets/rotterdam.toml"]);
    assert_eq!(dataset.digest, Digest::of(text.as_bytes()));
    let alfa = charter.member_by_transport(&public("ALFA transport")).unwrap();
    assert_eq!(alfa.code.as_str(), "ALFA");
    assert!(charter.member_by_transport(&public("ALFA envelope")).is_none());
}

#[test]
fn sealing_is_deterministic_and_signatures_do_not_change_the_digest() {
    assert_eq!(seal(&files()).unwrap(), seal(&files()).unwrap());
    let one = open(&signed(&files(), &["board"]), &trust()).unwrap();
    let two = open(&signed(&files(), &["board", "board two"]), &trust()).unwrap();
    assert_eq!(one.layer(), two.layer());
}

#[test]
fn the_pinned_key_must_have_signed() {
    let root = trust().root;
    let not_signed = BundleError::NotSignedByRoot { root };
    check(&signed(&files(), &[]), &trust(), &not_signed);
    check(&signed(&files(), &["board two"]), &trust(), &not_signed);
    check(&signed(&files(), &["a.jansen"]), &trust(), &not_signed);
    // Another's signature under the pinned key's id.
    let bytes = signed(&files(), &["board two"]);
    let text = String::from_utf8(bytes).unwrap();
    let claimed = text.replace(&public("board two").to_string(), &public("board").to_string());
    check(claimed.as_bytes(), &trust(), &not_signed);
    // A key that signed, is pinned, but is no signer of this charter.
    let root = public("somebody").fingerprint();
    let pinned = Trust { root, ..trust() };
    let bytes = signed(&files(), &["board", "somebody"]);
    check(&bytes, &pinned, &BundleError::RootIsNoSigner { root });
}

#[test]
fn the_threshold_counts_distinct_listed_signers() {
    let files = with_head("threshold = 1", "threshold = 2");
    let too_few = BundleError::TooFewSigners { expected: 2, got: 1 };
    check(&signed(&files, &["board"]), &trust(), &too_few);
    check(&signed(&files, &["board", "board"]), &trust(), &too_few);
    check(&signed(&files, &["board", "a.jansen"]), &trust(), &too_few);
    assert!(open(&signed(&files, &["board", "board two"]), &trust()).is_ok());
}

#[test]
fn every_flipped_bit_is_refused() {
    // Every seventh byte of a small charter, each bit of a byte in turn.
    let mut small = files();
    small.remove("datasets/made.toml");
    small.remove("rules/network.cedar");
    let bytes = signed(&small, &["board"]);
    assert!(open(&bytes, &trust()).is_ok());
    for place in (0..bytes.len()).step_by(7) {
        let mut broken = bytes.clone();
        broken[place] ^= 1 << (place % 8);
        assert!(open(&broken, &trust()).is_err(), "byte {place} is not covered");
    }
}

#[test]
fn a_charter_holds_for_its_time() {
    let bytes = signed(&files(), &["board"]);
    let charter = open(&bytes, &trust()).unwrap();
    let (from, until) = (charter.valid_from(), charter.valid_until());
    let at = |now| Trust { now, ..trust() };
    let early = from.plus(-1);
    check(&bytes, &at(early), &BundleError::NotYetValid { from, now: early });
    let late = until.plus(1);
    check(&bytes, &at(late), &BundleError::Expired { until, now: late });
    assert!(open(&bytes, &at(from)).is_ok());
    assert!(open(&bytes, &at(until)).is_ok());
    assert!(from < NOW && NOW < until);
}

#[test]
fn nothing_older_replaces_what_is_held() {
    let holding = |charter: &Charter| Trust { held: charter.layer(), ..trust() };
    let third = sealed(&files());
    let fourth = with_head("version = 3", "version = 4");
    let bytes = signed(&files(), &["board"]);
    assert!(open(&bytes, &holding(&third)).is_ok());
    assert!(open(&signed(&fourth, &["board"]), &holding(&third)).is_ok());
    check(&bytes, &holding(&sealed(&fourth)), &BundleError::Rollback { held: 4, got: 3 });
    let other = signed(&with_head("North", "Northern"), &["board"]);
    check(&other, &holding(&third), &BundleError::Fork { version: 3 });
    let mut elsewhere = with_head("network = \"noord\"", "network = \"zuid\"");
    elsewhere.remove("rules/network.cedar");
    let (expected, got) = (NetworkId::new("noord").unwrap(), NetworkId::new("zuid").unwrap());
    let error = BundleError::OtherNetwork { expected, got };
    check(&signed(&elsewhere, &["board"]), &holding(&third), &error);
}

/// A payload signed by the board, whatever it says.
fn payload(text: &[u8]) -> Vec<u8> {
    Envelope::signed(PayloadType::Charter, text.to_vec(), &key("board")).encode()
}

#[test]
fn a_payload_has_one_encoding() {
    let good = String::from_utf8(seal(&files()).unwrap().unverified_payload().to_vec()).unwrap();
    assert!(open(&payload(good.as_bytes()), &trust()).is_ok());
    let refused = |text: &[u8], expected| {
        check(&payload(text), &trust(), &BundleError::Payload { reason: expected });
    };
    let edit = |find: &str, put: &str| good.replacen(find, put, 1).into_bytes();
    let (fields, form) = ("its JSON fields", "no other spacing, order or escapes");
    refused(&edit("\"format\":1", "\"format\":2"), "format 1");
    refused(&edit("\"format\":1", "\"format\":1,\"format\":1"), fields);
    refused(&edit("\"format\":1", "\"format\":1,\"note\":\"\""), fields);
    refused(&edit("\"format\":1", "\"format\": 1"), form);
    refused(&edit("charter.toml", "charter\\u002etoml"), form);
    refused(&[good.as_bytes(), b" "].concat(), form);
    refused(&[good.as_bytes(), b"{}"].concat(), fields);
    refused(&edit("Oncologienetwerk", "Onc\u{0}logie"), fields);
    refused(
        &[b"{\"format\":1,\"files\":[{\"path\":\"a\",\"text\":\"\xff\"}]}".as_slice()].concat(),
        fields,
    );
    let file = |path: &str| format!("{{\"path\":\"{path}\",\"text\":\"\"}}");
    let list = |paths: &[&str]| {
        let files: Vec<String> = paths.iter().map(|path| file(path)).collect();
        format!("{{\"format\":1,\"files\":[{}]}}", files.join(",")).into_bytes()
    };
    refused(&list(&["a", "a"]), "each path once, in order");
    refused(&list(&["b", "a"]), "each path once, in order");
    refused(&list(&vec!["a"; 513]), "at most 512 files");
}

#[test]
fn bad_files_are_refused_although_they_are_signed() {
    let text = b"{\"format\":1,\"files\":[{\"path\":\"../a\",\"text\":\"\"}]}";
    let error = open(&payload(text), &trust()).unwrap_err();
    let BundleError::Problems(problems) = &error else { panic!("{error:?}") };
    let files: Vec<&str> = problems.iter().map(|problem| problem.file.as_str()).collect();
    assert_eq!(files, ["../a", "charter.toml", "members.toml", "people.toml"]);
    assert_eq!(error.code(), "charter_problems");
}

#[test]
fn other_envelopes_are_no_charter() {
    let code = |bytes: &[u8]| open(bytes, &trust()).unwrap_err().code();
    assert_eq!(code(b""), "malformed_envelope");
    assert_eq!(code(&vec![b' '; 16 * 1024 * 1024 + 1]), "too_large");
    let bundle = seal(&files()).unwrap();
    let payload = bundle.unverified_payload().to_vec();
    let request = Envelope::signed(PayloadType::Request, payload, &key("board"));
    assert_eq!(code(&request.encode()), "wrong_type");
    let mut crowd = bundle;
    for n in 0..65 {
        crowd.add_signature(&key(&format!("signer {n}")));
    }
    assert_eq!(code(&crowd.encode()), "too_many_signatures");
}

#[test]
fn inspecting_proves_nothing() {
    let inspected = inspect(&signed(&files(), &["board two", "a.jansen"])).unwrap();
    assert_eq!(inspected.charter.layer(), None);
    let names: Vec<&str> = inspected.signed_by.iter().map(|signer| signer.name.as_str()).collect();
    assert_eq!(names, ["Second board"]);
}
