//! Joins and unions of figures.

use std::sync::Arc;

use datafusion::common::tree_node::TreeNode;
use datafusion::common::{JoinType, NullEquality};
use datafusion::logical_expr::{Expr, Join, JoinConstraint, LogicalPlan, Union};

use super::networks::ByNetwork;
use super::{Above, Walk, has_cut};
use crate::catalog::functions::Place;
use crate::cut::tree::{self, Node, Step};
use crate::error::PlanError;
use crate::facts::{Facts, Scope, safe};
use crate::written::written;

impl Walk<'_, '_> {
    pub(super) fn join(&mut self, join: &Join) -> Result<Above, PlanError> {
        let (left_kept, right_kept) = kept(join)?;
        let dataset = self.account.dataset;
        let cuts = (has_cut(&join.left, dataset), has_cut(&join.right, dataset));
        let without = if cuts.0 { &join.right } else { &join.left };
        if cuts.0 != cuts.1 && !constants(without) {
            return Err(PlanError::unsupported(
                (
                    "a join of figures with rows of patients",
                    "een join van cijfers met rijen van patiënten",
                ),
                (
                    "write GROUP BY on both sides, or join the rows first and group them once",
                    "schrijf GROUP BY aan beide kanten, of join eerst de rijen en groepeer ze één keer",
                ),
            ));
        }
        let left = self.walk(&join.left)?;
        let right = self.walk(&join.right)?;
        let mut columns = left.columns;
        let first_right = columns.len();
        columns.extend(right.columns);
        for (index, facts) in columns.iter_mut().enumerate() {
            let other_kept = if index < first_right { right_kept } else { left_kept };
            facts.nullable |= other_kept;
        }
        let schema = Arc::clone(&join.schema);
        for (one, other) in &join.on {
            condition(&one.clone().eq(other.clone()), &schema, &columns)?;
            let text = one.clone().eq(other.clone());
            self.lines.push(format!("join figures on {}", written(&text)));
        }
        if let Some(filter) = &join.filter {
            condition(filter, &schema, &columns)?;
            self.lines.push(format!("join figures where {}", written(filter)));
        }
        let equal = join.on.iter().map(|(one, other)| one.clone().eq(other.clone()));
        let conditions: Vec<Expr> = equal.chain(join.filter.clone()).collect();
        let kind = (join.join_type, &*schema);
        let networks = left.networks.joined((right.networks, first_right), &conditions, kind);
        let node = Node::Join(Box::new(tree::Join {
            left: left.step,
            right: right.step,
            on: join.on.clone(),
            filter: join.filter.clone(),
            kind: join.join_type,
        }));
        Ok(Above { step: Step { schema, node }, columns, networks })
    }

    pub(super) fn union(&mut self, union: &Union) -> Result<Above, PlanError> {
        let mut steps = Vec::with_capacity(union.inputs.len());
        let mut networks = ByNetwork::default();
        let mut columns: Vec<Facts> = Vec::new();
        for input in &union.inputs {
            let Above { step, columns: own, networks: by } = self.walk(input)?;
            networks = networks.and(by);
            let types = step.schema.fields().iter().map(|field| field.data_type());
            if !types.eq(union.schema.fields().iter().map(|field| field.data_type())) {
                return Err(PlanError::CannotPlan);
            }
            if steps.is_empty() {
                columns = own;
            } else {
                for (all, own) in columns.iter_mut().zip(own) {
                    all.range = all.range.or(own.range.cast(&all.data_type));
                    all.nullable |= own.nullable;
                    all.domain = None;
                }
            }
            steps.push(step);
        }
        self.lines.push(format!("put {} tables under one another", steps.len()));
        let schema = Arc::clone(&union.schema);
        Ok(Above { step: Step { schema, node: Node::Union(steps) }, columns, networks })
    }
}

/// Whether a side without a cut is one row of constants.
fn constants(without: &LogicalPlan) -> bool {
    let rows = without.exists(|node| Ok(matches!(node, LogicalPlan::TableScan(_))));
    !rows.unwrap_or(true)
}

/// Whether rows of the left and of the right side stay without a partner.
fn kept(join: &Join) -> Result<(bool, bool), PlanError> {
    let kept = match join.join_type {
        JoinType::Inner => (false, false),
        JoinType::Left => (true, false),
        JoinType::Right => (false, true),
        JoinType::Full => (true, true),
        JoinType::LeftSemi
        | JoinType::RightSemi
        | JoinType::LeftAnti
        | JoinType::RightAnti
        | JoinType::LeftMark
        | JoinType::RightMark => {
            return Err(PlanError::unsupported(
                ("INTERSECT and EXCEPT", "INTERSECT en EXCEPT"),
                (
                    "JOIN the tables of figures on their group columns, with a condition",
                    "JOIN de tabellen met cijfers op hun groepskolommen, met een voorwaarde",
                ),
            ));
        }
    };
    if join.null_equality != NullEquality::NullEqualsNothing {
        return Err(PlanError::CannotPlan);
    }
    if join.join_constraint == JoinConstraint::Using && kept.1 {
        return Err(PlanError::unsupported(
            (
                "USING or NATURAL in a RIGHT or FULL JOIN of figures",
                "USING of NATURAL in een RIGHT of FULL JOIN van cijfers",
            ),
            (
                "write ON a.x = b.x, and coalesce(a.x, b.x)",
                "schrijf ON a.x = b.x, en coalesce(a.x, b.x)",
            ),
        ));
    }
    Ok(kept)
}

fn condition(
    expr: &Expr,
    schema: &datafusion::common::DFSchema,
    columns: &[Facts],
) -> Result<(), PlanError> {
    let safe = safe::rewrite(expr, schema)?;
    Scope { schema, columns, place: Place::Above }.facts(&safe)?;
    Ok(())
}
