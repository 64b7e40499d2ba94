//! What runs above the cuts, step by step: a tree whose leaves are merged cells.
//!
//! [`super::above`] makes it of the analysed plan and checks it; [`crate::finish`] runs it. A scalar subquery is a branch of
//! its own: its one value stands as a column beside every row.

use std::collections::BTreeSet;

use datafusion::common::{DFSchemaRef, JoinType, ScalarValue};
use datafusion::logical_expr::{Expr, SortExpr};

use super::Output;

/// One step and the table that it gives.
#[derive(Clone)]
pub(crate) struct Step {
    /// The columns of its table.
    pub(crate) schema: DFSchemaRef,
    /// What it does.
    pub(crate) node: Node,
}

/// What a step does; a step with an input of more columns than its own keeps the first of them.
#[derive(Clone)]
pub(crate) enum Node {
    /// The merged cells of one aggregate.
    Cut(Cut),
    /// One row without columns.
    OneRow,
    /// The same table under other names.
    Renamed(Box<Step>),
    /// Expressions over each row.
    Projection { input: Box<Step>, exprs: Vec<Expr> },
    /// Rows that meet a condition.
    Filter { input: Box<Step>, predicate: Expr },
    /// Pairs of rows.
    Join(Box<Join>),
    /// The rows of each.
    Union(Vec<Step>),
    /// Rows without repetition.
    Distinct(Box<Step>),
    /// Aggregates of finished figures.
    Aggregate { input: Box<Step>, keys: Vec<Expr>, calls: Vec<Expr> },
    /// Window functions over finished figures.
    Window { input: Box<Step>, calls: Vec<Expr> },
    /// Rows in order.
    Sort { input: Box<Step>, keys: Vec<SortExpr> },
    /// Some rows.
    Limit { input: Box<Step>, skip: usize, fetch: Option<usize> },
    /// The value of a scalar subquery, a column after those of the input.
    Scalar { input: Box<Step>, value: Box<Step> },
}

/// A join of two tables of figures.
#[derive(Clone)]
pub(crate) struct Join {
    /// The left table.
    pub(crate) left: Step,
    /// The right table.
    pub(crate) right: Step,
    /// Values that must be equal.
    pub(crate) on: Vec<(Expr, Expr)>,
    /// What else must hold.
    pub(crate) filter: Option<Expr>,
    /// Which rows without a partner are kept: inner, left, right or full.
    pub(crate) kind: JoinType,
}

/// One aggregate at the cut: a fragment for each of its grouping sets.
#[derive(Clone)]
pub(crate) struct Cut {
    /// The grouping sets; without GROUPING SETS there is one.
    pub(crate) sets: Vec<Set>,
    /// How each aggregate is finished.
    pub(crate) outputs: Vec<Output>,
}

/// One grouping set.
#[derive(Clone)]
pub(crate) struct Set {
    /// Its fragment.
    pub(crate) fragment: usize,
    /// For every group column of the table its place among the fragment's keys, if it is one.
    pub(crate) keys: Vec<Option<usize>>,
    /// Its column `network`, if it has one.
    pub(crate) networks: Option<OfNetworks>,
    /// What tells the sets apart, where there are several.
    pub(crate) id: Option<ScalarValue>,
}

/// A group for each network: a hospital's cells count in each of its networks.
#[derive(Clone)]
pub(crate) struct OfNetworks {
    /// The column of the table that holds the network.
    pub(crate) column: usize,
    /// The networks that the rows are limited to, if they are.
    pub(crate) only: Option<BTreeSet<String>>,
}

impl Step {
    /// Whether the table has one row at most, whatever the figures are.
    pub(crate) fn is_single(&self) -> bool {
        match &self.node {
            Node::OneRow => true,
            Node::Cut(cut) => {
                matches!(cut.sets.as_slice(), [set] if set.keys.is_empty() && set.networks.is_none())
            }
            Node::Aggregate { keys, .. } => keys.is_empty(),
            Node::Renamed(input) | Node::Distinct(input) => input.is_single(),
            Node::Projection { input, .. }
            | Node::Filter { input, .. }
            | Node::Window { input, .. }
            | Node::Sort { input, .. }
            | Node::Scalar { input, .. } => input.is_single(),
            Node::Join(join) => join.left.is_single() && join.right.is_single(),
            Node::Union(_) => false,
            Node::Limit { input, fetch, .. } => {
                fetch.is_some_and(|fetch| fetch <= 1) || input.is_single()
            }
        }
    }
}
