//! Questions that name an indicator: whose text is asked, under which rules and protections.

use std::collections::BTreeMap;

use policies::wire::{Asks, IndicatorRef, Question};
use policies::{
    Admission, Charter, Denial, Digest, Profile, SignedRequest, Verdict, VerifyContext, admit,
    decide, explain,
};

use crate::fixture::{
    NOW, Seen, encoded, files_with_rules, footprint, hospital, question, request, sealed,
};

const LATE: &str = "\
-- id: late
-- version: 3
-- dataset: rotterdam
-- title_en: Late stage by hospital
-- source: the board
-- by: total, hospital
-- min_patients: 30
-- zeros: hidden
SELECT
  hospital, -- by hospital
  grade, count(*) FROM diagnosis
GROUP BY
  hospital, -- by hospital
  grade
";

const RULES: &str = r#"
@id("approved") @min_patients("20") @zeros("shown")
permit (principal in Kring::Role::"analyst", action == Kring::Action::"ask.indicator", resource)
when { context.indicator == "late" && context has by };
@id("not-by-hospital-for-research")
forbid (principal, action == Kring::Action::"ask.indicator", resource)
when { context.purpose == "research" && context has by && context.by == "hospital" };
"#;

fn files(indicator: &str) -> BTreeMap<String, String> {
    let mut files = files_with_rules(RULES);
    files.insert("indicators/late.sql".to_owned(), indicator.to_owned());
    files
}

fn charter() -> Charter {
    sealed(&files(LATE))
}

/// What A. Jansen's client makes of the indicator.
fn named(charter: &Charter, by: &str) -> IndicatorRef {
    let indicator = charter.indicator(&"late".parse().unwrap()).unwrap();
    indicator.refer(Some(&by.parse().unwrap()), None).unwrap().0
}

fn asking(charter: &Charter, change: impl FnOnce(&mut IndicatorRef)) -> Question {
    let mut named = named(charter, "hospital");
    change(&mut named);
    Question { asks: Asks::Indicator(named), ..question() }
}

fn admission(charter: &Charter, question: &Question) -> Result<Admission, Denial> {
    let bytes = encoded(&request(charter, question));
    let (own, peer, seen) = (hospital("BRAVO"), hospital("ALFA"), Seen::default());
    let context = VerifyContext {
        charter,
        own: &own,
        peer: &peer,
        revoked: policies::statement::Revocations::none(),
        now: NOW,
        seen: &seen,
    };
    match SignedRequest::decode(&bytes).unwrap().verify(context).unwrap() {
        Verdict::New(verified) => admit(charter, *verified, NOW),
        Verdict::Retry { .. } => panic!("it was never seen before"),
    }
}

#[track_caller]
fn check(change: impl FnOnce(&mut IndicatorRef), code: &str, message: &str) {
    let charter = charter();
    let denial = admission(&charter, &asking(&charter, change)).unwrap_err();
    assert_eq!((denial.code, denial.message.as_str()), (code, message));
    assert!(Denial::CODES.contains(&code) && !denial.message_nl.is_empty());
}

#[test]
fn the_text_is_the_charters_and_not_the_askers() {
    let charter = charter();
    let admission = admission(&charter, &asking(&charter, |_named| {})).unwrap();
    assert_eq!(
        admission.text(),
        "SELECT\n  hospital,\n  grade, count(*) FROM diagnosis\nGROUP BY\n  hospital,\n  grade"
    );
    let uses = ["diagnosis.grade:group".to_owned()];
    let permit = decide(&charter, &admission, footprint(&charter, "rotterdam", &uses)).unwrap();
    assert_eq!(permit.profile(), Profile::Indicator);
    assert_eq!(permit.rules(), ["noord/approved"]);
    // The indicator's own protections join those of the rules, strictest first.
    let applied = serde_json::to_string(&permit.protections().applied()).unwrap();
    assert_eq!(
        applied,
        r#"{"min_patients":30,"zeros":"hidden","signature":"delegated","min_part":5,"parts":"hide","dominance":85,"p_percent":10,"min_df":10}"#
    );
}

#[test]
fn what_is_not_the_text_that_was_signed_is_refused() {
    check(
        |named| named.id = "early".parse().unwrap(),
        "unknown_indicator",
        "there is no indicator `early` in the charter: `kring indicator list` shows them",
    );
    check(
        |named| named.version = 2,
        "indicator_version",
        "indicator `late` is version 3 in the charter, not 2: run it again",
    );
    check(
        |named| named.by = Some("age".parse().unwrap()),
        "unknown_variant",
        "indicator `late` has `by` total, hospital, not `age`",
    );
    check(
        |named| named.by = None,
        "unknown_variant",
        "indicator `late` has `by` total, hospital, not one without `by`",
    );
    check(
        |named| named.window = Some("2024".parse().unwrap()),
        "unknown_variant",
        "indicator `late` has no variants of `window`, not `2024`",
    );
    check(
        |named| named.text = Digest::of(b"SELECT * FROM diagnosis"),
        "indicator_mismatch",
        "indicator `late` is another text here than the one that was signed: run it again, with the same version of kring as the node",
    );
    // The digest of another variant is not this one's.
    let other = named(&charter(), "total").text;
    check(
        |named| named.text = other,
        "indicator_mismatch",
        "indicator `late` is another text here than the one that was signed: run it again, with the same version of kring as the node",
    );
}

/// An ask that was never admitted meets the same check: protections that cannot be found are not left out.
#[test]
fn what_is_not_in_the_charter_is_granted_nothing() {
    let rules =
        "@id(\"any\") permit (principal, action == Kring::Action::\"ask.indicator\", resource);";
    let mut files = files(LATE);
    files.insert("rules/network.cedar".to_owned(), rules.to_owned());
    let charter = sealed(&files);
    let footprint = footprint(&charter, "rotterdam", &["diagnosis.grade:group".to_owned()]);
    let decision = |change: fn(&mut IndicatorRef)| {
        let ask = policies::Ask::from(&asking(&charter, change));
        let explained = explain(&charter, &ask, &footprint);
        explained.map(|found| found.protections.min_patients.get()).map_err(|denial| denial.code)
    };
    assert_eq!(decision(|_named| {}), Ok(30));
    assert_eq!(decision(|named| named.id = "early".parse().unwrap()), Err("unknown_indicator"));
    assert_eq!(decision(|named| named.version = 2), Err("indicator_version"));
    assert_eq!(decision(|named| named.by = None), Err("unknown_variant"));
    assert_eq!(decision(|named| named.text = Digest::of(b"other")), Err("indicator_mismatch"));
}

#[test]
fn a_charter_with_another_byte_makes_another_question() {
    let (one, other) = (charter(), sealed(&files(&LATE.replace("grade, count", "grade,  count"))));
    let question = asking(&one, |_named| {});
    let denial = admission(&other, &question).unwrap_err();
    assert_eq!(denial.code, "indicator_mismatch");
    assert_ne!(one.layer(), other.layer());
}

#[test]
fn an_indicator_asks_its_own_dataset() {
    let rules = RULES.replace("context.indicator == \"late\" && context has by", "true");
    let mut files = files(LATE);
    files.insert("rules/network.cedar".to_owned(), rules);
    let charter = sealed(&files);
    let mut question = asking(&charter, |_named| {});
    question.dataset = "made".parse().unwrap();
    assert_eq!(admission(&charter, &question).unwrap_err().code, "indicator_dataset");
}

#[test]
fn rules_of_one_profile_say_nothing_about_another() {
    let charter = charter();
    let footprint = footprint(&charter, "rotterdam", &["diagnosis.grade:group".to_owned()]);
    let decision = |question: &Question| {
        let explained = explain(&charter, &policies::Ask::from(question), &footprint);
        explained.map(|explained| explained.profile).map_err(|denial| denial.code)
    };
    let indicator = asking(&charter, |_named| {});
    assert_eq!(decision(&indicator), Ok(Profile::Indicator));
    // Nobody may ask a text of their own.
    assert_eq!(decision(&question()), Err("no_rule_permits"));
    let research =
        |question: Question| Question { purpose: "research".parse().unwrap(), ..question };
    assert_eq!(decision(&research(indicator.clone())), Err("forbidden"));
    let total = Question { asks: Asks::Indicator(named(&charter, "total")), ..question() };
    assert_eq!(decision(&research(total)), Ok(Profile::Indicator));
    let under = |profile, question: Question| Question { profile: Some(profile), ..question };
    assert_eq!(decision(&under(Profile::Indicator, indicator.clone())), Ok(Profile::Indicator));
    assert_eq!(decision(&under(Profile::Members, indicator.clone())), Err("profile_does_not_fit"));
    assert_eq!(decision(&under(Profile::Indicator, question())), Err("profile_does_not_fit"));
    let explore = Profile::Explore;
    assert_eq!(decision(&under(explore, question())), Err("no_rule_permits"));
    assert_eq!(decision(&under(explore, indicator.clone())), Err("profile_does_not_fit"));
    for profile in [Profile::Network, Profile::Strict] {
        assert_eq!(decision(&under(profile, question())), Err("profile_not_supported"));
        assert_eq!(decision(&under(profile, indicator.clone())), Err("profile_not_supported"));
    }
}
