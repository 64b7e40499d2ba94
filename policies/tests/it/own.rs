//! The hospital's own rules: they forbid and strengthen, and grant nothing.

use policies::explore::{Conditions, Explore, ExploreForm, ExploreSum, ExploreTerm, MeasureId};
use policies::wire::Question;
use policies::{
    Ask, Books, Charter, DatasetId, Denial, Digest, Explained, Footprint, OwnRules, Profile,
    explain,
};

use crate::fixture::{draft, files_with_rules, footprint, question, sealed};

const RULES: &str = r#"
@id("analysts") @min_patients("10") @zeros("shown")
permit (principal in Kring::Role::"analyst", action == Kring::Action::"ask.members", resource);
"#;

fn charter() -> Charter {
    sealed(&files_with_rules(RULES))
}

fn problems(text: &str) -> Vec<String> {
    let problems = charter().own_rules("own.cedar", text).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

fn decision(own: &str, change: impl FnOnce(&mut Question)) -> Result<Explained, Denial> {
    let charter = charter();
    let own: OwnRules = charter.own_rules("own.cedar", own).unwrap();
    let mut question = question();
    change(&mut question);
    let footprint = footprint(&charter, "rotterdam", &["diagnosis.grade:group".to_owned()]);
    let books = Books { own: Some(&own), ..Books::from(&charter) };
    explain(books, &Ask::from(&question), &footprint)
}

#[test]
fn a_permit_adds_its_protections_where_it_matches() {
    let own = r#"
        @id("ours") @min_patients("25") @zeros("hidden")
        permit (principal, action == Kring::Action::"ask.members", resource)
        when { context.purpose == "quality" };
    "#;
    let explained = decision(own, |_question| {}).unwrap();
    assert_eq!(explained.rules, ["noord/analysts", "own/ours"]);
    assert_eq!(explained.own, Some(Digest::of(own.as_bytes())));
    assert_eq!(explained.profile, Profile::Members);
    let applied = serde_json::to_string(&explained.protections.applied()).unwrap();
    assert_eq!(
        applied,
        r#"{"min_patients":25,"zeros":"hidden","signature":"direct","min_part":5,"parts":"hide","dominance":85,"p_percent":10,"min_df":10}"#
    );
    let elsewhere = |question: &mut Question| question.purpose = "research".parse().unwrap();
    let explained = decision(own, elsewhere).unwrap();
    assert_eq!(explained.rules, ["noord/analysts"]);
    assert_eq!(explained.protections.min_patients.get(), 10);
}

#[test]
fn nothing_gets_weaker_and_nobody_is_let_in() {
    let loose = r#"
        @id("loose") @min_patients("5") @zeros("shown") @signature("delegated")
        permit (principal, action == Kring::Action::"ask.members", resource);
    "#;
    let explained = decision(loose, |_question| {}).unwrap();
    let applied = serde_json::to_string(&explained.protections.applied()).unwrap();
    assert_eq!(
        applied,
        r#"{"min_patients":10,"zeros":"shown","signature":"direct","min_part":5,"parts":"hide","dominance":85,"p_percent":10,"min_df":10}"#
    );
    let viewer = |question: &mut Question| question.person = "b.devries".parse().unwrap();
    let denial = decision(loose, viewer).unwrap_err();
    assert_eq!(denial.code, "no_rule_permits");
}

#[test]
fn a_forbid_forbids_here_and_names_itself() {
    let own = r#"
        @id("no-research") @explain_en("not while we migrate") @explain_nl("niet tijdens de migratie")
        forbid (principal, action, resource) when { context.purpose == "research" };
        @id("no-grade")
        forbid (principal, action == Kring::Action::"ask.members", resource)
        when { context.uses.contains("diagnosis.grade:group") };
    "#;
    let research = |question: &mut Question| question.purpose = "research".parse().unwrap();
    let denial = decision(own, research).unwrap_err();
    assert_eq!((denial.code, denial.rule.as_deref()), ("forbidden", Some("own/no-research")));
    assert_eq!(denial.layer, None);
    let text = "forbidden by this hospital's own rule `own/no-research` (not while we migrate)";
    assert_eq!(denial.message, text);
    assert!(denial.message_nl.contains("niet tijdens de migratie"));
    let denial = decision(own, |_question| {}).unwrap_err();
    assert_eq!(denial.rule.as_deref(), Some("own/no-grade"));
}

#[test]
fn what_cannot_be_evaluated_denies() {
    let own = r#"
        @id("boom")
        forbid (principal, action == Kring::Action::"ask.members", resource)
        when { context.cells * 9223372036854775807 < 0 };
    "#;
    let denial = decision(own, |_question| {}).unwrap_err();
    assert_eq!((denial.code, denial.rule.as_deref()), ("rule_failed", Some("own/boom")));
}

#[test]
fn a_hospital_without_rules_of_its_own_adds_nothing() {
    let explained = decision("// nothing yet\n", |_question| {}).unwrap();
    assert_eq!(explained.rules, ["noord/analysts"]);
    assert_eq!(explained.protections.min_patients.get(), 10);
}

#[test]
fn a_hospital_may_want_to_approve_a_text_first_and_cannot_undo_that_the_charter_does() {
    use policies::protections::Approval;
    let with = |approval: &str| {
        let own = format!(
            r#"@id("look") @approval("{approval}")
               permit (principal, action == Kring::Action::"ask.members", resource);"#
        );
        decision(&own, |_question| {}).unwrap().protections
    };
    assert_eq!(with("none").approval, Approval::None);
    assert_eq!(with("required").approval, Approval::Required);
    let strict = policies::protections::Opinions {
        approval: Some(Approval::Required),
        ..policies::protections::Opinions::default()
    };
    let loose = policies::protections::Opinions { approval: Some(Approval::None), ..strict };
    assert_eq!(strict.join(loose).approval, Some(Approval::Required));
}

#[test]
fn every_problem_of_the_file_is_told_with_its_line() {
    let wrong = r#"@id("in") permit (principal, action == Kring::Action::"enter", resource);
@id("empty") permit (principal, action == Kring::Action::"ask.members", resource);
@id("any") @min_patients("20") permit (principal, action, resource);
@id("who") forbid (principal == Kring::Person::"e.mulder", action, resource);
@id("exact") @parts("members") @own("exact") permit (principal, action == Kring::Action::"ask.members", resource);
@min_patient("9") permit (principal, action == Kring::Action::"ask.network", resource);
"#;
    assert_eq!(
        problems(wrong),
        [
            "own.cedar:1: a permit of the hospital's own lets nobody in: name ask.members or ask.indicator",
            "own.cedar:2: a permit of the hospital's own grants nothing: it carries protections, such as @min_patients(\"20\")",
            "own.cedar:3: a permit names its action: write action == Kring::Action::\"ask.members\"",
            "own.cedar:4: Person `e.mulder` is not in people.toml",
            "own.cedar:6: `@min_patient` is not an annotation: known are id, explain_nl, explain_en, min_patients, min_part, zeros, parts, dominance, p_percent, min_df, variance, kind, quota_day, quota_lineage, signature, own, approval, reveal",
            "own.cedar:6: a permit of the hospital's own grants nothing: it carries protections, such as @min_patients(\"20\")",
            "own.cedar:6: the rule has no id: write @id(\"...\") before it",
            "own.cedar:6: this version of kring cannot answer under `ask.network`: remove it until a version can",
        ]
    );
    assert!(problems("permit (principal")[0].starts_with("own.cedar:1: not Cedar"));
}

const OWN: &str = r#"
    @id("our-own") @own("exact")
    permit (principal, action == Kring::Action::"ask.members", resource);
"#;

/// The asking node's own hospital, and no other.
fn to_itself(question: &mut Question) {
    question.hospitals = vec![question.asking_node.clone()];
}

#[test]
fn staff_see_their_own_hospitals_figures_as_they_are_where_it_says_so() {
    let applied = |own: &str, change: fn(&mut Question)| {
        let protections = decision(own, change).unwrap().protections;
        serde_json::to_value(protections.applied()).unwrap()
    };
    let exact = applied(OWN, to_itself);
    assert_eq!(exact["own"], "exact");
    let expected: [(&str, serde_json::Value); 6] = [
        ("min_patients", 0.into()),
        ("zeros", "shown".into()),
        ("parts", "members".into()),
        ("dominance", 100.into()),
        ("signature", "direct".into()),
        ("min_df", 0.into()),
    ];
    for (word, value) in expected {
        assert_eq!(exact[word], value, "{word}");
    }
    let protected = |own: &str, change: fn(&mut Question)| {
        let applied = applied(own, change);
        assert_eq!((&applied["min_patients"], applied.get("own")), (&10.into(), None), "{own}");
    };
    // With others, at another's node, by somebody of another hospital, and where the hospital does not say so.
    protected(OWN, |_question| {});
    protected(OWN, |question| question.hospitals = vec!["BRAVO".parse().unwrap()]);
    protected(OWN, |question| {
        question.asking_node = "BRAVO".parse().unwrap();
        to_itself(question);
    });
    protected("// nothing\n", to_itself);
    let elsewhere = r#"
        @id("our-own") @own("exact")
        permit (principal, action == Kring::Action::"ask.members", resource) when { context.purpose == "research" };
    "#;
    protected(elsewhere, to_itself);
}

/// `SELECT count(*) FROM patient` in the explore form.
fn explored(charter: &Charter) -> Footprint {
    let rows = "patient".to_owned();
    let measure = MeasureId::Count { of: rows.clone() };
    let term = ExploreTerm { measure, conditions: Conditions::default(), factor: 1 };
    let sums = vec![ExploreSum { terms: vec![term], plain: true }];
    let mut draft = draft(&[]);
    draft.names.axes.clear();
    let fragment = &mut draft.fragments[0];
    (fragment.cells, fragment.group_keys) = (1, Vec::new());
    fragment.links[0].keys.clear();
    fragment.explore = Explore::Form(ExploreForm {
        rows,
        keys: Vec::new(),
        conditions: Conditions::default(),
        sums,
    });
    let dataset = charter.dataset(&DatasetId::new("rotterdam").unwrap()).unwrap();
    Footprint::check(draft, dataset).unwrap()
}

#[test]
fn what_is_told_with_noise_keeps_it_at_the_own_hospital_too() {
    let noise = r#"@id("noise") permit (principal in Kring::Role::"analyst", action == Kring::Action::"ask.explore", resource);"#;
    let charter = sealed(&files_with_rules(&format!("{RULES}{noise}")));
    let both = format!("{OWN}{}", OWN.replace("our-own", "noise").replace("members", "explore"));
    let own: OwnRules = charter.own_rules("own.cedar", &both).unwrap();
    let books = Books { own: Some(&own), ..Books::from(&charter) };
    let footprint = explored(&charter);
    let mut question = question();
    to_itself(&mut question);
    let mut under = |profile: Profile| {
        question.profile = Some(profile);
        let explained = explain(books, &Ask::from(&question), &footprint).unwrap();
        assert_eq!(explained.profile, profile);
        assert!(explained.rules.iter().any(|rule| rule.starts_with("own/")), "{explained:?}");
        serde_json::to_value(explained.protections.applied()).unwrap()
    };
    let exact = under(Profile::Members);
    assert_eq!((&exact["min_patients"], &exact["own"]), (&0.into(), &"exact".into()));
    let noisy = under(Profile::Explore);
    assert_eq!((&noisy["min_patients"], noisy.get("own")), (&10.into(), None), "{noisy}");
}
