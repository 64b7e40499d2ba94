//! EXISTS and IN inside a patient: each becomes a mark, a column that says whether a row of the same patient matches.
//!
//! The engine knows such subqueries in filters only. Here they may stand in any expression: the rows are joined to those
//! of the subquery by a mark join on the same declared key and the patient, the other conditions of both sides filter it,
//! and the mark takes the place of the expression. Conditions of the subquery alone stay inside it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column as Name, DFSchema, DataFusionError, JoinType, NullEquality};
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, Join, JoinConstraint, Limit, LogicalPlan, LogicalPlanBuilder,
};
use policies::dataset::Use;

use super::ties::{self, Tie};
use super::{Walk, engine, note_functions};
use crate::catalog::PATIENT;
use crate::cut::Below;
use crate::cut::above::bounds;
use crate::error::PlanError;
use crate::facts::Facts;
use crate::facts::domain::Domain;
use crate::written::written;

/// Most subqueries of one cut: each is a join.
const MAX_MARKS: usize = 24;

/// A subquery in an expression.
struct Wanted<'p> {
    plan: &'p LogicalPlan,
    /// Of `x IN (...)`: `x`, and whether NULL may count as false.
    equal: Option<(&'p Expr, bool)>,
    text: String,
}

/// A subquery taken apart.
struct Inner<'p> {
    /// The rows, without anything of the outer rows.
    base: &'p LogicalPlan,
    /// Its conditions, of both sides.
    conditions: Vec<&'p Expr>,
    /// What IN compares with.
    value: Option<Expr>,
}

impl Walk<'_, '_> {
    /// Puts marks in the place of subqueries; the marks become columns of the rows.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the engine's enum: what is no subquery stays as it is"
    )]
    pub(super) fn marked(&mut self, below: &mut Below, expr: &Expr) -> Result<Expr, PlanError> {
        let mut refused = None;
        let marked = expr.clone().transform_down(|expr| {
            let wanted = match &expr {
                Expr::Exists(Exists { subquery, negated }) => {
                    let (plan, text) = (&*subquery.subquery, "EXISTS".to_owned());
                    (Wanted { plan, equal: None, text }, *negated)
                }
                Expr::InSubquery(InSubquery { expr, subquery, negated }) => {
                    let text = format!("{} IN", written(expr));
                    let plan = &*subquery.subquery;
                    (Wanted { plan, equal: Some((expr, false)), text }, *negated)
                }
                _ => return Ok(Transformed::no(expr)),
            };
            let (wanted, negated) = wanted;
            match self.mark(below, &wanted) {
                Ok(mark) if negated => Ok(Transformed::yes(Expr::Not(Box::new(mark)))),
                Ok(mark) => Ok(Transformed::yes(mark)),
                Err(error) => {
                    refused = Some(error);
                    Err(DataFusionError::Plan(String::new()))
                }
            }
        });
        match (marked, refused) {
            (Ok(marked), _) => Ok(marked.data),
            (Err(_), Some(refused)) => Err(refused),
            (Err(error), None) => Err(engine(error)),
        }
    }

    /// As [`Self::marked`], for a condition that keeps a row only if it is true: NULL is as good as false.
    pub(super) fn marked_condition(
        &mut self,
        below: &mut Below,
        part: &Expr,
    ) -> Result<Expr, PlanError> {
        if let Expr::InSubquery(InSubquery { expr, subquery, negated: false }) = part {
            let text = format!("{} IN", written(expr));
            let wanted = Wanted { plan: &subquery.subquery, equal: Some((expr, true)), text };
            return self.mark(below, &wanted);
        }
        self.marked(below, part)
    }

    /// An aggregate with marks in its expressions.
    pub(in crate::cut) fn marked_aggregate(
        &mut self,
        below: &mut Below,
        node: &Aggregate,
    ) -> Result<Aggregate, PlanError> {
        let mut marked = |exprs: &[Expr]| {
            exprs.iter().map(|expr| self.marked(below, expr)).collect::<Result<Vec<_>, _>>()
        };
        let (keys, calls) = (marked(&node.group_expr)?, marked(&node.aggr_expr)?);
        let (input, schema) = (Arc::clone(&node.input), Arc::clone(&node.schema));
        Aggregate::try_new_with_schema(input, keys, calls, schema).map_err(engine)
    }

    /// Joins the rows to a subquery; gives the column that says whether there is a match.
    fn mark(&mut self, below: &mut Below, wanted: &Wanted<'_>) -> Result<Expr, PlanError> {
        self.marks = self.marks.saturating_add(1);
        if self.marks > MAX_MARKS {
            return Err(PlanError::unsupported(
                (
                    format!("a question with more than {MAX_MARKS} subqueries"),
                    format!("een vraag met meer dan {MAX_MARKS} subquery's"),
                ),
                ("ask several questions", "stel meer vragen"),
            ));
        }
        let name = format!("__mark{}", self.marks);
        self.account.lines.push(format!("{name}: whether there is a row, for {} (", wanted.text));
        let Inner { base, conditions, value } = taken_apart(wanted)?;
        let (correlated, own): (Vec<&Expr>, Vec<&Expr>) =
            conditions.into_iter().partition(|condition| is_outer(condition));
        let (mut inner, own) = self.rows(base, own)?;
        for condition in own {
            inner = self.keep(inner, &condition)?;
        }
        for condition in &correlated {
            self.account.lines.push(format!("match where {}", written(condition)));
        }
        let mut right = Right::new(name.clone());
        let mut parts = Vec::new();
        for condition in correlated {
            let condition = self.marked(&mut inner, condition)?;
            parts.push(right.outward(&condition, &inner)?);
        }
        let mut strict = false;
        if let (Some((outer, lenient)), Some(value)) = (wanted.equal, &value) {
            parts.push(outer.clone().eq(right.outward(value, &inner)?));
            strict = !lenient;
        }
        self.account.lines.push(format!(") as {name}"));
        let (schema, columns) = (below.schema.fields().len(), below.columns.len());
        debug_assert_eq!(schema, columns, "every column is known");
        self.join_mark(below, right.beside(below, inner)?, (parts, strict))
    }

    /// The mark join itself. Of a strict one, the last condition is the equality of IN, and may not be NULL.
    fn join_mark(
        &mut self,
        below: &mut Below,
        (both, right): (Below, Name),
        (parts, strict): (Vec<Expr>, bool),
    ) -> Result<Expr, PlanError> {
        let first_right = below.columns.len();
        let mut facts = Facts::of_type(DataType::Boolean);
        facts.nullable = false;
        facts.domain = Some(Domain::booleans());
        let (mut on, mut others) = (Vec::new(), Vec::new());
        for part in &parts {
            match ties::tie(part, &both, (self.account.dataset, first_right))? {
                Some(tie) => on.push(self.tied(tie, (&both, first_right))?),
                None => others.push(part),
            }
        }
        if on.is_empty() {
            return Err(PlanError::CrossesPatients {
                clause: ("this subquery", "deze subquery").into(),
                instead: ("compare the same declared key on both sides, e.g. EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key), or key IN (SELECT key ...)", "vergelijk dezelfde sleutel uit de dataset aan beide kanten, bv. EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key), of key IN (SELECT key ...)").into(),
            });
        }
        if let (true, Some(equality)) = (strict, parts.last())
            && both.expression(equality)?.1.nullable
        {
            return Err(missing());
        }
        let mut filter = Vec::new();
        for part in others {
            let (safe, known) = both.expression(part)?;
            self.account.expression(&known, Use::Filter)?;
            note_functions(&safe, &mut self.account.functions);
            facts.decided_by(&known);
            filter.push(safe);
        }
        let mark = Name::new(right.relation.clone(), "mark");
        on.push((Expr::Column(below.patient.clone()), Expr::Column(right)));
        let node = Join::try_new(
            Arc::new(below.plan.clone()),
            Arc::new(both.plan),
            on,
            conjunction(filter),
            JoinType::LeftMark,
            JoinConstraint::On,
            NullEquality::NullEqualsNothing,
            false,
        );
        below.plan = LogicalPlan::Join(node.map_err(engine)?);
        below.columns.push(facts);
        let field = Arc::new(Field::new(&mark.name, DataType::Boolean, false));
        let field =
            DFSchema::new_with_metadata(vec![(mark.relation.clone(), field)], HashMap::new());
        let schema = below.schema.join(&field.map_err(engine)?).map_err(engine)?;
        below.schema = Arc::new(schema);
        Ok(Expr::Column(mark))
    }

    fn tied(
        &mut self,
        tie: Tie,
        (both, first_right): (&Below, usize),
    ) -> Result<(Expr, Expr), PlanError> {
        let column = |index: usize| {
            let column = both.schema.columns().get(index).cloned();
            column.map(Expr::Column).ok_or(PlanError::CannotPlan)
        };
        let Tie { one: (one, left), other: (other, right) } = tie;
        self.account.used(&one.values, Use::Join)?;
        self.account.used(&other.values, Use::Join)?;
        let (left, right) = if left < first_right { (left, right) } else { (right, left) };
        Ok((column(left)?, column(right)?))
    }
}

/// The subquery's side of a mark join: the columns that the conditions name, under names of their own.
struct Right {
    name: String,
    columns: Vec<Name>,
}

impl Right {
    fn new(name: String) -> Self {
        Self { name, columns: Vec::new() }
    }

    /// A condition of the subquery as both sides of the join name its columns.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the engine's enum: what is no column stays as it is"
    )]
    fn outward(&mut self, expr: &Expr, inner: &Below) -> Result<Expr, PlanError> {
        let outward = expr.clone().unalias_nested().data.transform_down(|expr| match expr {
            Expr::OuterReferenceColumn(_, name) => {
                Ok(Transformed::new(Expr::Column(name), true, TreeNodeRecursion::Jump))
            }
            Expr::Column(name) => {
                if !inner.schema.has_column(&name) {
                    return Err(DataFusionError::Plan(String::new()));
                }
                let place = self.columns.iter().position(|known| *known == name);
                let place = place.unwrap_or_else(|| {
                    self.columns.push(name);
                    self.columns.len().saturating_sub(1)
                });
                let name = Name::new(Some(self.name.as_str()), format!("c{place}"));
                Ok(Transformed::new(Expr::Column(name), true, TreeNodeRecursion::Jump))
            }
            other => Ok(Transformed::no(other)),
        });
        Ok(outward.map_err(engine)?.data)
    }

    /// The columns of both sides, over the subquery's rows; also the subquery's patient.
    fn beside(self, below: &Below, inner: Below) -> Result<(Below, Name), PlanError> {
        let mut columns = below.columns.clone();
        let mut exprs = Vec::with_capacity(self.columns.len().saturating_add(1));
        for (place, name) in self.columns.iter().enumerate() {
            let known = inner.schema.maybe_index_of_column(name);
            let facts = known.and_then(|index| inner.columns.get(index));
            columns.push(facts.cloned().ok_or(PlanError::CannotPlan)?);
            exprs.push(Expr::Column(name.clone()).alias(format!("c{place}")));
        }
        let only = LogicalPlanBuilder::from(inner.plan.clone())
            .project(exprs.clone())
            .and_then(|builder| builder.alias(self.name.as_str()))
            .and_then(LogicalPlanBuilder::build);
        let schema = below.schema.join(only.map_err(engine)?.schema()).map_err(engine)?;
        exprs.push(Expr::Column(inner.patient).alias(PATIENT));
        let plan = LogicalPlanBuilder::from(inner.plan)
            .project(exprs)
            .and_then(|builder| builder.alias(self.name.as_str()))
            .and_then(LogicalPlanBuilder::build)
            .map_err(engine)?;
        let patient = Name::new(Some(self.name), PATIENT);
        let both = Below {
            plan,
            patient: patient.clone(),
            columns,
            schema: Arc::new(schema),
            rows: BTreeSet::new(),
            conditions: Vec::new(),
        };
        Ok((both, patient))
    }
}

fn missing() -> PlanError {
    PlanError::unsupported(
        (
            "IN (SELECT ...) with values that may be missing",
            "IN (SELECT ...) met waarden die kunnen ontbreken",
        ),
        (
            "write EXISTS (SELECT 1 FROM ... WHERE inner.key = outer.key), which says what becomes of them",
            "schrijf EXISTS (SELECT 1 FROM ... WHERE inner.key = outer.key), dat zegt wat ermee gebeurt",
        ),
    )
}

fn is_outer(expr: &Expr) -> bool {
    expr.exists(|expr| Ok(matches!(expr, Expr::OuterReferenceColumn(..)))).unwrap_or(true)
}

/// Whether a plan looks at the rows outside it; subqueries in its expressions are not looked into.
fn looks_out(plan: &LogicalPlan) -> bool {
    let mut found = false;
    let looked = plan.apply(|node| {
        node.apply_expressions(|expr| {
            found |= is_outer(expr);
            Ok(TreeNodeRecursion::Continue)
        })
    });
    found || looked.is_err()
}

/// Takes a subquery's select list and conditions off its rows.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is looked at as rows"
)]
fn taken_apart<'p>(wanted: &Wanted<'p>) -> Result<Inner<'p>, PlanError> {
    let mut at = wanted.plan;
    let (mut value, mut conditions) = (None, Vec::new());
    let compares = wanted.equal.is_some();
    if compares && !looks_out(at) {
        value = at.schema().columns().first().cloned().map(Expr::Column);
        return Ok(Inner { base: at, conditions, value });
    }
    loop {
        at = match at {
            LogicalPlan::Filter(node) => {
                conditions.extend(split_conjunction(&node.predicate));
                &node.input
            }
            _ if !conditions.is_empty() => break,
            LogicalPlan::Projection(node) if !compares || value.is_none() => {
                value = node.expr.first().cloned();
                &node.input
            }
            LogicalPlan::Distinct(Distinct::All(input)) => input,
            LogicalPlan::Sort(node) if node.fetch.is_none() => &node.input,
            LogicalPlan::Limit(node) if !compares && keeps_one(node) => &node.input,
            _ => break,
        };
    }
    if looks_out(at) {
        return Err(PlanError::unsupported(
            (
                "a subquery that names an outer column elsewhere than in its WHERE",
                "een subquery die een kolom van buiten elders noemt dan in haar WHERE",
            ),
            (
                "compare with outer columns in the WHERE of the subquery only, or write key IN (SELECT key ... GROUP BY key HAVING ...)",
                "vergelijk alleen in de WHERE van de subquery met kolommen van buiten, of schrijf key IN (SELECT key ... GROUP BY key HAVING ...)",
            ),
        ));
    }
    Ok(Inner { base: at, conditions, value })
}

/// Whether a LIMIT leaves a row wherever there is one.
fn keeps_one(limit: &Limit) -> bool {
    bounds(limit).is_ok_and(|(skip, fetch)| skip == 0 && fetch != Some(0))
}
