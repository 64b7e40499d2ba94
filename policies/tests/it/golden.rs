//! The exact bytes of every signed payload: a change here is a change of the protocol.

use policies::bundle::seal;
use policies::envelope::reply::{sign_answer, sign_refusal};
use policies::question::{sign_question, sign_request};
use policies::statement::{Freshness, Revocation, Subject};
use policies::wire::{Asks, IndicatorRef, LayerRef, Question, Request};
use policies::{Digest, PersonId, Profile};

use crate::fixture::{NOW, charter, files, hospital, key, public, question, request};
use crate::reply::{answer, refusal};

#[track_caller]
fn check(payload: &[u8], golden: &str) {
    assert_eq!(std::str::from_utf8(payload).unwrap(), golden.trim_end());
}

/// A layer that does not change with the fixture's files.
fn layer() -> LayerRef {
    let charter = charter();
    LayerRef { version: 3, digest: Digest::of(b"bundle"), ..charter.layer().unwrap() }
}

#[test]
fn payloads_are_frozen() {
    let charter = charter();
    let envelope = sign_question(&question(), &key("a.jansen"));
    check(envelope.unverified_payload(), include_str!("golden/question.json"));
    check(&envelope.encode(), include_str!("golden/question.envelope.json"));
    let of_indicator = Question {
        asks: Asks::Indicator(IndicatorRef {
            id: "b1_bla_volume".parse().unwrap(),
            version: 2,
            by: Some("hospital".parse().unwrap()),
            window: None,
            text: Digest::of(b"SELECT 1"),
        }),
        profile: Some(Profile::Indicator),
        ..question()
    };
    let envelope = sign_question(&of_indicator, &key("a.jansen"));
    check(envelope.unverified_payload(), include_str!("golden/question.indicator.json"));
    let request = Request { layers: vec![layer()], ..request(&charter, &question()) };
    let envelope = sign_request(&request, &key("ALFA envelope"));
    check(envelope.unverified_payload(), include_str!("golden/request.json"));
    let mut answer = answer(&charter);
    answer.layers = vec![layer()];
    let envelope = sign_answer(&answer, &key("BRAVO envelope"));
    check(envelope.unverified_payload(), include_str!("golden/answer.json"));
    let mut refusal = refusal();
    refusal.layer = Some(layer());
    let envelope = sign_refusal(&refusal, &key("BRAVO envelope"));
    check(envelope.unverified_payload(), include_str!("golden/refusal.json"));
    refusal.message_nl = Some("geen regel staat dit toe".to_owned());
    let envelope = sign_refusal(&refusal, &key("BRAVO envelope"));
    check(envelope.unverified_payload(), include_str!("golden/refusal.dutch.json"));
}

#[test]
fn statements_are_frozen() {
    let statement = Freshness::new(&layer(), hospital("ALFA"), NOW);
    let envelope = statement.sign(&key("ALFA freshness"));
    check(envelope.unverified_payload(), include_str!("golden/freshness.json"));
    let lines: Vec<String> = [
        (Subject::Person(PersonId::new("a.jansen").unwrap()), "a.jansen"),
        (Subject::Member(hospital("ALFA")), "ALFA transport"),
        (Subject::Signer, "board"),
        (Subject::Freshness, "ALFA freshness"),
    ]
    .into_iter()
    .map(|(what, owner)| {
        let network = layer().network;
        let revocation = Revocation::new(network, (what, &public(owner)), NOW, "lost");
        String::from_utf8(revocation.envelope().unverified_payload().to_vec()).unwrap()
    })
    .collect();
    check(lines.join("\n").as_bytes(), include_str!("golden/revocations.jsonl"));
}

#[test]
fn digests_are_frozen() {
    let envelope = sign_question(&question(), &key("a.jansen"));
    // SHA-256 of `DSSEv1 38 application/vnd.kring.question.v1+json LEN PAYLOAD`; golden files were made apart, in Python.
    assert_eq!(envelope.digest().to_string(), include_str!("golden/question.sha256").trim_end());
}

#[test]
fn a_bundle_begins_with_its_form_and_lists_files_in_order() {
    let envelope = seal(&files()).unwrap();
    let text = std::str::from_utf8(envelope.unverified_payload()).unwrap();
    assert!(
        text.starts_with(
            "{\"format\":1,\"files\":[{\"path\":\"charter.toml\",\"text\":\"network = "
        )
    );
    let places: Vec<usize> = files()
        .keys()
        .map(|path| text.find(&format!("{{\"path\":\"{path}\",\"text\":")).unwrap())
        .collect();
    assert!(places.is_sorted());
}
