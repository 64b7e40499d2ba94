//! Sessions: every way to abuse a delegation, one at a time.

use ed25519_dalek::SigningKey;
use policies::dsse::{Envelope, PayloadType};
use policies::envelope::VerifyError;
use policies::question::{sign_question, sign_request};
use policies::wire::{Delegation, MAX_DELEGATION_S, Question, Request};
use policies::{
    Charter, GroupId, NetworkId, PersonId, Purpose, SignedDelegation, SignedRequest, UnixTime,
    Verdict, VerifyContext, admit,
};

use crate::fixture::{
    NOW, Seen, charter, files, files_with_rules, hospital, key, public, question, request, sealed,
};
use crate::request;

mod form;

/// What a test changes before the request is signed and sent: a question that a session key signs, beside its delegation.
struct Sent {
    delegation: Delegation,
    /// Who signs the delegation.
    by: SigningKey,
    request: request::Sent,
}

impl std::ops::Deref for Sent {
    type Target = request::Sent;

    fn deref(&self) -> &Self::Target {
        &self.request
    }
}

impl std::ops::DerefMut for Sent {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.request
    }
}

fn delegation() -> Delegation {
    Delegation {
        format: 1,
        network: NetworkId::new("noord").unwrap(),
        person: PersonId::new("a.jansen").unwrap(),
        node: hospital("ALFA"),
        key: public("a session").to_string(),
        purposes: vec![Purpose::new("quality").unwrap()],
        groups: vec![GroupId::new("borst").unwrap()],
        issued_at: NOW.plus(-3600),
        expires_at: NOW.plus(7 * 3600),
    }
}

impl Sent {
    fn good() -> Self {
        let request = request::Sent { person_key: key("a session"), ..request::Sent::good() };
        Self { delegation: delegation(), by: key("a.jansen"), request }
    }

    fn bytes(&self, charter: &Charter) -> Vec<u8> {
        let envelope = SignedDelegation::sign(&self.delegation, &self.by);
        let delegation = String::from_utf8(envelope.encode()).unwrap();
        self.request.bytes_under(charter, Some(delegation))
    }

    fn verify(&self, charter: &Charter) -> Result<Verdict, VerifyError> {
        self.request.verified(&self.bytes(charter), charter)
    }
}

#[track_caller]
fn check(change: impl FnOnce(&mut Sent), code: &str) {
    let mut sent = Sent::good();
    change(&mut sent);
    let error = sent.verify(&charter()).expect_err("it must be refused");
    assert_eq!(error.code(), code, "{error}");
}

/// The delegation as the text that travels, in place of what was sent.
fn swapped(request: &mut Request, envelope: &Envelope) {
    request.delegation = Some(String::from_utf8(envelope.encode()).unwrap());
}

#[test]
fn a_session_key_signs_for_its_person_and_the_digest_says_so() {
    let charter = charter();
    let Verdict::New(verified) = Sent::good().verify(&charter).unwrap() else {
        panic!("it was never seen before");
    };
    let envelope = SignedDelegation::sign(&delegation(), &key("a.jansen"));
    assert_eq!(verified.delegation(), Some(envelope.digest()));
    assert_eq!(verified.person().id.as_str(), "a.jansen");
    // The question is the same one, whoever signed it.
    let own = sign_question(&question(), &key("a.jansen"));
    assert_eq!(verified.question_digest(), own.digest());
}

#[test]
fn a_delegation_that_is_not_signed_by_its_person_is_worth_nothing() {
    check(|s| s.by = key("d.smit"), "bad_delegation_signature");
    check(|s| s.by = key("a session"), "bad_delegation_signature");
    check(|s| s.by = key("ALFA envelope"), "bad_delegation_signature");
    check(|s| s.by = key("board"), "bad_delegation_signature");
    // Signed by A. Jansen, for somebody else.
    check(|s| s.delegation.person = PersonId::new("d.smit").unwrap(), "delegation_other_person");
    // Somebody else's, for A. Jansen's question.
    check(
        |s| {
            s.delegation.person = PersonId::new("d.smit").unwrap();
            s.by = key("d.smit");
        },
        "bad_delegation_signature",
    );
}

#[test]
fn a_delegation_is_for_its_network_node_purposes_and_groups() {
    check(|s| s.delegation.network = NetworkId::new("zuid").unwrap(), "delegation_other_network");
    check(|s| s.delegation.node = hospital("BRAVO"), "delegation_other_node");
    let purpose = |name: &str| Purpose::new(name).unwrap();
    check(|s| s.delegation.purposes = vec![purpose("research")], "delegation_other_purpose");
    check(|s| s.question.purpose = purpose("research"), "delegation_other_purpose");
    let group = |name: &str| GroupId::new(name).unwrap();
    check(|s| s.question.group = Some(group("long")), "delegation_other_group");
    check(
        |s| {
            s.question.group = Some(group("borst"));
            s.delegation.groups = Vec::new();
        },
        "delegation_other_group",
    );
    // A question for no group needs none; one for a group needs that one.
    let mut none = Sent::good();
    none.delegation.groups = Vec::new();
    assert!(none.verify(&charter()).is_ok());
    let with = Question { group: Some(group("borst")), ..question() };
    let mut sent = Sent::good();
    sent.question = with;
    assert!(sent.verify(&charter()).is_ok());
}

#[test]
fn a_delegation_lives_for_its_time() {
    let issued = delegation().issued_at;
    check(|s| s.delegation.expires_at = issued.plus(MAX_DELEGATION_S + 1), "delegation_lifetime");
    check(|s| s.delegation.expires_at = UnixTime(i64::MAX), "delegation_lifetime");
    // The question was signed within it, and it is over.
    check(
        |s| {
            s.delegation.expires_at = question().issued_at.plus(1);
            s.now = question().issued_at.plus(122);
        },
        "delegation_expired",
    );
    check(|s| s.delegation.expires_at = NOW.plus(-60), "delegation_other_time");
    check(|s| s.delegation.expires_at = issued.plus(-1), "delegation_other_time");
    check(|s| s.delegation.issued_at = question().issued_at.plus(1), "delegation_other_time");
    check(
        |s| {
            s.delegation.issued_at = NOW.plus(130);
            s.question.issued_at = NOW.plus(140);
            s.question.expires_at = NOW.plus(400);
        },
        "delegation_from_the_future",
    );
    let longest = issued.plus(MAX_DELEGATION_S);
    let mut sent = Sent::good();
    sent.delegation.expires_at = longest;
    assert!(sent.verify(&charter()).is_ok());
    // A question of its last second is answered within the skew of clocks, as a question's end is.
    sent.question.issued_at = longest;
    sent.question.expires_at = longest.plus(300);
    sent.now = longest.plus(120);
    sent.edit = |request| request.sent_at = delegation().issued_at.plus(MAX_DELEGATION_S);
    assert!(sent.verify(&charter()).is_ok());
    sent.now = longest.plus(121);
    assert_eq!(sent.verify(&charter()).unwrap_err().code(), "delegation_expired");
}

#[test]
fn a_session_key_has_no_other_job() {
    for owner in ["a.jansen", "d.smit", "ALFA envelope", "ALFA transport", "BRAVO log", "board"] {
        check(
            |s| {
                s.delegation.key = public(owner).to_string();
                s.person_key = key(owner);
            },
            "delegation_key_in_use",
        );
    }
}

#[test]
fn only_the_named_session_key_signs_and_only_with_its_delegation() {
    check(|s| s.person_key = key("another session"), "bad_question_signature");
    // The person's own key needs no delegation, and is none's session key.
    check(|s| s.person_key = key("a.jansen"), "bad_question_signature");
    check(|s| s.edit = |r| r.delegation = None, "bad_question_signature");
    // Another delegation of the same person, to another session.
    check(
        |s| {
            s.edit = |request| {
                let other = Delegation { key: public("b session").to_string(), ..delegation() };
                swapped(request, &SignedDelegation::sign(&other, &key("a.jansen")));
            };
        },
        "bad_question_signature",
    );
}

#[test]
fn the_same_question_under_another_delegation_or_none_is_a_replay() {
    let charter = charter();
    let mut sent = Sent::good();
    let first = SignedRequest::decode(&sent.bytes(&charter)).unwrap();
    sent.seen.0.insert(first.question_digest(), first.request_digest());
    assert!(matches!(sent.verify(&charter), Ok(Verdict::Retry { .. })));
    let replayed = VerifyError::Replayed { first: first.request_digest() };
    // A second session of the same person signs the same question.
    sent.delegation.key = public("b session").to_string();
    sent.person_key = key("b session");
    assert_eq!(sent.verify(&charter).unwrap_err(), replayed);
    // The person's own key signs it.
    sent.person_key = key("a.jansen");
    sent.edit = |request| request.delegation = None;
    assert_eq!(sent.verify(&charter).unwrap_err(), replayed);
    // And the other way round: what was asked directly is not asked again by a session.
    let direct = SignedRequest::decode(&sent.bytes(&charter)).unwrap();
    let mut again = Sent::good();
    again.seen.0.insert(direct.question_digest(), direct.request_digest());
    let replayed = VerifyError::Replayed { first: direct.request_digest() };
    assert_eq!(again.verify(&charter).unwrap_err(), replayed);
}

#[test]
fn a_delegation_is_no_question_and_a_question_no_delegation() {
    let charter = charter();
    let refused = |edit: fn(&mut Request)| {
        let mut sent = Sent::good();
        sent.edit = edit;
        SignedRequest::decode(&sent.bytes(&charter)).unwrap_err().code()
    };
    assert_eq!(
        refused(|request| request.question = request.delegation.clone().unwrap()),
        "wrong_type"
    );
    assert_eq!(
        refused(|request| request.delegation = Some(request.question.clone())),
        "wrong_type"
    );
    // The bytes of a question, signed as a delegation, and of a delegation, signed as a question.
    assert_eq!(
        refused(|request| {
            let text = serde_json::to_vec(&question()).unwrap();
            let kind = PayloadType::Delegation;
            swapped(request, &Envelope::signed(kind, text, &key("a.jansen")));
        }),
        "malformed_payload"
    );
    assert_eq!(
        refused(|request| {
            let text = serde_json::to_vec(&delegation()).unwrap();
            let signed = Envelope::signed(PayloadType::Question, text, &key("a session"));
            request.question = String::from_utf8(signed.encode()).unwrap();
        }),
        "malformed_payload"
    );
}

#[test]
fn it_ends_with_its_persons_key_and_validity() {
    // The person has another key: what the old one delegated is over.
    let mut changed = files();
    let people = changed["people.toml"].clone();
    let people = people.replace(&public("a.jansen").to_string(), &public("next").to_string());
    changed.insert("people.toml".to_owned(), people.clone());
    let error = Sent::good().verify(&sealed(&changed)).unwrap_err();
    assert_eq!(error.code(), "bad_delegation_signature");
    let renewed = Sent { by: key("next"), ..Sent::good() };
    assert!(renewed.verify(&sealed(&changed)).is_ok());
    // The person's validity is over.
    check(
        |s| {
            let person = PersonId::new("c.bakker").unwrap();
            s.delegation.person = person.clone();
            s.question.person = person;
            s.by = key("c.bakker");
        },
        "person_not_valid",
    );
}

#[test]
fn rules_see_that_it_is_not_the_persons_own_signature() {
    let admitted = |charter: &Charter, sent: &Sent| {
        let Verdict::New(verified) = sent.verify(charter).unwrap() else { panic!("new") };
        admit(charter, *verified, NOW).map(|admission| admission.ask().direct_signature)
    };
    let sent = Sent::good();
    assert_eq!(admitted(&charter(), &sent), Ok(false));
    let mut direct = Sent::good();
    direct.person_key = key("a.jansen");
    direct.edit = |request| request.delegation = None;
    assert_eq!(admitted(&charter(), &direct), Ok(true));
    let strict = sealed(&files_with_rules(
        r#"@id("enter-direct") permit (principal, action == Kring::Action::"enter", resource)
           when { context.direct_signature };"#,
    ));
    assert_eq!(admitted(&strict, &direct), Ok(true));
    let denial = admitted(&strict, &sent).unwrap_err();
    assert_eq!(denial.code, "no_rule_permits", "{denial}");
}

#[test]
fn every_flipped_bit_of_a_delegation_is_refused() {
    let charter = charter();
    let envelope = SignedDelegation::sign(&delegation(), &key("a.jansen")).encode();
    let (own, peer, seen) = (hospital("BRAVO"), hospital("ALFA"), Seen::default());
    let mut reached = 0;
    for place in 0..envelope.len() {
        let mut broken = envelope.clone();
        broken[place] ^= 1 << (place % 7);
        let Ok(text) = String::from_utf8(broken) else { continue };
        let inner = sign_question(&question(), &key("a session"));
        let mut request = request(&charter, &question());
        request.question = String::from_utf8(inner.encode()).unwrap();
        request.delegation = Some(text);
        let bytes = sign_request(&request, &key("ALFA envelope")).encode();
        let Ok(signed) = SignedRequest::decode(&bytes) else { continue };
        reached += 1;
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
    assert!(reached > 50, "many must reach the signature, {reached} did");
}
