//! Rows that are one for each network: what adds them up counts the patients of a hospital in two networks twice.
//!
//! From GROUP BY network on, every table remembers by which columns its rows are told apart by network, through new
//! names, dropped columns, joins and unions. An aggregate or window that adds must group or partition by such a column.

use std::collections::BTreeSet;

use datafusion::common::{DFSchema, JoinType};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

use crate::catalog::functions;
use crate::error::PlanError;

/// The ways in which a table's rows are one for each network: of each, the columns that hold it. A column that was dropped
/// leaves a way without columns, which nothing can group by.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ByNetwork(Vec<BTreeSet<usize>>);

impl ByNetwork {
    /// Rows that are told apart by this column.
    pub(super) fn column(at: usize) -> Self {
        Self(vec![[at].into()])
    }

    fn of(ways: impl IntoIterator<Item = BTreeSet<usize>>) -> Self {
        let mut known: Vec<BTreeSet<usize>> = Vec::new();
        for way in ways {
            if !known.contains(&way) {
                known.push(way);
            }
        }
        Self(known)
    }

    /// The same rows with only their first columns.
    pub(super) fn truncated(&self, width: usize) -> Self {
        Self::of(self.0.iter().map(|way| way.iter().copied().filter(|at| *at < width).collect()))
    }

    /// The same rows with other columns.
    pub(super) fn projected(&self, exprs: &[Expr], schema: &DFSchema) -> Self {
        let places: Vec<Option<usize>> = exprs.iter().map(|expr| place(expr, schema)).collect();
        Self::of(self.0.iter().map(|way| {
            let kept = places.iter().enumerate();
            kept.filter(|(_, place)| place.is_some_and(|place| way.contains(&place)))
                .map(|(at, _)| at)
                .collect()
        }))
    }

    /// Groups of these rows; refused if what `calls` adds up may be of several networks.
    pub(super) fn grouped<'c>(
        &self,
        (keys, schema): (&[Expr], &DFSchema),
        calls: impl IntoIterator<Item = &'c str>,
    ) -> Result<Self, PlanError> {
        let grouped = self.projected(keys, schema);
        grouped.add(calls)?;
        // One row is of no network in particular.
        Ok(if keys.is_empty() { Self::default() } else { grouped })
    }

    /// Refuses windows that add up over a partition of several networks.
    pub(super) fn over(
        &self,
        (partition, schema): (&[Expr], &DFSchema),
        call: &str,
    ) -> Result<(), PlanError> {
        self.projected(partition, schema).add([call])
    }

    fn add<'c>(&self, calls: impl IntoIterator<Item = &'c str>) -> Result<(), PlanError> {
        let adds = calls.into_iter().find(|name| !functions::adds_nothing(name));
        match adds {
            Some(name) if self.0.iter().any(BTreeSet::is_empty) => {
                Err(PlanError::SumOverNetwork { call: name.to_owned() })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Pairs of rows, the columns of the right behind the `width` columns of the left. Where the join makes their networks
    /// equal, a column of either holds both.
    pub(super) fn joined(
        self,
        (right, width): (Self, usize),
        conditions: &[Expr],
        (kind, schema): (JoinType, &DFSchema),
    ) -> Self {
        let mut lefts = self.0;
        let shifted = |way: BTreeSet<usize>| way.into_iter().map(|at| at.saturating_add(width));
        let mut rights: Vec<BTreeSet<usize>> =
            right.0.into_iter().map(|way| shifted(way).collect()).collect();
        let equal = conditions.iter().flat_map(split_conjunction);
        for (one, other) in equal.filter_map(|part| equal_columns(part, schema)) {
            let (left, right) = (one.min(other), one.max(other));
            for own in lefts.iter_mut().filter(|way| way.contains(&left)) {
                for others in rights.iter_mut().filter(|way| way.contains(&right)) {
                    let (own_before, others_before) = (own.clone(), others.clone());
                    // A row that stays without a partner has no network on the other side.
                    if matches!(kind, JoinType::Inner | JoinType::Right) {
                        own.extend(others_before);
                    }
                    if matches!(kind, JoinType::Inner | JoinType::Left) {
                        others.extend(own_before);
                    }
                }
            }
        }
        Self::of(lefts.into_iter().chain(rights))
    }

    /// Rows under one another.
    pub(super) fn and(self, other: Self) -> Self {
        Self::of(self.0.into_iter().chain(other.0))
    }
}

/// The places of two columns whose equality a condition is.
fn equal_columns(condition: &Expr, schema: &DFSchema) -> Option<(usize, usize)> {
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = condition else {
        return None;
    };
    Some((place(left, schema)?, place(right, schema)?))
}

/// The place of a column that an expression is and nothing else.
fn place(expr: &Expr, schema: &DFSchema) -> Option<usize> {
    let mut inner = expr;
    while let Expr::Alias(alias) = inner {
        inner = &alias.expr;
    }
    let Expr::Column(name) = inner else { return None };
    schema.maybe_index_of_column(name)
}
