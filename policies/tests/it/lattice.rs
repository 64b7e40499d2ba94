//! Adding a forbid never allows more; adding a permit never loosens the protections of what was granted before.

use std::fmt::Write as _;

use policies::{Ask, Charter, explain};

use crate::fixture::{files_with_rules, footprint, hospital, question, sealed};

/// A small generator: the same numbers in every run (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }

    fn pick<'v>(&mut self, values: &[&'v str]) -> &'v str {
        values[self.below(values.len())]
    }
}

const PRINCIPALS: [&str; 5] = [
    "principal",
    "principal in Kring::Role::\"analyst\"",
    "principal in Kring::TumourGroup::\"long\"",
    "principal in Kring::Hospital::\"ALFA\"",
    "principal == Kring::Person::\"d.smit\"",
];
const ACTIONS: [&str; 3] = [
    "action == Kring::Action::\"ask.members\"",
    "action == Kring::Action::\"enter\"",
    "action in [Kring::Action::\"enter\", Kring::Action::\"ask.members\"]",
];
const RESOURCES: [&str; 3] =
    ["resource", "resource == Kring::Dataset::\"made\"", "resource in Kring::Network::\"noord\""];
const CONDITIONS: [&str; 5] = [
    "",
    "when { context.purpose == \"quality\" }",
    "when { context has group }",
    "unless { principal.groups.contains(Kring::TumourGroup::\"borst\") }",
    "when { context.asking_node == principal.hospital }",
];

fn rule(numbers: &mut Numbers, id: usize, effect: &str) -> String {
    let action = match effect {
        "permit" => ACTIONS[0],
        _ => numbers.pick(&ACTIONS),
    };
    let mut text = format!("@id(\"rule-{id}\")");
    if effect == "permit" {
        write!(text, " @min_patients(\"{}\")", 5 + numbers.below(20)).unwrap();
        write!(text, " @zeros(\"{}\")", numbers.pick(&["shown", "hidden"])).unwrap();
    }
    let (principal, resource) = (numbers.pick(&PRINCIPALS), numbers.pick(&RESOURCES));
    let condition = numbers.pick(&CONDITIONS);
    writeln!(text, " {effect} ({principal}, {action}, {resource}) {condition};").unwrap();
    text
}

/// Every ask of the fixture's people, purposes and datasets.
fn asks() -> Vec<Ask> {
    let mut asks = Vec::new();
    for (person, node, group) in [
        ("a.jansen", "ALFA", Some("borst")),
        ("b.devries", "BRAVO", None),
        ("d.smit", "BRAVO", None),
    ] {
        for purpose in ["quality", "research"] {
            for dataset in ["rotterdam", "made"] {
                let mut question = question();
                question.person = person.parse().unwrap();
                question.purpose = purpose.parse().unwrap();
                question.dataset = dataset.parse().unwrap();
                question.group = group.map(|group| group.parse().unwrap());
                question.asking_node = hospital(node);
                asks.push(Ask::from(&question));
            }
        }
    }
    asks
}

fn decisions(charter: &Charter) -> Vec<Option<policies::protections::Protections>> {
    let used = ["patient.patient_key:count_distinct".to_owned()];
    asks()
        .iter()
        .map(|ask| {
            let footprint = footprint(charter, ask.dataset.as_str(), &used);
            explain(charter, ask, &footprint).ok().map(|explained| explained.protections)
        })
        .collect()
}

#[test]
fn a_forbid_more_never_allows_more_and_a_permit_more_never_loosens() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let (mut granted, mut taken, mut joined) = (0, 0, 0);
    for _ in 0..30 {
        let mut rules: String = (0..3).map(|id| rule(&mut numbers, id, "permit")).collect();
        rules += &rule(&mut numbers, 3, "forbid");
        let before = decisions(&sealed(&files_with_rules(&rules)));
        let stricter = format!("{rules}{}", rule(&mut numbers, 4, "forbid"));
        let wider = format!("{rules}{}", rule(&mut numbers, 5, "permit"));
        let forbidden = decisions(&sealed(&files_with_rules(&stricter)));
        let permitted = decisions(&sealed(&files_with_rules(&wider)));
        for ((old, less), more) in before.iter().zip(&forbidden).zip(&permitted) {
            granted += usize::from(old.is_some());
            match (old, less) {
                (None, Some(_)) => panic!("a forbid allowed more:\n{stricter}"),
                (Some(old), Some(less)) => assert_eq!(old, less, "{stricter}"),
                (Some(_), None) => taken += 1,
                (None, None) => {}
            }
            if let Some(old) = old {
                let more = more.expect("a permit takes nothing away");
                assert!(more.min_patients >= old.min_patients && more.zeros >= old.zeros);
                joined += usize::from(more != *old);
            }
        }
    }
    assert!(granted > 40 && taken > 10 && joined > 5, "{granted} {taken} {joined}");
}
