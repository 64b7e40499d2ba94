//! A rule's text in one form, so that two rules can be compared whatever their spacing; and what rules name.
//!
//! Cedar prints scope and conditions itself, so comments and line ends make no difference. Annotations are compared as what
//! they mean, elsewhere.

use std::collections::BTreeSet;

use cedar_policy::{Policy, PolicyId};
use serde_json::{Value, json};

use crate::PersonId;

use super::{Rules, words};

/// What a rule is about and when, as Cedar prints it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleText {
    /// Who, under which action, about what.
    pub scope: String,
    /// `when` and `unless`; empty where there are none.
    pub conditions: String,
}

/// What rules tell apart, so that one may not stand for another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mentions {
    /// People who are named.
    pub(crate) people: BTreeSet<PersonId>,
    /// Columns that are named, as `table.column`.
    pub(crate) columns: BTreeSet<String>,
    /// Attributes of the context that are looked at.
    pub(crate) attributes: BTreeSet<String>,
}

impl Rules {
    /// The rule's text; empty for an unknown id.
    #[must_use]
    pub fn text(&self, id: &str) -> RuleText {
        let policy = self.policies.policy(&PolicyId::new(id));
        policy.and_then(printed).unwrap_or_default()
    }

    /// What all rules together name.
    pub(crate) fn mentions(&self) -> Mentions {
        let mut found = Mentions::default();
        for policy in self.policies.policies() {
            let people = policy.entity_literals().into_iter();
            let people = people.filter(|uid| uid.type_name().basename() == "Person");
            found.people.extend(people.filter_map(|uid| PersonId::new(uid.id().unescaped()).ok()));
            for (attribute, word) in words::compared(policy) {
                if attribute == "columns" || attribute == "uses" {
                    let column = word.split_once(':').map_or(word.as_str(), |(column, _)| column);
                    found.columns.insert(column.to_owned());
                }
            }
            if let Ok(json) = policy.to_json() {
                attributes(&json, &mut found.attributes);
            }
        }
        found
    }
}

/// Scope and conditions of a policy, each without the other.
fn printed(policy: &Policy) -> Option<RuleText> {
    let mut json = policy.to_json().ok()?;
    let fields = json.as_object_mut()?;
    fields.insert("annotations".to_owned(), json!({}));
    let whole = text_of(Value::Object(fields.clone()))?;
    fields.insert("conditions".to_owned(), json!([]));
    let scope = text_of(json)?;
    let scope = scope.trim_end_matches(';').trim_end();
    let conditions = whole.strip_prefix(scope)?.trim().trim_end_matches(';').trim_end();
    Some(RuleText { scope: scope.to_owned(), conditions: conditions.to_owned() })
}

/// The text on one line; no literal spans several.
fn text_of(json: Value) -> Option<String> {
    let policy = Policy::from_json(None, json).ok()?;
    let text = policy.to_string();
    Some(text.lines().map(str::trim).collect::<Vec<_>>().join(" "))
}

/// Collects the attributes that are read of `context`, or asked for with `has`.
fn attributes(json: &Value, found: &mut BTreeSet<String>) {
    match json {
        Value::Object(fields) => {
            let context = fields.get("left").and_then(|left| left.get("Var")?.as_str());
            if let (Some("context"), Some(attribute)) =
                (context, fields.get("attr").and_then(Value::as_str))
            {
                found.insert(attribute.to_owned());
            }
            fields.values().for_each(|value| attributes(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| attributes(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
