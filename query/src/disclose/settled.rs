//! Memory and linked figures in turns, until nothing more is hidden.
//!
//! What is hidden for what was told before is a null like others, which must not be computable; and what is hidden for others can
//! leave room for what was close to it. Only what is shown in the end is charged.

use policies::footprint::FragmentFootprint;

use super::remembered::Judge;
use super::rules::{Rule, Verdict};
use super::{CellState, Figures};
use crate::receive::RawFragment;

/// Rounds of memory and linked figures after which everything is hidden: each but the last hides more.
const MAX_ROUNDS: u32 = 8;

/// Hides what must be; the last judge with what it would charge, and for each fragment's cells what stands. Without `link` what
/// is judged is null already.
pub(super) fn settle<'m>(
    (fragments, footprints, binned): (&[RawFragment], &[FragmentFootprint], &[Vec<Figures>]),
    judged: &mut [Vec<Verdict>],
    judge: impl Fn() -> Option<Judge<'m>>,
    link: Option<impl Fn(&mut [Vec<Verdict>])>,
) -> (Option<Judge<'m>>, Vec<Vec<Figures>>) {
    let mut rounds = 0_u32;
    loop {
        let (mut judge, before) = (judge(), nulls(judged));
        let standing = fragments.iter().zip(binned).zip(footprints).zip(&mut *judged);
        let standing = standing.map(|((fragment, footprint), verdicts)| {
            let of = judge
                .as_mut()
                .map(|judge| judge.fragment((fragment.0, fragment.1), footprint, verdicts));
            of.unwrap_or_default()
        });
        let standing: Vec<Vec<Figures>> = standing.collect();
        if rounds > 0 && nulls(judged) == before {
            return (judge, standing);
        }
        match &link {
            Some(link) if rounds < MAX_ROUNDS => link(judged),
            Some(_) => judged.iter_mut().flatten().for_each(|verdict| verdict.hide(Rule::Unlinked)),
            None => {}
        }
        // The next judge would look at the very same figures, and say the same.
        if nulls(judged) == before {
            return (judge, standing);
        }
        rounds = rounds.saturating_add(1);
    }
}

/// How much is null: figures, and cells.
fn nulls(verdicts: &[Vec<Verdict>]) -> usize {
    let of = |verdict: &Verdict| {
        let figures = verdict.sums.iter().filter(|rule| rule.is_some()).count();
        figures.saturating_add(usize::from(verdict.state == CellState::Hidden))
    };
    verdicts.iter().flatten().map(of).sum()
}

#[cfg(test)]
mod tests;
