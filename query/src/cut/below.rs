//! Below the cut: every row belongs to one patient, and carries that patient's number.
//!
//! Tables, derived tables, projections, filters and joins on declared keys are here, [`crosses`] are joins that WHERE
//! ties; [`groups`], [`windows`] and [`sets`]
//! are what stays inside a patient of GROUP BY, OVER, DISTINCT and UNION ALL, [`marks`] are EXISTS and IN. Every scan
//! gives the hidden patient column a name of its own, every node hands one of them on, and a join adds their equality to
//! its keys: a row of two patients cannot come to be, whatever the data are.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column as Name, JoinType};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{
    Distinct, Expr, Filter, Join, JoinConstraint, LogicalPlan, LogicalPlanBuilder, Projection,
    SubqueryAlias, TableScan,
};
use policies::dataset::Use;

use super::{Account, Below, TextCondition};
use crate::catalog::{self, PATIENT};
use crate::error::{Both, PlanError};
use crate::facts::Plain;
use crate::facts::safe::rounded;
use crate::written::written;
pub(super) use groups::is_per_patient;
use ties::Tie;

mod calls;
mod crosses;
mod declared;
mod groups;
mod marks;
pub(super) mod network;
mod refused;
mod sets;
mod ties;
mod windows;

/// Stands for the hospital's code in a condition.
pub(crate) const HOSPITAL_MARK: &str = "__hospital";
/// Stands for the hospital's networks in a condition.
pub(crate) const NETWORK_MARK: &str = "__network";
/// Most tables of one question: joins are the costliest thing that a text can ask for.
const MAX_SCANS: usize = 12;

/// The equalities and the rest of a join's condition.
type JoinOn = (Vec<(Expr, Expr)>, Option<Expr>);
/// What names the rows of both sides of a join.
type Sides = (BTreeSet<usize>, BTreeSet<usize>);

/// A walk over the rows below one cut.
pub(super) struct Walk<'a, 'd> {
    account: &'a mut Account<'d>,
    scans: usize,
    marks: usize,
    numbers: usize,
}

fn engine(_error: datafusion::common::DataFusionError) -> PlanError {
    PlanError::CannotPlan
}

impl<'a, 'd> Walk<'a, 'd> {
    pub(super) fn new(account: &'a mut Account<'d>) -> Self {
        Self { account, scans: 0, marks: 0, numbers: 0 }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the engine's enum: what is not listed is refused"
    )]
    pub(super) fn walk(&mut self, plan: &LogicalPlan) -> Result<Below, PlanError> {
        match plan {
            LogicalPlan::TableScan(scan) => self.scan(scan),
            LogicalPlan::SubqueryAlias(alias) => {
                let below = self.walk(&alias.input)?;
                let name = alias.alias.clone();
                let patient = Name::new(Some(name.clone()), below.patient.name.clone());
                let node = SubqueryAlias::try_new(Arc::new(below.plan), name).map_err(engine)?;
                let schema = Arc::clone(plan.schema());
                let conditions = out_of_scope(below.conditions);
                let plan = LogicalPlan::SubqueryAlias(node);
                Ok(Below { plan, patient, schema, conditions, ..below })
            }
            LogicalPlan::Projection(node) => self.projection(plan, node),
            LogicalPlan::Filter(filter) => self.filter(filter),
            LogicalPlan::Join(join) => {
                let sides = (self.walk(&join.left)?, self.walk(&join.right)?);
                self.joined(sides, join)
            }
            LogicalPlan::Aggregate(node) => self.aggregate(plan, node),
            LogicalPlan::Window(node) => self.window(plan, node),
            LogicalPlan::Distinct(Distinct::All(input)) => self.distinct(input),
            LogicalPlan::Union(node) => self.union(plan, node),
            // Rows have no order, so one that only sorts them changes nothing.
            LogicalPlan::Sort(sort) if sort.fetch.is_none() => self.walk(&sort.input),
            other => Err(refused::refused(other)),
        }
    }

    /// A number that names something of this cut; the same text always gets the same numbers.
    fn number(&mut self) -> usize {
        self.numbers = self.numbers.saturating_add(1);
        self.numbers
    }

    fn scan(&mut self, scan: &TableScan) -> Result<Below, PlanError> {
        self.scans = self.scans.saturating_add(1);
        if self.scans > MAX_SCANS {
            return Err(PlanError::unsupported(
                (
                    format!("a question over more than {MAX_SCANS} tables"),
                    format!("een vraag over meer dan {MAX_SCANS} tabellen"),
                ),
                ("ask several questions", "stel meer vragen"),
            ));
        }
        let plain = scan.projection.is_none() && scan.filters.is_empty() && scan.fetch.is_none();
        let known = self.account.dataset.table(scan.table_name.table());
        let (Some(table), true) = (known, plain) else { return Err(PlanError::CannotPlan) };
        self.account.tables.insert(table.name.as_str().to_owned());
        let name = scan.table_name.clone();
        let source = catalog::empty_source(catalog::planned_schema(table));
        let builder = LogicalPlanBuilder::scan(name.clone(), source, None).map_err(engine)?;
        let patient = format!("{PATIENT}{}", self.scans);
        let mut columns: Vec<Expr> =
            scan.projected_schema.columns().into_iter().map(Expr::Column).collect();
        let number = Expr::Column(Name::new(Some(name), PATIENT));
        columns.push(number.alias(patient.clone()));
        let plan = builder.project(columns).and_then(LogicalPlanBuilder::build).map_err(engine)?;
        self.account.lines.push(format!("read table {}", table.name));
        let number = self.number();
        Ok(Below {
            plan,
            patient: Name::new_unqualified(patient),
            columns: declared::table_facts(table, number),
            schema: Arc::clone(&scan.projected_schema),
            rows: [number].into(),
            conditions: Vec::new(),
        })
    }

    fn projection(&mut self, plan: &LogicalPlan, node: &Projection) -> Result<Below, PlanError> {
        let mut below = self.walk(&node.input)?;
        let names = NamePreserver::new_for_projection();
        let mut exprs = Vec::with_capacity(node.expr.len().saturating_add(1));
        let mut columns = Vec::with_capacity(node.expr.len());
        for (expr, target) in node.expr.iter().zip(node.schema.columns()) {
            let name = names.save(expr);
            let marked = self.marked(&mut below, expr)?;
            let (safe, facts) = below.passed_on(&marked)?;
            note_functions(&safe, &mut self.account.functions);
            exprs.push(named(name.restore(safe), target));
            columns.push(facts);
        }
        exprs.push(Expr::Column(below.patient.clone()));
        let node = Projection::try_new(exprs, Arc::new(below.plan)).map_err(engine)?;
        let schema = Arc::clone(plan.schema());
        let conditions = out_of_scope(below.conditions);
        let plan = LogicalPlan::Projection(node);
        Ok(Below { plan, columns, schema, conditions, ..below })
    }

    fn filter(&mut self, filter: &Filter) -> Result<Below, PlanError> {
        let parts = split_conjunction(&filter.predicate);
        let (below, rest) = self.rows(&filter.input, parts)?;
        match conjunction(rest) {
            Some(rest) => self.keep(below, &rest),
            None => Ok(below),
        }
    }

    /// The rows that meet a condition.
    fn keep(&mut self, mut below: Below, predicate: &Expr) -> Result<Below, PlanError> {
        self.account.lines.push(format!("keep rows where {}", written(predicate)));
        let (schema, columns) = (Arc::clone(&below.schema), below.columns.len());
        let mut parts = Vec::new();
        for part in split_conjunction(predicate) {
            parts.push(self.marked_condition(&mut below, part)?);
        }
        let predicate = conjunction(parts).ok_or(PlanError::CannotPlan)?;
        let safe = self.condition(&mut below, &predicate)?;
        let node = Filter::try_new(safe, Arc::new(below.plan)).map_err(engine)?;
        // The marks have done their work: no name above stands for them.
        below.columns.truncate(columns);
        Ok(Below { plan: LogicalPlan::Filter(node), schema, ..below })
    }

    /// Accounts for a condition that every row must meet; gives its safe form.
    fn condition(&mut self, below: &mut Below, predicate: &Expr) -> Result<Expr, PlanError> {
        let (safe, facts) = below.expression(predicate)?;
        self.account.expression(&facts, Use::Filter)?;
        note_functions(&safe, &mut self.account.functions);
        below.conditions.push(text_condition(&safe, below)?);
        Ok(safe)
    }

    /// The rows of both sides of a join.
    fn joined(&mut self, (left, right): (Below, Below), join: &Join) -> Result<Below, PlanError> {
        let inner = match join.join_type {
            JoinType::Inner => true,
            JoinType::Left | JoinType::Right => false,
            JoinType::Full => {
                return Err(PlanError::unsupported(
                    Both::same("FULL JOIN"),
                    (
                        "write LEFT JOIN from the table whose rows are counted",
                        "schrijf LEFT JOIN vanaf de tabel waarvan de rijen worden geteld",
                    ),
                ));
            }
            JoinType::LeftSemi
            | JoinType::RightSemi
            | JoinType::LeftAnti
            | JoinType::RightAnti
            | JoinType::LeftMark
            | JoinType::RightMark => return Err(PlanError::CannotPlan),
        };
        let join = &network::without_networks(join, (&left, &right));
        let keep_left = join.join_type != JoinType::Right;
        let patient = if keep_left { left.patient.clone() } else { right.patient.clone() };
        let equal = (Expr::Column(left.patient.clone()), Expr::Column(right.patient.clone()));
        let sides = (left.rows, right.rows);
        let mut columns = left.columns;
        let first_right = columns.len();
        columns.extend(right.columns);
        for (index, facts) in columns.iter_mut().enumerate() {
            facts.nullable |= !inner && (index >= first_right) == keep_left;
        }
        let conditions = if inner {
            left.conditions.into_iter().chain(right.conditions).collect()
        } else if keep_left {
            left.conditions
        } else {
            right.conditions
        };
        let mut below = Below {
            plan: left.plan,
            patient,
            columns,
            schema: Arc::clone(&join.schema),
            rows: BTreeSet::new(),
            conditions,
        };
        let (mut on, filter) = self.conditions(&mut below, join, (inner, first_right, sides))?;
        on.push(equal);
        let node = Join::try_new(
            Arc::new(below.plan),
            Arc::new(right.plan),
            on,
            filter,
            join.join_type,
            JoinConstraint::On,
            join.null_equality,
            false,
        );
        Ok(Below { plan: LogicalPlan::Join(node.map_err(engine)?), ..below })
    }

    /// The safe conditions of a join, of which one must tie the rows to one patient; also what names the joined rows.
    fn conditions(
        &mut self,
        below: &mut Below,
        join: &Join,
        (inner, first_right, (left, right)): (bool, usize, Sides),
    ) -> Result<JoinOn, PlanError> {
        let equalities = join.on.iter().map(|(left, right)| left.clone().eq(right.clone()));
        let rest = join.filter.iter().flat_map(split_conjunction).cloned();
        let mut others = Vec::new();
        let mut tied = false;
        let mut named = BTreeSet::new();
        for part in equalities.chain(rest) {
            match ties::tie(&part, below, (self.account.dataset, first_right))? {
                Some(Tie { one: (one, _), other: (other, _) }) => {
                    tied = true;
                    self.account.used(&one.values, Use::Join)?;
                    self.account.used(&other.values, Use::Join)?;
                    named.extend(one.row.into_iter().chain(other.row));
                    self.account.lines.push(format!("join on {}", written(&part)));
                }
                None => others.push(part),
            }
        }
        let (one_left, one_right) = (left.is_subset(&named), right.is_subset(&named));
        let keeps_right = join.join_type == JoinType::Right;
        below.rows = if one_right && !keeps_right {
            left
        } else if one_left && (inner || keeps_right) {
            right
        } else {
            left.union(&right).copied().collect()
        };
        if !tied {
            return Err(PlanError::CrossesPatients {
                clause: ("this join", "deze join").into(),
                instead: ("write JOIN ... ON, or WHERE, with the same declared key on both sides, e.g. a.patient_key = b.patient_key", "schrijf JOIN ... ON, of WHERE, met dezelfde sleutel uit de dataset aan beide kanten, bv. a.patient_key = b.patient_key").into(),
            });
        }
        for part in others {
            let (safe, facts) = below.expression(&part)?;
            self.account.expression(&facts, Use::Filter)?;
            note_functions(&safe, &mut self.account.functions);
            self.account.lines.push(format!("join where {}", written(&part)));
            if inner {
                below.conditions.push(text_condition(&safe, below)?);
            }
        }
        let mut on = Vec::with_capacity(join.on.len());
        for (left, right) in &join.on {
            on.push((below.expression(left)?.0, below.expression(right)?.0));
        }
        let filter = match &join.filter {
            Some(filter) => Some(below.expression(filter)?.0),
            None => None,
        };
        Ok((on, filter))
    }
}

/// The expression under the name that the node above knows it by: the branches of a union lose their tables' names in the
/// schema alone.
fn named(expr: Expr, target: Name) -> Expr {
    let (relation, name) = expr.qualified_name();
    if relation == target.relation && name == target.name {
        return expr;
    }
    expr.alias_qualified(target.relation, target.name)
}

/// Conditions whose column names mean something else from here on.
fn out_of_scope(conditions: Vec<TextCondition>) -> Vec<TextCondition> {
    conditions.into_iter().map(|condition| TextCondition { in_scope: false, ..condition }).collect()
}

/// Puts a mark in the place of every column that is the hospital's code, or its networks.
pub(super) fn text_condition(safe: &Expr, below: &Below) -> Result<TextCondition, PlanError> {
    let marked = safe.clone().transform(|expr| {
        let Expr::Column(name) = &expr else { return Ok(Transformed::no(expr)) };
        let index = below.schema.maybe_index_of_column(name);
        let facts = index.and_then(|index| below.columns.get(index));
        let mark =
            match facts.filter(|facts| !facts.nullable).and_then(|facts| facts.plain.as_ref()) {
                Some(Plain::Hospital) => HOSPITAL_MARK,
                Some(Plain::Network) => NETWORK_MARK,
                Some(Plain::Column(_)) | None => return Ok(Transformed::no(expr)),
            };
        Ok(Transformed::yes(Expr::Column(Name::new_unqualified(mark))))
    });
    let predicate = marked.map_err(engine)?.data;
    let origin = |name: &Name| {
        let facts = below.columns.get(below.schema.maybe_index_of_column(name)?)?;
        let Some(Plain::Column(origin)) = &facts.plain else { return None };
        Some((name.clone(), origin.clone()))
    };
    let origins = predicate.column_refs().into_iter().filter_map(origin).collect();
    Ok(TextCondition { predicate, schema: Arc::clone(&below.schema), in_scope: true, origins })
}

/// Names the scalar functions and operators of an expression.
pub(super) fn note_functions(expr: &Expr, into: &mut std::collections::BTreeSet<String>) {
    let noted = expr.apply(|expr| {
        if let Expr::ScalarFunction(call) = expr
            && rounded::of(call).is_none()
        {
            into.insert(call.name().to_owned());
        }
        if let Expr::BinaryExpr(binary) = expr {
            into.insert(binary.op.to_string());
        }
        Ok(datafusion::common::tree_node::TreeNodeRecursion::Continue)
    });
    debug_assert!(noted.is_ok(), "nothing in the visitor fails");
}
