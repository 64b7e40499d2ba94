//! `rules/*.cedar`: who may ask what, decided by Cedar over a strictly validated model.
//!
//! Everything is denied unless a `permit` allows it and no `forbid` matches. Cedar skips a rule whose condition fails
//! to evaluate, so here any such failure denies. A rule is known by its `@id`; its other annotations are protections
//! and explanations. Templates are refused: a rule reads the same wherever it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy::{
    ActionConstraint, Entities, EntityUid, PolicySet, PrincipalConstraint, ResourceConstraint,
    Schema,
};

use crate::protections::Opinions;
use crate::{DatasetId, PersonId, Purpose};

use super::model;
pub(crate) use super::model::{Field, Posed};

mod annotations;
mod conditions;
mod evaluate;
mod names;
mod read;
mod scope;
mod size;
#[cfg(test)]
mod tests;
mod texts;
mod words;

pub(super) use read::{Book, Known, read};
pub use size::MAX_RULE_BYTES;
pub(crate) use size::with_stack;
pub use texts::RuleText;

/// The action that is decided before any SQL is read.
pub(crate) const ENTER: &str = "enter";

/// Whether a rule permits or forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It allows, where no rule forbids.
    Permit,
    /// It denies, whatever is permitted.
    Forbid,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its `@id`.
    pub id: String,
    /// Whether it permits or forbids.
    pub effect: Effect,
    /// The file it stands in.
    pub file: String,
    /// The line, from 1, where it begins.
    pub line: usize,
    /// `@explain_nl` and `@explain_en`.
    pub explain: BTreeMap<String, String>,
    /// Its protections.
    pub opinions: Opinions,
    /// Purposes that its conditions name.
    pub purposes: BTreeSet<Purpose>,
    principal: PrincipalConstraint,
    action: ActionConstraint,
    resource: ResourceConstraint,
}

impl Rule {
    /// Whether its scope names this action; a rule for any action names every one.
    fn names(&self, action: &EntityUid) -> bool {
        names_action(&self.action, action)
    }
}

/// Whether a scope names this action.
fn names_action(scope: &ActionConstraint, action: &EntityUid) -> bool {
    match scope {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(one) => one == action,
        ActionConstraint::In(several) => several.contains(action),
    }
}

/// What the rules say to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Permitted by these rules.
    Permitted(BTreeSet<String>),
    /// Forbidden by these rules.
    Forbidden(BTreeSet<String>),
    /// No rule permits it.
    Silent,
    /// A rule could not be evaluated.
    Failed(Option<String>),
}

/// A charter's rules, compiled.
#[derive(Clone, Debug)]
pub struct Rules {
    policies: Arc<PolicySet>,
    compiled: Arc<evaluate::Compiled>,
    /// Whom and what they are about; where that is unknown, nothing can be evaluated.
    entities: Option<Arc<Entities>>,
    schema: &'static Schema,
    rules: Arc<BTreeMap<String, Rule>>,
}

impl Rules {
    /// The same rules about other people and data.
    pub(super) fn over(&self, entities: Option<Arc<Entities>>) -> Self {
        Self { entities, ..self.clone() }
    }

    /// Whom and what they are about.
    pub(super) fn entities(&self) -> Option<Arc<Entities>> {
        self.entities.clone()
    }

    /// Every rule, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values()
    }

    /// The rule of this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.get(id)
    }

    /// What these rules ask for, strictest first.
    pub(crate) fn opinions(&self, ids: &BTreeSet<String>) -> Opinions {
        let rules = ids.iter().filter_map(|id| self.rules.get(id));
        rules.fold(Opinions::default(), |joined, rule| joined.join(rule.opinions))
    }

    /// Whether any permit names this action: then entering needs one.
    pub(crate) fn has_permit_for(&self, action: &str) -> bool {
        model::uid("Action", action).is_ok_and(|action| {
            self.rules.values().any(|rule| rule.effect == Effect::Permit && rule.names(&action))
        })
    }

    /// Whether any permit names this action and may be about this dataset: then the layer must permit.
    pub(crate) fn has_permit_about(&self, action: &str, dataset: &DatasetId) -> bool {
        let uids = (model::uid("Action", action), model::uid("Dataset", dataset.as_str()));
        let (Ok(action), Ok(dataset)) = uids else { return true };
        let permits = self.rules.values().filter(|rule| rule.effect == Effect::Permit);
        permits
            .filter(|rule| rule.names(&action))
            .any(|rule| self.fits_resource(&rule.resource, &dataset))
    }

    /// Permits of this action whose scope fits person and dataset, whatever their conditions say.
    pub(crate) fn permits_in_scope(
        &self,
        person: &PersonId,
        action: &str,
        dataset: &DatasetId,
    ) -> Vec<&Rule> {
        let uids = (
            model::uid("Person", person.as_str()),
            model::uid("Action", action),
            model::uid("Dataset", dataset.as_str()),
        );
        let (Ok(person), Ok(action), Ok(dataset)) = uids else {
            return Vec::new();
        };
        self.rules
            .values()
            .filter(|rule| rule.effect == Effect::Permit && rule.names(&action))
            .filter(|rule| self.fits(&rule.principal, &person))
            .filter(|rule| self.fits_resource(&rule.resource, &dataset))
            .collect()
    }

    fn fits(&self, scope: &PrincipalConstraint, person: &EntityUid) -> bool {
        match scope {
            PrincipalConstraint::Any => true,
            PrincipalConstraint::Is(kind) => kind == person.type_name(),
            PrincipalConstraint::Eq(one) => one == person,
            PrincipalConstraint::In(group) => self.within(person, group),
            PrincipalConstraint::IsIn(kind, group) => {
                kind == person.type_name() && self.within(person, group)
            }
        }
    }

    fn fits_resource(&self, scope: &ResourceConstraint, dataset: &EntityUid) -> bool {
        match scope {
            ResourceConstraint::Any => true,
            ResourceConstraint::Is(kind) => kind == dataset.type_name(),
            ResourceConstraint::Eq(one) => one == dataset,
            ResourceConstraint::In(group) => self.within(dataset, group),
            ResourceConstraint::IsIn(kind, group) => {
                kind == dataset.type_name() && self.within(dataset, group)
            }
        }
    }

    fn within(&self, entity: &EntityUid, group: &EntityUid) -> bool {
        let entities = self.entities.as_ref();
        entity == group || entities.is_some_and(|known| known.is_ancestor_of(group, entity))
    }
}
