//! The hospital's own rules: one file of the hospital's, read against the charter that it follows.
//!
//! A `forbid` forbids here, whatever the charter permits. A `permit` grants nothing: where it matches, its annotations join
//! the charter's, and what only the hospital can agree to (`@parts("members")`, `@own("exact")`) holds only if it stands
//! here. Nothing in the file makes an answer less protected than the charter does.

use std::collections::BTreeMap;

use crate::problem::Problem;
use crate::protections::Opinions;
use crate::{DatasetId, Digest, PersonId};

use super::rules::{self, Book, Field, Known, Outcome, Rules};
use super::{Beside, Charter};

/// What a hospital adds, compiled.
#[derive(Debug)]
pub struct OwnRules {
    rules: Rules,
    digest: Digest,
}

/// Everything that a responder decides by.
#[derive(Clone, Copy, Debug)]
pub struct Books<'b> {
    /// The charter: the newest version that has begun.
    pub charter: &'b Charter,
    /// Older versions that still hold beside it: they must allow a question too.
    pub besides: &'b [Beside],
    /// The hospital's own rules, where it has any.
    pub own: Option<&'b OwnRules>,
}

impl<'b> From<&'b Charter> for Books<'b> {
    /// A charter alone: an asking node's view of others, and a hospital without rules of its own.
    fn from(charter: &'b Charter) -> Self {
        Self { charter, besides: &[], own: None }
    }
}

/// What a hospital's own rules say to a question.
#[derive(Debug)]
pub(crate) enum OwnSay {
    /// It may be answered, with what these rules ask for.
    Adds { rules: Vec<String>, opinions: Opinions },
    /// They forbid it, or cannot be evaluated.
    Denies(Outcome),
}

impl Charter {
    /// Reads a hospital's own rules: Cedar like the charter's, about the charter's people, datasets and indicators.
    ///
    /// # Errors
    /// Every problem, with `file` as the name of the file.
    pub fn own_rules(&self, file: &str, text: &str) -> Result<OwnRules, Vec<Problem>> {
        let known = Known {
            network: Some(self.network()),
            members: &self.members,
            people: &self.people,
            datasets: &self.datasets,
            indicators: &self.indicators,
            broken: std::collections::HashSet::new(),
            book: Book::Own,
        };
        let mut found = Vec::new();
        let rules = rules::read(&[(file, text)], &known, &mut found);
        found.sort();
        match rules {
            Some(rules) if found.is_empty() => {
                Ok(OwnRules { rules, digest: Digest::of(text.as_bytes()) })
            }
            Some(_) | None => Err(found),
        }
    }
}

impl OwnRules {
    /// SHA-256 of the file's exact bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    pub(crate) fn say(
        &self,
        person: &PersonId,
        action: &str,
        dataset: &DatasetId,
        context: BTreeMap<&'static str, Field>,
    ) -> OwnSay {
        match self.rules.evaluate(person, action, dataset, context) {
            Outcome::Permitted(ids) => {
                let opinions = self.rules.opinions(&ids);
                OwnSay::Adds { rules: ids.iter().map(|id| rule_name(id)).collect(), opinions }
            }
            Outcome::Silent => OwnSay::Adds { rules: Vec::new(), opinions: Opinions::default() },
            denied @ (Outcome::Forbidden(_) | Outcome::Failed(_)) => OwnSay::Denies(denied),
        }
    }
}

/// A rule's name outside the file: `own/rule`.
pub(crate) fn rule_name(rule: &str) -> String {
    format!("own/{rule}")
}
