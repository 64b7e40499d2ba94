//! The text of each denial, in English and Dutch. Lists are cut short: a refusal's message is bounded.

use std::collections::BTreeSet;

use crate::ask::Ask;
use crate::charter::rules::{Outcome, Rule};
use crate::charter::{Charter, OwnRules, Person, own};
use crate::explore::ExploreRefusal;
use crate::indicator::TextFault;
use crate::kind::KindFault;
use crate::{DatasetId, GroupId, HospitalCode, PersonId, Profile, Purpose};

use super::{Denial, rule_name};

/// Most names of a list in a message.
const MAX_NAMES: usize = 8;
/// Most rules explained in a message: each brings the board's text.
const MAX_RULES: usize = 3;

/// For what else the same person could ask the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alternative {
    pub(crate) purpose: Purpose,
    pub(crate) group: Option<GroupId>,
}

pub(crate) fn unknown_person(charter: &Charter, id: &PersonId) -> Denial {
    let network = charter.network();
    let english = format!("`{id}` is not in people.toml of network `{network}`");
    let dutch = format!("`{id}` staat niet in people.toml van netwerk `{network}`");
    Denial::new(charter, "unknown_person", english, dutch)
}

pub(crate) fn person_not_valid(charter: &Charter, id: &PersonId) -> Denial {
    let english = format!("`{id}` may not ask at this moment: see the validity in people.toml");
    let dutch = format!("`{id}` mag nu niet vragen: zie de geldigheid in people.toml");
    Denial::new(charter, "person_not_valid", english, dutch)
}

pub(crate) fn node_is_new(charter: &Charter, code: &HospitalCode) -> Denial {
    let english = format!("`{code}` is not a member with this node's key");
    let dutch = format!("`{code}` is geen lid met de sleutel van deze node");
    Denial::new(charter, "unknown_person", english, dutch)
}

pub(crate) fn defined_otherwise(charter: &Charter, id: &DatasetId, what: &str) -> Denial {
    let english = format!("dataset `{id}` defines `{what}` otherwise, or not at all");
    let dutch = format!("dataset `{id}` omschrijft `{what}` anders, of niet");
    Denial::new(charter, "unknown_dataset", english, dutch)
}

pub(crate) fn unknown_dataset(charter: &Charter, id: &DatasetId) -> Denial {
    let known = list(charter.datasets().map(|dataset| dataset.id.as_str()));
    let (none_en, none_nl) = ("the network has none", "het netwerk heeft er geen");
    let english = format!("there is no dataset `{id}`; {}", or(&known, "there is", none_en));
    let dutch = format!("er is geen dataset `{id}`; {}", or(&known, "er is", none_nl));
    Denial::new(charter, "unknown_dataset", english, dutch)
}

pub(crate) fn other_dataset(charter: &Charter, expected: &DatasetId, got: &DatasetId) -> Denial {
    let english = format!("the question touches dataset `{got}`, it was asked of `{expected}`");
    let dutch = format!("de vraag raakt dataset `{got}`, gevraagd is `{expected}`");
    Denial::new(charter, "other_dataset", english, dutch)
}

pub(crate) fn not_your_group(charter: &Charter, person: &Person, group: &GroupId) -> Denial {
    let own = list(person.groups.iter().map(GroupId::as_str));
    let (none_en, none_nl) = ("you belong to none", "u hoort bij geen");
    let english =
        format!("you ask for tumour group `{group}`, {}", or(&own, "you belong to", none_en));
    let dutch = format!("u vraagt voor tumorgroep `{group}`, {}", or(&own, "u hoort bij", none_nl));
    Denial::new(charter, "not_your_group", english, dutch)
}

pub(crate) fn direct_signature_required(charter: &Charter) -> Denial {
    let english =
        "this asks for the person's own signature, not that of a session: ask with `--direct`";
    let dutch = "dit vraagt de eigen handtekening, niet die van een sessie: vraag met `--direct`";
    let code = "direct_signature_required";
    Denial::new(charter, code, english.to_owned(), dutch.to_owned())
}

pub(crate) fn profile_not_supported(charter: &Charter, profile: Profile) -> Denial {
    let profile = profile.as_str();
    let english = format!("this version of kring cannot answer under `{profile}`: leave it out");
    let dutch =
        format!("deze versie van kring kan niet onder `{profile}` antwoorden: laat het weg");
    Denial::new(charter, "profile_not_supported", english, dutch)
}

pub(crate) fn profile_does_not_fit(
    charter: &Charter,
    profile: Profile,
    fitting: &[Profile],
) -> Denial {
    let (profile, known) = (profile.as_str(), list(fitting.iter().map(|one| one.as_str())));
    let english =
        format!("`{profile}` is not for this kind of question, it is asked under {known}");
    let dutch = format!("`{profile}` is niet voor dit soort vraag, die gaat onder {known}");
    Denial::new(charter, "profile_does_not_fit", english, dutch)
}

/// A question outside the explore form.
pub(crate) fn not_in_form(charter: &Charter, refusal: &ExploreRefusal) -> Denial {
    Denial::new(charter, refusal.code(), refusal.to_string(), refusal.dutch())
}

/// An indicator that is not asked.
pub(crate) fn text(charter: &Charter, fault: &TextFault) -> Denial {
    Denial::new(charter, fault.code(), fault.to_string(), fault.dutch())
}

/// An indicator that is not of its kind.
pub(crate) fn kind(charter: &Charter, fault: &KindFault) -> Denial {
    Denial::new(charter, fault.code(), fault.to_string(), fault.dutch())
}

/// What the hospital's own rules deny.
pub(crate) fn own(own: &OwnRules, outcome: &Outcome) -> Denial {
    let (code, english, dutch, rule) = match outcome {
        Outcome::Forbidden(rules) => {
            let found: Vec<&Rule> = rules.iter().filter_map(|id| own.rules().get(id)).collect();
            let english = explained(&found, "en", own::rule_name);
            let dutch = explained(&found, "nl", own::rule_name);
            (
                "forbidden",
                format!("forbidden by this hospital's own rule {english}"),
                format!("verboden door een eigen regel van dit ziekenhuis: {dutch}"),
                rules.first().cloned(),
            )
        }
        Outcome::Failed(rule) => (
            "rule_failed",
            "a rule of this hospital's own could not be evaluated, so the answer is no".to_owned(),
            "een eigen regel van dit ziekenhuis kon niet worden bepaald, dus het antwoord is nee"
                .to_owned(),
            rule.clone(),
        ),
        Outcome::Permitted(_) | Outcome::Silent => {
            ("forbidden", "not permitted here".to_owned(), "hier niet toegestaan".to_owned(), None)
        }
    };
    let rule = rule.map(|rule| own::rule_name(&rule));
    Denial { code, rule, layer: None, message: english, message_nl: dutch }
}

/// A rule that Cedar could not evaluate.
pub(crate) fn rule_failed(charter: &Charter, rule: Option<&str>) -> Denial {
    let english = "a rule could not be evaluated, so the answer is no: tell the board";
    let dutch =
        "een regel kon niet worden bepaald, dus het antwoord is nee: meld het aan het bestuur";
    let denial = Denial::new(charter, "rule_failed", english.to_owned(), dutch.to_owned());
    match rule {
        Some(rule) => denial.by(charter, rule),
        None => denial,
    }
}

/// One or more rules forbid it; the first by name is the denial's rule.
pub(crate) fn forbidden(charter: &Charter, rules: &BTreeSet<String>) -> Denial {
    let found: Vec<&Rule> = rules.iter().filter_map(|id| charter.rules().get(id)).collect();
    let english =
        format!("forbidden by rule {}", explained(&found, "en", |rule| rule_name(charter, rule)));
    let dutch =
        format!("verboden door regel {}", explained(&found, "nl", |rule| rule_name(charter, rule)));
    let denial = Denial::new(charter, "forbidden", english, dutch);
    match rules.first() {
        Some(rule) => denial.by(charter, rule),
        None => denial,
    }
}

/// No rule permits it; says what would be permitted, or else which rules could.
pub(crate) fn silent(
    charter: &Charter,
    ask: &Ask,
    action: &str,
    alternatives: &[Alternative],
) -> Denial {
    let Ask { person, purpose, dataset, group, .. } = ask;
    let near = charter.rules().permits_in_scope(person, action, dataset);
    if near.is_empty() {
        let english = format!("no rule permits `{person}` to ask dataset `{dataset}` at all");
        let dutch = format!("geen regel staat `{person}` toe dataset `{dataset}` te bevragen");
        return Denial::new(charter, "no_rule_permits", english, dutch);
    }
    let mut english = format!(
        "no rule permits `{person}` to ask this of dataset `{dataset}` {}",
        wanted("for purpose", "and tumour group", purpose, group.as_ref())
    );
    let mut dutch = format!(
        "geen regel staat `{person}` toe dit aan dataset `{dataset}` te vragen {}",
        wanted("voor doel", "en tumorgroep", purpose, group.as_ref())
    );
    if alternatives.is_empty() {
        english += &format!(
            "; under its conditions could {}",
            explained(&near, "en", |rule| rule_name(charter, rule))
        );
        dutch += &format!(
            "; onder voorwaarden kan {}",
            explained(&near, "nl", |rule| rule_name(charter, rule))
        );
    } else {
        let each = |of: &str, and: &str, or: &str| {
            let each = alternatives.iter().take(MAX_NAMES);
            let texts: Vec<String> =
                each.map(|other| wanted(of, and, &other.purpose, other.group.as_ref())).collect();
            texts.join(or)
        };
        english += &format!("; it is permitted {}", each("for purpose", "and tumour group", ", "));
        dutch += &format!("; het mag {}", each("voor doel", "en tumorgroep", ", "));
    }
    Denial::new(charter, "no_rule_permits", english, dutch)
}

/// The denial for an outcome that is no permit.
pub(crate) fn outcome(charter: &Charter, ask: &Ask, action: &str, outcome: &Outcome) -> Denial {
    match outcome {
        Outcome::Permitted(_) | Outcome::Silent => silent(charter, ask, action, &[]),
        Outcome::Forbidden(rules) => forbidden(charter, rules),
        Outcome::Failed(rule) => rule_failed(charter, rule.as_deref()),
    }
}

fn wanted(of: &str, and: &str, purpose: &Purpose, group: Option<&GroupId>) -> String {
    match group {
        Some(group) => format!("{of} `{purpose}` {and} `{group}`"),
        None => format!("{of} `{purpose}`"),
    }
}

fn explained(rules: &[&Rule], language: &str, name: impl Fn(&str) -> String) -> String {
    let mut texts = Vec::new();
    for rule in rules.iter().take(MAX_RULES) {
        let name = name(&rule.id);
        texts.push(match rule.explain.get(language) {
            Some(text) => format!("`{name}` ({text})"),
            None => format!("`{name}`"),
        });
    }
    if rules.len() > MAX_RULES {
        texts.push("..".to_owned());
    }
    texts.join(", ")
}

fn or(names: &str, before: &str, none: &str) -> String {
    if names.is_empty() { none.to_owned() } else { format!("{before} {names}") }
}

fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut named: Vec<String> =
        names.take(MAX_NAMES + 1).map(|name| format!("`{name}`")).collect();
    if named.len() > MAX_NAMES {
        named.truncate(MAX_NAMES);
        named.push("..".to_owned());
    }
    named.join(", ")
}
