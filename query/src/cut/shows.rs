//! What a text shows of single hospitals and of networks.
//!
//! Whatever of a fragment is not computed from a column does not read it, so the engine's own pruning says what a fragment
//! depends on: once as it is, and once without the group keys that are the hospital's code unchanged. What it cannot prune
//! counts as a use.

use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::optimizer::optimize_projections::OptimizeProjections;
use datafusion::optimizer::{Optimizer, OptimizerContext};
use policies::footprint::{HospitalUse, Shows};

use super::Fragment;
use crate::catalog::{HOSPITAL, NETWORK};
use crate::error::PlanError;
use crate::facts::domain::Domain;

/// What the fragments of a text show; `by_network` where one of them is grouped by the networks.
pub(super) fn of(fragments: &[Fragment], by_network: bool) -> Result<Shows, PlanError> {
    let mut shows = Shows { network: by_network, ..Shows::NOTHING };
    for fragment in fragments {
        let grouped = fragment.keys.iter().any(|key| key.domain == Domain::Hospital);
        let reads = reads(fragment)?;
        shows.network |= reads.network;
        let used = match (reads.hospital, grouped) {
            (true, _) => HospitalUse::Compared,
            (false, true) => HospitalUse::Grouped,
            (false, false) => HospitalUse::Unused,
        };
        shows.hospital = shows.hospital.max(used);
    }
    Ok(shows)
}

/// Which of the two columns are read.
#[derive(Clone, Copy, Default)]
struct Reads {
    hospital: bool,
    network: bool,
}

/// What a fragment reads, but for group keys that are the hospital's code and nothing else.
fn reads(fragment: &Fragment) -> Result<Reads, PlanError> {
    let engine = |_error| PlanError::CannotPlan;
    let keys = fragment.keys.iter().filter(|key| key.domain != Domain::Hospital);
    let sums = fragment.primitives.iter();
    let sums = sums.flat_map(|sum| sum.value.iter().chain(&sum.filter));
    let used = std::iter::once(Expr::Column(fragment.patient.clone()))
        .chain(keys.map(|key| key.expr.clone()))
        .chain(sums.cloned());
    let named = used.enumerate().map(|(at, expr)| expr.unalias().alias(format!("used{at}")));
    let plan = LogicalPlanBuilder::from(fragment.input.clone())
        .project(named)
        .and_then(LogicalPlanBuilder::build)
        .map_err(engine)?;
    let optimizer = Optimizer::with_rules(vec![Arc::new(OptimizeProjections::new())]);
    let context = OptimizerContext::new().with_skip_failing_rules(false);
    let pruned = optimizer.optimize(plan, &context, |_plan, _rule| {}).map_err(engine)?;
    let mut reads = Reads::default();
    let looked = pruned.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            for field in scan.projected_schema.fields() {
                reads.hospital |= field.name() == HOSPITAL;
                reads.network |= field.name() == NETWORK;
            }
        }
        Ok(TreeNodeRecursion::Continue)
    });
    looked.map_err(engine)?;
    Ok(reads)
}
