//! What a stranger may send: every rule of decoding and verification broken, one at a time.

use ed25519_dalek::SigningKey;
use policies::dsse::{Envelope, EnvelopeError, PayloadType, PublicKey};
use policies::envelope::{DecodeError, VerifyError};
use policies::question::{FormError, sign_question, sign_request};
use policies::wire::{LayerRef, MAX_REQUEST_BYTES, Question, Request};
use policies::{
    Charter, Digest, HospitalCode, NetworkId, PersonId, SignedRequest, UnixTime, Verdict,
    VerifyContext,
};

use crate::fixture::{
    NOW, Seen, charter, encoded, files, hospital, key, question, request, sealed,
};

/// What a test changes before the request is signed and sent.
struct Sent {
    question: Question,
    person_key: SigningKey,
    node_key: SigningKey,
    edit: fn(&mut Request),
    own: HospitalCode,
    peer: HospitalCode,
    now: UnixTime,
    seen: Seen,
}

impl Sent {
    fn good() -> Self {
        Self {
            question: question(),
            person_key: key("a.jansen"),
            node_key: key("ALFA envelope"),
            edit: |_request| {},
            own: hospital("BRAVO"),
            peer: hospital("ALFA"),
            now: NOW,
            seen: Seen::default(),
        }
    }

    fn bytes(&self, charter: &Charter) -> Vec<u8> {
        let mut request = request(charter, &self.question);
        let inner = sign_question(&self.question, &self.person_key);
        request.question = String::from_utf8(inner.encode()).unwrap();
        (self.edit)(&mut request);
        sign_request(&request, &self.node_key).encode()
    }

    fn verify(&self, charter: &Charter) -> Result<Verdict, VerifyError> {
        let context = VerifyContext {
            charter,
            own: &self.own,
            peer: &self.peer,
            now: self.now,
            seen: &self.seen,
        };
        SignedRequest::decode(&self.bytes(charter)).unwrap().verify(context)
    }
}

#[track_caller]
fn check(change: impl FnOnce(&mut Sent), code: &str) {
    let mut sent = Sent::good();
    change(&mut sent);
    let error = sent.verify(&charter()).expect_err("it must be refused");
    assert_eq!(error.code(), code, "{error}");
}

#[test]
fn a_good_request_is_verified_and_keeps_what_was_signed() {
    let charter = charter();
    let sent = Sent::good();
    let Verdict::New(verified) = sent.verify(&charter).unwrap() else {
        panic!("it was never seen before");
    };
    assert_eq!(*verified.question(), question());
    assert_eq!(*verified.request(), request(&charter, &question()));
    assert_eq!(verified.person().id.as_str(), "a.jansen");
    let decoded = SignedRequest::decode(&sent.bytes(&charter)).unwrap();
    assert_eq!(verified.request_digest(), decoded.request_digest());
    assert_eq!(verified.question_digest(), decoded.question_digest());
}

#[test]
fn each_rule_has_its_error() {
    check(|s| s.question.network = NetworkId::new("zuid").unwrap(), "wrong_network");
    check(|s| s.edit = |r| r.network = NetworkId::new("zuid").unwrap(), "wrong_network");
    check(|s| s.own = hospital("CHARLIE"), "wrong_audience");
    check(|s| s.edit = |r| r.audience = hospital("CHARLIE"), "wrong_audience");
    check(|s| s.peer = hospital("CHARLIE"), "sender_is_not_peer");
    check(|s| s.question.asking_node = hospital("BRAVO"), "not_the_asking_node");
    check(|s| s.question.person = PersonId::new("x.nobody").unwrap(), "unknown_person");
    check(
        |s| {
            s.question.person = PersonId::new("d.smit").unwrap();
            s.person_key = key("d.smit");
        },
        "person_of_another_hospital",
    );
    check(
        |s| {
            s.question.person = PersonId::new("c.bakker").unwrap();
            s.person_key = key("c.bakker");
        },
        "person_not_valid",
    );
    check(|s| s.node_key = key("BRAVO envelope"), "bad_request_signature");
    check(|s| s.node_key = key("ALFA transport"), "bad_request_signature");
    check(|s| s.person_key = key("d.smit"), "bad_question_signature");
    check(|s| s.person_key = key("ALFA envelope"), "bad_question_signature");
    check(|s| s.question.hospitals = vec![hospital("ALFA")], "hospital_not_asked");
    check(|s| s.edit = |r| r.language = 2, "language_version");
}

#[test]
fn a_former_member_may_not_ask() {
    check(
        |s| {
            s.peer = hospital("CHARLIE");
            s.question.asking_node = hospital("CHARLIE");
            s.edit = |r| r.from = hospital("CHARLIE");
            s.node_key = key("CHARLIE envelope");
        },
        "sender_not_a_member",
    );
}

#[test]
fn questions_live_for_their_time() {
    let issued = question().issued_at;
    check(|s| s.question.expires_at = issued, "question_lifetime");
    check(|s| s.question.expires_at = issued.plus(-60), "question_lifetime");
    check(|s| s.question.expires_at = issued.plus(901), "question_lifetime");
    check(|s| s.question.expires_at = UnixTime(i64::MAX), "question_lifetime");
    check(|s| s.question.issued_at = UnixTime(i64::MIN), "question_lifetime");
    check(
        |s| {
            s.question.issued_at = NOW.plus(121);
            s.question.expires_at = NOW.plus(300);
        },
        "question_from_the_future",
    );
    check(|s| s.now = question().expires_at.plus(121), "question_expired");
    check(|s| s.edit = |r| r.sent_at = NOW.plus(121), "request_sent_at");
    check(|s| s.edit = |r| r.sent_at = question().issued_at.plus(-121), "request_sent_at");
    let charter = charter();
    let last = Sent { now: question().expires_at.plus(120), ..Sent::good() };
    assert!(last.verify(&charter).is_ok());
    let longest =
        Sent { question: Question { expires_at: issued.plus(900), ..question() }, ..Sent::good() };
    assert!(longest.verify(&charter).is_ok());
}

#[test]
fn another_charter_is_told_apart_and_does_not_consume_the_question() {
    check(|s| s.edit = |r| r.layers[0].version = 4, "charter_mismatch");
    check(|s| s.edit = |r| r.layers[0].digest = Digest::of(b"other"), "charter_mismatch");
    check(|s| s.edit = |r| r.layers.push(r.layers[0].clone()), "charter_mismatch");
    // It comes before the replay rule, so a question that ran is told the same.
    let charter = charter();
    let mut sent = Sent { edit: |r| r.layers[0].version = 4, ..Sent::good() };
    let decoded = SignedRequest::decode(&sent.bytes(&charter)).unwrap();
    sent.seen.0.insert(decoded.question_digest(), Digest::of(b"another request"));
    assert_eq!(sent.verify(&charter).unwrap_err(), VerifyError::CharterMismatch { held: 3 });
}

#[test]
fn a_charter_must_be_sealed_and_in_force() {
    let plain = policies::charter::parse(&files()).unwrap();
    let layer = charter().layer().unwrap();
    let bytes = {
        let mut request = request(&charter(), &question());
        request.layers = vec![layer];
        encoded(&request)
    };
    let (own, peer) = (hospital("BRAVO"), hospital("ALFA"));
    let seen = Seen::default();
    let context = VerifyContext { charter: &plain, own: &own, peer: &peer, now: NOW, seen: &seen };
    let error = SignedRequest::decode(&bytes).unwrap().verify(context).unwrap_err();
    assert_eq!(error, VerifyError::CharterNotSealed);

    let charter = charter();
    for now in [charter.valid_from().plus(-1), charter.valid_until().plus(1)] {
        let sent = Sent { now, ..Sent::good() };
        assert_eq!(sent.verify(&charter).unwrap_err().code(), "charter_not_in_force");
    }
}

#[test]
fn the_same_request_is_a_retry_and_the_same_question_otherwise_a_replay() {
    let charter = charter();
    let mut sent = Sent::good();
    let first = SignedRequest::decode(&sent.bytes(&charter)).unwrap();
    sent.seen.0.insert(first.question_digest(), first.request_digest());
    match sent.verify(&charter).unwrap() {
        Verdict::Retry { request, question } => {
            assert_eq!(request, first.request_digest());
            assert_eq!(question, first.question_digest());
        }
        Verdict::New(_) => panic!("it was seen"),
    }
    // The same question in another envelope.
    sent.edit = |r| r.sent_at = r.sent_at.plus(1);
    let expected = VerifyError::Replayed { first: first.request_digest() };
    assert_eq!(sent.verify(&charter).unwrap_err(), expected);
    // The same bytes over another member's connection.
    sent.edit = |_request| {};
    sent.peer = hospital("CHARLIE");
    assert_eq!(sent.verify(&charter).unwrap_err().code(), "sender_is_not_peer");
    // The same bytes after the question's end.
    sent.peer = hospital("ALFA");
    sent.now = question().expires_at.plus(121);
    assert_eq!(sent.verify(&charter).unwrap_err().code(), "question_expired");
}

#[test]
fn another_node_of_the_same_network_refuses_the_same_bytes() {
    let charter = charter();
    let sent = Sent { own: hospital("ALFA"), ..Sent::good() };
    assert_eq!(sent.verify(&charter).unwrap_err().code(), "wrong_audience");
}

#[test]
fn every_flipped_bit_is_refused() {
    let charter = charter();
    let sent = Sent::good();
    let bytes = sent.bytes(&charter);
    let (own, peer) = (hospital("BRAVO"), hospital("ALFA"));
    let mut decoded = 0;
    for place in 0..bytes.len() {
        let mut broken = bytes.clone();
        broken[place] ^= 1 << (place % 8);
        let Ok(signed) = SignedRequest::decode(&broken) else {
            continue;
        };
        decoded += 1;
        let seen = Seen::default();
        let context =
            VerifyContext { charter: &charter, own: &own, peer: &peer, now: NOW, seen: &seen };
        assert!(signed.verify(context).is_err(), "byte {place} is not covered");
    }
    assert!(decoded > 100, "most bits must reach the signature, {decoded} did");
}

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
    let sql = "x".repeat(16 * 1024 + 1);
    let question = Question { sql, ..question() };
    let bytes = Sent { question, ..Sent::good() }.bytes(&charter);
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
        other => panic!("{other:?}"),
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
        let context =
            VerifyContext { charter: &charter, own: &own, peer: &peer, now: NOW, seen: &seen };
        assert_eq!(signed.verify(context).unwrap_err().code(), "bad_request_signature");
    }
}

#[test]
fn a_sealed_charter_with_another_key_for_the_sender_refuses_the_old_one() {
    let mut files = files();
    let members = files["members.toml"].replace(
        &crate::fixture::public("ALFA envelope").to_string(),
        &crate::fixture::public("rotated").to_string(),
    );
    files.insert("members.toml".to_owned(), members);
    let charter = sealed(&files);
    assert_eq!(Sent::good().verify(&charter).unwrap_err().code(), "bad_request_signature");
    let rotated = Sent { node_key: key("rotated"), ..Sent::good() };
    assert!(rotated.verify(&charter).is_ok());
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
