//! What a stranger may send: every rule of verification broken, one at a time.

use ed25519_dalek::SigningKey;
use policies::envelope::VerifyError;
use policies::question::{sign_question, sign_request};
use policies::wire::{Question, Request};
use policies::{
    Charter, Digest, HospitalCode, NetworkId, PersonId, SignedRequest, UnixTime, Verdict,
    VerifyContext,
};

use crate::fixture::{
    NOW, Seen, charter, encoded, files, hospital, key, question, request, sealed,
};

/// What a test changes before the request is signed and sent.
pub(crate) struct Sent {
    pub(crate) question: Question,
    /// Who signs the question.
    pub(crate) person_key: SigningKey,
    pub(crate) node_key: SigningKey,
    pub(crate) edit: fn(&mut Request),
    pub(crate) own: HospitalCode,
    pub(crate) peer: HospitalCode,
    pub(crate) now: UnixTime,
    pub(crate) seen: Seen,
}

impl Sent {
    pub(crate) fn good() -> Self {
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
        self.bytes_under(charter, None)
    }

    /// The request with a delegation beside the question.
    pub(crate) fn bytes_under(&self, charter: &Charter, delegation: Option<String>) -> Vec<u8> {
        let mut request = request(charter, &self.question);
        let inner = sign_question(&self.question, &self.person_key);
        request.question = String::from_utf8(inner.encode()).unwrap();
        request.delegation = delegation;
        (self.edit)(&mut request);
        sign_request(&request, &self.node_key).encode()
    }

    fn verify(&self, charter: &Charter) -> Result<Verdict, VerifyError> {
        self.verified(&self.bytes(charter), charter)
    }

    pub(crate) fn verified(&self, bytes: &[u8], charter: &Charter) -> Result<Verdict, VerifyError> {
        let context = VerifyContext {
            charter,
            own: &self.own,
            peer: &self.peer,
            revoked: policies::statement::Revocations::none(),
            now: self.now,
            seen: &self.seen,
        };
        SignedRequest::decode(bytes).unwrap().verify(context)
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
    check(|s| s.edit = |r| r.networks = None, "charter_mismatch");
    check(|s| s.edit = |r| r.networks = Some(Digest::of(b"other")), "charter_mismatch");
    // It comes before the replay rule, so a question that ran is told the same.
    let charter = charter();
    let mut sent = Sent { edit: |r| r.layers[0].version = 4, ..Sent::good() };
    let decoded = SignedRequest::decode(&sent.bytes(&charter)).unwrap();
    sent.seen.0.insert(decoded.question_digest(), Digest::of(b"another request"));
    assert_eq!(sent.verify(&charter).unwrap_err(), VerifyError::CharterMismatch { held: 1 });
    sent.edit = |r| r.networks = None;
    assert_eq!(sent.verify(&charter).unwrap_err(), VerifyError::NetworksMismatch);
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
    let context = VerifyContext {
        charter: &plain,
        own: &own,
        peer: &peer,
        revoked: policies::statement::Revocations::none(),
        now: NOW,
        seen: &seen,
    };
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
        let context = VerifyContext {
            charter: &charter,
            own: &own,
            peer: &peer,
            revoked: policies::statement::Revocations::none(),
            now: NOW,
            seen: &seen,
        };
        assert!(signed.verify(context).is_err(), "byte {place} is not covered");
    }
    assert!(decoded > 100, "most bits must reach the signature, {decoded} did");
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
