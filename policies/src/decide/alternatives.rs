//! For which other purpose or tumour group would the same footprint be permitted to the same person?
//!
//! A hint in a denial; it decides nothing. Every candidate is evaluated by the charter's rules like a question; the hospital's
//! own rules are not, so one of them may still refuse what is told here.

use std::collections::BTreeSet;

use crate::ask::Ask;
use crate::charter::Charter;
use crate::charter::rules::Outcome;
use crate::dataset::Dataset;
use crate::denial::reasons::Alternative;
use crate::footprint::FootprintDraft;
use crate::{GroupId, Profile, Purpose};

/// Most candidates that are evaluated: a refusal stays cheap.
const MAX_CANDIDATES: usize = 32;

/// The purposes that the permits in scope name, with and without the person's groups; no group where none is needed.
pub(super) fn find(
    charter: &Charter,
    ask: &Ask,
    profile: Profile,
    draft: &FootprintDraft,
    dataset: &Dataset,
) -> Vec<Alternative> {
    let rules = charter.rules();
    let near = rules.permits_in_scope(&ask.person, profile.as_str(), &dataset.id);
    let mut purposes: BTreeSet<&Purpose> = near.iter().flat_map(|rule| &rule.purposes).collect();
    purposes.insert(&ask.purpose);
    let groups: Vec<Option<&GroupId>> = match charter.person(&ask.person) {
        Some(person) => std::iter::once(None).chain(person.groups.iter().map(Some)).collect(),
        None => vec![None],
    };
    let candidates =
        purposes.into_iter().flat_map(|purpose| groups.iter().map(move |group| (purpose, *group)));
    let mut found: Vec<Alternative> = Vec::new();
    for (purpose, group) in candidates.take(MAX_CANDIDATES) {
        let needless = |known: &Alternative| known.group.is_none() && known.purpose == *purpose;
        if found.iter().any(needless) {
            continue;
        }
        let other = Ask { purpose: purpose.clone(), group: group.cloned(), ..ask.clone() };
        let outcome = rules.evaluate(&other.posed(profile, draft, dataset));
        if let Outcome::Permitted(_) = outcome {
            found.push(Alternative { purpose: other.purpose, group: other.group });
        }
    }
    found
}
