//! Complementary suppression: which further cells are null so that no null can be computed from what is shown.
//!
//! Call sequence of `query::disclose`, for the figures of one answer under an exact profile:
//!
//! 1. Make one [`Cell`] of every figure that is a whole number and not negative: the patients of each cell, margins and hospital
//!    totals included, each count-like measure with its complement (a cell that is never shown: `Standing::Null`), and each
//!    figure that was released earlier over the same lineage (`Standing::Released`). What the primary rules hide is `Null`.
//! 2. Make one [`Relation`] of every sum that holds whatever the data are: margin - parts = 0, n - n_m - complement = 0.
//! 3. `LinkedTable::new(cells, relations)?.suppress(limit)` says which cells are null. `exposed` names nulls that earlier figures
//!    give away whatever is hidden: the caller hides the whole answer and reports them.
//! 4. Where figures were released earlier, `left` says first what these leave of each null: it cannot need more. There alone
//!    the solver is believed, that a null goes no further than a world that was found; bounds say so without it where they can.
//!
//! The attacker knows every shown figure, every relation, and that no figure is negative. A null is safe if its [`Need`] is met:
//! two *whole* tables that agree with everything shown, one with the null at the low end of the need or under it and one with
//! it at the high end or over it. Such tables are walked to where that is easy and searched with linear programs (`microlp`)
//! otherwise, and each is then checked in whole numbers against every relation: nothing that the solver says is believed, its
//! faults can only hide more. An unsafe null makes the cheapest further cell of its relations null. At the end each cell that was
//! hidden on the way is tried again, dearest first.
//!
//! Equal tables give equal results, in whatever order cells and relations are listed: ties are broken by labels, and limits
//! count work, never time.
//!
//! Not here: what is primarily null, what a figure costs, figures with noise.

mod attack;
mod bounds;
mod left;
mod near;
mod program;
mod search;
mod table;
mod walk;
mod work;
mod worlds;

#[cfg(test)]
pub(crate) use table::TableError;
pub(crate) use table::{Cell, LinkedTable, Need, Relation, Standing};
pub(crate) use worlds::Proofs;

/// Which cells are null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suppression {
    /// For each cell, in the order in which they were given.
    pub(crate) null: Vec<bool>,
    /// Nulls that stay computable whatever is hidden, because of figures that were released earlier.
    pub(crate) exposed: Vec<usize>,
    /// Whether a limit of work was reached: more is null than had to be.
    pub(crate) limited: bool,
    /// Linear programs solved.
    pub(crate) programs: u32,
    /// What they cost, in the units of the limits.
    pub(crate) work: u64,
}

impl LinkedTable {
    /// Decides which cells are null, with so much work while cells are hidden.
    #[cfg(test)]
    pub(crate) fn suppress(&self, limit: u64) -> Suppression {
        self.suppress_with(limit, &mut Proofs::default())
    }

    /// The same, with what was proven of other tables of these cells.
    pub(crate) fn suppress_with(&self, limit: u64, proofs: &mut Proofs) -> Suppression {
        let mut search = search::Search::new(self, limit);
        search.take(proofs);
        search.run(proofs)
    }
}

#[cfg(test)]
mod tests;
