//! Words in a rule's conditions: a column, use, class or tumour group that does not exist.
//!
//! The schema says that `context.uses` holds words, not which ones. A `forbid` on `patient.agee:group` would forbid
//! nothing, in silence, so every word that is compared with a context attribute of a known vocabulary is looked up.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::Policy;
use serde_json::Value;

use crate::dataset::{Class, Dataset, Use};
use crate::indicator::Indicator;
use crate::{DatasetId, Purpose, VariantName};

/// The words of each context attribute; an attribute that is absent is not judged.
pub(super) type Vocabulary = BTreeMap<&'static str, BTreeSet<String>>;

const USES: [Use; 6] =
    [Use::Join, Use::CountDistinct, Use::Group, Use::Filter, Use::CountValues, Use::Aggregate];
/// A hidden column has no use, so rules cannot meet it.
const CLASSES: [Class; 5] =
    [Class::Key, Class::Category, Class::Flag, Class::Measure, Class::Quasi];

/// The words that the datasets give.
pub(super) fn vocabulary(datasets: &BTreeMap<DatasetId, Dataset>) -> Vocabulary {
    let mut tables = BTreeSet::new();
    let mut columns = BTreeSet::new();
    let mut uses = BTreeSet::new();
    for table in datasets.values().flat_map(|dataset| dataset.tables.values()) {
        tables.insert(table.name.to_string());
        for column in &table.columns {
            let name = format!("{}.{}", table.name, column.name);
            for usage in USES {
                if column.class.allows(usage) {
                    uses.insert(format!("{name}:{}", usage.as_str()));
                }
            }
            columns.insert(name);
        }
    }
    let mut words = Vocabulary::from([("tables", tables), ("columns", columns), ("uses", uses)]);
    words.extend(fixed());
    words
}

/// The words that hold for every dataset.
pub(super) fn fixed() -> Vocabulary {
    let class_uses = CLASSES.into_iter().flat_map(|class| {
        let allowed = USES.into_iter().filter(move |usage| class.allows(*usage));
        allowed.map(move |usage| format!("{}:{}", class.as_str(), usage.as_str()))
    });
    let classes = CLASSES.into_iter().map(|class| class.as_str().to_owned());
    Vocabulary::from([("classes", classes.collect()), ("class_uses", class_uses.collect())])
}

/// The words that the indicators give.
pub(super) fn of_indicators<'i>(indicators: impl Iterator<Item = &'i Indicator>) -> Vocabulary {
    let mut words = Vocabulary::from([
        ("indicator", BTreeSet::new()),
        ("by", BTreeSet::new()),
        ("window", BTreeSet::new()),
    ]);
    for indicator in indicators {
        let variants = |names: &[VariantName]| names.iter().map(ToString::to_string).collect();
        let of_one: [(&'static str, Vec<String>); 3] = [
            ("indicator", vec![indicator.id.to_string()]),
            ("by", variants(&indicator.by)),
            ("window", variants(&indicator.window)),
        ];
        for (attribute, names) in of_one {
            words.entry(attribute).or_default().extend(names);
        }
    }
    words
}

/// The words that a rule's conditions compare context attributes with, as (attribute, word).
pub(super) fn compared(policy: &Policy) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    if let Ok(json) = policy.to_json() {
        walk(&json, &mut found);
    }
    found
}

/// Every word of the rule's conditions that no question can have.
pub(super) fn unknown(
    compared: &BTreeSet<(String, String)>,
    vocabulary: &Vocabulary,
) -> Vec<String> {
    let mut problems = Vec::new();
    for (attribute, word) in compared {
        let known = match vocabulary.get(attribute.as_str()) {
            Some(words) => words.contains(word),
            None if attribute == "purpose" => Purpose::new(word).is_ok(),
            None => true,
        };
        if !known {
            let word: String = word.chars().take(80).collect();
            problems.push(format!("no question has `{word}` in context.{attribute}"));
        }
    }
    problems
}

/// Collects (attribute, word) wherever an operator compares `context.attribute` with literal words.
fn walk(json: &Value, found: &mut BTreeSet<(String, String)>) {
    match json {
        Value::Object(fields) => {
            if let (Some(left), Some(right)) = (fields.get("left"), fields.get("right")) {
                for (one, other) in [(left, right), (right, left)] {
                    if let Some(attribute) = context_attribute(one) {
                        words(other, &attribute, found);
                    }
                }
            }
            fields.values().for_each(|value| walk(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn context_attribute(json: &Value) -> Option<String> {
    let access = json.get(".")?;
    let of_context = access.get("left")?.get("Var")?.as_str() == Some("context");
    let attribute = access.get("attr")?.as_str()?;
    of_context.then(|| attribute.to_owned())
}

fn words(json: &Value, attribute: &str, found: &mut BTreeSet<(String, String)>) {
    if let Some(word) = json.get("Value").and_then(Value::as_str) {
        found.insert((attribute.to_owned(), word.to_owned()));
    }
    for item in json.get("Set").and_then(Value::as_array).into_iter().flatten() {
        words(item, attribute, found);
    }
}
