//! Finishing: hospitals' released cells become the table that the analyst asked for.
//!
//! [`parts`] reads each hospital's frames, [`merge`] adds cells, [`outputs`] finishes aggregates from sums with exact
//! integers, [`above`] runs what stands above the cuts with a status beside every value ([`join`], [`group`] and [`engine`]
//! are its larger steps; [`bounds`] knows what quantiles are off by), [`json`] writes the table. A value that is not shown stays not shown through everything: its
//! status travels with it, and no expression can turn it into a number. So does whether a row exists.

use policies::HospitalCode;

use crate::cut::Split;
use crate::pipe::{Failure, Finished, Networks, Part};

mod above;
mod bounds;
mod engine;
mod frame;
mod group;
mod join;
pub(crate) mod json;
mod merge;
mod outputs;
mod parts;
mod total;

/// Most rows of a table above the cuts, and most pairs of rows that a join may look at.
pub(crate) const MAX_ROWS: usize = 1_000_000;

/// Why hospitals' answers cannot be finished.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FinishError {
    #[error("the answer of hospital {hospital} is not what was asked for: {problem}")]
    BadAnswer { hospital: HospitalCode, problem: &'static str },
    #[error("the job names {expected} frames, {got} came with it")]
    FrameCount { expected: usize, got: usize },
    #[error(
        "a figure of all hospitals together leaves its range; divide what is added by a constant"
    )]
    Overflow,
    #[error(
        "a join or union of figures has more than {MAX_ROWS} rows; join on group columns, or ask for fewer groups"
    )]
    TooManyRows,
    #[error("the figures could not be finished")]
    Failed,
}

impl FinishError {
    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::BadAnswer { .. } => "bad_answer",
            Self::FrameCount { .. } => "frame_count",
            Self::Overflow => "overflow",
            Self::TooManyRows => "too_many_rows",
            Self::Failed => "failed_finish",
        }
    }

    /// The same in Dutch.
    fn dutch(&self) -> String {
        match self {
            Self::BadAnswer { hospital, problem } => format!(
                "het antwoord van ziekenhuis {hospital} is niet wat er gevraagd is; in het Engels: {problem}"
            ),
            Self::FrameCount { expected, got } => {
                format!("de opdracht noemt {expected} frames, er kwamen er {got} mee")
            }
            Self::Overflow => "een cijfer van alle ziekenhuizen samen valt buiten zijn bereik; deel wat wordt opgeteld door een constante".to_owned(),
            Self::TooManyRows => format!(
                "een join of union van cijfers heeft meer dan {MAX_ROWS} rijen; join op groepskolommen, of vraag minder groepen"
            ),
            Self::Failed => "de cijfers konden niet worden afgemaakt".to_owned(),
        }
    }
}

impl From<FinishError> for Failure {
    fn from(error: FinishError) -> Self {
        Self::new(error.code(), error.to_string(), error.dutch())
    }
}

/// Finishes a split question from every answering hospital's frames; `networks` says which networks they are in.
pub(crate) fn finish(
    split: &Split,
    networks: &Networks,
    (hospitals, blobs): (&[Part], &[Vec<u8>]),
) -> Result<Finished, FinishError> {
    let parts = parts::read(split, hospitals, blobs)?;
    let cells =
        merge::Cells { fragments: &split.fragments, parts: &parts, networks, reach: &split.reach };
    let table = above::run(&split.above, cells)?;
    json::finished(&split.above.schema, &table)
}

#[cfg(test)]
mod tests;
