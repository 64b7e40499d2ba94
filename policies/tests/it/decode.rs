//! What is no request at all: sizes, encodings, signatures and fields, before anything is verified.

use policies::dsse::{Envelope, EnvelopeError, PayloadType, PublicKey};
use policies::envelope::DecodeError;
use policies::question::{FormError, sign_question, sign_request};
use policies::wire::{Asks, LayerRef, MAX_CHECKPOINT_BYTES, MAX_REQUEST_BYTES, Question, Request};
use policies::{Digest, SignedRequest, VerifyContext};

use crate::fixture::{NOW, Seen, charter, encoded, hospital, key, question, request};

#[track_caller]
fn check_decode(bytes: &[u8], expected: &DecodeError) {
    assert_eq!(SignedRequest::decode(bytes).unwrap_err(), *expected);
}

/// A request whose payload is this text, signed.
fn outer(payload: &str) -> Vec<u8> {
    let key = key("ALFA envelope");
    Envelope::signed(PayloadType::Request, payload.as_bytes().to_vec(), &key).encode()
}

fn payload() -> String {
    serde_json::to_string(&request(&charter(), &question())).unwrap()
}

#[test]
fn sizes_come_first() {
    let got = MAX_REQUEST_BYTES + 1;
    let too_large = EnvelopeError::TooLarge { limit: MAX_REQUEST_BYTES, got };
    check_decode(&vec![b'{'; got], &DecodeError::Request(too_large));
    let charter = charter();
    let asks = Asks::Sql("x".repeat(16 * 1024 + 1));
    let bytes = encoded(&request(&charter, &Question { asks, ..question() }));
    check_decode(&bytes, &DecodeError::Form(FormError::SqlTooLarge { got: 16 * 1024 + 1 }));
}

#[test]
fn there_is_one_encoding() {
    let request_json = |reason| DecodeError::Form(FormError::Json { what: "request", reason });
    let fields = request_json("its fields, all of them, once");
    let form = request_json("no other spacing, order or escapes");
    let good = payload();
    assert!(SignedRequest::decode(&outer(&good)).is_ok());
    check_decode(&outer(&good.replacen('{', "{ ", 1)), &form);
    check_decode(&outer(&good.replacen("noord", "n\\u006ford", 1)), &form);
    check_decode(&outer(&format!("{good} ")), &form);
    check_decode(
        &outer(&good.replacen("\"language\":1", "\"language\":1,\"language\":1", 1)),
        &fields,
    );
    check_decode(&outer(&good.replacen("\"language\":1", "\"language\":1.0", 1)), &fields);
    check_decode(&outer(&good.replacen("\"language\":1", "\"language\":1,\"more\":1", 1)), &fields);
    check_decode(&outer(&good.replacen("\"language\":1,", "", 1)), &fields);
    check_decode(&outer(&good.replacen("\"BRAVO\"", "\"bravo\"", 1)), &fields);
    check_decode(&outer(&format!("{good}{good}")), &fields);
    check_decode(&outer(""), &fields);
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    check_decode(&outer(&deep), &fields);
}

#[test]
fn an_envelope_has_one_encoding() {
    let good = encoded(&request(&charter(), &question()));
    let text = String::from_utf8(good.clone()).unwrap();
    let refused = |bytes: &[u8]| match SignedRequest::decode(bytes).unwrap_err() {
        DecodeError::Request(EnvelopeError::Malformed { reason }) => reason,
        other @ (DecodeError::Request(_)
        | DecodeError::Question(_)
        | DecodeError::Delegation(_)
        | DecodeError::Signatures { .. }
        | DecodeError::Form(_)) => panic!("{other:?}"),
    };
    let fields = "its JSON fields";
    let form = "no other spacing, order or escapes";
    assert_eq!(refused(&[good.clone(), b"\n".to_vec()].concat()), form);
    assert_eq!(refused(&[good.clone(), b"x".to_vec()].concat()), fields);
    assert_eq!(refused(&[good.clone(), vec![0xff]].concat()), fields);
    assert_eq!(refused(&good[..good.len() - 1]), fields);
    assert_eq!(refused(b""), fields);
    assert_eq!(refused(text.replacen("payloadType", "payloadtype", 1).as_bytes()), fields);
    let twice = text.replacen("{\"payloadType\"", "{\"payload\":\"\",\"payloadType\"", 1);
    assert_eq!(refused(twice.as_bytes()), fields);
    assert_eq!(refused(text.replacen("vnd.kring", "vnd\\u002ekring", 1).as_bytes()), form);
    assert_eq!(
        refused(text.replacen("\"sig\":\"", "\"sig\":\"AA", 1).as_bytes()),
        "base64 signature"
    );
    assert_eq!(
        refused(text.replacen("\"payload\":\"", "\"payload\":\"*", 1).as_bytes()),
        "base64 payload"
    );
}

#[test]
fn one_signature_each() {
    let charter = charter();
    let mut envelope = sign_request(&request(&charter, &question()), &key("ALFA envelope"));
    envelope.add_signature(&key("BRAVO envelope"));
    check_decode(&envelope.encode(), &DecodeError::Signatures { what: "request", got: 2 });
    let none = Envelope::unsigned(PayloadType::Request, payload().into_bytes());
    check_decode(&none.encode(), &DecodeError::Signatures { what: "request", got: 0 });
    let mut inner = sign_question(&question(), &key("a.jansen"));
    inner.add_signature(&key("d.smit"));
    let mut twice = request(&charter, &question());
    twice.question = String::from_utf8(inner.encode()).unwrap();
    check_decode(&encoded(&twice), &DecodeError::Signatures { what: "question", got: 2 });
}

#[test]
fn the_form_of_every_field_is_checked() {
    let form = |change: fn(&mut Question, &mut Vec<LayerRef>, &mut Vec<Digest>), expected| {
        let charter = charter();
        let mut question = question();
        let mut request = request(&charter, &question);
        change(&mut question, &mut request.layers, &mut request.fragments);
        let inner = sign_question(&question, &key("a.jansen"));
        request.question = String::from_utf8(inner.encode()).unwrap();
        check_decode(&encoded(&request), &DecodeError::Form(expected));
    };
    form(|q, _, _| q.id = "00".to_owned(), FormError::QuestionId);
    form(|q, _, _| q.id = q.id.to_uppercase(), FormError::QuestionId);
    form(|q, _, _| q.id = "g".repeat(32), FormError::QuestionId);
    form(|q, _, _| q.hospitals.reverse(), FormError::Hospitals);
    form(|q, _, _| q.hospitals.clear(), FormError::Hospitals);
    form(|q, _, _| q.hospitals.push(hospital("BRAVO")), FormError::Hospitals);
    let many = |q: &mut Question, _: &mut Vec<LayerRef>, _: &mut Vec<Digest>| {
        q.hospitals = (0..513).map(|n| hospital(&format!("H{n:04}"))).collect();
    };
    form(many, FormError::Hospitals);
    form(|_, layers, _| layers.clear(), FormError::Layers { got: 0 });
    form(|_, layers, _| *layers = vec![layers[0].clone(); 17], FormError::Layers { got: 17 });
    form(|_, _, fragments| fragments.clear(), FormError::Fragments { got: 0 });
    form(|_, _, f| *f = vec![Digest::of(b""); 9], FormError::Fragments { got: 9 });
}

#[test]
fn payload_types_are_apart() {
    let key = key("ALFA envelope");
    for kind in [
        PayloadType::Question,
        PayloadType::Answer,
        PayloadType::Refusal,
        PayloadType::Finished,
        PayloadType::Charter,
    ] {
        let bytes = Envelope::signed(kind, payload().into_bytes(), &key).encode();
        let wrong = EnvelopeError::WrongType {
            expected: PayloadType::Request.as_str(),
            got: kind.as_str().to_owned(),
        };
        check_decode(&bytes, &DecodeError::Request(wrong));
        // The same signature under the expected type is no signature.
        let relabelled = String::from_utf8(bytes).unwrap().replacen(
            kind.as_str(),
            PayloadType::Request.as_str(),
            1,
        );
        let signed = SignedRequest::decode(relabelled.as_bytes()).unwrap();
        let charter = charter();
        let (own, peer, seen) = (hospital("BRAVO"), hospital("ALFA"), Seen::default());
        let context = VerifyContext {
            charter: &charter,
            own: &own,
            peer: &peer,
            revoked: policies::statement::Revocations::none(),
            now: NOW,
            seen: &seen,
        };
        assert_eq!(signed.verify(context).unwrap_err().code(), "bad_request_signature");
    }
}

/// The eight points of small order, and their forms that are not reduced; source: ed25519-speccheck.
#[test]
fn weak_keys_are_no_keys() {
    let weak = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    ];
    for text in weak {
        assert!(PublicKey::from_hex(text).is_err(), "{text}");
    }
}

#[test]
fn checkpoints_are_bounded_lines_of_text() {
    let request = request(&charter(), &question());
    let with = |checkpoint: Option<&str>, cosigned: Option<&str>| {
        let text = |note: Option<&str>| note.map(str::to_owned);
        let (checkpoint, cosigned) = (text(checkpoint), text(cosigned));
        encoded(&Request { checkpoint, cosigned, ..request.clone() })
    };
    let longest = "x".repeat(MAX_CHECKPOINT_BYTES);
    for good in [None, Some("x"), Some("lines\nof\ntext\n"), Some("\u{2014}"), Some(&longest)] {
        assert!(SignedRequest::decode(&with(good, None)).is_ok(), "{good:?}");
        assert!(SignedRequest::decode(&with(None, good)).is_ok(), "{good:?}");
    }
    let wrong = DecodeError::Form(FormError::Checkpoint);
    for bad in ["", "a\tb", "a\rb", "\u{7f}", "\u{85}", &format!("{longest}x")] {
        check_decode(&with(Some(bad), None), &wrong);
        check_decode(&with(None, Some(bad)), &wrong);
    }
    assert_eq!(wrong.code(), "bad_checkpoint");
}
