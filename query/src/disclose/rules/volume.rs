//! Volumes: procedures by hospital and year are known figures of a hospital, so R1 is off where the year is over.
//!
//! That a question is one was checked with its footprint. Everything else of a cell is judged as always.

use policies::Limits;
use policies::footprint::SumFootprint;
use policies::protections::{MinPatients, Opinions, Protections, Zeros};

use super::{Verdict, judge};
use crate::receive::RawFragment;

/// Judges cells of closed years again, without a threshold.
pub(in crate::disclose) fn show(
    fragment: &RawFragment,
    (sums, limits): (&[SumFootprint], &Limits),
    closed: impl Fn(usize) -> bool,
    verdicts: &mut [Verdict],
) {
    let open = Protections::from(Opinions {
        min_patients: Some(MinPatients::new(0)),
        zeros: Some(Zeros::Shown),
        ..Opinions::default()
    });
    for (at, (cell, verdict)) in fragment.cells().zip(verdicts).enumerate() {
        if closed(at) {
            *verdict = judge(cell, sums, (&open, limits));
        }
    }
}
