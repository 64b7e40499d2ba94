//! Adding a forbid never allows more; no answer is under what a granting permit says, and a permit more loosens nothing but
//! a default that none of the others spoke of.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use policies::protections::{MinPatients, Zeros};
use policies::{Ask, Charter, Explained, explain};

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

/// What a permit says of the protections; often nothing.
#[derive(Clone, Copy, Default)]
struct Says {
    min_patients: Option<u32>,
    zeros: Option<Zeros>,
}

impl Says {
    fn any(numbers: &mut Numbers) -> Self {
        let min_patients = u32::try_from(5 + numbers.below(20)).unwrap();
        let zeros = if numbers.below(2) == 0 { Zeros::Shown } else { Zeros::Hidden };
        Self {
            min_patients: (numbers.below(3) > 0).then_some(min_patients),
            zeros: (numbers.below(3) > 0).then_some(zeros),
        }
    }

    fn annotations(self) -> String {
        let mut text = String::new();
        if let Some(least) = self.min_patients {
            write!(text, " @min_patients(\"{least}\")").unwrap();
        }
        if let Some(zeros) = self.zeros {
            let zeros = if zeros == Zeros::Shown { "shown" } else { "hidden" };
            write!(text, " @zeros(\"{zeros}\")").unwrap();
        }
        text
    }
}

/// What each permit says, by its name in answers.
type Said = BTreeMap<String, Says>;

fn permit(numbers: &mut Numbers, id: usize, said: &mut Said) -> String {
    let says = Says::any(numbers);
    said.insert(format!("noord/rule-{id}"), says);
    rule(numbers, id, "permit", &says.annotations())
}

fn forbid(numbers: &mut Numbers, id: usize) -> String {
    rule(numbers, id, "forbid", "")
}

fn rule(numbers: &mut Numbers, id: usize, effect: &str, says: &str) -> String {
    let action = match effect {
        "permit" => ACTIONS[0],
        _ => numbers.pick(&ACTIONS),
    };
    let (principal, resource) = (numbers.pick(&PRINCIPALS), numbers.pick(&RESOURCES));
    let condition = numbers.pick(&CONDITIONS);
    format!("@id(\"rule-{id}\"){says} {effect} ({principal}, {action}, {resource}) {condition};\n")
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

fn decisions(charter: &Charter) -> Vec<Option<Explained>> {
    let used = ["patient.patient_key:count_distinct".to_owned()];
    asks()
        .iter()
        .map(|ask| {
            let footprint = footprint(charter, ask.dataset.as_str(), &used);
            explain(charter, ask, &footprint).ok()
        })
        .collect()
}

/// The strictest that the granting permits say; nothing where none speaks.
fn strictest(said: &Said, granting: &[String]) -> Says {
    let says = || granting.iter().filter_map(|name| said.get(name));
    assert_eq!(says().count(), granting.len(), "{granting:?}");
    Says {
        min_patients: says().filter_map(|says| says.min_patients).max(),
        zeros: says().filter_map(|says| says.zeros).max(),
    }
}

/// The strictest word holds, and the default where there is none.
#[track_caller]
fn check(said: &Said, granted: &Explained) {
    let says = strictest(said, &granted.rules);
    let least = says.min_patients.map_or(MinPatients::DEFAULT, MinPatients::new);
    assert_eq!(granted.protections.min_patients, least, "{:?}", granted.rules);
    assert_eq!(granted.protections.zeros, says.zeros.unwrap_or(Zeros::Hidden));
}

#[test]
fn a_forbid_more_never_allows_more_and_a_permit_more_never_loosens_what_is_said() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let (mut granted, mut taken, mut joined, mut replaced) = (0, 0, 0, 0);
    for _ in 0..30 {
        let mut said = Said::new();
        let mut rules: String = (0..3).map(|id| permit(&mut numbers, id, &mut said)).collect();
        rules += &forbid(&mut numbers, 3);
        let before = decisions(&sealed(&files_with_rules(&rules)));
        let stricter = format!("{rules}{}", forbid(&mut numbers, 4));
        let wider = format!("{rules}{}", permit(&mut numbers, 5, &mut said));
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
                let more = more.as_ref().expect("a permit takes nothing away");
                check(&said, old);
                check(&said, more);
                let spoken = strictest(&said, &old.rules);
                let (was, is) = (old.protections, more.protections);
                assert!(spoken.min_patients.is_none() || is.min_patients >= was.min_patients);
                assert!(spoken.zeros.is_none() || is.zeros >= was.zeros);
                joined += usize::from(is != was);
                replaced += usize::from(is.min_patients < was.min_patients || is.zeros < was.zeros);
            }
        }
    }
    assert!(granted > 40 && taken > 10 && joined > 5, "{granted} {taken} {joined}");
    // A spoken value in the place of a default may be looser.
    assert!(replaced > 0, "{replaced}");
}
