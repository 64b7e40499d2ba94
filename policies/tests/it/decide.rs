//! Decisions as a table, and the chain from a verified request to its permit.

use std::collections::BTreeMap;

use policies::footprint::{Footprint, FootprintDraft, FootprintError, VectorFootprint};
use policies::protections::{SignatureKind, Zeros};
use policies::wire::IndicatorRef;
use policies::{
    Admission, Ask, Charter, DatasetId, Denial, Explained, GroupId, PersonId, Profile, Purpose,
    SignedRequest, Verdict, VerifyContext, admit, decide, explain,
};
use serde::Deserialize;

use crate::fixture::{
    NOW, Seen, charter, draft, encoded, files_with_rules, footprint, hospital, question, request,
    sealed,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    rules: BTreeMap<String, String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Case {
    name: String,
    rules: String,
    person: String,
    purpose: String,
    group: Option<String>,
    dataset: String,
    footprint_of: Option<String>,
    asking_node: String,
    direct_signature: bool,
    uses: Vec<String>,
    indicator: Option<IndicatorRef>,
    profile: Option<Profile>,
    expect: String,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            name: String::new(),
            rules: String::new(),
            person: "a.jansen".to_owned(),
            purpose: "quality".to_owned(),
            group: None,
            dataset: "rotterdam".to_owned(),
            footprint_of: None,
            asking_node: "ALFA".to_owned(),
            direct_signature: true,
            uses: vec!["patient.age:aggregate".to_owned()],
            indicator: None,
            profile: None,
            expect: String::new(),
        }
    }
}

impl Case {
    fn ask(&self) -> Ask {
        Ask {
            network: "testnet".parse().unwrap(),
            person: PersonId::new(&self.person).unwrap(),
            purpose: Purpose::new(&self.purpose).unwrap(),
            group: self.group.as_deref().map(|group| GroupId::new(group).unwrap()),
            dataset: DatasetId::new(&self.dataset).unwrap(),
            asking_node: hospital(&self.asking_node),
            direct_signature: self.direct_signature,
            hospitals: 2,
            named: None,
            at: NOW,
            to_itself: false,
            indicator: self.indicator.clone(),
            profile: self.profile,
        }
    }

    fn decision(&self, charter: &Charter) -> String {
        let known = charter.dataset(&DatasetId::new(&self.dataset).unwrap()).is_some();
        let dataset = if known { &self.dataset } else { "rotterdam" };
        let dataset = self.footprint_of.as_deref().unwrap_or(dataset);
        match explain(charter, &self.ask(), &footprint(charter, dataset, &self.uses)) {
            Ok(explained) => permitted(&explained),
            Err(denial) => denied(charter, &denial),
        }
    }
}

fn permitted(explained: &Explained) -> String {
    let protections = &explained.protections;
    let zeros = match protections.zeros {
        Zeros::Shown => "shown",
        Zeros::Hidden => "hidden",
    };
    let signature = match protections.signature {
        SignatureKind::Direct => "direct",
        SignatureKind::Delegated => "delegated",
    };
    let (rules, k) = (explained.rules.join(" "), protections.min_patients.get());
    format!("{rules} | {k} {zeros} {signature}")
}

fn denied(charter: &Charter, denial: &Denial) -> String {
    assert!(Denial::CODES.contains(&denial.code), "{} is not listed", denial.code);
    assert_eq!(denial.layer.as_deref(), charter.layer().as_ref());
    assert!(!denial.message_nl.is_empty());
    let rule = denial.rule.as_deref().unwrap_or("-");
    format!("{} {rule} | {denial}", denial.code)
}

#[test]
fn decisions_are_as_the_board_expects() {
    let Cases { rules, cases } = toml::from_str(include_str!("cases/decide.toml")).unwrap();
    let charters: BTreeMap<&str, Charter> =
        rules.iter().map(|(name, text)| (name.as_str(), sealed(&files_with_rules(text)))).collect();
    let mut wrong = Vec::new();
    for case in &cases {
        let got = case.decision(&charters[case.rules.as_str()]);
        if got != case.expect {
            wrong.push(format!("## {}\n{got}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn admission(charter: &Charter) -> Result<Admission, Denial> {
    let bytes = encoded(&request(charter, &question()));
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

#[test]
fn a_question_goes_from_bytes_to_a_permit() {
    let charter = charter();
    let admission = admission(&charter).unwrap();
    assert_eq!(*admission.request().question(), question());
    assert_eq!(*admission.ask(), Ask::from(&question()));
    let uses = ["diagnosis.grade:group".to_owned()];
    let permit = decide(&charter, &admission, footprint(&charter, "rotterdam", &uses)).unwrap();
    assert_eq!(permit.rules(), ["noord/analysts-quality"]);
    assert_eq!(permit.profile(), Profile::Members);
    assert_eq!(permit.layers(), [charter.layer().unwrap()]);
    assert_eq!(permit.protections().min_patients.get(), 10);
    assert_eq!(*permit.footprint().draft(), draft(&uses));
}

#[test]
fn a_denied_footprint_gives_no_permit() {
    let charter = charter();
    let admission = admission(&charter).unwrap();
    let uses = ["patient.year:group".to_owned(), "diagnosis.size:group".to_owned()];
    let denial = decide(&charter, &admission, footprint(&charter, "rotterdam", &uses)).unwrap_err();
    assert_eq!(denial.rule.as_deref(), Some("noord/no-area"));
    assert_eq!(
        denial.message_nl,
        "verboden door regel `noord/no-area` (niet groeperen op jaar samen met grootte)"
    );
}

#[test]
fn a_person_without_any_rule_is_turned_away_before_sql_is_read() {
    let rules = "@id(\"viewers\") permit (principal in Kring::Role::\"viewer\", action == Kring::Action::\"ask.members\", resource);";
    let denial = admission(&sealed(&files_with_rules(rules))).unwrap_err();
    assert_eq!(denial.code, "no_rule_permits");
}

#[test]
fn admission_asks_for_the_moment_again() {
    let charter = charter();
    let mut people = crate::fixture::files();
    let text = people["people.toml"].replacen(
        "roles = [\"analyst\"]",
        "roles = [\"analyst\"]\nvalid_until = 2026-07-02T00:00:00Z",
        1,
    );
    people.insert("people.toml".to_owned(), text);
    let later = sealed(&people);
    let bytes = encoded(&request(&charter, &question()));
    let (own, peer, seen) = (hospital("BRAVO"), hospital("ALFA"), Seen::default());
    let context = VerifyContext {
        charter: &charter,
        own: &own,
        peer: &peer,
        revoked: policies::statement::Revocations::none(),
        now: NOW,
        seen: &seen,
    };
    let Verdict::New(verified) = SignedRequest::decode(&bytes).unwrap().verify(context).unwrap()
    else {
        panic!("it was never seen before")
    };
    let denial = admit(&later, *verified, NOW.plus(10_000_000)).unwrap_err();
    assert_eq!(denial.code, "person_not_valid");
}

#[test]
fn a_footprint_is_bounded() {
    let charter = charter();
    let dataset = charter.dataset(&DatasetId::new("rotterdam").unwrap()).unwrap();
    let good = draft(&["patient.age:aggregate".to_owned()]);
    let code = |change: fn(&mut FootprintDraft)| {
        let mut draft = good.clone();
        change(&mut draft);
        Footprint::check(draft, dataset).unwrap_err().code()
    };
    assert_eq!(code(|d| d.fragments.clear()), "fragment_count");
    assert_eq!(code(|d| d.fragments = vec![d.fragments[0].clone(); 9]), "fragment_count");
    assert_eq!(code(|d| d.fragments[0].cells = 10_001), "too_many_cells");
    assert_eq!(code(|d| d.fragments[0].measures.clear()), "footprint_measures");
    const VECTOR: VectorFootprint = VectorFootprint { first: 0, bins: 1, tail: Some(2) };
    assert_eq!(code(|d| d.fragments[0].vectors.push(VECTOR)), "footprint_vectors");
    assert_eq!(code(|d| d.fragments[0].sums[0].text = "x".repeat(300_000)), "footprint_too_large");
}

#[test]
fn a_class_rules_out_what_no_rule_can_allow() {
    let charter = charter();
    let dataset = charter.dataset(&DatasetId::new("rotterdam").unwrap()).unwrap();
    for (used, code) in [
        ("patient.patient_key:filter", "column_class"),
        ("patient.patient_key:group", "column_class"),
        ("patient.note:count_values", "column_class"),
        ("patient.year:aggregate", "column_class"),
        ("patient.name:group", "unknown_column"),
        ("visit.age:group", "unknown_table"),
    ] {
        let error: FootprintError =
            Footprint::check(draft(&[used.to_owned()]), dataset).unwrap_err();
        assert_eq!(error.code(), code, "{used}");
    }
}
