//! A rule's annotations: its id, explanations, and protections as a typed lattice.
//!
//! Cedar gives annotations no meaning and does not check them; here an unknown key is refused, because a board that
//! writes `@min_patient("50")` means something.

use std::collections::BTreeMap;

use cedar_policy::Policy;

use crate::protections::{self, Kind, Opinions, Word};

use super::Effect;

/// Most characters of an explanation: it is shown in one paragraph.
const MAX_EXPLAIN_CHARS: usize = 400;

/// What a rule's annotations say.
#[derive(Debug, Default)]
pub(super) struct Annotations {
    pub(super) id: Option<String>,
    pub(super) explain: BTreeMap<String, String>,
    pub(super) opinions: Opinions,
}

/// Reads them; every problem goes into `problems`.
pub(super) fn read(policy: &Policy, effect: Effect, problems: &mut Vec<String>) -> Annotations {
    let mut found = Annotations::default();
    let all: BTreeMap<&str, &str> = policy.annotations().collect();
    for (key, value) in all {
        match key {
            "id" if is_id(value) => found.id = Some(value.to_owned()),
            "id" => problems.push("`@id` is 2 to 64 characters of a-z, 0-9 and -".to_owned()),
            "explain_nl" | "explain_en" => match explanation(value) {
                Some(text) => {
                    found.explain.insert(key.replace("explain_", ""), text);
                }
                None => problems.push(format!(
                    "`@{key}` is one line of 1 to {MAX_EXPLAIN_CHARS} visible characters"
                )),
            },
            _ => match Word::of(key) {
                Some(word) => {
                    if effect == Effect::Forbid {
                        problems.push(format!("a forbid carries no protections: remove `@{key}`"));
                    }
                    problems.extend(protections::read(word, value, &mut found.opinions).err());
                    if word == Word::Kind
                        && found.opinions.kind.is_some_and(|kind| kind != Kind::Quality)
                    {
                        problems.push(format!("`@kind(\"{value}\")` is for one indicator, in its head: write `kind: {value}` there"));
                    }
                }
                None => problems.push(format!(
                    "`@{key}` is not an annotation: known are id, explain_nl, explain_en, {}",
                    Word::ALL.map(Word::as_str).join(", ")
                )),
            },
        }
    }
    if policy.annotation("id").is_none() {
        problems.push("the rule has no id: write @id(\"...\") before it".to_owned());
    }
    found
}

fn is_id(text: &str) -> bool {
    (2..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn explanation(text: &str) -> Option<String> {
    let good = !text.trim().is_empty()
        && text.chars().count() <= MAX_EXPLAIN_CHARS
        && crate::reader::is_shown(text);
    good.then(|| text.to_owned())
}
