//! One question to all rules of a charter: those whose scope fits, and of these the ones whose conditions hold.
//!
//! Scopes and conditions that several rules have are looked at once. What comes out is what Cedar's authorizer says to all
//! rules together, but for one thing that is stricter: it skips a rule that cannot be evaluated, and here that denies.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{
    ActionConstraint, Authorizer, Decision, Entities, EntityUid, PolicyId, PolicySet,
    PrincipalConstraint, Request, ResourceConstraint,
};

use super::conditions::{Asked, Condition, Parts, Truth};
use super::{Effect, Outcome, Posed, Rule, Rules, size};

/// Rules as they are evaluated.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    parts: Parts,
    people: Vec<PrincipalConstraint>,
    actions: Vec<ActionConstraint>,
    data: Vec<ResourceConstraint>,
    rules: Vec<One>,
}

/// One rule; its scope by the places of its constraints.
#[derive(Debug)]
struct One {
    id: String,
    effect: Effect,
    person: usize,
    action: usize,
    dataset: usize,
    /// None of a rule that Cedar evaluates whole.
    condition: Option<Condition>,
}

/// What rules say one by one.
#[derive(Default)]
struct Said<'r> {
    permits: BTreeSet<&'r str>,
    forbids: BTreeSet<&'r str>,
    failed: Option<&'r str>,
    /// Those that Cedar evaluates whole.
    whole: Vec<&'r str>,
}

impl Compiled {
    /// Takes the rules apart.
    pub(super) fn of(rules: &BTreeMap<String, Rule>, policies: &PolicySet) -> Self {
        let mut compiled = Self::default();
        for rule in rules.values() {
            let policy = policies.policy(&PolicyId::new(&rule.id));
            let condition = policy.and_then(|policy| compiled.parts.take(policy));
            let one = One {
                id: rule.id.clone(),
                effect: rule.effect,
                person: place(&mut compiled.people, &rule.principal),
                action: place(&mut compiled.actions, &rule.action),
                dataset: place(&mut compiled.data, &rule.resource),
                condition,
            };
            compiled.rules.push(one);
        }
        compiled
    }

    /// The rules whose scope fits.
    fn fitting<'c>(
        &'c self,
        rules: &Rules,
        (person, action, dataset): (&EntityUid, &EntityUid, &EntityUid),
    ) -> Vec<&'c One> {
        let people = self.people.iter().map(|scope| rules.fits(scope, person));
        let people: Vec<bool> = people.collect();
        let actions = self.actions.iter().map(|scope| super::names_action(scope, action));
        let actions: Vec<bool> = actions.collect();
        let data = self.data.iter().map(|scope| rules.fits_resource(scope, dataset));
        let data: Vec<bool> = data.collect();
        let yes = |found: &[bool], place: usize| found.get(place).copied().unwrap_or(true);
        let fits = |rule: &&One| {
            yes(&actions, rule.action) && yes(&people, rule.person) && yes(&data, rule.dataset)
        };
        self.rules.iter().filter(fits).collect()
    }

    /// The same rules, with these evaluated whole by Cedar.
    #[cfg(test)]
    pub(super) fn with_whole(mut self, whole: impl Fn(usize) -> bool) -> Self {
        for (place, rule) in self.rules.iter_mut().enumerate() {
            if whole(place) {
                rule.condition = None;
            }
        }
        self
    }

    /// The parts.
    #[cfg(test)]
    pub(super) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The rules whose scope fits, with their conditions.
    #[cfg(test)]
    pub(super) fn fitting_now<'c>(
        &'c self,
        rules: &Rules,
        posed: &Posed,
    ) -> Vec<(&'c str, Effect, &'c Condition)> {
        let fitting = self.fitting(rules, posed.uids().unwrap()).into_iter();
        fitting.map(|one| (&*one.id, one.effect, one.condition.as_ref().unwrap())).collect()
    }

    /// How many rules are taken apart, and how many distinct parts they have.
    #[cfg(test)]
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.rules.iter().filter(|rule| rule.condition.is_some()).count(), self.parts.len())
    }
}

/// Where a constraint stands among the distinct ones.
fn place<C: Clone + PartialEq>(known: &mut Vec<C>, constraint: &C) -> usize {
    if let Some(place) = known.iter().position(|one| one == constraint) {
        return place;
    }
    known.push(constraint.clone());
    known.len().saturating_sub(1)
}

impl Rules {
    /// Decides one question.
    pub(crate) fn evaluate(&self, posed: &Posed) -> Outcome {
        let (Some(entities), Some(uids)) = (&self.entities, posed.uids()) else {
            return Outcome::Failed(None);
        };
        let fitting = self.compiled.fitting(self, uids);
        if fitting.is_empty() {
            return Outcome::Silent;
        }
        let Some(request) = posed.request(self.schema) else { return Outcome::Failed(None) };
        size::with_stack(|| self.say(&fitting, request, entities))
    }

    /// What the rules say whose scope fits.
    fn say(&self, fitting: &[&One], request: &Request, entities: &Entities) -> Outcome {
        let mut asked = Asked::new(&self.compiled.parts, request, entities);
        let mut said = Said::default();
        for rule in fitting {
            let Some(condition) = &rule.condition else {
                said.whole.push(&rule.id);
                continue;
            };
            match (asked.truth(condition), rule.effect) {
                (Truth::Holds, Effect::Permit) => drop(said.permits.insert(&rule.id)),
                (Truth::Holds, Effect::Forbid) => drop(said.forbids.insert(&rule.id)),
                (Truth::Not, Effect::Permit | Effect::Forbid) => {}
                (Truth::Fails, Effect::Permit | Effect::Forbid) => {
                    said.failed = said.failed.or(Some(&rule.id));
                }
            }
        }
        let owned = |ids: BTreeSet<&str>| ids.into_iter().map(str::to_owned).collect();
        let Said { permits, forbids, failed, whole } = said;
        if let Some(id) = failed {
            return Outcome::Failed(Some(id.to_owned()));
        }
        let outcome = if !forbids.is_empty() {
            Outcome::Forbidden(owned(forbids))
        } else if !permits.is_empty() {
            Outcome::Permitted(owned(permits))
        } else {
            Outcome::Silent
        };
        if whole.is_empty() {
            return outcome;
        }
        let mut set = PolicySet::new();
        for id in whole {
            let policy = self.policies.policy(&PolicyId::new(id)).cloned();
            if policy.is_none_or(|policy| set.add(policy).is_err()) {
                return Outcome::Failed(Some(id.to_owned()));
            }
        }
        outcome.and(judge(request, &set, entities))
    }
}

impl Outcome {
    /// What two sets of rules say together.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (failed @ Self::Failed(_), _) | (_, failed @ Self::Failed(_)) => failed,
            (Self::Forbidden(mut ids), Self::Forbidden(more)) => {
                ids.extend(more);
                Self::Forbidden(ids)
            }
            (forbidden @ Self::Forbidden(_), Self::Permitted(_) | Self::Silent)
            | (Self::Permitted(_) | Self::Silent, forbidden @ Self::Forbidden(_)) => forbidden,
            (Self::Permitted(mut ids), Self::Permitted(more)) => {
                ids.extend(more);
                Self::Permitted(ids)
            }
            (permitted @ Self::Permitted(_), Self::Silent)
            | (Self::Silent, permitted @ Self::Permitted(_)) => permitted,
            (Self::Silent, Self::Silent) => Self::Silent,
        }
    }
}

/// What Cedar says of these policies to a request.
pub(super) fn judge(request: &Request, policies: &PolicySet, entities: &Entities) -> Outcome {
    let decide = || Authorizer::new().is_authorized(request, policies, entities);
    let response = size::with_stack(decide);
    let diagnostics = response.diagnostics();
    // Cedar skips what it cannot evaluate, a forbid too: that must not open anything.
    if let Some(error) = diagnostics.errors().next() {
        let cedar_policy::AuthorizationError::PolicyEvaluationError(error) = error;
        return Outcome::Failed(Some(error.policy_id().to_string()));
    }
    let reasons: BTreeSet<String> = diagnostics.reason().map(ToString::to_string).collect();
    match response.decision() {
        Decision::Allow => Outcome::Permitted(reasons),
        Decision::Deny if reasons.is_empty() => Outcome::Silent,
        Decision::Deny => Outcome::Forbidden(reasons),
    }
}
