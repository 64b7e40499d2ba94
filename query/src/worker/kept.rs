//! Splits of a person's last texts.
//!
//! A question's text comes to a node's workers again and again: to plan, to run, to finish, and whenever a dashboard asks it
//! anew. What is kept serves one person only and is forgotten before another is served, so that nobody learns from the time
//! that an answer takes what others asked, and no text of one person lies beside the work for another. Refusals are not kept.
//!
//! A worker that only runs questions keeps their cuts: what is said of a text was said where it was planned.

use std::collections::HashMap;
use std::rc::Rc;

use policies::Digest;
use policies::dataset::Dataset;

use crate::cut::{self, Fragment, Split};
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

/// The texts of one person.
#[derive(Default)]
pub(super) struct Kept {
    whom: Option<Digest>,
    networks: Networks,
    texts: HashMap<(Digest, Digest), Text>,
    /// The cuts of texts that were only run.
    cuts: HashMap<(Digest, Digest), Rc<[Fragment]>>,
}

impl Kept {
    /// The split of a person's text, or nobody's; whatever is kept of another person, or for other networks, is forgotten first.
    pub(super) fn split(
        &mut self,
        whom: Option<Digest>,
        (dataset, networks): (&Dataset, &Networks),
        sql: &str,
    ) -> Result<Text, PlanError> {
        self.serve(whom, networks);
        let key = key(dataset, sql);
        if let Some(text) = self.texts.get(&key) {
            return Ok(text.clone());
        }
        let text = Text { split: Rc::new(cut::split(dataset, networks, sql)?), runs: false };
        if self.is_kept(sql, &text.split.fragments) {
            keep(&mut self.texts, key, text.clone());
        }
        Ok(text)
    }

    /// The cuts of a text, under the same conditions.
    pub(super) fn fragments(
        &mut self,
        whom: Option<Digest>,
        (dataset, networks): (&Dataset, &Networks),
        sql: &str,
    ) -> Result<Rc<[Fragment]>, PlanError> {
        self.serve(whom, networks);
        let key = key(dataset, sql);
        let known = self.texts.get(&key).map(|text| &text.split.fragments);
        if let Some(fragments) = known.or_else(|| self.cuts.get(&key)) {
            return Ok(Rc::clone(fragments));
        }
        let fragments = cut::fragments(dataset, networks, sql)?;
        if self.is_kept(sql, &fragments) {
            keep(&mut self.cuts, key, Rc::clone(&fragments));
        }
        Ok(fragments)
    }

    /// Forgets what is kept of another person, or for other networks.
    fn serve(&mut self, whom: Option<Digest>, networks: &Networks) {
        if self.whom != whom || self.networks != *networks {
            *self = Self { whom, networks: networks.clone(), ..Self::default() };
        }
    }

    /// Whether a text is kept: a person's, and not large.
    fn is_kept(&self, sql: &str, fragments: &[Fragment]) -> bool {
        let cells = fragments.iter().map(|fragment| fragment.cells);
        let cells = cells.fold(0, u64::saturating_add);
        self.whom.is_some() && sql.len() <= MAX_TEXT_BYTES && cells <= MAX_KEPT_CELLS
    }

    /// Notes that what stands above the cuts of a text runs.
    pub(super) fn runs(&mut self, dataset: &Dataset, sql: &str) {
        if let Some(text) = self.texts.get_mut(&key(dataset, sql)) {
            text.runs = true;
        }
    }
}

/// Keeps one more, or that alone where there are too many.
fn keep<T>(of: &mut HashMap<(Digest, Digest), T>, key: (Digest, Digest), text: T) {
    if of.len() >= MAX_TEXTS {
        of.clear();
    }
    of.insert(key, text);
}

fn key(dataset: &Dataset, sql: &str) -> (Digest, Digest) {
    (dataset.digest, Digest::of(sql.as_bytes()))
}

#[cfg(test)]
mod tests;
