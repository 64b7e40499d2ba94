//! That conditions taken apart say what Cedar says: random rules and questions, each rule by itself and all together.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{PolicyId, PolicySet};

use super::{charter, judge, unnamed};
use crate::charter::rules::conditions::{Asked, Truth};
use crate::charter::rules::evaluate::Compiled;
use crate::charter::rules::{Effect, Field, Outcome, Posed, Rules};

const CHARTERS: u64 = 12;
const RULES: usize = 24;
const QUESTIONS: usize = 20;

/// Parts of conditions. The last ones cannot be evaluated: for some people, some data, or never.
const PARTS: [&str; 34] = [
    "context.purpose == \"quality\"",
    "\"research\" == context.purpose",
    "context.purpose != \"quality\"",
    "context[\"purpose\"] like \"q*\"",
    "[\"quality\", \"research\"].contains(context.purpose)",
    "context has group",
    "(context has group && context.group == \"borst\")",
    "(if context has group then context.group == \"long\" else context.direct_signature)",
    "context.direct_signature",
    "context.hospitals >= 2",
    "2 < context.hospitals",
    "context.cells * 3 - 1 <= 36",
    "context.uses.contains(\"patient.age:aggregate\")",
    "context.uses.containsAny([\"patient.age:filter\", \"patient.year:group\"])",
    "context.columns.containsAll([\"patient.age\"])",
    "context.tables == [\"patient\"]",
    "context.functions.isEmpty()",
    "context.functions.contains(\"a\\\"}\\\\ when {\")",
    "context.functions.contains(\"b\\n; \\u{e9}\\u{1f600}\")",
    "context.aggregates == [\"count\", \"sum\"]",
    "context.asking_node == Kring::Hospital::\"ALFA\"",
    "context.asking_node in Kring::Network::\"noord\"",
    "principal == Kring::Person::\"a.jansen\"",
    "principal in Kring::Role::\"analyst\"",
    "principal in [Kring::Role::\"viewer\", Kring::Role::\"analyst\"]",
    "resource in Kring::Network::\"noord\"",
    "resource == Kring::Dataset::\"made\"",
    "(principal in Kring::Hospital::\"BRAVO\") == context.direct_signature",
    "principal.hospital == context.asking_node",
    "principal.groups.isEmpty()",
    "principal.groups.contains(Kring::TumourGroup::\"long\")",
    "resource.status == \"real\"",
    "context.cells + 9223372036854775800 > 0",
    "context.hospitals * 4611686018427387904 > context.cells",
];
/// Parts that can always be evaluated.
const SOUND: u64 = 28;
const PRINCIPALS: [&str; 4] = [
    "principal",
    "principal in Kring::Role::\"analyst\"",
    "principal == Kring::Person::\"b.devries\"",
    "principal is Kring::Person in Kring::TumourGroup::\"borst\"",
];
const RESOURCES: [&str; 3] =
    ["resource", "resource == Kring::Dataset::\"made\"", "resource in Kring::Network::\"noord\""];

/// SplitMix64: the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn one<'s>(&mut self, of: &[&'s str]) -> &'s str {
        of[usize::try_from(self.roll(of.len() as u64)).unwrap()]
    }

    fn some(&mut self, of: &[&str]) -> Field {
        let some = of.iter().filter(|_| self.roll(2) == 0).map(|word| (*word).to_owned());
        Field::Words(some.collect())
    }

    /// A condition at most so deep; of sound parts alone, or of any.
    fn condition(&mut self, depth: u64, sound: bool) -> String {
        let inner = |dice: &mut Self| dice.condition(depth - 1, sound);
        match self.roll(if depth == 0 { 1 } else { 7 }) {
            1 | 2 => format!("({} && {})", inner(self), inner(self)),
            3 | 4 => format!("({} || {})", inner(self), inner(self)),
            5 => format!("!({})", inner(self)),
            6 => format!("(if {} then {} else {})", inner(self), inner(self), inner(self)),
            _ if sound => PARTS[usize::try_from(self.roll(SOUND)).unwrap()].to_owned(),
            _ => self.one(&PARTS).to_owned(),
        }
    }

    fn rules(&mut self, sound: bool) -> String {
        let mut text = String::new();
        for number in 0..RULES {
            let effect = if self.roll(4) == 0 { "forbid" } else { "permit" };
            let (principal, resource) = (self.one(&PRINCIPALS), self.one(&RESOURCES));
            text.push_str(&format!(
                "@id(\"rule-{number}\") {effect} ({principal}, action == Kring::Action::\"ask.members\", {resource})"
            ));
            for _condition in 0..self.roll(3) {
                let kind = self.one(&["when", "unless"]);
                text.push_str(&format!(" {kind} {{ {} }}", self.condition(2, sound)));
            }
            text.push_str(";\n");
        }
        text
    }

    fn question(&mut self) -> Posed {
        let person = self.one(&["a.jansen", "b.devries", "c.bakker", "d.smit", "nobody"]);
        let dataset = self.one(&["made", "rotterdam", "rotterdam", "none"]);
        let word = |word: &str| Field::Word(word.to_owned());
        let number = |dice: &mut Self| Field::Count(dice.roll(20));
        let mut context = BTreeMap::from([
            ("scope", word("noord")),
            ("purpose", word(self.one(&["quality", "research", "capacity"]))),
            ("asking_node", Field::Hospital(self.one(&["ALFA", "BRAVO"]).parse().unwrap())),
            ("direct_signature", Field::Flag(self.roll(2) == 0)),
            ("hospitals", Field::Count(self.roll(4))),
            ("tables", self.some(&["patient", "diagnosis"])),
            ("columns", self.some(&["patient.age", "patient.year"])),
            ("uses", self.some(&["patient.age:aggregate", "patient.year:group"])),
            ("classes", self.some(&["measure", "quasi"])),
            ("class_uses", self.some(&["measure:aggregate"])),
            ("functions", self.some(&["a\"}\\ when {", "b\n; \u{e9}\u{1f600}"])),
            ("aggregates", self.some(&["sum", "count"])),
            ("group_keys", number(self)),
            ("quasi_groups", number(self)),
            ("fragments", number(self)),
            ("cells", number(self)),
        ]);
        if self.roll(2) == 0 {
            context.insert("group", word(self.one(&["borst", "long"])));
        }
        Posed::new(&person.parse().unwrap(), "ask.members", &dataset.parse().unwrap(), context)
    }
}

/// What Cedar says of one rule that fits.
fn alone(rules: &Rules, id: &str, posed: &Posed) -> Truth {
    let mut set = PolicySet::new();
    set.add(rules.policies.policy(&PolicyId::new(id)).unwrap().clone()).unwrap();
    let request = posed.request(rules.schema).unwrap();
    match judge(request, &set, rules.entities.as_ref().unwrap()) {
        Outcome::Permitted(_) | Outcome::Forbidden(_) => Truth::Holds,
        Outcome::Silent => Truth::Not,
        Outcome::Failed(_) => Truth::Fails,
    }
}

#[test]
fn conditions_taken_apart_say_what_cedar_says() {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..CHARTERS {
        let mut dice = Dice(seed);
        let text = dice.rules(seed % 2 == 0);
        let charter = charter(text.clone());
        let rules = charter.rules();
        let (apart, parts) = rules.compiled.counts();
        assert!(apart == RULES && parts > 0, "seed {seed}: {apart} rules, {parts} parts");
        let mut mixed = rules.clone();
        let again = Compiled::of(&mixed.rules, &mixed.policies);
        mixed.compiled = std::sync::Arc::new(again.with_whole(|place| place % 3 == 0));
        for turn in 0..QUESTIONS {
            let posed = dice.question();
            let told = || format!("seed {seed}, question {turn}: {posed:?}\n{text}");
            let entities = rules.entities.as_ref().unwrap();
            let request = posed.request(rules.schema).unwrap();
            let all = unnamed(&judge(request, &rules.policies, entities));
            assert_eq!(unnamed(&rules.evaluate(&posed)), all, "{}", told());
            assert_eq!(unnamed(&mixed.evaluate(&posed)), all, "some whole; {}", told());
            *seen.entry(format!("{all:?}").split('(').next().unwrap().to_owned()).or_default() += 1;
            let mut asked = Asked::new(rules.compiled.parts(), request, entities);
            for (id, effect, condition) in rules.compiled.fitting_now(rules, &posed) {
                let truth = asked.truth(condition);
                assert_eq!(truth, alone(rules, id, &posed), "{id}, {}", told());
                *seen.entry(format!("{effect:?} {truth:?}")).or_default() += 1;
            }
        }
    }
    let effects = [Effect::Permit, Effect::Forbid].map(|effect| {
        [Truth::Holds, Truth::Not, Truth::Fails].map(|truth| format!("{effect:?} {truth:?}"))
    });
    let outcomes = ["Failed", "Forbidden", "Permitted", "Silent"].map(str::to_owned);
    let expected: BTreeSet<String> = effects.into_iter().flatten().chain(outcomes).collect();
    let often: BTreeSet<String> =
        seen.iter().filter(|(_, n)| **n > 5).map(|(k, _)| k.clone()).collect();
    assert_eq!(often, expected, "{seen:?}");
}
