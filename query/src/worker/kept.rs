//! Splits of a person's last texts.
//!
//! A question's text comes to a node's workers again and again: to plan, to run, to finish, and whenever a dashboard asks it
//! anew. What is kept serves one person only and is forgotten before another is served, so that nobody learns from the time
//! that an answer takes what others asked, and no text of one person lies beside the work for another. Refusals are not kept.

use std::collections::HashMap;
use std::rc::Rc;

use policies::Digest;
use policies::dataset::Dataset;

use crate::cut::{self, Split};
use crate::error::PlanError;
use crate::pipe::Networks;

/// Most texts kept: a dashboard's questions.
const MAX_TEXTS: usize = 16;
/// A longer text is not kept: it may split into something large.
const MAX_TEXT_BYTES: usize = 8 * 1024;
/// Nor is one of more cells.
const MAX_KEPT_CELLS: u64 = 5_000;

/// A split, and whether what stands above its cuts was seen to run.
#[derive(Clone)]
pub(super) struct Text {
    /// The split.
    pub(super) split: Rc<Split>,
    /// Whether it was finished over no hospitals.
    pub(super) runs: bool,
}

/// What a split depends on.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    /// The dictionary.
    pub(super) dataset: &'a Dataset,
    /// The networks that the text may name.
    pub(super) networks: &'a Networks,
    /// The text.
    pub(super) sql: &'a str,
}

/// Digests of the dictionary, of the networks and of the text.
type Key = [Digest; 3];

impl Question<'_> {
    fn key(&self) -> Key {
        let mut networks = String::new();
        for (network, hospitals) in self.networks {
            networks.push_str(network.as_str());
            for hospital in hospitals {
                networks.push(' ');
                networks.push_str(hospital.as_str());
            }
            networks.push('\n');
        }
        let of = |text: &str| Digest::of(text.as_bytes());
        [self.dataset.digest, of(&networks), of(self.sql)]
    }
}

/// The texts of one person.
#[derive(Default)]
pub(super) struct Kept {
    whom: Option<Digest>,
    texts: HashMap<Key, Text>,
}

impl Kept {
    /// The split of a person's text, or nobody's; whatever is kept of another person is forgotten first.
    pub(super) fn split(
        &mut self,
        whom: Option<Digest>,
        question: &Question<'_>,
    ) -> Result<Text, PlanError> {
        if self.whom != whom {
            *self = Self { whom, texts: HashMap::new() };
        }
        let Question { dataset, networks, sql } = *question;
        let key = question.key();
        if let Some(text) = self.texts.get(&key) {
            return Ok(text.clone());
        }
        let text = Text { split: Rc::new(cut::split(dataset, networks, sql)?), runs: false };
        let cells = text.split.fragments.iter().map(|fragment| fragment.cells);
        let cells = cells.fold(0, u64::saturating_add);
        if whom.is_some() && sql.len() <= MAX_TEXT_BYTES && cells <= MAX_KEPT_CELLS {
            if self.texts.len() >= MAX_TEXTS {
                self.texts.clear();
            }
            self.texts.insert(key, text.clone());
        }
        Ok(text)
    }

    /// Notes that what stands above the cuts of a text runs.
    pub(super) fn runs(&mut self, question: &Question<'_>) {
        if let Some(text) = self.texts.get_mut(&question.key()) {
            text.runs = true;
        }
    }
}

#[cfg(test)]
mod tests;
