//! Which sealed charters a node believes.

use std::collections::BTreeMap;

use policies::bundle::{BundleError, Trust, inspect, open, seal};
use policies::chain::NotInForce;
use policies::dsse::{Envelope, PayloadType};
use policies::wire::LayerRef;
use policies::{ChainError, Charter, Digest, NetworkId};

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

/// The code with which a bundle is refused by whoever pinned its own digest.
#[track_caller]
fn refused(bytes: &[u8]) -> &'static str {
    open_any(bytes).unwrap_err().code()
}

/// Opens a bundle as if its own digest were pinned; a bundle that is no envelope has none.
fn open_any(bytes: &[u8]) -> Result<Charter, ChainError> {
    let root = Envelope::decode(bytes, bytes.len()).map_or(Digest::of(b""), |of| of.digest());
    open(bytes, &Trust { root, now: NOW, held: None })
}

#[test]
fn a_signed_charter_opens_and_names_its_layer() {
    let charter = sealed(&files());
    let digest = seal(&files()).unwrap().digest();
    let network = NetworkId::new("noord").unwrap();
    assert_eq!(charter.layer(), Some(LayerRef { network, version: 1, digest }));
    assert_eq!(charter.datasets().count(), 2);
    let dataset = charter.datasets().last().unwrap();
    let text = charter.dataset_text(&dataset.id).unwrap();
    assert_eq!(text, files()["datasets/rotterdam.toml"]);
    assert_eq!(dataset.digest, Digest::of(text.as_bytes()));
    let alfa = charter.member_by_transport(&public("ALFA transport"), NOW).unwrap();
    assert_eq!(alfa.code.as_str(), "ALFA");
    assert!(charter.member_by_transport(&public("ALFA envelope"), NOW).is_none());
}

#[test]
fn sealing_is_deterministic_and_signatures_do_not_change_the_digest() {
    assert_eq!(seal(&files()).unwrap(), seal(&files()).unwrap());
    let one = open_any(&signed(&files(), &["board"])).unwrap();
    let two = open_any(&signed(&files(), &["board", "board two"])).unwrap();
    assert_eq!(one.layer(), two.layer());
}

#[test]
fn the_threshold_counts_distinct_listed_signers() {
    assert_eq!(refused(&signed(&files(), &[])), "too_few_signers");
    assert_eq!(refused(&signed(&files(), &["a.jansen"])), "too_few_signers");
    // Another's signature under the id of a signer.
    let text = String::from_utf8(signed(&files(), &["a.jansen"])).unwrap();
    let claimed = text.replace(&public("a.jansen").to_string(), &public("board").to_string());
    assert_eq!(refused(claimed.as_bytes()), "too_few_signers");
    let files = with_head("threshold = 1", "threshold = 2");
    let too_few = ChainError::TooFewSigners { version: 1, expected: 2, got: 1 };
    assert_eq!(open_any(&signed(&files, &["board"])).unwrap_err(), too_few);
    assert_eq!(open_any(&signed(&files, &["board", "board"])).unwrap_err(), too_few);
    assert_eq!(open_any(&signed(&files, &["board", "a.jansen"])).unwrap_err(), too_few);
    assert!(open_any(&signed(&files, &["board", "board two"])).is_ok());
}

#[test]
fn every_flipped_bit_is_refused() {
    // Every seventh byte of a small charter, each bit of a byte in turn.
    let mut small = files();
    small.remove("datasets/made.toml");
    small.remove("rules/network.cedar");
    let bytes = signed(&small, &["board"]);
    let trust = trust(&Envelope::decode(&bytes, bytes.len()).unwrap());
    assert!(open(&bytes, &trust).is_ok());
    for place in (0..bytes.len()).step_by(7) {
        let mut broken = bytes.clone();
        broken[place] ^= 1 << (place % 8);
        assert!(open(&broken, &trust).is_err(), "byte {place} is not covered");
    }
}

#[test]
fn a_charter_holds_for_its_time() {
    let bytes = signed(&files(), &["board"]);
    let charter = open_any(&bytes).unwrap();
    let root = charter.layer().unwrap().digest;
    let at = |now| open(&bytes, &Trust { root, now, held: None });
    let (from, until) = (charter.valid_from(), charter.valid_until());
    let early = from.plus(-1);
    assert_eq!(at(early).unwrap_err(), NotInForce::NotYet { from, now: early }.into());
    let now = until.plus(1);
    assert_eq!(at(now).unwrap_err(), NotInForce::Expired { version: 1, until, now }.into());
    assert!(at(from).is_ok());
    assert!(at(until).is_ok());
    assert!(from < NOW && NOW < until);
}

#[test]
fn another_charter_than_the_one_held_is_refused() {
    let bytes = signed(&files(), &["board"]);
    let held = open_any(&bytes).unwrap().layer().unwrap();
    let code = |held: LayerRef| {
        let trust = trust(&Envelope::decode(&bytes, bytes.len()).unwrap());
        let opened = open(&bytes, &Trust { held: Some(held), ..trust });
        opened.map_or_else(|error| error.code(), |_charter| "good")
    };
    assert_eq!(code(held.clone()), "good");
    assert_eq!(code(LayerRef { version: 2, ..held.clone() }), "rollback");
    assert_eq!(code(LayerRef { digest: Digest::of(b"fork"), ..held.clone() }), "fork");
    let network = NetworkId::new("zuid").unwrap();
    assert_eq!(code(LayerRef { network, ..held }), "other_network");
}

/// A payload signed by the board, whatever it says.
fn payload(text: &[u8]) -> Vec<u8> {
    Envelope::signed(PayloadType::Charter, text.to_vec(), &key("board")).encode()
}

#[test]
fn a_payload_has_one_encoding() {
    let good = String::from_utf8(seal(&files()).unwrap().unverified_payload().to_vec()).unwrap();
    assert!(open_any(&payload(good.as_bytes())).is_ok());
    let refused = |text: &[u8], reason| {
        let error = open_any(&payload(text)).unwrap_err();
        assert_eq!(error, BundleError::Payload { reason }.into());
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
    let error = inspect(&payload(text)).unwrap_err();
    let BundleError::Problems(problems) = &error else { panic!("{error:?}") };
    let files: Vec<&str> = problems.iter().map(|problem| problem.file.as_str()).collect();
    assert_eq!(files, ["../a", "charter.toml", "members.toml", "people.toml"]);
    assert_eq!(refused(&payload(text)), "charter_problems");
    assert_eq!(error.code(), "charter_problems");
}

#[test]
fn other_envelopes_are_no_charter() {
    let code = |bytes: &[u8]| refused(bytes);
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
