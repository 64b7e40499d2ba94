//! The explore form of a fragment: which conditions each of its figures is under, whatever words they were asked in.
//!
//! [`rows`] reads the rewritten plan below the cut as the rows of one table and a list of conditions, [`truth`] asks each
//! condition for every value that its columns can have, so two texts that mean the same give the same form. [`sums`] takes
//! sums apart into measures, [`keys`] gives the conditions of each group. What the dataset registers, and the limits, are
//! checked by [`policies::explore`], as in the daemon. Nothing here can refuse a question: it says whether `ask.explore`
//! may answer it.

use std::collections::BTreeMap;

use datafusion::common::Column as Name;
use datafusion::logical_expr::Expr;
use policies::dataset::Dataset;
use policies::explore::{
    ChildCondition, Explore, ExploreForm, ExploreReason, ExploreRefusal, ExploreSum,
};
use policies::footprint::{FragmentFootprint, SumFootprint, SumKind};

use super::Fragment;
use crate::written::written;

mod keys;
mod names;
mod placed;
mod present;
mod rows;
mod sums;
mod truth;

pub(super) use placed::{Placed, PlacedKey, PlacedSum, placed};
pub(super) use sums::exact::Exact;

/// Names the columns that stand for EXISTS.
const CHILDREN: &str = "__exists";

/// What a step gives, or the clause that leaves the form.
type Formed<T> = Result<T, ExploreRefusal>;

/// The form of a fragment with this footprint.
pub(super) fn explore(
    fragment: &Fragment,
    footprint: &FragmentFootprint,
    dataset: &Dataset,
) -> Explore {
    let mut reader = Reader { dataset, children: BTreeMap::new() };
    let form = reader.form(fragment).and_then(|form| {
        form.check(footprint, dataset)?;
        Ok(form)
    });
    match form {
        Ok(form) => Explore::Form(form),
        Err(refusal) => Explore::Refused(refusal),
    }
}

/// The square of how far one row can move each sum, in units of its scale: by the form, or by the bounds of what is added.
#[expect(clippy::cast_precision_loss, reason = "a variance is told to a few digits")]
pub(super) fn reach(footprint: &FragmentFootprint, dataset: &Dataset) -> Vec<Option<f64>> {
    let sums = footprint.explore.form().map(|form| form.sums.as_slice()).unwrap_or_default();
    let formed = |at: usize| match sums.get(at)? {
        ExploreSum { terms, .. } if terms.is_empty() => Some(0),
        sum => sum.only()?.measure.reach(dataset),
    };
    let bounded = |sum: &SumFootprint| {
        footprint.measures.get(usize::try_from(sum.measure).ok()?)?.reach(sum.kind)
    };
    let of = |(at, sum): (usize, &SumFootprint)| {
        let own = if sum.kind == SumKind::Bin { Some(1) } else { formed(at) };
        own.or_else(|| bounded(sum)).map(|reach| (reach as f64).powi(2))
    };
    footprint.sums.iter().enumerate().map(of).collect()
}

/// Reads one fragment.
struct Reader<'d> {
    dataset: &'d Dataset,
    /// The children that columns named [`CHILDREN`] stand for, by their text.
    children: BTreeMap<String, ChildCondition>,
}

impl Reader<'_> {
    fn form(&mut self, fragment: &Fragment) -> Formed<ExploreForm> {
        let rows = self.rows(&fragment.input, false)?;
        let mut keys = Vec::with_capacity(fragment.keys.len());
        for key in &fragment.keys {
            let expr = rows.inward(&key.expr)?;
            keys.push(self.key(key, &expr)?);
        }
        // What is added is looked at before the conditions: a sum that is not in the form is the better reason.
        for primitive in &fragment.primitives {
            if let (SumKind::Sum | SumKind::SumSquares, Some(value)) =
                (primitive.kind, &primitive.value)
            {
                self.addable(&rows.inward(value)?)?;
            }
        }
        let mut sums: Vec<ExploreSum> = Vec::with_capacity(fragment.primitives.len());
        for primitive in &fragment.primitives {
            sums.push(self.sum(primitive, &rows)?);
        }
        let conditions = self.reduced(&rows.conditions, &rows.base)?;
        Ok(ExploreForm { rows: rows.base, keys, conditions, sums })
    }

    /// Adds a child; gives the column that says whether there is one.
    fn child_column(&mut self, child: ChildCondition) -> Expr {
        let name = Name::new(Some(CHILDREN), child.to_string());
        self.children.insert(name.name.clone(), child);
        Expr::Column(name)
    }

    /// The child that a column stands for.
    fn child(&self, name: &Name) -> Option<&ChildCondition> {
        let of_children =
            name.relation.as_ref().is_some_and(|relation| relation.table() == CHILDREN);
        self.children.get(&name.name).filter(|_| of_children)
    }
}

fn refused(reason: ExploreReason, clause: &Expr) -> ExploreRefusal {
    ExploreRefusal::new(reason, written(clause))
}
