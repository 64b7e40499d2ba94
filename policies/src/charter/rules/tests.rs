//! That leaving out the rules whose scope does not fit changes nothing: every scope, against all rules at once.

use std::collections::BTreeMap;

use super::evaluate::judge;
use super::*;
use crate::charter::parse;

mod random;

const PRINCIPALS: [&str; 8] = [
    "principal",
    "principal == Kring::Person::\"a.jansen\"",
    "principal == Kring::Person::\"b.devries\"",
    "principal in Kring::Role::\"analyst\"",
    "principal in Kring::TumourGroup::\"long\"",
    "principal in Kring::Hospital::\"BRAVO\"",
    "principal is Kring::Person",
    "principal is Kring::Person in Kring::Role::\"viewer\"",
];
const ACTIONS: [&str; 3] = [
    "action == Kring::Action::\"enter\"",
    "action == Kring::Action::\"ask.members\"",
    "action in [Kring::Action::\"enter\", Kring::Action::\"ask.members\"]",
];
const RESOURCES: [&str; 4] = [
    "resource",
    "resource == Kring::Dataset::\"made\"",
    "resource in Kring::Network::\"noord\"",
    "resource is Kring::Dataset",
];
const CONDITIONS: [&str; 3] =
    ["", " when { context.purpose == \"quality\" }", " when { principal.groups.isEmpty() }"];

/// Every `step`th of all rules that there can be of these parts, from the one at `from`.
fn rules(from: usize, step: usize) -> String {
    let mut text = String::new();
    let mut number = 0;
    for principal in PRINCIPALS {
        for action in ACTIONS {
            for resource in RESOURCES {
                for condition in CONDITIONS {
                    number += 1;
                    if number % step != from {
                        continue;
                    }
                    let effect = if number % 5 == 0 { "forbid" } else { "permit" };
                    text.push_str(&format!(
                        "@id(\"rule-{number}\") {effect} ({principal}, {action}, {resource}){condition};\n"
                    ));
                }
            }
        }
    }
    text
}

fn charter(rules: String) -> crate::Charter {
    let mut keys = 0;
    let mut key = || {
        keys += 1;
        let seed = *crate::Digest::of(&[keys]).as_bytes();
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        crate::dsse::PublicKey::of(&key).unwrap().to_string()
    };
    let texts = [
        ("charter.toml", include_str!("../../../tests/it/charter/charter.toml")),
        ("members.toml", include_str!("../../../tests/it/charter/members.toml")),
        ("people.toml", include_str!("../../../tests/it/charter/people.toml")),
        ("datasets/rotterdam.toml", include_str!("../../../tests/it/charter/rotterdam.toml")),
        ("datasets/made.toml", include_str!("../../../tests/it/charter/made.toml")),
    ];
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for (path, text) in texts {
        let mut parts = text.split("\"key:");
        let mut whole = parts.next().unwrap().to_owned();
        for part in parts {
            let (_owner, rest) = part.split_once('"').unwrap();
            whole.push_str(&format!("\"{}\"{rest}", key()));
        }
        files.insert(path.to_owned(), whole);
    }
    files.insert("rules/all.cedar".to_owned(), rules);
    parse(&files).unwrap()
}

/// Of several rules that cannot be evaluated, Cedar names any.
fn unnamed(outcome: &Outcome) -> Outcome {
    match outcome {
        Outcome::Failed(_) => Outcome::Failed(None),
        Outcome::Permitted(_) | Outcome::Forbidden(_) | Outcome::Silent => outcome.clone(),
    }
}

#[test]
fn rules_whose_scope_does_not_fit_say_nothing() {
    let mut seen = BTreeSet::new();
    for step in [1, 7, 31, 61] {
        for from in 0..step.min(9) {
            let charter = charter(rules(from, step));
            let rules = charter.rules();
            for person in ["a.jansen", "b.devries", "d.smit", "nobody"] {
                for (dataset, action) in [("made", ENTER), ("rotterdam", ENTER), ("none", ENTER)] {
                    for purpose in ["quality", "research"] {
                        let (person, dataset) = (person.parse().unwrap(), dataset.parse().unwrap());
                        let context = || {
                            BTreeMap::from([
                                ("scope", Field::Word("noord".to_owned())),
                                ("purpose", Field::Word(purpose.to_owned())),
                                ("asking_node", Field::Hospital("ALFA".parse().unwrap())),
                                ("direct_signature", Field::Flag(true)),
                            ])
                        };
                        let posed = Posed::new(&person, action, &dataset, context());
                        let request = posed.request(rules.schema).unwrap();
                        let all = judge(request, &rules.policies, rules.entities.as_ref().unwrap());
                        let got = rules.evaluate(&posed);
                        assert_eq!(
                            unnamed(&got),
                            unnamed(&all),
                            "{person} {action} {dataset} {purpose}"
                        );
                        seen.insert(format!("{got:?}").split('(').next().unwrap().to_owned());
                    }
                }
            }
        }
    }
    // A person whom nobody knows has no groups to look at.
    assert_eq!(seen, ["Failed", "Forbidden", "Permitted", "Silent"].map(str::to_owned).into());
}
