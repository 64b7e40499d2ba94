//! What a rule is about: an action that a node can take, and protections where they mean something.

use cedar_policy::ActionConstraint;

use crate::protections::Parts;
use crate::{Profile, band, capability};

use super::super::model;
use super::read::Book;
use super::{ENTER, Effect, Rule};

/// What is wrong with a rule's action for what it is.
pub(super) fn problems(rule: &Rule, book: Book) -> Vec<String> {
    let mut problems = Vec::new();
    if book == Book::Charter && rule.opinions.own.is_some() {
        problems.push("`@own` is the hospital's to say, in rules of its own: remove it".to_owned());
    }
    problems.extend(band::on_a_rule(rule.opinions.parts));
    if rule.effect == Effect::Forbid {
        return problems;
    }
    if rule.action == ActionConstraint::Any {
        problems.push(
            "a permit names its action: write action == Kring::Action::\"ask.members\"".to_owned(),
        );
        return problems;
    }
    let names = |action: &str| model::uid("Action", action).is_ok_and(|uid| rule.names(&uid));
    let unable = Profile::ALL.into_iter().filter(|profile| !capability::answers(*profile));
    let named = unable.filter(|profile| names(profile.as_str()));
    problems.extend(named.map(capability::cannot_answer));
    let apart = rule.opinions.parts.filter(|parts| *parts != Parts::Band);
    let free = Profile::ALL.into_iter().filter(|profile| names(profile.as_str()));
    let free = free.filter(|profile| apart.is_some_and(|parts| parts != parts.under(*profile)));
    problems.extend(free.map(|profile| {
        format!(
            "this `@parts` is for texts that the board signed, not for `{}`: write it on a rule for ask.indicator alone",
            profile.as_str()
        )
    }));
    match book {
        Book::Charter if names(ENTER) && !rule.opinions.is_silent() => problems.push(
            "a permit for \"enter\" carries no protections: they belong on the ask rules"
                .to_owned(),
        ),
        Book::Own if names(ENTER) => problems.push(
            "a permit of the hospital's own lets nobody in: name ask.members or ask.indicator"
                .to_owned(),
        ),
        Book::Own if rule.opinions.is_silent() => problems.push(
            "a permit of the hospital's own grants nothing: it carries protections, such as @min_patients(\"20\")"
                .to_owned(),
        ),
        Book::Charter | Book::Own => {}
    }
    problems
}
