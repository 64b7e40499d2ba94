//! `FROM a, b WHERE a.key = b.key`: tables after one another that WHERE ties together, joined on those keys.
//!
//! The tables are joined in the order in which keys tie them to what is joined already, which need not be the order of the
//! text; columns come out in the order of the text. Without a tie the join is refused as any other. Conditions that tie
//! nothing stay in WHERE.

use std::sync::Arc;

use datafusion::common::{JoinType, NullEquality};
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{Expr, Join, JoinConstraint, LogicalPlan, Operator, Projection};

use super::{Walk, engine, ties};
use crate::cut::Below;
use crate::error::PlanError;
use crate::facts::Facts;

/// One of the tables.
struct Table {
    plan: Arc<LogicalPlan>,
    below: Below,
    /// Its place in the text.
    place: usize,
}

/// A condition that ties two tables, by their places.
struct Edge {
    condition: Expr,
    ends: (usize, usize),
}

/// The tables that inner joins put together, and the conditions of those.
#[derive(Default)]
struct From<'p> {
    plans: Vec<&'p LogicalPlan>,
    conditions: Vec<Expr>,
    /// Whether two of them stand after one another without a condition.
    crossed: bool,
}

impl<'p> From<'p> {
    fn add(&mut self, plan: &'p LogicalPlan) {
        let LogicalPlan::Join(join) = plan else { return self.plans.push(plan) };
        let plain = join.null_equality == NullEquality::NullEqualsNothing;
        if join.join_type != JoinType::Inner || !plain {
            return self.plans.push(plan);
        }
        self.crossed |= join.on.is_empty() && join.filter.is_none();
        self.add(&join.left);
        self.add(&join.right);
        let equal = join.on.iter().map(|(one, other)| one.clone().eq(other.clone()));
        self.conditions.extend(equal);
        self.conditions.extend(join.filter.iter().flat_map(split_conjunction).cloned());
    }
}

impl Walk<'_, '_> {
    /// The rows of a plan under conditions, and the conditions that they do not meet yet.
    pub(super) fn rows(
        &mut self,
        plan: &LogicalPlan,
        conditions: Vec<&Expr>,
    ) -> Result<(Below, Vec<Expr>), PlanError> {
        let mut from = From::default();
        from.add(plan);
        let conditions = conditions.into_iter().cloned();
        if !from.crossed {
            return Ok((self.walk(plan)?, conditions.collect()));
        }
        let mut tables = Vec::with_capacity(from.plans.len());
        for (place, plan) in from.plans.into_iter().enumerate() {
            let plan = Arc::new(plan.clone());
            let below = self.walk(&plan)?;
            tables.push(Table { plan, below, place });
        }
        let (mut edges, mut rest) = (Vec::new(), Vec::new());
        for condition in from.conditions.into_iter().chain(conditions) {
            match self.ends(&condition, &tables) {
                Some(ends) => edges.push(Edge { condition, ends }),
                None => rest.push(condition),
            }
        }
        Ok((self.one_by_one(tables, edges, plan)?, rest))
    }

    /// The places of two tables that a condition ties.
    fn ends(&self, condition: &Expr, tables: &[Table]) -> Option<(usize, usize)> {
        let Expr::BinaryExpr(binary) = condition else { return None };
        let (Expr::Column(one), Expr::Column(other)) = (&*binary.left, &*binary.right) else {
            return None;
        };
        let find = |name| {
            tables.iter().find_map(|table| {
                let index = table.below.schema.maybe_index_of_column(name)?;
                Some((table.place, table.below.columns.get(index)?))
            })
        };
        let (one, other) = (find(one)?, find(other)?);
        let dataset = self.account.dataset;
        let entity = |facts: &Facts| ties::entity(facts, dataset).cloned();
        let same = entity(one.1).is_some_and(|table| entity(other.1) == Some(table));
        (binary.op == Operator::Eq && same && one.0 != other.0).then_some((one.0, other.0))
    }

    /// Joins the tables, each on what ties it to those before.
    fn one_by_one(
        &mut self,
        mut tables: Vec<Table>,
        mut edges: Vec<Edge>,
        plan: &LogicalPlan,
    ) -> Result<Below, PlanError> {
        let mut widths = Vec::with_capacity(tables.len());
        let first = tables.remove(0);
        let (mut joined, mut below) = (first.plan, first.below);
        widths.push((first.place, below.columns.len()));
        while !tables.is_empty() {
            let known = |place: usize| widths.iter().any(|(known, _)| *known == place);
            let reached = |edge: &Edge, place: usize| {
                let (one, other) = edge.ends;
                one == place && known(other) || other == place && known(one)
            };
            let next =
                tables.iter().position(|table| edges.iter().any(|edge| reached(edge, table.place)));
            let table = tables.remove(next.unwrap_or(0));
            let (own, others): (Vec<Edge>, Vec<Edge>) =
                edges.into_iter().partition(|edge| reached(edge, table.place));
            edges = others;
            let filter = conjunction(own.into_iter().map(|edge| edge.condition));
            let join = Join::try_new(
                joined,
                table.plan,
                Vec::new(),
                filter,
                JoinType::Inner,
                JoinConstraint::On,
                NullEquality::NullEqualsNothing,
                false,
            );
            let join = join.map_err(engine)?;
            widths.push((table.place, table.below.columns.len()));
            below = self.joined((below, table.below), &join)?;
            joined = Arc::new(LogicalPlan::Join(join));
        }
        in_order(below, &widths, plan)
    }
}

/// The columns in the order of the text, from tables of these places and widths.
fn in_order(
    below: Below,
    widths: &[(usize, usize)],
    plan: &LogicalPlan,
) -> Result<Below, PlanError> {
    if widths.iter().map(|(place, _)| *place).is_sorted() {
        return Ok(below);
    }
    let mut columns = below.columns.into_iter();
    let mut blocks: Vec<(usize, Vec<Facts>)> = widths
        .iter()
        .map(|(place, width)| (*place, columns.by_ref().take(*width).collect()))
        .collect();
    blocks.sort_by_key(|(place, _)| *place);
    let columns = blocks.into_iter().flat_map(|(_, facts)| facts).collect();
    let schema = Arc::clone(plan.schema());
    let mut exprs: Vec<Expr> = schema.columns().into_iter().map(Expr::Column).collect();
    exprs.push(Expr::Column(below.patient.clone()));
    let only = Projection::try_new(exprs, Arc::new(below.plan)).map_err(engine)?;
    Ok(Below { plan: LogicalPlan::Projection(only), columns, schema, ..below })
}
