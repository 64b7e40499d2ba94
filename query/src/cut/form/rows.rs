//! The rows below a cut as the rows of one table under an AND of conditions.
//!
//! Joins along the keys to the patient add the one row that a row belongs to, and no condition. EXISTS and IN are mark
//! joins here: their mark becomes a column for the child, and conditions on what both sides share move out.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchemaRef, JoinType};
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{Distinct, Expr, Join, LogicalPlan, Operator, TableScan, lit};
use policies::explore::{ExploreReason, ExploreRefusal};

use super::names::{self, leads, tied};
use super::{Formed, Reader, refused};

/// Rows of a table, each with the rows that it belongs to.
pub(super) struct Rows {
    /// The table.
    pub(super) base: String,
    schema: DFSchemaRef,
    /// What the plan's columns are, of canonical names.
    columns: Vec<Expr>,
    /// Conditions that every row meets.
    pub(super) conditions: Vec<Expr>,
}

impl Rows {
    /// An expression over the plan's columns, of canonical names.
    pub(super) fn inward(&self, expr: &Expr) -> Formed<Expr> {
        let bare = expr.clone().unalias_nested().data;
        let mut unknown = false;
        let inward = bare.transform_down(|expr| {
            let Expr::Column(name) = &expr else { return Ok(Transformed::no(expr)) };
            let index = self.schema.maybe_index_of_column(name);
            let known = index.and_then(|index| self.columns.get(index));
            unknown |= known.is_none();
            // What is put in has canonical names already: it is not looked into.
            Ok(known.map_or_else(
                || Transformed::no(expr.clone()),
                |known| Transformed::new(known.clone(), true, TreeNodeRecursion::Jump),
            ))
        });
        match inward {
            Ok(inward) if !unknown => Ok(inward.data.unalias_nested().data),
            Ok(_) | Err(_) => Err(refused(ExploreReason::Rows, expr)),
        }
    }
}

impl Reader<'_> {
    /// The rows of a plan; where only their existence counts, the same row may be there once or often.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the engine's enum: what is not listed is not in the form"
    )]
    pub(super) fn rows(&mut self, plan: &LogicalPlan, once: bool) -> Formed<Rows> {
        let schema = Arc::clone(plan.schema());
        match plan {
            LogicalPlan::TableScan(scan) => Ok(self.table(scan)),
            LogicalPlan::SubqueryAlias(node) => {
                Ok(Rows { schema, ..self.rows(&node.input, once)? })
            }
            LogicalPlan::Projection(node) => {
                let input = self.rows(&node.input, once)?;
                let columns =
                    node.expr.iter().map(|expr| input.inward(expr)).collect::<Formed<_>>()?;
                Ok(Rows { schema, columns, ..input })
            }
            LogicalPlan::Filter(node) => {
                let mut input = self.rows(&node.input, once)?;
                input.conditions.push(input.inward(&node.predicate)?);
                Ok(Rows { schema, ..input })
            }
            LogicalPlan::Distinct(Distinct::All(input)) if once => self.rows(input, once),
            LogicalPlan::Aggregate(node) if once && node.aggr_expr.is_empty() => {
                let input = self.rows(&node.input, once)?;
                let columns = node.group_expr.iter().map(|expr| input.inward(expr));
                let columns = columns.collect::<Formed<_>>()?;
                Ok(Rows { schema, columns, ..input })
            }
            LogicalPlan::Join(join) if join.join_type == JoinType::LeftMark => {
                self.marked(join, once)
            }
            LogicalPlan::Join(join) => {
                let sides = (self.rows(&join.left, once)?, self.rows(&join.right, once)?);
                self.beside(sides, join)
            }
            LogicalPlan::Union(_) => Err(shape("UNION ALL")),
            LogicalPlan::Aggregate(_) => Err(shape("GROUP BY inside a patient")),
            LogicalPlan::Distinct(_) => Err(shape("SELECT DISTINCT inside a patient")),
            LogicalPlan::Window(_) => Err(shape("OVER inside a patient")),
            other => Err(shape(other.display())),
        }
    }

    fn table(&self, scan: &TableScan) -> Rows {
        let table = scan.table_name.table();
        let columns = scan.projected_schema.columns().into_iter();
        let columns =
            columns.map(|name| Expr::Column(names::canonical(table, &name.name, self.dataset)));
        Rows {
            base: table.to_owned(),
            schema: Arc::clone(&scan.projected_schema),
            columns: columns.collect(),
            conditions: Vec::new(),
        }
    }

    /// A join along keys: the rows of the side that leads to the other.
    fn beside(&self, (left, right): (Rows, Rows), join: &Join) -> Formed<Rows> {
        let width = left.columns.len();
        let mut ties: Vec<&str> = Vec::new();
        let mut others = Vec::new();
        for (one, other) in &join.on {
            let (one, other) = (left.inward(one)?, right.inward(other)?);
            match tied(&one, &other, self.dataset) {
                Some(table) => ties.push(table),
                None => others.push(one.eq(other)),
            }
        }
        let mut columns = left.columns;
        columns.extend(right.columns);
        let mut both = Rows {
            base: String::new(),
            schema: Arc::clone(&join.schema),
            columns,
            conditions: Vec::new(),
        };
        for part in join.filter.iter().flat_map(split_conjunction) {
            let inward = both.inward(part)?;
            match self.across(part, &inward, (&both.schema, width)) {
                Some(table) => ties.push(table),
                None => others.push(inward),
            }
        }
        let holds = |from: &str, to: &str| ties.contains(&to) && leads(self.dataset, from, to);
        let (to_right, to_left) = (holds(&left.base, &right.base), holds(&right.base, &left.base));
        // The kept side of an outer join keeps every row if the other side is what its rows belong to.
        let plain = |optional: &[Expr]| others.is_empty() && optional.is_empty();
        let keeps = match join.join_type {
            JoinType::Inner => to_right || to_left,
            JoinType::Left => to_right && plain(&right.conditions),
            JoinType::Right => to_left && plain(&left.conditions),
            JoinType::Full
            | JoinType::LeftSemi
            | JoinType::RightSemi
            | JoinType::LeftAnti
            | JoinType::RightAnti
            | JoinType::LeftMark
            | JoinType::RightMark => false,
        };
        if !keeps {
            let text = format!("{} JOIN {}", left.base, right.base);
            return Err(shape(text));
        }
        both.base = if to_right { left.base } else { right.base };
        both.conditions.extend(left.conditions.into_iter().chain(right.conditions).chain(others));
        Ok(both)
    }

    /// The table whose key an equality of columns of both sides compares.
    fn across(
        &self,
        part: &Expr,
        inward: &Expr,
        (schema, width): (&DFSchemaRef, usize),
    ) -> Option<&str> {
        let (Expr::BinaryExpr(asked), Expr::BinaryExpr(inward)) = (part, inward) else {
            return None;
        };
        let right = |expr: &Expr| {
            let Expr::Column(name) = expr else { return None };
            Some(schema.maybe_index_of_column(name)? >= width)
        };
        let both = right(&asked.left)? != right(&asked.right)?;
        let table = tied(&inward.left, &inward.right, self.dataset)?;
        (both && asked.op == Operator::Eq).then_some(table)
    }

    /// EXISTS or IN: the rows with a column that says whether there is such a child.
    fn marked(&mut self, join: &Join, once: bool) -> Formed<Rows> {
        let outer = self.rows(&join.left, once)?;
        let inner = self.rows(&join.right, true)?;
        let mut ties: Vec<&str> = Vec::new();
        for (one, other) in &join.on {
            let (left, right) = (outer.inward(one)?, inner.inward(other)?);
            let Some(table) = tied(&left, &right, self.dataset) else {
                return Err(refused(ExploreReason::Exists, &left.eq(right)));
            };
            ties.push(table);
        }
        let (mut shared, mut own) = (Vec::new(), inner.conditions.clone());
        for part in join.filter.iter().flat_map(split_conjunction) {
            let names = part.column_refs();
            if names.iter().all(|name| inner.schema.has_column(name)) {
                own.push(inner.inward(part)?);
            } else if names.iter().all(|name| outer.schema.has_column(name)) {
                shared.push(outer.inward(part)?);
            } else {
                return Err(two_rows(part, &outer, &inner));
            }
        }
        let common: Vec<String> =
            self.dataset.chain(&outer.base).map(|table| table.name.as_str().to_owned()).collect();
        let of = common
            .into_iter()
            .filter(|table| ties.contains(&table.as_str()))
            .find(|table| leads(self.dataset, &inner.base, table));
        let of = of.ok_or_else(|| ExploreRefusal::new(ExploreReason::Exists, &inner.base))?;
        let mark = self.mark(&of, &inner.base, (shared, own))?;
        let mut columns = outer.columns;
        columns.push(mark);
        Ok(Rows { schema: Arc::clone(&join.schema), columns, ..outer })
    }

    /// Whether a row of `of` has a row of `base` under these conditions.
    fn mark(
        &mut self,
        of: &str,
        base: &str,
        (shared, own): (Vec<Expr>, Vec<Expr>),
    ) -> Formed<Expr> {
        let own: Vec<Expr> = own.iter().flat_map(split_conjunction).cloned().collect();
        let (above, own): (Vec<Expr>, Vec<Expr>) =
            own.into_iter().partition(|condition| self.is_above(condition, of));
        let mut parts: Vec<Expr> = shared.into_iter().chain(above).map(Expr::is_true).collect();
        if base != of {
            let inner = self.conditions(&own)?;
            let lifted = inner.lifted(base, of, self.dataset);
            let lifted = lifted.map_err(|reason| ExploreRefusal::new(reason, &inner))?;
            if lifted.never {
                return Ok(lit(false));
            }
            if let Some(column) = lifted.columns.first() {
                return Err(ExploreRefusal::new(ExploreReason::Exists, column));
            }
            for child in lifted.children {
                let column = self.child_column(child);
                parts.push(column);
            }
        }
        Ok(conjunction(parts).unwrap_or_else(|| lit(true)))
    }

    /// Whether a condition is about a row of `of`, or what that belongs to.
    fn is_above(&self, condition: &Expr, of: &str) -> bool {
        condition.column_refs().into_iter().all(|name| {
            let table = match self.child(name) {
                Some(child) => Some(child.of.as_str()),
                None => name.relation.as_ref().map(|relation| relation.table()),
            };
            table.is_none_or(|table| leads(self.dataset, of, table))
        })
    }
}

/// A condition that compares a child with the row that it belongs to, by the names of the dataset.
fn two_rows(part: &Expr, outer: &Rows, inner: &Rows) -> ExploreRefusal {
    let Ok(schema) = outer.schema.join(&inner.schema) else {
        return shape(&inner.base);
    };
    let columns = outer.columns.iter().chain(&inner.columns).cloned().collect();
    let both =
        Rows { base: String::new(), schema: Arc::new(schema), columns, conditions: Vec::new() };
    let inward = both.inward(part);
    inward.map_or_else(|refusal| refusal, |part| refused(ExploreReason::Exists, &part))
}

fn shape(clause: impl std::fmt::Display) -> ExploreRefusal {
    ExploreRefusal::new(ExploreReason::Rows, clause)
}
