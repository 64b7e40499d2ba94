//! What a responder may send back: believed only for the request, frames and node that it is about.

use policies::dsse::{Envelope, EnvelopeError, PayloadType};
use policies::envelope::reply::{
    ExpectedReply, ReplyError, Trailer, sign_answer, sign_refusal, verify_answer, verify_refusal,
};
use policies::protections::{MinPart, Opinions, Parts, Protections, SignatureKind};
use policies::wire::{Answer, Asks, IndicatorRef, NoiseReceipt, Question, Receipt, Refusal};
use policies::{Charter, Digest, HospitalCode, Profile, SignedRequest, UnixTime};

use crate::fixture::{NOW, charter, encoded, hospital, key, question, request};

pub(crate) fn answer(charter: &Charter) -> Answer {
    Answer {
        request: Digest::of(b"request"),
        question: Digest::of(b"question"),
        responder: hospital("BRAVO"),
        frames: Digest::of(b"frames"),
        snapshot: Digest::of(b"snapshot"),
        layers: vec![charter.layer().unwrap()],
        receipt: Receipt {
            noise: None,
            figures: Vec::new(),
            profile: Profile::Members,
            rules: vec!["noord/analysts-quality".to_owned()],
            own: None,
            protections: Protections::from(Opinions {
                signature: Some(SignatureKind::Direct),
                ..Opinions::default()
            })
            .applied(),
            cells: vec![12],
            nulls: vec![3],
            since: None,
        },
        status: "real".to_owned(),
        log_index: 7,
        answered_at: NOW,
    }
}

pub(crate) fn refusal() -> Refusal {
    Refusal {
        request: Digest::of(b"request"),
        responder: hospital("BRAVO"),
        code: "no_rule_permits".to_owned(),
        message: "no rule permits this".to_owned(),
        message_nl: None,
        rule: Some("noord/no-area".to_owned()),
        layer: None,
        log_index: Some(8),
        refused_at: NOW,
    }
}

struct Asked {
    charter: Charter,
    responder: HospitalCode,
    question: Question,
}

impl Asked {
    fn of_bravo() -> Self {
        Self { charter: charter(), responder: hospital("BRAVO"), question: question() }
    }

    fn expected(&self) -> ExpectedReply<'_> {
        ExpectedReply {
            charter: &self.charter,
            responder: &self.responder,
            asked: &self.question,
            request: Digest::of(b"request"),
            question: Digest::of(b"question"),
            frames: Digest::of(b"frames"),
            revoked: policies::Revocations::none(),
            now: NOW,
        }
    }
}

#[track_caller]
fn check_answer(change: impl FnOnce(&mut Answer), expected: &ReplyError) {
    let asked = Asked::of_bravo();
    let mut answer = answer(&asked.charter);
    change(&mut answer);
    let bytes = sign_answer(&answer, &key("BRAVO envelope")).encode();
    assert_eq!(verify_answer(&bytes, &asked.expected()).unwrap_err(), *expected);
}

#[track_caller]
fn check_refusal(change: impl FnOnce(&mut Refusal), expected: &ReplyError) {
    let asked = Asked::of_bravo();
    let mut refusal = refusal();
    change(&mut refusal);
    let bytes = sign_refusal(&refusal, &key("BRAVO envelope")).encode();
    assert_eq!(verify_refusal(&bytes, &asked.expected()).unwrap_err(), *expected);
}

#[test]
fn good_replies_are_believed() {
    let asked = Asked::of_bravo();
    let sent = answer(&asked.charter);
    let bytes = sign_answer(&sent, &key("BRAVO envelope")).encode();
    assert_eq!(verify_answer(&bytes, &asked.expected()).unwrap(), sent);
    assert_eq!(
        Trailer::verify(&bytes, &asked.expected()).unwrap(),
        Trailer::Answer(Box::new(sent))
    );
    let bytes = sign_refusal(&refusal(), &key("BRAVO envelope")).encode();
    assert_eq!(verify_refusal(&bytes, &asked.expected()).unwrap(), refusal());
    assert_eq!(
        Trailer::verify(&bytes, &asked.expected()).unwrap(),
        Trailer::Refusal(Box::new(refusal()))
    );
    // With its Dutch text, as long as it may be.
    let dutch = Refusal { message_nl: Some("é".repeat(2000)), ..refusal() };
    let bytes = sign_refusal(&dutch, &key("BRAVO envelope")).encode();
    assert_eq!(verify_refusal(&bytes, &asked.expected()).unwrap(), dutch);
}

#[test]
fn an_answer_is_about_this_request_and_these_frames() {
    let other = Digest::of(b"other");
    let mismatch = |field| ReplyError::Mismatch { field };
    check_answer(|a| a.request = other, &mismatch("request"));
    check_answer(|a| a.question = other, &mismatch("question"));
    check_answer(|a| a.responder = hospital("ALFA"), &mismatch("responder"));
    check_answer(|a| a.frames = other, &mismatch("frames"));
    check_answer(|a| a.layers[0].version = 4, &mismatch("layers"));
    check_answer(|a| a.layers.clear(), &mismatch("layers"));
    check_answer(|a| a.layers.push(a.layers[0].clone()), &mismatch("layers"));
    check_answer(|a| a.status = "synthetic".to_owned(), &mismatch("status"));
    check_answer(|a| a.receipt.nulls.clear(), &mismatch("receipt"));
    // A hospital's figures for its own staff, to somebody else's question.
    let own = Some(policies::protections::OwnFigures::Exact);
    check_answer(|a| a.receipt.protections.own = own, &mismatch("own"));
    let at = NOW.plus(121);
    check_answer(|a| a.answered_at = at, &ReplyError::FromTheFuture { at, now: NOW });
    check_answer(
        |a| a.receipt.rules = vec!["\u{1b}[2J".to_owned()],
        &ReplyError::Unfit { field: "rules" },
    );
}

const NOISE: NoiseReceipt =
    NoiseReceipt { mechanism: 1, variance: 3, left_out_percent: 5, only_bins: false };

#[test]
fn noise_goes_with_its_profile() {
    const BINS: NoiseReceipt = NoiseReceipt { only_bins: true, ..NOISE };
    check_answer(|a| a.receipt.noise = Some(NOISE), &ReplyError::Mismatch { field: "noise" });
    check_answer(
        |a| {
            a.receipt.profile = Profile::Explore;
            a.receipt.noise = Some(BINS);
        },
        &ReplyError::Mismatch { field: "noise" },
    );
    let asked = Asked::of_bravo();
    let mut answer = answer(&asked.charter);
    answer.receipt.noise = Some(BINS);
    let bytes = sign_answer(&answer, &key("BRAVO envelope")).encode();
    assert_eq!(verify_answer(&bytes, &asked.expected()).unwrap().receipt.noise, Some(BINS));
    check_answer(
        |a| a.receipt.profile = Profile::Explore,
        &ReplyError::Mismatch { field: "noise" },
    );
    // Anybody's texts have no noisy parts.
    let noisy = |a: &mut Answer| {
        a.receipt.protections.parts = Some(Parts::Noisy);
        a.receipt.protections.min_part = Some(MinPart::new(5));
        a.receipt.noise = Some(NOISE);
    };
    check_answer(noisy, &ReplyError::Mismatch { field: "noise" });
}

/// Every profile that a receipt may name, against what was asked.
#[test]
fn the_profile_is_one_that_the_question_may_be_answered_under() {
    let named = IndicatorRef {
        id: "late".parse().unwrap(),
        version: 1,
        by: None,
        window: None,
        text: Digest::of(b"text"),
    };
    let (sql, indicator) = (question().asks, Asks::Indicator(named));
    let (members, approved) = (Profile::Members, Profile::Indicator);
    let explore = Profile::Explore;
    let cases: [(_, _, &[Profile]); 8] = [
        (&sql, None, &[members, explore]),
        (&sql, Some(members), &[members]),
        (&sql, Some(explore), &[explore]),
        (&sql, Some(approved), &[]),
        (&sql, Some(Profile::Strict), &[]),
        (&indicator, None, &[approved]),
        (&indicator, Some(approved), &[approved]),
        (&indicator, Some(members), &[]),
    ];
    for (asks, profile, expected) in cases {
        let question = Question { asks: asks.clone(), profile, ..question() };
        let asked = Asked { question, ..Asked::of_bravo() };
        for got in [members, approved, Profile::Explore, Profile::Network, Profile::Strict] {
            let mut answer = answer(&asked.charter);
            answer.receipt.profile = got;
            answer.receipt.noise = (got == explore).then_some(NOISE);
            let bytes = sign_answer(&answer, &key("BRAVO envelope")).encode();
            let verified = verify_answer(&bytes, &asked.expected());
            if expected.contains(&got) {
                assert_eq!(verified.unwrap().receipt.profile, got);
            } else {
                let error = verified.unwrap_err();
                assert_eq!(error, ReplyError::Mismatch { field: "profile" }, "{profile:?} {got:?}");
                assert_eq!(error.code(), "reply_mismatch");
            }
        }
    }
}

#[test]
fn a_refusal_is_about_this_request_and_can_be_shown() {
    let mismatch = |field| ReplyError::Mismatch { field };
    let unfit = |field| ReplyError::Unfit { field };
    check_refusal(|r| r.request = Digest::of(b"other"), &mismatch("request"));
    check_refusal(|r| r.responder = hospital("ALFA"), &mismatch("responder"));
    check_refusal(|r| r.code = "No rule".to_owned(), &unfit("code"));
    check_refusal(|r| r.code = String::new(), &unfit("code"));
    check_refusal(|r| r.message = "a\u{1b}[31mb".to_owned(), &unfit("message"));
    check_refusal(|r| r.message = "a\u{202e}b".to_owned(), &unfit("message"));
    check_refusal(|r| r.message = "x".repeat(2001), &unfit("message"));
    check_refusal(|r| r.message_nl = Some("a\u{1b}[31mb".to_owned()), &unfit("message_nl"));
    check_refusal(|r| r.message_nl = Some("x".repeat(2001)), &unfit("message_nl"));
    check_refusal(|r| r.rule = Some("a\nb".to_owned()), &unfit("rule"));
    let at = NOW.plus(500);
    check_refusal(|r| r.refused_at = at, &ReplyError::FromTheFuture { at, now: NOW });
}

#[test]
fn only_the_responders_envelope_key_signs() {
    let asked = Asked::of_bravo();
    for owner in ["ALFA envelope", "BRAVO transport", "BRAVO log", "board", "a.jansen"] {
        let bytes = sign_answer(&answer(&asked.charter), &key(owner)).encode();
        let error = verify_answer(&bytes, &asked.expected()).unwrap_err();
        assert_eq!(error.code(), "bad_signature", "{owner}");
    }
    let mut envelope = sign_answer(&answer(&asked.charter), &key("BRAVO envelope"));
    envelope.add_signature(&key("ALFA envelope"));
    let error = verify_answer(&envelope.encode(), &asked.expected()).unwrap_err();
    assert_eq!(error, ReplyError::Signatures { got: 2 });
    let former = Asked { responder: hospital("CHARLIE"), ..Asked::of_bravo() };
    let bytes = sign_refusal(&refusal(), &key("CHARLIE envelope")).encode();
    let error = verify_refusal(&bytes, &former.expected()).unwrap_err();
    assert_eq!(error, ReplyError::NotAMember { responder: hospital("CHARLIE") });
}

#[test]
fn every_flipped_bit_is_refused() {
    let asked = Asked::of_bravo();
    let bytes = sign_answer(&answer(&asked.charter), &key("BRAVO envelope")).encode();
    for place in 0..bytes.len() {
        let mut broken = bytes.clone();
        broken[place] ^= 1 << (place % 8);
        assert!(Trailer::verify(&broken, &asked.expected()).is_err(), "byte {place}");
    }
}

#[test]
fn a_reply_never_verifies_as_a_request_nor_a_request_as_a_reply() {
    let asked = Asked::of_bravo();
    let key = key("BRAVO envelope");
    let replies = [sign_answer(&answer(&asked.charter), &key), sign_refusal(&refusal(), &key)];
    for reply in replies {
        assert_eq!(SignedRequest::decode(&reply.encode()).unwrap_err().code(), "wrong_type");
    }
    let bytes = encoded(&request(&asked.charter, &question()));
    let error = Trailer::verify(&bytes, &asked.expected()).unwrap_err();
    assert_eq!(error.code(), "wrong_type");
    // An answer's payload signed as a refusal, and the other way round.
    let crossed = Envelope::signed(
        PayloadType::Refusal,
        serde_json::to_vec(&answer(&asked.charter)).unwrap(),
        &key,
    );
    let error = Trailer::verify(&crossed.encode(), &asked.expected()).unwrap_err();
    assert_eq!(error.code(), "malformed_payload");
    let answered = sign_answer(&answer(&asked.charter), &key).encode();
    let error = verify_refusal(&answered, &asked.expected()).unwrap_err();
    let wrong = EnvelopeError::WrongType {
        expected: PayloadType::Refusal.as_str(),
        got: PayloadType::Answer.as_str().to_owned(),
    };
    assert_eq!(error, ReplyError::Envelope(wrong));
}

#[test]
fn a_saved_reply_is_judged_by_the_moment_it_was_saved() {
    let asked = Asked::of_bravo();
    let bytes = sign_answer(&answer(&asked.charter), &key("BRAVO envelope")).encode();
    let early = ExpectedReply { now: UnixTime(NOW.0 - 1_000), ..asked.expected() };
    assert_eq!(verify_answer(&bytes, &early).unwrap_err().code(), "reply_from_the_future");
    let late = ExpectedReply { now: NOW.plus(1_000_000), ..asked.expected() };
    assert!(verify_answer(&bytes, &late).is_ok());
}
