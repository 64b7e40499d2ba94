//! Keys of nodes that take turns: which of them count when, in requests, replies, connections and revocations.

use policies::charter::RoleKey;
use policies::dsse::PayloadType;
use policies::envelope::reply::{ExpectedReply, sign_refusal, verify_refusal};
use policies::question::sign_request;
use policies::statement::{Revocation, Subject};
use policies::wire::MAX_SKEW_S;
use policies::{
    Beside, Books, Charter, Digest, Revocations, SignedRequest, UnixTime, Verdict, VerifiedRequest,
    VerifyContext, VerifyError, admit,
};

use crate::boards::{Draft, line};
use crate::fixture::{
    NOW, Seen, charter, files, hospital, key, public, question, request, sealed, with_keys,
};

/// When the next key begins, and when the one before it ends.
const BEGINS: UnixTime = UnixTime(NOW.0 + 86_400);
const ENDS: UnixTime = UnixTime(NOW.0 + 2 * 86_400);

/// Both hospitals' keys of these jobs take turns: `CODE JOB` until [`ENDS`], `CODE JOB next` from [`BEGINS`].
fn turns(jobs: &[&str]) -> Charter {
    let mut files = files();
    let mut members = files["members.toml"].clone();
    for code in ["ALFA", "BRAVO"] {
        for job in jobs {
            let one = format!("\"{}\"", public(&format!("{code} {job}")));
            let list = format!(
                "[{{ key = \"key:{code} {job}\", valid_until = {ENDS} }}, {{ key = \"key:{code} {job} next\", valid_from = {BEGINS} }}]"
            );
            assert!(members.contains(&one));
            members = members.replace(&one, &with_keys(&list));
        }
    }
    files.insert("members.toml".to_owned(), members);
    sealed(&files)
}

fn verified(
    charter: &Charter,
    by: &str,
    (now, revoked): (UnixTime, &Revocations),
) -> Result<VerifiedRequest, VerifyError> {
    let asked_at = |question: policies::wire::Question| policies::wire::Question {
        issued_at: now.plus(-10),
        expires_at: now.plus(290),
        ..question
    };
    let mut request = request(charter, &asked_at(question()));
    request.sent_at = now;
    let bytes = sign_request(&request, &key(by)).encode();
    let (own, peer, seen) = (hospital("BRAVO"), hospital("ALFA"), Seen::default());
    let context = VerifyContext { charter, own: &own, peer: &peer, revoked, now, seen: &seen };
    match SignedRequest::decode(&bytes).unwrap().verify(context)? {
        Verdict::New(verified) => Ok(*verified),
        Verdict::Retry { .. } => panic!("it was never seen before"),
    }
}

/// Whether a request counts that ALFA signed with its key of this name, at each of these moments.
fn requests(charter: &Charter, by: &str, moments: &[UnixTime]) -> Vec<bool> {
    let at = |now: &UnixTime| match verified(charter, by, (*now, Revocations::none())) {
        Ok(verified) => {
            assert_eq!(*verified.sender_key(), public(by));
            true
        }
        Err(error) => {
            assert_eq!(error.code(), "bad_request_signature");
            false
        }
    };
    moments.iter().map(at).collect()
}

/// Whether a refusal counts that BRAVO signed with its key of this name, at each of these moments.
fn replies(charter: &Charter, by: &str, moments: &[UnixTime]) -> Vec<bool> {
    let (responder, asked) = (hospital("BRAVO"), question());
    let at = |now: &UnixTime| {
        let expected = ExpectedReply {
            charter,
            responder: &responder,
            asked: &asked,
            request: Digest::of(b"request"),
            question: Digest::of(b"question"),
            frames: Digest::of(b"frames"),
            revoked: Revocations::none(),
            now: *now,
        };
        let bytes = sign_refusal(&crate::reply::refusal(), &key(by)).encode();
        verify_refusal(&bytes, &expected)
            .inspect_err(|error| assert_eq!(error.code(), "bad_signature"))
            .is_ok()
    };
    moments.iter().map(at).collect()
}

#[test]
fn a_key_counts_from_its_first_to_its_last_moment_give_or_take_the_skew() {
    let charter = turns(&["envelope"]);
    let edges = [
        BEGINS.plus(-MAX_SKEW_S - 1),
        BEGINS.plus(-MAX_SKEW_S),
        BEGINS,
        ENDS,
        ENDS.plus(MAX_SKEW_S),
        ENDS.plus(MAX_SKEW_S + 1),
    ];
    let (before, after) =
        ([true, true, true, true, true, false], [false, true, true, true, true, true]);
    assert_eq!(requests(&charter, "ALFA envelope", &edges), before);
    assert_eq!(requests(&charter, "ALFA envelope next", &edges), after);
    assert_eq!(replies(&charter, "BRAVO envelope", &edges), before);
    assert_eq!(replies(&charter, "BRAVO envelope next", &edges), after);
    // A key of another hospital, or of another job, never does.
    assert_eq!(requests(&charter, "BRAVO envelope", &edges), [false; 6]);
    assert_eq!(requests(&charter, "ALFA transport", &edges), [false; 6]);
    assert_eq!(replies(&charter, "ALFA envelope next", &edges), [false; 6]);
    // A node itself goes by its own clock.
    let keys = &charter.member(&hospital("ALFA")).unwrap().keys.envelope;
    let valid = |at: UnixTime| keys.valid_at(at).copied().collect::<Vec<_>>();
    let (old, new) = (public("ALFA envelope"), public("ALFA envelope next"));
    assert_eq!(valid(BEGINS.plus(-1)), [old]);
    assert_eq!(valid(BEGINS), [old, new]);
    assert_eq!(valid(ENDS.plus(1)), [new]);
    assert!(keys.turn_between(NOW, BEGINS) && !keys.turn_between(BEGINS, ENDS));
}

#[test]
fn any_valid_transport_key_is_the_hospitals() {
    let charter = turns(&["transport", "witness"]);
    let whose = |by: &str, at| {
        charter.member_by_transport(&public(by), at).map(|member| member.code.to_string())
    };
    let alfa = Some("ALFA".to_owned());
    assert_eq!(whose("ALFA transport", NOW), alfa);
    assert_eq!(whose("ALFA transport next", NOW), None);
    assert_eq!(whose("ALFA transport", BEGINS), alfa);
    assert_eq!(whose("ALFA transport next", BEGINS), alfa);
    assert_eq!(whose("ALFA transport", ENDS.plus(MAX_SKEW_S + 1)), None);
    assert_eq!(whose("ALFA witness next", BEGINS), None);
    let keys = &charter.member(&hospital("ALFA")).unwrap().keys;
    assert_eq!(keys.all().count(), 6);
    let witness: Vec<RoleKey> = keys.witness.iter().copied().collect();
    assert_eq!((witness[0].valid_until, witness[1].valid_from), (Some(ENDS), Some(BEGINS)));
}

/// The set in which ALFA's node revoked these keys of its own.
fn revoked(charter_keys: &[&str]) -> Revocations {
    let mut set = Revocations::default();
    let draft = Draft::first();
    let line = line(&[(&draft, NOW)]);
    for owner in charter_keys {
        let subject = Subject::Member(hospital("ALFA"));
        let said =
            Revocation::new(line.network().clone(), (subject, &public(owner)), NOW, "stolen");
        let mut envelope = said.envelope();
        envelope.add_signature(&key(owner));
        set.insert(Revocation::stored(&envelope.encode(), &line).unwrap()).unwrap();
    }
    set
}

#[test]
fn a_revoked_key_takes_the_node_with_it_only_where_its_job_has_no_other() {
    let charter = turns(&["envelope"]);
    let alfa = hospital("ALFA");
    let keys = &charter.member(&alfa).unwrap().keys;
    let code = |by: &str, at, set: &Revocations| {
        verified(&charter, by, (at, set)).map_or_else(|error| error.code(), |_verified| "good")
    };
    let old = revoked(&["ALFA envelope"]);
    // Before the overlap there is no other.
    assert!(old.member(&alfa, keys, NOW));
    assert_eq!(code("ALFA envelope", NOW, &old), "sender_revoked");
    // In it, the revoked one alone is worth nothing.
    assert!(!old.member(&alfa, keys, BEGINS));
    assert_eq!(code("ALFA envelope", BEGINS, &old), "bad_request_signature");
    assert_eq!(code("ALFA envelope next", BEGINS, &old), "good");
    // One that has ended, or has not begun, takes nothing with it.
    assert!(!old.member(&alfa, keys, ENDS.plus(1)));
    let next = revoked(&["ALFA envelope next"]);
    assert!(!next.member(&alfa, keys, NOW) && next.member(&alfa, keys, ENDS.plus(1)));
    assert_eq!(code("ALFA envelope", NOW, &next), "good");
    let both = revoked(&["ALFA envelope", "ALFA envelope next"]);
    assert!(both.member(&alfa, keys, BEGINS));
    // A job with one key: that key is the node.
    for job in ["ALFA transport", "ALFA log", "ALFA witness"] {
        let set = revoked(&[job]);
        assert!(set.member(&alfa, keys, BEGINS), "{job}");
        assert_eq!(code("ALFA envelope next", BEGINS, &set), "sender_revoked");
    }
    // What is running is given up for any key that was revoked meanwhile.
    assert!(old.node_key_since(&alfa, keys, Revocations::none()));
    assert!(!old.node_key_since(&alfa, keys, &both) && both.node_key_since(&alfa, keys, &old));
}

#[test]
fn a_reply_by_a_revoked_key_is_not_believed() {
    let charter = turns(&["envelope"]);
    let (alfa, set) = (hospital("ALFA"), revoked(&["ALFA envelope"]));
    let keys = &charter.member(&alfa).unwrap().keys.envelope;
    let refusal = |by: &str| sign_refusal(&crate::reply::refusal(), &key(by));
    let verify = |by: &str| {
        let envelope = refusal(by);
        keys.verify((&envelope, PayloadType::Refusal), (&alfa, &set), BEGINS).map(|(key, _)| key)
    };
    assert_eq!(verify("ALFA envelope next"), Ok(public("ALFA envelope next")));
    assert_eq!(verify("ALFA envelope").unwrap_err().code(), "bad_signature");
    let envelope = refusal("ALFA envelope next");
    let other = keys.verify((&envelope, PayloadType::Answer), (&alfa, &set), BEGINS);
    assert_eq!(other.unwrap_err().code(), "wrong_type");
}

#[test]
fn what_both_versions_list_needs_no_notice_and_what_one_lists_waits() {
    let newest = turns(&["envelope"]);
    let admitted = |older: Charter, by: &str, at| {
        let verified = verified(&newest, by, (at, Revocations::none())).unwrap();
        let besides = [Beside { charter: older.into(), until: ENDS.plus(1) }];
        let books = Books { besides: &besides, ..Books::from(&newest) };
        admit(books, verified, at).map(drop).map_err(|denial| denial.code)
    };
    let both = || turns(&["envelope"]);
    assert_eq!(admitted(both(), "ALFA envelope", BEGINS), Ok(()));
    assert_eq!(admitted(both(), "ALFA envelope next", BEGINS), Ok(()));
    // The version before knows the key before only.
    assert_eq!(admitted(charter(), "ALFA envelope", BEGINS), Ok(()));
    assert_eq!(admitted(charter(), "ALFA envelope next", BEGINS), Err("waits_for_notice"));
}
