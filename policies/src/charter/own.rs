//! The hospital's own rules: one file of the hospital's, read against the charter that it follows.
//!
//! A `forbid` forbids here, whatever the charter permits. A `permit` grants nothing: where it matches, its annotations join
//! the charter's, and what only the hospital can agree to (`@parts("members")`, `@own("exact")`) holds only if it stands
//! here. Nothing in the file makes an answer less protected than the charter does.

use crate::Digest;
use crate::problem::Problem;
use crate::protections::Opinions;

use super::rules::{self, Book, Known, Outcome, Posed, Rules};
use super::{Beside, Charter, Layer};
use crate::wire::LayerRef;

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
    /// The layers above the network that is asked in, the root first: each must not forbid, and permit where it permits such
    /// questions at all.
    pub above: &'b [Layer],
    /// The layers below it that bind the hospital, which must do the same.
    pub below: &'b [Layer],
    /// The hospital's own rules, where it has any.
    pub own: Option<&'b OwnRules>,
}

impl<'b> From<&'b Charter> for Books<'b> {
    /// A charter with those above it that are read with it, each in its newest version, and nothing of a hospital's own.
    fn from(charter: &'b Charter) -> Self {
        Self { charter, besides: &[], above: charter.above(), below: &[], own: None }
    }
}

impl<'b> Books<'b> {
    /// The other layers.
    pub(crate) fn others(self) -> impl Iterator<Item = &'b Layer> {
        self.above.iter().chain(self.below)
    }

    /// Whether no other layer has a say.
    pub(crate) fn is_alone(self) -> bool {
        self.above.is_empty() && self.below.is_empty()
    }

    /// What names every version that has a say: the network's, older ones of it, then those of the other layers.
    #[must_use]
    pub fn layers(self) -> Vec<LayerRef> {
        let older = |besides: &'b [Beside]| besides.iter().map(|beside| &*beside.charter);
        let others = self
            .others()
            .flat_map(|layer| std::iter::once(&*layer.charter).chain(older(&layer.besides)));
        let own = std::iter::once(self.charter).chain(older(self.besides));
        own.chain(others).filter_map(Charter::layer).collect()
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
            path: &self.path,
            parts: &self.parts,
            unseen: false,
            leaf: false,
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

    /// What they say to a question in the network of this charter.
    pub(crate) fn say(&self, charter: &Charter, posed: &Posed) -> OwnSay {
        let rules = self.rules.over(charter.rules.entities());
        match rules.evaluate(posed) {
            Outcome::Permitted(ids) => {
                let opinions = rules.opinions(&ids);
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
