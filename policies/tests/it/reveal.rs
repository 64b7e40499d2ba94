//! `@reveal`: what a question may show of single hospitals, decided by what its text looks at and whom it asks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use policies::compare::between;
use policies::footprint::{Footprint, HospitalUse, Shows};
use policies::protections::Reveal;
use policies::replay::{Language, Touched, compare, replay};
use policies::{
    Ask, Beside, Books, Charter, DatasetId, Denial, Explained, HospitalCode, OwnRules, explain,
};
use serde::Deserialize;

use crate::fixture::{NOW, draft, files_with_rules, question, sealed};

/// The hospitals, beside ALFA and BRAVO, with their networks.
const OTHERS: [(&str, &[&str]); 7] = [
    ("CHARLIE", &["oost"]),
    ("DELTA", &["oost"]),
    ("ECHO", &["oost"]),
    ("FOXTROT", &["concord"]),
    ("GOLF", &["concord"]),
    ("HOTEL", &["concord"]),
    ("INDIA", &[]),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    rules: BTreeMap<String, String>,
    own: BTreeMap<String, String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    rules: String,
    own: Option<String>,
    /// A hospital in both networks.
    overlap: Option<String>,
    #[serde(default)]
    hospital: Option<HospitalUse>,
    #[serde(default)]
    network: bool,
    /// The hospitals that are asked; all where none is named.
    to: Option<Vec<String>>,
    /// `reveal`, or `code rule: part of the message`.
    expect: String,
    /// Part of the Dutch message.
    dutch: Option<String>,
}

/// A network of nine hospitals, three of them in each of two networks, and three in none.
fn charter(rules: &str, overlap: Option<&str>) -> Charter {
    let mut files = files_with_rules(rules);
    let mut text = files["members.toml"].clone();
    let charlie = text.find("[[members]]\ncode = \"CHARLIE\"").unwrap();
    let networks = text.find("[[networks]]").unwrap();
    let declared = text.split_off(networks);
    text.truncate(charlie);
    for (code, own) in OTHERS {
        let own: BTreeSet<&str> = own
            .iter()
            .copied()
            .chain(["oost", "concord"].into_iter().filter(|_| overlap == Some(code)))
            .collect();
        let own: Vec<String> = own.into_iter().map(|id| format!("{{ id = \"{id}\" }}")).collect();
        let keys = ["transport", "envelope", "log", "witness"]
            .map(|job| format!("{job} = \"key:{code} {job}\""))
            .join(", ");
        text.push_str(&format!(
            "[[members]]\ncode = \"{code}\"\nname = \"{code}\"\nkind = \"general\"\nkeys = {{ {keys} }}\nnetworks = [{}]\n\n",
            own.join(", ")
        ));
    }
    text.push_str(&declared);
    files.insert("members.toml".to_owned(), crate::fixture::with_keys(&text));
    sealed(&files)
}

fn rule(annotations: &str) -> String {
    format!(
        "@id(\"analysts\") {annotations} permit (principal, action == Kring::Action::\"ask.members\", resource);"
    )
}

fn all(charter: &Charter) -> Vec<HospitalCode> {
    charter.members().map(|member| member.code.clone()).collect()
}

fn footprint(charter: &Charter, shows: Shows) -> Footprint {
    let mut draft = draft(&["diagnosis.grade:group".to_owned()]);
    draft.shows = shows;
    let dataset = charter.dataset(&DatasetId::new("rotterdam").unwrap()).unwrap();
    Footprint::check(draft, dataset).unwrap()
}

fn ask(hospitals: Vec<HospitalCode>) -> Ask {
    Ask::from(&policies::wire::Question { hospitals, ..question() })
}

impl Case {
    fn decided(&self, rules: &str, own: Option<&str>) -> Result<Explained, Denial> {
        let charter = charter(rules, self.overlap.as_deref());
        let own: Option<OwnRules> = own.map(|own| charter.own_rules("own.cedar", own).unwrap());
        let hospitals = match &self.to {
            None => all(&charter),
            Some(codes) => codes.iter().map(|code| code.parse().unwrap()).collect(),
        };
        let hospital = self.hospital.unwrap_or(HospitalUse::Unused);
        let shows = Shows { hospital, network: self.network };
        let books = Books { own: own.as_ref(), ..Books::from(&charter) };
        explain(books, &ask(hospitals), &footprint(&charter, shows))
    }
}

#[test]
fn what_is_shown_of_hospitals_is_as_the_rules_say() {
    let file: Cases = toml::from_str(include_str!("cases/reveal.toml")).unwrap();
    let mut wrong = Vec::new();
    for case in &file.cases {
        let own = case.own.as_ref().map(|own| file.own[own].as_str());
        let (got, good) = match case.decided(&file.rules[&case.rules], own) {
            Ok(explained) => {
                let got = explained.protections.reveal.as_str().to_owned();
                let good = got == case.expect && case.dutch.is_none();
                (got, good)
            }
            Err(denial) => {
                assert!(Denial::CODES.contains(&denial.code), "{}", denial.code);
                let rule = denial.rule.as_deref().unwrap_or("-");
                // A rule of the hospital's own is of no layer.
                assert_eq!(denial.layer.is_none(), rule.starts_with("own/"), "{}", case.name);
                let got = format!("{} {rule}: {}", denial.code, denial.message);
                let dutch =
                    case.dutch.as_deref().is_none_or(|part| denial.message_nl.contains(part));
                let parts = case.expect.split_once(": ").unwrap();
                let good = got.starts_with(parts.0) && denial.message.contains(parts.1) && dutch;
                (format!("{got} / {}", denial.message_nl), good)
            }
        };
        if !good {
            wrong.push(format!("## {}\n{got}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_refusal_speaks_both_languages() {
    let charter = charter(&rule("@reveal(\"none\")"), None);
    for (shows, hospitals) in [
        (Shows { hospital: HospitalUse::Grouped, network: false }, all(&charter)),
        (Shows::NOTHING, vec!["ALFA".parse().unwrap(), "BRAVO".parse().unwrap()]),
    ] {
        let denial = explain(&charter, &ask(hospitals), &footprint(&charter, shows)).unwrap_err();
        assert_ne!(denial.message, denial.message_nl);
        assert!(denial.message.starts_with("rule `noord/analysts` says `@reveal(\"none\")`: "));
        assert!(denial.message_nl.starts_with("regel `noord/analysts` zegt `@reveal(\"none\")`: "));
        assert_eq!(denial.layer.as_deref(), charter.layer().as_ref());
    }
}

#[test]
fn an_older_version_that_reveals_less_holds_until_its_notice_is_over() {
    let (older, newer) = (rule("@reveal(\"none\")"), rule("@reveal(\"named\")"));
    let by_hospital = Shows { hospital: HospitalUse::Grouped, network: false };
    let decided = |newest: &str, before: &str| {
        let (newest, older) = (charter(newest, None), Arc::new(charter(before, None)));
        let besides = [Beside { charter: older, until: NOW.plus(86_400) }];
        let books = Books { besides: &besides, ..Books::from(&newest) };
        explain(books, &ask(all(&newest)), &footprint(&newest, by_hospital))
    };
    let widened = decided(&newer, &older).unwrap_err();
    assert_eq!(widened.code, "waits_for_notice", "{widened}");
    assert!(widened.message.contains("@reveal(\"none\")"), "{widened}");
    let tightened = decided(&older, &newer).unwrap_err();
    assert_eq!(tightened.code, "hospitals_not_revealed", "{tightened}");
}

#[test]
fn a_receipt_names_it_only_where_something_is_not_told() {
    let shown = |annotations: &str| {
        let charter = charter(&rule(annotations), None);
        let explained =
            explain(&charter, &ask(all(&charter)), &footprint(&charter, Shows::NOTHING)).unwrap();
        explained.protections.applied().reveal
    };
    assert_eq!(shown(""), None);
    assert_eq!(shown("@reveal(\"named\")"), None);
    assert_eq!(shown("@reveal(\"pseudonym\")"), Some(Reveal::Pseudonym));
    assert_eq!(shown("@reveal(\"none\")"), Some(Reveal::None));
}

/// What a draft changes for a question of every hospital.
fn lines(before: &str, draft: &str, shows: Shows) -> Vec<String> {
    let (old, new) = (Arc::new(charter(before, None)), charter(draft, None));
    let touched = Touched::Logged(Box::new(footprint(&new, shows).draft().clone()));
    let ask = ask(all(&new));
    let besides = [Beside { charter: Arc::clone(&old), until: NOW.plus(14 * 86_400) }];
    let start = Books { besides: &besides, ..Books::from(&new) };
    let change = compare(
        &replay(&*old, &ask, &touched, NOW.plus(-600)),
        &replay(start, &ask, &touched, NOW),
        &replay(&new, &ask, &touched, NOW),
    );
    change.lines(Language::English)
}

#[test]
fn a_draft_that_reveals_less_holds_at_once_and_one_that_reveals_more_waits() {
    let (none, named) = (rule("@reveal(\"none\")"), rule(""));
    let by_hospital = Shows { hospital: HospitalUse::Grouped, network: false };
    assert_eq!(lines(&named, &none, Shows::NOTHING), ["reveal named -> none (stricter, at once)"]);
    assert_eq!(
        lines(&none, &named, Shows::NOTHING),
        ["reveal none -> named (looser, after the notice)"]
    );
    let denied = lines(&named, &none, by_hospital);
    assert!(
        denied[0].starts_with("allowed -> denied, at once: hospitals_not_revealed"),
        "{denied:?}"
    );
    let allowed = lines(&none, &named, by_hospital);
    assert!(
        allowed[0]
            .starts_with("denied -> allowed under ask.members by noord/analysts, after the notice"),
        "{allowed:?}"
    );
}

#[test]
fn two_versions_differ_in_what_they_reveal() {
    let told = |before: &str, after: &str| {
        let changes = between(&charter(before, None), &charter(after, None));
        changes.iter().map(policies::compare::Change::english).collect::<Vec<_>>()
    };
    let (none, named) = (rule("@reveal(\"none\")"), rule("@reveal(\"named\")"));
    assert_eq!(told(&named, &none), ["rule `analysts`: @reveal from named to none"]);
    assert_eq!(told(&rule(""), &none), ["rule `analysts`: @reveal none (not said before)"]);
}
