//! Indicators: questions that a board has approved, as `indicators/ID.sql` of its charter.
//!
//! A file holds every variant of an indicator, and [`Indicator::expand`] makes a variant's text by leaving lines out. So a
//! board reads the very text that is run, nothing of an asker's ever gets into it, and equal files give equal bytes at
//! every node. A question names id, version, variant and the digest of the text; [`text_of`] is where a node compares it with
//! its own. SQL is not read here.

use std::collections::BTreeMap;

use crate::charter::Charter;
use crate::protections::Opinions;
use crate::wire::{Asks, IndicatorRef, Question};
use crate::{DatasetId, Digest, Ident, IndicatorId, VariantName};

mod fault;
mod file;
mod header;
#[cfg(test)]
mod tests;

pub use fault::TextFault;
pub use file::parse;

/// One approved question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indicator {
    /// Its id.
    pub id: IndicatorId,
    /// Its version, from 1.
    pub version: u32,
    /// The dataset that it asks.
    pub dataset: DatasetId,
    /// What it is, per language (`nl`, `en`).
    pub title: BTreeMap<String, String>,
    /// What is aimed at, and who says so.
    pub norm: Option<String>,
    /// Where its definition comes from.
    pub source: String,
    /// What it can be counted by; the first is the default. Empty where there is one way only.
    pub by: Vec<VariantName>,
    /// Years that it can be asked over; the first is the default. Empty where there is one way only.
    pub window: Vec<VariantName>,
    /// The year that a volume is counted by.
    pub year: Option<YearColumn>,
    /// Its protections: they join those of the rules.
    pub opinions: Opinions,
    /// SHA-256 of the file's exact bytes.
    pub digest: Digest,
    lines: Vec<Line>,
}

/// The column of a volume's year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YearColumn {
    /// Its table.
    pub table: Ident,
    /// The column.
    pub column: Ident,
}

/// A line of the text, and the variants that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    text: String,
    only: Option<Only>,
}

/// The variants that a line is for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Only {
    By(Vec<VariantName>),
    Window(Vec<VariantName>),
}

impl Indicator {
    /// The SQL text of a variant.
    ///
    /// # Errors
    /// `TextFault::Variant` for a variant that the indicator does not have, or has and is not named.
    pub fn expand(
        &self,
        by: Option<&VariantName>,
        window: Option<&VariantName>,
    ) -> Result<String, TextFault> {
        self.one_of("by", by, &self.by)?;
        self.one_of("window", window, &self.window)?;
        Ok(self.kept(by, window))
    }

    /// What a question names for a variant, and its text; the first variant where none is said.
    ///
    /// # Errors
    /// `TextFault::Variant` for a variant that the indicator does not have.
    pub fn refer(
        &self,
        by: Option<&VariantName>,
        window: Option<&VariantName>,
    ) -> Result<(IndicatorRef, String), TextFault> {
        let by = by.or(self.by.first());
        let window = window.or(self.window.first());
        let text = self.expand(by, window)?;
        let named = IndicatorRef {
            id: self.id.clone(),
            version: self.version,
            by: by.cloned(),
            window: window.cloned(),
            text: Digest::of(text.as_bytes()),
        };
        Ok((named, text))
    }

    /// Every variant, as (by, window).
    pub fn variants(&self) -> impl Iterator<Item = (Option<&VariantName>, Option<&VariantName>)> {
        fn each(names: &[VariantName]) -> Vec<Option<&VariantName>> {
            if names.is_empty() { vec![None] } else { names.iter().map(Some).collect() }
        }
        let windows = each(&self.window);
        each(&self.by).into_iter().flat_map(move |by| {
            let pairs: Vec<_> = windows.iter().map(|window| (by, *window)).collect();
            pairs
        })
    }

    fn one_of(
        &self,
        which: &'static str,
        got: Option<&VariantName>,
        known: &[VariantName],
    ) -> Result<(), TextFault> {
        let fits = match got {
            Some(name) => known.contains(name),
            None => known.is_empty(),
        };
        if fits {
            return Ok(());
        }
        let (id, got, known) = (self.id.clone(), got.cloned(), known.to_vec());
        Err(TextFault::Variant { id, which, got, known })
    }

    /// The lines that the variant has.
    fn kept(&self, by: Option<&VariantName>, window: Option<&VariantName>) -> String {
        let has = |names: &[VariantName], own: Option<&VariantName>| {
            own.is_some_and(|own| names.contains(own))
        };
        let kept = self.lines.iter().filter(|line| match &line.only {
            None => true,
            Some(Only::By(names)) => has(names, by),
            Some(Only::Window(names)) => has(names, window),
        });
        kept.map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }
}

/// The SQL text of a question, by this charter: the person's own, or the indicator's, byte for byte what the person signed.
///
/// # Errors
/// `TextFault`.
pub fn text_of(charter: &Charter, question: &Question) -> Result<String, TextFault> {
    match &question.asks {
        Asks::Sql(sql) => Ok(sql.clone()),
        Asks::Indicator(named) => signed(charter, &question.dataset, named).map(|(_, text)| text),
    }
}

/// The charter's indicator that a question about a dataset names, and the text of its variant, if it is the one signed.
///
/// # Errors
/// `TextFault`.
pub(crate) fn signed<'c>(
    charter: &'c Charter,
    dataset: &DatasetId,
    named: &IndicatorRef,
) -> Result<(&'c Indicator, String), TextFault> {
    let IndicatorRef { id, version, by, window, text } = named;
    let Some(indicator) = charter.indicator(id) else {
        return Err(TextFault::Unknown { id: id.clone() });
    };
    if *version != indicator.version {
        let (id, held, got) = (id.clone(), indicator.version, *version);
        return Err(TextFault::Version { id, held, got });
    }
    if *dataset != indicator.dataset {
        let (id, expected) = (id.clone(), indicator.dataset.clone());
        return Err(TextFault::Dataset { id, expected, got: dataset.clone() });
    }
    let own = indicator.expand(by.as_ref(), window.as_ref())?;
    if Digest::of(own.as_bytes()) != *text {
        return Err(TextFault::Text { id: id.clone() });
    }
    Ok((indicator, own))
}
