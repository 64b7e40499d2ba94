//! Names in rules: a person, hospital, role, tumour group, dataset or network that nobody declared.
//!
//! The schema knows types, not names. A `forbid` with a misspelt name would forbid nothing, in silence.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::Policy;

/// The names of each entity type; a type that is absent could not be read and is not judged.
pub(super) type Names = BTreeMap<&'static str, BTreeSet<String>>;

/// Every name of the rule that nobody declared.
pub(super) fn unknown(policy: &Policy, names: &Names) -> Vec<String> {
    let mut problems = BTreeSet::new();
    for uid in policy.entity_literals() {
        let id: &str = uid.id().unescaped();
        let Some((kind, declared)) = names.get_key_value(uid.type_name().basename()) else {
            continue;
        };
        if !declared.contains(id) {
            let place = match *kind {
                "Network" => "is not the network of charter.toml, nor one above it",
                "Hospital" => "is not in members.toml",
                "Person" => "is not in people.toml",
                "Dataset" => "is not in datasets/",
                _ => "is held by nobody in people.toml",
            };
            let got: String = id.chars().take(80).collect();
            problems.insert(format!("{kind} `{got}` {place}"));
        }
    }
    problems.into_iter().collect()
}
