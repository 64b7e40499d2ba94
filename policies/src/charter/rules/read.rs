//! Reads rule files: syntax, types, ids, annotations, names and floors; every problem at once.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, OnceLock};

use cedar_policy::{
    Policy, PolicyId, PolicySet, ResourceConstraint, Schema, ValidationMode, Validator,
};
use miette::Diagnostic;

use crate::dataset::{Dataset, DatasetStatus};
use crate::problem::{Problem, Problems, line_of};
use crate::{Purpose, capability, protections};

use super::super::model;
use super::super::parts::Parts;
use super::super::within::Place;
use super::evaluate::Compiled;
use super::names::{self, Names};
use super::words::{self, Vocabulary};
use super::{Effect, Rule, Rules, annotations, scope, size};

/// Whose rules they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::charter) enum Book {
    /// The board's: permits grant.
    Charter,
    /// A hospital's own: permits only add protections.
    Own,
}

/// What the other files declare.
#[derive(Debug)]
pub(in crate::charter) struct Known<'c> {
    /// The networks from the root to this charter's; empty where charter.toml says none.
    pub(in crate::charter) path: &'c [Place],
    pub(in crate::charter) parts: &'c Parts,
    /// Whether charters above this one declare more, and are not read here: names are not judged then.
    pub(in crate::charter) unseen: bool,
    /// Whether there is no network below it.
    pub(in crate::charter) leaf: bool,
    /// Files that have problems: their names are not judged.
    pub(in crate::charter) broken: HashSet<String>,
    pub(in crate::charter) book: Book,
}

/// What a rule's names, words and thresholds are compared with.
struct Lint<'k> {
    names: Names,
    words: Vocabulary,
    known: &'k Known<'k>,
}

/// A file's text while its rules are read.
struct File<'f> {
    problems: Problems<'f>,
    path: &'f str,
    text: &'f str,
}

/// Checks types by the schema, which is the same for every charter.
static VALIDATOR: OnceLock<Validator> = OnceLock::new();

/// Reads all rule files; `None` where Cedar did not take them, with the reason among the problems.
pub(in crate::charter) fn read(
    files: &[(&str, &str)],
    known: &Known<'_>,
    found: &mut Vec<Problem>,
) -> Option<Rules> {
    let schema = match model::schema() {
        Ok(schema) => schema,
        Err(fault) => {
            let message = format!("the built-in schema is broken: {}", fault.0);
            found.push(Problem { file: "charter.toml".to_owned(), line: None, message });
            return None;
        }
    };
    let validator = VALIDATOR.get_or_init(|| Validator::new(schema.clone()));
    let lint = Lint { names: known.names(), words: known.words(), known };
    let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
    let mut policies = PolicySet::new();
    for (path, text) in files {
        let mut file = File { problems: Problems::new(path, text), path, text };
        for (policy, rule) in file.read(validator, &lint) {
            if let Some(first) = rules.get(&rule.id) {
                let message =
                    format!("rule id `{}` is taken in {}:{}", rule.id, first.file, first.line);
                file.problems.at(start(&policy), message);
                continue;
            }
            let named = policy.new_id(PolicyId::new(&rule.id));
            if let Err(error) = policies.add(named) {
                file.problems.at(start(&policy), error.to_string());
            }
            rules.insert(rule.id.clone(), rule);
        }
        found.extend(file.problems.into_vec());
    }
    let entities = known.entities(schema, found)?;
    let compiled = size::with_stack(|| Compiled::of(&rules, &policies));
    Some(Rules {
        compiled: Arc::new(compiled),
        policies: Arc::new(policies),
        entities: Some(Arc::new(entities)),
        schema,
        rules: Arc::new(rules),
    })
}

impl Known<'_> {
    fn names(&self) -> Names {
        let mut names = Names::new();
        if self.unseen {
            return names;
        }
        let Parts { members, people, datasets, .. } = self.parts;
        if !self.path.is_empty() {
            let path = self.path.iter().map(|place| place.network.to_string());
            names.insert("Network", path.collect());
        }
        if !self.broken.contains("members.toml") {
            names.insert("Hospital", members.keys().map(ToString::to_string).collect());
        }
        if !self.broken.contains("people.toml") {
            let everybody = || people.values();
            let roles = everybody().flat_map(|person| &person.roles);
            let groups = everybody().flat_map(|person| &person.groups);
            names.insert("Person", people.keys().map(ToString::to_string).collect());
            names.insert("Role", roles.map(ToString::to_string).collect());
            names.insert("TumourGroup", groups.map(ToString::to_string).collect());
        }
        if !self.broken.iter().any(|file| file.starts_with("datasets/")) {
            names.insert("Dataset", datasets.keys().map(ToString::to_string).collect());
        }
        names
    }

    fn words(&self) -> Vocabulary {
        let Parts { people, datasets, indicators, .. } = self.parts;
        if self.unseen {
            return words::fixed();
        }
        let broken = self.broken.iter().any(|file| file.starts_with("datasets/"));
        let mut words = if broken { words::fixed() } else { words::vocabulary(datasets) };
        if !self.broken.contains("people.toml") {
            let groups = people.values().flat_map(|person| &person.groups);
            words.insert("group", groups.map(ToString::to_string).collect());
        }
        // Networks further below are for charters that are not read here.
        if self.leaf {
            words
                .insert("scope", self.path.iter().map(|place| place.network.to_string()).collect());
        }
        if !self.broken.iter().any(|file| file.starts_with("indicators/")) {
            words.extend(words::of_indicators(indicators.values()));
        }
        words
    }

    fn entities(
        &self,
        schema: &Schema,
        found: &mut Vec<Problem>,
    ) -> Option<cedar_policy::Entities> {
        // A charter without a network id is refused already.
        if self.path.is_empty() {
            return None;
        }
        match model::entities(self.path, self.parts, schema) {
            Ok(entities) => Some(entities),
            Err(fault) => {
                let message = format!("the charter does not fit the rules' model: {}", fault.0);
                found.push(Problem { file: "charter.toml".to_owned(), line: None, message });
                None
            }
        }
    }

    /// What is under a floor needs a scope of one synthetic dataset, or no dataset of people at all.
    fn under_floors(&self, rule: &Rule) -> Vec<String> {
        let real = |dataset: &Dataset| dataset.status == DatasetStatus::Real;
        let about_people = match &rule.resource {
            ResourceConstraint::Eq(one) => {
                let id: &str = one.id().unescaped();
                self.parts
                    .datasets
                    .values()
                    .any(|dataset| dataset.id.as_str() == id && real(dataset))
            }
            ResourceConstraint::Any
            | ResourceConstraint::In(_)
            | ResourceConstraint::Is(_)
            | ResourceConstraint::IsIn(_, _) => self.parts.datasets.values().any(real),
        };
        if !about_people {
            return Vec::new();
        }
        let told = |under: &String| {
            format!(
                "{under} could apply to data of people: write resource == Kring::Dataset::\"...\" with a synthetic dataset"
            )
        };
        protections::under_in_a_rule(&rule.opinions).iter().map(told).collect()
    }
}

impl File<'_> {
    fn read(&mut self, validator: &Validator, lint: &Lint<'_>) -> Vec<(Policy, Rule)> {
        let too_large = size::check(self.text);
        if !too_large.is_empty() {
            for (offset, message) in too_large {
                self.problems.at(offset, message);
            }
            return Vec::new();
        }
        size::with_stack(|| self.parse(validator, lint))
    }

    fn parse(&mut self, validator: &Validator, lint: &Lint<'_>) -> Vec<(Policy, Rule)> {
        let set: PolicySet = match self.text.parse() {
            Ok(set) => set,
            Err(errors) => {
                self.syntax(&errors);
                return Vec::new();
            }
        };
        for template in set.templates() {
            let offset = template.as_ref().loc().map_or(0, |loc| loc.start());
            self.problems.at(
                offset,
                "a rule names whom it is about: ?principal and ?resource are not supported",
            );
        }
        self.types(validator, &set);
        let mut policies: Vec<&Policy> = set.policies().collect();
        policies.sort_by_key(|policy| start(policy));
        let mut read = Vec::new();
        for policy in policies {
            if let Some(rule) = self.rule(policy, lint) {
                read.push((policy.clone(), rule));
            }
        }
        read
    }

    fn syntax(&mut self, errors: &cedar_policy::ParseErrors) {
        for error in errors.iter() {
            self.problems.at(offset(error), format!("not Cedar: {}", one_line(error)));
        }
    }

    fn types(&mut self, validator: &Validator, set: &PolicySet) {
        let result = validator.validate(set, ValidationMode::Strict);
        for error in result.validation_errors() {
            let at = place(error, set.policy(error.policy_id()));
            self.problems.at(at, one_line(error));
        }
        // A rule that has errors is also reported as one that never applies: the errors say it better.
        let broken: HashSet<&PolicyId> =
            result.validation_errors().map(|error| error.policy_id()).collect();
        for warning in result.validation_warnings() {
            if broken.contains(warning.policy_id()) {
                continue;
            }
            let at = place(warning, set.policy(warning.policy_id()));
            self.problems.at(at, one_line(warning));
        }
    }

    fn rule(&mut self, policy: &Policy, lint: &Lint<'_>) -> Option<Rule> {
        let offset = start(policy);
        let effect = match policy.effect() {
            cedar_policy::Effect::Permit => Effect::Permit,
            cedar_policy::Effect::Forbid => Effect::Forbid,
        };
        let mut messages = Vec::new();
        let annotations = annotations::read(policy, effect, &mut messages);
        messages.extend(names::unknown(policy, &lint.names));
        let compared = words::compared(policy);
        messages.extend(words::unknown(&compared, &lint.words));
        let purposes = compared
            .iter()
            .filter(|(attribute, _)| attribute == "purpose")
            .filter_map(|(_, word)| Purpose::new(word).ok());
        let rule = Rule {
            id: annotations.id.clone().unwrap_or_default(),
            effect,
            file: self.path.to_owned(),
            line: line_of(self.text, offset),
            explain: annotations.explain,
            opinions: annotations.opinions,
            purposes: purposes.collect(),
            principal: policy.principal_constraint(),
            action: policy.action_constraint(),
            resource: policy.resource_constraint(),
        };
        messages.extend(scope::problems(&rule, lint.known.book));
        messages.extend(lint.known.under_floors(&rule));
        messages.extend(capability::missing(&rule.opinions));
        for message in messages {
            self.problems.at(offset, message);
        }
        annotations.id.map(|_given| rule)
    }
}

fn start(policy: &Policy) -> usize {
    policy.as_ref().loc().map_or(0, |loc| loc.start())
}

fn offset(error: &dyn Diagnostic) -> usize {
    error.labels().and_then(|mut labels| labels.next()).map_or(0, |label| label.offset())
}

fn place(error: &dyn Diagnostic, policy: Option<&Policy>) -> usize {
    let label = error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset());
    label.or_else(|| policy.map(start)).unwrap_or(0)
}

/// Cedar's message in one line, without the number that it gives the rule.
fn one_line(error: &(impl Diagnostic + std::fmt::Display)) -> String {
    let mut text = unnumbered(&error.to_string());
    if let Some(help) = error.help() {
        text = format!("{text} ({})", unnumbered(&help.to_string()));
    }
    text.chars().take(400).collect()
}

fn unnumbered(text: &str) -> String {
    let rest = text.strip_prefix("for policy `").and_then(|rest| rest.split_once("`, "));
    let message = rest.map_or(text, |(_number, message)| message);
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
