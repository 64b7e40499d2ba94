//! rules/*.cedar: what a rule does, about whom, when, and with which protections. In which file it stands is no change.

use std::collections::BTreeMap;

use crate::charter::Charter;
use crate::charter::rules::{Effect, Rule, RuleText};

use super::{Found, Subject, What};

pub(super) fn compare(old: &Charter, new: &Charter, found: &mut Found) {
    let (from, to) = (&by_id(old), &by_id(new));
    let short = |rule: &Rule| {
        let said = rule.explain.values().next().cloned();
        let said = said.map(|said| format!(": {said}")).unwrap_or_default();
        format!("{}{said}", word(rule.effect))
    };
    for (subject, from, to) in found.things((from, to), |id| Subject::Rule(id.clone()), short) {
        found.value(&subject, What::Effect, word(from.effect), word(to.effect));
        let text = |charter: &Charter, rule: &Rule| charter.rules().text(&rule.id);
        let (before, after) = (text(old, from), text(new, to));
        let RuleText { scope, conditions } = before;
        found.value(&subject, What::Scope, scope, after.scope);
        let said = |text: String| Some(text).filter(|text| !text.is_empty());
        found.maybe(&subject, What::Conditions, said(conditions), said(after.conditions));
        let (before, after) = (from.opinions.said(), to.opinions.said());
        found.named(&subject, What::Protection, &before, &after);
        found.named(&subject, What::Explanation, &from.explain, &to.explain);
    }
}

fn by_id(charter: &Charter) -> BTreeMap<String, &Rule> {
    charter.rules().iter().map(|rule| (rule.id.clone(), rule)).collect()
}

fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::Permit => "permit",
        Effect::Forbid => "forbid",
    }
}
